"""What came of a soak: a table for people, JSON for programs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.soak.flatness import Life

#: A process may grow by so much between when it was warm and its end: this many megabytes, or this share of what it had.
MOST_MEGABYTES = 8.0
MOST_SHARE = 0.08
MOST_DESCRIPTORS = 8.0
_MOST_TOLD = 20


@dataclass
class Report:
    """All that was counted, and every problem in words. Without a problem the soak passed."""

    database: str
    seed: int
    seconds: float = 0.0
    answers: Counter[str] = field(default_factory=Counter)
    events: int = 0
    reads: Counter[str] = field(default_factory=Counter)
    changes: int = 0
    slowest_seconds: dict[str, float] = field(default_factory=dict)
    faults: list[dict[str, Any]] = field(default_factory=list)
    expected: list[dict[str, Any]] = field(default_factory=list)
    processes: list[dict[str, Any]] = field(default_factory=list)
    counted: dict[str, int] = field(default_factory=dict)
    logged: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    def require(self, holds: bool, problem: str) -> None:
        """A problem, unless this holds."""
        if not holds:
            self.problems.append(problem)

    def note_process(self, life: Life, rest: int | None) -> None:
        """What became of one process. `rest` is how many descriptors it kept when everybody was gone; None for one that ended before."""
        if not life.readings:
            return
        first, last, grown = life.readings[0], life.readings[-1], life.grown()
        name = f"process {life.process} of server {life.place}"
        self.processes.append(
            {
                "server": life.place,
                "process": life.process,
                "seconds": round(life.seconds),
                "megabytes": [round(first.megabytes, 1), round(max(each.megabytes for each in life.readings), 1), round(last.megabytes, 1)],
                "descriptors": [first.descriptors, max(each.descriptors for each in life.readings), last.descriptors],
                "grown": None if grown is None else {"megabytes": round(grown[0], 2), "descriptors": round(grown[1], 2)},
                "at_rest": rest,
            }
        )
        if grown is not None:
            most = max(MOST_MEGABYTES, MOST_SHARE * life.settled[0].megabytes)
            self.require(grown[0] <= most, f"{name} grew by {grown[0]:.1f} MB in {life.seconds:.0f} s; {most:.1f} may be")
            self.require(grown[1] <= MOST_DESCRIPTORS, f"{name} kept {grown[1]:.0f} descriptors more in {life.seconds:.0f} s")

    def as_json(self) -> dict[str, Any]:
        """All of it, and whether it passed."""
        return {"passed": not self.problems, **vars(self)}

    def print(self, console: Console) -> None:
        """The tables, and what is wrong."""
        total = sum(self.answers.values())
        console.print(_table("answered", "times", self.answers.most_common(), f"{total} answers and {self.events} events in {self.seconds:.0f} s"))
        console.print(_table("a read found", "times", sorted(self.reads.items()), f"What came and went, in {self.changes} changes"))
        faults = Table("fault", "began at s", "whole after s", "healed after s", title="Faults", title_justify="left")
        for each in self.faults:
            faults.add_row(each["fault"], f"{each['began']:.0f}", f"{each['lasted']:.1f}", f"{each['healed']:.1f}")
        console.print(faults)
        rows = [(f"{each['fault']}: {each['trouble']}", each["times"]) for each in self.expected]
        console.print(_table("expected", "times", rows, "Trouble that the faults explain"))
        console.print(self._of_processes())
        counted = [*self.counted.items(), *((f"slowest answer, {when}, ms", round(each * 1000)) for when, each in self.slowest_seconds.items())]
        console.print(_table("counted", "", counted, "In the end"))
        console.print(_table("line", "times", self.logged.most_common(), "Warnings and errors the servers logged"))
        for problem in self.problems[:_MOST_TOLD]:
            console.print(f"✗ {problem}", markup=False, highlight=False)
        if len(self.problems) > _MOST_TOLD:
            console.print(f"✗ … and {len(self.problems) - _MOST_TOLD} more")
        console.print("FAILED" if self.problems else "passed", highlight=False)

    def _of_processes(self) -> Table:
        titles = ("server", "process", "lived s", "MB first, most, last", "grown MB", "descriptors first, most, last", "grown", "at rest")
        table = Table(*titles, title="Processes", title_justify="left")
        for each in self.processes:
            grown = each["grown"] or {"megabytes": "", "descriptors": ""}
            rest = "" if each["at_rest"] is None else str(each["at_rest"])
            three = (", ".join(map(str, each[name])) for name in ("megabytes", "descriptors"))
            megabytes, descriptors = three
            table.add_row(
                str(each["server"]),
                str(each["process"]),
                str(each["seconds"]),
                megabytes,
                str(grown["megabytes"]),
                descriptors,
                str(grown["descriptors"]),
                rest,
            )
        return table


def _table(what: str, how_many: str, rows: list[tuple[str, int]], title: str) -> Table:
    table = Table(what, how_many, title=title, title_justify="left")
    for name, count in rows:
        table.add_row(str(name), f"{count:,}")
    return table
