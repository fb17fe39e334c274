"""Does throughput grow with server processes? One against two on one database, which share this machine's cores with it and with the clients."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from dataclasses import replace

from benchmarks.findings import Finding, Goal, finding
from benchmarks.load import Target
from benchmarks.pairs import compare
from benchmarks.setting import Setting

CLIENTS = 32


async def ask(setting: Setting) -> AsyncIterator[Finding]:
    """Two over one."""
    workload = setting.pages()[0]
    async with setting.ours() as one, setting.ours() as other:
        alone = setting.our_side(one, workload, name="1 process")
        both = replace(alone, name="2 processes", targets=[Target(server.port, "/graphql") for server in (one, other)])
        ratio = await compare(both, alone, CLIENTS, setting.rounds, setting.clean)
    yield finding("processes", f"{workload.name}, 2 processes on {os.cpu_count()} cores", CLIENTS, "1 process", ratio, Goal(least=1.1))
