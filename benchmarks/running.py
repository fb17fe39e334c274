"""Who is asked? Our server and each peer, as processes of their own on one database; and what each is asked so that they may be compared."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2
import orjson

from benchmarks.load import Target
from tests.serving import Server, free_port, serving

ROOT = Path(__file__).resolve().parents[1]
NODE_PEERS = ROOT / "benchmarks" / "peers" / "node"
PATIENCE_SECONDS = 40.0
#: Nobody is held back while we measure, and no request is logged, as none is by the peers.
OURS = {"disclosures_per_hour": "100000000", "operations_at_once": "10000", "log_level": "WARNING"}


@dataclass(frozen=True, slots=True)
class Side:
    """One of two that are compared: where it listens, what it is sent, by whom."""

    name: str
    target: Target
    body: Mapping[str, Any]
    tokens: Sequence[str] = field(repr=False)


class PeerDidNotStart(RuntimeError):
    """Its log is the message."""


@asynccontextmanager
async def our_server(database_url: str, folder: Path, **more: str) -> AsyncIterator[Server]:
    """Our server, ready; stopped at the end."""
    server = Server(database_url, folder, **OURS, **more)
    async with serving(server):
        yield server


def node() -> Path | None:
    """The Node that the peers' own packages bring; None when they are not installed."""
    return next(iter(sorted(NODE_PEERS.glob("node_modules/node-*/bin/node"))), None)


def command(name: str, database_url: str, port: int) -> list[str]:
    """How a peer is started. Those whose name ends in .mjs need Node."""
    if not name.endswith(".mjs"):
        return [sys.executable, "-m", f"benchmarks.peers.{name}", database_url, str(port)]
    found = node()
    assert found is not None, "the Node peers are not installed"
    return [str(found), str(NODE_PEERS / name), database_url, str(port)]


@asynccontextmanager
async def a_peer(name: str, database_url: str, folder: Path) -> AsyncIterator[int]:
    """A peer that answers, and its port; stopped at the end. Raises PeerDidNotStart."""
    port = free_port()
    log = folder / f"{name}-{port}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            command(name, database_url, port),
            cwd=ROOT,
            env=os.environ | {"NODE_ENV": "production"},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    try:
        await _ready(process, port, log)
        yield port
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


async def _ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    async with httpx2.AsyncClient(trust_env=False, timeout=5) as client:
        while time.monotonic() < deadline and process.poll() is None:
            with contextlib.suppress(httpx2.TransportError):
                if (await client.get(f"http://127.0.0.1:{port}/healthz")).status_code == 200:
                    return
            await asyncio.sleep(0.05)
    raise PeerDidNotStart(log.read_text(errors="replace"))


class Differs(RuntimeError):
    """Two sides gave different answers: they are not timed."""


async def answer(side: Side) -> dict[str, Any]:
    """What it answers to its first client."""
    async with httpx2.AsyncClient(trust_env=False, timeout=30) as client:
        headers = {"Authorization": f"Bearer {side.tokens[0]}", "Accept": "application/json"}
        given = await client.post(f"http://127.0.0.1:{side.target.port}{side.target.path}", json=side.body, headers=headers)
    found: dict[str, Any] = orjson.loads(given.content)
    return found


async def require_equal(ours: Side, peer: Side) -> None:
    """The same data, nothing amiss, and no more than `extensions` beside it. Raises Differs."""
    expected, found = [await answer(side) for side in (ours, peer)]
    if expected.get("errors") or found.get("errors"):
        raise Differs(f"{ours.name} or {peer.name} answers with errors: {expected.get('errors') or found.get('errors')}")
    if _comparable(expected["data"]) != _comparable(found["data"]):
        raise Differs(f"{peer.name} does not answer what {ours.name} answers")


_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def _comparable(value: Any) -> Any:
    """Instants as instants, and cursors only as there or not: they are opaque, and each has its own."""
    if isinstance(value, dict):
        return {name: each is not None if name == "endCursor" else _comparable(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_comparable(each) for each in value]
    return datetime.fromisoformat(value) if isinstance(value, str) and _INSTANT.fullmatch(value) else value
