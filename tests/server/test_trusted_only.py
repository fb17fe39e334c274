"""In production browsers run trusted documents and no others, over HTTP and over a WebSocket. API clients run what they like, or those too."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import pytest
from graphql import OperationDefinitionNode, OperationType, parse

from models.database import close_database, open_database
from tests.builders import Merchant, a_merchant, an_agent
from tests.serving import HERE, TRUSTED, Server, serving, session_of, token_of

MANIFEST = HERE / "web" / "dist" / "documents.json"
ANY = "{ viewer { name } }"
REFUSED = {"message": "Only trusted documents are run here: send the documentId of one", "extensions": {"code": "BAD_USER_INPUT"}}


@dataclass(frozen=True)
class House:
    """Two servers in production, of which the second gives bearer tokens trusted documents only; and who calls them, by the headers they send."""

    server: Server
    strict: Server
    merchant: Merchant
    callers: Mapping[str, Mapping[str, str]]


@pytest.fixture(scope="module")
async def house(migrated: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder = tmp_path_factory.mktemp("trusted_only")
    url = f"sqlite://{shutil.copyfile(migrated['sqlite'].removeprefix('sqlite://'), folder / 'production.sqlite3')}"
    (folder / "trusted").mkdir()
    (folder / "trusted" / "who.graphql").write_text(TRUSTED["WhoAmI"])
    production = {"environment": "production", "allowed_hosts": "127.0.0.1", "trusted_documents": str(folder / "trusted")}
    server, strict = Server(url, folder, **production), Server(url, folder, **production, bearer_documents="trusted")
    await open_database(url)
    merchant = await a_merchant()
    callers = {
        "merchant": await session_of(merchant.owner, secure=True),
        "agent": await session_of(await an_agent(), secure=True),
        "nobody": {},
        "token": {"Authorization": f"Bearer {await token_of(merchant.owner)}"},
    }
    async with serving(server, strict):
        yield House(server, strict, merchant, callers)
    await close_database()


def id_of(text: str) -> str:
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


async def over_http(server: Server, headers: Mapping[str, str], body: dict[str, Any]) -> dict[str, Any]:
    async with server.client(headers=headers) as client:
        answer = await client.post("/graphql", json=body)
        assert answer.status_code in {200, 400}
        found: dict[str, Any] = answer.json()
        return found


async def over_a_socket(server: Server, headers: Mapping[str, str], body: dict[str, Any]) -> dict[str, Any]:
    async with server.socket(headers=headers) as socket:
        await socket.send({"type": "subscribe", "id": "1", "payload": body})
        message = await socket.next()
    found: dict[str, Any] = message["payload"] if message["type"] == "next" else {"errors": message["payload"]}
    return found


DOORS = pytest.mark.parametrize("door", [over_http, over_a_socket])


@DOORS
@pytest.mark.parametrize("who", ["merchant", "agent", "nobody"])
async def test_a_browser_runs_no_other_document(house: House, door: Any, who: str) -> None:
    for text in (ANY, TRUSTED["WhoAmI"] + " ", TRUSTED["WhoAmI"].replace("WhoAmI", "Whoami"), "{ nothing }", "{"):
        assert await door(house.server, house.callers[who], {"query": text}) == {"errors": [REFUSED]}


@DOORS
@pytest.mark.parametrize("who", ["merchant", "agent", "nobody", "token"])
async def test_everybody_runs_trusted_ones_by_id_or_as_their_very_text(house: House, door: Any, who: str) -> None:
    for server in (house.server, house.strict):
        answers = [await door(server, house.callers[who], body) for body in ({"documentId": id_of(TRUSTED["WhoAmI"])}, {"query": TRUSTED["WhoAmI"]})]
        assert ["errors" in answer for answer in answers] == [False, False]


@DOORS
async def test_a_token_runs_any_unless_it_is_said_otherwise(house: House, door: Any) -> None:
    assert await door(house.server, house.callers["token"], {"query": ANY}) == {"data": {"viewer": {"name": "Owner of Bakker Bikes"}}}
    assert await door(house.strict, house.callers["token"], {"query": ANY}) == {"errors": [REFUSED]}


def documents() -> dict[str, str]:
    """Those of the built web apps."""
    if not MANIFEST.is_file():
        if os.environ.get("CI"):
            pytest.fail("the web apps are not built: make web")
        pytest.skip("the web apps are not built: make web")
    found: dict[str, str] = orjson.loads(MANIFEST.read_bytes())
    return found


async def test_every_document_of_the_web_apps_is_run(house: House) -> None:
    """What they are refused for without their variables, or as another kind of caller, is not that they are not trusted."""
    texts = documents()
    assert len(texts) > 30
    assert {operation_of(text) for text in texts.values()} == set(OperationType)
    for who in ("merchant", "agent"):
        headers = house.callers[who]
        for document_id, text in texts.items():
            if operation_of(text) is not OperationType.SUBSCRIPTION:
                assert is_run(await over_http(house.server, headers, {"documentId": document_id}))
        async with house.server.socket(headers=headers) as socket:
            for document_id in texts:
                await socket.send({"type": "subscribe", "id": document_id, "payload": {"documentId": document_id}})
            await socket.subscribe("last", TRUSTED["WhoAmI"])
            while (message := await socket.next())["id"] != "last":
                if message["type"] != "complete":  # a subscription may be silent: what it is refused for is told at once
                    assert is_run(message["payload"] if message["type"] == "next" else {"errors": message["payload"]})


def operation_of(text: str) -> OperationType:
    return next(each.operation for each in parse(text).definitions if isinstance(each, OperationDefinitionNode))


def is_run(answer: Mapping[str, Any]) -> bool:
    return not any("trusted" in error["message"] or "documentId" in error["message"] for error in answer.get("errors", []))
