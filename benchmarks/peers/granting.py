"""How is agent login granted and revoked? With the statements of resolvers/consents.py, for the peer that is compared on mutations."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, TypeAlias
from uuid import UUID

import orjson
from asyncpg.pool import PoolConnectionProxy
from uuid_utils.compat import uuid7

from benchmarks.peers.rows import Rows, Who

Connection: TypeAlias = "PoolConnectionProxy[Any]"

_LOCK = "UPDATE accounts SET deleted_at = deleted_at WHERE id = $1 AND deleted_at IS NULL"
_FACTS = """
SELECT a.id AS account_id, statement_timestamp() AS now, c.id AS consent_id, c.expires_at AS consent_expires_at
FROM accounts a LEFT JOIN consents c ON c.live_for = a.id AND c.expires_at > statement_timestamp() WHERE a.id = $1 AND a.deleted_at IS NULL"""
_CLOSE = """
UPDATE consents SET live_for = NULL, ended_at = CASE WHEN expires_at <= $2 THEN expires_at ELSE $2 END,
    ended_as = CASE WHEN expires_at <= $2 THEN 'EXPIRED' ELSE $3 END, ended_by_id = CASE WHEN expires_at <= $2 THEN ended_by_id ELSE $4 END
WHERE live_for = $1 RETURNING ended_as"""
_INSERT = """INSERT INTO consents (id, account_id, live_for, duration, granted_by_id, granted_at, expires_at)
VALUES ($1, $2, $2, 'ONE_HOUR', $3, $4, $5)"""
_LATEST = """SELECT id, ended_as FROM consents l WHERE l.account_id = $1
ORDER BY l.granted_at DESC, l.live_for IS NULL, l.ended_at DESC, l.id DESC LIMIT 1"""


class Refused(Exception):
    """It is not the caller's account."""


async def grant(rows: Rows, who: Who, account_id: UUID) -> str:
    """Close what is open and grant an hour. The new consent's state."""
    async with rows.transaction() as connection:
        now = await _begin(connection, who, account_id)
        await connection.fetchrow(_CLOSE, account_id, now, "REPLACED", who.id)
        await connection.execute(_INSERT, uuid7(), account_id, who.id, now, now + timedelta(hours=1))
        await _announce(connection, account_id)
    return "ACTIVE"


async def revoke(rows: Rows, who: Who, account_id: UUID) -> str:
    """Close what is open. The latest consent's state."""
    async with rows.transaction() as connection:
        now = await _begin(connection, who, account_id)
        latest = await connection.fetchrow(_CLOSE, account_id, now, "REVOKED", who.id)
        if latest is not None:
            await _announce(connection, account_id)
        else:
            latest = await connection.fetchrow(_LATEST, account_id)
    assert latest is not None
    return str(latest["ended_as"])


async def _begin(connection: Connection, who: Who, account_id: UUID) -> datetime:
    """Lock the account, and decide, at this instant."""
    await connection.execute(_LOCK, account_id)
    facts = await connection.fetchrow(_FACTS, account_id)
    if facts is None or who.agent or who.account_id != account_id:
        raise Refused
    now: datetime = facts["now"]
    return now


async def _announce(connection: Connection, account_id: UUID) -> None:
    message = orjson.dumps({"topic": "consent", "account_id": str(account_id), "subject_id": None}).decode()
    await connection.execute("SELECT pg_notify('latchkey_changes', $1)", message)
