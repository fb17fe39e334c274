"""How long an operation may take, and how many of one caller may run at once: whoever is over it waits, and nobody else does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import pytest

from models import database
from models.database import close_database, open_database
from schema.running import Running, TooManyRunning
from tests.asking import account_id
from tests.builders import a_merchant
from tests.databases import Postgres
from tests.serving import PATIENCE_SECONDS, Server, serving, token_of

WHO = "{ viewer { id } }"
GRANT = "mutation ($id: ID!) { grantConsent(input: {accountId: $id, duration: ONE_HOUR}) { consent { state } } }"
LOGIN = "subscription ($id: ID!) { agentLoginChanged(accountId: $id) { state } }"


@pytest.fixture
async def url(postgres: Postgres, migrated: dict[str, str]) -> AsyncIterator[str]:
    made = await postgres.create_database(template=migrated["postgres"])
    await open_database(made)
    yield made
    await close_database()
    await postgres.drop_database(made)


@asynccontextmanager
async def accounts_locked(url: str) -> AsyncIterator[None]:
    """Whoever wants to write to an account waits."""
    connection = await asyncpg.connect(url)
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute("SELECT 1 FROM accounts FOR UPDATE")
    try:
        yield
    finally:
        await transaction.rollback()
        await connection.close()


def codes(answer: httpx2.Response) -> list[str]:
    return [error["extensions"]["code"] for error in answer.json().get("errors", [])]


async def consents() -> int:
    return len(await database.fetch("SELECT id FROM consents"))


async def post(client: httpx2.AsyncClient, document: str, variables: dict[str, Any] | None = None) -> httpx2.Response:
    return await client.post("/graphql", json={"query": document, "variables": variables})


async def post_until_it_runs(client: httpx2.AsyncClient, document: str, variables: dict[str, Any]) -> httpx2.Response:
    """The first answer that is no refusal for the limit: another operation of the caller may have been there first."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (answer := await post(client, document, variables)).status_code == 429:
            pass
        return answer


async def test_an_operation_that_takes_too_long_is_stopped_and_leaves_nothing(url: str, tmp_path: Path) -> None:
    merchant = await a_merchant()
    server = Server(url, tmp_path, operation_seconds="0.5")
    async with serving(server), server.client(await token_of(merchant.owner)) as client, server.socket(await token_of(merchant.owner)) as socket:
        async with accounts_locked(url):
            answer = await post(client, GRANT, {"id": account_id(merchant.id)})
            assert (answer.status_code, answer.json().get("data"), codes(answer)) == (200, None, ["TOO_COMPLEX"])
            assert "0.5 s" in answer.json()["errors"][0]["message"]
            message = (await socket.run(GRANT, {"id": account_id(merchant.id)}))[0]
            assert message["payload"]["errors"][0]["extensions"] == {"code": "TOO_COMPLEX"}
            assert codes(await post(client, WHO)) == []
        assert await consents() == 0
        assert (await post(client, GRANT, {"id": account_id(merchant.id)})).json()["data"]["grantConsent"]["consent"] == {"state": "ACTIVE"}
        assert await consents() == 1


async def test_a_caller_at_their_limit_is_told_to_try_again_and_others_are_answered(url: str, tmp_path: Path) -> None:
    merchant, other = await a_merchant(), await a_merchant()
    token = await token_of(merchant.owner)
    server = Server(url, tmp_path, operations_at_once="2")
    async with serving(server), server.client(token) as client, server.socket(token) as socket, server.client(await token_of(other.owner)) as others:
        async with accounts_locked(url):
            waiting = [asyncio.create_task(post_until_it_runs(client, GRANT, {"id": account_id(merchant.id)})) for _ in range(2)]
            async with asyncio.timeout(PATIENCE_SECONDS):
                while codes(refused := await post(client, "{ accounts { totalCount } }")) == []:
                    pass  # the two may not have come that far
            assert (refused.status_code, codes(refused), refused.headers["retry-after"]) == (429, ["RATE_LIMITED"], "1")
            assert "data" not in refused.json()
            message = (await socket.run("{ accounts { totalCount } }"))[0]
            assert "RATE_LIMITED" in str(message)
            assert codes(await post(others, "{ accounts { totalCount } }")) == []
        await asyncio.gather(*waiting)
        assert codes(await post(client, "{ accounts { totalCount } }")) == []


async def test_sockets_of_one_caller_share_a_limit_of_what_runs_on_them(url: str, tmp_path: Path) -> None:
    merchant, other = await a_merchant(), await a_merchant()
    token, variables = await token_of(merchant.owner), {"id": account_id(merchant.id)}
    server = Server(url, tmp_path, subscriptions_at_once="2")
    async with serving(server), server.socket(token) as one, server.socket(token) as two, server.socket(await token_of(other.owner)) as others:
        for socket in (one, two):
            await socket.subscribe("1", LOGIN, variables)
            assert (await socket.next())["type"] == "next"
        refused = (await two.run(LOGIN, variables, key="2"))[0]
        assert (refused["type"], refused["payload"][0]["extensions"]) == ("error", {"code": "RATE_LIMITED"})
        assert (await others.run(WHO))[0]["type"] == "next"
        await one.send({"type": "complete", "id": "1"})
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (await two.run(WHO, key="2"))[0]["type"] == "error":
                pass  # the first may not have ended yet


def test_what_ended_is_counted_no_more() -> None:
    running = Running(2)
    with running.one("a"), running.one("a"), running.one("b"):
        with pytest.raises(TooManyRunning):
            running.begin("a")
        assert running.counts == {"a": 2, "b": 1}
    assert running.counts == {}
