"""The long run: `make noninterference N=1000000 SEED=7`. On both databases, with progress, up to the first pair that differs."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from models.database import migrate
from tests.databases import Postgres
from tests.noninterference.running import Report, Run
from tests.noninterference.timing import slower
from tests.noninterference.worlds import a_pair

ROUNDS = 1_000


async def main(count: int, seed: int) -> int:
    """Half of the pairs on each database; 1 if one differs, read what is withheld, or took another time."""
    found = []
    differing: set[str] = set()
    with Postgres() as postgres, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        urls = [f"sqlite://{folder / 'migrated'}", await postgres.create_database()]
        for url in urls:
            await migrate(url)
            place = folder / url.split("://", 1)[0]
            place.mkdir()
            run = Run(await a_pair(url, place, postgres), place, seed)
            found.append(await run.pairs(count // 2, _progress()))
            differing |= await slower(run, ROUNDS, print)
    for report in found:
        print(report)
        for each in (report.found, report.read, *report.unconfirmed):
            if each is not None:
                print(each)
    # What a subscription hears first is chance: a few differ once, and not when they are asked again.
    return int(bool(differing) or any(report.found or report.read or len(report.unconfirmed) > report.pairs // 500 for report in found))


def _progress() -> Callable[[Report], None]:
    begun = last = time.monotonic()

    def told(report: Report) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last > 30:
            last = now
            print(f"{report.engine}: {report.pairs} pairs, {report.pairs / (now - begun):.0f} a second", file=sys.stderr)

    return told


if __name__ == "__main__":
    sys.exit(asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]))))
