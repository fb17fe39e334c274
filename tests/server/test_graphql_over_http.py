"""POST /graphql, as GraphQL over HTTP has it: https://graphql.github.io/graphql-over-http/draft/"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import orjson
import pytest

from models.database import close_database, open_database
from server import application
from settings import Environment, Settings
from tests.builders import a_merchant
from tests.serving import Deployment, token_of

JSON = "application/json"
RESPONSE = "application/graphql-response+json"
WHO = "{ viewer { name } }"


@pytest.fixture(scope="module")
async def client(deployed: Deployment) -> AsyncIterator[httpx2.AsyncClient]:
    """Somebody with a token."""
    await open_database(deployed.database_url)
    token = await token_of((await a_merchant("Fietsen BV")).owner)
    await close_database()
    async with deployed.server.client(token) as client:
        yield client


async def ask(client: httpx2.AsyncClient, body: Any, **headers: str) -> httpx2.Response:
    return await client.post("/graphql", content=orjson.dumps(body), headers={"content-type": JSON, **headers})


def media_type(answer: httpx2.Response) -> str:
    return answer.headers["content-type"].split(";")[0]


ACCEPTED = [
    pytest.param("", JSON, id="nothing-said"),
    pytest.param("*/*", JSON, id="anything"),
    pytest.param("application/*", JSON, id="any-application"),
    pytest.param(JSON, JSON, id="json"),
    pytest.param("APPLICATION/JSON; charset=utf-8", JSON, id="json-with-parameters"),
    pytest.param(RESPONSE, RESPONSE, id="response"),
    pytest.param(f"{RESPONSE}; charset=utf-8, {JSON}; charset=utf-8", JSON, id="both-alike"),
    pytest.param(f"{RESPONSE}, {JSON};q=0.9", RESPONSE, id="response-rather"),
    pytest.param(f"{JSON};q=0.9, {RESPONSE}", RESPONSE, id="response-rather-said-last"),
    pytest.param(f"{RESPONSE};q=0.5, {JSON};q=0.8", JSON, id="json-rather"),
    pytest.param(f"{RESPONSE}, */*;q=0.1", RESPONSE, id="response-or-anything"),
    pytest.param(f"{JSON};q=0, */*", RESPONSE, id="anything-but-json"),
    pytest.param(f"{RESPONSE};q=0, */*", JSON, id="anything-but-response"),
    pytest.param(f"text/event-stream, multipart/mixed;q=0.9, {JSON};q=0.1", JSON, id="json-at-last"),
    pytest.param(f"{JSON};q=nonsense, {RESPONSE};q=0.1", RESPONSE, id="a-weight-that-is-none"),
]


@pytest.mark.parametrize(("accept", "expected"), ACCEPTED)
async def test_the_answer_is_of_the_type_that_is_preferred(client: httpx2.AsyncClient, accept: str, expected: str) -> None:
    answer = await ask(client, {"query": WHO}, accept=accept)
    assert (answer.status_code, answer.headers["content-type"]) == (200, f"{expected}; charset=utf-8")
    assert answer.json() == {"data": {"viewer": {"name": "Owner of Fietsen BV"}}}
    assert "Accept" in answer.headers["vary"]


@pytest.mark.parametrize(
    "accept", ["text/html", "text/event-stream", f"{JSON};q=0", f"{JSON};q=0, {RESPONSE};q=0, */*;q=0", "multipart/mixed", "nonsense"]
)
async def test_what_accepts_neither_type_gets_406(client: httpx2.AsyncClient, accept: str) -> None:
    answer = await ask(client, {"query": WHO}, accept=accept)
    assert answer.status_code == 406
    assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert "data" not in answer.json()


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_only_post_is_served(client: httpx2.AsyncClient, method: str) -> None:
    answer = await client.request(method, "/graphql", params={"query": WHO})
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert "Owner of" not in answer.text


async def test_a_mutation_by_get_does_nothing(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/graphql", params={"query": 'mutation { revokeConsent(input: {accountId: "x"}) { account { id } } }'})
    assert answer.status_code == 405


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/graphql", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonx", ""],
)
async def test_the_content_type_has_to_be_json(client: httpx2.AsyncClient, content_type: str) -> None:
    answer = await client.post("/graphql", content=orjson.dumps({"query": WHO}), headers={"content-type": content_type})
    assert answer.status_code == 415
    assert "data" not in answer.json()


async def test_a_charset_may_be_said(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/graphql", content=orjson.dumps({"query": WHO}), headers={"content-type": "Application/JSON; charset=utf-8"})
    assert answer.status_code == 200


# The requests the draft's audits make. `data` is there only once execution began; then the status is 200.
NOT_EXECUTED = [
    pytest.param({"query": "{"}, id="syntax"),
    pytest.param({"query": "{ nothing }"}, id="unknown-field"),
    pytest.param({"query": "{ viewer }"}, id="no-selection"),
    pytest.param({"query": "{ viewer { name ...None } }"}, id="unknown-fragment"),
    pytest.param({"query": "query ($id: ID!) { account(id: $id) { id } }"}, id="a-variable-left-out"),
    pytest.param({"query": "query ($n: Int) { accounts(first: $n) { totalCount } }", "variables": {"n": "x"}}, id="a-variable-of-another-type"),
    pytest.param({"query": "query A { viewer { id } } query B { viewer { id } }"}, id="several-operations-none-named"),
    pytest.param({"query": "{ viewer { id } } { viewer { id } }"}, id="two-anonymous"),
]


@pytest.mark.parametrize("body", NOT_EXECUTED)
async def test_what_is_not_executed_has_no_data(client: httpx2.AsyncClient, body: dict[str, Any]) -> None:
    for accept, status in ((JSON, 200), (RESPONSE, 400)):
        answer = await ask(client, body, accept=accept)
        assert (answer.status_code, media_type(answer)) == (status, accept)
        assert set(answer.json()) == {"errors"}
        assert {error["extensions"]["code"] for error in answer.json()["errors"]} == {"BAD_USER_INPUT"}


async def test_an_error_of_a_field_is_a_200_with_data(client: httpx2.AsyncClient) -> None:
    for accept in (JSON, RESPONSE):
        answer = await ask(client, {"query": '{ viewer { name } account(id: "x") { id } }'}, accept=accept)
        assert answer.status_code == 200
        assert answer.json()["data"] == {"viewer": {"name": "Owner of Fietsen BV"}, "account": None}
        assert answer.json()["errors"][0]["path"] == ["account"]


NOT_A_REQUEST = [
    pytest.param({}, id="nothing"),
    pytest.param({"query": None}, id="query-null"),
    pytest.param({"query": ""}, id="query-empty"),
    pytest.param({"query": " \n"}, id="query-blank"),
    pytest.param({"query": 1}, id="query-a-number"),
    pytest.param({"query": [WHO]}, id="query-a-list"),
    pytest.param({"query": WHO, "variables": []}, id="variables-a-list"),
    pytest.param({"query": WHO, "variables": "{}"}, id="variables-a-text"),
    pytest.param({"query": WHO, "extensions": "{}"}, id="extensions-a-text"),
    pytest.param({"query": WHO, "extensions": []}, id="extensions-a-list"),
    pytest.param({"query": WHO, "operationName": 1}, id="operation-name-a-number"),
    pytest.param({"query": "query A { viewer { id } }", "operationName": "B"}, id="operation-name-unknown"),
    pytest.param({"query": "fragment F on Viewer { id }"}, id="no-operation"),
    pytest.param({"documentId": "sha256:0"}, id="document-unknown"),
    pytest.param({"documentId": 1}, id="document-a-number"),
    pytest.param({"documentId": ["x"]}, id="document-a-list"),
    pytest.param({"query": WHO, "documentId": "sha256:0"}, id="query-and-document"),
    pytest.param({"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "0"}}}, id="another-protocol-s-documents"),
]


@pytest.mark.parametrize("body", NOT_A_REQUEST)
async def test_what_is_no_request_gets_400(client: httpx2.AsyncClient, body: Any) -> None:
    for accept in (JSON, RESPONSE):
        answer = await ask(client, body, accept=accept)
        assert (answer.status_code, media_type(answer)) == (400, accept)
        assert set(answer.json()) == {"errors"}
        assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize("batch", [[], [{"query": WHO}], [{"query": WHO}] * 1_000], ids=["of-none", "of-one", "of-many"])
async def test_a_batch_is_too_complex(client: httpx2.AsyncClient, batch: Any) -> None:
    for accept in (JSON, RESPONSE):
        answer = await ask(client, batch, accept=accept)
        assert (answer.status_code, media_type(answer)) == (400, accept)
        assert answer.json() == {"errors": [{"message": "A request is one operation; batches are not served", "extensions": {"code": "TOO_COMPLEX"}}]}


@pytest.mark.parametrize("more", [{"variables": None}, {"operationName": None}, {"extensions": {"a": 1}}, {"unknown": True}, {"documentId": None}])
async def test_what_may_be_null_or_is_unknown_is_passed_over(client: httpx2.AsyncClient, more: dict[str, Any]) -> None:
    assert (await ask(client, {"query": WHO, **more})).json() == {"data": {"viewer": {"name": "Owner of Fietsen BV"}}}


async def test_the_named_operation_runs(client: httpx2.AsyncClient) -> None:
    document = "query A { viewer { kind } } query B { viewer { name } }"
    assert (await ask(client, {"query": document, "operationName": "B"})).json()["data"] == {"viewer": {"name": "Owner of Fietsen BV"}}
    assert (await ask(client, {"query": document, "operationName": "A"})).json()["data"] == {"viewer": {"kind": "MERCHANT"}}


async def test_a_subscription_is_refused(client: httpx2.AsyncClient) -> None:
    for accept in (JSON, RESPONSE, f"text/event-stream, {JSON};q=0.1", f"multipart/mixed;subscriptionSpec=1.0, {JSON}"):
        answer = await ask(client, {"query": "subscription { agentLoginChanged { state } }"}, accept=accept)
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["message"] == "Subscriptions are served over a WebSocket"


async def test_an_anonymous_caller_is_answered_as_nobody(deployed: Deployment) -> None:
    answer = await deployed.server.ask("{ viewer { name } accounts { totalCount } }")
    assert answer["data"] == {"viewer": None, "accounts": None}
    assert answer["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED", "reason": "NOT_SIGNED_IN", "action": "VIEW_SETTINGS"}


@pytest.mark.parametrize(
    ("environment", "accept", "status", "type_"),
    [
        pytest.param(Environment.DEVELOPMENT, "text/html,*/*;q=0.8", {200, 503}, "text/", id="a-browser-in-development"),
        pytest.param(Environment.DEVELOPMENT, "*/*", {405}, "application/json", id="no-browser"),
        pytest.param(Environment.DEVELOPMENT, JSON, {405}, "application/json", id="json"),
        pytest.param(Environment.PRODUCTION, "text/html,*/*;q=0.8", {405}, "application/json", id="a-browser-in-production"),
    ],
)
async def test_graphiql_is_for_browsers_in_development(
    deployed: Deployment, environment: Environment, accept: str, status: set[int], type_: str
) -> None:
    app = application(Settings(environment=environment, allowed_hosts="latchkey.example", database_url=deployed.database_url))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://latchkey.example") as client:
        answer = await client.get("/graphql", headers={"accept": accept})
    assert answer.status_code in status  # 503 where it is not built: it takes a network
    assert answer.headers["content-type"].startswith(type_)
    if type_ == "text/":
        assert "'unsafe-eval'" not in answer.headers["content-security-policy"]
