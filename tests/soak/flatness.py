"""Does a process still grow? Its memory and descriptors over time, by a fit that single readings can't bend."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from statistics import median

#: A process warms up for so long: caches fill, connections open. Then it is watched for at least as long again before it is judged.
WARM_UP_SECONDS = 90.0
LEAST_WATCHED_SECONDS = 90.0
_MOST_POINTS = 120
_LISTENS = "0A"
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Reading:
    """Of one process, at one moment: seconds, megabytes, open file descriptors, and how many of these are connections of its clients."""

    at: float
    megabytes: float
    descriptors: int
    clients: int = 0

    @property
    def its_own(self) -> int:
        """What it holds for itself. Its clients may become more at any time, as when the worker beside it is killed."""
        return self.descriptors - self.clients


def read(process: int, at: float) -> Reading:
    """What /proc tells of a process. Raises OSError when it is gone."""
    status = Path(f"/proc/{process}/status").read_text()
    kilobytes = next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:")), None)
    if kilobytes is None:  # it has ended, and nobody has waited for it yet
        raise ProcessLookupError
    held = [_target(each) for each in Path(f"/proc/{process}/fd").iterdir()]
    return Reading(at, kilobytes / 1024, len(held), len(_accepted(process).intersection(held)))


def _target(descriptor: Path) -> str:
    with suppress(OSError):  # closed by now
        return str(descriptor.readlink())
    return ""


def _accepted(process: int) -> set[str]:
    """Connections that came to a port somebody listens on, as /proc names them (proc_pid_net(5))."""
    rows = [line.split() for line in Path(f"/proc/{process}/net/tcp").read_text().splitlines()[1:]]
    listening = {row[1].rpartition(":")[2] for row in rows if row[3] == _LISTENS}
    return {f"socket:[{row[9]}]" for row in rows if row[3] != _LISTENS and row[1].rpartition(":")[2] in listening}


@dataclass
class Life:
    """One process, from when it was ready."""

    place: int
    process: int
    readings: list[Reading] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """How long it has been watched."""
        return self.readings[-1].at - self.readings[0].at if self.readings else 0.0

    @property
    def settled(self) -> list[Reading]:
        """The readings since it was warm; none while it is too young to be judged."""
        if self.seconds < WARM_UP_SECONDS + LEAST_WATCHED_SECONDS:
            return []
        warm = self.readings[0].at + max(WARM_UP_SECONDS, self.seconds / 3)
        return [reading for reading in self.readings if reading.at >= warm]

    def grown(self) -> tuple[float, float] | None:
        """Megabytes and descriptors of its own it grew by since it was warm, by the fit; None for one that is too young."""
        settled = self.settled
        if not settled:
            return None
        return growth([(each.at, each.megabytes) for each in settled]), growth([(each.at, float(each.its_own)) for each in settled])


def growth(points: Sequence[Point]) -> float:
    """How much was added from the first point to the last, by the median of the slopes between all pairs (Theil and Sen).

    Up to 29% of the points may be anything, and it stays what it is.
    """
    few = points[:: -(-len(points) // _MOST_POINTS)] if points else points
    slopes = [(there[1] - here[1]) / (there[0] - here[0]) for here, there in combinations(few, 2) if there[0] > here[0]]
    return median(slopes) * (points[-1][0] - points[0][0]) if slopes else 0.0
