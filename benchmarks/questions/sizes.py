"""Does a page grow no faster than its rows? first: 10, 100 and 500, as the merchant."""

from __future__ import annotations

from collections.abc import AsyncIterator

from benchmarks.findings import Finding, Goal, finding
from benchmarks.load import Target
from benchmarks.pairs import compare
from benchmarks.running import Side
from benchmarks.setting import Setting
from benchmarks.workloads import page


async def ask(setting: Setting) -> AsyncIterator[Finding]:
    """The time of the larger, over that of the smaller."""
    account = setting.filled.nothing
    async with setting.ours() as server:
        sides = {
            first: Side(f"first: {first}", [Target(server.port, "/graphql")], [page("", account.id, first).body()], [account.owner])
            for first in (10, 100, 500)
        }
        for few, many in ((10, 100), (100, 500)):
            ratio = await compare(sides[few], sides[many], 1, setting.rounds, setting.clean)
            yield finding("sizes", f"first: {many}, time", 1, f"first: {few}", ratio, Goal(most=many / few))
