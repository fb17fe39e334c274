"""Several processes behind one port: each request may land on any, and all agree. They are replaced and stopped without losing one."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import re
import shutil
import signal
import time
from collections.abc import AsyncIterator

import httpx2
import pytest

from models.database import close_database, open_database
from resolvers import documents
from service.stopping import Config
from service.workers import Worker
from tests.asking import account_id, parcel_id
from tests.builders import a_merchant, a_parcel, an_agent
from tests.conftest import ENGINES
from tests.databases import Postgres
from tests.deploying.load import Load
from tests.scraping import counts, counts_at, risen, until_counted
from tests.serving import Server, free_port, serving, token_of, until, with_password

PARCEL = "query ($id: ID!) { parcel(id: $id) { recipient { name } } }"
GRANT = "mutation ($id: ID!) { grantConsent(input: {accountId: $id, duration: ONE_HOUR}) { consent { id } } }"
REVOKE = "mutation ($id: ID!) { revokeConsent(input: {accountId: $id}) { consent { id } } }"
LOGIN = "subscription ($id: ID!) { agentLoginChanged(accountId: $id) { state } }"
EXPORT = "mutation ($id: ID!) { exportParcels(input: {accountId: $id}) { url } }"
WORKERS = 2


@pytest.fixture(scope="module")
def metrics_port() -> int:
    """Where all of them are counted together."""
    return free_port()


@pytest.fixture(scope="module", params=ENGINES)
async def served(
    request: pytest.FixtureRequest, postgres: Postgres, migrated: dict[str, str], tmp_path_factory: pytest.TempPathFactory, metrics_port: int
) -> AsyncIterator[Server]:
    """One port, several processes."""
    folder = tmp_path_factory.mktemp("workers")
    if request.param == "sqlite":
        url = f"sqlite://{shutil.copyfile(migrated['sqlite'].removeprefix('sqlite://'), folder / 'latchkey.sqlite3')}"
    else:
        url = await postgres.create_database(template=migrated["postgres"])
    server = Server(url, folder, workers=str(WORKERS), metrics_port=str(metrics_port))
    async with serving(server):
        await until(lambda: len(started(server)) == WORKERS, 120)
        yield server


@pytest.fixture
async def house(served: Server) -> AsyncIterator[Server]:
    """The same, with the database open here too."""
    await open_database(served.database_url)
    await documents.prepare()
    yield served
    await close_database()


def started(server: Server) -> list[int]:
    """The processes that ever answered, oldest first."""
    return [int(pid) for pid in re.findall(r"Started server process \[(\d+)\]", server.said())]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_all_agree_whichever_answers(house: Server) -> None:
    """Every question is asked on a connection of its own, so the kernel hands them around."""
    merchant, agent = await a_merchant(), await an_agent()
    parcel = parcel_id((await a_parcel(merchant)).id)
    owner, support, email = await token_of(merchant.owner), await token_of(agent), await with_password(merchant.owner)
    account = {"id": account_id(merchant.id)}

    async def seen() -> set[str | None]:
        answers = [await house.ask(PARCEL, {"id": parcel}, token=support) for _ in range(12)]
        return {answer["data"]["parcel"]["recipient"]["name"] for answer in answers}

    async with contextlib.AsyncExitStack() as opened:
        sockets = [await opened.enter_async_context(house.socket(owner)) for _ in range(6)]
        for socket in sockets:
            await socket.subscribe("1", LOGIN, account)
            assert (await socket.next())["type"] == "next"
        assert await seen() == {None}
        assert "errors" not in await house.ask(GRANT, account, token=owner)
        assert await seen() == {"Jan Bakker"}
        assert "errors" not in await house.ask(REVOKE, account, token=owner)
        assert await seen() == {None}
        for socket in sockets:
            states = [(await socket.next())["payload"]["data"]["agentLoginChanged"]["state"] for _ in range(2)]
            assert states[-1] == "OFF"
    async with house.signed_in(email) as browser:
        cookie = {"cookie": "; ".join(f"{each.name}={each.value}" for each in browser.cookies.jar)}
    made = await house.ask(EXPORT, account, token=owner)
    statuses = []
    for _ in range(6):
        async with house.client(headers=cookie) as another:
            assert (await another.post("/graphql", json={"query": "{ viewer { name } }"})).json()["data"]["viewer"] is not None
        async with house.client(owner) as another:
            statuses.append((await another.get(made["data"]["exportParcels"]["url"])).status_code)
    assert statuses == [200, *[404] * 5], "a link is good once, in all of them"


@pytest.mark.parametrize("served", ["sqlite"], indirect=True)  # the database has no part in it
async def test_they_are_counted_together(house: Server, metrics_port: int) -> None:
    """Whichever is asked for it, and at the port of their own."""
    async with contextlib.AsyncExitStack() as opened:
        client = await opened.enter_async_context(httpx2.AsyncClient(base_url=f"http://127.0.0.1:{metrics_port}", trust_env=False))
        before = await counts_at(client)
        for _ in range(12):
            await house.ask("{ viewer { name } }")
        for _ in range(4):
            await opened.enter_async_context(house.socket())
        for found in (await until_counted(client, "latchkey_sockets", 4), await counts(house)):
            assert risen(before, found, "latchkey_operations") == {'operation="other",outcome="OK",type="query"': 12}
            assert found["latchkey_sockets", ""] == 4
            assert not any("pid=" in labels for _, labels in found)


@pytest.mark.parametrize("served", ["sqlite"], indirect=True)  # the database has no part in it
async def test_they_are_replaced_in_turn_and_no_request_is_lost(house: Server) -> None:
    """SIGHUP, as `systemctl reload` sends it."""
    before = [pid for pid in started(house) if alive(pid)]
    load = Load(house, await token_of((await a_merchant()).owner))
    async with load.going():
        house.process.send_signal(signal.SIGHUP)
        await until(lambda: not any(map(alive, before)), 120)
        enough = load.answered + 20
        await until(lambda: load.answered >= enough or bool(load.failed), 60)
    assert (load.failed, load.refused) == ([], 0)
    assert house.process.poll() is None


async def test_one_that_dies_before_it_answers_is_not_waited_for() -> None:
    """As long as a slow one is, while no other dead one would be replaced either."""
    worker = Worker(Config("server:served"), [])
    worker.process = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(600,))
    worker.process.start()
    asked = asyncio.create_task(asyncio.to_thread(worker.ping, 120))
    worker.process.kill()
    assert await asyncio.wait_for(asked, 60) is False


@pytest.mark.parametrize("served", ["sqlite"], indirect=True)  # the database has no part in it
async def test_dead_ones_are_replaced_and_none_outlives_the_first(house: Server, metrics_port: int) -> None:
    """The last of this file: nothing answers after it. What the dead were doing counts no more."""
    before = started(house)
    async with house.socket(), httpx2.AsyncClient(base_url=f"http://127.0.0.1:{metrics_port}", trust_env=False) as client:
        await until_counted(client, "latchkey_sockets", 1)
        for pid in filter(alive, before):
            os.kill(pid, signal.SIGKILL)
        await until(lambda: len(started(house)) == len(before) + WORKERS, 120)
        await until_counted(client, "latchkey_sockets", 0)
    assert (await house.ask("{ viewer { name } }"))["data"] == {"viewer": None}
    house.process.kill()
    await until(lambda: not any(alive(pid) for pid in started(house)), 60)
