"""What was found, and does it reach its goal? One line of the table."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.pairs import Ratio


@dataclass(frozen=True, slots=True)
class Goal:
    """What a number should be at least, or at most."""

    least: float | None = None
    most: float | None = None

    def holds(self, number: float) -> bool:
        """Is it?"""
        return (self.least is None or number >= self.least) and (self.most is None or number <= self.most)

    def __str__(self) -> str:
        return f"at least {self.least:g}" if self.least is not None else f"at most {self.most:g}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One answer. `ratio` is our throughput over that of `against`, unless the question says otherwise; `noise` its interquartile range."""

    question: str
    workload: str
    database: str
    clients: int
    against: str
    ratio: float
    noise: float
    goal: str | None
    holds: bool | None

    def as_json(self) -> dict[str, Any]:
        """As benchmarks/results.json has it."""
        return asdict(self)


def finding(question: str, workload: str, clients: int, against: str, ratio: Ratio, goal: Goal | None = None, database: str = "postgres") -> Finding:
    """A finding, held against its goal."""
    return Finding(
        question,
        workload,
        database,
        clients,
        against,
        round(ratio.median, 3),
        round(ratio.noise, 3),
        str(goal) if goal else None,
        goal.holds(ratio.median) if goal else None,
    )
