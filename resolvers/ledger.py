"""The access log: who at support saw or changed what. It is committed before the answer leaves; it names fields, never values."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID
from weakref import WeakValueDictionary

import orjson

from models import database
from models.database import Engine
from models.fields import new_id, oldest_id
from policy.decision import Decision
from policy.vocabulary import Action, PiiCategory


@dataclass(frozen=True, slots=True)
class Request:
    """What the log says of the request: our id for it, and its name if it is a trusted document."""

    id: str
    operation: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One row to be written: what was shown of one parcel (or of the account, without one), or what was changed."""

    account_id: UUID
    parcel_id: UUID | None
    action: Action
    decision: Decision
    fields: frozenset[str] = frozenset()
    categories: frozenset[PiiCategory] = frozenset()
    changed: frozenset[str] = frozenset()
    id: UUID = field(default_factory=new_id)


_ROWS = {
    Engine.SQLITE: """SELECT key AS position, value ->> 'id' AS id, value ->> 'account_id' AS account_id, value ->> 'parcel_id' AS parcel_id,
        value ->> 'action' AS action, value -> 'changed' AS changed, value -> 'categories' AS categories, value -> 'fields' AS fields,
        value ->> 'basis' AS basis, value ->> 'consent_id' AS consent_id, value ->> 'claim_id' AS claim_id
        FROM json_each(:entries)""",
    Engine.POSTGRES: """SELECT * FROM ROWS FROM (jsonb_to_recordset(CAST(:entries AS jsonb)) AS (
        id uuid, account_id uuid, parcel_id uuid, action text,
        changed jsonb, categories jsonb, fields jsonb, basis text, consent_id uuid, claim_id uuid)) WITH ORDINALITY
        AS t (id, account_id, parcel_id, action, changed, categories, fields, basis, consent_id, claim_id, position)""",
}
_AN_HOUR_AGO = {
    Engine.SQLITE: "(strftime('%Y-%m-%d %H:%M:%f', 'now', '-1 hour') || '000+00:00')",
    Engine.POSTGRES: "(statement_timestamp() - interval '1 hour')",
}

_INSERT = """
INSERT INTO access_log
    (id, at, agent_id, account_id, parcel_id, action, changed, categories, fields, basis, consent_id, claim_id, operation, request_id)
SELECT id, {now}, :agent, account_id, parcel_id, action, changed, categories, fields, basis, consent_id, claim_id, :operation, :request
FROM """

# What was seen within the hour may be seen again; of the rest, only as many different parcels of an account as the limit leaves.
# Seen, not changed: an agent may record a claim on any parcel, and must not get to see it by that. Searches have a limit of their own.
_COUNTED = """
account AS (SELECT DISTINCT account_id AS id FROM entry),
seen AS MATERIALIZED (
    SELECT DISTINCT l.parcel_id, l.account_id FROM account JOIN access_log l ON l.account_id = account.id
    WHERE l.agent_id = :agent AND l.at > {an_hour_ago} AND l.parcel_id IS NOT NULL AND l.action = 'VIEW_PERSONAL_DATA'
),
already AS (SELECT account_id AS of_account, COUNT(*) AS parcels FROM seen GROUP BY account_id),
placed AS (
    SELECT entry.*, parcel_id IS NOT NULL AND parcel_id NOT IN (SELECT parcel_id FROM seen) AS fresh,
        MIN(position) OVER (PARTITION BY parcel_id) AS place
    FROM entry
),
numbered AS (SELECT placed.*, DENSE_RANK() OVER (PARTITION BY account_id, fresh ORDER BY place) AS number FROM placed)"""
_WITHIN_THE_LIMITS = """
numbered LEFT JOIN already ON already.of_account = numbered.account_id
WHERE CASE
    WHEN action = 'SEARCH_PERSONAL_DATA' THEN :most_searches > (
        SELECT COUNT(*) FROM access_log l
        WHERE l.agent_id = :agent AND l.at > {an_hour_ago} AND l.account_id = numbered.account_id AND l.action = 'SEARCH_PERSONAL_DATA')
    WHEN fresh THEN number + COALESCE(parcels, 0) <= :most
    ELSE TRUE END"""

# All that a statement reads is of one instant: that of its beginning. The agent's row is then the lock of `write` only if it still is the very row it
# was then: who waited for another answer of the agent has not counted that one, and `xmin`, which every UPDATE changes, tells.
_TURN = """,
beforehand AS MATERIALIZED (SELECT id, xmin FROM users WHERE id = :agent),
turn AS (
    UPDATE users SET deactivated_at = deactivated_at FROM beforehand WHERE users.id = beforehand.id AND users.xmin = beforehand.xmin
    RETURNING users.id
)"""
_IN_TURN = " AND EXISTS (SELECT 1 FROM turn)"
_LOCK = "UPDATE users SET deactivated_at = deactivated_at WHERE id = :agent"


def _statement(which: Engine, counted: str = "", turn: str = "", source: str = "entry") -> str:
    whole = f"WITH entry AS ({_ROWS[which]}){counted}{turn}{_INSERT}{source} RETURNING id"
    return whole.replace("{an_hour_ago}", _AN_HOUR_AGO[which])


_WRITE = {which: _statement(which, f",{_COUNTED}", "", _WITHIN_THE_LIMITS) for which in Engine}
_WRITE_AT_ONCE = _statement(Engine.POSTGRES, f",{_COUNTED}", _TURN, _WITHIN_THE_LIMITS + _IN_TURN)
_WRITE_CHANGE = {which: _statement(which) for which in Engine}


async def write(
    agent_id: UUID, request: Request, entries: Sequence[Entry], *, most_parcels_an_hour: int, most_searches_an_hour: int
) -> frozenset[UUID]:
    """Commit the entries, but those of parcels over the hourly limit of an account, and of a search over its own; returns the ids of those written.

    The agent's other answers wait, in any process, so that the count is exact: on SQLite for the one transaction that can write, on PostgreSQL for
    the agent's row. One statement does it there, unless it had to wait, or nothing was within the limits: then it is asked again under the lock.
    Raises whatever the database raises: then nothing was written, and the caller must show nothing.
    """
    params = _params(agent_id, request, entries) | {"most": most_parcels_an_hour, "most_searches": most_searches_an_hour}
    which = database.engine()
    async with _turn_of(agent_id):
        if which is Engine.POSTGRES and (written := _ids(await database.fetch(_WRITE_AT_ONCE, **params))):
            return written
        async with database.transaction():
            if which is Engine.POSTGRES:
                await database.execute(_LOCK, agent=agent_id)
            return _ids(await database.fetch(_WRITE[which], **params))


_turns: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()


@asynccontextmanager
async def _turn_of(agent_id: UUID) -> AsyncIterator[None]:
    """In this process the agent's answers, and the places of one, write in turn: else they meet in the database, and are asked again."""
    turn = _turns.setdefault(agent_id, asyncio.Lock())
    async with database.in_time():
        await turn.acquire()
    try:
        yield
    finally:
        turn.release()


async def write_change(agent_id: UUID, request: Request, entry: Entry) -> None:
    """Write, inside the transaction that makes it, what an agent changed."""
    await database.fetch(_WRITE_CHANGE[database.engine()], **_params(agent_id, request, [entry]))


def _params(agent_id: UUID, request: Request, entries: Sequence[Entry]) -> dict[str, object]:
    text = orjson.dumps([_json(entry) for entry in entries], default=str).decode()  # asyncpg's own kind of UUID is not JSON
    return {"entries": text, "agent": agent_id, "operation": request.operation, "request": request.id}


def _ids(rows: Sequence[Mapping[str, Any]]) -> frozenset[UUID]:
    return frozenset(database.uuid(row["id"]) for row in rows)


def _json(entry: Entry) -> dict[str, object]:
    decision = entry.decision
    return {
        "id": entry.id,
        "account_id": entry.account_id,
        "parcel_id": entry.parcel_id,
        "action": entry.action,
        "changed": _sorted(entry.changed),
        "categories": _sorted(entry.categories),
        "fields": _sorted(entry.fields),
        "basis": decision.basis,
        "consent_id": decision.consent_id,
        "claim_id": decision.claim_id,
    }


@lru_cache(maxsize=1024)
def _sorted(names: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(names))


# By the key, which sorts by the time an entry was made: there is no index on `at` alone.
_MOST_SEEN = """
SELECT MAX(seen.n) AS most FROM (
    SELECT COUNT(DISTINCT parcel_id) AS n FROM access_log
    WHERE id >= :since AND at > {an_hour_ago} AND action = 'VIEW_PERSONAL_DATA' AND parcel_id IS NOT NULL
    GROUP BY agent_id, account_id
) AS seen"""
#: The key is by the clock of the server that made the entry.
_CLOCKS_APART = timedelta(minutes=5)


async def most_seen_in_an_hour() -> int:
    """The most different parcels of one account that one agent was shown within the last hour: what the hourly limit is about."""
    since = oldest_id(await database.clock() - timedelta(hours=1) - _CLOCKS_APART)
    rows = await database.fetch(_MOST_SEEN.format(an_hour_ago=_AN_HOUR_AGO[database.engine()]), since=since)
    return rows[0]["most"] or 0
