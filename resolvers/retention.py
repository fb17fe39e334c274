"""How long what grows is kept. Run daily (`python cli.py retention`); what it leaves undone, the next run does.

Rows go in small transactions, with a rest after each as long as it took: others write in between. The database's clock decides.
What is kept for how long, table by table: docs/operations/retention.md.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from models import database
from models.database import Engine

#: Rows a transaction. On SQLite it holds the one write lock there is, which nothing may do for more than 50 ms.
BATCH = {Engine.SQLITE: 100, Engine.POSTGRES: 500}


@dataclass(frozen=True, slots=True)
class Keeping:
    """For how many days: the access log; ended consents and what is left of a deleted account; ended sessions and tokens.

    `history` is not shorter than `access_log`: else a row of the log could name a consent that is forgotten. Raises ValueError.
    """

    access_log: int
    history: int
    sessions: int

    def __post_init__(self) -> None:
        if self.history < self.access_log:
            raise ValueError("LATCHKEY_KEEP_HISTORY_DAYS must not be less than LATCHKEY_KEEP_ACCESS_LOG_DAYS: the log names consents")


@dataclass(frozen=True, slots=True)
class _Rule:
    """Which rows of a table go: removed, or emptied by `instead`."""

    table: str
    which: str
    key: str = "id"
    instead: str | None = None

    @property
    def batch(self) -> str:
        """One transaction's worth. In the order of the key, which for UUIDv7 is that of time: the oldest stand together."""
        chosen = f"{self.key} IN (SELECT {self.key} FROM {self.table} WHERE {self.which} ORDER BY {self.key} LIMIT :batch)"
        return f"UPDATE {self.table} SET {self.instead} WHERE {chosen}" if self.instead else f"DELETE FROM {self.table} WHERE {chosen}"


_GONE = "account_id IN (SELECT a.id FROM accounts a WHERE a.deleted_at < :history)"
_NOBODY = "CAST(id AS text) || '@deleted.invalid'"
_OVER = "ended_at < :sessions OR expires_at < :sessions"

# Children before what they belong to. The log has no index by time alone, nor needs one: its keys are UUIDv7, made when the row was.
_RULES = (
    _Rule("access_log", "id < :access_log_key AND at < :access_log"),
    _Rule("sessions", _OVER),
    _Rule("tokens", _OVER),
    _Rule("consents", "ended_at < :history OR (live_for IS NOT NULL AND expires_at < :history)"),
    _Rule("investigation_entries", f"claim_id IN (SELECT c.id FROM claims c WHERE c.{_GONE})"),
    _Rule("claims", _GONE),
    _Rule("parcels", _GONE),
    _Rule("integrations", _GONE),
    _Rule("account_settings", _GONE, key="account_id"),
    _Rule("users", f"{_GONE} AND email <> {_NOBODY}", instead=f"name = '', email = {_NOBODY}"),
    _Rule("accounts", "deleted_at < :history AND company_name <> ''", instead="company_name = ''"),
)


async def due(keeping: Keeping) -> dict[str, int]:
    """How many rows of each table would be forgotten now, if each table were asked alone. Changes nothing."""
    before = await _before(keeping)
    return {rule.table: await _count(rule, before) for rule in _RULES}


async def forget(keeping: Keeping) -> dict[str, int]:
    """Forget what was kept long enough; how many rows of each table. May be stopped at any instant, and run again."""
    before = await _before(keeping)
    return {rule.table: await _forget(rule, before) for rule in _RULES}


async def _count(rule: _Rule, before: Mapping[str, object]) -> int:
    rows = await database.fetch(f"SELECT COUNT(*) AS n FROM {rule.table} WHERE {rule.which}", **_named(rule.which, before))
    return int(rows[0]["n"])


async def _forget(rule: _Rule, before: Mapping[str, object]) -> int:
    clock, batch = asyncio.get_running_loop().time, BATCH[database.engine()]
    total = 0
    while True:
        started = clock()
        async with database.transaction():
            count = await database.execute(rule.batch, batch=batch, **_named(rule.which, before))
        total += count
        if count < batch:
            return total
        await asyncio.sleep(clock() - started)


async def _before(keeping: Keeping) -> dict[str, object]:
    """The instants before which things go, by their parameters."""
    now = await database.clock()
    log = now - timedelta(days=keeping.access_log)
    return {
        "access_log": log,
        "access_log_key": _first_key(log),
        "history": now - timedelta(days=keeping.history),
        "sessions": now - timedelta(days=keeping.sessions),
    }


def _named(which: str, before: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in before.items() if f":{name}" in which}


def _first_key(at: datetime) -> UUID:
    """The least UUIDv7 that can be made in this millisecond (RFC 9562, 5.7)."""
    return UUID(int=int(at.timestamp() * 1000) << 80 | 0x7 << 76 | 0x2 << 62)
