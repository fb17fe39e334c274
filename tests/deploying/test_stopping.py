"""A server that is told to stop: who asked is answered, sockets are told to connect elsewhere, and it ends with 0."""

from __future__ import annotations

import asyncio
import shutil
import signal
from pathlib import Path

import httpx2
import pytest

from models.database import close_database, open_database
from tests.asking import account_id
from tests.builders import a_merchant, a_parcel
from tests.deploying.load import Load
from tests.serving import Server, serving, token_of, until

EXPORT = "mutation ($id: ID!) { exportParcels(input: {accountId: $id}) { url } }"
LOGIN = "subscription ($id: ID!) { agentLoginChanged(accountId: $id) { state } }"


# How many processes there are and which database it is have nothing to do with each other: each is tried once.
@pytest.mark.parametrize(("database_url", "workers"), [("sqlite", "1"), ("postgres", "2")], indirect=["database_url"])
async def test_every_request_that_was_let_in_is_answered(database_url: str, tmp_path: Path, workers: str) -> None:
    server = Server(database_url, tmp_path, workers=workers)
    await open_database(database_url)
    merchant = await a_merchant()
    token = await token_of(merchant.owner)
    for _ in range(5):
        await a_parcel(merchant)
    await close_database()
    load = Load(server, token)
    async with serving(server), server.socket(token) as socket, server.client(token) as client:
        account = {"id": account_id(merchant.id)}
        await socket.subscribe("1", LOGIN, account)
        assert (await socket.next())["type"] == "next"
        url = (await server.ask(EXPORT, account, token=token))["data"]["exportParcels"]["url"]
        async with load.going():
            await until(lambda: load.answered > 20)
            async with client.stream("GET", url) as export:
                server.process.send_signal(signal.SIGTERM)
                assert len((await export.aread()).decode().splitlines()) == 6
            assert (await socket.closed())[0] == 1012
            await until(lambda: load.refused > 10)
            await asyncio.to_thread(server.process.wait, 20)
        assert load.failed == []
        assert server.process.returncode == 0
        assert "Traceback" not in server.said()


async def test_it_is_not_ready_while_it_still_takes_requests(migrated: dict[str, str], tmp_path: Path) -> None:
    """What a load balancer goes by: for `drain_seconds` whoever comes all the same is served."""
    copy = shutil.copyfile(migrated["sqlite"].removeprefix("sqlite://"), tmp_path / "latchkey.sqlite3")
    server = Server(f"sqlite://{copy}", tmp_path, drain_seconds="5")
    async with serving(server):
        server.process.send_signal(signal.SIGTERM)
        found = []
        while server.process.poll() is None:
            try:
                async with server.client() as client:
                    found.append(((await client.get("/readyz")).status_code, (await client.get("/healthz")).status_code))
            except httpx2.HTTPError:
                break
        assert (503, 200) in found
        assert all(ready == 503 for ready, _ in found[1:])  # the first may come before the signal
        assert await asyncio.to_thread(server.process.wait, 30) == 0
