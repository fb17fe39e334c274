"""How fast are a grant and the revoke that follows, against plain Strawberry with the same statements?"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

from benchmarks.findings import Finding, Goal, finding
from benchmarks.load import Target
from benchmarks.pairs import compare
from benchmarks.running import Side, require_equal
from benchmarks.setting import Setting
from benchmarks.workloads import GRANT, REVOKE
from schema import ids

PEER = "strawberry_plain"


async def ask(setting: Setting) -> AsyncIterator[Finding]:
    """As the owner of one account."""
    account = setting.filled.nothing
    pair = [{"query": document, "variables": {"account": account.id}} for document in (GRANT, REVOKE)]

    async def between() -> None:
        await setting.connection.execute("DELETE FROM consents WHERE account_id = $1", ids.key(account.id, "Account"))

    async with setting.ours() as server, setting.peer(PEER) as port:
        ours = Side("ours", [Target(server.port, "/graphql")], pair, [account.owner])
        peer = replace(ours, name=PEER, targets=[Target(port, "/graphql")])
        await require_equal(ours, peer, setting.take_log)
        ratio = await compare(ours, peer, 1, setting.rounds, between)
        await between()
    yield finding("grants", "grant and revoke", 1, PEER, ratio, Goal(least=3))
