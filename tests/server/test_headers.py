"""What every answer carries, whoever asks for whatever."""

from __future__ import annotations

from uuid import UUID

import httpx2
import pytest

from server import application
from settings import Environment, Settings
from tests.asking import parcel_id, recorded
from tests.builders import a_consent, a_merchant, a_parcel, an_agent
from tests.serving import PASSWORD, Deployment, session_of, token_of

ANSWERS = [
    pytest.param("POST", "/graphql", 200, id="graphql"),
    pytest.param("POST", "/graphql?broken", 400, id="graphql-broken"),
    pytest.param("GET", "/graphql", 405, id="graphql-by-get"),
    pytest.param("GET", "/schema.graphql", 200, id="schema"),
    pytest.param("POST", "/auth/sign-in", 400, id="sign-in-broken"),
    pytest.param("GET", "/auth/sign-in", 405, id="sign-in-by-get"),
    pytest.param("POST", "/auth/sign-out", 204, id="sign-out"),
    pytest.param("GET", "/exports/unknown.csv", None, id="export"),
    pytest.param("GET", "/documents/unknown", None, id="document"),
    pytest.param("POST", "/webhooks/sendcloud/unknown", None, id="webhook"),
    pytest.param("GET", "/healthz", 200, id="healthz"),
    pytest.param("GET", "/readyz", 200, id="readyz"),
    pytest.param("GET", "/metrics", 200, id="metrics"),
    pytest.param("GET", "/nowhere", 404, id="nowhere"),
    pytest.param("POST", "/../../etc/passwd", 404, id="a-path-out"),
    pytest.param("GET", "/%00%ff%2e%2e/", 404, id="a-strange-path"),
    pytest.param("PUT", "/nowhere", 404, id="nowhere-by-put"),
    pytest.param("OPTIONS", "/graphql", 405, id="options"),
    pytest.param("HEAD", "/graphql", 405, id="head"),
]
SECURITY = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "x-permitted-cross-domain-policies": "none",
    "permissions-policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
}


async def answered(client: httpx2.AsyncClient, method: str, path: str) -> httpx2.Response:
    body = b"{" if "broken" in path or path.startswith("/auth") else b'{"query": "{ viewer { name } }"}'
    return await client.request(method, path, content=body, headers={"content-type": "application/json"})


@pytest.mark.parametrize(("method", "path", "status"), ANSWERS)
async def test_each_answer_is_safe_to_show(deployed: Deployment, method: str, path: str, status: int | None) -> None:
    async with deployed.server.client() as client:
        answer = await answered(client, method, path)
    assert answer.status_code == status if status else 400 <= answer.status_code < 500
    assert {name: answer.headers.get(name) for name in SECURITY} == SECURITY
    assert UUID(answer.headers["x-request-id"]).version == 7
    assert "server" not in answer.headers
    assert "strict-transport-security" not in answer.headers  # this is not TLS
    assert [name for name in answer.headers if name.startswith("access-control") or name == "x-powered-by"] == []
    assert "Traceback" not in answer.text


async def test_the_request_id_is_always_ours_and_never_the_same(deployed: Deployment) -> None:
    given = "0198c0de-0000-7000-8000-000000000000"
    async with deployed.server.client(headers={"x-request-id": given}) as client:
        found = {(await client.get("/healthz")).headers["x-request-id"] for _ in range(5)}
    assert len(found) == 5
    assert given not in found


async def test_the_request_id_is_the_one_the_access_log_has(deployment: Deployment) -> None:
    merchant = await a_merchant()
    parcel = await a_parcel(merchant)
    await a_consent(merchant)
    async with deployment.server.client(await token_of(await an_agent())) as client:
        answer = await client.post("/graphql", json={"query": f'{{ parcel(id: "{parcel_id(parcel.id)}") {{ recipient {{ name }} }} }}'})
    assert answer.json()["data"]["parcel"]["recipient"] == {"name": "Jan Bakker"}
    assert [event.request_id for event in await recorded() if event.parcel_id == parcel.id] == [answer.headers["x-request-id"]]


PERSONAL = ["graphql", "graphql-broken", "graphql-by-get", "sign-in-broken", "sign-out", "export", "document", "readyz", "healthz", "metrics", "head"]


@pytest.mark.parametrize(("method", "path", "status"), [each for each in ANSWERS if each.id in PERSONAL])
async def test_nothing_that_depends_on_who_asks_is_kept(deployed: Deployment, method: str, path: str, status: int | None) -> None:
    async with deployed.server.client() as client:
        answer = await answered(client, method, path)
    assert answer.headers["cache-control"] == "no-store"


async def test_refusals_are_not_kept_either(deployment: Deployment) -> None:
    async with deployment.server.client(headers=await session_of((await a_merchant()).owner)) as client:
        for answer in (
            await client.post("/auth/sign-in", json={"email": "nobody@example.com", "password": PASSWORD}),
            await client.post("/graphql", json={}, headers={"authorization": "Bearer nonsense"}),
            await client.post("/graphql", json={}, headers={"sec-fetch-site": "cross-site"}),
        ):
            assert answer.headers["cache-control"] == "no-store"


async def test_graphql_answers_vary_by_what_they_depend_on(deployed: Deployment) -> None:
    async with deployed.server.client() as client:
        answer = await answered(client, "POST", "/graphql")
    assert {"accept", "cookie", "authorization"} <= {name.strip().lower() for name in answer.headers["vary"].split(",")}


async def test_only_our_hosts_are_answered(deployed: Deployment) -> None:
    app = application(Settings(environment=Environment.PRODUCTION, allowed_hosts="latchkey.example, www.latchkey.example"))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://latchkey.example") as client:
        answer = await client.get("/healthz")
        assert (answer.status_code, answer.headers["strict-transport-security"]) == (200, "max-age=31536000")
        assert (await client.get("/healthz", headers={"host": "www.latchkey.example"})).status_code == 200
        for host in ("evil.example", "latchkey.example.evil.example", "127.0.0.1", ""):
            answer = await client.get("/healthz", headers={"host": host})
            assert answer.status_code == 400
            assert answer.headers["x-content-type-options"] == "nosniff"


async def test_an_error_nobody_expected_tells_nothing(deployed: Deployment, capsys: pytest.CaptureFixture[str]) -> None:
    """Without an open database nothing can be answered: 500, a request id, and no word of what went wrong."""
    app = application(Settings())
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://latchkey.example") as client:
        answer = await client.post("/graphql", json={"query": "{ viewer { name } }"}, headers={"authorization": "Bearer lk_" + "A" * 43})
    assert answer.status_code == 500
    error = answer.json()["errors"][0]
    assert error == {"message": "Something went wrong on our side", "extensions": {"code": "INTERNAL", "requestId": answer.headers["x-request-id"]}}
    assert answer.headers["cache-control"] == "no-store"
    assert set(SECURITY) <= set(answer.headers)
