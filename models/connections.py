"""The connections themselves, where Tortoise's would wait for ever, or be lost, when the database fails.

One that failed in another way than by an answer of the database is never used again: nobody knows what it is still doing.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NoReturn, cast

import asyncpg
from asyncpg.pool import PoolConnectionProxy
from asyncpg.transaction import Transaction
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import BaseDBAsyncClient, TransactionalDBClient, TransactionContext
from tortoise.backends.sqlite.client import SqliteClient as TortoiseSqliteClient
from tortoise.backends.sqlite.client import SqliteTransactionWrapper
from tortoise.connection import get_connections
from tortoise.exceptions import BaseORMException

from models.postgres import NotReplicated, Servers

#: A healthy connection is made ready for the next within this. One that is not is given up.
RELEASE_SECONDS = 0.5


def get_client_class(given: dict[str, Any]) -> type[BaseDBAsyncClient]:
    """Which client Tortoise makes of this configuration."""
    return SqliteClient if "file_path" in given["credentials"] else PostgresClient


class AsTheyCome(AsyncpgDBClient):
    """Gives the driver's own rows: to make dicts of them takes half as long as to have them read. No value is logged, at any level."""

    async def fetch(self, query: str, values: Sequence[object]) -> Any:
        """The rows of a statement. Raises what Tortoise makes of the driver's errors."""
        try:
            async with self.acquire_connection() as connection:
                return await connection.fetch(query, *values)
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            return await self._translate_exceptions(_raised, error)


async def _raised(_: object, error: Exception) -> NoReturn:
    raise error


async def rows_of(client: BaseDBAsyncClient, query: str, values: list[object]) -> list[Any]:
    """The rows of a statement: read by the names of its columns, and in their order."""
    return list(await (client.fetch(query, values) if isinstance(client, AsTheyCome) else client.execute_query_dict(query, values)))


class PostgresClient(AsTheyCome):
    """A pool whose connections are given up when they fail, instead of being waited for.

    Nothing of ours stays in a session beyond its transaction, so a connection goes to the next without a RESET, which is a question to the database
    of its own. It goes to who waited longest: asyncpg's queue alone gives it back to who had it, as long as they want another.
    """

    _turns: asyncio.Semaphore
    _waiting = 0

    def __init__(self, servers: Servers, **options: Any) -> None:
        super().__init__(**servers.limits, **options)
        self.servers = servers

    async def create_pool(self, **options: Any) -> asyncpg.Pool[Any]:
        """The pool."""
        given = {name: value for name, value in options.items() if name not in _IN_THE_URL}
        pool: asyncpg.Pool[Any] = await asyncpg.create_pool(connect=self.servers.connect, reset=_stay, **given)
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

    async def lend(self) -> Loan:
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
            return Loan(await self._pool.acquire())
        except BaseException:
            self._turns.release()
            raise

    async def take_back(self, loan: Loan, error: BaseException | None) -> None:
        """Take a connection back, with what it failed of. What no primary answered breaks it, and the others are not trusted either."""
        pool, turns = self._pool, self._turns
        if pool is None:
            return
        try:
            loan.is_over()
            if error is not None and not _was_answered(error):
                loan.connection.terminate()
                await pool.expire_connections()
            with suppress(TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):  # it is closed then, and another takes its place
                await pool.release(loan.connection, timeout=RELEASE_SECONDS)
        finally:
            turns.release()


#: What Tortoise knows of a server; ours are in `Servers`.
_IN_THE_URL = frozenset({"host", "port", "user", "password", "database"})


class Loan:
    """A connection that was lent, and whether others than its server have what was committed on it.

    PostgreSQL takes no commit back: when the wait for a synchronous standby is cut short, by a time limit or an operator, it warns, and the commit
    stands on this server alone. A primary that was deposed, and not told, commits like that.
    """

    def __init__(self, connection: PoolConnectionProxy[Any]) -> None:
        self.connection = connection
        self._is_replicated = True
        connection.add_log_listener(self._note)

    def _note(self, _: object, message: Any) -> None:
        if message.sqlstate in _CUT_SHORT and message.server_source_function in {None, "SyncRepWaitForLSN"}:
            self._is_replicated = False

    def require_replicated(self) -> None:
        """Raises NotReplicated."""
        if not self._is_replicated:
            raise NotReplicated

    def is_over(self) -> None:
        """Nothing is listened to any more."""
        with suppress(asyncpg.InterfaceError):  # it is closed
            self.connection.remove_log_listener(self._note)


#: A plain warning, and one of a server that shuts down.
_CUT_SHORT = frozenset({"01000", "57P01"})


async def _stay(_: object) -> None:
    """A connection that comes back stays as it is. asyncpg has rolled back what was open."""


#: Nobody answered; or one who is no primary, or is about to be none.
_NOT_ANSWERED = (
    TimeoutError,
    OSError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
)


def _was_answered(error: BaseException) -> bool:
    """Did the primary itself say so, on a connection that still stands? Errors of ours (a refusal in a transaction) count as answered."""
    if isinstance(error, BaseORMException) and error.__cause__ is not None:
        return _was_answered(error.__cause__)
    return isinstance(error, Exception) and not isinstance(error, _NOT_ANSWERED)


class Lent:
    """One connection of the pool, for one statement. Behind a pooler that is a transaction of its own, which has its limits."""

    def __init__(self, client: PostgresClient) -> None:
        self.client = client

    async def __aenter__(self) -> PoolConnectionProxy[Any]:
        self.loan = await self.client.lend()
        self.whole: Transaction | None = None
        if self.client.servers.pooled:
            try:
                self.whole = self.loan.connection.transaction()
                await self.whole.start()
                await self.loan.connection.execute(self.client.servers.settle)
            except BaseException as error:
                await self.client.take_back(self.loan, error)
                raise
        return self.loan.connection

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        failed = error
        try:
            if self.whole is not None and (error is None or _was_answered(error)):
                await (self.whole.rollback() if error is not None else self.whole.commit())
            if error is None:
                self.loan.require_replicated()
        except BaseException as error_at_the_end:
            failed = error_at_the_end
            raise
        finally:
            await self.client.take_back(self.loan, failed)


class PostgresTransactionWrapper(AsTheyCome, TransactionWrapper):
    """A connection inside a transaction."""


class PostgresTransaction(TransactionContext):
    """One transaction. Where Tortoise's lose the connection when BEGIN fails, and wait for a ROLLBACK that nobody answers, this gives it up."""

    def __init__(self, parent: PostgresClient) -> None:
        self.parent = parent

    async def __aenter__(self) -> TransactionalDBClient:
        loan = await self.parent.lend()
        self.client = PostgresTransactionWrapper(self.parent)
        self.client._connection = cast("asyncpg.Connection[Any]", loan.connection)
        try:
            await self.client.begin()
            if self.parent.servers.settle:
                await loan.connection.execute(self.parent.servers.settle)
        except BaseException as error:
            await self.parent.take_back(loan, error)
            raise
        self.loan = loan
        self.token = get_connections().set(self.parent.connection_name, self.client)
        return self.client

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        get_connections().reset(self.token)
        try:
            if error is None:
                await self.client.commit()
                self.loan.require_replicated()
            elif _was_answered(error):
                await self.client.rollback()
        except BaseException as failed:
            await self.parent.take_back(self.loan, asyncpg.InterfaceError("not rolled back") if _was_answered(failed) else failed)
            raise
        await self.parent.take_back(self.loan, error)


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
