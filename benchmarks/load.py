"""How long do so many requests take? A closed loop of clients over raw sockets: each sends its next request when it has its answer.

Light, because it shares the machine with what it measures: the requests are bytes made beforehand, and an answer is looked at only for its status
and its end.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import cast

import orjson

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
_HEAD_ENDS = b"\r\n\r\n"
_PATIENCE_SECONDS = 300


class WrongAnswer(RuntimeError):
    """A peer answered with something else than 200."""


@dataclass(frozen=True, slots=True)
class Target:
    """Who is asked: a loopback port and a path."""

    port: int
    path: str


def request(target: Target, body: object, token: str, headers: Mapping[str, str] | None = None) -> bytes:
    """A POST of this body as JSON, ready to send."""
    content = orjson.dumps(body)
    lines = {
        "Host": f"127.0.0.1:{target.port}",
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
        "Accept": "application/json",
        "Content-Length": str(len(content)),
        **(headers or {}),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"POST {target.path} HTTP/1.1\r\n{head}\r\n".encode() + content


class Client(asyncio.Protocol):
    """One connection that is kept: asks these requests in turn, again and again, as often as there is something left of `work`."""

    def __init__(self, requests: Sequence[bytes], work: Work) -> None:
        self.requests = requests
        self.work = work
        self.asked = 0
        self.sent_at = 0.0
        self.buffer = b""
        self.ends_at: int | None = None
        self.chunked = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin when all are connected."""
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but name

    def ask(self) -> None:
        """Send the next request, if one is left to send."""
        if not self.work.take():
            self.transport.close()
            return
        message = self.requests[self.asked % len(self.requests)]
        self.asked += 1
        self.sent_at = time.perf_counter()
        self.transport.write(message)

    def data_received(self, data: bytes) -> None:
        """A part of the answer, or all of it."""
        self.buffer = self.buffer + data if self.buffer else data
        if self.ends_at is None and not self.chunked and not self._read_head():
            return
        if self.buffer.endswith(b"0\r\n\r\n") if self.chunked else len(self.buffer) == self.ends_at:
            self.work.took.append(time.perf_counter() - self.sent_at)
            self.work.last = self.buffer
            self.buffer, self.ends_at, self.chunked = b"", None, False
            self.ask()

    def _read_head(self) -> bool:
        end = self.buffer.find(_HEAD_ENDS)
        if end < 0:
            return False
        if not self.buffer.startswith(b"HTTP/1.1 200"):
            self.work.fail(WrongAnswer(self.buffer.decode(errors="replace")))
            self.transport.abort()
            return False
        length = _LENGTH.search(self.buffer, 0, end + 2)
        self.chunked = length is None and _CHUNKED.search(self.buffer, 0, end + 2) is not None
        self.ends_at = end + len(_HEAD_ENDS) + int(length[1]) if length else None
        return self.chunked or length is not None

    def connection_lost(self, error: Exception | None) -> None:
        """The end of this client. Before its answer came, it is the end of the measurement."""
        self.work.left_off(error)


class Work:
    """So many requests, shared by so many clients, and how long each took."""

    def __init__(self, count: int, clients: int) -> None:
        self.left = count
        self.count = count
        self.busy = clients
        self.took: list[float] = []
        self.last = b""
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def take(self) -> bool:
        """Is there another one to send?"""
        self.left -= 1
        return self.left >= 0

    def fail(self, error: Exception) -> None:
        """The measurement is worth nothing."""
        if not self.over.done():
            self.over.set_exception(error)

    def left_off(self, error: Exception | None) -> None:
        """A client is done."""
        self.busy -= 1
        if error is not None:
            self.fail(error)
        elif self.busy == 0 and not self.over.done():
            if len(self.took) == self.count:
                self.over.set_result(None)
            else:
                self.fail(WrongAnswer("the server closed a connection before it answered"))


@dataclass(frozen=True, slots=True)
class Slice:
    """What was measured: the seconds of all, and of each."""

    seconds: float
    took: list[float]

    @property
    def rate(self) -> float:
        """Requests a second."""
        return len(self.took) / self.seconds


@dataclass(frozen=True, slots=True)
class Asking:
    """What one client does: sends these requests in turn to a loopback port."""

    port: int
    requests: Sequence[bytes]


async def run(clients: Sequence[Asking], count: int) -> Slice:
    """Send `count` requests in all, by these clients. Raises WrongAnswer."""
    loop = asyncio.get_running_loop()
    work = Work(count, len(clients))
    made = [await loop.create_connection(partial(Client, each.requests, work), "127.0.0.1", each.port) for each in clients]
    started = time.perf_counter()
    for _, client in made:
        client.ask()
    async with asyncio.timeout(_PATIENCE_SECONDS):
        await work.over
    return Slice(time.perf_counter() - started, work.took)
