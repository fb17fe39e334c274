"""A file of parcels as a stream of records, in constant memory however long the file is.

The shapes (the contract's `import`): an object with a list under "parcels", "data" or "returns"; a list; one object; or NDJSON,
an object a line. UTF-8, with or without a byte order mark, plain or gzipped. A file's first bytes tell which it is.

A line of NDJSON that is no object is given as a BadRecord with its line number, and the lines after it are read: they can be told
apart whatever is in them. In the other shapes nothing after a fault can be trusted: UnreadableFile ends the stream, after the
records before the fault.

Lists are put together from ijson's bare events, not by `ijson.items`: that keeps the path of every value, and 200 kB of `[` would
take 20 GB. Its floats make it refuse the numbers that orjson refuses, where its decimals end in errors of other kinds.
"""

import gzip
import io
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO, Final, Literal, TypeVar, cast

import ijson  # type: ignore[import-untyped]  # it ships no types
import orjson

BEGINNING: Final = 4 * 1024 * 1024
"""How many bytes tell the shape of a file. No line of NDJSON and no object that is a file of its own may be longer."""
MOST_VALUES: Final = 100_000
"""Names and values in one entry of a list. A parcel has some 150."""
DEEPEST: Final = 64
"""Objects and lists within each other in one entry of a list. A parcel has 4."""

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_GZIP: Final = b"\x1f\x8b"
_SPACE: Final = b" \t\r\n"
_Holder = dict[str, object] | list[object]
_NEW: Final[Mapping[str, Callable[[], _Holder]]] = {"start_map": dict, "start_array": list}
_STARTS: Final = frozenset(_NEW)
_ENDS: Final = frozenset({"end_map", "end_array"})

_PAGES: Final = frozenset({"parcels", "data", "returns"})
# Where one of these comes before the list, the list is part of the one parcel or shipment that the file holds.
_OF_A_PARCEL: Final = frozenset({"id", "status", "name", "address", "ship_with", "to_address", "from_address"})
# A v3 shipment has a list of parcels too, but no parcel in it says who it is for.
_OF_A_RECIPIENT: Final = frozenset({"name", "address", "parcel", "to_address", "from_address"})
_OF_A_SHIPMENT: Final = frozenset({"ship_with", "to_address", "from_address"})

_Events = Iterator[tuple[str, object]]
_Value = TypeVar("_Value")


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
        return  # An empty file has no records.
    if start == b"[":
        yield from _entries(file, None)
    elif _is_lines(beginning, complete=complete):
        yield from _lines(file)
    elif start == b"{":
        page = _page(beginning)
        yield from _entries(file, page) if page else _single(file)
    else:
        raise UnreadableFile("This is not JSON in UTF-8: that starts with { or [.")


def _is_lines(beginning: bytes, *, complete: bool) -> bool:
    """Is this NDJSON, even if some of its lines are broken?

    It is if the first line is an object and another line follows, or if somewhere a line starts an object after a line that ends
    in none of the ways (`[`, `,`, `:`) in which a longer document goes on with an object.
    """
    lines = [line for line in (line.strip(_SPACE) for line in beginning.split(b"\n")) if line]
    first_ends = b"\n" in beginning and (len(lines) > 1 or not complete)
    if lines and first_ends and isinstance(_object(lines[0]), Mapping):
        return True
    return any(line.startswith(b"{") and not before.endswith((b"[", b",", b":")) for before, line in pairwise(lines))


def _page(beginning: bytes) -> str | None:
    """Under which key the object that starts here has its list of records; None if it is a record itself."""
    keys: set[str] = set()
    last, depth, parcels = "", 0, False
    try:
        for event, value in ijson.basic_parse(io.BytesIO(beginning), use_float=True):
            if event == "map_key" and depth == 1:
                last = str(value)
                keys.add(last)
            elif event == "map_key" and depth == 3 and parcels and last == "parcels" and value in _OF_A_RECIPIENT:
                return last
            elif event == "start_array" and depth == 1 and last in _PAGES and not keys & _OF_A_PARCEL:
                if last != "parcels":
                    return last
                parcels = True
            depth += (event in _STARTS) - (event in _ENDS)
    except ijson.JSONError:
        pass  # The beginning ends in the middle of the document, or is broken: reading it will tell.
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


def _single(file: BinaryIO) -> Iterator[Record]:
    text = file.read(BEGINNING + 1)
    if len(text) > BEGINNING:
        raise UnreadableFile(f"This is one JSON object of more than {BEGINNING} bytes, with no list of parcels at its start.")
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


def _entries(file: BinaryIO, page: str | None) -> Iterator[Record]:
    """The entries of the list under this key of the document, or of the document that is a list."""
    events: _Events = ijson.basic_parse(file, use_float=True)
    number = 0
    broken = False
    try:
        _go_to_list(events, page)
        for entry in _built(events):
            number += 1
            yield Record(Position("entry", number), entry)
        for _ in events:  # What comes after the list has to be JSON too, or this was no such document.
            pass
    except ijson.JSONError:
        broken = True
    if broken:
        raise UnreadableFile(f"After entry {number} the JSON is broken, or ends too early.")


def _go_to_list(events: _Events, page: str | None) -> None:
    depth, key = 0, None
    for event, value in events:
        if event == "start_array" and (page is None or (depth == 1 and key == page)):
            return
        if event == "map_key" and depth == 1:
            key = value
        depth += (event in _STARTS) - (event in _ENDS)


def _built(events: _Events) -> Iterator[Mapping[str, object] | BadRecord]:
    for event, _ in events:
        if event == "end_array":
            return
        if event in _STARTS:
            yield _built_from(event, events)
        else:
            yield BadRecord("is not a JSON object")


def _built_from(start: str, events: _Events) -> Mapping[str, object] | BadRecord:
    """The object that has just started, up to its end. What is too large or too deep to be a parcel is passed over."""
    root = _NEW[start]()
    inside = [root]
    key = ""
    for count, (event, value) in enumerate(events):
        if event == "map_key":
            key = cast("str", value)
        elif event in _ENDS:
            inside.pop()
            if not inside:
                break
        elif event in _STARTS:
            inside.append(_put(inside[-1], key, _NEW[event]()))
        else:
            _put(inside[-1], key, value)
        if count > MOST_VALUES or len(inside) > DEEPEST:
            _skip(events, len(inside))
            return BadRecord(f"has more than {MOST_VALUES} names and values, or is more than {DEEPEST} deep")
    return root if isinstance(root, dict) else BadRecord("is not a JSON object")


def _put(holder: _Holder, key: str, value: _Value) -> _Value:
    if isinstance(holder, dict):
        holder[key] = value
    else:
        holder.append(value)
    return value


def _skip(events: _Events, depth: int) -> None:
    for event, _ in events:
        depth += (event in _STARTS) - (event in _ENDS)
        if depth == 0:
            return
