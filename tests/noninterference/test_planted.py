"""The test is tested: each leak of planted.py is found, by a pair or by the companion it names."""

from pathlib import Path

import pytest

from tests.noninterference.planted import PAIRS, PLANTS, READ, TIMED
from tests.noninterference.running import Run, leaves_of, the_schema
from tests.noninterference.timing import slower, welch
from tests.noninterference.worlds import Pair

MOST_PAIRS = 5_000
ROUNDS = 60
SQLITE = pytest.mark.parametrize("pair", ["sqlite"], indirect=True)  # where it is planted is the same on both


def plants(found_by: str) -> list[str]:
    return [name for name, plant in PLANTS.items() if plant.found_by == found_by]


def test_there_are_at_least_twelve() -> None:
    assert len(PLANTS) >= 12


@SQLITE
@pytest.mark.parametrize("name", plants(PAIRS))
async def test_a_planted_leak_makes_a_pair_differ(pair: Pair, tmp_path: Path, name: str) -> None:
    report = await Run(pair, tmp_path, 1, name, shrinks=False).pairs(MOST_PAIRS)
    assert report.found is not None, f"not found in {report.pairs} pairs"


@SQLITE
@pytest.mark.parametrize("name", plants(READ))
async def test_a_row_that_is_read_and_not_shown_is_seen_at_the_driver(pair: Pair, tmp_path: Path, name: str) -> None:
    report = await Run(pair, tmp_path, 1, name).pairs(200)
    assert report.read is not None


@SQLITE
@pytest.mark.parametrize("name", plants(TIMED))
async def test_an_answer_that_takes_longer_is_measured(pair: Pair, tmp_path: Path, name: str) -> None:
    assert await slower(Run(pair, tmp_path, 1, name), ROUNDS)


@SQLITE
async def test_a_counterexample_is_made_small(pair: Pair, tmp_path: Path) -> None:
    report = await Run(pair, tmp_path, 1, "a reason that depends on the row").pairs(MOST_PAIRS)
    assert report.found is not None
    text = report.found.ask["payload"]["query"]
    assert len(leaves_of(the_schema(), text)) == 1, str(report.found)  # by however long a way it is reached
    assert text.count("$") <= 2


def test_welch_s_t_is_what_the_textbook_says() -> None:
    """Twenty-seven and thirty-odd measurements of the example in https://en.wikipedia.org/wiki/Welch%27s_t-test, the second one."""
    one = [17.2, 20.9, 22.6, 18.1, 21.7, 21.4, 23.5, 24.2, 14.7, 21.8]
    other = [21.5, 22.8, 21.0, 23.0, 21.6, 23.6, 22.5, 20.7, 23.4, 21.8, 20.7, 21.7, 21.5, 22.5, 23.6, 21.5, 22.5, 23.5, 21.5, 21.8]
    assert welch(one, other) == pytest.approx(-1.57, abs=0.1)
