"""`make soak MINUTES=30`: a mixed load, a fault a minute, and what is left in the end."""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
from pathlib import Path

import orjson
from rich.console import Console

from tests import written_down
from tests.serving import PASSWORD
from tests.soak.faults import FAULTS
from tests.soak.running import Plan, soak


def main() -> int:
    """0 when it passed."""
    given = _arguments().parse_args()
    plan = Plan(given.database, given.minutes * 60, given.seed, given.every, given.heal, given.fault, given.database_seconds)
    print(f"{plan.database}, {given.minutes:g} minutes, seed {plan.seed}", file=sys.stderr)
    written_down.secret("a password", [PASSWORD])
    with tempfile.TemporaryDirectory(prefix="latchkey-soak-") as folder:
        report = asyncio.run(soak(plan, Path(folder), lambda line: print(line, file=sys.stderr, flush=True)))
        report.problems += [f"written down: {leak}" for leak in written_down.leaks()]
    report.print(Console(width=140))
    if given.json is not None:
        given.json.write_bytes(orjson.dumps(report.as_json(), option=orjson.OPT_INDENT_2))
    return int(bool(report.problems))


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30, help="how long it lasts")
    parser.add_argument("--database", choices=sorted(FAULTS), default="postgres")
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000), help="which faults in which order; chance by default")  # noqa: S311
    parser.add_argument("--every", type=float, default=60, help="seconds from fault to fault")
    parser.add_argument("--heal", type=float, default=5, help="seconds that healing may take when a fault is over")
    parser.add_argument("--fault", action="append", default=[], help="only this one; may be given again")
    parser.add_argument("--database-seconds", type=float, default=3, help="the servers' setting; more where the machine is slow")
    parser.add_argument("--json", type=Path, help="write all that was counted into this file")
    return parser


if __name__ == "__main__":
    sys.exit(main())
