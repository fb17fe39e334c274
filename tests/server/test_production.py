"""A server as in production, from its first line to its last: JSON logs, nothing of development, and stopped in time."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import demo
from identity import passwords
from models import database
from models.database import close_database, open_database
from service.stopping import GRACE_SECONDS, LINGER_SECONDS
from tests.asking import account_id, parcel_id
from tests.builders import Merchant, a_merchant, a_parcel
from tests.serving import PASSWORD, TRUSTED, DidNotStart, Server, serving, token_of, with_password

MARK = "Kenmerk7QZ4Kenmerk"


@dataclass(frozen=True)
class House:
    """The server, and a merchant with a marked parcel, a token and a password."""

    server: Server
    merchant: Merchant
    parcel: str
    token: str
    email: str


@pytest.fixture(scope="module")
async def house(migrated: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder = tmp_path_factory.mktemp("production")
    url = f"sqlite://{shutil.copyfile(migrated['sqlite'].removeprefix('sqlite://'), folder / 'production.sqlite3')}"
    (folder / "who.graphql").write_text(TRUSTED["WhoAmI"])
    production = {"environment": "production", "allowed_hosts": "127.0.0.1", "trusted_documents": str(folder)}
    started = Server(url, folder, **production, log_level="debug", metrics_token=MARK)
    await open_database(url)
    merchant = await a_merchant()
    parcel = await a_parcel(merchant, name=MARK)
    token, email = await token_of(merchant.owner), await with_password(merchant.owner)
    await close_database()
    async with serving(started):
        yield House(started, merchant, parcel_id(parcel.id), token, email)


async def test_lines_are_json_and_debug_tells_no_more(house: House) -> None:
    house.server.news()
    assert MARK in str(await house.server.ask("query ($id: ID!) { parcel(id: $id) { recipient { name } } }", {"id": house.parcel}, token=house.token))
    async with house.server.client(MARK) as client:
        assert (await client.get("/metrics")).status_code == 200
    lines = [line for line in house.server.news().splitlines() if "/readyz" not in line]  # the last of those may come late
    assert len(lines) == 2
    of_request = {"event", "level", "timestamp", "method", "ms", "request_id", "route", "status"}
    of_operation = {"user", "kind", "type", "operation", "cost", "codes", "shown", "withheld"}
    assert [set(json.loads(line)) for line in lines] == [of_request | of_operation, of_request]
    for line in lines:
        assert MARK not in line
        assert house.token not in line


async def test_there_is_nothing_of_development(house: House) -> None:
    async with house.server.client() as client:
        assert (await client.get("/graphql", headers={"accept": "text/html, */*;q=0.8"})).status_code == 405
        for path in ("/graphiql/index.html", "/metrics"):
            assert (await client.get(path)).status_code == 404
        assert (await client.get("/healthz", headers={"host": "localhost"})).status_code == 400


async def test_its_cookie_is_for_tls_only(house: House) -> None:
    async with house.server.signed_in(house.email) as browser:
        (cookie,) = browser.cookies.jar
        assert (cookie.name, cookie.secure) == ("__Host-latchkey", True)
        assert (await browser.post("/graphql", json={"query": TRUSTED["WhoAmI"]})).json() == {"data": {"viewer": None}}  # this is not TLS


async def test_it_stops_in_time_with_sockets_open_and_a_subscription_running(house: House) -> None:
    """Nothing asks this server after it."""
    async with house.server.socket(house.token) as running, house.server.socket(house.token) as idle, house.server.socket(init=False) as silent:
        document = "subscription ($id: ID!) { agentLoginChanged(accountId: $id) { state } }"
        await running.subscribe("1", document, {"id": account_id(house.merchant.id)})
        assert (await running.next())["type"] == "next"
        started = time.monotonic()
        house.server.process.terminate()
        for socket in (running, idle, silent):
            assert (await socket.closed())[0] == 1012  # service restart: connect elsewhere
        await asyncio.to_thread(house.server.process.wait, 20)
        assert time.monotonic() - started < 10
    assert LINGER_SECONDS + GRACE_SECONDS < 10  # for a request that never ends
    assert house.server.process.returncode == 0
    for line in house.server.said().splitlines():
        assert {"event", "level", "timestamp"} <= set(json.loads(line))  # those of libraries too
    assert "Traceback" not in house.server.said()
    assert "unexpected error" not in house.server.said()


@pytest.mark.parametrize("parcels", [None, 1], ids=["the-demo", "one-to-measure"])
async def test_it_does_not_start_with_demo_data(migrated: dict[str, str], tmp_path: Path, parcels: int | None) -> None:
    url = f"sqlite://{shutil.copyfile(migrated['sqlite'].removeprefix('sqlite://'), tmp_path / 'demo.sqlite3')}"
    await open_database(url)
    hashed = await passwords.hash_new(PASSWORD)

    async def known(_: str) -> str:
        return hashed

    await (demo.fill(known) if parcels is None else demo.fill_for_measuring(parcels, 1, known))
    await database.execute("UPDATE users SET deactivated_at = {now}")
    await close_database()
    with pytest.raises(DidNotStart, match="the database holds demo data"):
        await Server(url, tmp_path, environment="production", allowed_hosts="127.0.0.1").ready()
