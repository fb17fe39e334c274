"""Does a page of 100 take the same time whatever there is? Out of 10,000 and of a million parcels; page 1 and page 9,999; shown with the plans."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import asyncpg

from benchmarks.findings import Finding, Goal, finding
from benchmarks.load import Target
from benchmarks.pages import PAGE, prepare
from benchmarks.pairs import compare
from benchmarks.peers.rows import page_statement
from benchmarks.running import Side, our_server
from benchmarks.setting import Setting
from benchmarks.workloads import LIST
from identity import tokens
from models import database
from resolvers.paging import position
from schema.ids import global_id, key

FEW = 10_000
_AFTER = LIST.replace("$first: Int!", "$first: Int!, $after: String").replace("first: $first", "first: $first, after: $after")


@dataclass(frozen=True, slots=True)
class _Measured:
    """A database of so many parcels: the account, the cursor before its last page but one, and an agent's token."""

    url: str
    count: int
    account: str
    cursor: str
    token: str = field(repr=False)

    def side(self, name: str, port: int, after: str | None) -> Side:
        """Its page after a cursor."""
        body = {"query": _AFTER, "variables": {"account": self.account, "first": PAGE, "after": after}}
        return Side(name, [Target(port, "/graphql")], [body], [self.token])


async def ask(setting: Setting) -> AsyncIterator[Finding]:
    """As an agent to whom nothing is shown."""
    few, many = await _filled(setting, FEW), await _filled(setting, setting.parcels)
    goal = Goal(most=1.15)
    async with our_server(few.url, setting.folder) as small, our_server(many.url, setting.folder) as large:
        first_of_few = few.side(f"page 1 of {few.count:,}", small.port, None)
        first, last = many.side(f"page 1 of {many.count:,}", large.port, None), many.side("a late page", large.port, many.cursor)
        ratio = await compare(first_of_few, first, 1, setting.rounds, _nothing)
        yield finding("depth", f"{first.name}, time", 1, first_of_few.name, ratio, goal)
        ratio = await compare(first, last, 1, setting.rounds, _nothing)
        yield finding("depth", f"page {many.count // PAGE - 1:,} of {many.count:,}, time", 1, "page 1", ratio, goal)
    setting.notes.extend([await _plan(many, after=after) for after in (False, True)])


async def _nothing() -> None:
    """Nothing is written down between the slices, so there is nothing to empty."""


async def _filled(setting: Setting, count: int) -> _Measured:
    url = await setting.postgres.create_database()
    account, cursor = await prepare(url, count)
    await database.execute("VACUUM ANALYZE")
    agent = (await database.fetch("SELECT id FROM users WHERE kind = 'AGENT' ORDER BY id LIMIT 1"))[0]["id"]
    token = await tokens.create_token(database.uuid(agent))
    await database.close_database()
    return _Measured(url, count, global_id("Account", account), cursor, token)


async def _plan(measured: _Measured, *, after: bool) -> str:
    """How PostgreSQL reads a page: by the index, from its place on, whatever there is."""
    late = position(measured.cursor, "Parcel")
    given = [key(measured.account, "Account"), PAGE + 1, PAGE, *((late.at, late.id) if after else ())]
    connection = await asyncpg.connect(measured.url)
    rows = await connection.fetch(f"EXPLAIN (ANALYZE, COSTS OFF, BUFFERS OFF) {page_statement(after=after)}", *given)
    await connection.close()
    name = f"page {measured.count // PAGE - 1:,}" if after else "page 1"
    return "\n".join([f"The plan of {name} of {measured.count:,} parcels:", "", "```", *(row[0] for row in rows), "```"])
