"""`python server.py` as a real process on a database, and asking it as its clients do: over HTTP and over a WebSocket."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Data, Subprotocol

import models
from identity import passwords, tokens, users
from identity.credentials import hash_of, new_secret
from models import database
from policy.vocabulary import Viewer
from tests import written_down

HERE = Path(__file__).parent.parent
PATIENCE_SECONDS = 20.0
PASSWORD = "correct horse battery"
PROTOCOL = "graphql-transport-ws"


def environment(database_url: str, **settings: str) -> dict[str, str]:
    """The environment of a process of ours: nothing of the developer's own settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LATCHKEY_")}
    return kept | {"LATCHKEY_DATABASE_URL": database_url} | {f"LATCHKEY_{name.upper()}": value for name, value in settings.items()}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class DidNotStart(RuntimeError):
    """Its log is the message."""


class Server:
    """One process of `server.py`, started by another program if need be. What it wrote on stdout and stderr is in `said()`."""

    def __init__(self, database_url: str, folder: Path, *, host: str = "127.0.0.1", started_by: Sequence[str] = (), **settings: str) -> None:
        self.database_url = database_url
        self.port = int(settings.pop("port", "0")) or free_port()
        self.url = f"http://{host}:{self.port}"
        self._log = folder / f"server-{self.port}.log"
        self._told = 0
        written_down.keep(self._log)
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [*started_by, sys.executable, "server.py"],
                cwd=HERE,
                env=environment(database_url, host=host, port=str(self.port), **settings),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is ours to answer
            )

    def said(self) -> str:
        return self._log.read_text(errors="surrogateescape")

    def news(self) -> str:
        """What it wrote since this was last asked."""
        with self._log.open("rb") as log:
            log.seek(self._told)
            news = log.read()
        self._told += len(news)
        return news.decode(errors="surrogateescape")

    async def ready(self) -> None:
        """Wait until /readyz says so. Raises DidNotStart."""
        async with self.at_its_door() as client:
            deadline = time.monotonic() + 3 * PATIENCE_SECONDS  # several processes import all of it at once
            while time.monotonic() < deadline and self.process.poll() is None:
                with contextlib.suppress(httpx2.TransportError):
                    if (await client.get("/readyz")).status_code == 200:
                        return
                await asyncio.sleep(0.05)
        self.stop()
        raise DidNotStart(self.said())

    def stop(self) -> float:
        """Stop it as an operator would; how many seconds that took. One that does not end is killed."""
        started = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return time.monotonic() - started

    async def keep_metrics(self) -> None:
        """Have what it counted looked at with its log. One that does not answer, or not us, counted nothing for us."""
        with contextlib.suppress(httpx2.HTTPError):
            async with self.client() as client:
                answer = await client.get("/metrics", timeout=5)
            if answer.status_code == 200:
                metrics = self._log.with_suffix(".metrics")
                metrics.write_text(answer.text)
                written_down.keep(metrics)

    def at_its_door(self) -> httpx2.AsyncClient:
        """A client of this process itself, whatever stands before it."""
        return self.client()

    def client(self, token: str | None = None, **options: Any) -> httpx2.AsyncClient:
        """A client, with a bearer token or without."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        given: dict[str, Any] = {"trust_env": False, "timeout": 20, "event_hooks": {"request": [written_down.sent]}, **options}
        return httpx2.AsyncClient(base_url=self.url, headers=headers | given.pop("headers", {}), **given)

    @asynccontextmanager
    async def signed_in(self, email: str, password: str = PASSWORD) -> AsyncIterator[httpx2.AsyncClient]:
        """A browser that signed in: its client has the cookie."""
        async with self.client() as client:
            answer = await client.post("/auth/sign-in", json={"email": email, "password": password})
            assert answer.status_code == 200, answer.text
            yield client

    async def ask(self, document: str, variables: Mapping[str, Any] | None = None, *, token: str | None = None) -> dict[str, Any]:
        """The answer to a document, as JSON."""
        async with self.client(token) as client:
            answer = await client.post("/graphql", json={"query": document, "variables": variables})
            found: dict[str, Any] = answer.json()
            return found

    @asynccontextmanager
    async def socket(self, token: str | None = None, *, init: bool = True, headers: Mapping[str, str] | None = None) -> AsyncIterator[Socket]:
        """A WebSocket to /graphql, acknowledged unless `init` is False."""
        more = {"Authorization": f"Bearer {token}"} if token else {}
        async with connect(
            self.url.replace("http", "ws") + "/graphql",
            subprotocols=[Subprotocol(PROTOCOL)],
            additional_headers={**more, **(headers or {})},
            proxy=None,
            max_size=None,
            open_timeout=PATIENCE_SECONDS,
        ) as connection:
            opened = Socket(connection)
            if init:
                await opened.send({"type": "connection_init"})
                assert await opened.next() == {"type": "connection_ack"}
            yield opened


@asynccontextmanager
async def serving(*servers: Server) -> AsyncIterator[None]:
    """While these serve: each is ready when it begins, and stopped at its end."""
    try:
        await asyncio.gather(*(server.ready() for server in servers))
        yield
    finally:
        try:
            await _looked_at(servers)
        finally:
            for server in servers:
                server.process.terminate()
            for server in servers:
                server.stop()


async def _looked_at(servers: Sequence[Server]) -> None:
    """What they counted is kept, and what must not stand in it."""
    for server in servers:
        if server.process.poll() is None:
            await server.keep_metrics()
    for url in {server.database_url for server in servers}:
        await written_down.secrets_of(url)


@dataclass(frozen=True)
class Deployment:
    """Two processes on one database, with trusted documents: their ids by the names of their operations."""

    database_url: str
    server: Server
    other: Server
    documents: Mapping[str, str]

    @property
    def engine(self) -> str:
        """`sqlite` or `postgres`."""
        return self.database_url.split("://", 1)[0]

    def said(self) -> str:
        """What both wrote so far on stdout and stderr."""
        return self.server.said() + self.other.said()


TRUSTED = {
    "WhoAmI": "query WhoAmI { viewer { name } }",
    "Recipients": "query Recipients($id: ID!) { parcel(id: $id) { recipient { name } } }",
    "Login": "subscription Login($id: ID!) { agentLoginChanged(accountId: $id) { state } }",
}


@asynccontextmanager
async def deploy(database_url: str, folder: Path) -> AsyncIterator[Deployment]:
    """Both, ready; stopped at the end."""
    trusted = folder / "trusted"
    trusted.mkdir()
    for name, text in TRUSTED.items():
        (trusted / f"{name}.graphql").write_text(text)
    ids = {name: f"sha256:{hashlib.sha256(text.encode()).hexdigest()}" for name, text in TRUSTED.items()}
    server, other = (Server(database_url, folder, trusted_documents=str(trusted)) for _ in range(2))
    async with serving(server, other):
        yield Deployment(database_url, server, other, ids)


@dataclass
class Socket:
    """One WebSocket, speaking graphql-transport-ws."""

    connection: ClientConnection = field(repr=False)

    async def send(self, message: object) -> None:
        """Send a value as JSON, or a text or bytes as they are."""
        await self.connection.send(message if isinstance(message, str | bytes) else orjson.dumps(message).decode())

    async def next(self, seconds: float = PATIENCE_SECONDS) -> dict[str, Any]:
        """The next message."""
        message: Data = await asyncio.wait_for(self.connection.recv(), seconds)
        found: dict[str, Any] = orjson.loads(message)
        return found

    async def subscribe(self, key: str, document: str, variables: Mapping[str, Any] | None = None, **more: Any) -> None:
        """Start an operation."""
        payload = {"query": document, **({} if variables is None else {"variables": variables}), **more}
        await self.send({"type": "subscribe", "id": key, "payload": payload})

    async def run(self, document: str, variables: Mapping[str, Any] | None = None, key: str = "once", **more: Any) -> list[dict[str, Any]]:
        """Run an operation that ends: its messages, but for the `complete`. An `error` is the last there is."""
        await self.subscribe(key, document, variables, **more)
        found: list[dict[str, Any]] = []
        while not found or found[-1]["type"] != "error":
            message = await self.next()
            if message["type"] == "complete":
                break
            found.append(message)
        return found

    async def closed(self, seconds: float = PATIENCE_SECONDS) -> tuple[int, str]:
        """The code and reason the server closes with. What it still sends before that is passed over."""

        async def drain() -> None:
            while True:
                await self.connection.recv()

        with contextlib.suppress(ConnectionClosed):
            await asyncio.wait_for(drain(), seconds)
        return self.connection.close_code or 0, self.connection.close_reason or ""

    async def silent(self, seconds: float) -> bool:
        """Is nothing sent for so long?"""
        try:
            await asyncio.wait_for(self.connection.recv(), seconds)
        except TimeoutError:
            return True
        return False


async def token_of(viewer: Viewer) -> str:
    """A new bearer token of a user."""
    return await tokens.create_token(viewer.id)


async def session_of(viewer: Viewer, *, secure: bool = False) -> dict[str, str]:
    """The header of a browser that signed in as this user (by TLS, if `secure`): what signing in leaves behind, without its price."""
    token, now = new_secret(), await database.clock()
    await models.Session.create(user_id=viewer.id, token_hash=hash_of(token), created_at=now, expires_at=now + timedelta(hours=1))
    return {"Cookie": f"{'__Host-' if secure else ''}latchkey={token}"}


async def with_password(viewer: Viewer) -> str:
    """Give a user a password (PASSWORD); their e-mail."""
    hashed = await passwords.hash_new(PASSWORD)
    await database.execute("UPDATE users SET password_hash = :hash WHERE id = :id", hash=hashed, id=viewer.id)
    email: str = (await database.fetch("SELECT email FROM users WHERE id = :id", id=viewer.id))[0]["email"]
    assert await users.find_user(email) is not None
    return email


async def until(holds: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until it holds. Raises AssertionError when it does not in time."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come to hold in time"
        await asyncio.sleep(0.01)
