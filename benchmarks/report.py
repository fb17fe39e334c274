"""How is what was found shown? Lines on the terminal, benchmarks/results.json, the table in docs/performance.md, and a plot of the pages."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import orjson

from benchmarks.findings import Finding
from benchmarks.plot import drawn

ROOT = Path(__file__).resolve().parents[1]
RESULTS: Final = ROOT / "benchmarks" / "results.json"
PAGE: Final = ROOT / "docs" / "performance.md"
PLOT: Final = ROOT / "docs" / "performance.svg"
_MEASURED = re.compile(r"(<!-- measured: written by make bench -->\n).*(<!-- end of what was measured -->)", re.DOTALL)
_HOLDS: Final = {True: "yes", False: "no", None: ""}


def heading() -> str:
    """The names of the columns."""
    return f"{'question':12} {'workload':58} {'clients':>7}  {'against':22} {'ratio':>8} {'noise':>7}  {'goal':14} holds"


def line(found: Finding) -> str:
    """A finding on the terminal."""
    name = found.workload if found.database == "postgres" else f"{found.workload} ({found.database})"
    return (
        f"{found.question:12} {name:58} {found.clients:7}  {found.against:22} {found.ratio:8.2f} {found.noise:7.2f}  "
        f"{found.goal or '':14} {_HOLDS[found.holds]}"
    )


def write(found: Sequence[Finding], notes: Sequence[str], rounds: int) -> None:
    """Put down what one run of all questions found."""
    listed = ",\n".join(orjson.dumps(each.as_json()).decode() for each in found)
    RESULTS.write_text(f"[\n{listed}\n]\n")
    PLOT.write_text(drawn(found))
    told = "\n".join([_machine(rounds), "", *_table(found), "", *(f"{note}\n" for note in notes)])
    PAGE.write_text(_MEASURED.sub(lambda match: f"{match[1]}\n{told}\n{match[2]}", PAGE.read_text()))


def _machine(rounds: int) -> str:
    return f"{rounds} rounds; {os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}."


def _table(found: Sequence[Finding]) -> list[str]:
    rows = [
        f"| {each.question} | {each.workload} | {each.database} | {each.clients} | {each.against} | {each.ratio:.2f} | {each.noise:.2f} "
        f"| {each.goal or ''} | {_HOLDS[each.holds]} |"
        for each in found
    ]
    return ["| Question | Workload | Database | Clients | Against | Ratio | Noise | Goal | Holds |", "|---|---|---|---|---|---|---|---|---|", *rows]
