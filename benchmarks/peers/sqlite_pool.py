"""How does the raw peer ask SQLite? The same statements through aiosqlite: one connection, with the pragmas our own server sets."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import aiosqlite

_PRAGMAS = ("journal_mode = WAL", "synchronous = FULL", "busy_timeout = 200", "foreign_keys = ON")
_NOW = "(strftime('%Y-%m-%d %H:%M:%f', 'now') || '000+00:00')"
_PLACEHOLDER = re.compile(r"\$(\d+)")
_CAST = re.compile(r"::(uuid|timestamptz)(\[\])?")
_LOOKED_UP_IF = re.compile(
    r"LEFT JOIN LATERAL \(SELECT \* FROM (\w+) (\w+) WHERE (\S+) = (\S+) AND \((.*?)\) OFFSET 0\) \2 ON TRUE"
)  # as models/database.py has it
_LOOKED_UP = re.compile(r"LEFT JOIN LATERAL \(SELECT \* FROM (\w+) (\w+)\s+WHERE (.*?) OFFSET 0\) \2 ON TRUE", re.DOTALL)

#: The access-log write as SQLite has it: resolvers/ledger.py.
WRITE = f"""
WITH entry AS (SELECT key AS position, value ->> 'id' AS id, value ->> 'account_id' AS account_id, value ->> 'parcel_id' AS parcel_id,
    value ->> 'action' AS action, value -> 'changed' AS changed, value -> 'categories' AS categories, value -> 'fields' AS fields,
    value ->> 'basis' AS basis, value ->> 'consent_id' AS consent_id, value ->> 'claim_id' AS claim_id
    FROM json_each($1)),
account AS (SELECT DISTINCT account_id AS id FROM entry),
seen AS MATERIALIZED (
    SELECT DISTINCT l.parcel_id, l.account_id FROM account JOIN access_log l ON l.account_id = account.id
    WHERE l.agent_id = $2 AND l.at > (strftime('%Y-%m-%d %H:%M:%f', 'now', '-1 hour') || '000+00:00') AND l.parcel_id IS NOT NULL
      AND l.action = 'VIEW_PERSONAL_DATA'
),
already AS (SELECT account_id AS of_account, COUNT(*) AS parcels FROM seen GROUP BY account_id),
placed AS (
    SELECT entry.*, parcel_id IS NOT NULL AND parcel_id NOT IN (SELECT parcel_id FROM seen) AS fresh,
        MIN(position) OVER (PARTITION BY parcel_id) AS place
    FROM entry
),
numbered AS (SELECT placed.*, DENSE_RANK() OVER (PARTITION BY account_id, fresh ORDER BY place) AS number FROM placed)
INSERT INTO access_log
    (id, at, agent_id, account_id, parcel_id, action, changed, categories, fields, basis, consent_id, claim_id, operation, request_id)
SELECT id, {_NOW}, $2, account_id, parcel_id, action, changed, categories, fields, basis, consent_id, claim_id, NULL, $3
FROM numbered LEFT JOIN already ON already.of_account = numbered.account_id
WHERE NOT fresh OR number + COALESCE(parcels, 0) <= $4
RETURNING id"""

_READ: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("id", "account_id", "consent_id", "claim_id", "claim_parcel_id"), UUID),
    **dict.fromkeys(
        ("now", "created_at", "updated_at", "consent_expires_at", "granted_at", "expires_at", "ended_at"),
        datetime.fromisoformat,
    ),
    **dict.fromkeys(("return_portal_enabled", "tracking_notifications_enabled"), bool),
}


@lru_cache
def _sqlite(sql: str) -> str:
    plain = _LOOKED_UP_IF.sub(r"LEFT JOIN \1 \2 ON \3 = CASE WHEN \5 THEN \4 END", sql.replace("statement_timestamp()", _NOW))
    plain = _LOOKED_UP.sub(r"LEFT JOIN \1 \2 ON \3", plain)
    return _CAST.sub("", _PLACEHOLDER.sub(r"?\1", plain))


def _given(value: object) -> object:
    if isinstance(value, UUID):
        return str(value)
    return value.astimezone(UTC).isoformat(" ", "microseconds") if isinstance(value, datetime) else value


class Connection:
    """A connection with the few methods of asyncpg's that are used."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    async def execute(self, sql: str, *given: object) -> None:
        """Run a statement."""
        await self._connection.execute(_sqlite(sql), [_given(value) for value in given])

    async def fetch(self, sql: str, *given: object) -> list[dict[str, Any]]:
        """The rows, with keys and instants as what they are."""
        cursor = await self._connection.execute(_sqlite(sql), [_given(value) for value in given])
        rows = await cursor.fetchall()
        names = [column[0] for column in cursor.description]
        readers = [(position, _READ[name]) for position, name in enumerate(names) if name in _READ]
        return [_row(names, readers, row) for row in rows]


def _row(names: list[str], readers: list[tuple[int, Callable[[Any], Any]]], row: sqlite3.Row) -> dict[str, Any]:
    values = list(row)
    for position, read in readers:
        if values[position] is not None:
            values[position] = read(values[position])
    return dict(zip(names, values, strict=True))


class Pool:
    """One connection, as a pool of asyncpg's."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection
        self._lock = asyncio.Lock()

    @classmethod
    async def open(cls, url: str) -> Pool:
        """Connect to the file."""
        connection = await aiosqlite.connect(url.removeprefix("sqlite://"), isolation_level=None)
        for pragma in _PRAGMAS:
            await connection.execute(f"PRAGMA {pragma}")
        return cls(connection)

    async def close(self) -> None:
        """Let it go."""
        await self._connection.close()

    async def fetch(self, sql: str, *given: object) -> list[dict[str, Any]]:
        """The rows."""
        async with self._lock:
            return await Connection(self._connection).fetch(sql, *given)

    async def fetchrow(self, sql: str, *given: object) -> dict[str, Any] | None:
        """The first row."""
        rows = await self.fetch(sql, *given)
        return rows[0] if rows else None

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """The connection, inside a transaction that can write."""
        async with self._lock:
            await self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield Connection(self._connection)
            except BaseException:
                await self._connection.rollback()
                raise
            await self._connection.commit()
