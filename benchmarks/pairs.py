"""By how much is one faster than the other? Short slices of both in turn, in one run; the median of the ratios, and how far they lie apart."""

from __future__ import annotations

import statistics
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from benchmarks.load import Slice, run
from benchmarks.running import Side

SLICE_SECONDS = 0.5
_FIRST = 16

Between = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Ratio:
    """The median of ratios, and their interquartile range."""

    median: float
    noise: float


def ratio_of(ratios: Sequence[float]) -> Ratio:
    """What to say of these ratios."""
    if len(ratios) < 2:
        return Ratio(ratios[0], 0.0)
    low, middle, high = statistics.quantiles(ratios, n=4, method="inclusive")
    return Ratio(middle, high - low)


async def compare(ours: Side, peer: Side, clients: int, rounds: int, between: Between) -> Ratio:
    """Our throughput over the peer's, with so many clients. `between` runs before each slice."""
    sides = (ours, peer)
    counts = await _counts(sides, clients, between)
    ratios = []
    for number in range(rounds):
        rates = {}
        for side in sides if number % 2 == 0 else sides[::-1]:
            await between()
            rates[side.name] = (await slice_of(side, clients, counts[side.name])).rate
        ratios.append(rates[ours.name] / rates[peer.name])
    return ratio_of(ratios)


async def slice_of(side: Side, clients: int, count: int) -> Slice:
    """So many requests to one side, each client with a token of its own where there are enough."""
    return await run([side.client(number) for number in range(clients)], count)


async def _counts(sides: Sequence[Side], clients: int, between: Between) -> dict[str, int]:
    """How many requests make a slice of each. Of two that are about as fast, the same: both then write as much into the log."""
    counts = {}
    for side in sides:
        least = max(_FIRST, clients * 2)
        await between()
        await slice_of(side, clients, least)  # warm
        await between()
        measured = await slice_of(side, clients, least)
        counts[side.name] = max(clients * 2, int(measured.rate * SLICE_SECONDS))
    most, fewest = max(counts.values()), min(counts.values())
    return dict.fromkeys(counts, most) if most < 2 * fewest else counts
