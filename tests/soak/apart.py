"""What must not wait for the load, in a thread of its own: the proxy before the database, which would be as slow as all clients together."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.faults.proxy import Between, between


@dataclass
class Apart:
    """A proxy, and the event loop it runs in."""

    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    proxy: Between = field(init=False)

    async def freeze(self) -> None:
        """Nothing passes either way."""
        await self.there(self.proxy.freeze())

    async def slow(self, seconds: float) -> None:
        """Everything takes so much longer, each way."""
        await self.there(self.proxy.slow(seconds))

    async def heal(self) -> None:
        """As it was at first."""
        await self.there(self.proxy.heal())

    async def there(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run it in that loop, and wait for it."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self.loop))


@asynccontextmanager
async def between_apart(database_url: str) -> AsyncIterator[tuple[Apart, str]]:
    """A proxy before this PostgreSQL, and the URL that leads through it."""
    apart = Apart()
    thread = threading.Thread(target=apart.loop.run_forever, daemon=True)
    thread.start()
    whole = between(database_url)
    try:
        apart.proxy, through = await apart.there(whole.__aenter__())
        try:
            yield apart, through
        finally:
            await apart.there(whole.__aexit__(None, None, None))
    finally:
        apart.loop.call_soon_threadsafe(apart.loop.stop)
        await asyncio.to_thread(thread.join)
        apart.loop.close()
