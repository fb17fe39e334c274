"""One writer opens and shuts; readers of every process read it, by HTTP, by WebSocket and as they are told; each read is judged."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx2

from tests.asking import account_id, parcel_id
from tests.builders import Merchant, ParcelMade, a_merchant, a_parcel, an_agent
from tests.revocation.history import WRONG, History, Verdict
from tests.serving import Server, Socket, token_of, until

NAME = "Jan de Bakker"
READ = """query ($consented: ID!, $claimed: ID!) {
  consented: parcel(id: $consented) { recipient { name } }
  claimed: parcel(id: $claimed) { recipient { name } }
}"""
LIVE = "subscription ($id: ID!) { agentLoginChanged(accountId: $id) { state now consent { grantedBy } } }"
GRANT = "mutation ($id: ID!) { grantConsent(input: {accountId: $id, duration: ONE_HOUR}) { consent { id } } }"
REVOKE = "mutation ($id: ID!) { revokeConsent(input: {accountId: $id}) { account { id } } }"
FILE = 'mutation ($id: ID!) { fileClaim(input: {parcelId: $id, kind: CLAIM, type: LOST, description: "Lost"}) { claim { id } } }'
WITHDRAW = "mutation ($id: ID!) { withdrawClaim(input: {claimId: $id}) { claim { status } } }"
CLOSE = "mutation ($id: ID!) { closeClaim(input: {claimId: $id, outcome: REJECTED}) { claim { status } } }"
#: After so many reads an agent is relieved by another, as the access log of each is looked through at every answer.
SHIFT = 400
#: So many reads are over between two changes, that many of them are definite.
READS_BETWEEN = 24
#: SQLite's clock has milliseconds: an event was read at its `now`, or a little later.
CLOCK_STEP = 0.001


@dataclass
class Storm:
    """What is opened and shut, by whom, and what was read of it so far."""

    servers: list[Server]
    merchant: Merchant
    claimant: Merchant
    consented: ParcelMade
    claimed: ParcelMade
    consent: History = field(default_factory=History)
    claim: History = field(default_factory=History)
    reads: int = 0
    events: int = 0
    by: Counter[str] = field(default_factory=Counter)
    going_on: bool = True

    @property
    def any_server(self) -> Server:
        """One of them."""
        return random.choice(self.servers)  # noqa: S311 (any will do)

    @property
    def verdicts(self) -> Counter[Verdict]:
        """All of both."""
        return self.consent.verdicts + self.claim.verdicts

    @property
    def definite(self) -> int:
        """Definite reads of both."""
        return self.consent.definite + self.claim.definite

    @property
    def wrong(self) -> dict[str, int]:
        """How many reads were wrong, by how; none of them may be."""
        return {verdict.value: self.verdicts[verdict] for verdict in sorted(WRONG)}

    def took(self, answer: dict[str, Any], began: float, door: str) -> None:
        """An answer to READ, just come."""
        over = time.time()
        assert "errors" not in answer, answer
        for name, history in (("consented", self.consent), ("claimed", self.claim)):
            history.judge(began, over, shown=answer["data"][name]["recipient"]["name"] == NAME)
        self.reads += 1
        self.by[door] += 1

    async def change(self, history: History, opens: bool, act: Callable[[], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
        """Make one change, note when it was sent and answered, and let some reads come."""
        change = history.sent(time.time(), opens=opens)
        answer = await act()
        change.answered = time.time()
        assert "errors" not in answer, answer
        seen = self.reads
        await until(lambda: self.reads >= seen + READS_BETWEEN or not self.going_on, 60)
        found: dict[str, Any] = answer["data"]
        return found


@asynccontextmanager
async def a_storm(servers: list[Server]) -> AsyncIterator[Storm]:
    """A writer, and at every server a reader by HTTP, one by WebSocket, and a subscription."""
    merchant, claimant = await a_merchant(), await a_merchant("Claimant")
    storm = Storm(servers, merchant, claimant, await a_parcel(merchant, name=NAME), await a_parcel(claimant, name=NAME))
    async with AsyncExitStack() as opened, asyncio.TaskGroup() as group:
        listeners = [await opened.enter_async_context(server.socket(await token_of(await an_agent()))) for server in servers]
        told = [group.create_task(_be_told(storm, socket)) for socket in listeners]
        tasks = [group.create_task(_consents(storm)), group.create_task(_claims(storm))]
        tasks += [group.create_task(_by_http(storm, server, "http")) for server in servers]
        tasks += [group.create_task(_by_socket(storm, server, "websocket")) for server in servers]
        try:
            yield storm
        finally:
            storm.going_on = False
            await asyncio.wait(tasks, timeout=30)
            for task in told:
                task.cancel()


async def _consents(storm: Storm) -> None:
    """Grant and revoke, each at any of the servers; sometimes a grant replaces another."""
    token, variables = await token_of(storm.merchant.owner), {"id": account_id(storm.merchant.id)}

    def ask(document: str) -> Callable[[], Awaitable[dict[str, Any]]]:
        return lambda: storm.any_server.ask(document, variables, token=token)

    for number in itertools.count():
        await storm.change(storm.consent, True, ask(GRANT))
        if number % 3 == 0:
            await storm.change(storm.consent, True, ask(GRANT))
        await storm.change(storm.consent, False, ask(REVOKE))
        if not storm.going_on:
            return


async def _claims(storm: Storm) -> None:
    """File a claim, and withdraw it, or let an agent close it."""
    owner, agent = await token_of(storm.claimant.owner), await token_of(await an_agent())
    for number in itertools.count():
        filed = await storm.change(storm.claim, True, lambda: storm.any_server.ask(FILE, {"id": parcel_id(storm.claimed.id)}, token=owner))
        claim = {"id": filed["fileClaim"]["claim"]["id"]}
        document, token = ((WITHDRAW, owner), (CLOSE, agent))[number % 2]
        await storm.change(storm.claim, False, lambda: storm.any_server.ask(document, claim, token=token))  # noqa: B023 (awaited at once)
        if not storm.going_on:
            return


def _variables(storm: Storm) -> dict[str, str]:
    return {"consented": parcel_id(storm.consented.id), "claimed": parcel_id(storm.claimed.id)}


async def _by_http(storm: Storm, server: Server, door: str) -> None:
    body = {"query": READ, "variables": _variables(storm)}
    while storm.going_on:
        async with server.client(await token_of(await an_agent())) as client:
            for _ in range(SHIFT):
                began = time.time()
                answer = await client.post("/graphql", json=body)
                storm.took(_json(answer), began, door)
                if not storm.going_on:
                    return


def _json(answer: httpx2.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def _by_socket(storm: Storm, server: Server, door: str) -> None:
    while storm.going_on:
        async with server.socket(await token_of(await an_agent())) as socket:
            for number in range(SHIFT):
                began = time.time()
                (message,) = await socket.run(READ, _variables(storm), key=str(number))
                storm.took(message["payload"], began, door)
                if not storm.going_on:
                    return


async def _be_told(storm: Storm, socket: Socket) -> None:
    """An event was read after its `now`, by the clock of the machine they all share, and before it came."""
    await socket.subscribe("live", LIVE, {"id": account_id(storm.merchant.id)})
    while storm.going_on:  # asyncio.wait_for may swallow our cancellation
        message = await socket.next(60)
        over = time.time()
        assert message["type"] == "next", message
        assert "errors" not in message["payload"], message
        login = message["payload"]["data"]["agentLoginChanged"]
        read_at = datetime.fromisoformat(login["now"]).timestamp() - CLOCK_STEP
        consent = login["consent"]
        shown = consent is not None and consent["grantedBy"] is not None
        assert shown == (login["state"] == "ACTIVE"), login
        storm.consent.judge(read_at, over, shown=shown)
        storm.events += 1
