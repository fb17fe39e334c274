"""What a provider publishes, asked over HTTP: what was read once goes on counting, whatever it answers later."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest
from joserfc import jws
from joserfc.jwk import ECKey

from identity.jwts import BadToken, Unavailable, verified
from identity.openid import OpenId, begin, keys_of
from identity.providers import Provider
from policy.vocabulary import ViewerKind

LONG_AFTER = 100_000.0


class Publisher:
    """A provider, over HTTP. Tests say what it publishes and the status it answers with."""

    def __init__(self) -> None:
        self.key = ECKey.generate_key("P-256", {"kid": "key"})
        self.status = 200
        self.asked = 0
        self.issuer = ""
        self.says: dict[str, Any] = {}

    def listens_at(self, port: int) -> None:
        self.issuer = f"http://127.0.0.1:{port}"
        addresses = {name: f"{self.issuer}/{name}" for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
        self.says = {
            "/.well-known/openid-configuration": {"issuer": self.issuer, **addresses},
            "/jwks_uri": {"keys": [self.key.as_dict(private=False)]},
            "/token_endpoint": {"error": "invalid_grant"},
        }

    def signed(self) -> str:
        return jws.serialize_compact({"alg": "ES256", "kid": "key"}, b"{}", self.key, ["ES256"])

    def openid(self) -> OpenId:
        return OpenId(Provider(name="Login", issuer=self.issuer, client_id="us"), "http://127.0.0.1/callback")

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked += 1
        path = (await reader.readuntil(b"\r\n\r\n")).decode().split()[1]
        body = orjson.dumps(self.says.get(path, {}))
        writer.write(f"HTTP/1.1 {self.status} Status\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()


@pytest.fixture
async def provider() -> AsyncIterator[Publisher]:
    found = Publisher()
    server = await asyncio.start_server(found.answer, "127.0.0.1", 0)
    found.listens_at(server.sockets[0].getsockname()[1])
    yield found
    server.close()


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How many seconds later it is for what was remembered; to be set."""
    by = [0.0]
    for room in ("openid", "jwts"):
        monkeypatch.setattr(f"identity.{room}.time", _Clock(by))
    return by


class _Clock:
    def __init__(self, by: list[float]) -> None:
        self.monotonic = lambda: time.monotonic() + by[0]
        self.time = time.time


@pytest.mark.parametrize("status", [400, 401, 403, 404, 302, 500, 503])
async def test_what_was_published_counts_while_it_answers_otherwise(provider: Publisher, later: list[float], status: int) -> None:
    ours, keys = provider.openid(), keys_of(provider.issuer)
    address = urlsplit(await ours.address(begin(ViewerKind.AGENT, "")))
    await verified(provider.signed(), keys)
    await verified(provider.signed(), ours.keys)
    provider.status, later[0] = status, LONG_AFTER
    again = urlsplit(await ours.address(begin(ViewerKind.AGENT, "")))
    assert (again.netloc, again.path) == (address.netloc, address.path) == (urlsplit(provider.issuer).netloc, "/authorization_endpoint")
    await verified(provider.signed(), keys)
    await verified(provider.signed(), ours.keys)


async def test_however_many_sign_in_it_is_asked_once_and_not_at_once_again(provider: Publisher, later: list[float]) -> None:
    ours = provider.openid()
    provider.status = 503

    async def many() -> set[str]:
        found = await asyncio.gather(*(ours.address(begin(ViewerKind.AGENT, "")) for _ in range(20)), return_exceptions=True)
        return {type(each).__name__ for each in found}

    assert (await many(), await many(), provider.asked) == ({"Unavailable"}, {"Unavailable"}, 1)
    provider.status, later[0] = 200, 3
    assert (await many(), provider.asked) == ({"str"}, 2)
    provider.status, later[0] = 503, LONG_AFTER
    assert (await many(), await many(), provider.asked) == ({"str"}, {"str"}, 3)


@pytest.mark.parametrize("status", [400, 403, 500])
async def test_one_that_never_answered_well_is_unavailable_and_no_token_is_bad_for_it(provider: Publisher, status: int) -> None:
    provider.status = status
    with pytest.raises(Unavailable):
        await provider.openid().address(begin(ViewerKind.AGENT, ""))
    with pytest.raises(Unavailable):
        await verified(provider.signed(), keys_of(provider.issuer))


@pytest.mark.parametrize(("status", "raised"), [(400, BadToken), (401, BadToken), (500, Unavailable), (200, BadToken)])
async def test_a_code_that_is_refused_is_bad(provider: Publisher, status: int, raised: type[Exception]) -> None:
    ours = provider.openid()
    under_way = begin(ViewerKind.AGENT, "")
    await ours.address(under_way)
    provider.status = status
    with pytest.raises(raised):
        await ours.person(under_way, "code", None)


WRONG: dict[str, dict[str, Any]] = {
    "another-issuer": {"issuer": "http://127.0.0.1:1"},
    "an-issuer-with-a-slash-more": {"issuer": "{issuer}/"},
    "no-keys": {"jwks_uri": None},
    "keys-in-a-file": {"jwks_uri": "file:///etc/passwd"},
    "an-endpoint-that-is-no-text": {"token_endpoint": ["https://login.example.com"]},
    "userinfo-elsewhere": {"userinfo_endpoint": "gopher://127.0.0.1/"},
}


@pytest.mark.parametrize("given", WRONG.values(), ids=WRONG.keys())
async def test_what_it_publishes_of_itself_must_be_its_own(provider: Publisher, given: dict[str, Any]) -> None:
    filled = {name: value.format(issuer=provider.issuer) if isinstance(value, str) else value for name, value in given.items()}
    provider.says["/.well-known/openid-configuration"] |= filled
    with pytest.raises(Unavailable):
        await provider.openid().address(begin(ViewerKind.AGENT, ""))
