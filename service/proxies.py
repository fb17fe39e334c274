"""Who is really calling, behind the proxies we trust; and nobody else's word for it."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

_LOCAL = "unix"


class BehindProxies:
    """Believes X-Forwarded-For and -Proto of the `trusted` addresses and networks (separated by commas), and of who comes by a unix socket.

    Whoever may open that socket is our proxy. X-Forwarded-Host is never believed: a proxy passes `Host` on.
    """

    def __init__(self, app: ASGIApp, trusted: str) -> None:
        self.app = ProxyHeadersMiddleware(app, "*" if trusted == "*" else f"{trusted},{_LOCAL}")  # type: ignore[arg-type] # uvicorn's own words for ASGI

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan" and not scope.get("client"):
            scope["client"] = (_LOCAL, 0)
        await self.app(scope, receive, send)  # type: ignore[arg-type] # the same
