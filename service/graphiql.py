"""GraphiQL for a browser, in development."""

from __future__ import annotations

from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class WithGraphiql:
    """`/graphql`: GraphiQL's page for a browser that asks for one, else the endpoint. `built` is GraphiQL's output folder."""

    def __init__(self, endpoint: ASGIApp, built: Path) -> None:
        self.endpoint = endpoint
        self.built = built

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "GET" and "text/html" in Headers(scope=scope).get("accept", ""):
            await _page(self.built)(scope, receive, send)
        else:
            await self.endpoint(scope, receive, send)


def _page(built: Path) -> Response:
    page = built / "index.html"
    if not page.is_file():
        return PlainTextResponse("GraphiQL is not built: run `make graphiql`.\n", 503)
    return FileResponse(page, headers={"Content-Security-Policy": _POLICY, "Cache-Control": "no-store"})


def graphiql_files(built: Path) -> list[BaseRoute]:
    """The files the page loads, if they are built."""
    return [Mount("/graphiql", StaticFiles(directory=built), name="graphiql")] if built.is_dir() else []
