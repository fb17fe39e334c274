"""The outermost layer around every answer."""

from __future__ import annotations

import time
from contextlib import nullcontext, suppress

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect
from structlog.contextvars import bind_contextvars, clear_contextvars

from models import database
from models.fields import new_id
from models.spans import Span
from schema.errors import place_of
from service import metrics, tracing
from service.pages import ADDRESSES

log = structlog.get_logger("latchkey")

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "X-Permitted-Cross-Domain-Policies": "none",
    "Permissions-Policy": ", ".join(f"{each}=()" for each in ("camera", "display-capture", "geolocation", "microphone", "payment", "usb")),
}
#: A year, as OWASP's cheat sheet has it; not of other hosts below ours, which are not ours to speak for.
_BY_TLS_ONLY = {"Strict-Transport-Security": "max-age=31536000"}
_API_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


class Told:
    """The outermost layer: gives each request our id, logs one line of it without any value, and answers what nobody caught."""

    def __init__(self, app: ASGIApp, *, secure: bool = False, follow_traces: bool = False) -> None:
        self.app = app
        self.headers = _HEADERS | (_BY_TLS_ONLY if secure else {})
        self.follow_traces = follow_traces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        clear_contextvars()  # what is bound from here on stands in each line of this request
        scope.setdefault("state", {})["request_id"] = request_id = str(new_id())
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send)
            return
        bind_contextvars(request_id=request_id)
        route, method = _route_of(scope), scope["method"]
        parent = Headers(scope=scope).get("traceparent") if self.follow_traces else None
        with tracing.of_request(f"{method} {route}", {"http.request.method": method, "http.route": route}, parent) as span:
            await self._request(scope, receive, send, request_id, span)

    async def _request(self, scope: Scope, receive: Receive, send: Send, request_id: str, span: Span) -> None:
        started, status, begun, told = time.perf_counter(), 500, False, False

        def tell() -> None:
            nonlocal told
            if not told:
                told = True
                span.set({"http.response.status_code": status})
                _tell(scope, status, time.perf_counter() - started)

        async def send_and_note(message: Message) -> None:
            nonlocal status, begun
            if message["type"] == "http.response.start":
                status, begun = message["status"], True
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id
                for name, value in self.headers.items():
                    headers.setdefault(name, value)
                headers.setdefault("Content-Security-Policy", _API_POLICY)
            elif not message.get("more_body"):
                tell()  # before the answer is whole: who has it finds its line
            await send(message)

        try:
            # What is streamed or uploaded takes its time: there, only each statement has a limit.
            with nullcontext() if scope["path"].startswith(_UNHURRIED) else database.allowed():
                await self.app(scope, receive, send_and_note)
        except Exception as error:  # noqa: BLE001 (nothing of it may reach the client or the log but its type and place)
            log.error("unexpected error", error=type(error).__name__, where=place_of(error))  # noqa: TRY400 (no trace: it holds values)
            if not begun:
                await _went_wrong(request_id)(scope, receive, send_and_note)
        finally:
            tell()

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        bind_contextvars(socket_id=scope["state"]["request_id"])
        metrics.sockets.inc()
        accepted = False

        async def send_if_there(message: Message) -> None:
            nonlocal accepted
            accepted = accepted or message["type"] == "websocket.accept"
            try:
                await send(message)
            except OSError:  # as ASGI has it: nobody is there any more
                raise WebSocketDisconnect(1006) from None

        try:
            with suppress(WebSocketDisconnect):
                await self.app(scope, receive, send_if_there)
        except Exception as error:  # noqa: BLE001 (as above)
            log.error("unexpected error on a socket", error=type(error).__name__, where=place_of(error))  # noqa: TRY400 (as above)
            with suppress(Exception):  # it may be closed already
                if accepted:
                    await send({"type": "websocket.close", "code": 1011})
                else:  # a close would be a 403, as if the caller were refused
                    await _went_wrong(scope["state"]["request_id"])(scope, receive, send)
        finally:
            metrics.sockets.dec()
            log.info("socket ended", route=_route_of(scope), seconds=round(time.perf_counter() - started, 1))


def _went_wrong(request_id: str) -> JSONResponse:
    body = {"errors": [{"message": "Something went wrong on our side", "extensions": {"code": "INTERNAL", "requestId": request_id}}]}
    return JSONResponse(body, 500, {"Cache-Control": "no-store"})


def _tell(scope: Scope, status: int, seconds: float) -> None:
    route = _route_of(scope)
    metrics.requests.labels(route, status).inc()
    metrics.seconds.labels(route).observe(seconds)
    log.info("answered", method=scope["method"], route=route, status=status, ms=round(seconds * 1000, 1))


_ROUTES = frozenset({"/graphql", "/schema.graphql", "/auth/sign-in", "/auth/sign-out", "/healthz", "/readyz", "/metrics"})
_UNHURRIED = ("/exports/", "/webhooks/")
_PREFIXES = ("/auth/sign-on/", "/exports/", "/documents/", "/webhooks/", "/graphiql/", "/assets/")
_PAGES = tuple(address for addresses in ADDRESSES.values() for address in addresses if address != "/")


def _route_of(scope: Scope) -> str:
    """The route without what is secret or unbounded in it."""
    path: str = scope["path"]
    if path in _ROUTES:
        return path
    if path == "/" or path.startswith(_PAGES):
        return "page"
    return next((f"{prefix}…" for prefix in _PREFIXES if path.startswith(prefix)), "other")


def request_id_of(connection: HTTPConnection) -> str:
    """Our id of this request, or a new one for a socket."""
    given = connection.scope.get("state", {}).get("request_id")
    return given if isinstance(given, str) else str(new_id())
