"""What Prometheus is told: counts by words of ours, of which there is a bounded number. Never by who, or of whom.

What a room counts stands in its `counted.py` (an operation's in `schema/noted.py`); here is what is counted of requests, what is looked up now and
then, and the ways to read all of it. Several processes on one host share their counts by files, and any of them tells those of all.
"""

from __future__ import annotations

import hmac
import os
import platform
import tempfile
import tomllib
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest, start_http_server
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from models import database
from resolvers import consents, ledger

requests = Counter("latchkey_requests", "Requests answered.", ["route", "status"])
seconds = Histogram("latchkey_request_seconds", "Seconds to answer.", ["route"])
sockets = Gauge("latchkey_sockets", "WebSockets that are open.", multiprocess_mode="livesum")
connections = Gauge("latchkey_database_connections", "Connections to PostgreSQL, and who waits for one.", ["state"], multiprocess_mode="livesum")
ready = Gauge("latchkey_ready", "1 while the server is ready: what /readyz says.", multiprocess_mode="livemin")
live_consents = Gauge("latchkey_live_consents", "Accounts that granted agent login, looked up now and then.", multiprocess_mode="livemostrecent")
most_seen = Gauge(
    "latchkey_most_parcels_seen_in_an_hour",
    "The most different parcels of one account that one agent was shown within the last hour, looked up now and then.",
    multiprocess_mode="livemostrecent",
)
most_allowed = Gauge("latchkey_most_parcels_allowed_in_an_hour", "How many that may be at most.", multiprocess_mode="livemostrecent")
build = Gauge("latchkey_build_info", "1, of the version that runs.", ["version", "python", "migration"], multiprocess_mode="livemostrecent")

_FOLDER = "PROMETHEUS_MULTIPROC_DIR"


def version() -> str:
    """The version of this software."""
    try:
        return str(tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text())["project"]["version"])
    except (OSError, KeyError):
        return "unknown"


def prepare(parcels_an_hour: int) -> None:
    """What stands there before anything happened."""
    most_allowed.set(parcels_an_hour)
    build.labels(version(), platform.python_version(), database.newest_migration()).set(1)


async def look_up() -> None:
    """What is not counted as it happens, but looked up: of the pool, and of the database. Raises what the database raises."""
    count_connections()
    live_consents.set(await consents.how_many_live())
    most_seen.set(await ledger.most_seen_in_an_hour())


def text() -> bytes:
    """All there is, in Prometheus's text format: of this process, or of all that share their counts with it."""
    count_connections()
    return generate_latest(_registry())


def _registry() -> CollectorRegistry:
    if not are_shared():
        return REGISTRY
    shared = CollectorRegistry()
    MultiProcessCollector(shared)  # type: ignore[no-untyped-call] # it adds itself
    return shared


def count_connections() -> None:
    """How the pool stands now."""
    for state, count in database.usage().items():
        connections.labels(state).set(count)


# Several processes on one host.


def are_shared() -> bool:
    """Do several processes share their counts?"""
    return _FOLDER in os.environ


@contextmanager
def shared() -> Iterator[None]:
    """While it lasts, processes that are started share their counts. Whoever starts them owes `forget` of each that ended.

    They share by files, in the folder that the environment names (it must be empty), else in one of their own, which is removed at the end.
    """
    if are_shared():
        yield
        return
    with tempfile.TemporaryDirectory(prefix="latchkey-metrics-") as folder:
        os.environ[_FOLDER] = folder
        try:
            yield
        finally:
            del os.environ[_FOLDER]


def forget(pid: int) -> None:
    """A process that shared its counts has ended: what it counted stays, what it was doing is over."""
    mark_process_dead(pid)  # type: ignore[no-untyped-call]


# Ways to read it.


@contextmanager
def listening(host: str, port: int) -> Iterator[None]:
    """Tell them meanwhile to everybody who can reach this address; to nobody if the port is 0. Raises OSError for one that is not to be had.

    It is a thread: an answer that takes long delays no scrape.
    """
    if not port:
        yield
        return
    server, thread = start_http_server(port, host, _registry())
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def metrics(tokens: Sequence[str], *, open_to_all: bool) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint. It takes each bearer token; where there is none, it answers everybody or nobody."""

    async def answer(request: Request) -> Response:
        allowed = any(_is_bearer(request, token) for token in tokens) if tokens else open_to_all
        if not allowed:
            return PlainTextResponse("Not Found\n", 404)
        return Response(text(), media_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})

    return answer


def _is_bearer(request: Request, token: str) -> bool:
    return hmac.compare_digest(request.headers.get("authorization", "").encode(), f"Bearer {token}".encode())
