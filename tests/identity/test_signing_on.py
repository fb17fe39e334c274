"""Single sign-on, against a certified provider: who gets in, and the many ways not to."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import pytest
from starlette.applications import Starlette

from identity.attempts import LIMITS
from identity.external import link
from identity.openid import _LOGOUT, begin
from identity.providers import Provider, SignOn
from identity.sign_on_routes import sign_on_routes
from identity.users import deactivate
from models import database as db
from models.fields import new_id
from policy.vocabulary import Viewer, ViewerKind
from tests.asking import account_id
from tests.builders import a_merchant, an_agent
from tests.identity.providing import SigningOn
from tests.serving import session_of, token_of

#: Sooner than a stream that hears of nothing looks again.
AT_ONCE_SECONDS = 10.0
LOGIN = "subscription ($id: ID!) { agentLoginChanged(accountId: $id) { state } }"
UNKNOWN, CANCELLED, FAILED, LIMITED = (f"/console?sign-on={reason}" for reason in ("unknown", "cancelled", "failed", "limited"))


@asynccontextmanager
async def browsing(sign_on: SigningOn) -> AsyncIterator[httpx2.AsyncClient]:
    async with sign_on.server.client(follow_redirects=False) as browser:
        yield browser


async def an_agent_there(sign_on: SigningOn, **claims: Any) -> tuple[Viewer, str]:
    """An agent, linked to somebody at the provider."""
    agent = await an_agent()
    subject = sign_on.provider.knows(f"agent-{new_id()}", groups=["support"], **claims)
    await link(agent.id, sign_on.provider.issuer, subject)
    return agent, subject


async def brought_back(browser: httpx2.AsyncClient, sign_on: SigningOn, subject: str, kind: str = "agents", to: str = "/console") -> str:
    """Begin, and sign in there; the address the browser is sent back to."""
    begun = await browser.get(f"/auth/sign-on/{kind}", params={"return": to})
    assert begun.status_code == 303
    return await sign_on.provider.signs_in(browser, begun.headers["location"], subject)


async def who(browser: httpx2.AsyncClient) -> str | None:
    answer = (await browser.post("/graphql", json={"query": "{ viewer { name } }"})).json()
    viewer = answer["data"]["viewer"]
    return str(viewer["name"]) if viewer else None


def changed(address: str, **given: str | None) -> str:
    """The address with other parameters."""
    parts = urlsplit(address)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()} | given
    return str(httpx2.URL(address.split("?", maxsplit=1)[0], params={name: value for name, value in query.items() if value is not None}))


async def test_an_agent_who_is_linked_signs_in(sign_on: SigningOn) -> None:
    agent, subject = await an_agent_there(sign_on)
    async with browsing(sign_on) as browser:
        answer = await browser.get(await brought_back(browser, sign_on, subject, to="/console/accounts"))
        assert (answer.status_code, answer.headers["location"]) == (303, "/console/accounts")
        kept, session = sorted(answer.headers.get_list("set-cookie"))
        assert session.startswith("latchkey=")
        assert "HttpOnly" in session
        assert "samesite=strict" in session.lower()
        assert kept.startswith("latchkey-sign-on-agents=")
        assert "Max-Age=0" in kept
        assert await who(browser) == agent.name


async def test_a_merchant_s_role_follows_the_provider_and_the_session_is_as_short_as_configured(sign_on: SigningOn) -> None:
    merchant = await a_merchant()
    subject = sign_on.provider.knows(f"owner-{new_id()}", account=str(merchant.id), role="hand")
    await link(merchant.owner.id, sign_on.provider.issuer, subject)
    async with browsing(sign_on) as browser:
        answer = await browser.get(await brought_back(browser, sign_on, subject, "merchants", "/settings"))
        assert answer.headers["location"] == "/settings"
        assert "Max-Age=3600" in "".join(answer.headers.get_list("set-cookie"))
    row = (await db.fetch("SELECT role FROM users WHERE id = :id", id=merchant.owner.id))[0]
    assert row["role"] == "MEMBER"


async def test_whoever_is_nobody_here_is_told_so_and_nobody_is_made(sign_on: SigningOn) -> None:
    before = await db.fetch("SELECT count(*) AS n FROM users")
    subject = sign_on.provider.knows(f"stranger-{new_id()}", groups=["support"], email="stranger@example.com", email_verified=True, name="Stranger")
    async with browsing(sign_on) as browser:
        answer = await browser.get(await brought_back(browser, sign_on, subject))
        assert answer.headers["location"] == UNKNOWN
        assert await who(browser) is None
    assert await db.fetch("SELECT count(*) AS n FROM users") == before


@pytest.mark.parametrize("claims", [{"groups": ["sales"]}, {"groups": []}, {"groups": {"support": True}}], ids=["another", "none", "no-list"])
async def test_an_agent_outside_the_groups_is_refused(sign_on: SigningOn, claims: dict[str, Any]) -> None:
    _, subject = await an_agent_there(sign_on)
    sign_on.provider.knows(subject, **claims)
    async with browsing(sign_on) as browser:
        assert (await browser.get(await brought_back(browser, sign_on, subject))).headers["location"] == UNKNOWN


@pytest.mark.parametrize("claims", [{"role": "king"}, {"role": ["boss", "hand"]}, {}, {"role": "boss", "account": str(new_id())}])
async def test_a_merchant_without_one_known_role_in_their_account_is_refused(sign_on: SigningOn, claims: dict[str, Any]) -> None:
    merchant = await a_merchant()
    subject = sign_on.provider.knows(f"owner-{new_id()}", **{"account": str(merchant.id), **claims})
    await link(merchant.owner.id, sign_on.provider.issuer, subject)
    async with browsing(sign_on) as browser:
        assert (await browser.get(await brought_back(browser, sign_on, subject, "merchants"))).headers["location"] == "/?sign-on=unknown"
        assert await who(browser) is None


async def test_a_merchant_does_not_sign_in_at_the_agents_door(sign_on: SigningOn) -> None:
    merchant = await a_merchant()
    subject = sign_on.provider.knows(f"owner-{new_id()}", groups=["support"])
    await link(merchant.owner.id, sign_on.provider.issuer, subject)
    async with browsing(sign_on) as browser:
        assert (await browser.get(await brought_back(browser, sign_on, subject))).headers["location"] == UNKNOWN


async def test_a_user_who_was_deactivated_stays_out_and_their_session_and_stream_end(sign_on: SigningOn) -> None:
    agent, subject = await an_agent_there(sign_on)
    merchant = await a_merchant()
    async with browsing(sign_on) as browser:
        await browser.get(await brought_back(browser, sign_on, subject))
        cookie = {"Cookie": f"latchkey={browser.cookies['latchkey']}"}
        async with sign_on.server.socket(headers=cookie) as socket:
            await socket.subscribe("login", LOGIN, {"id": account_id(merchant.id)})
            assert (await socket.next())["type"] == "next"
            await deactivate(agent.id)
            assert (await socket.next(AT_ONCE_SECONDS))["payload"]["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        assert await who(browser) is None
        assert (await browser.get(await brought_back(browser, sign_on, subject))).headers["location"] == UNKNOWN


REPLAYS = {
    "another state": {"state": "x" * 43},
    "no state": {"state": None},
    "another code": {"code": "x" * 43},
    "no code": {"code": None},
    "another issuer": {"iss": "https://login.example.com"},
    "no issuer, where the provider says there is one": {"iss": None},
}


@pytest.mark.parametrize("given", REPLAYS.values(), ids=REPLAYS.keys())
async def test_what_is_brought_back_changed_opens_nothing(sign_on: SigningOn, given: dict[str, str | None]) -> None:
    _, subject = await an_agent_there(sign_on)
    async with browsing(sign_on) as browser:
        back = await brought_back(browser, sign_on, subject)
        answer = await browser.get(changed(back, **given))
        assert answer.headers["location"] == FAILED
        assert await who(browser) is None


async def test_an_answer_opens_one_session_only(sign_on: SigningOn) -> None:
    _, subject = await an_agent_there(sign_on)
    async with browsing(sign_on) as browser, browsing(sign_on) as thief:
        back = await brought_back(browser, sign_on, subject)
        thief.cookies.update(browser.cookies)
        assert (await browser.get(back)).headers["location"] == "/console"
        assert (await browser.get(back)).headers["location"] == FAILED
        assert (await thief.get(back)).headers["location"] == FAILED
        assert await who(thief) is None


async def test_one_s_own_answer_signs_nobody_else_in(sign_on: SigningOn) -> None:
    """Login CSRF: a link with the attacker's code, opened in the browser of another, who began a sign-in or none."""
    _, attacker = await an_agent_there(sign_on)
    async with browsing(sign_on) as theirs, browsing(sign_on) as victim, browsing(sign_on) as another:
        back = await brought_back(theirs, sign_on, attacker)
        await another.get("/auth/sign-on/agents")
        for browser in (victim, another):
            assert (await browser.get(back)).headers["location"] == FAILED
            assert await who(browser) is None


async def test_a_sign_in_begun_for_one_kind_does_not_end_at_the_other_s_door(sign_on: SigningOn) -> None:
    """Mix-up of two providers: neither the cookie's name nor what it holds fits."""
    _, subject = await an_agent_there(sign_on)
    async with browsing(sign_on) as browser:
        back = (await brought_back(browser, sign_on, subject)).replace("/agents/", "/merchants/")
        assert (await browser.get(back)).headers["location"] == "/?sign-on=failed"
        browser.cookies.set("latchkey-sign-on-merchants", browser.cookies["latchkey-sign-on-agents"])
        assert (await browser.get(back)).headers["location"] == "/?sign-on=failed"
        assert await who(browser) is None


async def test_a_changed_cookie_has_another_state(sign_on: SigningOn) -> None:
    _, subject = await an_agent_there(sign_on)
    async with browsing(sign_on) as browser:
        back = await brought_back(browser, sign_on, subject)
        secret, kind, began, *rest = browser.cookies["latchkey-sign-on-agents"].split(".")
        browser.cookies.clear()
        changed_cookie = ".".join([secret, kind, str(int(began) - 1), *rest])
        assert (await browser.get(back, headers={"Cookie": f"latchkey-sign-on-agents={changed_cookie}"})).headers["location"] == FAILED


async def test_the_provider_saying_no_is_told_in_words(sign_on: SigningOn) -> None:
    async with browsing(sign_on) as browser:
        begun = await browser.get("/auth/sign-on/agents")
        state = parse_qs(urlsplit(begun.headers["location"]).query)["state"][0]
        answer = await browser.get("/auth/sign-on/agents/callback", params={"error": "access_denied", "error_description": "kenmerk", "state": state})
        assert answer.headers["location"] == CANCELLED


@pytest.mark.parametrize(
    "to",
    ["https://example.com/", "//example.com", "/\\example.com", "/console/../../x", "/parcels", "/console?q=1", "/console\r\nx", "", "/consoles"],
)
async def test_one_never_comes_back_to_another_s_address(sign_on: SigningOn, to: str) -> None:
    _, subject = await an_agent_there(sign_on)
    async with browsing(sign_on) as browser:
        assert (await browser.get(await brought_back(browser, sign_on, subject, to=to))).headers["location"] == "/console"


async def test_the_address_to_come_back_to_is_not_the_host_s(sign_on: SigningOn) -> None:
    async with browsing(sign_on) as browser:
        begun = await browser.get("/auth/sign-on/agents", headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})
        asked = parse_qs(urlsplit(begun.headers["location"]).query)
        assert asked["redirect_uri"] == [f"{sign_on.server.url}/auth/sign-on/agents/callback"]
        assert asked["code_challenge_method"] == ["S256"]


async def test_by_tls_the_cookie_is_of_this_host_alone(sign_on: SigningOn) -> None:
    agents = Provider(name="Login", issuer=sign_on.provider.issuer, client_id="agents")
    here = "https://latchkey.example.com"
    app = Starlette(routes=sign_on_routes(SignOn(address=here, agents=agents), secure=True, lifetime=timedelta(hours=1)))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=here) as browser:
        begun = await browser.get("/auth/sign-on/agents")
    assert parse_qs(urlsplit(begun.headers["location"]).query)["redirect_uri"] == [f"{here}/auth/sign-on/agents/callback"]
    name, *attributes = begun.headers["set-cookie"].lower().split("; ")
    assert name.startswith("__host-latchkey-sign-on-agents=")
    assert {"httponly", "secure", "path=/", "samesite=lax", "max-age=600"} == set(attributes)


async def test_another_site_s_page_begins_no_sign_in(sign_on: SigningOn) -> None:
    async with browsing(sign_on) as browser:
        assert (await browser.get("/auth/sign-on/agents", headers={"Sec-Fetch-Site": "cross-site"})).status_code == 403


async def test_without_passwords_there_is_no_such_door(sign_on: SigningOn) -> None:
    async with browsing(sign_on) as browser:
        assert (await browser.post("/auth/sign-in", json={"email": "a@example.com", "password": "correct horse"})).status_code == 404


async def test_the_session_a_browser_had_is_over(sign_on: SigningOn) -> None:
    agent, subject = await an_agent_there(sign_on)
    old = await session_of(agent)
    async with browsing(sign_on) as browser:
        begun = await browser.get("/auth/sign-on/agents", headers=old)
        await browser.get(await sign_on.provider.signs_in(browser, begun.headers["location"], subject))
        assert await who(browser) == agent.name
    async with sign_on.server.client(headers=old) as before:
        assert await who(before) is None


# Signed out there.


async def counted(sign_on: SigningOn) -> dict[str, int]:
    """The attempts the server counted, by how they ended."""
    async with sign_on.server.client() as client:
        text = (await client.get("/metrics")).text
    return {outcome: int(float(n)) for outcome, n in re.findall(r'^latchkey_sign_ins_total{outcome="(\w+)"} (\S+)$', text, re.MULTILINE)}


async def test_how_a_sign_in_ended_is_counted_as_one_by_password_is(sign_on: SigningOn) -> None:
    _, subject = await an_agent_there(sign_on)
    stranger = sign_on.provider.knows(f"stranger-{new_id()}", groups=["support"])
    before = await counted(sign_on)
    for somebody in (subject, stranger, stranger):
        async with browsing(sign_on) as browser:
            await browser.get(await brought_back(browser, sign_on, somebody))
    after = await counted(sign_on)
    assert {outcome: after[outcome] - before[outcome] for outcome in after} == {"signed_in": 1, "refused": 2, "limited": 0, "failed": 0}


async def test_an_address_that_made_up_too_many_answers_asks_the_provider_nothing_more(sign_on: SigningOn) -> None:
    """A cookie and its state anybody can make up: each answer would be a request of ours at the provider."""
    _, subject = await an_agent_there(sign_on)
    await db.execute("DELETE FROM sign_in_attempts")
    async with browsing(sign_on) as browser:
        good = await brought_back(browser, sign_on, subject)
        made_up = begin(ViewerKind.AGENT, "")
        headers = {"Cookie": f"latchkey-sign-on-agents={made_up.value}"}
        address = f"/auth/sign-on/agents/callback?{urlencode({'code': 'guessed', 'state': made_up.derived('state')})}"
        async with sign_on.server.client(follow_redirects=False, headers=headers) as another:
            places = [(await another.get(address)).headers["location"] for _ in range(LIMITS.per_address + 1)]
        assert (set(places[:-1]), places[-1]) == ({FAILED}, LIMITED)
        assert (await browser.get(good)).headers["location"] == LIMITED
        await db.execute("DELETE FROM sign_in_attempts")
        assert (await browser.get(await brought_back(browser, sign_on, subject))).headers["location"] == "/console"
        assert await db.fetch("SELECT 1 AS one FROM sign_in_attempts WHERE attempts > 0") == []


def a_logout(sign_on: SigningOn, **given: Any) -> dict[str, Any]:
    now = int(time.time())
    claims = {"iss": sign_on.provider.issuer, "aud": "agents", "iat": now, "exp": now + 120, "jti": str(new_id()), "events": {_LOGOUT: {}}}
    return {name: value for name, value in {**claims, **given}.items() if value is not None}


async def told(sign_on: SigningOn, claims: dict[str, Any], **header: Any) -> int:
    async with sign_on.server.client() as provider:
        token = sign_on.provider.signed(claims, **{"typ": "logout+jwt", **header})
        return (await provider.post("/auth/sign-on/agents/logout", data={"logout_token": token})).status_code


async def test_whoever_signs_out_there_is_signed_out_here_and_their_stream_ends(sign_on: SigningOn) -> None:
    _, subject = await an_agent_there(sign_on)
    merchant = await a_merchant()
    async with browsing(sign_on) as browser:
        await browser.get(await brought_back(browser, sign_on, subject))
        cookie = {"Cookie": f"latchkey={browser.cookies['latchkey']}"}
        async with sign_on.server.socket(headers=cookie) as socket:
            await socket.subscribe("login", LOGIN, {"id": account_id(merchant.id)})
            assert (await socket.next())["type"] == "next"
            end = await browser.get(f"{sign_on.provider.issuer}/session/end")
            secret = end.text.partition('name="xsrf" value="')[2].partition('"')[0]
            assert (await browser.post(f"{sign_on.provider.issuer}/session/end/confirm", data={"xsrf": secret, "logout": "yes"})).is_redirect
            assert (await socket.next(AT_ONCE_SECONDS))["payload"]["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        assert await who(browser) is None


async def test_a_logout_of_a_person_ends_their_sessions_by_single_sign_on_and_no_other(sign_on: SigningOn) -> None:
    agent, subject = await an_agent_there(sign_on)
    local = await session_of(agent)
    async with browsing(sign_on) as browser, sign_on.server.client(headers=local) as other:
        await browser.get(await brought_back(browser, sign_on, subject))
        assert await told(sign_on, a_logout(sign_on, sub=subject)) == 200
        assert await who(browser) is None
        assert await who(other) == agent.name


async def test_a_logout_token_counts_once(sign_on: SigningOn) -> None:
    agent, subject = await an_agent_there(sign_on)
    claims = a_logout(sign_on, sub=subject)
    assert await told(sign_on, claims) == 200
    async with browsing(sign_on) as browser:
        await browser.get(await brought_back(browser, sign_on, subject))
        assert await told(sign_on, claims) == 200
        assert await who(browser) == agent.name


NO_LOGOUTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "with a nonce": ({"nonce": "n"}, {}),
    "without the event": ({"events": {}}, {}),
    "without events": ({"events": None}, {}),
    "of nobody": ({"sub": None}, {}),
    "without a name of its own": ({"jti": None}, {}),
    "for another client": ({"aud": "merchants"}, {}),
    "of another issuer": ({"iss": "https://login.example.com"}, {}),
    "that is over": ({"exp": 1_000_000_000}, {}),
    "of long ago": ({"iat": 1_000_000_000}, {}),
    "that is an access token": ({}, {"typ": "at+jwt"}),
}


@pytest.mark.parametrize(("claims", "header"), NO_LOGOUTS.values(), ids=NO_LOGOUTS.keys())
async def test_what_is_no_logout_token_ends_nothing(sign_on: SigningOn, claims: dict[str, Any], header: dict[str, Any]) -> None:
    agent, subject = await an_agent_there(sign_on)
    async with browsing(sign_on) as browser:
        await browser.get(await brought_back(browser, sign_on, subject))
        assert await told(sign_on, a_logout(sign_on, **{"sub": subject, **claims}), **header) == 400
        assert await who(browser) == agent.name


async def test_tokens_of_ours_stay(sign_on: SigningOn) -> None:
    agent = await an_agent()
    assert (await sign_on.server.ask("{ viewer { name } }", token=await token_of(agent)))["data"]["viewer"]["name"] == agent.name
