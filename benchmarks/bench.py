"""How fast is Latchkey, against what, and does it reach its goals?

    python benchmarks/bench.py [--only pages,singles] [--rounds 15] [--parcels 1000000]

Asks each file of questions/ in turn, on one PostgreSQL that it starts and fills, and prints what they find. A run of all questions writes
results.json beside this file, and docs/performance.md with its plot.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import asyncpg  # noqa: E402 (the path comes first)
import uvloop  # noqa: E402

from benchmarks import report  # noqa: E402
from benchmarks.filling import fill  # noqa: E402
from benchmarks.findings import Finding  # noqa: E402
from benchmarks.questions import (  # noqa: E402
    depth,
    enforcement,
    first_seen,
    grants,
    memory,
    pages,
    processes,
    singles,
    sizes,
    sqlite,
    tail,
)
from benchmarks.running import Differs  # noqa: E402
from benchmarks.setting import Setting  # noqa: E402
from tests.databases import Postgres  # noqa: E402

QUESTIONS: Final[Mapping[str, Callable[[Setting], AsyncIterator[Finding]]]] = MappingProxyType(
    {
        "pages": pages.ask,
        "singles": singles.ask,
        "first_seen": first_seen.ask,
        "tail": tail.ask,
        "enforcement": enforcement.ask,
        "grants": grants.ask,
        "sizes": sizes.ask,
        "processes": processes.ask,
        "sqlite": sqlite.ask,
        "depth": depth.ask,
        "memory": memory.ask,
    }
)


async def main(only: Sequence[str], rounds: int, parcels: int) -> None:
    """Ask, print, and write down what all of them found."""
    found: list[Finding] = []
    with Postgres() as postgres, tempfile.TemporaryDirectory() as folder:
        filled = await fill(await postgres.create_database())
        connection = await asyncpg.connect(filled.url)
        setting = Setting(postgres, Path(folder), filled, connection, rounds, parcels)
        print(report.heading())
        for name in only:
            async for each in QUESTIONS[name](setting):
                found.append(each)
                print(report.line(each), flush=True)
        await connection.close()
    print(*setting.notes, sep="\n\n")
    if set(only) == set(QUESTIONS):
        report.write(found, setting.notes, rounds)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(QUESTIONS), help="questions, separated by commas")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--parcels", type=int, default=1_000_000, help="how many the largest database has")
    given = parser.parse_args()
    asked = [name.strip() for name in given.only.split(",")]
    if unknown := set(asked) - set(QUESTIONS):
        parser.error(f"there is no question {', '.join(sorted(unknown))}: there are {', '.join(QUESTIONS)}")
    try:
        uvloop.run(main(asked, given.rounds, given.parcels))
    except Differs as difference:
        sys.exit(f"not timed: {difference}")
