"""WebSocket /graphql: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md, by the same rules as HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import orjson
import pytest
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from uvicorn import Config
from uvicorn import Server as Uvicorn
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from identity.tokens import end_token
from identity.users import deactivate
from models import database
from schema.build import Schema
from schema.documents import TrustedDocuments
from schema.http import MOST_SUBSCRIPTIONS, Endpoint
from tests.asking import account_id, context_of
from tests.builders import Merchant, a_consent, a_merchant, a_parcel, an_agent
from tests.serving import Deployment, Socket, free_port, session_of, token_of, until

MARK = "Kenmerk7QZ2"
WHO = "{ viewer { name } }"
LOGIN = "subscription ($id: ID!) { agentLoginChanged(accountId: $id) { state } }"


@pytest.fixture
async def merchant(deployment: Deployment) -> Merchant:
    return await a_merchant()


@pytest.fixture
async def token(merchant: Merchant) -> str:
    return await token_of(merchant.owner)


@pytest.fixture
async def socket(deployment: Deployment, token: str) -> AsyncIterator[Socket]:
    """The owner's."""
    async with deployment.server.socket(token) as socket:
        yield socket


def codes(message: dict[str, Any]) -> list[str]:
    errors = message["payload"] if message["type"] == "error" else message["payload"].get("errors", [])
    return [error["extensions"]["code"] for error in errors]


# The protocol.


async def test_a_ping_is_answered_before_and_after_the_acknowledgement(deployment: Deployment, token: str) -> None:
    async with deployment.server.socket(token, init=False) as socket:
        await socket.send({"type": "ping", "payload": {"any": "thing"}})
        assert await socket.next() == {"type": "pong"}
        await socket.send({"type": "connection_init", "payload": {"any": "thing"}})
        assert await socket.next() == {"type": "connection_ack"}
        await socket.send({"type": "pong"})
        await socket.send({"type": "ping"})
        assert await socket.next() == {"type": "pong"}


async def test_an_operation_before_the_acknowledgement_closes_4401(deployment: Deployment, token: str) -> None:
    async with deployment.server.socket(token, init=False) as socket:
        await socket.subscribe("1", WHO)
        assert (await socket.closed())[0] == 4401


async def test_a_second_init_closes_4429(socket: Socket) -> None:
    await socket.send({"type": "connection_init"})
    assert (await socket.closed())[0] == 4429


async def test_no_init_in_time_closes_4408(schema: Schema) -> None:
    """The server waits ten seconds; here the same endpoint a tenth of one."""

    async def context_for(_: object) -> Any:
        return context_of(None)

    endpoint = Endpoint(schema, context_for, TrustedDocuments())
    endpoint.connection_init_wait_timeout = timedelta(seconds=0.1)
    port = free_port()
    server = Uvicorn(
        Config(Starlette(routes=[WebSocketRoute("/graphql", endpoint)]), port=port, log_config=None, lifespan="off", ws="websockets-sansio")
    )
    serving = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    async with connect(f"ws://127.0.0.1:{port}/graphql", subprotocols=[Subprotocol("graphql-transport-ws")], proxy=None) as connection:
        assert (await Socket(connection).closed(5))[0] == 4408
    server.should_exit = True
    await serving


NO_MESSAGES = [
    pytest.param("[]", id="a-list"),
    pytest.param("1", id="a-number"),
    pytest.param('"x"', id="a-text"),
    pytest.param("null", id="null"),
    pytest.param("", id="nothing"),
    pytest.param("{", id="broken-json"),
    pytest.param("[" * 100_000, id="nested-100k-deep"),
    pytest.param('{"type": ' + "1" * 100_000 + "}", id="a-hundred-thousand-digits"),
    pytest.param(b"\x00\xff", id="binary"),
    pytest.param(orjson.dumps({"type": "ping"}), id="binary-json"),
    pytest.param('{"type": "subscribe", "id": "1", "payload": {"query": "\\ud800"}}', id="a-lone-surrogate"),
    pytest.param({}, id="no-type"),
    pytest.param({"type": 1}, id="type-a-number"),
    pytest.param({"type": []}, id="type-a-list"),
    pytest.param({"type": {}}, id="type-an-object"),
    pytest.param({"type": MARK}, id="type-unknown"),
    pytest.param({"type": MARK * 1_000}, id="type-unknown-and-long"),
    pytest.param({"type": "start", "id": "1", "payload": {"query": WHO}}, id="type-of-the-legacy-protocol"),
    pytest.param({"type": "connection_ack"}, id="type-of-the-server"),
    pytest.param({"type": "subscribe"}, id="subscribe-without-all"),
    pytest.param({"type": "subscribe", "id": "1"}, id="subscribe-without-payload"),
    pytest.param({"type": "subscribe", "payload": {"query": WHO}}, id="subscribe-without-id"),
    pytest.param({"type": "subscribe", "id": 1, "payload": {"query": WHO}}, id="subscribe-id-a-number"),
    pytest.param({"type": "subscribe", "id": [], "payload": {"query": WHO}}, id="subscribe-id-a-list"),
    pytest.param({"type": "subscribe", "id": "1", "payload": []}, id="subscribe-payload-a-list"),
    pytest.param({"type": "subscribe", "id": "1", "payload": {"query": 1}}, id="subscribe-query-a-number"),
    pytest.param({"type": "subscribe", "id": "1", "payload": {"query": WHO, "variables": []}}, id="subscribe-variables-a-list"),
    pytest.param({"type": "subscribe", "id": "1", "payload": {"query": WHO, "operationName": 1}}, id="subscribe-operation-name-a-number"),
    pytest.param({"type": "complete"}, id="complete-without-id"),
    pytest.param({"type": "complete", "id": {}}, id="complete-id-an-object"),
]


@pytest.mark.parametrize("message", NO_MESSAGES)
async def test_what_is_no_message_closes_4400_and_only_that_connection(deployment: Deployment, socket: Socket, token: str, message: object) -> None:
    deployment.server.news()
    async with deployment.server.socket(token) as another:
        await socket.send(message)
        code, reason = await socket.closed()
        assert code == 4400
        assert MARK not in reason
        assert (await another.run(WHO))[0]["payload"] == {"data": {"viewer": {"name": "Owner of Bakker Bikes"}}}
    news = deployment.server.news()
    assert "unexpected error" not in news
    assert MARK not in news


async def test_an_init_with_a_payload_that_is_none_closes_4400(deployment: Deployment, token: str) -> None:
    async with deployment.server.socket(token, init=False) as socket:
        await socket.send({"type": "connection_init", "payload": [MARK]})
        assert (await socket.closed())[0] == 4400


@pytest.mark.parametrize("key", ["1", MARK * 100], ids=["short", "long"])
async def test_an_id_in_use_closes_4409(deployment: Deployment, merchant: Merchant, socket: Socket, key: str) -> None:
    for _ in range(2):
        await socket.subscribe(key, LOGIN, {"id": account_id(merchant.id)})
    code, reason = await socket.closed()
    assert code == 4409
    assert MARK not in reason + deployment.server.news()


async def test_an_id_may_be_used_again_when_its_operation_is_over(merchant: Merchant, socket: Socket) -> None:
    for _ in range(2):
        assert [message["type"] for message in await socket.run(WHO, key="1")] == ["next"]
    await socket.subscribe("1", LOGIN, {"id": account_id(merchant.id)})
    assert (await socket.next())["type"] == "next"
    await socket.send({"type": "complete", "id": "1"})
    assert [message["type"] for message in await socket.run(WHO, key="1")] == ["next"]


async def test_a_message_over_a_mebibyte_closes_1009(socket: Socket) -> None:
    await socket.send("{" + " " * 1024 * 1024 + "}")
    assert (await socket.closed())[0] == 1009


async def test_so_many_operations_run_at_once_and_no_more(merchant: Merchant, socket: Socket) -> None:
    for number in range(MOST_SUBSCRIPTIONS + 1):
        await socket.subscribe(str(number), LOGIN, {"id": account_id(merchant.id)})
    messages = [await socket.next() for _ in range(MOST_SUBSCRIPTIONS + 1)]
    refused = [message for message in messages if message["type"] == "error"]
    assert [message["id"] for message in refused] == [str(MOST_SUBSCRIPTIONS)]
    assert codes(refused[0]) == ["RATE_LIMITED"]


# The handshake.


async def refused_with(deployment: Deployment, headers: dict[str, str]) -> int:
    with pytest.raises(InvalidStatus) as refused:
        async with deployment.server.socket(headers=headers, init=False):
            pass
    return refused.value.response.status_code


@pytest.mark.parametrize("protocols", [["graphql-ws"], [MARK], None], ids=["legacy", "unknown", "none"])
async def test_only_graphql_transport_ws_is_spoken(deployment: Deployment, protocols: list[Any] | None) -> None:
    url = deployment.server.url.replace("http", "ws") + "/graphql"
    async with connect(url, subprotocols=protocols, proxy=None) as connection:
        assert connection.subprotocol is None
        assert (await Socket(connection).closed())[0] == 4406


@pytest.mark.parametrize(
    "authorization",
    ["Bearer lk_" + "A" * 43, "Bearer nonsense", "Basic YTpi", f"Bearer {MARK}"],
    ids=["unknown", "malformed", "basic", "marked"],
)
async def test_a_bad_bearer_is_refused_with_401(deployment: Deployment, authorization: str) -> None:
    deployment.server.news()
    assert await refused_with(deployment, {"Authorization": authorization}) == 401
    assert MARK not in deployment.server.news()


@pytest.mark.parametrize("cookie", [False, True], ids=["anonymous", "with-a-cookie"])
@pytest.mark.parametrize("origin", [f"https://{MARK}.example", "null", "http://localhost.evil.example"])
async def test_a_page_of_another_site_is_refused_with_403(deployment: Deployment, origin: str, cookie: bool) -> None:
    deployment.server.news()
    headers = {"Origin": origin} | ({"Cookie": "latchkey=" + "A" * 43} if cookie else {})
    assert await refused_with(deployment, headers) == 403
    assert MARK not in deployment.server.news()


async def test_our_own_page_is_let_in_with_its_cookie(deployment: Deployment, merchant: Merchant) -> None:
    headers = {"Origin": deployment.server.url, "Sec-Fetch-Site": "same-origin", **await session_of(merchant.owner)}
    async with deployment.server.socket(headers=headers) as socket:
        assert (await socket.run(WHO))[0]["payload"]["data"] == {"viewer": {"name": "Owner of Bakker Bikes"}}


async def test_a_socket_to_another_address_is_refused(deployment: Deployment) -> None:
    for path in ("/", "/exports/x.csv", "/nowhere"):
        with pytest.raises(InvalidStatus) as refused:
            async with connect(deployment.server.url.replace("http", "ws") + path, proxy=None):
                pass
        assert refused.value.response.status_code in {403, 404}


# Queries and mutations, by the rules of HTTP.


async def test_a_query_is_answered_once(socket: Socket) -> None:
    assert await socket.run(WHO) == [{"id": "once", "type": "next", "payload": {"data": {"viewer": {"name": "Owner of Bakker Bikes"}}}}]


async def test_nobody_is_nobody(deployment: Deployment) -> None:
    async with deployment.server.socket() as socket:
        messages = await socket.run("{ viewer { name } accounts { totalCount } }")
        assert messages[0]["payload"]["data"] == {"viewer": None, "accounts": None}
        assert codes(messages[0]) == ["UNAUTHENTICATED"]


async def test_what_is_withheld_is_withheld_here_too(deployment: Deployment, merchant: Merchant) -> None:
    await a_parcel(merchant, name=MARK)
    document = "query ($id: ID!) { parcels(accountId: $id) { nodes { recipient { name } disclosure { shown reason } } } }"
    async with deployment.server.socket(await token_of(await an_agent())) as socket:
        payload = (await socket.run(document, {"id": account_id(merchant.id)}))[0]["payload"]
        assert payload["data"]["parcels"]["nodes"] == [{"recipient": {"name": None}, "disclosure": {"shown": False, "reason": "NO_LIVE_CONSENT"}}]
        assert payload["extensions"]["privacy"]["withheld"][0]["field"] == "Recipient.name"
        await a_consent(merchant)
        payload = (await socket.run(document, {"id": account_id(merchant.id)}))[0]["payload"]
        assert payload["data"]["parcels"]["nodes"][0]["recipient"] == {"name": MARK}
        assert payload["extensions"]["privacy"]["disclosed"][0]["basis"] == "CONSENT"


async def test_a_mutation_is_refused_whole_here_too(deployment: Deployment, merchant: Merchant) -> None:
    document = """mutation ($id: ID!) {
      a: updateSettings(input: {accountId: $id, version: 1, locale: "de-DE"}) { account { id } }
      b: grantConsent(input: {accountId: $id, duration: ONE_HOUR}) { account { id } }
    }"""
    await a_consent(merchant)
    async with deployment.server.socket(await token_of(await an_agent())) as socket:
        message = (await socket.run(document, {"id": account_id(merchant.id)}))[0]
    assert message["payload"]["data"] == {"a": None, "b": None}
    assert codes(message) == ["FORBIDDEN", "FORBIDDEN"]
    assert (await database.fetch("SELECT locale FROM account_settings WHERE account_id = :id", id=merchant.id))[0]["locale"] == "nl-NL"


NOT_EXECUTED = [
    pytest.param({"query": ""}, "BAD_USER_INPUT", id="no-query"),
    pytest.param({"query": "{"}, "BAD_USER_INPUT", id="syntax"),
    pytest.param({"query": f'{{ node(id: "{MARK}") {{ nothing }} }}'}, "BAD_USER_INPUT", id="unknown-field"),
    pytest.param({"query": "query ($n: Int) { accounts(first: $n) { totalCount } }", "variables": {"n": MARK}}, "BAD_USER_INPUT", id="variables"),
    pytest.param({"query": "query A { viewer { id } }", "operationName": MARK}, "BAD_USER_INPUT", id="operation-name-unknown"),
    pytest.param({"query": "query A { viewer { id } } query B { viewer { id } }"}, "BAD_USER_INPUT", id="several-none-named"),
    pytest.param({"query": "{ accounts(first: " + "1" * 10_000 + ") { totalCount } }"}, "BAD_USER_INPUT", id="digits"),
    pytest.param({"query": "{ viewer " * 50_000}, "TOO_COMPLEX", id="nested"),
    pytest.param({"query": "{ viewer { " + "name " * 20_000 + "} }"}, "TOO_COMPLEX", id="tokens"),
    pytest.param({"query": "subscription { a: agentLoginChanged { state } b: agentLoginChanged { state } }"}, "BAD_USER_INPUT", id="two-fields"),
    pytest.param({"documentId": f"sha256:{MARK}"}, "BAD_USER_INPUT", id="document-unknown"),
    pytest.param({"documentId": 1}, "BAD_USER_INPUT", id="document-a-number"),
    pytest.param({"query": WHO, "documentId": f"sha256:{MARK}"}, "BAD_USER_INPUT", id="query-and-document"),
]


@pytest.mark.parametrize(("payload", "code"), NOT_EXECUTED)
async def test_what_is_not_executed_is_told_why(deployment: Deployment, socket: Socket, payload: dict[str, Any], code: str) -> None:
    deployment.server.news()
    await socket.send({"type": "subscribe", "id": "1", "payload": payload})
    message = await socket.next()
    assert (message["id"], set(codes(message))) == ("1", {code})
    if message["type"] == "next":  # of variables, as graphql-ws's own server has it
        assert message["payload"]["data"] is None
        assert (await socket.next())["type"] == "complete"
    assert MARK not in str(message) + deployment.server.news()
    assert [message["type"] for message in await socket.run(WHO, key="1")] == ["next"]  # the id is free again


async def test_the_named_operation_runs(socket: Socket) -> None:
    document = "query A { viewer { kind } } subscription B { agentLoginChanged { state } }"
    assert (await socket.run(document, operationName="A"))[0]["payload"]["data"] == {"viewer": {"kind": "MERCHANT"}}
    await socket.subscribe("1", document, operationName="B")
    assert (await socket.next())["payload"]["data"] == {"agentLoginChanged": {"state": "OFF"}}


# Each operation finds out anew who is calling; a running one ends with its session.


async def test_after_sign_out_the_next_operation_is_nobody_s(deployment: Deployment, merchant: Merchant) -> None:
    async with AsyncExitStack() as opened:
        headers = await session_of(merchant.owner)
        browser = await opened.enter_async_context(deployment.server.client(headers=headers))
        socket, elsewhere = [await opened.enter_async_context(each.socket(headers=headers)) for each in (deployment.server, deployment.other)]
        for each in (socket, elsewhere):
            await each.subscribe("running", LOGIN, {"id": account_id(merchant.id)})
            assert (await each.next())["payload"]["data"]["agentLoginChanged"] == {"state": "OFF"}
        assert (await browser.post("/auth/sign-out")).status_code == 204
        for each in (socket, elsewhere):
            ended = await each.next()
            assert codes(ended) == ["UNAUTHENTICATED"]
            assert ended["payload"]["data"] is None
            assert await each.next() == {"id": "running", "type": "complete"}
            assert (await each.run(WHO))[0]["payload"]["data"] == {"viewer": None}


async def test_a_token_that_ended_ends_what_runs_with_it(deployment: Deployment, merchant: Merchant, token: str, socket: Socket) -> None:
    await socket.subscribe("1", LOGIN, {"id": account_id(merchant.id)})
    await socket.next()
    await end_token(token)
    assert codes(await socket.next()) == ["UNAUTHENTICATED"]
    assert (await socket.next())["type"] == "complete"
    assert codes((await socket.run("{ accounts { totalCount } }"))[0]) == ["UNAUTHENTICATED"]


async def test_a_deactivated_agent_is_cut_off(deployment: Deployment, merchant: Merchant) -> None:
    agent = await an_agent()
    async with deployment.server.socket(await token_of(agent)) as socket:
        await socket.subscribe("all", "subscription { agentLoginChanged { state } }")
        await socket.subscribe("one", LOGIN, {"id": account_id(merchant.id)})
        await socket.subscribe("claims", "subscription { claimChanged { id } }")
        assert (await socket.next())["id"] == "one"
        await deactivate(agent.id)
        messages = [await socket.next() for _ in range(6)]
    assert {message["id"] for message in messages if codes_of(message) == ["UNAUTHENTICATED"]} == {"all", "one", "claims"}
    assert {message["id"] for message in messages if message["type"] == "complete"} == {"all", "one", "claims"}


def codes_of(message: dict[str, Any]) -> list[str]:
    return codes(message) if message["type"] in {"next", "error"} else []


async def test_a_lowered_role_counts_at_the_next_operation(deployment: Deployment, merchant: Merchant, socket: Socket) -> None:
    grant = "mutation ($id: ID!) { grantConsent(input: {accountId: $id, duration: ONE_HOUR}) { consent { state } } }"
    assert (await socket.run(grant, {"id": account_id(merchant.id)}))[0]["payload"]["data"]["grantConsent"] == {"consent": {"state": "ACTIVE"}}
    await database.execute("UPDATE users SET role = 'MEMBER' WHERE id = :id", id=merchant.owner.id)
    assert codes((await socket.run(grant, {"id": account_id(merchant.id)}))[0]) == ["FORBIDDEN"]
