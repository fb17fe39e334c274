"""The server: wires the rooms together. `python server.py` serves."""

from __future__ import annotations

import asyncio
import gc
import hmac
import logging
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext, suppress
from datetime import timedelta

import structlog
import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Histogram, generate_latest
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import engine
from exchange.routes import exchange_routes
from identity import attempts
from identity.attempts import network_of
from identity.requests import caller
from identity.routes import REFUSALS, auth_routes, refusal
from models import database
from models.fields import new_id
from pages import ADDRESSES, Links, page_routes
from resolvers import documents as document_links
from resolvers import exports, live
from resolvers.gate import Gate
from resolvers.ledger import Request as LoggedRequest
from resolvers.live import Changes
from schema.build import Schema, build
from schema.context import Context
from schema.documents import load
from schema.errors import place_of
from schema.http import Endpoint
from schema.running import Running
from settings import HERE, Settings, problems, settings

GRAPHIQL = HERE / "graphiql" / "dist"
WEB = HERE / "web" / "dist"
GRACE_SECONDS = 8  # with what comes before and after, a stop takes less than ten
TIDY_SECONDS = 600
log = structlog.get_logger("latchkey")

_requests = Counter("latchkey_requests", "Requests answered.", ["route", "status"])
_seconds = Histogram("latchkey_request_seconds", "Seconds to answer.", ["route"])

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
_API_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_GRAPHIQL_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Told:
    """The outermost layer: gives each request our id, logs one line of it without any value, and answers what nobody caught."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._socket(scope, receive, send)
            return
        scope.setdefault("state", {})["request_id"] = request_id = str(new_id())
        started, status, begun = time.perf_counter(), 500, False

        async def send_and_note(message: Message) -> None:
            nonlocal status, begun
            if message["type"] == "http.response.start":
                status, begun = message["status"], True
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Content-Security-Policy", _API_POLICY)
            await send(message)

        try:
            # What is streamed or uploaded takes its time: there, only each statement has a limit.
            with nullcontext() if scope["path"].startswith(_UNHURRIED) else database.allowed():
                await self.app(scope, receive, send_and_note)
        except Exception as error:  # noqa: BLE001 (nothing of it may reach the client or the log but its type and place)
            log.error("unexpected error", request_id=request_id, error=type(error).__name__, where=place_of(error))  # noqa: TRY400 (no trace: it holds values)
            if not begun:
                body = {"errors": [{"message": "Something went wrong on our side", "extensions": {"code": "INTERNAL", "requestId": request_id}}]}
                await JSONResponse(body, 500, {"Cache-Control": "no-store"})(scope, receive, send_and_note)
        finally:
            route = _route_of(scope)
            seconds = time.perf_counter() - started
            _requests.labels(route, status).inc()
            _seconds.labels(route).observe(seconds)
            log.info("answered", request_id=request_id, method=scope["method"], route=route, status=status, ms=round(seconds * 1000, 1))

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        try:
            await self.app(scope, receive, send)
        except Exception as error:  # noqa: BLE001 (as above)
            log.error("unexpected error on a socket", error=type(error).__name__, where=place_of(error))  # noqa: TRY400 (as above)
            with suppress(Exception):  # it may be closed already
                await send({"type": "websocket.close", "code": 1011})
        finally:
            log.info("socket ended", route=_route_of(scope), seconds=round(time.perf_counter() - started, 1))


_ROUTES = frozenset({"/graphql", "/schema.graphql", "/auth/sign-in", "/auth/sign-out", "/healthz", "/readyz", "/metrics"})
_UNHURRIED = ("/exports/", "/webhooks/")
_PREFIXES = ("/exports/", "/documents/", "/webhooks/", "/graphiql/", "/assets/")
_PAGES = tuple(address for addresses in ADDRESSES.values() for address in addresses if address != "/")


def _route_of(scope: Scope) -> str:
    """The route without what is secret or unbounded in it."""
    path: str = scope["path"]
    if path in _ROUTES:
        return path
    if path == "/" or path.startswith(_PAGES):
        return "page"
    return next((f"{prefix}…" for prefix in _PREFIXES if path.startswith(prefix)), "other")


def application(given: Settings) -> Starlette:
    """The ASGI application. Raises ValueError for settings that can't serve."""
    schema = engine.build() if given.engine else build()
    changes, running = Changes(), Running(given.operations_at_once)
    documents = load(given.trusted_documents, schema._schema, WEB / "documents.json")  # noqa: SLF001 (graphql-core's schema validates them)
    schema.prepared.keep_always(documents.parsed)

    async def context_for(connection: HTTPConnection) -> Context:
        who = await caller(connection, given.is_secure)
        return Context(
            viewer=who.viewer,
            request_id=_request_id(connection),
            changes=changes,
            again=who.again,
            name_of=documents.name,
            session_id=who.credential_id,
            most_parcels_an_hour=given.disclosures_per_hour,
            who=f"user:{who.viewer.id}" if who.viewer else f"address:{network_of(connection.client.host if connection.client else '')}",
            running=running,
            operation_seconds=given.operation_seconds,
        )

    async def gate_for(request: Request) -> Gate:
        who = await caller(request, given.is_secure)
        return Gate(who.viewer, LoggedRequest(_request_id(request)), given.disclosures_per_hour)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await database.open_database(given.database_url, seconds=given.database_seconds)
        try:
            await _require_current()
            await document_links.prepare()
            await changes.start(given.database_url)
            tidying = asyncio.create_task(_tidying())
            gc.collect()
            gc.freeze()  # what lives as long as the server is not looked through again by each collection: benchmarks/hostile.py
            yield
            tidying.cancel()
        finally:
            await changes.stop()
            await database.close_database()

    endpoint = Endpoint(schema, context_for, documents, Running(given.subscriptions_at_once))
    return Starlette(
        routes=[
            Route("/graphql", _with_graphiql(endpoint, given), name="graphql"),
            WebSocketRoute("/graphql", endpoint, name="graphql-ws"),  # a Route takes no sockets
            *_graphiql_files(given),
            *page_routes(WEB, Links(given.terms_url, given.privacy_url, given.support_url)),
            Route("/schema.graphql", _schema_file(schema)),
            *auth_routes(given.is_secure, lifetime=timedelta(hours=given.session_hours)),
            *exchange_routes(gate_for, given.document_hosts.split(",")),
            Route("/healthz", _healthy),
            Route("/readyz", _readiness),
            Route("/metrics", _metrics(given)),
        ],
        middleware=[Middleware(Told), Middleware(TrustedHostMiddleware, allowed_hosts=given.hosts(), www_redirect=False)],
        exception_handlers=dict.fromkeys(REFUSALS, refusal),
        lifespan=lifespan,
    )


def _request_id(connection: HTTPConnection) -> str:
    given = connection.scope.get("state", {}).get("request_id")
    return given if isinstance(given, str) else str(new_id())


class _with_graphiql:  # noqa: N801 (wraps the endpoint where it is mounted)
    """`/graphql`: GraphiQL for a browser in development, else the endpoint."""

    def __init__(self, endpoint: Endpoint, given: Settings) -> None:
        self.endpoint = endpoint
        self.given = given

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "GET" and self.given.development and "text/html" in Headers(scope=scope).get("accept", ""):
            await _graphiql()(scope, receive, send)
        else:
            await self.endpoint(scope, receive, send)


def _graphiql() -> Response:
    page = GRAPHIQL / "index.html"
    if not page.is_file():
        return PlainTextResponse("GraphiQL is not built: run `make graphiql`.\n", 503)
    return FileResponse(page, headers={"Content-Security-Policy": _GRAPHIQL_POLICY, "Cache-Control": "no-store"})


def _graphiql_files(given: Settings) -> list[BaseRoute]:
    built = given.development and GRAPHIQL.is_dir()
    return [Mount("/graphiql", StaticFiles(directory=GRAPHIQL), name="graphiql")] if built else []


def _schema_file(schema: Schema) -> Callable[[Request], Awaitable[Response]]:
    text = schema.as_str() + "\n"

    async def answer(_: Request) -> Response:
        return PlainTextResponse(text, headers={"Cache-Control": "no-cache"})

    return answer


async def _healthy(_: Request) -> Response:
    return JSONResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})


async def _readiness(_: Request) -> Response:
    try:
        ready = await database.is_current()
    except Exception as error:  # noqa: BLE001 (whatever it is, we are not ready)
        log.warning("not ready", error=type(error).__name__)
        ready = False
    return JSONResponse({"status": "ready" if ready else "not ready"}, 200 if ready else 503, {"Cache-Control": "no-store"})


def _metrics(given: Settings) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        allowed = given.development if given.metrics_token is None else _is_bearer(request, given.metrics_token)
        if not allowed:
            return PlainTextResponse("Not Found\n", 404)
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})

    return answer


def _is_bearer(request: Request, token: str) -> bool:
    return hmac.compare_digest(request.headers.get("authorization", "").encode(), f"Bearer {token}".encode())


async def _tidying() -> None:
    """Now and then, forget what nobody needs any more: old attempts to sign in, changes everybody heard of, links that ran out."""
    while True:
        await asyncio.sleep(TIDY_SECONDS)
        try:
            await attempts.forget_old()
            await live.forget_old_changes()
            await exports.forget_old_links()
        except Exception as error:  # noqa: BLE001 (the next time will do)
            log.warning("tidying failed", error=type(error).__name__)


class NotMigrated(RuntimeError):
    """The tables are not those this version needs."""

    def __init__(self) -> None:
        super().__init__("the database is not migrated: run `python cli.py migrate`")


async def _require_current() -> None:
    if not await database.is_current():
        raise NotMigrated


def configure_logging(given: Settings) -> None:
    """Structured logs: JSON in production, readable lines in development. Libraries' DEBUG, which prints SQL parameters, stays off."""
    level = logging.getLevelNamesMapping().get(given.log_level.upper(), logging.INFO)
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()) if given.development else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[structlog.processors.add_log_level, structlog.processors.TimeStamper(fmt="iso", utc=True), renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(level=max(level, logging.INFO), stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    for name in ("uvicorn.access", "tortoise", "aiosqlite", "asyncpg"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("strawberry").setLevel(logging.CRITICAL)  # it logs headers and traces
    logging.getLogger("uvicorn.error").addFilter(_is_not_of_sockets)


#: uvicorn's lines about sockets: the first holds the whole address, the last is an error for each that is refused. `Told` logs their route.
_OF_SOCKETS = ('%s - "WebSocket', "connection open", "connection closed", "connection rejected", "ASGI callable returned without completing")


def _is_not_of_sockets(record: logging.LogRecord) -> bool:
    return not str(record.msg).startswith(_OF_SOCKETS)


async def _require_servable(given: Settings) -> None:
    await database.open_database(given.database_url, seconds=given.database_seconds)
    try:
        await _require_current()
    finally:
        await database.close_database()


def _ready() -> tuple[Settings, Starlette]:
    """The settings and the application, on a database it can serve. Ends the process, saying what to do, where it can't."""
    try:
        given = settings()
        configure_logging(given)
        app = application(given)
    except ValidationError as wrong:
        sys.exit(problems(wrong))
    except (OSError, ValueError) as wrong:
        sys.exit(str(wrong))
    try:
        asyncio.run(_require_servable(given))
    except (NotMigrated, ValueError) as wrong:
        sys.exit(str(wrong))
    except database.UNREACHABLE as error:
        sys.exit(f"the database does not answer ({type(error).__name__}): check LATCHKEY_DATABASE_URL")
    return given, app


def main() -> None:
    """Serve until stopped."""
    given, app = _ready()
    uvicorn.run(
        app,
        host=given.host,
        port=given.port,
        access_log=False,
        log_config=None,
        server_header=False,
        ws_max_size=1024 * 1024,
        ws_ping_interval=10,
        ws_ping_timeout=10,
        forwarded_allow_ips=given.forwarded_allow_ips,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


if __name__ == "__main__":
    main()
