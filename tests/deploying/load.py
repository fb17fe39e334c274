"""Asking a server all the time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx2

from tests.serving import Server


@dataclass
class Load:
    """Who asks all the time, on a new connection each time, and what became of it."""

    server: Server
    token: str
    answered: int = 0
    refused: int = 0
    failed: list[str] = field(default_factory=list)
    stopped: bool = False

    async def ask(self) -> None:
        while not self.stopped:
            try:
                found = await self.server.ask("{ viewer { name } }", token=self.token)
                assert found["data"]["viewer"], found
                self.answered += 1
            except httpx2.ConnectError:  # it stopped: nothing was asked
                self.refused += 1
                await asyncio.sleep(0.01)
            except (httpx2.HTTPError, ValueError, AssertionError) as error:  # ValueError: that was no JSON
                self.failed.append(repr(error))

    @contextlib.asynccontextmanager
    async def going(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            for _ in range(4):
                group.create_task(self.ask())
            try:
                yield
            finally:
                self.stopped = True
