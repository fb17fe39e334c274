"""What grows is found, what only varies is not, and what is too young is not judged."""

from __future__ import annotations

import os
import random
import socket

import pytest

from tests.soak.flatness import LEAST_WATCHED_SECONDS, WARM_UP_SECONDS, Life, Reading, growth, read
from tests.soak.report import Report

CHANCE = random.Random(3)  # noqa: S311
MINUTES_20 = 1200


def a_life(megabytes_a_minute: float = 0.0, descriptors_a_minute: float = 0.0, seconds: int = MINUTES_20, warming: float = 30.0) -> Life:
    """A process of 100 MB and 30 descriptors, that varies, peaks now and then, and warms up by so much."""
    readings = []
    for at in range(0, seconds, 2):
        peak = 64 if CHANCE.random() < 0.2 else 0
        megabytes = 100 + min(at / WARM_UP_SECONDS, 1) * warming + at / 60 * megabytes_a_minute + peak + CHANCE.uniform(-2, 2)
        readings.append(Reading(at, megabytes, int(30 + at / 60 * descriptors_a_minute + CHANCE.randint(-8, 8))))
    return Life(0, 1, readings)


@pytest.mark.parametrize(
    ("life", "problems"),
    [
        pytest.param(a_life(), [], id="flat"),
        pytest.param(a_life(megabytes_a_minute=2), ["MB"], id="memory-leaks"),
        pytest.param(a_life(descriptors_a_minute=1), ["descriptors"], id="descriptors-leak"),
        pytest.param(a_life(megabytes_a_minute=2, descriptors_a_minute=1), ["MB", "descriptors"], id="both-leak"),
        pytest.param(a_life(megabytes_a_minute=20, seconds=int(WARM_UP_SECONDS + LEAST_WATCHED_SECONDS) - 4), [], id="too-young"),
    ],
)
def test_a_process_that_grows_is_a_problem(life: Life, problems: list[str]) -> None:
    report = Report("sqlite", 1)
    report.note_process(life, None)
    assert [word for problem in report.problems for word in ("MB", "descriptors") if word in problem] == problems


def test_growth_is_not_bent_by_single_readings() -> None:
    points = [(float(at), 100.0 + at / 10) for at in range(100)]
    assert growth(points) == pytest.approx(9.9)
    assert growth([(at, 10_000.0 if at % 5 == 4 else value) for at, value in points]) == pytest.approx(9.9, abs=0.5)
    assert growth([]) == growth(points[:1]) == 0


def test_this_process_is_read() -> None:
    found = read(os.getpid(), 5.0)
    with open(os.devnull):  # noqa: PTH123
        assert read(os.getpid(), 6.0).descriptors == found.descriptors + 1
    assert (found.at, found.megabytes > 10) == (5.0, True)


def test_clients_are_not_what_a_process_holds_for_itself() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        before = read(os.getpid(), 5.0)
        with socket.create_connection(listening.getsockname()) as client, listening.accept()[0]:
            found = read(os.getpid(), 6.0)
            assert (found.descriptors, found.clients, found.its_own) == (before.descriptors + 2, before.clients + 1, before.its_own + 1), client
