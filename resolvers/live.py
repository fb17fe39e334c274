"""Telling every process that something changed. Whoever hears of it reads the database; the message itself decides nothing.

PostgreSQL: NOTIFY, delivered at commit. SQLite: a row in `changes`, found by watching `PRAGMA data_version`.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import asyncpg
import orjson
import structlog

from models import database
from models.database import Engine
from models.postgres import Servers
from resolvers import counted

CHANNEL = "latchkey_changes"
POLL_SECONDS = 0.02
RECONNECT_SECONDS = 0.5
HEARTBEAT_SECONDS = 1.5
_KEEP_CHANGES = 1000
_QUEUE_SIZE = 100

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Change:
    """Something about `topic` changed: the consent of an account, a claim, a session. `MISSED` stands for any number of them."""

    topic: str
    account_id: UUID | None = None
    subject_id: UUID | None = None


MISSED = Change("missed")


async def announce(topic: str, account_id: UUID | None = None, subject_id: UUID | None = None) -> None:
    """Tell every process, when this transaction commits. Call it inside the transaction that makes the change."""
    if database.engine() is Engine.POSTGRES:
        message = {"topic": topic, "account_id": account_id and str(account_id), "subject_id": subject_id and str(subject_id)}
        await database.fetch("SELECT pg_notify(:channel, :message)", channel=CHANNEL, message=orjson.dumps(message).decode())
        return
    await database.execute(
        "INSERT INTO changes (topic, account_id, subject_id) VALUES (:topic, :account, :subject)",
        topic=topic,
        account=account_id,
        subject=subject_id,
    )


class Changes:
    """What this process hears, handed to its subscriptions. One a process: `start` it with the server, `stop` it at the end."""

    def __init__(self) -> None:
        self._queues: dict[asyncio.Queue[Change], Callable[[Change], bool]] = {}
        self._task: asyncio.Task[None] | None = None
        self._hears = False
        self._read = -1

    @property
    def is_deaf(self) -> bool:
        """Does this process know that it hears nothing just now? Then whoever wants to know has to look, again and again."""
        return self._task is not None and not self._hears

    async def start(self, url: str) -> None:
        """Begin to listen on the database at `url`, which is open already. On PostgreSQL no pooler may stand in between."""
        listening = asyncio.Event()
        hear = self._hear_postgres if database.engine() is Engine.POSTGRES else self._hear_sqlite
        self._task = asyncio.create_task(hear(url, listening))
        with suppress(TimeoutError):
            await asyncio.wait_for(listening.wait(), 5)

    async def stop(self) -> None:
        """Stop listening."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    @asynccontextmanager
    async def heard(self, wanted: Callable[[Change], bool]) -> AsyncIterator[asyncio.Queue[Change]]:
        """A queue of the changes that are wanted. A listener too slow for them gets MISSED and has to read everything again."""
        queue: asyncio.Queue[Change] = asyncio.Queue(_QUEUE_SIZE)
        self._queues[queue] = wanted
        try:
            yield queue
        finally:
            del self._queues[queue]

    def publish(self, change: Change) -> None:
        """Hand a change to whoever wants it."""
        for queue, wanted in self._queues.items():
            if change is not MISSED and not wanted(change):
                continue
            full = queue.full()
            while full and not queue.empty():
                queue.get_nowait()
            queue.put_nowait(MISSED if full else change)

    async def _hear_postgres(self, url: str, listening: asyncio.Event) -> None:
        while True:
            try:
                await self._listen(url, listening)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
                log.warning("listening failed", error=type(error).__name__)
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _listen(self, url: str, listening: asyncio.Event) -> None:
        servers = Servers.of(url)
        connection = await servers.connect(**servers.of_a_connection() | {"timeout": HEARTBEAT_SECONDS})
        lost = asyncio.Event()
        try:
            connection.add_termination_listener(lambda _: lost.set())
            await connection.add_listener(CHANNEL, lambda _c, _p, _ch, message: self.publish(_parsed(str(message))))
            self._hears = True
            self.publish(MISSED)
            listening.set()
            counted.listening.set(1)
            while not lost.is_set():  # a connection nobody answers on is told from a silent one only by asking
                with suppress(TimeoutError):
                    await asyncio.wait_for(lost.wait(), HEARTBEAT_SECONDS)
                    return
                await connection.execute(f"LISTEN {CHANNEL}", timeout=HEARTBEAT_SECONDS)  # again, which changes nothing
        finally:
            self._hears = False
            counted.listening.set(0)
            self.publish(MISSED)
            connection.terminate()  # a farewell would wait for who does not answer

    async def _hear_sqlite(self, url: str, listening: asyncio.Event) -> None:
        path = Path(database.config(url)["connections"]["default"]["credentials"]["file_path"])
        while True:
            try:
                await self._watch(path, listening)
            except sqlite3.Error as error:
                log.warning("watching failed", error=type(error).__name__)
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _watch(self, path: Path, listening: asyncio.Event) -> None:
        connection = await asyncio.to_thread(_open_for_watching, path)
        try:
            version = -1
            if not listening.is_set():
                self._read = _newest(connection)
            self._hears = True
            listening.set()
            counted.listening.set(1)
            while True:
                now = connection.execute("PRAGMA data_version").fetchone()[0]
                if now != version:
                    version = now
                    for key, topic, account, subject in connection.execute(
                        "SELECT id, topic, account_id, subject_id FROM changes WHERE id > ? ORDER BY id", (self._read,)
                    ).fetchall():
                        self._read = key
                        self.publish(Change(topic, database.optional_uuid(account), database.optional_uuid(subject)))
                await asyncio.sleep(POLL_SECONDS)
        finally:
            self._hears = False
            counted.listening.set(0)
            connection.close()


def _open_for_watching(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5)


def _newest(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT COALESCE(MAX(id), 0) FROM changes").fetchone()[0])


def _parsed(message: str) -> Change:
    given = orjson.loads(message)
    return Change(given["topic"], database.optional_uuid(given["account_id"]), database.optional_uuid(given["subject_id"]))


async def forget_old_changes() -> None:
    """Prune SQLite's list of changes: everyone running has read all but the newest long ago."""
    await database.execute("DELETE FROM changes WHERE id <= (SELECT MAX(id) FROM changes) - :keep", keep=_KEEP_CHANGES)
