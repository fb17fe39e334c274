"""A file of parcels as a stream of records, in constant memory however long the file is.

The shapes (the contract's `import`): an object with a list under "parcels", "data" or "returns"; a list; one object; or NDJSON,
an object a line. UTF-8, with or without a byte order mark, plain or gzipped. A file's first bytes tell which it is.

A line of NDJSON that is no object is given as a BadRecord with its line number, and the lines after it are read: they can be told
apart whatever is in them. In the other shapes nothing after a fault can be trusted: UnreadableFile ends the stream, after the
records before the fault.
"""

import gzip
import io
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO, Final, Literal, cast

import ijson
import orjson

BEGINNING: Final = 1024 * 1024
"""How many bytes tell the shape of a file. No line of NDJSON and no object that is a file of its own may be longer."""

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_GZIP: Final = b"\x1f\x8b"
_SPACE: Final = b" \t\r\n"

_PAGES: Final = frozenset({"parcels", "data", "returns"})
# Where these come before a list, the list is part of the one parcel or shipment that the file holds.
_OF_A_PARCEL: Final = frozenset({"id", "status", "name", "address", "ship_with", "to_address", "from_address"})
# A v3 shipment has a list of parcels too, but no parcel in it says who it is for.
_OF_A_RECIPIENT: Final = frozenset({"name", "address", "parcel", "to_address", "from_address"})
_OF_A_SHIPMENT: Final = frozenset({"ship_with", "to_address", "from_address"})


class UnreadableFile(Exception):
    """The file, or the rest of it, can't be read, and why. The text holds nothing of the file."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where in its file a record is, from 1: on which line of NDJSON, or as which entry of the list."""

    unit: Literal["line", "entry"]
    number: int

    def __str__(self) -> str:
        return f"{self.unit} {self.number}"


@dataclass(frozen=True, slots=True)
class BadRecord:
    """Why there is no record where one should be. The reason holds nothing of what is there."""

    reason: str


@dataclass(frozen=True, slots=True, repr=False)
class Record:
    position: Position
    value: Mapping[str, object] | BadRecord


def records(path: Path) -> Iterator[Record]:
    """The records of a file, in its order. Raises UnreadableFile, and OSError as opening and reading do."""
    with path.open("rb") as stored:
        packed = stored.peek(2).startswith(_GZIP)
        file = cast("BinaryIO", io.BufferedReader(gzip.GzipFile(fileobj=stored))) if packed else stored
        damaged = False
        try:
            yield from _records(file)
        except (EOFError, gzip.BadGzipFile, zlib.error):
            damaged = True
        if damaged:
            raise UnreadableFile("The gzipped data is damaged, or ends too early.")


def _records(file: BinaryIO) -> Iterator[Record]:
    beginning = file.read(BEGINNING)
    complete = len(beginning) < BEGINNING
    file.seek(len(_BYTE_ORDER_MARK) if beginning.startswith(_BYTE_ORDER_MARK) else 0)
    beginning = beginning.removeprefix(_BYTE_ORDER_MARK)
    start = beginning.lstrip(_SPACE)[:1]
    if complete and not start:
        return
    if start != b"[" and _is_lines(beginning, complete=complete):
        yield from _lines(file)
    elif start == b"[":
        yield from _entries(file, "item")
    elif start == b"{":
        page = _page(beginning)
        yield from _entries(file, f"{page}.item") if page else _single(file)
    else:
        raise UnreadableFile("This is not JSON in UTF-8: it should start with { or [.")


def _is_lines(beginning: bytes, *, complete: bool) -> bool:
    """Is this NDJSON, even if some of its lines are broken?

    Either the first line is an object and another line follows, or somewhere a line starts an object after one that ends none of the
    ways (`[`, `,`, `:`) in which a longer document can go on with an object.
    """
    lines = [line for line in (line.strip(_SPACE) for line in beginning.split(b"\n")) if line]
    if len(lines) > 1 and isinstance(_object(lines[0]), Mapping):
        return True
    if len(lines) == 1:
        return not complete and b"\n" in beginning and isinstance(_object(lines[0]), Mapping)
    return any(line.startswith(b"{") and not before.endswith((b"[", b",", b":")) for before, line in pairwise(lines))


def _page(beginning: bytes) -> str | None:
    """Under which key the object that starts here has its list of records; None if it is a record itself."""
    keys: set[str] = set()
    parcels = False
    try:
        for prefix, event, value in ijson.parse(io.BytesIO(beginning)):
            if prefix == "" and event == "map_key":
                keys.add(value)
            elif event == "start_array" and prefix in _PAGES and not keys & _OF_A_PARCEL:
                if prefix != "parcels":
                    return str(prefix)
                parcels = True
            elif parcels and prefix == "parcels.item" and value in _OF_A_RECIPIENT:
                return "parcels"
    except ijson.JSONError:
        pass  # The beginning ends in the middle of the document, or is broken: what follows will tell.
    return "parcels" if parcels and not keys & _OF_A_SHIPMENT else None


def _lines(file: BinaryIO) -> Iterator[Record]:
    number = 0
    while line := file.readline(BEGINNING + 1):
        number += 1
        position = Position("line", number)
        if len(line) > BEGINNING and not line.endswith(b"\n"):
            _skip_line(file)
            yield Record(position, BadRecord(f"is longer than {BEGINNING} bytes"))
        elif not line.isspace():
            yield Record(position, _object(line))


def _skip_line(file: BinaryIO) -> None:
    while (rest := file.readline(BEGINNING)) and not rest.endswith(b"\n"):
        pass


def _entries(file: BinaryIO, prefix: str) -> Iterator[Record]:
    entries = ijson.items(file, prefix)
    number = 0
    broken = False
    while not broken:
        try:
            entry = next(entries)
        except StopIteration:
            return
        except ijson.JSONError:
            broken = True
        else:
            number += 1
            is_object = isinstance(entry, Mapping)
            yield Record(Position("entry", number), entry if is_object else BadRecord("is not a JSON object"))
    raise UnreadableFile(f"After entry {number} the JSON is broken, or ends too early.")


def _single(file: BinaryIO) -> Iterator[Record]:
    text = file.read(BEGINNING + 1)
    if len(text) > BEGINNING:
        raise UnreadableFile(f"This is one JSON object of more than {BEGINNING} bytes, without a list of parcels at its start.")
    value = _object(text)
    if isinstance(value, BadRecord):
        raise UnreadableFile("The JSON is broken, or ends too early.")
    yield Record(Position("entry", 1), value)


def _object(text: bytes) -> Mapping[str, object] | BadRecord:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return BadRecord("is not JSON in UTF-8")
    return value if isinstance(value, dict) else BadRecord("is not a JSON object")
