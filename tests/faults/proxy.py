"""What stands between a server and its database, and may fail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class Between:
    """A TCP proxy: it passes everything on, until it is told to refuse, to freeze, to cut or to be slow. `heal` ends all of that."""

    host: str
    port: int
    listening_at: int = 0
    delay: float = 0.0
    _flowing: asyncio.Event = field(default_factory=asyncio.Event)
    _server: asyncio.Server | None = None
    _pipes: set[asyncio.Task[None]] = field(default_factory=set)

    async def open(self) -> None:
        """Listen, at the port it had before if it had one."""
        self._flowing.set()
        self._server = await asyncio.start_server(self._pass_on, "127.0.0.1", self.listening_at)
        self.listening_at = self._server.sockets[0].getsockname()[1]

    async def refuse(self) -> None:
        """Whoever is connected is cut off, and nobody gets in."""
        if self._server is not None:
            self._server.close()
            self._server = None
        await self.cut()

    async def freeze(self) -> None:
        """A black hole: everybody gets in, and nothing passes either way."""
        self._flowing.clear()

    async def cut(self) -> None:
        """Whoever is connected is cut off. Who comes anew is let in."""
        for pipe in list(self._pipes):
            pipe.cancel()
        await asyncio.gather(*self._pipes, return_exceptions=True)

    async def slow(self, seconds: float) -> None:
        """Everything takes so much longer, each way."""
        self.delay = seconds

    async def heal(self) -> None:
        """As it was at first."""
        self.delay = 0.0
        self._flowing.set()
        if self._server is None:
            await self.open()

    async def close(self) -> None:
        """For good."""
        self._flowing.set()
        await self.refuse()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._pipes.add(task)
        there: asyncio.StreamWriter | None = None
        try:
            with suppress(OSError):
                answers, there = await asyncio.open_connection(self.host, self.port)
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._pour(reader, there))
                    group.create_task(self._pour(answers, writer))
        except* (OSError, asyncio.CancelledError):
            pass
        finally:
            self._pipes.discard(task)
            for end in (writer, there):
                if end is not None:
                    end.transport.abort()

    async def _pour(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            if self.delay:
                await asyncio.sleep(self.delay)
            await self._flowing.wait()
            writer.write(data)
            await writer.drain()
        raise ConnectionResetError  # ends the other way too


@asynccontextmanager
async def between(database_url: str) -> AsyncIterator[tuple[Between, str]]:
    """A proxy before this PostgreSQL, and the URL that leads through it."""
    parts = urlsplit(database_url)
    proxy = Between(parts.hostname or "127.0.0.1", parts.port or 5432)
    await proxy.open()
    try:
        yield proxy, database_url.replace(f":{proxy.port}/", f":{proxy.listening_at}/")
    finally:
        await proxy.close()
