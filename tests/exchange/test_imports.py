"""A file of parcels is imported once, whatever its shape and however often it is read; what is bad in it is told without being quoted."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import sqlite3
import threading
import time
import tracemalloc
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import orjson
import pytest

import models
from exchange import imports, readers
from exchange.imports import Counts, PartlyImported, UnreadableFile, import_file
from exchange.input_files import BadRecord, records
from exchange.sendcloud import RejectedRecord, parcels_of
from models import database
from models.fields import new_id
from resolvers import parcels, search_keys
from resolvers.errors import NotFound
from resolvers.gate import Gate
from resolvers.ledger import Request
from resolvers.selection import NOTHING, Selection
from tests.builders import Merchant, a_merchant, a_parcel
from tests.exchange.tables import apart_from_ids, everything

Json = dict[str, Any]
SAMPLES = Path(__file__).parents[3] / "shared" / "samples"
FIXTURES = Path(__file__).with_name("fixtures")
V2: Json = json.loads((FIXTURES / "v2_parcels.json").read_text())["parcels"][0]
VALUES = ("Sanne", "Oudegracht", "3511", "sanne.dewit", "3SLATCH", "W-2026", "panel.example.com")


def parcel(number: int = 1, **changes: object) -> Json:
    return V2 | {"id": number} | changes


def lines(*values: object) -> bytes:
    return b"".join(value + b"\n" if isinstance(value, bytes) else orjson.dumps(value) + b"\n" for value in values)


class Importing:
    """Files of one merchant."""

    def __init__(self, merchant: Merchant, folder: Path) -> None:
        self.merchant = merchant
        self.path = folder / "parcels.json"
        self.rejects_path = folder / "parcels.json.rejects.ndjson"

    async def __call__(self, content: bytes) -> Counts:
        self.path.write_bytes(content)
        return await import_file(self.path, self.merchant.id)

    def rejects(self) -> list[Json]:
        return [orjson.loads(line) for line in self.rejects_path.read_bytes().splitlines()] if self.rejects_path.exists() else []


@pytest.fixture
async def importing(database: str, tmp_path: Path) -> Importing:
    return Importing(await a_merchant(), tmp_path)


def the(imported: int = 0, updated: int = 0, rejected: int = 0) -> Counts:
    return Counts(imported, updated, rejected)


def pretty(value: object) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(pretty({"next": None, "previous": None, "parcels": [parcel(1), parcel(2)]}), id="a-page-of-parcels"),
        pytest.param(pretty({"data": [parcel(1), parcel(2)]}), id="a-page-of-data"),
        pytest.param(pretty([parcel(1), parcel(2)]), id="a-list"),
        pytest.param(lines(parcel(1), parcel(2)), id="ndjson"),
        pytest.param(lines({"parcel": parcel(1)}, {"parcels": [parcel(2)]}), id="ndjson-of-envelopes"),
        pytest.param(gzip.compress(lines(parcel(1), parcel(2))), id="gzipped"),
        pytest.param(b"\xef\xbb\xbf" + pretty([parcel(1), parcel(2)]), id="with-a-byte-order-mark"),
    ],
)
async def test_every_shape_is_imported(importing: Importing, content: bytes) -> None:
    assert await importing(content) == the(imported=2)
    assert await importing(content) == the()
    assert {each.platform_id for each in await models.Parcel.all()} == {"1", "2"}
    assert not importing.rejects_path.exists()


async def test_one_object_is_one_parcel(importing: Importing) -> None:
    assert await importing(pretty({"parcel": parcel()})) == the(imported=1)


async def test_v3_shipments_are_imported(importing: Importing) -> None:
    counts = await importing((FIXTURES / "v3_shipments.json").read_bytes())
    assert counts.imported > 0
    assert counts.rejected == 0


async def test_an_imported_parcel_is_read_as_any_other(importing: Importing) -> None:
    await importing(lines(parcel(510001)))
    made = await models.Parcel.get(platform_id="510001")
    names = ("status", "weightGrams", "items", "documents", "events", "totalValue", "orderNumber")
    recipient = Selection({"Recipient": dict.fromkeys(("name", "email", "country"), NOTHING)})
    selection = Selection({"Parcel": {**dict.fromkeys(names, NOTHING), "recipient": recipient}})
    found = await parcels.one(Gate(importing.merchant.member, Request("1")), made.id, selection)
    assert (found.recipient.name, found.recipient.email, found.recipient.country) == ("Sanne de Wit", "sanne.dewit@example.com", "NL")
    assert (found.status, found.weight_grams, found.version) == ("DELIVERED", 1250, 1)
    assert found.items
    assert found.documents
    assert [document.kind for document in found.documents] == ["LABEL"]
    keys = await models.ParcelPersonalData.get(parcel_id=made.id)
    assert (keys.name_key, keys.postal_code_key) == (search_keys.folded("Sanne de Wit"), search_keys.code("3511 NR"))


async def test_the_same_file_again_changes_nothing(importing: Importing) -> None:
    content = lines(*(parcel(number) for number in range(30)), {"id": 99}, b"{", parcel(7, date_updated="15-03-2026 00:00:00"))
    assert await importing(content) == the(imported=30, rejected=2)
    before, rejects = await everything(), importing.rejects()
    assert await importing(content) == the(rejected=2)
    assert await everything() == before
    assert importing.rejects() == rejects


LATER = "17-03-2026 08:00:00"
EARLIER = "15-03-2026 08:00:00"


@pytest.mark.parametrize(
    ("changes", "updated", "outline_moved", "version"),
    [
        pytest.param({"date_updated": LATER}, 0, False, 1, id="only-later"),
        pytest.param({"date_updated": LATER, "email": "s@example.org"}, 1, False, 2, id="personal"),
        pytest.param({"date_updated": LATER, "status": {"id": 80, "message": "Unable to deliver"}}, 1, True, 2, id="outline"),
        pytest.param({"date_updated": LATER, "weight": "2.000", "city": "Zeist"}, 1, True, 2, id="both"),
        pytest.param({"date_updated": LATER, "documents": [], "label": {}}, 1, False, 2, id="documents"),
        pytest.param({"email": "s@example.org"}, 1, False, 2, id="at-the-same-time"),
        pytest.param({"date_updated": EARLIER, "email": "s@example.org", "weight": "2.000"}, 0, False, 1, id="earlier"),
    ],
)
async def test_only_what_changed_is_written(importing: Importing, changes: Json, updated: int, outline_moved: bool, version: int) -> None:
    await importing(lines(parcel(1), parcel(2)))
    before = await models.Parcel.get(platform_id="1")
    assert await importing(lines(parcel(1, **changes), parcel(2))) == the(updated=updated)
    after = await models.Parcel.get(platform_id="1")
    assert (after.updated_at != before.updated_at) is outline_moved
    assert after.created_at == before.created_at
    assert (await models.ParcelPersonalData.get(parcel_id=after.id)).version == version
    other = await models.Parcel.get(platform_id="2")
    assert (await models.ParcelPersonalData.get(parcel_id=other.id)).version == 1
    assert await importing(lines(parcel(1, **changes), parcel(2))) == the()


async def test_search_finds_the_new_name_only(importing: Importing) -> None:
    await importing(lines(parcel(1)))
    await importing(lines(parcel(1, name="Noor Visser")))
    personal = await models.ParcelPersonalData.all().get()
    assert (personal.name_key, personal.surname_key) == (b"noor visser", b"visser")


async def test_events_are_added_once_and_completed(importing: Importing) -> None:
    def told(*events: Json) -> bytes:
        return lines(parcel(1, status_history=list(events)))

    sorted_at: Json = {"carrier_update_timestamp": "2026-03-15T01:00:00Z", "parent_status": "sorted"}
    assert await importing(told(sorted_at)) == the(imported=1)
    delivered: Json = {"carrier_update_timestamp": "2026-03-16T01:00:00Z", "parent_status": "delivered", "carrier_message": "Handed over"}
    assert await importing(told(sorted_at | {"carrier_message": "In Utrecht"}, delivered)) == the(updated=1)
    assert await importing(told(sorted_at, delivered)) == the()
    events = await models.ParcelEvent.filter(status__in=["SORTED", "DELIVERED"]).order_by("occurred_at")
    assert [(event.status, event.message) for event in events] == [("SORTED", "In Utrecht"), ("DELIVERED", "Handed over")]


async def test_of_a_parcel_told_twice_the_newest_counts(importing: Importing) -> None:
    told = [parcel(1, name="New", date_updated=LATER), parcel(1, name="Old"), parcel(2, name="First"), parcel(2, name="Last")]
    assert await importing(lines(*told)) == the(imported=2)
    assert {each.name for each in await models.ParcelPersonalData.all()} == {"New", "Last"}


async def test_a_parcel_deleted_here_stays_deleted(importing: Importing) -> None:
    await a_parcel(importing.merchant, platform_id="1", deleted_at=await database.clock())
    before = await everything()
    assert await importing(lines(parcel(1), parcel(2), parcel(1, date_updated=LATER))) == the(imported=1, rejected=2)
    assert importing.rejects() == [{"line": line, "field": "id", "reason": "was deleted here"} for line in (1, 3)]
    assert set(before["parcels"]) < set((await everything())["parcels"])


async def test_another_accounts_parcels_are_not_touched(importing: Importing, tmp_path: Path) -> None:
    await importing(lines(parcel(1)))
    before = await everything()
    other = Importing(await a_merchant("Fietsen SL", "ES"), tmp_path)
    assert await other(lines(parcel(1, name="Otra"))) == the(imported=1)
    assert set(before["parcel_personal_data"]) < set((await everything())["parcel_personal_data"])


BAD_ROWS: list[tuple[bytes | Json, str | None]] = [
    (b'{"name": "Sanne de Wit", ', None),
    (b'["Sanne de Wit"]', None),
    (b'{"name": "Sanne \xff"}', None),
    ({"error": {"message": "Sanne de Wit"}}, "id"),
    (parcel(2, status=None), "status"),
    (parcel(3, date_created="Oudegracht"), "date_created"),
    (parcel(4, country={"iso_2": "Sanne"}), "country"),
    (parcel(5, name="Sanne" * 100), "name"),
    (parcel(6, email="sanne.dewit\x00"), "email"),
    (b'{"id": 7, "name": "\\ud800 Sanne"}', None),
    (parcel(8, weight="-3511"), "weight"),
    (parcel(9, parcel_items=["Sanne"]), "parcel_items[0]"),
    (parcel(10, carrier={"code": "Sanne de Wit"}), "carrier"),
    (parcel(11, documents=[{"type": "label", "link": "javascript:Sanne"}]), "documents[0].link"),
]


async def test_bad_rows_are_told_by_line_and_never_quoted(importing: Importing) -> None:
    content = lines(parcel(100), *(row for row, _ in BAD_ROWS), parcel(200))
    assert await importing(content) == the(imported=2, rejected=len(BAD_ROWS))
    rejects = importing.rejects()
    assert [reject["line"] for reject in rejects] == list(range(2, 2 + len(BAD_ROWS)))
    assert [reject["field"] for reject in rejects] == [field for _, field in BAD_ROWS]
    assert all(set(reject) == {"line", "field", "reason"} and reject["reason"] for reject in rejects)
    assert not any(value in importing.rejects_path.read_text() for value in VALUES)


async def test_in_a_list_the_entry_is_told(importing: Importing) -> None:
    assert await importing(pretty([parcel(1), 7, parcel(2, status=None)])) == the(imported=1, rejected=2)
    assert [(reject["entry"], reject["field"]) for reject in importing.rejects()] == [(2, None), (3, "status")]


async def test_rejects_go_where_they_are_wanted_and_old_ones_go(importing: Importing, tmp_path: Path) -> None:
    await importing(lines(b"{", parcel(1)))
    assert importing.rejects()
    await importing(lines(parcel(1)))
    assert not importing.rejects_path.exists()
    importing.path.write_bytes(lines({"id": 1}))
    elsewhere = tmp_path / "elsewhere.ndjson"
    await import_file(importing.path, importing.merchant.id, rejects_path=elsewhere)
    assert elsewhere.exists()
    assert not importing.rejects_path.exists()


async def test_the_rejects_file_is_never_the_file_itself(importing: Importing) -> None:
    importing.path.write_bytes(lines(parcel(1)))
    with pytest.raises(ValueError, match="rejects"):
        await import_file(importing.path, importing.merchant.id, rejects_path=importing.path)
    assert importing.path.exists()


async def test_what_comes_before_a_fault_is_imported(importing: Importing) -> None:
    broken = pretty([parcel(1), parcel(2, status=None), parcel(3)])[:-4] + b"!!"
    with pytest.raises(PartlyImported, match="After entry 2 the JSON is broken") as fault:
        await importing(broken)
    assert fault.value.counts == the(imported=1, rejected=1)
    assert {each.platform_id for each in await models.Parcel.all()} == {"1"}
    assert not any(value in str(fault.value) for value in VALUES)


async def test_there_has_to_be_such_an_account(importing: Importing) -> None:
    importing.path.write_bytes(lines(parcel(1)))
    with pytest.raises(NotFound):
        await import_file(importing.path, new_id())
    await database.execute("UPDATE accounts SET deleted_at = {now} WHERE id = :id", id=importing.merchant.id)
    with pytest.raises(NotFound):
        await import_file(importing.path, importing.merchant.id)
    assert await models.Parcel.all().count() == 0


async def test_there_has_to_be_such_a_file(importing: Importing) -> None:
    with pytest.raises(FileNotFoundError):
        await import_file(importing.path, importing.merchant.id)


async def test_progress_is_told(importing: Importing) -> None:
    importing.path.write_bytes(lines(*(parcel(number) for number in range(250))))
    told: list[int] = []
    await import_file(importing.path, importing.merchant.id, progress=told.append)
    assert told == [100, 200, 250]


@pytest.mark.parametrize(
    "content", [pytest.param("ndjson", id="ndjson"), pytest.param("list", id="a-list"), pytest.param("fault", id="with-a-fault")]
)
async def test_several_readers_read_as_one_does(importing: Importing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    rows = [parcel(number % 400, name=f"Person {number}") if number % 50 else {"id": number} for number in range(630)]
    whole = lines(*rows) if content == "ndjson" else pretty(rows)
    importing.path.write_bytes(whole[:-600] if content == "fault" else whole)

    async def imported() -> tuple[object, list[Json], list[tuple[object, ...]]]:
        try:
            counts: object = await import_file(importing.path, importing.merchant.id)
        except PartlyImported as fault:
            counts = (str(fault), fault.counts)
        return counts, importing.rejects(), await apart_from_ids()

    alone = await imported()
    for table in ("parcel_events", "parcel_personal_data", "parcels"):
        await database.execute(f"DELETE FROM {table}")
    monkeypatch.setattr(readers, "SHORT", 0)
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    monkeypatch.setattr(imports, "_MOST", 100)
    assert await imported() == alone


async def test_a_reader_that_dies_is_told(importing: Importing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "SHORT", 0)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    start = readers._start

    def shot(path: Path, number: int, of: int) -> readers._Reader:
        reader = start(path, number, of)
        reader.process.kill()
        return reader

    monkeypatch.setattr(readers, "_start", shot)
    with pytest.raises(readers.ReaderDied):
        await importing(lines(parcel(1)))


async def test_a_long_file_takes_no_more_memory(importing: Importing) -> None:
    """Some 11 MB, read by processes of their own. What is held of it here is a chunk and a batch."""
    plain = {name: value for name, value in V2.items() if name not in {"parcel_items", "documents", "label", "address_divided"}}
    with importing.path.open("wb") as file:
        for start in range(0, 12_000, 1000):
            file.write(lines(*(plain | {"id": start + number} for number in range(1000))))
    tracemalloc.start()
    try:
        assert await import_file(importing.path, importing.merchant.id) == the(imported=12_000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 12 * 1024 * 1024


async def test_nobody_waits_long_for_an_import(importing: Importing, database_url: str) -> None:
    """On SQLite there is one writer at a time, and no queue: another connection, that asks for the lock all the time, gets it soon."""
    if not database_url.startswith("sqlite"):
        pytest.skip("PostgreSQL locks rows")
    ended = _writing_all_the_time(database_url.removeprefix("sqlite://"))
    try:
        assert await importing(lines(*(parcel(number) for number in range(2000)))) == the(imported=2000)
    finally:
        waited = await asyncio.to_thread(ended)
    assert len(waited) > 5
    assert max(waited) < 1.0  # that is on a busy machine: it is some 40 ms on an idle one


def _writing_all_the_time(path: str) -> Callable[[], list[float]]:
    over = threading.Event()
    waited: list[float] = []

    def write() -> None:
        with closing(sqlite3.connect(path, timeout=5, isolation_level=None)) as connection:
            while not over.wait(0.005):
                began = time.perf_counter()
                connection.execute("BEGIN IMMEDIATE")
                waited.append(time.perf_counter() - began)
                connection.execute("ROLLBACK")

    thread = threading.Thread(target=write)
    thread.start()

    def ended() -> list[float]:
        over.set()
        thread.join()
        return waited

    return ended


@pytest.mark.skipif(not SAMPLES.exists(), reason="the samples are not part of the project")
async def test_every_whole_parcel_of_the_samples_is_imported(importing: Importing) -> None:
    whole: set[str] = set()
    for path in sorted(SAMPLES.rglob("*.json")):
        with suppress(PartlyImported):
            await importing(path.read_bytes())
        with suppress(UnreadableFile):
            read = [parcel for record in records(path) if not isinstance(record.value, BadRecord) for parcel in parcels_of(record.value)]
            whole |= {parcel.platform_id for parcel in read if not isinstance(parcel, RejectedRecord)}
    assert len(whole) > 3
    assert {each.platform_id for each in await models.Parcel.all()} == whole
