"""How soon after a revoke have 2,000 open subscriptions of one process heard of it?

    python benchmarks/subscriptions.py [--sockets 2000] [--trials 5] [--engine postgres]

One server, so many WebSockets of a hundred agents who all watch one account, as the console does. Each trial grants, waits until all have heard,
and revokes. Times are from sending the revoke to the answer, and to the median, and the last, socket that has read the event. Server and sockets
share the machine: what the sockets themselves take is in it.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from contextlib import AsyncExitStack, nullcontext
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import orjson  # noqa: E402 (the path comes first)

from models.database import close_database, migrate, open_database  # noqa: E402
from tests.asking import account_id  # noqa: E402
from tests.builders import a_merchant, an_agent  # noqa: E402
from tests.databases import Postgres  # noqa: E402
from tests.serving import Server, Socket, serving, token_of  # noqa: E402

AGENTS = 100
LOGIN = "subscription ($id: ID!) { agentLoginChanged(accountId: $id) { now state consent { state expiresAt } } }"
GRANT = "mutation ($id: ID!) { grantConsent(input: {accountId: $id, duration: ONE_HOUR}) { consent { id } } }"
REVOKE = "mutation ($id: ID!) { revokeConsent(input: {accountId: $id}) { account { id } } }"


async def _hear(socket: Socket, state: str) -> float:
    """Wait for an event with this state; when it came."""
    while True:
        message = orjson.loads(await socket.connection.recv())
        if message["type"] == "ping":
            continue
        assert message["type"] == "next", message
        if message["payload"]["data"]["agentLoginChanged"]["state"] == state:
            return time.perf_counter()


async def _heard(sockets: list[Socket], state: str) -> list[float]:
    return sorted(await asyncio.gather(*(_hear(socket, state) for socket in sockets)))


async def _measure(server: Server, sockets: list[Socket], owner: str, account: str, trials: int) -> None:
    print(f"{'ms after the revoke was sent':>40} {'answered':>9} {'median':>7} {'last':>7}")
    lasts = []
    for trial in range(trials):
        granted = asyncio.create_task(_heard(sockets, "ACTIVE"))
        await server.ask(GRANT, {"id": account}, token=owner)
        await granted
        revoked = asyncio.create_task(_heard(sockets, "OFF"))
        await asyncio.sleep(0)
        began = time.perf_counter()
        await server.ask(REVOKE, {"id": account}, token=owner)
        answered = time.perf_counter()
        times = [(at - began) * 1000 for at in await revoked]
        lasts.append(times[-1])
        print(f"{f'trial {trial + 1}':>40} {(answered - began) * 1000:9.0f} {statistics.median(times):7.0f} {times[-1]:7.0f}")
    print(f"{len(sockets)} sockets; the last had it after {statistics.median(lasts):.0f} ms (median of {trials}), {max(lasts):.0f} at worst")


async def main(count: int, trials: int, engine: str) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder, Postgres() if engine == "postgres" else nullcontext() as postgres:
        url = await postgres.create_database() if postgres else f"sqlite://{folder}/subscriptions.sqlite3"
        await migrate(url)
        await open_database(url)
        merchant = await a_merchant()
        owner = await token_of(merchant.owner)
        tokens = [await token_of(await an_agent()) for _ in range(AGENTS)]
        await close_database()
        server = Server(url, Path(folder))
        async with serving(server), AsyncExitStack() as opened:
            sockets = [await opened.enter_async_context(server.socket(tokens[number % AGENTS])) for number in range(count)]
            await asyncio.gather(*(socket.subscribe("live", LOGIN, {"id": account_id(merchant.id)}) for socket in sockets))
            await _heard(sockets, "OFF")
            await _measure(server, sockets, owner, account_id(merchant.id), trials)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sockets", type=int, default=2000)
    parser.add_argument("--trials", type=int, default=5)
    parser.add_argument("--engine", choices=["postgres", "sqlite"], default="postgres")
    given = parser.parse_args()
    asyncio.run(main(given.sockets, given.trials, given.engine))
