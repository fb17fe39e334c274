"""How does a Python peer listen? As our own server does: one uvicorn process with uvloop and httptools, no access log."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from benchmarks.peers.rows import NotSignedIn, Rows


async def _healthy(_: Request) -> Response:
    return PlainTextResponse("ok")


async def _not_signed_in(_: Request, __: Exception) -> Response:
    return PlainTextResponse("not signed in", 401)


def serve(routes: Callable[[Rows], list[BaseRoute]]) -> None:
    """Serve these routes, and /healthz, on the database and the loopback port that the command line names."""
    url, port = sys.argv[1:]
    rows = Rows(url)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await rows.open()
        yield
        await rows.close()

    app = Starlette(routes=[*routes(rows), Route("/healthz", _healthy)], lifespan=lifespan, exception_handlers={NotSignedIn: _not_signed_in})
    uvicorn.run(app, host="127.0.0.1", port=int(port), loop="uvloop", http="httptools", access_log=False, log_level="warning", server_header=False)
