"""Whoever hears of no change looks for himself: a lost listener loses no revoke, however long it stays away."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from models.database import close_database, open_database
from policy.vocabulary import ConsentDuration
from resolvers import claims, consents, documents
from resolvers.gate import Gate
from resolvers.ledger import Request
from tests.builders import Merchant, a_claim, a_merchant, a_parcel, an_agent
from tests.databases import Postgres
from tests.faults.proxy import Between, between
from tests.live.watching import watching
from tests.serving import Server, serving

LIVE = "subscription ($id: ID!) { agentLoginChanged(accountId: $id) { state account { id } } }"
ALL = "subscription { agentLoginChanged { state account { id } } }"
CLAIMS = "subscription ($id: ID!) { claimChanged(accountId: $id) { id status account { id } } }"


async def refused(listeners_way: Between) -> None:
    """The connection is cut, and no other can be made."""
    await listeners_way.refuse()


async def blocked(listeners_way: Between) -> None:
    """The connection stands, and nothing comes through."""
    await listeners_way.freeze()


@asynccontextmanager
async def a_scene(postgres: Postgres, migrated: dict[str, str], folder: Path) -> AsyncIterator[tuple[Server, Between, Merchant]]:
    """A server whose listener goes another way to the database than all else."""
    url = await postgres.create_database(template=migrated["postgres"])
    async with between(url) as (listeners_way, listen_url):
        server = Server(url, folder, listen_url=listen_url)
        async with serving(server):
            await open_database(url)
            await documents.prepare()
            try:
                yield server, listeners_way, await a_merchant()
            finally:
                await close_database()


@pytest.mark.parametrize("fault", [pytest.param(refused, id="refused"), pytest.param(blocked, id="blocked")])
async def test_what_changes_while_nobody_listens_is_found_all_the_same(
    postgres: Postgres, migrated: dict[str, str], tmp_path: Path, fault: Callable[[Between], Awaitable[None]]
) -> None:
    """The streams of all accounts and of claims read only what they are told of, unless they know that they are told nothing."""
    async with a_scene(postgres, migrated, tmp_path) as (server, listeners_way, merchant):
        gate, agent = Gate(merchant.owner, Request("test")), await an_agent()
        await consents.grant(gate, merchant.id, ConsentDuration.ONE_HOUR)
        claim = await a_claim(await a_parcel(merchant))
        async with (
            watching(server, agent, LIVE, merchant) as one,
            watching(server, agent, ALL, merchant) as everyone,
            watching(server, merchant.member, CLAIMS, merchant) as claimed,
        ):
            assert (await one.login())["state"] == "ACTIVE"
            await fault(listeners_way)
            await consents.revoke(gate, merchant.id)
            await claims.withdraw(gate, claim)
            assert (await one.login())["state"] == "OFF"
            while (await everyone.login())["state"] != "OFF":
                pass
            while (await claimed.claim())["status"] != "WITHDRAWN":
                pass
            await consents.grant(gate, merchant.id, ConsentDuration.ONE_HOUR)  # and again
            assert (await one.login())["state"] == "ACTIVE"
            assert (await everyone.login())["state"] == "ACTIVE", "what was told once is not told again"
            await listeners_way.heal()
            await consents.revoke(gate, merchant.id)
            assert (await one.login())["state"] == "OFF"
