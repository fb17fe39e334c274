"""What was written down while the tests ran, and what must not stand in it. `tests/written_down_plugin.py` fails the session for it.

Written down is what the servers logged and counted, and what was logged or printed in this process. Secrets are the values of the builders
and the marks, what stands in the personal columns of every database a server ran on, what was sent to a server, and whatever looks like a
password, a token, a link or an e-mail address. A secret is named by its kind and place, never by its value.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, unquote_plus

import asyncpg
import httpx2
import orjson
from graphql import EnumTypeDefinitionNode, parse

from policy.classification import COLUMNS, Personal, Secret


@dataclass(frozen=True)
class Kind:
    """What a secret is, and the test that had it first."""

    name: str
    test: str = ""

    def __str__(self) -> str:
        return f"{self.name} ({self.test})" if self.test else self.name


#: A value shorter than this is in too many words to tell anything.
SHORTEST = 6
LONGEST = 2_000
_FILES: list[Path] = []
_SECRETS: dict[str, Kind] = {}

_PATTERNS = {
    "an e-mail address": re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    "a bearer token": re.compile(r"lk_[\w-]{43}", re.IGNORECASE),
    "a JSON Web Token": re.compile(r"eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"),
    "a webhook's secret": re.compile(r"whsec_[\w+/-]{20,}"),
    "a mark of a test": re.compile(r"kenmerk7qz|([¶§©®±¿¡¦×÷])[a-z0-9_]+\1", re.IGNORECASE),
    "a password's hash": re.compile(r"\$argon2", re.IGNORECASE),
}
#: A session, an export's link, a document's link: 32 or 33 bytes of chance. No word of ours has so many letters of both cases and digits.
_CHANCE = re.compile(r"(?<![\w-])(?=[\w-]*[0-9])(?=[\w-]*[a-z])(?=[\w-]*[A-Z])[\w-]{43,44}(?![\w-])", re.ASCII)
#: Of a line what differs from request to request and is ours, so that lines that say the same are looked at once.
_OURS = re.compile(r'request_id"?[=:] ?"?[0-9a-f-]{36}|ms"?[=:] ?[\d.]+|\d{4}-\d\d-\d\dT[\d:.]+Z')


def keep(file: Path) -> None:
    """Look at this file when the tests are over."""
    _FILES.append(file)


def secret(kind: str, values: Iterable[object]) -> None:
    """None of these values, nor any text inside them, may be written down; but words of the API, which are ours."""
    for text in _texts(list(values)):
        folded = " ".join(text.casefold().split())
        if folded not in _words() and SHORTEST <= len(folded) <= LONGEST and sum(map(str.isalnum, folded)) >= SHORTEST - 1:
            _SECRETS.setdefault(folded, Kind(kind, os.environ.get("PYTEST_CURRENT_TEST", "").partition("[")[0].partition(" ")[0]))


@lru_cache(maxsize=1)
def _words() -> frozenset[str]:
    """The values of the API's enums: what may be sent as one may be told as one."""
    document = parse((Path(__file__).parent.parent / "schema" / "schema.graphql").read_text())
    enums = [each for each in document.definitions if isinstance(each, EnumTypeDefinitionNode)]
    return frozenset(value.name.value.casefold() for each in enums for value in each.values or ())


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list | tuple):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _texts(each)


async def sent(request: httpx2.Request) -> None:
    """What a client sends: a hook of httpx's."""
    with suppress(httpx2.RequestNotRead, orjson.JSONDecodeError):
        given = orjson.loads(request.content) if len(request.content) < 64_000 else None
        if isinstance(given, dict):
            secret("what was sent as a variable", [given.get("variables")])
            secret("what was sent to sign in", [given.get("email"), given.get("password")])


#: Personal columns whose values are words of ours.
_WORDS = frozenset({"status", "version", "occurred_at", "signed_at", "media_type", "granted_by_id", "ended_by_id"})
_COLUMNS = {
    table: columns
    for table, classes in COLUMNS.items()
    if (columns := [name for name, what in classes.items() if isinstance(what, Personal | Secret) and name not in _WORDS])
}
_QUERIES = {table: f"SELECT {', '.join(columns)} FROM {table} LIMIT 5000" for table, columns in _COLUMNS.items()}


async def secrets_of(database_url: str) -> None:
    """What stands in the personal and secret columns of this database now. One that does not answer tells nothing."""
    with suppress(OSError, ValueError, sqlite3.Error, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
        for table, rows in (_of_sqlite(database_url) if database_url.startswith("sqlite") else await _of_postgres(database_url)).items():
            for row in rows:
                for column, value in zip(_COLUMNS[table], row, strict=True):
                    secret(f"a value of {table}.{column}", [_read(value)])


def _of_sqlite(database_url: str) -> dict[str, list[Any]]:
    path = database_url.removeprefix("sqlite://").split("?")[0]
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)) as connection:
        return {table: connection.execute(query).fetchall() for table, query in _QUERIES.items()}


async def _of_postgres(database_url: str) -> dict[str, list[Any]]:
    connection = await asyncpg.connect(database_url.split("?", maxsplit=1)[0], timeout=5)
    try:
        return {table: list(await connection.fetch(query, timeout=5)) for table, query in _QUERIES.items()}
    finally:
        await connection.close(timeout=5)


def _read(value: object) -> object:
    """JSON as what it holds."""
    if isinstance(value, str) and value[:1] in {"[", "{"}:
        with suppress(orjson.JSONDecodeError):
            return orjson.loads(value)
    return value


# Looking.


def kinds_in(text: str) -> set[str]:
    """Which kinds of secrets stand in a text: as they are, in an address, or escaped."""
    return {found.name for found in found_in(text)}


def found_in(text: str) -> set[Kind]:
    """The same, each with the test that had it first."""
    found: set[Kind] = set()
    for line in {_OURS.sub("", each) for each in text.splitlines()}:
        for reading in _readings(line):
            found |= {Kind(name) for name, pattern in _PATTERNS.items() if pattern.search(reading)}
            found |= {Kind("a secret of chance")} if _CHANCE.search(reading) else set()
            folded = " ".join(reading.casefold().split())
            found |= {kind for value, kind in _SECRETS.items() if value in folded and (not value.isdigit() or _alone(value, folded))}
    return found


def _alone(number: str, text: str) -> bool:
    """Whether a number stands there, and not only its digits within another, as in what was counted or measured."""
    return re.search(rf"(?<!\d)(?<!\d\.){number}(?!\.?\d)", text) is not None


def _readings(line: str) -> set[str]:
    plain = _ESCAPED.sub(lambda each: chr(int(each[1] or each[2], 16)), line)
    return {each for read in (line, plain) for each in (read, unquote(read), unquote_plus(read), _utf8(unquote(read)))}


_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})")


def _utf8(text: str) -> str:
    """Bytes that were escaped one by one, as the text they are."""
    try:
        return text.encode("latin-1").decode()
    except UnicodeError:
        return text


def leaks() -> list[str]:
    """Where secrets were written down, and of what kind."""
    found = [f"{file.name}: {kind}" for file in _FILES if file.is_file() for kind in found_in(file.read_text(errors="replace"))]
    return sorted(set(found))
