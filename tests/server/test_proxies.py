"""Who calls, behind proxies: only those that are trusted are believed, and never about more than who it was and how they came."""

from __future__ import annotations

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from service.proxies import BehindProxies


def _told(request: Request) -> JSONResponse:
    return JSONResponse([request.client.host if request.client else None, request.url.scheme, request.headers["host"]])


APP = Starlette(routes=[Route("/", _told)])
FORGED = {
    "x-forwarded-for": "192.0.2.7",
    "x-forwarded-proto": "https",
    "x-forwarded-host": "evil.example",
    "forwarded": "for=192.0.2.8;host=evil.example",
}
PEERS = [
    pytest.param("10.0.0.1,172.16.0.0/12", "10.0.0.1", ["192.0.2.7", "https", "ours.example"], id="a-proxy"),
    pytest.param("10.0.0.1,172.16.0.0/12", "172.20.1.1", ["192.0.2.7", "https", "ours.example"], id="a-proxy-of-a-network"),
    pytest.param("10.0.0.1,172.16.0.0/12", "10.0.0.2", ["10.0.0.2", "http", "ours.example"], id="a-stranger"),
    pytest.param("", "127.0.0.1", ["127.0.0.1", "http", "ours.example"], id="nobody-is-trusted"),
    pytest.param("127.0.0.1", None, ["192.0.2.7", "https", "ours.example"], id="by-a-unix-socket"),
]


@pytest.mark.parametrize(("trusted", "peer", "told"), PEERS)
async def test_only_a_trusted_proxy_is_believed(trusted: str, peer: str | None, told: list[str]) -> None:
    assert await _asked(trusted, peer, FORGED) == told


@pytest.mark.parametrize("peer", ["10.0.0.1", None], ids=["by-tcp", "by-a-unix-socket"])
async def test_what_a_caller_said_before_the_proxy_added_to_it_counts_for_nothing(peer: str | None) -> None:
    for said in ("192.0.2.7", "unix", "10.0.0.1", "127.0.0.1, unix"):
        assert (await _asked("10.0.0.1", peer, {"x-forwarded-for": f"{said}, 198.51.100.9"}))[0] == "198.51.100.9"


async def _asked(trusted: str, peer: str | None, headers: dict[str, str]) -> list[str]:
    transport = httpx2.ASGITransport(BehindProxies(APP, trusted), client=None if peer is None else (peer, 4711))  # type: ignore[arg-type] # as for a unix socket
    async with httpx2.AsyncClient(transport=transport, base_url="http://ours.example") as client:
        found: list[str] = (await client.get("/", headers=headers)).json()
        return found
