"""The server: wires the rooms together. `python server.py` serves."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager, nullcontext
from datetime import timedelta
from urllib.parse import urlsplit

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute

import engine
from exchange.routes import exchange_routes
from identity import providers
from identity.attempts import network_of
from identity.bearers import AccessJwts
from identity.requests import How, caller
from identity.routes import REFUSALS, auth_routes, refusal
from identity.sign_on_routes import sign_on_routes
from models import database
from outbox.delivering import Deliverer, delivering
from resolvers import documents as document_links
from resolvers.budgets import Budgets, Rates
from resolvers.gate import Gate
from resolvers.ledger import Request as LoggedRequest
from resolvers.live import Changes
from schema.build import Schema, build
from schema.context import Context
from schema.cost import MOST
from schema.documents import load
from schema.http import Endpoint
from schema.noted import note_caller
from schema.running import Running
from service import metrics, tracing
from service.graphiql import WithGraphiql, graphiql_files
from service.health import DemoInProduction, NotGranted, NotMigrated, healthy, readiness, require_servable
from service.logs import configure_logging
from service.pages import Links, page_routes
from service.proxies import BehindProxies
from service.stopping import Config
from service.tidying import tidying
from service.told import Told, request_id_of
from service.watching import watching
from service.workers import PATIENCE_SECONDS, bound, serve
from settings import HERE, Settings, problems, settings

GRAPHIQL = HERE / "graphiql" / "dist"
WEB = HERE / "web" / "dist"


def application(given: Settings) -> Starlette:
    """The ASGI application. Raises ValueError for settings that can't serve."""
    schema = engine.build() if given.engine else build()
    deliverer = Deliverer.of(on=given.tells_merchants, smtp_url=given.smtp_url, sender=given.messages_from, panel=given.public_url)
    sign_on, lifetime = providers.read(given.sign_on), timedelta(hours=given.session_hours)
    if not given.passwords and sign_on == providers.NOTHING:
        raise ValueError("LATCHKEY_PASSWORDS is false and LATCHKEY_SIGN_ON names nobody: nobody could sign in")
    if sign_on.address and not _answers_to(given.hosts(), urlsplit(sign_on.address).hostname or ""):
        raise ValueError("LATCHKEY_SIGN_ON: address: LATCHKEY_ALLOWED_HOSTS has not this name: whoever comes back from the provider would be refused")
    jwts = AccessJwts(sign_on.access_tokens) if sign_on.access_tokens else None
    changes, running, budgets = Changes(), Running(given.operations_at_once), Budgets(Rates(*given.per_minute(), MOST))
    documents = load(given.trusted_documents, schema._schema, WEB / "documents.json")  # noqa: SLF001 (graphql-core's schema validates them)
    schema.prepared.keep_always(documents.parsed)

    async def context_for(connection: HTTPConnection) -> Context:
        who = await caller(connection, given.is_secure, jwts)
        network = network_of(connection.client.host if connection.client else "")
        return Context(
            viewer=who.viewer,
            request_id=request_id_of(connection),
            changes=changes,
            again=who.again,
            name_of=documents.name,
            session_id=who.credential_id,
            session_ends_at=asyncio.get_running_loop().time() + who.remaining,
            most_parcels_an_hour=given.disclosures_per_hour,
            most_searches_an_hour=given.searches_per_hour,
            who=f"user:{who.viewer.id}" if who.viewer else f"address:{network}",
            running=running,
            operation_seconds=given.operation_seconds,
            budget=budgets.of(who.name_at(network)),
            any_document=given.runs_any(bearer=who.how in {How.TOKEN, How.JWT}),
        )

    async def gate_for(request: Request) -> Gate:
        who = await caller(request, given.is_secure, jwts)
        note_caller(who.viewer)
        return Gate(who.viewer, LoggedRequest(request_id_of(request)), given.disclosures_per_hour, given.searches_per_hour)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await database.open_database(given.database_url, seconds=given.database_seconds)
        stop_tracing = tracing.start(given.traces_url, share=given.traces_share, version=metrics.version())
        try:
            await require_servable(development=given.development, adds_people=sign_on.adds_people)
            await document_links.prepare()
            await changes.start(given.listen_url or given.database_url)
            metrics.prepare(given.disclosures_per_hour)
            tasks = [asyncio.create_task(tidying()), asyncio.create_task(watching())]
            gc.collect()
            gc.freeze()  # what lives as long as the server is not looked through again by each collection: benchmarks/hostile.py
            async with delivering(deliverer, changes):
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
            *page_routes(WEB, _links(given, sign_on)),
            Route("/schema.graphql", _schema_file(schema)),
            *auth_routes(given.is_secure, lifetime=lifetime, passwords=given.passwords),
            *sign_on_routes(sign_on, given.is_secure, lifetime),
            *exchange_routes(gate_for, given.document_hosts.split(",")),
            Route("/healthz", healthy),
            Route("/readyz", readiness),
            Route("/metrics", metrics.metrics(given.metrics_tokens(), open_to_all=given.development)),
        ],
        middleware=[
            Middleware(BehindProxies, trusted=given.forwarded_allow_ips),
            Middleware(Told, secure=given.is_secure, follow_traces=given.traces_follow),
            Middleware(TrustedHostMiddleware, allowed_hosts=given.hosts(), www_redirect=False),
        ],
        exception_handlers=dict.fromkeys(REFUSALS, refusal),
        lifespan=lifespan,
    )


def _answers_to(hosts: Sequence[str], name: str) -> bool:
    """As TrustedHostMiddleware has it."""
    return any(host in {"*", name} or (host.startswith("*.") and name.endswith(host[1:])) for host in hosts)


def _links(given: Settings, sign_on: providers.SignOn) -> Links:
    names = [each.name if each else "" for each in (sign_on.agents, sign_on.merchants)]
    return Links(given.terms_url, given.privacy_url, given.support_url, given.passwords, *names)


def _schema_file(schema: Schema) -> Callable[[Request], Awaitable[Response]]:
    text = schema.as_str() + "\n"

    async def answer(_: Request) -> Response:
        return PlainTextResponse(text, headers={"Cache-Control": "no-cache"})

    return answer


async def _require_servable(given: Settings) -> None:
    database.config(given.listen_url or given.database_url)  # raises ValueError here, and not in a task of its own
    await database.open_database(given.database_url, seconds=given.database_seconds)
    try:
        await require_servable(development=given.development, adds_people=providers.read(given.sign_on).adds_people)
    finally:
        await database.close_database()


def _settings() -> Settings:
    """The settings. Ends the process, saying what to set, where they can't be meant."""
    try:
        given = settings()
        given.hosts()
    except ValidationError as wrong:
        sys.exit(problems(wrong))
    except ValueError as wrong:
        sys.exit(str(wrong))
    return given


def served() -> Starlette:
    """The application, for a process that serves it. Ends the process, saying what to do, where it can't."""
    given = _settings()
    configure_logging(given.log_level, readable=given.development)
    try:
        return application(given)
    except (OSError, ValueError) as wrong:
        sys.exit(str(wrong))


def _require_database(given: Settings) -> None:
    """Ends the process, saying what to do, where the database can't be served."""
    try:
        asyncio.run(_require_servable(given))
    except (NotGranted, NotMigrated, DemoInProduction, ValueError) as wrong:
        sys.exit(str(wrong))
    except database.UNREACHABLE as error:
        sys.exit(f"the database does not answer ({type(error).__name__}): check LATCHKEY_DATABASE_URL")


@contextmanager
def _told_metrics(given: Settings) -> Iterator[None]:
    """Ends the process, saying what to set, where the metrics can't be told."""
    with ExitStack() as listening:
        try:
            listening.enter_context(metrics.listening(given.metrics_host, given.metrics_port))
        except OSError as error:
            sys.exit(f"LATCHKEY_METRICS_HOST and LATCHKEY_METRICS_PORT can't be listened at: {error.strerror}")
        yield


def main() -> None:
    """Serve until stopped."""
    given, app = _settings(), served()
    _require_database(given)
    config = Config(
        app if given.workers == 1 else "server:served",
        host=given.host,
        port=given.port,
        uds=given.unix_socket,
        workers=given.workers,
        timeout_worker_healthcheck=PATIENCE_SECONDS,
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,  # BehindProxies
        ws_max_size=1024 * 1024,
        ws_ping_interval=10,
        ws_ping_timeout=10,
        drain_seconds=given.drain_seconds,
    )
    with metrics.shared() if given.workers > 1 else nullcontext(), _told_metrics(given):
        serve(config, bound(config))


if __name__ == "__main__":
    main()
