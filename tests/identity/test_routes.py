"""Signing in and out over HTTP: the cookie, the refusals, and nothing said back of what was sent."""

import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette

from identity.attempts import Limits
from identity.routes import LONGEST_BODY, auth_routes
from identity.sessions import viewer_of_session
from models.database import clock, fetch
from tests.identity.people import HERE, PASSWORD, a_merchant, an_agent, live_sessions

pytestmark = pytest.mark.usefixtures("quick_passwords")
ANA = {"email": "ana@support.example", "password": PASSWORD}
JSON = {"content-type": "application/json"}


@asynccontextmanager
async def a_client(secure: bool = True, address: str = HERE, limits: Limits | None = None) -> AsyncIterator[httpx2.AsyncClient]:
    app = Starlette(routes=auth_routes(secure, limits or Limits()))
    transport = httpx2.ASGITransport(app, client=(address, 50000))
    base = "https://latchkey.example" if secure else "http://127.0.0.1:8000"
    async with httpx2.AsyncClient(transport=transport, base_url=base) as client:
        yield client


@pytest.fixture
async def client(database: str) -> AsyncIterator[httpx2.AsyncClient]:
    await an_agent()
    async with a_client() as opened:
        yield opened


def the_cookie(answer: httpx2.Response) -> tuple[str, str, set[str]]:
    """Its name, its value and its attributes, in lower case."""
    (header,) = answer.headers.get_list("set-cookie")
    pair, *attributes = header.split("; ")
    name, _, value = pair.partition("=")
    return name, value, {attribute.lower() for attribute in attributes}


def code(answer: httpx2.Response) -> str:
    return str(answer.json()["errors"][0]["extensions"]["code"])


async def test_signing_in_says_who_and_until_when(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/auth/sign-in", json=ANA)
    assert answer.status_code == 200
    given: dict[str, Any] = answer.json()
    assert given["viewer"] == {"kind": "AGENT", "name": "Ana"}
    expires_at = datetime.fromisoformat(given["expiresAt"])
    assert timedelta(hours=11, minutes=59) < expires_at - await clock() <= timedelta(hours=12)
    assert given["expiresAt"].endswith("Z")
    assert answer.headers["cache-control"] == "no-store"


async def test_the_cookie_on_tls(client: httpx2.AsyncClient) -> None:
    name, value, attributes = the_cookie(await client.post("/auth/sign-in", json=ANA))
    assert name == "__Host-latchkey"
    assert attributes == {"httponly", "secure", "samesite=strict", "path=/", "max-age=43200"}
    assert await viewer_of_session(value) is not None


async def test_the_cookie_without_tls(client: httpx2.AsyncClient) -> None:
    async with a_client(secure=False) as plain:
        name, _, attributes = the_cookie(await plain.post("/auth/sign-in", json=ANA))
    assert name == "latchkey"
    assert attributes == {"httponly", "samesite=strict", "path=/", "max-age=43200"}


async def test_the_secret_is_in_the_cookie_only(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/auth/sign-in", json=ANA)
    _, value, _ = the_cookie(answer)
    assert value not in answer.text
    assert str(answer.headers).count(value) == 1


async def test_a_fixed_session_is_not_adopted_and_the_old_one_ends(client: httpx2.AsyncClient) -> None:
    planted = "A" * 43
    headers = {"cookie": f"__Host-latchkey={planted}"}
    _, first, _ = the_cookie(await client.post("/auth/sign-in", json=ANA, headers=headers))
    assert first != planted
    assert await viewer_of_session(planted) is None
    _, second, _ = the_cookie(await client.post("/auth/sign-in", json=ANA))
    assert second != first
    assert await viewer_of_session(first) is None
    assert await live_sessions() == 1


async def test_signing_out_ends_the_session_and_the_cookie(client: httpx2.AsyncClient) -> None:
    _, token, _ = the_cookie(await client.post("/auth/sign-in", json=ANA))
    answer = await client.post("/auth/sign-out")
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["cache-control"] == "no-store"
    name, value, attributes = the_cookie(answer)
    assert (name, value.strip('"')) == ("__Host-latchkey", "")
    assert attributes == {"httponly", "secure", "samesite=strict", "path=/", "max-age=0"}
    assert await viewer_of_session(token) is None
    assert not client.cookies


async def test_signing_out_of_nothing_is_fine(client: httpx2.AsyncClient) -> None:
    for cookie in ("", "__Host-latchkey=" + "A" * 43, "__Host-latchkey=ÿ", "x" * 100_000):
        answer = await client.post("/auth/sign-out", headers={b"cookie": cookie.encode()})
        assert answer.status_code == 204


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(ANA | {"password": "wrong password"}, id="wrong-password"),
        pytest.param(ANA | {"email": "nobody@support.example"}, id="nobody"),
        pytest.param(ANA | {"email": "no e-mail"}, id="no-email"),
        pytest.param(ANA | {"email": "a\x00b@support.example"}, id="nul"),
        pytest.param(ANA | {"password": "\x00" * 9}, id="nul-password"),
        pytest.param(ANA | {"password": "x" * 2000}, id="long-password"),
        pytest.param(ANA | {"email": "ñandú🔑@support.example", "password": "пароль пароль"}, id="unicode"),
    ],
)
async def test_every_refusal_is_the_same_answer(client: httpx2.AsyncClient, given: dict[str, str]) -> None:
    answer = await client.post("/auth/sign-in", json=given)
    assert answer.status_code == 401
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers
    assert answer.json() == {"errors": [{"message": "The e-mail and the password don't belong together.", "extensions": {"code": "UNAUTHENTICATED"}}]}


BODIES = [
    pytest.param(b"", 400, id="empty"),
    pytest.param(b"{", 400, id="broken"),
    pytest.param(b'{"email": "a@b.example", "password": "\xff"}', 400, id="not-utf-8"),
    pytest.param(b'{"email": "\\ud800", "password": "12345678"}', 400, id="lone-surrogate"),
    pytest.param(b'{"email": "a@b.example", "password": "\\udfff12345678"}', 400, id="lone-surrogate-password"),
    pytest.param(b"[]", 400, id="list"),
    pytest.param(b"null", 400, id="null"),
    pytest.param(b'"text"', 400, id="text"),
    pytest.param(b"{}", 400, id="nothing"),
    pytest.param(b'{"email": "a@b.example"}', 400, id="no-password"),
    pytest.param(b'{"email": "a@b.example", "password": 12345678}', 400, id="number"),
    pytest.param(b'{"email": ["a@b.example"], "password": "12345678"}', 400, id="list-of-one"),
    pytest.param(b'{"email": "a@b.example", "password": null}', 400, id="null-password"),
    pytest.param(b'{"email": "a@b.example", "password": "12345678", "admin": true}', 400, id="more"),
    pytest.param(b"[" * 10_000, 400, id="deep"),
    pytest.param(b'{"email": ' + b"9" * 10_000 + b"}", 400, id="huge-number"),
    pytest.param(b"x" * (LONGEST_BODY + 1), 413, id="over"),
    pytest.param(json.dumps(ANA | {"password": "x" * 1_000_000}).encode(), 413, id="1-mb"),
]


@pytest.mark.parametrize(("body", "status"), BODIES)
async def test_a_body_that_is_no_sign_in(body: bytes, status: int) -> None:
    async with a_client() as client:
        answer = await client.post("/auth/sign-in", content=body, headers=JSON)
    assert (answer.status_code, code(answer)) == (status, "BAD_USER_INPUT")
    assert answer.headers["cache-control"] == "no-store"
    assert "a@b.example" not in answer.text
    assert "12345678" not in answer.text


async def test_the_longest_sign_in_fits(client: httpx2.AsyncClient) -> None:
    body = json.dumps({"email": "é" * 254, "password": "🔑" * 1024}).encode()
    assert len(body) < LONGEST_BODY
    assert (await client.post("/auth/sign-in", content=body, headers=JSON)).status_code == 401


@pytest.mark.parametrize("chunks", [1, 17, 2000])
async def test_a_body_without_a_length_is_limited_too(chunks: int) -> None:
    async def stream() -> AsyncIterator[bytes]:
        for _ in range(chunks):
            yield b" " * 1000

    async with a_client() as client:
        answer = await client.post("/auth/sign-in", content=stream(), headers=JSON)
    assert answer.status_code == (413 if chunks > 16 else 400)


@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json2", "ÿ"],
)
async def test_the_content_type_has_to_be_json(content_type: str) -> None:
    async with a_client() as client:
        answer = await client.post("/auth/sign-in", content=json.dumps(ANA), headers={b"content-type": content_type.encode()})
    assert (answer.status_code, code(answer)) == (415, "BAD_USER_INPUT")


async def test_a_charset_may_be_said(client: httpx2.AsyncClient) -> None:
    headers = {"content-type": "Application/JSON; charset=utf-8"}
    assert (await client.post("/auth/sign-in", content=json.dumps(ANA), headers=headers)).status_code == 200


@pytest.mark.parametrize("path", ["/auth/sign-in", "/auth/sign-out"])
@pytest.mark.parametrize(
    "headers",
    [{"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"origin": "https://evil.example"}, {"origin": "null"}],
    ids=["cross-site", "same-site", "origin", "null"],
)
async def test_other_sites_neither_sign_in_nor_out(path: str, headers: dict[str, str]) -> None:
    async with a_client() as client:
        answer = await client.post(path, json=ANA, headers=headers)
    assert (answer.status_code, code(answer)) == (403, "FORBIDDEN")
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("path", ["/auth/sign-in", "/auth/sign-out"])
async def test_a_link_does_nothing(path: str) -> None:
    async with a_client() as client:
        assert (await client.get(path)).status_code == 405


async def test_too_many_attempts_say_when_to_come_back(client: httpx2.AsyncClient) -> None:
    for _ in range(10):
        assert (await client.post("/auth/sign-in", json=ANA | {"password": "wrong password"})).status_code == 401
    answer = await client.post("/auth/sign-in", json=ANA)
    assert (answer.status_code, code(answer)) == (429, "RATE_LIMITED")
    assert 0 < int(answer.headers["retry-after"]) <= 15 * 60
    assert answer.headers["cache-control"] == "no-store"
    assert await live_sessions() == 0


async def test_only_the_server_says_the_address(client: httpx2.AsyncClient) -> None:
    for number in range(3):
        forged = {"x-forwarded-for": f"192.0.2.{number}", "forwarded": f"for=192.0.2.{number}", "x-real-ip": f"192.0.2.{number}"}
        await client.post("/auth/sign-in", json=ANA | {"password": "wrong password"}, headers=forged)
    attempts = await fetch("SELECT attempts FROM sign_in_attempts")
    assert [row["attempts"] for row in attempts] == [3, 3, 3]


async def test_nothing_sent_is_said_back_or_logged(client: httpx2.AsyncClient, caplog: pytest.LogCaptureFixture) -> None:
    await a_merchant("jan@fietsen.example")
    caplog.set_level(logging.DEBUG)
    for driver in ("tortoise", "aiosqlite"):  # their DEBUG logs every parameter of every statement
        caplog.set_level(logging.INFO, driver)
    texts = []
    for given in (ANA, ANA | {"password": "secret-guess"}, {"email": "jan@fietsen.example", "password": PASSWORD}):
        answer = await client.post("/auth/sign-in", json=given)
        texts += [answer.text, str(answer.headers)]
    said = "".join(texts) + caplog.text
    for secret in ("ana@support", "jan@fietsen", "secret-guess", PASSWORD):
        assert secret not in said
