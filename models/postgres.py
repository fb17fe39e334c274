"""Which PostgreSQL is meant, and whether it is the one: a URL may name several servers, of which one at a time is the primary.

All else in a URL (`sslmode`, `sslrootcert`, `passfile`, a socket as `?host=/run/postgresql`, settings of the session) is for asyncpg to read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self, TypeAlias
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit, urlunsplit

import asyncpg

Connection: TypeAlias = "asyncpg.Connection[Any]"

#: What we read of a URL ourselves, and as what.
_OURS = {"minsize": int, "maxsize": int, "command_timeout": float, "timeout": float, "statement_cache_size": int, "pooler": str}
_LIMITS: Mapping[str, Any] = {"command_timeout": 15.0, "timeout": 5.0, "minsize": 1, "maxsize": 10}
#: What PostgreSQL itself gives up in time: its settings, in milliseconds. Nothing stays locked, or waited for, by a client that is gone.
_GIVES_UP = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "tcp_user_timeout")
_TIMELINE = "SELECT ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int"


class NoPrimary(ConnectionError):
    """Of the servers that answer, none can be written to."""


class NotReplicated(ConnectionError):
    """It was committed here, but nobody else is known to have it: a deposed primary says so too."""


@dataclass(slots=True)
class Servers:
    """The PostgreSQL servers of one database.

    `urls` is one for each, in the order they were named. `limits` is what a pool, and its connections, take. `pooled` is whether another pooler gives
    the connection away after each transaction; then `settle` sets the transaction's limits, which elsewhere are the connection's.
    """

    urls: list[str] = field(repr=False)
    limits: dict[str, Any] = field(repr=False)
    pooled: bool = False
    settle: str = ""
    _timeline: int = 0

    @classmethod
    def of(cls, url: str, seconds: float | None = None) -> Self:
        """Those a URL names: `postgres://USER:PASSWORD@HOST:PORT,HOST:PORT/NAME?…`. Raises ValueError.

        `seconds` is what a statement, a lock, or a pause within a transaction may take.
        """
        parts = urlsplit(url)
        asked = dict(parse_qsl(parts.query, keep_blank_values=True))
        ours = {name: kind(asked.pop(name)) for name, kind in _OURS.items() if name in asked}
        pooled = _is_pooled(ours.pop("pooler", None))
        limits: dict[str, Any] = {**_LIMITS, **({} if seconds is None else {"command_timeout": seconds, "timeout": seconds}), **ours}
        if pooled:
            limits.setdefault("statement_cache_size", 0)
        if "target_session_attrs" not in asked:
            limits["target_session_attrs"] = "read-write"
        milliseconds = {} if seconds is None else dict.fromkeys(_GIVES_UP, str(int(limits["command_timeout"] * 1000)))
        if not pooled:
            limits["server_settings"] = milliseconds
        settle = ";".join(f"SET LOCAL {name} = {value}" for name, value in milliseconds.items() if name != "tcp_user_timeout")
        return cls([urlunsplit(("postgres", *each)) for each in _one_by_one(parts, asked)], limits, pooled, settle if pooled else "")

    def of_a_connection(self) -> dict[str, Any]:
        """The limits without those of a pool."""
        return {name: limit for name, limit in self.limits.items() if name not in {"minsize", "maxsize"}}

    async def connect(self, *_: object, **options: Any) -> Connection:
        """A connection to the primary. All servers are asked at once: one that is gone would take the time of the others.

        Raises NoPrimary, and what asyncpg raises.
        """
        attempts = [asyncio.ensure_future(self._connect(url, options)) for url in self.urls]
        waiting = set(attempts)
        try:
            while waiting:
                done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                found = next((each for each in attempts if each in done and each.exception() is None), None)
                if found is not None:
                    attempts.remove(found)
                    return found.result()
            errors = [error for each in attempts if (error := each.exception()) is not None]
            raise next((error for error in errors if not isinstance(error, NoPrimary)), errors[0])  # how others failed says more
        finally:
            for each in attempts:
                each.cancel()
                each.add_done_callback(_hang_up)

    async def _connect(self, url: str, options: Mapping[str, Any]) -> Connection:
        try:
            connection: Connection = await asyncpg.connect(url, **options)
        except asyncpg.TargetServerAttributeNotMatched:
            raise NoPrimary from None
        if len(self.urls) > 1 and not await self._is_the_newest(connection):
            connection.terminate()
            raise NoPrimary
        return connection

    async def _is_the_newest(self, connection: Connection) -> bool:
        """Is this no primary that was deposed? Each promotion begins another timeline; who has seen a later one does not go back."""
        try:
            timeline = int(await connection.fetchval(_TIMELINE))
        except BaseException:
            connection.terminate()
            raise
        self._timeline = max(self._timeline, timeline)
        return timeline == self._timeline


def _hang_up(attempt: asyncio.Future[Connection]) -> None:
    if not attempt.cancelled() and attempt.exception() is None:
        attempt.result().terminate()


def _is_pooled(given: str | None) -> bool:
    if given not in {None, "transaction"}:
        raise ValueError("pooler in the database URL must be transaction")
    return given is not None


def _one_by_one(parts: SplitResult, asked: dict[str, str]) -> list[tuple[str, str, str, str]]:
    """The URL of each host: they are separated by commas, before the path or as `host` and `port` of the query."""
    user, at, listed = parts.netloc.rpartition("@")
    if listed:
        return [(f"{user}{at}{host}", parts.path, urlencode(asked), "") for host in listed.split(",")]
    hosts, ports = asked.get("host", "").split(","), asked.get("port", "5432").split(",")
    if len(ports) not in {1, len(hosts)}:
        raise ValueError("the database URL must name one port, or as many as hosts")
    pairs = zip(hosts, ports * len(hosts) if len(ports) == 1 else ports, strict=True)
    return [(f"{user}{at}", parts.path, urlencode(asked | ({"host": host, "port": port} if host else {})), "") for host, port in pairs]
