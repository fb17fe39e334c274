"""What a server counts, read as Prometheus reads it."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping

import httpx2

from tests.serving import PATIENCE_SECONDS, Server

_SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$")
Counts = Mapping[tuple[str, str], float]


def counts_in(text: str) -> Counts:
    """The samples of a scrape by name and labels."""
    return {(match[1], match[2] or ""): float(match[3]) for line in text.splitlines() if (match := _SAMPLE.match(line))}


async def counts_at(client: httpx2.AsyncClient) -> Counts:
    """What this address tells."""
    return counts_in((await client.get("/metrics")).text)


async def counts(server: Server) -> Counts:
    """What a server tells."""
    async with server.client() as client:
        return await counts_at(client)


def risen(before: Counts, after: Counts, name: str) -> dict[str, float]:
    """What was added to a counter meanwhile, by its labels."""
    found = {labels: value - before.get((each, labels), 0) for (each, labels), value in after.items() if each == f"{name}_total"}
    return {labels: value for labels, value in found.items() if value}


async def until_counted(client: httpx2.AsyncClient, name: str, value: float) -> Counts:
    """The counts, as soon as a sample has this value. Raises AssertionError when it does not in time."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (found := await counts_at(client)).get((name, "")) != value:
        assert time.monotonic() < deadline, f"{name} is {found.get((name, ''))}, not {value}"
        await asyncio.sleep(0.02)
    return found
