"""The server: wires the rooms together. `python server.py` serves."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import uvicorn
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute

import engine
from exchange.routes import exchange_routes
from identity.attempts import network_of
from identity.requests import caller
from identity.routes import REFUSALS, auth_routes, refusal
from models import database
from resolvers import documents as document_links
from resolvers.gate import Gate
from resolvers.ledger import Request as LoggedRequest
from resolvers.live import Changes
from schema.build import Schema, build
from schema.context import Context
from schema.documents import load
from schema.http import Endpoint
from schema.noted import note_caller
from schema.running import Running
from service import metrics, tracing
from service.graphiql import WithGraphiql, graphiql_files
from service.health import NotMigrated, healthy, readiness, require_current
from service.logs import configure_logging
from service.pages import Links, page_routes
from service.tidying import tidying
from service.told import Told, request_id_of
from service.watching import watching
from settings import HERE, Settings, problems, settings

GRAPHIQL = HERE / "graphiql" / "dist"
WEB = HERE / "web" / "dist"
GRACE_SECONDS = 8  # with what comes before and after, a stop takes less than ten


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
            request_id=request_id_of(connection),
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
        note_caller(who.viewer)
        return Gate(who.viewer, LoggedRequest(request_id_of(request)), given.disclosures_per_hour)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await database.open_database(given.database_url, seconds=given.database_seconds)
        stop_tracing = tracing.start(given.traces_url, share=given.traces_share, version=metrics.version())
        try:
            await require_current()
            await document_links.prepare()
            await changes.start(given.database_url)
            metrics.prepare(given.disclosures_per_hour)
            tasks = [asyncio.create_task(tidying()), asyncio.create_task(watching(given.metrics_host, given.metrics_port))]
            gc.collect()
            gc.freeze()  # what lives as long as the server is not looked through again by each collection: benchmarks/hostile.py
            yield
            for task in tasks:
                task.cancel()
        finally:
            await changes.stop()
            await database.close_database()
            await stop_tracing()

    endpoint = Endpoint(schema, context_for, documents, Running(given.subscriptions_at_once))
    return Starlette(
        routes=[
            Route("/graphql", WithGraphiql(endpoint, GRAPHIQL) if given.development else endpoint, name="graphql"),
            WebSocketRoute("/graphql", endpoint, name="graphql-ws"),  # a Route takes no sockets
            *(graphiql_files(GRAPHIQL) if given.development else []),
            *page_routes(WEB, Links(given.terms_url, given.privacy_url, given.support_url)),
            Route("/schema.graphql", _schema_file(schema)),
            *auth_routes(given.is_secure, lifetime=timedelta(hours=given.session_hours)),
            *exchange_routes(gate_for, given.document_hosts.split(",")),
            Route("/healthz", healthy),
            Route("/readyz", readiness),
            Route("/metrics", metrics.metrics(given.metrics_token, open_to_all=given.development)),
        ],
        middleware=[
            Middleware(Told, follow_traces=given.traces_follow),
            Middleware(TrustedHostMiddleware, allowed_hosts=given.hosts(), www_redirect=False),
        ],
        exception_handlers=dict.fromkeys(REFUSALS, refusal),
        lifespan=lifespan,
    )


def _schema_file(schema: Schema) -> Callable[[Request], Awaitable[Response]]:
    text = schema.as_str() + "\n"

    async def answer(_: Request) -> Response:
        return PlainTextResponse(text, headers={"Cache-Control": "no-cache"})

    return answer


async def _require_servable(given: Settings) -> None:
    await database.open_database(given.database_url, seconds=given.database_seconds)
    try:
        await require_current()
    finally:
        await database.close_database()


def _ready() -> tuple[Settings, Starlette]:
    """The settings and the application, on a database it can serve. Ends the process, saying what to do, where it can't."""
    try:
        given = settings()
        configure_logging(given.log_level, readable=given.development)
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
