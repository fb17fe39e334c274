"""How long do the slowest wait? p99 over p50 of a page at 32 clients."""

from __future__ import annotations

import statistics
from collections.abc import AsyncIterator

from benchmarks.findings import Finding, Goal, finding
from benchmarks.pairs import ratio_of, slice_of
from benchmarks.setting import Setting

CLIENTS = 32
REQUESTS = 1_000


async def ask(setting: Setting) -> AsyncIterator[Finding]:
    """Of each kind of account."""
    async with setting.ours() as server:
        for workload in setting.pages():
            side = setting.our_side(server, workload)
            await slice_of(side, CLIENTS, CLIENTS * 4)  # warm
            ratios = []
            for _ in range(setting.rounds):
                await setting.clean()
                took = statistics.quantiles((await slice_of(side, CLIENTS, REQUESTS)).took, n=100)
                ratios.append(took[98] / took[49])
            yield finding("tail", f"{workload.name}, p99 / p50", CLIENTS, "itself", ratio_of(ratios), Goal(most=2.5))
