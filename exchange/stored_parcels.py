"""What the platform tells of parcels, written into the tables: once, whatever is told twice, and newer news before older.

`platform_changed_at` decides: what was told with an earlier time than the newest news of a parcel changes nothing. A parcel that was
deleted here stays deleted. `updated_at` moves, by our clock, with the outline only; `version` with the outline and the personal row.
Every write holds the lock of the account, so no change made here comes in between.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from exchange.imported import ParcelStatusChange
from exchange.parcel_rows import COMPARED, EVENT, OUTLINE, PERSONAL, Columns, ParcelRow, row
from models import database
from models.database import Engine
from models.enums import ParcelStatus
from models.fields import new_id
from resolvers.errors import NotFound

_DOCUMENTS_AND_ITEMS: Final = frozenset({"items", "documents"})


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of parcels: how many were new, how many were changed, which stay deleted, and how long the lock was held."""

    imported: int
    updated: int
    deleted: frozenset[str]
    seconds: float


@dataclass(frozen=True, slots=True, repr=False)
class _Known:
    id: UUID
    changed_at: datetime | None
    deleted: bool
    outline: Columns
    personal: Columns


async def store(account_id: UUID, parcels: Sequence[ParcelRow]) -> Stored:
    """Write parcels, in one transaction. Raises NotFound when there is no such account (any more).

    Of a parcel told twice the newer telling counts, and the last of two with the same time.
    """
    told = _newest(parcels)
    async with database.transaction():
        began = await _lock(account_id)
        known = await _known(account_id, list(told))
        fresh = [parcel for parcel in told.values() if parcel.platform_id not in known]
        await _insert(account_id, fresh)
        updated = await _update(account_id, [(told[key], before) for key, before in known.items() if _is_news(told[key], before)])
    deleted = frozenset(key for key, before in known.items() if before.deleted)
    return Stored(len(fresh), updated, deleted, time.perf_counter() - began)


async def apply_status_change(account_id: UUID, change: ParcelStatusChange) -> bool:
    """What one webhook told, whichever came before it; whether anything changed. Raises NotFound when there is no such account.

    A parcel that is not known is made. Of one that is, only the status is news, if nothing newer was told; that it happened is kept
    among its events either way, once.
    """
    parcel = _announced(change)
    async with database.transaction():
        await _lock(account_id)
        known = (await _known(account_id, [parcel.platform_id])).get(parcel.platform_id)
        if known is None:
            await _insert(account_id, [parcel])
            return True
        if known.deleted:
            return False
        added = await _add_event(account_id, known.id, change)
        return await _move(known, change, parcel) or added


@asynccontextmanager
async def writing_much() -> AsyncIterator[None]:
    """For an import on SQLite: room for the pages of its indexes, and the log written back between batches (`checkpoint`), not in them."""
    if database.engine() is not Engine.SQLITE:
        yield
        return
    await _set(cache_size=-64 * 1024, wal_autocheckpoint=0)
    try:
        yield
    finally:
        await checkpoint()
        await _set(cache_size=-2_000, wal_autocheckpoint=1_000)  # SQLite's own


async def _set(**pragmas: int) -> None:
    for name, value in pragmas.items():
        await database.fetch(f"PRAGMA {name} = {value}")


async def checkpoint() -> None:
    """Write SQLite's log back into the database. Nobody waits for it."""
    if database.engine() is Engine.SQLITE:
        await database.fetch("PRAGMA wal_checkpoint(PASSIVE)")


async def analyze() -> None:
    """Let PostgreSQL count what is in the tables. Without, it believes a new account's parcels few, and reads all to find one."""
    if database.engine() is Engine.POSTGRES:
        with suppress(database.DatabaseError, TimeoutError):
            await database.execute("ANALYZE parcels, parcel_personal_data, parcel_events")


def _newest(parcels: Iterable[ParcelRow]) -> dict[str, ParcelRow]:
    told: dict[str, ParcelRow] = {}
    for parcel in parcels:
        before = told.get(parcel.platform_id)
        if before is None or parcel.changed_at >= before.changed_at:
            told[parcel.platform_id] = parcel
    return told


async def _lock(account_id: UUID) -> float:
    if not await database.lock_account(account_id):
        raise NotFound("account")
    return time.perf_counter()


_SELECT_KNOWN = f"""
SELECT p.id, p.platform_id, p.platform_changed_at, p.deleted_at, {", ".join(f"p.{name}" for name in OUTLINE)},
    {", ".join(f"d.{name} AS d_{name}" for name in COMPARED)}
FROM parcels p LEFT JOIN parcel_personal_data d ON d.parcel_id = p.id
WHERE p.account_id = :account AND p.platform_id IN :platform_ids"""


async def _known(account_id: UUID, platform_ids: Sequence[str]) -> dict[str, _Known]:
    found = await database.fetch(_SELECT_KNOWN, account=account_id, platform_ids=platform_ids)
    return {
        each["platform_id"]: _Known(
            id=database.uuid(each["id"]),
            changed_at=database.optional_moment(each["platform_changed_at"]),
            deleted=each["deleted_at"] is not None,
            outline=tuple(database.optional_moment(each[name]) if name == "announced_at" else each[name] for name in OUTLINE),
            personal=tuple(database.json(each[f"d_{name}"]) if name in _DOCUMENTS_AND_ITEMS else each[f"d_{name}"] for name in COMPARED),
        )
        for each in found
    }


def _is_news(told: ParcelRow, before: _Known) -> bool:
    return not before.deleted and (before.changed_at is None or told.changed_at >= before.changed_at)


async def _insert(account_id: UUID, parcels: Sequence[ParcelRow]) -> None:
    keyed = [(new_id(), parcel) for parcel in parcels]
    await database.insert_many(
        "parcels",
        ("id", "account_id", "platform_id", "created_at", "updated_at", "platform_changed_at", *OUTLINE),
        [(key, account_id, each.platform_id, each.created_at, each.changed_at, each.changed_at, *each.outline) for key, each in keyed],
    )
    await database.insert_many(
        "parcel_personal_data",
        ("parcel_id", "account_id", "version", *PERSONAL),
        [(key, account_id, 1, *each.personal) for key, each in keyed],
    )
    await _insert_events(account_id, ((key, event) for key, each in keyed for event in each.events))


async def _insert_events(account_id: UUID, events: Iterable[tuple[UUID, Columns]]) -> None:
    await database.insert_many(
        "parcel_events",
        ("id", "account_id", "parcel_id", *EVENT),
        [(new_id(), account_id, parcel_id, *event) for parcel_id, event in events],
    )


async def _update(account_id: UUID, news: Sequence[tuple[ParcelRow, _Known]]) -> int:
    """Write what differs; how many parcels did."""
    if not news:
        return 0
    outline = {before.id: told for told, before in news if told.outline != before.outline}
    personal = {before.id: told for told, before in news if _compared(told) != before.personal}
    later = {before.id: told for told, before in news if before.id not in outline and told.changed_at != before.changed_at}
    await database.execute_many(
        f"UPDATE parcels SET {_assigned(OUTLINE)}, platform_changed_at = :changed_at, updated_at = {{now}} WHERE id = :id",
        [_named(OUTLINE, told.outline) | {"id": key, "changed_at": told.changed_at} for key, told in outline.items()],
    )
    await database.execute_many(
        "UPDATE parcels SET platform_changed_at = :changed_at WHERE id = :id",
        [{"id": key, "changed_at": told.changed_at} for key, told in later.items()],
    )
    await database.execute_many(
        f"UPDATE parcel_personal_data SET {_assigned(PERSONAL)}, version = version + 1 WHERE parcel_id = :id",
        [_named(PERSONAL, told.personal) | {"id": key} for key, told in personal.items()],
    )
    await database.execute_many(
        "UPDATE parcel_personal_data SET version = version + 1 WHERE parcel_id = :id", [{"id": key} for key in outline.keys() - personal.keys()]
    )
    return len(outline.keys() | personal.keys() | await _update_events(account_id, {before.id: told for told, before in news}))


def _compared(told: ParcelRow) -> Columns:
    pairs = zip(COMPARED, told.personal, strict=False)
    return tuple(database.json(value) if name in _DOCUMENTS_AND_ITEMS else value for name, value in pairs)


def _assigned(columns: Sequence[str]) -> str:
    return ", ".join(f"{name} = :{name}" for name in columns)


def _named(columns: Sequence[str], values: Columns) -> dict[str, object]:
    return dict(zip(columns, values, strict=True))


async def _update_events(account_id: UUID, news: Mapping[UUID, ParcelRow]) -> set[UUID]:
    """Add the events that are not there yet, and to those that are what was not known of them; the parcels that had any."""
    told = {(key, occurred_at, status): (location, message) for key, each in news.items() for status, occurred_at, location, message in each.events}
    if not told:
        return set()
    parcels = list({key for key, _, _ in told})
    found = await database.fetch(
        "SELECT id, parcel_id, status, occurred_at, location, message FROM parcel_events WHERE parcel_id IN :ids", ids=parcels
    )
    changed: set[UUID] = set()
    completed: list[dict[str, Any]] = []
    for each in found:
        parcel_id = database.uuid(each["parcel_id"])
        words = told.pop((parcel_id, database.moment(each["occurred_at"]), each["status"]), None)
        if words is None:
            continue
        location, message = (new or old for new, old in zip(words, (each["location"], each["message"]), strict=True))
        if (location, message) != (each["location"], each["message"]):
            completed.append({"id": database.uuid(each["id"]), "location": location, "message": message})
            changed.add(parcel_id)
    await database.execute_many("UPDATE parcel_events SET location = :location, message = :message WHERE id = :id", completed)
    await _insert_events(account_id, ((key, (status, at, *words)) for (key, at, status), words in told.items()))
    return changed | {key for key, _, _ in told}


def _announced(change: ParcelStatusChange) -> ParcelRow:
    """The parcel as the webhook made it known: with the event it tells of, and announced when that is what it says."""
    parcel = change.parcel
    if parcel.status is ParcelStatus.ANNOUNCED and parcel.announced_at is None:
        parcel = replace(parcel, announced_at=change.occurred_at)
    told = row(parcel)
    event: Columns = (parcel.status.value, change.occurred_at, None, None)
    others = [each for each in told.events if each[:2] != event[:2]]
    return replace(told, changed_at=change.occurred_at, events=(*others, event))


async def _add_event(account_id: UUID, parcel_id: UUID, change: ParcelStatusChange) -> bool:
    added = await database.fetch(
        """INSERT INTO parcel_events (id, account_id, parcel_id, status, occurred_at) VALUES (:id, :account, :parcel, :status, :at)
        ON CONFLICT (parcel_id, occurred_at, status) DO NOTHING RETURNING id""",
        id=new_id(),
        account=account_id,
        parcel=parcel_id,
        status=change.parcel.status,
        at=change.occurred_at,
    )
    return bool(added)


async def _move(known: _Known, change: ParcelStatusChange, told: ParcelRow) -> bool:
    """Take over the status, if the change is newer than all that is known of the parcel; whether the outline changed."""
    if known.changed_at is not None and change.occurred_at <= known.changed_at:
        return False
    before = _named(OUTLINE, known.outline)
    after = {"status": change.parcel.status.value, "announced_at": before["announced_at"] or _named(OUTLINE, told.outline)["announced_at"]}
    if after.items() <= before.items():
        await database.execute("UPDATE parcels SET platform_changed_at = :at WHERE id = :id", at=change.occurred_at, id=known.id)
        return False
    await database.execute(
        f"UPDATE parcels SET {_assigned(tuple(after))}, platform_changed_at = :at, updated_at = {{now}} WHERE id = :id",
        **after,
        at=change.occurred_at,
        id=known.id,
    )
    await database.execute("UPDATE parcel_personal_data SET version = version + 1 WHERE parcel_id = :id", id=known.id)
    return True
