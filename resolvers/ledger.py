"""The access log: who at support saw or changed what. It is committed before the answer leaves; it names fields, never values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

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

# What was seen within the hour may be seen again; of the rest, only as many different parcels of an account as the limit leaves.
# Seen, not changed: an agent may record a claim on any parcel, and must not get to see it by that. Searches have a limit of their own.
_WRITE = """
WITH entry AS ({rows}),
seen AS (
    SELECT DISTINCT l.account_id, l.parcel_id FROM access_log l
    WHERE l.agent_id = :agent AND l.at > {an_hour_ago} AND l.parcel_id IS NOT NULL AND l.action = 'VIEW_PERSONAL_DATA'
      AND l.account_id IN (SELECT account_id FROM entry)
),
fresh AS (
    SELECT account_id, parcel_id, ROW_NUMBER() OVER (PARTITION BY account_id ORDER BY MIN(position)) AS number
    FROM entry
    WHERE parcel_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM seen WHERE seen.parcel_id = entry.parcel_id)
    GROUP BY account_id, parcel_id
)
INSERT INTO access_log
    (id, at, agent_id, account_id, parcel_id, action, changed, categories, fields, basis, consent_id, claim_id, operation, request_id)
SELECT entry.id, {{now}}, :agent, entry.account_id, entry.parcel_id, entry.action, entry.changed, entry.categories, entry.fields,
    entry.basis, entry.consent_id, entry.claim_id, :operation, :request
FROM entry LEFT JOIN fresh ON fresh.parcel_id = entry.parcel_id
WHERE CASE
    WHEN entry.action = 'SEARCH_PERSONAL_DATA' THEN :most_searches > (
        SELECT COUNT(*) FROM access_log l
        WHERE l.agent_id = :agent AND l.at > {an_hour_ago} AND l.account_id = entry.account_id AND l.action = 'SEARCH_PERSONAL_DATA')
    WHEN fresh.number IS NULL THEN TRUE
    ELSE fresh.number + (SELECT COUNT(*) FROM seen WHERE seen.account_id = entry.account_id) <= :most END
RETURNING id"""


async def write(
    agent_id: UUID, request: Request, entries: Sequence[Entry], *, most_parcels_an_hour: int, most_searches_an_hour: int
) -> frozenset[UUID]:
    """Commit the entries, but those of parcels over the hourly limit of an account, and of a search over its own; returns the ids of those written.

    Two statements in a transaction: the first makes the agent's other answers wait, so that the count is exact.
    Raises whatever the database raises: then nothing was written, and the caller must show nothing.
    """
    async with database.transaction():
        await database.execute("UPDATE users SET deactivated_at = deactivated_at WHERE id = :agent", agent=agent_id)
        return await _insert(agent_id, request, entries, most_parcels_an_hour, most_searches_an_hour)


async def write_change(agent_id: UUID, request: Request, entry: Entry) -> None:
    """Write, inside the transaction that makes it, what an agent changed."""
    await _insert(agent_id, request, [entry], _NO_LIMIT, _NO_LIMIT)


_NO_LIMIT = 2**31 - 1


async def _insert(agent_id: UUID, request: Request, entries: Sequence[Entry], most: int, most_searches: int) -> frozenset[UUID]:
    which = database.engine()
    rows = await database.fetch(
        _WRITE.format(rows=_ROWS[which], an_hour_ago=_AN_HOUR_AGO[which]),
        entries=orjson.dumps([_json(entry) for entry in entries]).decode(),
        agent=agent_id,
        operation=request.operation,
        request=request.id,
        most=most,
        most_searches=most_searches,
    )
    return frozenset(database.uuid(row["id"]) for row in rows)


def _json(entry: Entry) -> dict[str, object]:
    decision = entry.decision
    return {
        "id": entry.id,
        "account_id": str(entry.account_id),  # asyncpg's own kind is not JSON
        "parcel_id": None if entry.parcel_id is None else str(entry.parcel_id),
        "action": entry.action,
        "changed": sorted(entry.changed),
        "categories": sorted(entry.categories),
        "fields": sorted(entry.fields),
        "basis": decision.basis,
        "consent_id": None if decision.consent_id is None else str(decision.consent_id),
        "claim_id": None if decision.claim_id is None else str(decision.claim_id),
    }


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
