"""The engine answers what is answered without it: the same bytes, the same statements, the same lines of the log, the same access log.

Two copies of one database are asked the same by every kind of caller, in operations made from the schema. What the engine hands back, and what it
has to give up, is answered the same too.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.databases import Postgres
from tests.noninterference.running import Run, leaf_fields, the_schema
from tests.noninterference.worlds import ROLES, a_pair

PAIRS = 2_500  # on each database
SEED = 20_261_127
#: What an access-log row says, but for its id, its time and the request's id.
RECORDED = "agent_id, account_id, parcel_id, action, changed, categories, fields, basis, operation, consent_id IS NULL, claim_id IS NULL"


async def recorded(url: str) -> Counter[tuple[Any, ...]]:
    """The access log of a database."""
    query = f"SELECT {RECORDED} FROM access_log"
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite://"))) as lite:
            return Counter(lite.execute(query).fetchall())
    connection = await asyncpg.connect(url)
    try:
        return Counter(tuple(map(str, row)) for row in await connection.fetch(query))
    finally:
        await connection.close()


class Recorded:
    """What two worlds recorded, whenever they are left for new ones."""

    rows = 0

    async def the_same(self, urls: tuple[str, str]) -> None:
        one, other = await recorded(urls[0]), await recorded(urls[1])
        assert one == other
        self.rows += one.total()


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
async def test_with_the_engine_and_without_everything_is_the_same(engine: str, migrated: dict[str, str], postgres: Postgres, tmp_path: Path) -> None:
    made, log = await a_pair(migrated[engine], tmp_path, postgres), Recorded()
    run = Run(replace(made, second=made.first), tmp_path, SEED, engines=(True, False), afterwards=log.the_same)
    report = await run.pairs(PAIRS)
    if report.never_asked and report.found is None:  # what is asked seldom takes some more
        report = await run.pairs(2 * PAIRS)
    assert report.found is None, str(report.found)
    assert len(report.unconfirmed) <= PAIRS // 500, report.unconfirmed  # what a socket heard sooner or later
    assert report.leaves >= leaf_fields(the_schema())
    assert set(report.roles) == set(ROLES)
    assert report.without_errors >= PAIRS / 2
    assert log.rows > PAIRS / 5
