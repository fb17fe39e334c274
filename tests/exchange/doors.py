"""Knocking at this room's doors as somebody, without identity."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx2
from starlette.applications import Starlette
from starlette.requests import Request

from exchange.routes import exchange_routes
from policy.vocabulary import Viewer
from resolvers.gate import Gate
from resolvers.ledger import Request as LoggedRequest

HOST = "panel.sendcloud.sc"
Network = Callable[[httpx2.Request], httpx2.Response]


@dataclass
class Caller:
    """Who is calling, asked anew each time; `asked` counts. Once `ends_after` times have been asked, it is nobody any more."""

    viewer: Viewer | None
    ends_after: int | None = None
    asked: int = field(default=0)

    async def gate(self, _: Request) -> Gate:
        self.asked += 1
        over = self.ends_after is not None and self.asked > self.ends_after
        return Gate(None if over else self.viewer, LoggedRequest("01890000-0000-7000-8000-000000000001"))


def silent(_: httpx2.Request) -> httpx2.Response:
    """A network on which nobody answers."""
    raise httpx2.ConnectError("nobody there")


@asynccontextmanager
async def knocking(caller: Viewer | Caller | None, network: Network | httpx2.AsyncBaseTransport = silent) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the routes, as this caller."""
    known = caller if isinstance(caller, Caller) else Caller(caller)
    transport = network if isinstance(network, httpx2.AsyncBaseTransport) else httpx2.MockTransport(network)
    app = Starlette(routes=exchange_routes(known.gate, [HOST], transport))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://127.0.0.1") as client:
        yield client


def refusal(answer: httpx2.Response) -> tuple[int, str, str | None]:
    """(status, code, reason) of an error."""
    extensions = answer.json()["errors"][0]["extensions"]
    return answer.status_code, extensions["code"], extensions.get("reason")
