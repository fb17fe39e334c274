"""A server that stops without losing a request: `/readyz` says so first, then nobody new is let in, and who is in is answered."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Iterable
from types import FrameType
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from service.health import life

#: Who was let in just before has so long to say what they want.
LINGER_SECONDS = 0.5
#: Then so long to get it. With what comes before and after, a stop takes less than ten seconds.
GRACE_SECONDS = 8


class Config(uvicorn.Config):
    """uvicorn's, of an application or of the name of what makes it in each process; and how long a server that is told to stop takes requests."""

    def __init__(self, app: ASGIApp | str, *, drain_seconds: float = 0, **options: Any) -> None:
        super().__init__(app, factory=isinstance(app, str), timeout_graceful_shutdown=GRACE_SECONDS, **options)
        self.drain_seconds = drain_seconds


class Server(uvicorn.Server):
    """uvicorn's, but a stop that was asked for is no failure (exit code 0), and who connected before it is answered.

    uvicorn closes connections that have not asked anything yet, and those that the kernel has accepted for us: to who sits behind them,
    a request that was sent and never answered.
    """

    config: Config

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 (uvicorn's)
        """Stop; by a second Ctrl-C at once."""
        life.ending = True
        if self.should_exit and sig == signal.SIGINT:
            self.force_exit = True
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Within the configuration's `drain_seconds`, LINGER_SECONDS and GRACE_SECONDS."""
        await self._wait(self.config.drain_seconds)
        doors = [door.dup() for door in sockets or ()]
        for server in self.servers:
            server.close()
        for each in sockets or ():
            each.close()
        await self._let_in_who_waits(doors)
        await self._wait(LINGER_SECONDS)
        await super().shutdown([])

    async def _wait(self, seconds: float) -> None:
        clock = asyncio.get_running_loop().time
        over = clock() + seconds
        while clock() < over and not self.force_exit:  # noqa: ASYNC110 (a signal sets it, between any two lines)
            await asyncio.sleep(min(0.05, seconds))

    async def _let_in_who_waits(self, doors: Iterable[socket.socket]) -> None:
        """Take what the kernel accepted before the door is shut: its connections would be reset."""
        loop = asyncio.get_running_loop()
        for door in doors:
            door.setblocking(False)
            waiting = []
            with door:
                while (connection := _next(door)) is not None:
                    waiting.append(connection)
            for connection in waiting:
                await loop.connect_accepted_socket(self._protocol, connection)

    def _protocol(self) -> asyncio.Protocol:
        made: asyncio.Protocol = self.config.http_protocol_class(  # type: ignore[call-arg] # as uvicorn makes it
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return made


def _next(door: socket.socket) -> socket.socket | None:
    try:
        return door.accept()[0]
    except OSError:  # nobody waits, or who did is gone
        return None
