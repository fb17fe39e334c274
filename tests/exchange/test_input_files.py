"""A file of parcels is read in every shape of the contract, a record at a time, and says where it is broken without quoting it."""

import gzip
import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange import input_files
from exchange.imported import ImportedParcel
from exchange.input_files import DEEPEST, MOST_VALUES, BadRecord, UnreadableFile, records
from exchange.sendcloud import parcels_of

FIXTURES = Path(__file__).with_name("fixtures")

Json = dict[str, Any]

NOOR: Json = {"id": 1, "name": "Noor Visser"}
DAAN: Json = {"id": 2, "name": "Daan Mulder", "data": {}, "parcel_items": []}
SHIPMENT: Json = {"parcels": [{"id": 3}, {"id": 4}], "to_address": {"name": "Aisha Khan"}}

NOT_JSON = "is not JSON in UTF-8"
NO_OBJECT = "is not a JSON object"


@pytest.fixture
def read(tmp_path: Path) -> Callable[[bytes], list[tuple[str, object]]]:
    """What is in a file of these bytes: (where, record or why there is none), and last ("broken", why) if it ends in a fault."""

    def of(content: bytes) -> list[tuple[str, object]]:
        path = tmp_path / "parcels"
        path.write_bytes(content)
        found: list[tuple[str, object]] = []
        unreadable = None
        try:
            for record in records(path):
                value = record.value.reason if isinstance(record.value, BadRecord) else record.value
                found.append((str(record.position), value))
        except UnreadableFile as fault:
            unreadable = fault
        if unreadable is not None:
            assert (unreadable.__cause__, unreadable.__context__) == (None, None)
            found.append(("broken", str(unreadable)))
        return found

    return of


Read = Callable[[bytes], list[tuple[str, object]]]


def lines(*values: object, end: str = "\n") -> bytes:
    return "".join(json.dumps(value) + end for value in values).encode()


def pretty(value: object) -> bytes:
    return json.dumps(value, indent=2).encode()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(pretty({"next": None, "parcels": [NOOR, DAAN]}), [("entry 1", NOOR), ("entry 2", DAAN)], id="a-page-of-parcels"),
        pytest.param(lines({"next": None, "parcels": [NOOR, DAAN]}), [("entry 1", NOOR), ("entry 2", DAAN)], id="a-page-on-one-line"),
        pytest.param(pretty({"data": [NOOR, DAAN]}), [("entry 1", NOOR), ("entry 2", DAAN)], id="a-page-of-data"),
        pytest.param(pretty({"returns": [NOOR]}), [("entry 1", NOOR)], id="a-page-of-returns"),
        pytest.param(
            pretty({"parcels": [{"id": 9}, 7, NOOR]}), [("entry 1", {"id": 9}), ("entry 2", NO_OBJECT), ("entry 3", NOOR)], id="bad-entries"
        ),
        pytest.param(pretty({"parcels": [NOOR], "x": {"parcels": [1]}}), [("entry 1", NOOR)], id="another-list-of-that-name"),
        pytest.param(pretty({"x": {"parcels": [1]}, "parcels": [NOOR]}), [("entry 1", NOOR)], id="another-list-before-it"),
        pytest.param(pretty({"parcels": []}), [], id="an-empty-page"),
        pytest.param(pretty([NOOR, DAAN]), [("entry 1", NOOR), ("entry 2", DAAN)], id="a-list"),
        pytest.param(b"[\n" + lines(NOOR, end=",\n") + lines(DAAN) + b"]", [("entry 1", NOOR), ("entry 2", DAAN)], id="a-list-line-by-line"),
        pytest.param(b"[]", [], id="an-empty-list"),
        pytest.param(b"[null, [[1]], {}]", [("entry 1", NO_OBJECT), ("entry 2", NO_OBJECT), ("entry 3", {})], id="a-list-of-other-things"),
        pytest.param(pretty(NOOR), [("entry 1", NOOR)], id="one-object"),
        pytest.param(lines(NOOR), [("entry 1", NOOR)], id="one-object-on-one-line"),
        pytest.param(pretty({"parcel": NOOR}), [("entry 1", {"parcel": NOOR})], id="one-object-in-its-envelope"),
        pytest.param(b'{"parcel":\n' + lines(NOOR) + b"}", [("entry 1", {"parcel": NOOR})], id="an-object-on-a-line-within-another"),
        pytest.param(pretty({"data": NOOR}), [("entry 1", {"data": NOOR})], id="one-object-in-data"),
        pytest.param(pretty({"data": SHIPMENT}), [("entry 1", {"data": SHIPMENT})], id="one-shipment-in-data"),
        pytest.param(pretty(SHIPMENT), [("entry 1", SHIPMENT)], id="one-shipment-with-its-parcels-before-its-address"),
        pytest.param(pretty({"id": "s"} | SHIPMENT), [("entry 1", {"id": "s"} | SHIPMENT)], id="one-shipment-with-its-id-first"),
        pytest.param(pretty(NOOR | {"data": []}), [("entry 1", NOOR | {"data": []})], id="one-parcel-with-phps-empty-data"),
        pytest.param(lines(NOOR, DAAN), [("line 1", NOOR), ("line 2", DAAN)], id="ndjson"),
        pytest.param(lines(NOOR, DAAN).rstrip(), [("line 1", NOOR), ("line 2", DAAN)], id="ndjson-without-a-last-line-end"),
        pytest.param(lines(NOOR, DAAN, end="\r\n"), [("line 1", NOOR), ("line 2", DAAN)], id="ndjson-with-crlf"),
        pytest.param(b"\n \n" + lines(NOOR, DAAN, end="\r\n\r\n"), [("line 3", NOOR), ("line 5", DAAN)], id="ndjson-with-blank-lines"),
        pytest.param(lines(SHIPMENT, {"parcels": [NOOR]}), [("line 1", SHIPMENT), ("line 2", {"parcels": [NOOR]})], id="ndjson-of-pages"),
        pytest.param(b"", [], id="an-empty-file"),
        pytest.param(b" \r\n\n", [], id="a-blank-file"),
    ],
)
@pytest.mark.parametrize("stored", [bytes, gzip.compress, b"\xef\xbb\xbf".__add__], ids=["plain", "gzipped", "after-a-byte-order-mark"])
def test_a_shape(read: Read, stored: Callable[[bytes], bytes], content: bytes, expected: list[tuple[str, object]]) -> None:
    assert read(stored(content)) == expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(b'{"id": 1, "na\n' + lines(DAAN), [NOT_JSON, DAAN], id="the-first-line-breaks-off"),
        pytest.param(b'{"id": 1,\n' + lines(DAAN, NOOR), [NOT_JSON, DAAN, NOOR], id="the-first-line-breaks-off-at-a-comma"),
        pytest.param(lines(NOOR) + b'{"id": 1, "na\n' + lines(DAAN), [NOOR, NOT_JSON, DAAN], id="a-line-breaks-off"),
        pytest.param(lines(NOOR) + b'{"id": 1, "na', [NOOR, NOT_JSON], id="the-last-line-breaks-off"),
        pytest.param(b"hello\n" + lines(NOOR), [NOT_JSON, NOOR], id="the-first-line-is-words"),
        pytest.param(lines(NOOR) + b"hello\n", [NOOR, NOT_JSON], id="the-second-line-is-words"),
        pytest.param(lines(NOOR, [DAAN], None, 7, "x"), [NOOR, *[NO_OBJECT] * 4], id="other-things-than-objects"),
        pytest.param(lines(7, NOOR), [NO_OBJECT, NOOR], id="a-number-first"),
        pytest.param(lines(NOOR) + b'{"name": "\xff"}\n' + lines(DAAN), [NOOR, NOT_JSON, DAAN], id="not-utf-8"),
        pytest.param(lines(NOOR) + b'{"name": "\\ud83d"}\n', [NOOR, NOT_JSON], id="half-a-surrogate-pair"),
        pytest.param(lines(NOOR) + b'{"id": NaN}\n', [NOOR, NOT_JSON], id="not-a-number"),
        pytest.param(lines(NOOR) + b'{"id": 1e999}\n', [NOOR, NOT_JSON], id="a-number-beyond-numbers"),
        pytest.param(lines(NOOR) + b'{"a":' + b"[" * 5000 + b"\n" + lines(DAAN), [NOOR, NOT_JSON, DAAN], id="too-deep"),
        pytest.param(lines(NOOR) + b"\x00\n" + lines(DAAN), [NOOR, NOT_JSON, DAAN], id="a-nul-byte"),
        pytest.param(lines(NOOR) + b'{"a": 1}, \n' + lines(DAAN), [NOOR, NOT_JSON, DAAN], id="a-comma-after-the-object"),
    ],
)
def test_a_bad_line_is_told_by_its_number_and_the_lines_after_it_are_read(read: Read, content: bytes, expected: list[object]) -> None:
    assert read(content) == [(f"line {number}", value) for number, value in enumerate(expected, 1)]


def test_a_line_that_is_too_long_is_passed_over(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(input_files, "BEGINNING", 64)
    exactly = b'{"a": "' + b"x" * 54 + b'"}\n'
    longer = b'{"a": "' + b"x" * 200 + b'"}\n'
    assert len(exactly) == 64

    assert [value for _, value in read(lines(NOOR, NOOR) + exactly + longer + lines(NOOR) + longer.rstrip())] == [
        NOOR,
        NOOR,
        json.loads(exactly),
        "is longer than 64 bytes",
        NOOR,
        "is longer than 64 bytes",
    ]


@pytest.mark.parametrize(
    ("content", "before", "why"),
    [
        pytest.param(b"[" + lines(NOOR) + b",\n" + lines(DAAN)[:9], [NOOR], "After entry 1 the JSON is broken", id="a-list-breaks-off"),
        pytest.param(b"[" + lines(NOOR) + b", oops," + lines(DAAN) + b"]", [NOOR], "After entry 1 the JSON is broken", id="a-list-with-words"),
        pytest.param(pretty([NOOR]) + b"x", [NOOR], "After entry 1 the JSON is broken", id="words-after-a-list"),
        pytest.param(pretty([NOOR]) * 2, [NOOR], "After entry 1 the JSON is broken", id="two-lists"),
        pytest.param(b"[1e999]", [], "After entry 0 the JSON is broken", id="a-number-beyond-numbers"),
        pytest.param(b"[" + b"1" * 10_000 + b"]", [], "After entry 0 the JSON is broken", id="a-number-of-10000-digits"),
        pytest.param(b'{"parcels": [' + lines(NOOR) + b"]", [NOOR], "After entry 1 the JSON is broken", id="a-page-without-its-end"),
        pytest.param(b'{"parcels": [' + lines(NOOR) + b'], "name: 1}', [NOOR], "After entry 1 the JSON is broken", id="words-after-a-page"),
        pytest.param(b'{"parcels": [' + lines(NOOR) + b', {"name": "\xff"}]}', [NOOR], "After entry 1 the JSON is broken", id="not-utf-8"),
        pytest.param(pretty(NOOR)[:-2], [], "The JSON is broken", id="an-object-breaks-off"),
        pytest.param(b"{", [], "The JSON is broken", id="an-object-starts"),
        pytest.param(b'"Noor"', [], "This is not JSON", id="a-text"),
        pytest.param(b"id;name\n1;Noor\n", [], "This is not JSON", id="csv"),
        pytest.param(json.dumps([NOOR]).encode("utf-16"), [], "This is not JSON", id="utf-16"),
        pytest.param(gzip.compress(lines(NOOR) * 99)[:-9], [], "The gzipped data is damaged", id="gzip-breaks-off"),
        pytest.param(b"\x1f\x8bNoor", [], "The gzipped data is damaged", id="gzip-in-name-only"),
    ],
)
def test_a_broken_file_says_so_after_what_came_before(read: Read, content: bytes, before: list[Json], why: str) -> None:
    *found, (_, fault) = read(content)

    assert [value for _, value in found] == before
    assert str(fault).startswith(why)
    assert "Noor" not in str(fault)


def test_one_object_that_is_too_long_to_be_one_is_refused(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(input_files, "BEGINNING", 64)

    assert read(pretty({"x": "x" * 100, "parcels": [NOOR]})) == [
        ("broken", "This is one JSON object of more than 64 bytes, with no list of parcels at its start.")
    ]


def test_a_long_page_is_known_by_its_beginning(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(input_files, "BEGINNING", 64)

    assert len(read(pretty({"parcels": [{"id": 1}] * 50}))) == 50
    assert len(read(lines({"next": None, "data": [NOOR] * 50}))) == 50
    assert len(read(lines(*[NOOR] * 50))) == 50


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(b'{"a":' + b"[" * 50_000 + b"]" * 50_000 + b"}", id="deep"),
        pytest.param(b'{"a":' + b'{"a":' * DEEPEST + b"1" + b"}" * DEEPEST + b"}", id="one-too-deep"),
        pytest.param(b'{"a":[' + b"1," * MOST_VALUES + b"1]}", id="large"),
    ],
)
@pytest.mark.parametrize("wrapped", [b"[%s]", b'{"parcels": [%s]}'], ids=["in-a-list", "in-a-page"])
def test_an_entry_too_large_to_be_a_parcel_is_passed_over(read: Read, wrapped: bytes, entry: bytes) -> None:
    found = read(wrapped % b",".join([lines(NOOR), entry, lines(DAAN)]))

    reason = f"has more than {MOST_VALUES} names and values, or is more than {DEEPEST} deep"
    assert found == [("entry 1", NOOR), ("entry 2", reason), ("entry 3", DAAN)]


def test_half_a_megabyte_of_brackets_is_no_burden(read: Read) -> None:
    assert read(b"[" * 500_000) == [("broken", "After entry 0 the JSON is broken, or ends too early.")]
    assert read(b'{"a":' * 100_000) == [("broken", "The JSON is broken, or ends too early.")]


@pytest.mark.parametrize(
    ("start", "separator", "end"),
    [
        pytest.param(b"", b"\n", b"\n", id="ndjson"),
        pytest.param(b"[", b",\n", b"]", id="list"),
        pytest.param(b'{"parcels": [', b",", b"]}", id="page"),
    ],
)
def test_memory_does_not_grow_with_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: bytes, separator: bytes, end: bytes) -> None:
    monkeypatch.setattr(input_files, "BEGINNING", 256 * 1024)
    path = tmp_path / "parcels"
    entry = lines(NOOR | {"note": "x" * 100_000}).rstrip()
    path.write_bytes(start + separator.join([entry] * 300) + end)
    assert path.stat().st_size > 30_000_000

    tracemalloc.start()
    try:
        count = sum(not isinstance(record.value, BadRecord) for record in records(path))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert count == 300
    assert peak < 4_000_000


def test_nothing_is_read_before_it_is_asked_for(tmp_path: Path) -> None:
    records(tmp_path / "there is no such file")
    with pytest.raises(FileNotFoundError):
        next(records(tmp_path / "there is no such file"))


def test_a_file_of_parcels_in_ndjson_with_a_bad_line(tmp_path: Path) -> None:
    page = json.loads((FIXTURES / "v2_parcels.json").read_text("utf-8"))["parcels"]
    path = tmp_path / "parcels.ndjson"
    path.write_bytes(lines(page[0]) + b"{oops\n" + lines(page[1] | {"id": None}, page[2]))

    outcomes: list[tuple[str, object]] = []
    for record in records(path):
        found = [record.value] if isinstance(record.value, BadRecord) else parcels_of(record.value)
        outcomes += [
            (str(record.position), outcome.platform_id if isinstance(outcome, ImportedParcel) else str(getattr(outcome, "reason", "")))
            for outcome in found
        ]

    assert outcomes == [("line 1", "510001"), ("line 2", NOT_JSON), ("line 3", "is missing"), ("line 4", "510003")]


@pytest.mark.parametrize("name", ["v2_parcels.json", "v3_shipments.json", "v2_returns.json"])
def test_the_fixtures_read_as_pages(name: str) -> None:
    [(_, entries)] = [(key, value) for key, value in json.loads((FIXTURES / name).read_text("utf-8")).items() if isinstance(value, list)]

    assert [record.value for record in records(FIXTURES / name)] == entries


# Whatever is written in any shape is read back; whatever else a file holds ends in no other way.

plain = st.recursive(
    st.none() | st.booleans() | st.integers(1 - 2**63, 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(st.text(max_size=8), plain, max_size=5).map(lambda entry: {"name": "Noor", **entry})

SHAPES: dict[str, Callable[[list[Json]], bytes]] = {
    "ndjson": lambda entries: b"".join(orjson.dumps(entry) + b"\n" for entry in entries),
    "ndjson-crlf": lambda entries: b"".join(orjson.dumps(entry) + b"\r\n" for entry in entries),
    "list": orjson.dumps,
    "list-pretty": lambda entries: orjson.dumps(entries, option=orjson.OPT_INDENT_2),
    "page": lambda entries: orjson.dumps({"next": None, "previous": "?cursor=1", "parcels": entries}),
    "page-pretty": lambda entries: orjson.dumps({"data": entries, "next": None}, option=orjson.OPT_INDENT_2),
}


@pytest.mark.parametrize("shape", SHAPES)
@settings(max_examples=60, deadline=None, database=None)
@given(entries=st.lists(objects, min_size=2, max_size=5))
def test_what_is_written_is_read_back(tmp_path_factory: pytest.TempPathFactory, shape: str, entries: list[Json]) -> None:
    path = tmp_path_factory.getbasetemp() / "written"
    path.write_bytes(SHAPES[shape](entries))

    assert [record.value for record in records(path)] == entries


pieces = st.sampled_from(
    [b"{", b"}", b"[", b"]", b",", b":", b'"', b"\n", b"\r\n", b" ", b"1", b"null", b'"parcels"', b'"id"', b'{"id":1}', b"\xff", b"\\"]
)


@settings(max_examples=500, deadline=None, database=None)
@given(content=st.lists(pieces | st.binary(max_size=4), max_size=25).map(b"".join) | st.binary(max_size=200))
def test_whatever_a_file_holds_it_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "anything"
    path.write_bytes(content)
    fault = None
    try:
        assert all(isinstance(record.value, dict | BadRecord) for record in records(path))
    except UnreadableFile as unreadable:
        fault = unreadable

    assert fault is None or str(fault)[-1] == "."
