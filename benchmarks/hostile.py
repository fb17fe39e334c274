"""How long does refusing what could keep a server busy take, and how long do others wait meanwhile?

    python benchmarks/hostile.py [--rounds 20]

Starts a server on an empty SQLite database, sends each document of tests/hostile/ in turn, round after round, and prints for each the median and the
worst of its answers in ms, and the size of the answer. Then sends all of them at once while another client asks for /healthz: what that waited.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

import httpx2
import orjson

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from models.database import close_database, migrate, open_database  # noqa: E402 (the path comes first)
from tests.builders import a_merchant  # noqa: E402
from tests.hostile.documents import HOSTILE, WRONG  # noqa: E402
from tests.serving import Server, serving, token_of  # noqa: E402

BODIES = {name: orjson.dumps(body) for name, body in (HOSTILE | WRONG).items()}


async def _timed(client: httpx2.AsyncClient, name: str) -> tuple[float, int]:
    started = time.perf_counter()
    answer = await client.post("/graphql", content=BODIES[name], headers={"content-type": "application/json"})
    seconds = time.perf_counter() - started
    codes = {error["extensions"]["code"] for error in answer.json()["errors"]}
    assert codes <= {"TOO_COMPLEX", "BAD_USER_INPUT"}, name
    return seconds * 1000, len(answer.content)


async def _alone(client: httpx2.AsyncClient, rounds: int) -> None:
    taken: dict[str, list[float]] = {name: [] for name in BODIES}
    sizes: dict[str, int] = {}
    for _ in range(rounds):
        for name in BODIES:
            milliseconds, sizes[name] = await _timed(client, name)
            taken[name].append(milliseconds)
    print(f"{'':34}{'median':>8}{'worst':>8} ms {'bytes':>7}")
    for name, times in sorted(taken.items(), key=lambda item: -statistics.median(item[1])):
        print(f"{name:34}{statistics.median(times):8.1f}{max(times):8.1f}    {sizes[name]:7}")


async def _meanwhile(client: httpx2.AsyncClient, other: httpx2.AsyncClient, rounds: int) -> None:
    waited: list[float] = []
    for _ in range(rounds):
        storm = asyncio.gather(*(_timed(client, name) for name in BODIES))
        while not storm.done():
            started = time.perf_counter()
            await other.get("/healthz")
            waited.append((time.perf_counter() - started) * 1000)
        await storm
    waited.sort()
    at_99 = waited[int(len(waited) * 0.99)]
    print(f"\nothers, while all {len(BODIES)} run at once: median {statistics.median(waited):.1f}, p99 {at_99:.1f}, worst {waited[-1]:.1f} ms")


async def main(rounds: int) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite://{folder}/hostile.sqlite3"
        await migrate(url)
        await open_database(url)
        token = await token_of((await a_merchant()).owner)
        await close_database()
        server = Server(url, Path(folder), operations_at_once="1000")
        async with serving(server), server.client(token) as client, server.client() as other:
            for name in BODIES:
                await _timed(client, name)  # warm
            await _alone(client, rounds)
            await _meanwhile(client, other, rounds)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    asyncio.run(main(parser.parse_args().rounds))
