"""What goes over the wire: every statement to the database with every row that came back, at the drivers, below everything of ours."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import aiosqlite
import asyncpg
import pytest

# What begins, sets or ends a transaction, and what asyncpg's pool says when it takes a connection back.
_TRANSACTION = re.compile(r"\s*(BEGIN|COMMIT|ROLLBACK|SET|SAVEPOINT|RELEASE|PRAGMA|SELECT pg_advisory_unlock_all\(\))", re.IGNORECASE)


@dataclass(frozen=True)
class Statement:
    """One statement, and what it brought back."""

    sql: str
    rows: list[tuple[Any, ...]] = field(default_factory=list)


@dataclass
class Wire:
    """What went over it since it was watched, or since the last `clear`."""

    everything: list[Statement] = field(default_factory=list)
    is_wanted: Callable[[], bool] = field(default=lambda: True, repr=False)

    def note(self, statement: Statement) -> None:
        """Remember it, if what this task does is to be watched."""
        if self.is_wanted():
            self.everything.append(statement)

    @property
    def statements(self) -> list[str]:
        """The statements, but for those that begin, end or set a transaction or tidy a connection up."""
        return [statement.sql for statement in self.everything if not _TRANSACTION.match(statement.sql)]

    @property
    def text(self) -> str:
        """Every value that came back, as one text; bytes and JSON as they read."""
        return "\n".join(_readable(value) for statement in self.everything for row in statement.rows for value in row)

    def clear(self) -> None:
        """Forget what was."""
        self.everything.clear()


def _readable(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


@contextmanager
def watched(is_wanted: Callable[[], bool] = lambda: True) -> Iterator[Wire]:
    """Watch both drivers, where it is wanted: that is asked in the task that sends a statement."""
    wire = Wire(is_wanted=is_wanted)
    with pytest.MonkeyPatch.context() as patch:
        _watch_sqlite(wire, patch)
        _watch_postgres(wire, patch)
        yield wire


def _watch_sqlite(wire: Wire, patch: pytest.MonkeyPatch) -> None:
    fetch_all = aiosqlite.Connection.execute_fetchall

    async def execute_fetchall(self: Any, sql: str, parameters: Any = None) -> Any:
        rows = list(await fetch_all(self, sql, parameters))
        wire.note(Statement(sql, [tuple(row) for row in rows]))
        return rows

    patch.setattr(aiosqlite.Connection, "execute_fetchall", execute_fetchall)
    for name in ("execute", "execute_insert", "executemany", "executescript"):
        patch.setattr(aiosqlite.Connection, name, _noting(wire, getattr(aiosqlite.Connection, name)))


def _noting(wire: Wire, method: Any) -> Any:
    """The method, told of before it runs. aiosqlite's are awaited or entered: the result is passed on as it is."""

    def noted(self: Any, sql: str, *args: Any, **options: Any) -> Any:
        wire.note(Statement(sql))
        return method(self, sql, *args, **options)

    return noted


def _watch_postgres(wire: Wire, patch: pytest.MonkeyPatch) -> None:
    driver: Any = asyncpg.Connection
    execute, plain, many = driver._execute, driver.execute, driver._executemany

    async def _execute(self: Any, query: str, *args: Any, **options: Any) -> Any:
        found = await execute(self, query, *args, **options)
        rows = found[0] if options.get("return_status") else found
        wire.note(Statement(query, [tuple(row) for row in rows or ()]))
        return found

    async def _plain(self: Any, query: str, *args: Any, **options: Any) -> Any:
        if not args:  # with them, it goes by `_execute`
            wire.note(Statement(query))
        return await plain(self, query, *args, **options)

    async def _many(self: Any, query: str, *args: Any, **options: Any) -> Any:
        wire.note(Statement(query))
        return await many(self, query, *args, **options)

    patch.setattr(driver, "_execute", _execute)
    patch.setattr(driver, "execute", _plain)
    patch.setattr(driver, "_executemany", _many)
