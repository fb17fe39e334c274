"""The primary dies in a storm, and its standby is promoted: nothing that was acknowledged is lost, and nothing is shown that should not be.

A primary that was deposed and not told shows nothing and promises nothing.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest

from models.database import close_database, execute, fetch, migrate, open_database, transaction
from models.postgres import NoPrimary, NotReplicated, Servers
from resolvers import documents
from tests.asking import account_id, parcel_id
from tests.builders import a_consent, a_merchant, a_parcel, an_agent
from tests.faults.promises import Promises
from tests.faults.storm import GRANT, NAME, REVOKE, Scene, a_scene, a_storm
from tests.postgres.conftest import Pair
from tests.serving import PATIENCE_SECONDS, Server, serving, token_of, until

READ = "query ($id: ID!) { parcel(id: $id) { status recipient { name } } }"
SUBSCRIBE = "subscription ($id: ID!) { agentLoginChanged(accountId: $id) { state } }"
ENOUGH = 12
#: On a slow machine. What was measured stands in docs/operations/postgresql.md.
BACK_SECONDS = 60.0


@pytest.fixture
async def url(pair: Pair) -> AsyncIterator[str]:
    """A migrated, open database on both; every commit waits for the standby."""
    url = await pair.primary.create_database()
    await migrate(url)
    await pair.primary.run("ALTER SYSTEM SET synchronous_standby_names = 'standby'")
    await pair.primary.run("SELECT pg_reload_conf()")
    deadline = time.monotonic() + PATIENCE_SECONDS
    while await pair.primary.run("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") != 1:
        assert time.monotonic() < deadline, "the standby does not follow"
        await asyncio.sleep(0.05)
    both = pair.url(url.rsplit("/", 1)[-1])
    await open_database(both)
    await documents.prepare()
    yield both
    await close_database()


async def test_what_was_acknowledged_outlives_the_primary(pair: Pair, url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scene, promises, quiet = await a_scene(), Promises(), await a_merchant("Quiet")
    account, owner = {"id": account_id(quiet.id)}, await token_of(quiet.owner)
    server = Server(url, tmp_path)
    async with serving(server), server.socket(scene.agents[0]) as socket:
        await socket.subscribe("live", SUBSCRIBE, account)
        await socket.next()
        async with a_storm(server, scene, promises):
            await until(lambda: promises.answered() >= ENOUGH, 120)
            pair.primary.kill()
        assert promises.unanswered > 0, "nothing was under way"
        await shows_nothing(server, scene)
        promoted = time.monotonic()
        await pair.standby.run("SELECT pg_promote()")
        await answers_again(server, scene)
        back = time.monotonic() - promoted
        kept = promises.answered()
        assert await promises.broken() == []
        assert all(promises.kept[name] for name in ("granted", "ended", "filed", "closed", "shown"))
        async with server.client(owner) as quiet_owner:  # what was open all the time hears what happens on the new primary
            for document, state in ((GRANT, "ACTIVE"), (REVOKE, "OFF")):
                await asked(quiet_owner, document, account)
                assert (await socket.next())["payload"]["data"]["agentLoginChanged"]["state"] == state
    with capsys.disabled():
        sys.stdout.write(f"\nback {back:.1f} s after the promotion; {kept} promises kept, {promises.unanswered} unanswered, 0 broken")


async def asked(client: httpx2.AsyncClient, document: str, variables: dict[str, Any]) -> httpx2.Response:
    return await client.post("/graphql", json={"query": document, "variables": variables})


async def shows_nothing(server: Server, scene: Scene) -> None:
    """With no primary: of a parcel that an open claim opens, and of one that nothing does."""
    async with server.client(scene.agents[1]) as agent:
        for parcel in (scene.open, scene.consented):
            answer = await asked(agent, READ, {"id": parcel_id(parcel.id)})
            assert NAME not in answer.text
            assert "errors" in answer.json(), answer.text


async def answers_again(server: Server, scene: Scene) -> None:
    """Until grants are acknowledged, reads are recorded and shown, and a revoke holds."""
    variables = {"id": account_id(scene.merchant.id)}
    deadline = time.monotonic() + BACK_SECONDS
    async with server.client(scene.owner) as owner, server.client(scene.agents[1]) as agent:
        while True:
            granted = await asked(owner, GRANT, variables)
            if granted.status_code == 200 and "errors" not in granted.json():
                break
            assert time.monotonic() < deadline, granted.text
            await asyncio.sleep(0.1)
        assert NAME in (await asked(agent, READ, {"id": parcel_id(scene.consented.id)})).text
        assert "errors" not in (await asked(owner, REVOKE, variables)).json()
        assert NAME not in (await asked(agent, READ, {"id": parcel_id(scene.consented.id)})).text


async def test_a_primary_cut_off_from_its_standby_shows_and_promises_nothing(pair: Pair, url: str, tmp_path: Path) -> None:
    """It waits; and when that is cut short, it commits after all, and says so in a warning alone."""
    merchant, agent = await a_merchant(), await an_agent()
    parcel = await a_parcel(merchant, name=NAME)
    await a_consent(merchant)
    owner, agents = await token_of(merchant.owner), await token_of(agent)
    server = Server(url, tmp_path)
    async with serving(server), server.client(owner) as owners, server.client(agents) as reader:
        assert NAME in (await asked(reader, READ, {"id": parcel_id(parcel.id)})).text
        pair.standby.kill()
        async with cancelling(pair):
            answer = await asked(reader, READ, {"id": parcel_id(parcel.id)})
            assert NAME not in answer.text
            assert "NOT_RECORDED" in answer.text or "errors" in answer.json()
            answer = await asked(owners, REVOKE, {"id": account_id(merchant.id)})
            assert answer.json()["errors"][0]["extensions"]["code"] == "INTERNAL"
            with pytest.raises(NotReplicated):
                await a_change(merchant.id)
            with pytest.raises(NotReplicated):
                async with transaction():
                    await a_change(merchant.id)
            rows = await fetch("SELECT company_name FROM accounts WHERE id = :id", id=merchant.id)
            assert rows[0]["company_name"] == "elsewhere", "it stands here, and here alone"


async def a_change(account: object) -> None:
    await execute("UPDATE accounts SET company_name = 'elsewhere' WHERE id = :id", id=account)


_WAITING = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"


@asynccontextmanager
async def cancelling(pair: Pair) -> AsyncIterator[None]:
    """An operator, or a time limit of theirs, cancels whatever waits for the standby."""

    async def cancel() -> None:
        while True:
            await pair.primary.run(_WAITING)
            await asyncio.sleep(0.05)

    task = asyncio.create_task(cancel())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_who_has_seen_the_new_primary_does_not_go_back(pair: Pair) -> None:
    """Both can be written to: the old one was not told."""
    alone = Servers.of(f"postgres://postgres@{pair.standby.address}/postgres")
    with pytest.raises(NoPrimary):
        await port_of_a_connection(alone)
    await pair.standby.run("SELECT pg_promote()")
    servers, new = Servers.of(pair.url("postgres")), int(pair.standby.address.split(":")[1])
    deadline = time.monotonic() + PATIENCE_SECONDS
    while await port_of_a_connection(servers) != new:
        assert time.monotonic() < deadline, "the new primary was never the first to answer"
    assert {await port_of_a_connection(servers) for _ in range(20)} == {new}


async def port_of_a_connection(servers: Servers) -> int:
    connection = await servers.connect(**servers.of_a_connection())
    try:
        return int(await connection.fetchval("SELECT current_setting('port')"))
    finally:
        await connection.close()
