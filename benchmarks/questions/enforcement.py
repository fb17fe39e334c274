"""What does enforcement cost? An agent under a live consent, whose view is written down, against the same query by the merchant."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

from benchmarks.findings import Finding, Goal, finding
from benchmarks.pairs import compare
from benchmarks.running import require_equal
from benchmarks.setting import Setting


async def ask(setting: Setting) -> AsyncIterator[Finding]:
    """The agent's time over the merchant's."""
    account = setting.filled.consent
    async with setting.ours() as server:
        for workload in (setting.pages()[2], setting.singles()[0]):
            agent = setting.our_side(server, workload, name="agent")
            merchant = replace(agent, name="merchant", tokens=[account.owner])
            await require_equal(agent, merchant, setting.take_log, recorded=False)
            for clients in (1, 32):
                ratio = await compare(merchant, agent, clients, setting.rounds, setting.clean)
                yield finding("enforcement", f"{workload.name}, time", clients, "merchant", ratio, Goal(most=1.15))
