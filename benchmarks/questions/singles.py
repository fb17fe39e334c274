"""How fast are a single parcel, settings and agent login, against raw Starlette doing the same?"""

from __future__ import annotations

from collections.abc import AsyncIterator

from benchmarks.findings import Finding, Goal, finding
from benchmarks.pairs import compare
from benchmarks.running import require_equal
from benchmarks.setting import Setting


async def ask(setting: Setting) -> AsyncIterator[Finding]:
    """As an agent under a live consent."""
    async with setting.ours() as server, setting.peer("raw") as port:
        for workload in setting.singles():
            ours, raw = setting.our_side(server, workload), setting.peer_side("raw", port, workload)
            await require_equal(ours, raw, setting.take_log)
            for clients in (1, 32):
                ratio = await compare(ours, raw, clients, setting.rounds, setting.clean)
                yield finding("singles", workload.name, clients, "raw", ratio, Goal(least=0.7))
