"""What a page of another site can make a browser send, with its user's cookie on it: every kind of request that needs no leave to be sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
import pytest

from models import database as db
from tests.asking import account_id
from tests.builders import Merchant, a_consent, a_merchant
from tests.serving import Deployment, session_of

REVOKE = "mutation ($a: ID!) { revokeConsent(input: {accountId: $a}) { account { id } } }"

#: What browsers put on a request of another site's page: new ones, older ones (for a form of http, with `Origin: null`), and the oldest, nothing.
SENT_FROM = {
    "cross-site": {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
    "a-sister-domain": {"Sec-Fetch-Site": "same-site", "Origin": "https://evil.localhost"},
    "another-port": {"Origin": "http://127.0.0.1:1"},
    "another-scheme": {"Sec-Fetch-Site": "cross-site", "Origin": "ftp://127.0.0.1"},
    "a-sandboxed-frame": {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
    "an-old-browser": {"Origin": "null"},
    "a-forged-referer": {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example", "Referer": "http://127.0.0.1/graphql"},
    "a-navigation": {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Origin": "https://evil.example"},
    "nothing-said": {},
}


def kinds(operation: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The requests that are sent without asking first (Fetch, "CORS-safelisted"): methods, media types and bodies."""
    body = orjson.dumps(operation)
    fields = {"query": operation["query"], "variables": orjson.dumps(operation["variables"]).decode()}
    trailing = body[:-1] + b', "a": "="}'  # a form of text/plain writes a name, "=" and a value
    return {
        "a-form": {"method": "POST", "data": fields},
        "a-form-with-a-file": {"method": "POST", "files": {"operations": (None, body), "map": (None, b"{}")}},
        "a-form-of-text": {"method": "POST", "content": trailing, "headers": {"Content-Type": "text/plain"}},
        "text": {"method": "POST", "content": body, "headers": {"Content-Type": "text/plain;charset=UTF-8"}},
        "text-called-json-too": {"method": "POST", "content": body, "headers": {"Content-Type": "text/plain; application/json"}},
        "a-form-called-json-too": {
            "method": "POST",
            "content": body,
            "headers": {"Content-Type": "application/x-www-form-urlencoded, application/json"},
        },
        "a-beacon-without-a-type": {"method": "POST", "content": body, "headers": {"Content-Type": ""}},
        "a-link": {"method": "GET", "params": fields},
        "a-link-with-a-body": {"method": "GET", "params": fields, "content": body, "headers": {"Content-Type": "text/plain"}},
        "a-head": {"method": "HEAD", "params": fields},
        "a-method-in-a-field": {"method": "POST", "data": fields, "params": {"_method": "POST"}, "headers": {"X-HTTP-Method-Override": "POST"}},
    }


@pytest.fixture
async def merchant(deployment: Deployment) -> Merchant:
    merchant = await a_merchant()
    await a_consent(merchant)
    return merchant


async def live(merchant: Merchant) -> int:
    return int((await db.fetch("SELECT count(*) AS n FROM consents WHERE live_for = :id", id=merchant.id))[0]["n"])


@pytest.mark.parametrize("sent_from", SENT_FROM.values(), ids=SENT_FROM)
async def test_no_simple_request_of_another_site_does_or_tells_anything(
    deployment: Deployment, merchant: Merchant, sent_from: dict[str, str]
) -> None:
    operation = {"query": REVOKE, "variables": {"a": account_id(merchant.id)}}
    async with deployment.server.client(headers=await session_of(merchant.owner)) as browser:
        for name, request in kinds(operation).items():
            given = {**request, "headers": {**request.get("headers", {}), **sent_from}}
            answer = await browser.request(given.pop("method"), "/graphql", **given)
            assert answer.status_code in {403, 405, 415}, (name, answer.status_code)
            assert "data" not in answer.text, name
            assert [header for header in answer.headers if header.startswith("access-control")] == [], name
            assert await live(merchant) == 1, name


@pytest.mark.parametrize("sent_from", [each for each in SENT_FROM.values() if each], ids=[name for name, each in SENT_FROM.items() if each])
async def test_nor_does_one_that_is_json_all_the_same(deployment: Deployment, merchant: Merchant, sent_from: dict[str, str]) -> None:
    """A page can't send it without a preflight, which is answered with 405; a mistake in a browser can."""
    operation = {"query": REVOKE, "variables": {"a": account_id(merchant.id)}}
    async with deployment.server.client(headers=await session_of(merchant.owner)) as browser:
        for content_type in ("application/json", "application/json; charset=utf-8", "APPLICATION/JSON"):
            answer = await browser.post("/graphql", content=orjson.dumps(operation), headers={"Content-Type": content_type, **sent_from})
            assert answer.status_code == 403
        assert await live(merchant) == 1
        own = {"Origin": deployment.server.url, "Sec-Fetch-Site": "same-origin"}
        assert (await browser.post("/graphql", json=operation, headers=own)).status_code == 200
        assert await live(merchant) == 0


@pytest.mark.parametrize("sent_from", [each for each in SENT_FROM.values() if each], ids=[name for name, each in SENT_FROM.items() if each])
async def test_another_site_signs_nobody_in_or_out(deployment: Deployment, merchant: Merchant, sent_from: dict[str, str]) -> None:
    """Signed in as the attacker, a victim would write into the attacker's account."""
    given = {"email": "attacker@example.com", "password": "correct horse battery"}
    async with deployment.server.client(headers=await session_of(merchant.owner)) as browser:
        for path in ("/auth/sign-out", "/auth/sign-in"):
            for request in ({"json": given}, {"data": given}, {"content": orjson.dumps(given), "headers": {"Content-Type": "text/plain"}}):
                sent: dict[str, Any] = {**request, "headers": {**request.get("headers", {}), **sent_from}}  # type: ignore[dict-item] # a dictionary
                answer = await browser.post(path, **sent)
                assert answer.status_code == 403
                assert "set-cookie" not in answer.headers
            assert (await browser.get(path, params=given, headers=sent_from)).status_code == 405
        answer = await browser.post("/graphql", json={"query": "{ viewer { name } }"})
        assert answer.json()["data"]["viewer"]["name"] == merchant.owner.name
