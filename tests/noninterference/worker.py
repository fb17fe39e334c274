"""One world, served: the real application, its middleware and its logging, in a process of its own (`nursery.py`).

Its first line is its process's id; then each line in is a batch of asks as JSON, each line out their answers. It is asked in the process and not over
a port, because a pair costs a third of what it would; the sockets of a real server are tested in tests/server and tests/revocation.
"""

from __future__ import annotations

import asyncio
import io
import os
import socket
import sys
import time
import traceback
from contextvars import ContextVar
from typing import Any
from urllib.parse import urlsplit

import orjson

import server
from models import database
from models.database import Engine
from resolvers import budgets, live
from resolvers.live import Changes
from schema import prepared
from service import logs
from settings import Settings
from tests.noninterference.nursery import LONGEST
from tests.noninterference.reading import personal_rows
from tests.wire import Wire, watched

PATIENCE_SECONDS = 20.0
#: Is this task answering the caller? What the server does beside that, and what others ask meanwhile, is not watched.
_ANSWERING: ContextVar[bool] = ContextVar("answering", default=False)


class World:
    """The application on one database, and what it writes on stderr."""

    def __init__(self, url: str, wire: Wire) -> None:
        self.wire = wire
        self.written = io.StringIO()
        sys.stderr = self.written
        os.environ.pop("LATCHKEY_ENVIRONMENT", None)
        given = Settings(database_url=url, operations_per_minute=1_000_000, cost_per_minute=1_000_000_000)  # what is left is compared
        logs.configure_logging(given.log_level, readable=given.development)
        self.changes = Changes()
        vars(server)["Changes"] = lambda: self.changes  # to know when a subscription listens
        self.app: Any = server.application(given)

    async def answer(self, ask: dict[str, Any]) -> dict[str, Any]:
        """Status, headers, body and log lines of a request; messages, close and log lines of a socket. What was read of whom stands beside them."""
        self.written.seek(0)
        self.written.truncate()
        self.wire.clear()
        if "meanwhile" in ask:
            await self._all_heard()
        _ANSWERING.set(True)
        begun = time.perf_counter()
        found = await (self._socket(ask) if ask["kind"] == "socket" else self._http(ask))
        return found | {
            "seconds": time.perf_counter() - begun,
            "log": self.written.getvalue(),
            "read": personal_rows(self.wire, ask.get("role", "")),
            "statements": [[each.sql, len(each.rows)] for each in self.wire.everything],
        }

    async def _all_heard(self) -> None:
        """Every change that was announced before has been heard of: a subscription that begins now hears of later ones only."""
        _ANSWERING.set(False)
        async with self.changes.heard(lambda change: change.topic == "barrier") as barrier:
            async with database.transaction():
                await live.announce("barrier")
            await asyncio.wait_for(barrier.get(), PATIENCE_SECONDS)

    async def _http(self, ask: dict[str, Any]) -> dict[str, Any]:
        body = ask.get("body", "").encode()
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        headers = [*ask["headers"].items(), ("content-length", str(len(body)))]
        await self.app(_scope("http", ask["path"], headers, method=ask["method"]), receive, send)
        return {
            "status": sent[0]["status"],
            "headers": [[name.decode(), value.decode()] for name, value in sent[0]["headers"]],
            "body": b"".join(each.get("body", b"") for each in sent[1:]).decode(errors="backslashreplace"),
        }

    async def _socket(self, ask: dict[str, Any]) -> dict[str, Any]:
        incoming: asyncio.Queue[Any] = asyncio.Queue()
        outgoing: asyncio.Queue[Any] = asyncio.Queue()
        headers = [*ask["headers"].items(), ("sec-websocket-protocol", "graphql-transport-ws")]
        scope = _scope("websocket", "/graphql", headers, subprotocols=["graphql-transport-ws"])
        running = asyncio.create_task(self.app(scope, incoming.get, outgoing.put))
        heard: list[Any] = []

        async def hear() -> dict[str, Any]:
            async with asyncio.timeout(PATIENCE_SECONDS):
                message: dict[str, Any] = await outgoing.get()
            heard.append(message.get("text") or [message["type"], message.get("code"), message.get("reason")])
            return message

        async def say(message: object) -> None:
            await incoming.put({"type": "websocket.receive", "text": orjson.dumps(message).decode()})

        await incoming.put({"type": "websocket.connect"})
        try:
            if (await hear())["type"] == "websocket.accept":
                await say({"type": "connection_init"})
                await hear()
                await say({"type": "subscribe", "id": "1", "payload": ask["payload"]})
                await self._events(ask, hear)
        except TimeoutError:
            heard.append("nothing more")
        await incoming.put({"type": "websocket.disconnect", "code": 1000})
        await asyncio.wait([running], timeout=PATIENCE_SECONDS)
        running.cancel()
        return {"heard": heard}

    async def _events(self, ask: dict[str, Any], hear: Any) -> None:
        """What an operation answers; of a subscription as many events as are waited for, the last after what makes it."""
        for number in range(ask["events"]):
            if number == ask["events"] - 1:
                await self._meanwhile(ask["meanwhile"])
            if '"next"' not in str((await hear()).get("text", "")):
                return
        while not ask["events"] and '"next"' in str((await hear()).get("text", "")):
            pass

    async def _meanwhile(self, ask: dict[str, Any]) -> None:
        """Once it listens, or was refused, somebody else asks this."""
        for _ in range(200):
            if self.changes._queues:
                break
            await asyncio.sleep(0.005)  # nothing tells it from outside
        _ANSWERING.set(False)
        await self._http(ask)
        _ANSWERING.set(True)


def _scope(kind: str, path: str, headers: list[tuple[str, str]], **more: Any) -> dict[str, Any]:
    parts = urlsplit(path)
    return {
        "type": kind,
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": "http" if kind == "http" else "ws",
        "path": parts.path,
        "raw_path": parts.path.encode(),
        "query_string": parts.query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in [("host", "127.0.0.1"), *headers]],
        "client": ("127.0.0.1", 50_000),
        "server": ("127.0.0.1", 8000),
        "state": {},
        **more,
    }


def _one_minute() -> None:
    """The worlds' budgets are of one minute, however long it takes: it must not end between the two answers of a pair."""
    vars(budgets)["_MINUTE"] = dict.fromkeys(Engine, "CAST(1 AS bigint)")
    vars(budgets)["_SECONDS_LEFT"] = dict.fromkeys(Engine, "CAST(1000000 AS double precision)")


def _remember_documents() -> None:
    """Parsing and validating is most of the work, and the generator asks each document several times: those that hold a text are kept too."""
    vars(prepared)["Prepared"]._holds_a_text = staticmethod(lambda _: False)


async def serve(url: str, line: socket.socket) -> None:
    """Answer batches until nothing more is to come."""
    reader, writer = await asyncio.open_connection(sock=line, limit=LONGEST)
    writer.write(b"%d\n" % os.getpid())
    _remember_documents()
    _one_minute()
    with watched(_ANSWERING.get) as wire:
        world = World(url, wire)
        async with world.app.router.lifespan_context(world.app):
            while asks := await reader.readline():
                answers = [await world.answer(ask) for ask in orjson.loads(asks)]
                writer.write(orjson.dumps(answers) + b"\n")
                await writer.drain()
    writer.close()


def run(url: str, line: socket.socket) -> None:
    """Serve. What it dies of is printed, and is no part of an answer."""
    try:
        asyncio.run(serve(url, line))
    except BaseException:  # noqa: BLE001 (whatever it is)
        traceback.print_exc(file=sys.__stderr__)
