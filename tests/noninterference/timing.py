"""Does it take longer to withhold one thing than another? A Welch t-test over the same asks of both worlds, taken in turns.

|t| above 4.5 is taken for a difference, the threshold of leakage assessment (ISO/IEC 17825). That test takes each ask for a draw of its own. But asks
of one process are alike, and two processes of the very same world differ by as much now and then: what is over the threshold is therefore measured
again in other processes, and then a measurement is what is drawn. Found is what is larger than the noise of the machine.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.noninterference.nursery import Worker
from tests.noninterference.operations import post
from tests.noninterference.running import Run, Worlds

THRESHOLD = 4.5
#: So often it is measured, each time in other processes, where the first time tells of a difference.
TIMES = 6
_BATCH = 10
_PAGE = """query ($id: ID!, $filter: ParcelFilter) { account(id: $id) { parcels(first: 100, filter: $filter) { totalCount nodes {
  id status orderNumber trackingNumber note recipient { name email city } disclosure { shown reason } } } } }"""


@dataclass(frozen=True)
class Timing:
    """Seconds of one ask in both worlds, and Welch's t of their difference."""

    name: str
    first: float
    second: float
    t: float

    def __str__(self) -> str:
        return f"{self.name}: {self.first * 1000:.2f} ms and {self.second * 1000:.2f} ms, t = {self.t:.1f}"


async def slower(run: Run, rounds: int, tell: Callable[[Timing], None] = lambda _: None) -> set[str]:
    """What takes longer in one world: more so than from one measurement to the next."""
    measured = [await _told(run, rounds, tell)]
    far = {each.name for each in measured[0] if abs(each.t) > THRESHOLD}
    if far:
        measured += [await _told(run, rounds, tell) for _ in range(TIMES - 1)]
    differences = {of_one[0].name: [each.first - each.second for each in of_one] for of_one in zip(*measured, strict=True)}
    return {name for name in far if abs(welch(differences[name], [0.0] * TIMES)) > THRESHOLD}


async def _told(run: Run, rounds: int, tell: Callable[[Timing], None]) -> list[Timing]:
    measured = await timings(run, rounds)
    for each in measured:
        tell(each)
    return measured


async def timings(run: Run, rounds: int) -> list[Timing]:
    """Of a page, a refused search and a look-up, each asked `rounds` times in each world."""
    headers = {"authorization": f"Bearer {run.pair.seeds.tokens['agent with nothing']}"}
    account, parcel = run.pair.seeds.ids["nothing"]["Account"][0], run.pair.seeds.ids["nothing"]["Parcel"][0]
    asks = {
        "a page of withheld parcels": {"query": _PAGE, "variables": {"id": account}},
        "a search that is refused": {"query": _PAGE, "variables": {"id": account, "filter": {"search": run.pair.seeds.secrets[0]}}},
        "a look-up": {"query": "query ($id: ID!) { parcel(id: $id) { note recipient { name } } }", "variables": {"id": parcel}},
    }
    # One process may be slower than another, and so all that are forked of it: two of each world, from nurseries that are exchanged.
    async with Worlds(run) as worlds, Worlds(run, (1, 0)) as others:
        workers = list(zip(worlds.workers, others.workers, strict=True))
        return [await _timing(workers, name, {"kind": "http", **post("/graphql", payload, headers)}, rounds) for name, payload in asks.items()]


async def _timing(workers: Sequence[Sequence[Worker]], name: str, ask: dict[str, Any], rounds: int) -> Timing:
    seconds: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds // _BATCH + 2):
        for which in (0, 1) if number % 4 < 2 else (1, 0):  # never at once: they would take each other's time
            answers = await workers[which][number % 2].answers([ask] * _BATCH)
            if number > 1:  # the first ones warm up
                seconds[which].extend(answer["seconds"] for answer in answers)
    one, other = (_without_outliers(each) for each in seconds)
    return Timing(name, statistics.mean(one), statistics.mean(other), welch(one, other))


def _without_outliers(seconds: list[float]) -> list[float]:
    """Without the slowest tenth: what else the machine did."""
    return sorted(seconds)[: max(2, len(seconds) * 9 // 10)]


def welch(one: list[float], other: list[float]) -> float:
    """Welch's t: how many standard errors the means are apart."""
    spread = statistics.variance(one) / len(one) + statistics.variance(other) / len(other)
    return (statistics.mean(one) - statistics.mean(other)) / spread**0.5 if spread else 0.0
