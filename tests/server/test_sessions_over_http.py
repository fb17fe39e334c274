"""Signing in, being known by a cookie or a token, and signing out, against a server as it runs."""

from __future__ import annotations

from http.cookies import SimpleCookie
from pathlib import Path

import httpx2
import pytest

from identity.tokens import end_token
from models import database
from models.database import fetch
from server import application
from settings import Environment, Settings
from tests.builders import Merchant, a_merchant
from tests.serving import PASSWORD, TRUSTED, Deployment, session_of, token_of, with_password

WHO = {"query": TRUSTED["WhoAmI"]}
NAME = {"data": {"viewer": {"name": "Owner of Bakker Bikes"}}}
NOBODY = {"data": {"viewer": None}}


@pytest.fixture
async def merchant(deployment: Deployment) -> Merchant:
    return await a_merchant()


@pytest.fixture
async def email(merchant: Merchant) -> str:
    return await with_password(merchant.owner)


async def sign_in(client: httpx2.AsyncClient, email: str, **headers: str) -> httpx2.Response:
    return await client.post("/auth/sign-in", json={"email": email, "password": PASSWORD}, headers=headers)


async def who(client: httpx2.AsyncClient, **headers: str) -> dict[str, object]:
    found: dict[str, object] = (await client.post("/graphql", json=WHO, headers=headers)).json()
    return found


def cookie(answer: httpx2.Response) -> tuple[str, dict[str, object]]:
    """The name of the one cookie that was set, and its attributes that say something."""
    (morsel,) = SimpleCookie(answer.headers["set-cookie"]).values()
    return morsel.key, {name: value for name, value in morsel.items() if value != ""}


async def test_signed_in_and_out(deployment: Deployment, email: str) -> None:
    async with deployment.server.client() as browser, deployment.other.client() as elsewhere:
        answer = await sign_in(browser, email)
        assert answer.status_code == 200
        assert answer.json()["viewer"] == {"kind": "MERCHANT", "name": "Owner of Bakker Bikes"}
        assert cookie(answer) == ("latchkey", {"httponly": True, "samesite": "strict", "path": "/", "max-age": "43200"})
        session = {"cookie": f"latchkey={browser.cookies['latchkey']}"}
        assert await who(browser) == NAME
        assert await who(elsewhere, **session) == NAME  # by any process

        assert (await browser.post("/auth/sign-out")).status_code == 204
        assert "latchkey" not in browser.cookies
        for client in (browser, elsewhere):
            assert await who(client, **session) == NOBODY  # a copy of the cookie is of no use


@pytest.mark.parametrize("settings", [{"secure": True}, {"environment": Environment.PRODUCTION}], ids=["secure", "production"])
async def test_on_tls_the_cookie_is_a_host_s_own_and_secure(deployment: Deployment, email: str, settings: dict[str, object], tmp_path: Path) -> None:
    (tmp_path / "who.graphql").write_text(WHO["query"])
    app = application(Settings(allowed_hosts="latchkey.example", trusted_documents=tmp_path, **settings))  # type: ignore[arg-type] # these two
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="https://latchkey.example") as browser:
        answer = await sign_in(browser, email)
        assert cookie(answer) == (
            "__Host-latchkey",
            {"httponly": True, "samesite": "strict", "secure": True, "path": "/", "max-age": "43200"},
        )
        assert await who(browser) == NAME
        token = browser.cookies["__Host-latchkey"]
        browser.cookies.clear()
        assert await who(browser, cookie=f"latchkey={token}") == NOBODY


async def test_a_session_lasts_as_long_as_is_set(deployment: Deployment, email: str) -> None:
    app = application(Settings(session_hours=0.5))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://127.0.0.1") as browser:
        answer = await sign_in(browser, email)
        assert cookie(answer)[1]["max-age"] == "1800"
    left = (await fetch("SELECT expires_at, created_at FROM sessions ORDER BY created_at DESC LIMIT 1"))[0]
    assert (database.moment(left["expires_at"]) - database.moment(left["created_at"])).total_seconds() == pytest.approx(1800, abs=2)


async def test_a_planted_session_is_not_taken_over(deployment: Deployment, email: str) -> None:
    """Fixation: whatever cookie the browser had, signing in gives another, and ends the one it had."""
    async with deployment.server.client() as attacker, deployment.server.client() as browser:
        await sign_in(attacker, email)
        planted = {"cookie": f"latchkey={attacker.cookies['latchkey']}"}
        answer = await sign_in(browser, email, **planted)
        assert answer.status_code == 200
        assert browser.cookies["latchkey"] != attacker.cookies["latchkey"]
        assert await who(attacker) == NOBODY
        made_up = {"cookie": "latchkey=" + "A" * 43}
        await sign_in(browser, email, **made_up)
        assert await who(attacker, **made_up) == NOBODY
        assert await who(browser) == NAME


async def test_a_token_is_its_user_until_it_ends(deployment: Deployment, merchant: Merchant) -> None:
    token = await token_of(merchant.owner)
    async with deployment.server.client(token) as client, deployment.other.client(token) as elsewhere:
        assert await who(client) == NAME
        assert await who(elsewhere) == NAME
        await end_token(token)
        for each in (client, elsewhere):
            answer = await each.post("/graphql", json=WHO)
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"].startswith("Bearer")
            assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


@pytest.mark.parametrize("authorization", ["Bearer lk_" + "A" * 43, "Bearer x", "Basic YTpi", "lk_", "Bearer"])
async def test_a_bad_token_is_never_anonymous(deployment: Deployment, authorization: str) -> None:
    async with deployment.server.client() as client:
        for path in ("/graphql", "/exports/x.csv", "/documents/x"):
            answer = await client.request("POST" if path == "/graphql" else "GET", path, json=WHO, headers={"authorization": authorization})
            assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (401, "UNAUTHENTICATED")


OTHER_SITES = [
    pytest.param({"sec-fetch-site": "cross-site"}, id="cross-site"),
    pytest.param({"sec-fetch-site": "same-site"}, id="a-sister-domain"),
    pytest.param({"origin": "https://evil.example"}, id="another-origin"),
    pytest.param({"origin": "null"}, id="null"),
]


@pytest.mark.parametrize("headers", OTHER_SITES)
async def test_what_another_site_sends_with_the_cookie_is_refused(deployment: Deployment, merchant: Merchant, headers: dict[str, str]) -> None:
    async with deployment.server.client(headers=await session_of(merchant.owner)) as browser:
        for path in ("/graphql", "/auth/sign-out", "/auth/sign-in"):
            answer = await browser.post(path, json=WHO, headers=headers)
            assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (403, "FORBIDDEN")
            assert "access-control-allow-origin" not in answer.headers
        assert await who(browser) == NAME
        assert await who(browser, origin=deployment.server.url, **{"sec-fetch-site": "same-origin"}) == NAME


async def test_a_form_of_another_site_can_t_be_json(deployment: Deployment, merchant: Merchant) -> None:
    async with deployment.server.client(headers=await session_of(merchant.owner)) as browser:
        for content_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
            answer = await browser.post("/graphql", content='{"query": "{ viewer { name } }"}', headers={"content-type": content_type})
            assert answer.status_code == 415


async def test_another_site_s_preflight_is_told_nothing(deployment: Deployment) -> None:
    async with deployment.server.client() as client:
        headers = {"origin": "https://evil.example", "access-control-request-method": "POST", "access-control-request-headers": "content-type"}
        answer = await client.options("/graphql", headers=headers)
    assert answer.status_code == 405
    assert [name for name in answer.headers if name.startswith("access-control")] == []


async def test_too_many_failures_are_429_in_every_process(deployment: Deployment, email: str) -> None:
    async with deployment.server.client() as client, deployment.other.client() as elsewhere:
        answer = await client.post("/auth/sign-in", json={"email": email, "password": "a wrong password"})
        assert answer.status_code == 401
        await database.execute("UPDATE sign_in_attempts SET attempts = 10 WHERE attempts = 1")  # as if it were the tenth
        for each in (client, elsewhere):
            answer = await sign_in(each, email)
            assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (429, "RATE_LIMITED")
            assert 0 < int(answer.headers["retry-after"]) <= 15 * 60
    await database.execute("DELETE FROM sign_in_attempts")  # the other tests come from the same address


async def test_a_body_that_is_no_sign_in_is_refused(deployment: Deployment) -> None:
    async with deployment.server.client() as client:
        for body, status in (
            (b"{", 400),
            (b"[]", 400),
            (b"\xff", 400),
            (b"[" * 10_000, 400),
            (b'{"email": "a\\ud800", "password": "x"}', 400),
            (b" " * 20_000, 413),
        ):
            answer = await client.post("/auth/sign-in", content=body, headers={"content-type": "application/json"})
            assert answer.status_code == status
        answer = await client.post("/auth/sign-in", json={"email": "a\x00@example.com", "password": "x\x00" * 50})
        assert answer.status_code == 401
    await database.execute("DELETE FROM sign_in_attempts")
