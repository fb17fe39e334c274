"""How much memory does one process have after 100,000 requests, and does it still grow? Read in /proc, so on Linux only."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

from benchmarks.findings import Finding, Goal, finding
from benchmarks.pairs import Ratio, slice_of
from benchmarks.setting import Setting
from benchmarks.workloads import page

CLIENTS = 32
MOST_REQUESTS = 100_000
_A_ROUND = 10_000
_BATCH = 2_000


async def ask(setting: Setting) -> AsyncIterator[Finding]:
    """Small pages, single parcels, settings and agent login in turn: 10,000 requests a round, 100,000 at most."""
    if sys.platform != "linux":
        setting.notes.append("Memory is left out: there is no /proc here.")
        return
    requests = min(MOST_REQUESTS, setting.rounds * _A_ROUND)
    workloads = [*(page("small page", account.id, 20) for account in (setting.filled.nothing, setting.filled.claims)), *setting.singles()]
    async with setting.ours() as server:
        side = setting.our_side(server, *workloads)
        grown = []
        for _ in range(requests // _BATCH):
            await setting.clean()
            await slice_of(side, CLIENTS, _BATCH)
            grown.append(_megabytes(server.process.pid))
    after = f"after {requests:,} requests"
    yield finding("memory", f"MB {after}", CLIENTS, "itself", Ratio(grown[-1], 0), Goal(most=120))
    yield finding("memory", f"MB {after} / half of them", CLIENTS, "itself", Ratio(grown[-1] / grown[len(grown) // 2 - 1], 0), Goal(most=1.03))


def _megabytes(process: int) -> float:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024
