"""What does a document cost that nobody sent before, against stock execution? Each request has another name for its operation."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator

from benchmarks.findings import Finding, Goal, finding
from benchmarks.load import Asking, Slice, Target, request, run
from benchmarks.pairs import ratio_of
from benchmarks.setting import Setting
from benchmarks.workloads import Workload

REQUESTS = 60


async def ask(setting: Setting) -> AsyncIterator[Finding]:
    """The time of one, over its time in stock execution."""
    async with setting.ours() as ours, setting.ours(engine="false") as stock:
        for workload in (setting.pages()[0], setting.singles()[0]):
            numbers = itertools.count()
            ratios = []
            for turn in range(setting.rounds + 1):
                seconds = {}
                for port in (ours.port, stock.port)[:: 1 if turn % 2 else -1]:
                    await setting.clean()
                    seconds[port] = (await _unseen(setting, port, workload, numbers)).seconds
                ratios.append(seconds[ours.port] / seconds[stock.port])
            yield finding("first seen", f"{workload.name}, time", 1, "ours, engine off", ratio_of(ratios[1:]), Goal(most=1.3))


async def _unseen(setting: Setting, port: int, workload: Workload, numbers: itertools.count[int]) -> Slice:
    target = Target(port, "/graphql")
    bodies = [{**workload.body(), "query": workload.document.replace("(", f"{next(numbers)}(", 1)} for _ in range(REQUESTS)]
    return await run([Asking(port, [request(target, body, setting.filled.agents[0]) for body in bodies])], REQUESTS)
