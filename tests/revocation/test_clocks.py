"""Processes whose clocks are wrong by half a minute, on one PostgreSQL: a consent ends at its very instant by the database's clock."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from models import database
from models.database import close_database, open_database
from policy.vocabulary import ConsentDuration
from resolvers import consents, documents
from resolvers.gate import Gate
from resolvers.ledger import Request
from tests.asking import account_id, parcel_id
from tests.builders import a_merchant, a_parcel, an_agent
from tests.databases import Postgres
from tests.serving import Server, serving, token_of

NAME = "Jan de Bakker"
READ = "query ($id: ID!) { parcel(id: $id) { recipient { name } } }"
LIVE = "subscription ($id: ID!) { agentLoginChanged(accountId: $id) { state now consent { grantedBy } } }"
CLOCKS = {"fast": "+30s", "slow": "-30s"}
#: Debian's package libfaketime.
LIBRARIES = [*Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), *Path("/usr/lib/faketime").glob("libfaketimeMT.so.1")]
LASTS = timedelta(seconds=3)
ROUNDS = 2


def faketime() -> str:
    """The library that sets a process's clock wrong, and leaves the monotonic one alone."""
    if LIBRARIES:
        return str(LIBRARIES[0])
    if os.environ.get("CI"):
        pytest.fail("libfaketime is missing: .ci/run installs it")
    pytest.skip("libfaketime is missing: apt-get install libfaketime")


@pytest.fixture
async def servers(postgres: Postgres, migrated: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[dict[str, Server]]:
    """By how their clocks go."""
    library = faketime()
    url = await postgres.create_database(template=migrated["postgres"])
    running = {}
    for name, offset in CLOCKS.items():
        with monkeypatch.context() as patched:
            for variable, value in {"LD_PRELOAD": library, "FAKETIME": offset, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}.items():
                patched.setenv(variable, value)
            running[name] = Server(url, tmp_path)
    async with serving(*running.values()):
        await open_database(url)
        await documents.prepare()
        yield running
        await close_database()


async def test_the_clocks_are_wrong(servers: dict[str, Server]) -> None:
    """What the others rest on: the processes do see another time."""
    for name, server in servers.items():
        async with server.client() as client:
            date = (await client.get("/healthz")).headers["date"]
        off = parsedate_to_datetime(date).timestamp() - time.time()
        assert abs(off - {"fast": 30, "slow": -30}[name]) < 10


async def test_nothing_is_shown_after_expiry_and_nothing_refused_before(servers: dict[str, Server]) -> None:
    """A read's instant lies between two readings of the database's clock: what touches the expiry itself is not counted."""
    merchant = await a_merchant()
    parcel = await a_parcel(merchant, name=NAME)
    gate, before, after = Gate(merchant.owner, Request("test")), 0, 0
    async with AsyncExitStack() as opened:
        clients = {name: await opened.enter_async_context(server.client(await token_of(await an_agent()))) for name, server in servers.items()}
        for _ in range(ROUNDS):
            consent = await consents.grant(gate, merchant.id, ConsentDuration.ONE_HOUR)
            expires_at = await database.clock() + LASTS
            await database.execute("UPDATE consents SET expires_at = :at WHERE id = :id", at=expires_at, id=consent)
            counted = 0
            while counted < 10:
                for name, client in clients.items():
                    began = await database.clock()
                    answer = await client.post("/graphql", json={"query": READ, "variables": {"id": parcel_id(parcel.id)}})
                    over = await database.clock()
                    assert answer.status_code == 200, answer.text
                    if over < expires_at:
                        assert NAME in answer.text, f"refused early where the clock is {name}"
                        before += 1
                    elif began >= expires_at:
                        assert NAME not in answer.text, f"shown after expiry where the clock is {name}"
                        after += 1
                        counted += 1
    assert min(before, after) >= ROUNDS


@pytest.mark.parametrize("clock", CLOCKS)
async def test_a_subscription_is_told_of_the_end_when_it_comes(servers: dict[str, Server], clock: str) -> None:
    merchant = await a_merchant()
    consent = await consents.grant(Gate(merchant.owner, Request("test")), merchant.id, ConsentDuration.ONE_HOUR)
    expires_at = await database.clock() + LASTS
    await database.execute("UPDATE consents SET expires_at = :at WHERE id = :id", at=expires_at, id=consent)
    async with servers[clock].socket(await token_of(await an_agent())) as socket:
        await socket.subscribe("live", LIVE, {"id": account_id(merchant.id)})
        first = (await socket.next())["payload"]["data"]["agentLoginChanged"]
        assert first["state"] == "ACTIVE" or datetime.fromisoformat(first["now"]) >= expires_at
        last = first if first["state"] == "OFF" else (await socket.next())["payload"]["data"]["agentLoginChanged"]
    assert (last["state"], last["consent"]) == ("OFF", {"grantedBy": None})
    assert expires_at <= datetime.fromisoformat(last["now"]) < expires_at + timedelta(seconds=5)
