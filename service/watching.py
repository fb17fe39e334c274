"""What a server looks up of itself now and then, so that a scrape asks nothing of the database."""

from __future__ import annotations

import asyncio

import structlog

from service import health, metrics

WATCH_SECONDS = 15.0
log = structlog.get_logger(__name__)


async def watching() -> None:
    """Now and then: is it ready, how many consents are live, how much did the busiest agent see?"""
    while True:
        try:
            if await health.is_ready():
                await metrics.look_up()
        except Exception as error:  # noqa: BLE001 (the next time will do)
            log.warning("looking up failed", error=type(error).__name__)
        await asyncio.sleep(WATCH_SECONDS)
