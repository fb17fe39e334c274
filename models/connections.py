"""The connections themselves, where Tortoise's would wait for ever, or be lost, when the database fails.

One that failed in another way than by an answer of the database is never used again: nobody knows what it is still doing.
"""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import suppress
from typing import Any, cast

import asyncpg
from asyncpg.pool import PoolConnectionProxy
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import BaseDBAsyncClient, TransactionalDBClient, TransactionContext
from tortoise.backends.sqlite.client import SqliteClient as TortoiseSqliteClient
from tortoise.backends.sqlite.client import SqliteTransactionWrapper
from tortoise.connection import get_connections

#: A healthy connection is made ready for the next within this. One that is not is given up.
RELEASE_SECONDS = 0.5


def get_client_class(given: dict[str, Any]) -> type[BaseDBAsyncClient]:
    """Which client Tortoise makes of this configuration."""
    return SqliteClient if "file_path" in given["credentials"] else PostgresClient


class PostgresClient(AsyncpgDBClient):
    """A pool whose connections are given up when they fail, instead of being waited for.

    Nothing of ours stays in a session beyond its transaction, so a connection goes to the next without a RESET, which is a question to the database
    of its own. It goes to who waited longest: asyncpg's queue alone gives it back to who had it, as long as they want another.
    """

    _turns: asyncio.Semaphore
    _waiting = 0

    async def create_pool(self, **options: Any) -> asyncpg.Pool[Any]:
        """The pool."""
        pool: asyncpg.Pool[Any] = await super().create_pool(reset=_stay, **options)
        self._turns = asyncio.Semaphore(pool.get_max_size())
        return pool

    def acquire_connection(self) -> Any:
        """A connection for one statement."""
        return Lent(self)

    def _in_transaction(self) -> TransactionContext:
        return PostgresTransaction(self)

    def usage(self) -> dict[str, int]:
        """How many connections are used and idle, and how many statements and transactions wait for one."""
        if self._pool is None:
            return {"used": 0, "idle": 0, "waited_for": 0}
        idle = self._pool.get_idle_size()
        return {"used": self._pool.get_size() - idle, "idle": idle, "waited_for": self._waiting}

    async def lend(self) -> PoolConnectionProxy[Any]:
        """A connection of the pool. Give it back."""
        if self._pool is None:
            async with self._pool_init_lock:
                if self._pool is None:
                    await self.create_connection(with_db=True)
        assert self._pool is not None
        self._waiting += 1
        try:
            await self._turns.acquire()
        finally:
            self._waiting -= 1
        try:
            connection: PoolConnectionProxy[Any] = await self._pool.acquire()
        except BaseException:
            self._turns.release()
            raise
        return connection

    async def take_back(self, connection: PoolConnectionProxy[Any], error: BaseException | None) -> None:
        """Give a connection back, with what it failed of. What the database did not answer breaks it, and the others are not trusted either."""
        pool, turns = self._pool, self._turns
        if pool is None:
            return
        try:
            if error is not None and not _was_answered(error):
                connection.terminate()
                await pool.expire_connections()
            with suppress(TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):  # it is closed then, and another takes its place
                await pool.release(connection, timeout=RELEASE_SECONDS)
        finally:
            turns.release()


async def _stay(_: object) -> None:
    """A connection that comes back stays as it is. asyncpg has rolled back what was open."""


def _was_answered(error: BaseException) -> bool:
    """Did the database itself say so, on a connection that still stands? Errors of ours (a refusal in a transaction) count as answered."""
    if isinstance(error, TimeoutError | OSError | asyncpg.InterfaceError | asyncpg.PostgresConnectionError):
        return False
    return isinstance(error, Exception)


class Lent:
    """One connection of the pool, for one statement."""

    def __init__(self, client: PostgresClient) -> None:
        self.client = client

    async def __aenter__(self) -> PoolConnectionProxy[Any]:
        self.connection = await self.client.lend()
        return self.connection

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        await self.client.take_back(self.connection, error)


class PostgresTransaction(TransactionContext):
    """One transaction. Where Tortoise's lose the connection when BEGIN fails, and wait for a ROLLBACK that nobody answers, this gives it up."""

    def __init__(self, parent: PostgresClient) -> None:
        self.parent = parent

    async def __aenter__(self) -> TransactionalDBClient:
        connection = await self.parent.lend()
        self.client = TransactionWrapper(self.parent)
        self.client._connection = cast("asyncpg.Connection[Any]", connection)
        try:
            await self.client.begin()
        except BaseException as error:
            await self.parent.take_back(connection, error)
            raise
        self.connection = connection
        self.token = get_connections().set(self.parent.connection_name, self.client)
        return self.client

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        get_connections().reset(self.token)
        try:
            if error is None:
                await self.client.commit()
            elif _was_answered(error):
                await self.client.rollback()
        except BaseException as failed:
            await self.parent.take_back(self.connection, asyncpg.InterfaceError("not rolled back") if _was_answered(failed) else failed)
            raise
        await self.parent.take_back(self.connection, error)


class SqliteClient(TortoiseSqliteClient):
    """One connection to a file. It never stays inside a transaction that nobody is in any more."""

    def _in_transaction(self) -> TransactionContext:
        return SqliteTransaction(self)

    def writing(self) -> SqliteTransaction:
        """A transaction that can write from the beginning: only its BEGIN waits for other processes."""
        return SqliteTransaction(self, "BEGIN IMMEDIATE")


class SqliteTransaction(TransactionContext):
    """One transaction. However it ends, by cancellation too, the connection is outside of it before the next may use it.

    Left inside, it would answer the next write, and lose it.
    """

    def __init__(self, parent: SqliteClient, begin: str = "BEGIN") -> None:
        self.parent = parent
        self.begin = begin

    async def __aenter__(self) -> TransactionalDBClient:
        await self.parent._lock.acquire()
        try:
            if self.parent._connection is None:
                await self.parent.create_connection(with_db=True)
            self.client = SqliteTransactionWrapper(self.parent)
            await self.client._connection.execute(self.begin)
        except BaseException:
            await self._leave()
            raise
        self.token = get_connections().set(self.parent.connection_name, self.client)
        return self.client

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        get_connections().reset(self.token)
        try:
            if error is None:
                await self.client._connection.commit()
        finally:
            await self._leave()

    async def _leave(self) -> None:
        """Roll back what is open, if anything is. The lock is given away when that is over, even if nobody waits for it."""
        connection = self.parent._connection
        if connection is None:
            self.parent._lock.release()
            return
        over = asyncio.ensure_future(connection.rollback())
        over.add_done_callback(self._is_over)
        with suppress(sqlite3.Error):
            await asyncio.shield(over)

    def _is_over(self, rolled_back: asyncio.Future[None]) -> None:
        self.parent._lock.release()
        if not rolled_back.cancelled():
            rolled_back.exception()  # there was nothing to roll back, or the connection is gone


def is_busy(error: BaseException) -> bool:
    """Does another process write to the SQLite file just now?"""
    return "database is locked" in str(error)
