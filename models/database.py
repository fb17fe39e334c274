"""Opening the database, its clock, its transactions, and SQL that runs on both engines.

SQLite (WAL, one connection a process) is the default and serves one machine. PostgreSQL serves many.
SQL is written once, with `:name` parameters and `{now}` for the database's clock.

`LEFT LOOP JOIN table alias ON condition`, on a line of its own, looks the rows up for each row before it. Left to itself PostgreSQL makes a hash of
the whole of a table that is not large yet (some ten thousand rows): that takes longer, and as long as what everybody else has there. It does not look
behind OFFSET 0. SQLite has no other joins.

`… ON alias.column = key IF condition` looks nothing up where the condition, which is of the rows before alone, does not hold: no row is fetched to be
put aside. PostgreSQL then does not execute the look-up (a One-Time Filter), which is a scan where a table is tiny; SQLite seeks NULL.
"""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

import asyncpg
import orjson
from tortoise import Tortoise, connections
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.backends.base.config_generator import expand_db_url
from tortoise.backends.base.executor import EXECUTOR_CACHE
from tortoise.exceptions import BaseORMException, ConfigurationError, OperationalError
from tortoise.migrations.executor import MigrationTarget
from tortoise.transactions import in_transaction

from models import spans
from models.classified import check_columns
from models.connections import PostgresClient, SqliteClient, is_busy, rows_of
from models.migrating import Executor
from models.postgres import Servers

Params = Mapping[str, object]
#: What a statement brought: values by the names of its columns, and in their order. A dict, or the driver's own.
#: Ask it by name, or for its `items()`: iterated over, a dict gives names, and asyncpg's own gives values.
Row = Mapping[str, Any]
DatabaseError = BaseORMException
MIGRATIONS = "models.migrations"
#: What opening a database and asking it the first thing may raise: it is not there, or not for us, or none.
UNREACHABLE = (BaseORMException, asyncpg.PostgresError, asyncpg.InterfaceError, sqlite3.Error, OSError)


class Engine(StrEnum):
    """The two databases this runs on."""

    SQLITE = "sqlite"
    POSTGRES = "postgres"


_NOW = {Engine.SQLITE: "(strftime('%Y-%m-%d %H:%M:%f', 'now') || '000+00:00')", Engine.POSTGRES: "statement_timestamp()"}
_SQLITE_PRAGMAS = {"journal_mode": "WAL", "synchronous": "FULL", "busy_timeout": "5000", "foreign_keys": "ON"}
OUR_OWN = "models.connections"
#: Milliseconds that a server's SQLite waits for another process at a time: in between, the other requests have the connection.
_BUSY = "200"
_PARAMETER = re.compile(r"(?<!:):([a-z_][a-z0-9_]*)")
_LOOP_JOIN_IF = re.compile(r"LEFT LOOP JOIN (\w+) (\w+) ON (\S+) = (\S+) IF (.+)$", re.MULTILINE)
_LOOP_JOINS_IF = {
    Engine.SQLITE: r"LEFT LOOP JOIN \1 \2 ON \3 = CASE WHEN \5 THEN \4 END",
    Engine.POSTGRES: r"LEFT LOOP JOIN \1 \2 ON \3 = \4 AND (\5)",
}
_LOOP_JOIN = re.compile(r"LEFT LOOP JOIN (\w+) (\w+) ON (.+)$", re.MULTILINE)
_LOOP_JOINS = {
    Engine.SQLITE: r"LEFT JOIN \1 \2 ON \3",
    Engine.POSTGRES: r"LEFT JOIN LATERAL (SELECT * FROM \1 \2 WHERE \3 OFFSET 0) \2 ON TRUE",
}


def config(url: str, *, foreign_keys: bool = True, seconds: float | None = None) -> dict[str, Any]:
    """Tortoise's configuration of a database URL: `sqlite://PATH` or `postgres://USER:PASSWORD@HOST:PORT,HOST:PORT/NAME`.

    `foreign_keys=False` is for migrations on SQLite, which remake tables and would cascade otherwise. `seconds` is what a statement may take;
    PostgreSQL itself gives up what takes longer, so that nothing stays locked by a client that is gone. Raises ValueError for another scheme.
    """
    scheme = urlsplit(url).scheme
    if scheme == "sqlite":
        path = url.removeprefix("sqlite://").split("?")[0]
        if path != ":memory:":
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        pragmas = _SQLITE_PRAGMAS | ({} if foreign_keys else {"foreign_keys": "OFF"}) | ({} if seconds is None else {"busy_timeout": _BUSY})
        connection = expand_db_url(f"sqlite://{path}?{urlencode(pragmas)}")
    elif scheme in {"postgres", "postgresql", "asyncpg"}:
        connection = {"engine": OUR_OWN, "credentials": {"servers": Servers.of(url, seconds)}}
    else:
        raise ValueError("the database URL must start with sqlite:// or postgres://")
    return {
        "connections": {"default": connection},
        "apps": {"models": {"models": ["models"], "migrations": MIGRATIONS, "default_connection": "default"}},
        "use_tz": True,
        "timezone": "UTC",
    }


@dataclass(slots=True)
class _Allowance:
    """What the database may take of one answer, in all. It begins with the first statement."""

    seconds: float
    until: float | None = None

    def over_at(self, now: float) -> float:
        if self.until is None:
            self.until = now + self.seconds
        return self.until


_allowance: ContextVar[_Allowance | None] = ContextVar("allowance", default=None)
_seconds: float | None = None


async def open_database(url: str, *, seconds: float | None = None) -> None:
    """Connect the models to the database at `url`, for every task of this process. Raises TypeError for a column nobody classified.

    A server gives `seconds`: no statement takes longer, nor do all of an answer (see `allowed`). What is left undone raises TimeoutError.
    """
    global _seconds  # noqa: PLW0603 (of the process, as the database is)
    _require_openable(url)
    given = config(url, seconds=seconds)
    given["connections"]["default"]["engine"] = OUR_OWN  # migrations on SQLite find out what to do by Tortoise's own
    await Tortoise.init(config=given, _enable_global_fallback=True)
    check_columns()
    _seconds = seconds


@contextmanager
def allowed() -> Iterator[None]:
    """What is asked of the database inside may take `seconds` in all, from its first statement on."""
    token = _allowance.set(None if _seconds is None else _Allowance(_seconds))
    try:
        yield
    finally:
        _allowance.reset(token)


def allow_anew() -> None:
    """The same for what this task does from now on: another event of its subscription."""
    _allowance.set(None if _seconds is None else _Allowance(_seconds))


@contextmanager
def meanwhile() -> Iterator[None]:
    """What happens inside is not waiting for the database: it takes nothing of what that may take."""
    clock = asyncio.get_running_loop().time
    began = clock()
    try:
        yield
    finally:
        allowance = _allowance.get()
        if allowance is not None and allowance.until is not None:
            allowance.until += clock() - began


def in_time() -> asyncio.Timeout:
    """What is inside waits for the database: raises TimeoutError when it takes longer than that may."""
    if _seconds is None:
        return asyncio.timeout(None)
    now = asyncio.get_running_loop().time()
    allowance = _allowance.get()
    return asyncio.timeout_at(now + _seconds if allowance is None else allowance.over_at(now))


def _require_openable(url: str) -> None:
    """Raise here for a file that is no SQLite database: in the driver's thread it would leave that thread, and the process, hanging."""
    if urlsplit(url).scheme == "sqlite":
        path = config(url)["connections"]["default"]["credentials"]["file_path"]
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA schema_version")


async def close_database() -> None:
    """Close every connection this process has."""
    await Tortoise.close_connections()
    EXECUTOR_CACHE.clear()  # Tortoise keeps statements by connection name, whichever engine they were made for


async def migrate(url: str, target: str | None = None, *, package: str = MIGRATIONS) -> None:
    """Bring the tables at `url` to the newest migration of the package, or to `target` (forward or back). Raises ValueError, and UNREACHABLE."""
    _require_openable(url)
    try:
        given = config(url, foreign_keys=False)
        given["apps"]["models"]["migrations"] = package
        await Tortoise.init(config=given, init_connections=False)
        await Executor(connections.get("default"), given["apps"]).migrate([MigrationTarget("models", target or "__latest__")])
    finally:
        await Tortoise.close_connections()


def _migrations() -> set[str]:
    return {file.stem for file in (Path(__file__).parent / "migrations").glob("[0-9]*.py")}


def newest_migration() -> str:
    """The name of the newest migration of this version."""
    return max(_migrations())


def usage() -> Mapping[str, int]:
    """How many connections are used and idle, and how many wait for one, by these words; nothing where there is no pool."""
    try:
        client = current()
    except ConfigurationError:
        return {}
    return client.usage() if isinstance(client, PostgresClient) else {}


async def is_current() -> bool:
    """Has every migration of this version been applied to the open database?"""
    wanted = _migrations()
    try:
        rows = await fetch("SELECT name FROM tortoise_migrations WHERE app = 'models'")
    except DatabaseError:
        return False
    return wanted <= {row["name"] for row in rows}


def current() -> BaseDBAsyncClient:
    """The connection of this task: the transaction it is in, else the pool."""
    connection: BaseDBAsyncClient = connections.get("default")
    return connection


def engine() -> Engine:
    """Which of the two databases is open."""
    return _engine_of(current())


def _engine_of(client: BaseDBAsyncClient) -> Engine:
    return Engine(client.capabilities.dialect)


@asynccontextmanager
async def transaction() -> AsyncIterator[None]:
    """One transaction: committed at the end, rolled back by an exception. Its first statement must be a write (see `lock_account`)."""
    async with _begun(writing=True):
        yield


@asynccontextmanager
async def snapshot() -> AsyncIterator[None]:
    """Several reads that see the same instant: REPEATABLE READ on PostgreSQL, a read transaction on SQLite."""
    async with _begun(writing=False):
        if engine() is Engine.POSTGRES:
            async with in_time():
                await current().execute_script("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


@asynccontextmanager
async def _begun(*, writing: bool) -> AsyncIterator[None]:
    """A transaction: each of its ends in time. Leaving it by an exception gives up what does not answer."""
    client = current()
    async with in_time():
        while True:
            opened = client.writing() if writing and isinstance(client, SqliteClient) else in_transaction("default")
            try:
                await opened.__aenter__()
                break
            except sqlite3.OperationalError as error:
                if _seconds is None or not is_busy(error):
                    raise
    try:
        yield
    except BaseException as error:
        await opened.__aexit__(type(error), error, error.__traceback__)
        raise
    with spans.span("COMMIT", {"db.operation.name": "COMMIT"}):
        async with in_time():
            await opened.__aexit__(None, None, None)


async def lock_account(account_id: UUID) -> bool:
    """Make other writers of this account wait until the transaction ends. Say it first in the transaction.

    An UPDATE that changes nothing is the lock both databases have; returns False if there is no such account. It must not name the key:
    SQLite would look through every row that refers to it.
    """
    return await execute("UPDATE accounts SET deleted_at = deleted_at WHERE id = :id AND deleted_at IS NULL", id=account_id) > 0


async def clock() -> datetime:
    """The database's time, now: the only clock that decides."""
    return moment((await fetch("SELECT {now} AS now"))[0]["now"])


@spans.of_statement
async def fetch(sql: str, /, **params: object) -> list[Row]:
    """The rows of a SELECT (or of a RETURNING). A list parameter expands to `(…)`, for IN."""
    client = current()
    statement, values = _compile(_engine_of(client), sql, params)
    async with in_time():
        while True:
            try:
                return await rows_of(client, statement, values)
            except OperationalError as error:
                if not _may_try_again(error):
                    raise


@spans.of_statement
async def execute(sql: str, /, **params: object) -> int:
    """Run a statement; how many rows it changed."""
    client = current()
    statement, values = _compile(_engine_of(client), sql, params)
    async with in_time():
        while True:
            try:
                count, _ = await client.execute_query(statement, values)
            except OperationalError as error:
                if not _may_try_again(error):
                    raise
            else:
                return count


def _may_try_again(error: OperationalError) -> bool:
    """A server waits for another process by trying again; inside a transaction nothing has to, once it has begun."""
    return _seconds is not None and isinstance(current(), SqliteClient) and is_busy(error)


@spans.of_statement
async def execute_many(sql: str, /, rows: Iterable[Params]) -> None:
    """Run a statement once for each row of parameters."""
    batch = list(rows)
    if not batch:
        return
    statement, names = _statement(sql, engine(), ())
    await current().execute_many(statement, [[_plain(row[name]) for name in names] for row in batch])


async def insert_many(table: str, columns: Sequence[str], rows: Sequence[Sequence[object]], *, seconds: float | None = None) -> None:
    """Insert many rows at once, inside the caller's transaction: COPY on PostgreSQL (within `seconds`), one prepared INSERT on SQLite.

    `table` and `columns` are our own words; JSON is given as text.
    """
    if not rows:
        return
    if engine() is Engine.POSTGRES:
        async with current().acquire_connection() as connection:
            await connection.copy_records_to_table(table, columns=columns, records=rows, timeout=seconds)
        return
    marks = ", ".join("?" * len(columns))
    await current().execute_many(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", [list(row) for row in rows])


def _compile(which: Engine, sql: str, params: Params) -> tuple[str, list[object]]:
    lists = tuple((name, len(value)) for name, value in params.items() if isinstance(value, _LISTS))
    statement, names = _statement(sql, which, lists)
    values: list[object] = []
    for name in names:
        value = params[name]
        if isinstance(value, _LISTS):
            values.extend(map(_plain, value))
        else:
            values.append(_plain(value))
    return statement, values


_LISTS = (list, tuple, frozenset)


def _plain(value: object) -> object:
    """A value as both drivers take it: enums as text, dicts as JSON text."""
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, dict):
        return orjson.dumps(value).decode()
    return value


class Json(str):
    """JSON text to store in a JSON column."""

    __slots__ = ()

    @classmethod
    def of(cls, value: object) -> Json:
        """The JSON of a list or dict."""
        return cls(orjson.dumps(value).decode())


@lru_cache(maxsize=1024)
def _statement(sql: str, which: Engine, lists: tuple[tuple[str, int], ...]) -> tuple[str, tuple[str, ...]]:
    sizes = dict(lists)
    names: list[str] = []
    used = 0

    def placeholder() -> str:
        nonlocal used
        used += 1
        return f"${used}" if which is Engine.POSTGRES else "?"

    numbers: dict[str, str] = {}

    def replace(match: re.Match[str]) -> str:
        name = match[1]
        if name in numbers:
            return numbers[name]
        text = f"({', '.join(placeholder() for _ in range(sizes[name])) or 'NULL'})" if name in sizes else placeholder()
        names.append(name)
        if which is Engine.POSTGRES:  # a number may stand twice, a question mark may not
            numbers[name] = text
        return text

    written = _LOOP_JOIN.sub(_LOOP_JOINS[which], _LOOP_JOIN_IF.sub(_LOOP_JOINS_IF[which], sql)).replace("{now}", _NOW[which])
    return _PARAMETER.sub(replace, written), tuple(names)


def moment(value: Any) -> datetime:
    """An instant as either driver gives it."""
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


def optional_moment(value: Any) -> datetime | None:
    """An instant or NULL."""
    return None if value is None else moment(value)


def uuid(value: Any) -> UUID:
    """A key as either driver gives it: text, or asyncpg's own subclass of UUID, which orjson does not know."""
    return value if isinstance(value, UUID) else UUID(value)


def optional_uuid(value: Any) -> UUID | None:
    """A key or NULL."""
    return value if value is None or isinstance(value, UUID) else UUID(value)


def json(value: Any) -> Any:
    """A JSON column as either driver gives it."""
    return orjson.loads(value) if isinstance(value, str | bytes) else value


def utc_now() -> datetime:
    """This process's clock: for what only this process decides (log lines, temporary names), never for access."""
    return datetime.now(UTC)


def one(rows: Sequence[Row]) -> Row | None:
    """The first row, if any."""
    return rows[0] if rows else None
