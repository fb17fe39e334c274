"""How fast is a page of 100 parcels with sixteen flat fields, against each peer? As an agent, with nothing open, a few claims, a live consent."""

from __future__ import annotations

from collections.abc import AsyncIterator

from benchmarks.findings import Finding, Goal, finding
from benchmarks.pairs import compare
from benchmarks.running import node, require_equal
from benchmarks.setting import Setting
from tests.serving import Server

CLIENTS = (1, 32)
PYTHON_PEERS = ("raw", "strawberry_plain", "strawberry_permissions", "ariadne_peer")
NODE_PEERS = ("yoga_shield.mjs", "yoga_jit.mjs", "postgraphile.mjs")
#: Strawberry without any enforcement writes no access log.
UNRECORDED = frozenset({"strawberry_plain"})
ENGINE_OFF = "ours, engine off"
_GOALS = {
    "raw": dict.fromkeys(CLIENTS, Goal(least=0.85)),
    "strawberry_permissions": {1: Goal(least=40), 32: Goal(least=200)},
    "yoga_shield.mjs": {1: Goal(least=10), 32: Goal(least=30)},
    "yoga_jit.mjs": dict.fromkeys(CLIENTS, Goal(least=2)),
    "postgraphile.mjs": dict.fromkeys(CLIENTS, Goal(least=3)),
}


async def ask(setting: Setting) -> AsyncIterator[Finding]:
    """One peer after the other, each in turn with us."""
    async with setting.ours() as server:
        for name in PYTHON_PEERS + (NODE_PEERS if node() else ()):
            async with setting.peer(name) as port:
                async for found in _against(setting, server, name, port):
                    yield found
        async with setting.ours(engine="false") as other:
            async for found in _against(setting, server, ENGINE_OFF, other.port):
                yield found
    if not node():
        setting.notes.append("The peers that need Node are left out: its packages are not installed here.")


async def _against(setting: Setting, server: Server, name: str, port: int) -> AsyncIterator[Finding]:
    for workload in setting.pages():
        ours, peer = setting.our_side(server, workload), setting.peer_side(name, port, workload)
        await require_equal(ours, peer, setting.take_log, recorded=name not in UNRECORDED)
        for clients in CLIENTS:
            ratio = await compare(ours, peer, clients, setting.rounds, setting.clean)
            yield finding("pages", workload.name, clients, name, ratio, _GOALS.get(name, {}).get(clients))
