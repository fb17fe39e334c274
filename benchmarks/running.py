"""Who is asked? Our server and each peer, as processes of their own on one database; and what each is asked so that they may be compared."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2
import orjson

from benchmarks.load import Asking, Target, request
from tests.serving import Server, free_port, serving

ROOT = Path(__file__).resolve().parents[1]
NODE_PEERS = ROOT / "benchmarks" / "peers" / "node"
NODE_MAJOR = 22
PATIENCE_SECONDS = 40.0
#: Nobody is held back while we measure, and no request is logged, as none is by the peers.
OURS = {"disclosures_per_hour": "100000000", "searches_per_hour": "100000000", "operations_at_once": "10000", "log_level": "WARNING"}


@dataclass(frozen=True, slots=True)
class Side:
    """One of two that are compared: where it listens, what it is sent in turn, by whom."""

    name: str
    targets: Sequence[Target]
    bodies: Sequence[Mapping[str, Any]] = field(repr=False)
    tokens: Sequence[str] = field(repr=False)

    def client(self, number: int) -> Asking:
        """What one of its clients sends."""
        target = self.targets[number % len(self.targets)]
        token = self.tokens[number % len(self.tokens)]
        return Asking(target.port, [request(target, body, token) for body in self.bodies])


class PeerDidNotStart(RuntimeError):
    """Its log is the message."""


@asynccontextmanager
async def our_server(database_url: str, folder: Path, **more: str) -> AsyncIterator[Server]:
    """Our server, ready; stopped at the end."""
    server = Server(database_url, folder, **OURS, **more)
    async with serving(server):
        yield server


def node() -> str | None:
    """The Node that runs the peers: what their packages bring, else the one on the PATH. None where they are not installed, or it is too old."""
    packages = NODE_PEERS / "node_modules"
    if found := sorted(packages.glob("node-*/bin/node")):
        return str(found[0])
    on_path = shutil.which("node")
    if on_path is None or not packages.is_dir():
        return None
    version = subprocess.run([on_path, "--version"], check=True, capture_output=True, text=True).stdout  # noqa: S603 (our own words)
    return on_path if int(version.removeprefix("v").split(".")[0]) >= NODE_MAJOR else None


def command(name: str, database_url: str, port: int) -> list[str]:
    """How a peer is started. Those whose name ends in .mjs need Node."""
    if not name.endswith(".mjs"):
        return [sys.executable, "-m", f"benchmarks.peers.{name}", database_url, str(port)]
    found = node()
    assert found is not None, "the Node peers are not installed"
    return [found, str(NODE_PEERS / name), database_url, str(port)]


class Peer:
    """One process of a peer, on a loopback port."""

    def __init__(self, name: str, database_url: str, folder: Path) -> None:
        self.port = free_port()
        self._log = folder / f"{name}-{self.port}.log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(  # noqa: S603 (our own words)
                command(name, database_url, self.port),
                cwd=ROOT,
                env=os.environ | {"NODE_ENV": "production"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is ours to answer
            )

    def said(self) -> str:
        """What it wrote on stdout and stderr."""
        return self._log.read_text(errors="replace")

    async def ready(self) -> None:
        """Wait until it answers. Raises PeerDidNotStart."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        async with httpx2.AsyncClient(trust_env=False, timeout=5) as client:
            while time.monotonic() < deadline and self.process.poll() is None:
                with contextlib.suppress(httpx2.TransportError):
                    if (await client.get(f"http://127.0.0.1:{self.port}/healthz")).status_code == 200:
                        return
                await asyncio.sleep(0.05)
        raise PeerDidNotStart(self.said())

    def stop(self) -> None:
        """Stop it; one that does not end is killed."""
        self.process.terminate()
        try:
            self.process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@asynccontextmanager
async def a_peer(name: str, database_url: str, folder: Path) -> AsyncIterator[int]:
    """A peer that answers, and its port; stopped at the end. Raises PeerDidNotStart."""
    peer = Peer(name, database_url, folder)
    try:
        await peer.ready()
        yield peer.port
    finally:
        peer.stop()


class Differs(RuntimeError):
    """Two sides gave different answers: they are not timed."""


async def answers(side: Side) -> list[dict[str, Any]]:
    """What it answers to its first client, to each thing it is asked."""
    target = side.targets[0]
    async with httpx2.AsyncClient(trust_env=False, timeout=30) as client:
        headers = {"Authorization": f"Bearer {side.tokens[0]}", "Accept": "application/json"}
        given = [await client.post(f"http://127.0.0.1:{target.port}{target.path}", json=body, headers=headers) for body in side.bodies]
    return [orjson.loads(each.content) for each in given]


Log = Callable[[], Awaitable[list[Any]]]


async def require_equal(ours: Side, peer: Side, log: Log, *, recorded: bool = True) -> None:
    """The same data, no error, and, where the peer writes one, the same rows in the access log. Raises Differs.

    `log` takes the rows out of the access log.
    """
    await log()
    expected, expected_log = await answers(ours), await log()
    found, found_log = await answers(peer), await log()
    for one, other in zip(expected, found, strict=True):
        if one.get("errors") or other.get("errors"):
            raise Differs(f"{ours.name} or {peer.name} answers with errors: {one.get('errors') or other.get('errors')}")
        if _comparable(one["data"]) != _comparable(other["data"]):
            raise Differs(f"{peer.name} does not answer what {ours.name} answers")
    if recorded and expected_log != found_log:
        raise Differs(f"{peer.name} does not write what {ours.name} writes into the access log")


_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def _comparable(value: Any) -> Any:
    """Instants as instants, and cursors only as there or not: they are opaque, and each has its own."""
    if isinstance(value, dict):
        return {name: each is not None if name == "endCursor" else _comparable(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_comparable(each) for each in value]
    return datetime.fromisoformat(value) if isinstance(value, str) and _INSTANT.fullmatch(value) else value
