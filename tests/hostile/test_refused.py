"""What could keep the server busy is refused before it costs anything: TOO_COMPLEX, little text, and the others are answered meanwhile."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from models.database import close_database, open_database
from tests.builders import a_merchant
from tests.hostile.documents import HOSTILE, WRONG
from tests.serving import Deployment, token_of

MOST_BYTES = 64 * 1024
#: Measured by benchmarks/hostile.py, all take less than a tenth of a second; a test may run beside many others.
PATIENCE_SECONDS = 5.0
TYPES = ("application/json", "application/graphql-response+json")


@pytest.fixture(scope="module")
async def token(deployed: Deployment) -> str:
    """An owner's."""
    await open_database(deployed.database_url)
    token = await token_of((await a_merchant()).owner)
    await close_database()
    return token


@pytest.fixture(scope="module")
async def client(deployed: Deployment, token: str) -> AsyncIterator[httpx2.AsyncClient]:
    async with deployed.server.client(token) as client:
        yield client


def codes(body: dict[str, Any]) -> set[str]:
    return {error["extensions"]["code"] for error in body["errors"]}


@pytest.mark.parametrize("name", HOSTILE)
async def test_it_is_refused_over_http(client: httpx2.AsyncClient, name: str) -> None:
    for accept, status in zip(TYPES, (200, 400), strict=True):
        started = time.monotonic()
        answer = await client.post("/graphql", json=HOSTILE[name], headers={"accept": accept})
        assert time.monotonic() - started < PATIENCE_SECONDS
        assert (answer.status_code, set(answer.json()), codes(answer.json())) == (status, {"errors"}, {"TOO_COMPLEX"})
        assert len(answer.content) < MOST_BYTES


async def test_each_is_refused_over_a_websocket_that_stays_open(deployed: Deployment, token: str) -> None:
    async with deployed.server.socket(token) as socket:
        for name, body in HOSTILE.items():
            await socket.send({"type": "subscribe", "id": name, "payload": body})
            message = await socket.next(PATIENCE_SECONDS)
            errors = message["payload"]["errors"] if message["type"] == "next" else message["payload"]
            assert (message["id"], {error["extensions"]["code"] for error in errors}) == (name, {"TOO_COMPLEX"})
            assert len(str(message)) < MOST_BYTES
            if message["type"] == "next":
                assert (message["payload"]["data"], (await socket.next())["type"]) == (None, "complete")


async def test_others_are_answered_meanwhile(deployed: Deployment, client: httpx2.AsyncClient) -> None:
    async def ask_all() -> None:
        await asyncio.gather(*(client.post("/graphql", json=body) for body in HOSTILE.values()))

    async with deployed.server.client() as other:
        storm = asyncio.create_task(ask_all())
        while not storm.done():
            started = time.monotonic()
            assert (await other.get("/healthz")).status_code == 200
            assert (await other.post("/graphql", json={"query": "{ viewer { id } }"})).json() == {"data": {"viewer": None}}
            assert time.monotonic() - started < PATIENCE_SECONDS
        await storm


@pytest.mark.parametrize("name", WRONG)
async def test_what_is_wrong_in_many_places_is_answered_shortly(client: httpx2.AsyncClient, name: str) -> None:
    started = time.monotonic()
    answer = await client.post("/graphql", json=WRONG[name])
    assert time.monotonic() - started < PATIENCE_SECONDS
    assert codes(answer.json()) <= {"BAD_USER_INPUT", "TOO_COMPLEX"}
    assert len(answer.content) < MOST_BYTES
