"""Trusted documents: {"documentId": "sha256:<hex>"} in place of a query, over HTTP and over a WebSocket."""

from __future__ import annotations

import hashlib
from pathlib import Path

import orjson
import pytest

from schema import documents
from schema.build import Schema
from tests.asking import account_id, parcel_id, recorded
from tests.builders import Merchant, a_consent, a_merchant, a_parcel, an_agent
from tests.serving import TRUSTED, Deployment, token_of


@pytest.fixture
async def merchant(deployment: Deployment) -> Merchant:
    return await a_merchant()


def hash_of(text: str) -> str:
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


async def test_a_document_runs_by_its_hash(deployment: Deployment, merchant: Merchant) -> None:
    token, expected = await token_of(merchant.owner), {"data": {"viewer": {"name": "Owner of Bakker Bikes"}}}
    key = deployment.documents["WhoAmI"]
    assert key == hash_of(TRUSTED["WhoAmI"])
    async with deployment.server.client(token) as client:
        for body in ({"documentId": key}, {"documentId": key, "query": ""}, {"documentId": key, "operationName": "WhoAmI", "variables": None}):
            assert (await client.post("/graphql", json=body)).json() == expected
    async with deployment.server.socket(token) as socket:
        for query in ("", None):  # graphql-ws's client can't leave the query out
            await socket.send({"type": "subscribe", "id": "1", "payload": {"documentId": key, "query": query}})
            assert (await socket.next())["payload"] == expected
            await socket.next()


async def test_a_subscription_runs_by_its_hash_over_a_socket_only(deployment: Deployment, merchant: Merchant) -> None:
    token, payload = await token_of(merchant.owner), {"documentId": deployment.documents["Login"], "variables": {"id": account_id(merchant.id)}}
    async with deployment.server.socket(token) as socket:
        await socket.send({"type": "subscribe", "id": "1", "payload": payload})
        assert (await socket.next())["payload"]["data"] == {"agentLoginChanged": {"state": "OFF"}}
    async with deployment.server.client(token) as client:
        assert (await client.post("/graphql", json=payload)).status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"documentId": "sha256:" + "0" * 64}, id="unknown"),
        pytest.param({"documentId": hash_of(TRUSTED["WhoAmI"]).removeprefix("sha256:")}, id="no-prefix"),
        pytest.param({"documentId": hash_of(TRUSTED["WhoAmI"]).upper()}, id="upper-case"),
        pytest.param({"documentId": "WhoAmI"}, id="a-name"),
        pytest.param({"documentId": ""}, id="empty"),
        pytest.param({"documentId": 1}, id="a-number"),
        pytest.param({"documentId": {"sha256": "x"}}, id="an-object"),
        pytest.param({"documentId": hash_of(TRUSTED["WhoAmI"]), "query": "{ viewer { id } }"}, id="with-a-query"),
        pytest.param({"documentId": hash_of(TRUSTED["WhoAmI"]), "query": TRUSTED["WhoAmI"]}, id="with-its-own-query"),
        pytest.param({"documentId": hash_of(TRUSTED["WhoAmI"]), "operationName": "Another"}, id="another-operation"),
    ],
)
async def test_any_other_hash_is_refused(deployed: Deployment, body: dict[str, object]) -> None:
    async with deployed.server.client() as client:
        answer = await client.post("/graphql", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (400, "BAD_USER_INPUT")
    async with deployed.server.socket() as socket:
        await socket.send({"type": "subscribe", "id": "1", "payload": body})
        message = await socket.next()
    assert message["type"] == "error"
    assert message["payload"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_only_their_names_are_in_the_access_log(deployment: Deployment, merchant: Merchant) -> None:
    """The name of any other operation is whatever its sender wrote: perhaps a person's."""
    parcel = await a_parcel(merchant)
    await a_consent(merchant)
    token, variables = await token_of(await an_agent()), {"id": parcel_id(parcel.id)}
    bodies = (
        {"documentId": deployment.documents["Recipients"], "variables": variables},
        {"query": TRUSTED["Recipients"], "variables": variables},
        {"query": TRUSTED["Recipients"].replace("Recipients", "JanBakker"), "variables": variables},
    )
    async with deployment.server.client(token) as client, deployment.server.socket(token) as socket:
        for body in bodies:
            assert (await client.post("/graphql", json=body)).json()["data"]["parcel"]["recipient"] == {"name": "Jan Bakker"}
            await socket.send({"type": "subscribe", "id": "1", "payload": body})
            assert (await socket.next())["payload"]["data"]["parcel"]["recipient"] == {"name": "Jan Bakker"}
            await socket.next()
    names = [event.operation for event in await recorded() if event.parcel_id == parcel.id]
    assert names == ["Recipients"] * 4 + [None] * 2
    assert "JanBakker" not in deployment.said()


# How they are given to the server.


def a_manifest(folder: Path, texts: dict[str, str]) -> Path:
    path = folder / "documents.json"
    path.write_bytes(orjson.dumps(texts))
    return path


def test_a_manifest_is_read(schema: Schema, tmp_path: Path) -> None:
    text = TRUSTED["WhoAmI"]
    found = documents.load(a_manifest(tmp_path, {hash_of(text): text}), schema._schema)
    assert (found.text(hash_of(text)), found.name(text)) == (text, "WhoAmI")
    assert documents.load(a_manifest(tmp_path, {hash_of(text).removeprefix("sha256:"): text}), schema._schema).texts == found.texts


def test_a_folder_is_read_with_those_below_it(schema: Schema, tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "who.graphql").write_text(TRUSTED["WhoAmI"])
    assert set(documents.load(tmp_path, schema._schema).texts) == {hash_of(TRUSTED["WhoAmI"])}


BROKEN = [
    pytest.param({"sha256:0": TRUSTED["WhoAmI"]}, "hash", id="another-hash"),
    pytest.param({hash_of("query A { nothing }"): "query A { nothing }"}, "does not fit", id="does-not-fit"),
    pytest.param({hash_of("{"): "{"}, "not GraphQL", id="no-graphql"),
    pytest.param({hash_of("{ viewer { id } }"): "{ viewer { id } }"}, "with a name", id="no-name"),
    pytest.param(
        {hash_of("query A { viewer { id } } query B { viewer { id } }"): "query A { viewer { id } } query B { viewer { id } }"}, "one", id="two"
    ),
    pytest.param(["query A { viewer { id } }"], "object", id="a-list"),
    pytest.param({"sha256:0": 1}, "hash", id="a-number"),
]


@pytest.mark.parametrize(("texts", "message"), BROKEN)
def test_what_is_no_manifest_stops_the_server(schema: Schema, tmp_path: Path, texts: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        documents.load(a_manifest(tmp_path, texts), schema._schema)
