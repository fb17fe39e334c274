"""The servers of a soak. Each has a place, which stays; the processes there come and go."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from tests.serving import Server, free_port

#: A server that does not come back within this is lost.
PATIENCE_SECONDS = 120.0
#: Idle connections are kept for less long than the server keeps them (5 s): else both may be about to use one and to close it.
LIMITS = httpx2.Limits(max_connections=None, keepalive_expiry=2.0)
#: Budgets are counted, and nobody reaches theirs; lines of single requests are left out of the log.
SETTINGS = {
    "operations_per_minute": "1000000",
    "cost_per_minute": "1000000000",
    "disclosures_per_hour": "1000000",
    "operations_at_once": "1000",
    "log_level": "WARNING",
}


@dataclass
class Place:
    """One server: its address stays the same. `spared`: its processes are never killed or stopped, so that some live as long as the soak."""

    number: int
    database_url: str = field(repr=False)
    folder: Path
    database_seconds: float
    workers: int = 1
    spared: bool = False
    port: int = field(default_factory=free_port)
    starts: int = 0
    is_up: bool = False
    server: Server = field(init=False, repr=False)
    client: httpx2.AsyncClient = field(init=False, repr=False)

    async def start(self) -> None:
        """Start a process here, and wait until it is ready."""
        self.starts += 1
        folder = self.folder / f"server-{self.number}-{self.starts}"
        folder.mkdir()
        self.server = Server(
            self.database_url, folder, port=str(self.port), workers=str(self.workers), database_seconds=str(self.database_seconds), **SETTINGS
        )
        if self.starts == 1:
            self.client = self.server.client(limits=LIMITS)
        await self.ready()

    async def ready(self) -> None:
        """Wait until all of its processes serve. Raises TimeoutError."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not (len(self.processes()) == self.workers and await self._is_ready()):
                assert self.server.process.poll() is None, self.server.said()
                await asyncio.sleep(0.05)
        self.is_up = True

    async def _is_ready(self) -> bool:
        with suppress(httpx2.TransportError):
            async with self.server.client() as client:
                return (await client.get("/readyz")).status_code == 200
        return False

    def processes(self) -> list[int]:
        """Those that answer: the server's own, or its workers'."""
        parent = self.server.process.pid
        if self.server.process.poll() is not None:
            return []
        return [parent] if self.workers == 1 else [child for child in _children(parent) if _is_worker(child)]

    def signal(self, signal_number: int) -> None:
        """Send the server a signal, and wait until it is gone."""
        self.is_up = False
        self.server.process.send_signal(signal_number)
        self.server.process.wait(PATIENCE_SECONDS)

    async def replace(self, killed: int) -> None:
        """Kill a worker, and wait until another has taken its place."""
        self.is_up = False
        os.kill(killed, signal.SIGKILL)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while killed in self.processes() or len(self.processes()) < self.workers:
            assert time.monotonic() < deadline, "no worker came in the place of the one that was killed"
            await asyncio.sleep(0.05)
        await self.ready()

    def said(self) -> str:
        """What all of its processes wrote."""
        return "".join(log.read_text(errors="replace") for log in sorted(self.folder.glob(f"server-{self.number}-*/*.log")))

    async def close(self) -> None:
        """Stop it, if it was started."""
        if self.starts:
            await asyncio.to_thread(self.server.stop)
            await self.client.aclose()


def _children(process: int) -> list[int]:
    found: list[int] = []
    with suppress(OSError):
        for task in Path(f"/proc/{process}/task").iterdir():
            found += map(int, (task / "children").read_text().split())
    return found


def _is_worker(process: int) -> bool:
    with suppress(OSError):
        return b"spawn_main" in Path(f"/proc/{process}/cmdline").read_bytes()
    return False
