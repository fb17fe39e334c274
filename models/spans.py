"""Where the time of an answer goes: spans, for whoever is told of them. Nobody is, unless the server says so, and then a span costs a comparison.

A span has a name and attributes of our own words: never a parameter, a variable, or a text that came from outside or from the database.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache, wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

Attributes = Mapping[str, str | int]
P = ParamSpec("P")
T = TypeVar("T")


class Span(Protocol):
    """One that is open."""

    def set(self, attributes: Attributes) -> None:
        """Tell more of it."""


#: Opens a span, inside the one that is open in this task.
Recorder = Callable[[str, Attributes], AbstractContextManager[Span]]


class _Untold:
    def set(self, attributes: Attributes) -> None:
        """Nobody is told."""


_NOTHING: AbstractContextManager[Span] = nullcontext(_Untold())
_NONE: Attributes = {}
_recorder: Recorder | None = None


def tell(recorder: Recorder | None) -> None:
    """From now on spans are told to this one, or to nobody."""
    global _recorder  # noqa: PLW0603 (of the process, as the database is)
    _recorder = recorder


def span(name: str, attributes: Attributes = _NONE) -> AbstractContextManager[Span]:
    """A span while it is entered."""
    return _NOTHING if _recorder is None else _recorder(name, attributes)


def of_statement(run: Callable[Concatenate[str, P], Awaitable[T]]) -> Callable[Concatenate[str, P], Awaitable[T]]:
    """A function that sends a statement, with a span around each: what kind of statement, on which table."""

    async def told(recorder: Recorder, sql: str, /, *args: P.args, **params: P.kwargs) -> T:
        kind, table = kind_of(sql)
        with recorder(f"{kind} {table}".strip(), {"db.operation.name": kind, "db.collection.name": table}):
            return await run(sql, *args, **params)

    @wraps(run)
    def sent(sql: str, /, *args: P.args, **params: P.kwargs) -> Awaitable[T]:
        return run(sql, *args, **params) if _recorder is None else told(_recorder, sql, *args, **params)

    return sent


_KIND = re.compile(r"\b(SELECT|INSERT|UPDATE|DELETE)\b", re.IGNORECASE)
_TABLES = {
    "SELECT": re.compile(r"\bFROM\s+([a-z_]+)\b(?!\s*\()", re.IGNORECASE),
    "INSERT": re.compile(r"\bINTO\s+([a-z_]+)"),
    "UPDATE": re.compile(r"\bUPDATE\s+([a-z_]+)"),
    "DELETE": re.compile(r"\bFROM\s+([a-z_]+)"),
}


@lru_cache(maxsize=1024)
def kind_of(sql: str) -> tuple[str, str]:
    """What a statement of ours does, and to which table: one that writes, by what it writes, else by the first it reads."""
    words = [match[1].upper() for match in _KIND.finditer(sql)]
    if not words:
        return "OTHER", ""
    kind = next((word for word in words if word != "SELECT" and not (word == "UPDATE" and "INSERT" in words)), "SELECT")
    table = _TABLES[kind].search(sql)
    return kind, table[1].lower() if table else ""
