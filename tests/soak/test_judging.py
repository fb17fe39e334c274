"""The judge of the soak is itself judged: a fault excuses what it causes, where and while it lasts, and nothing else."""

from __future__ import annotations

import pytest

from tests.soak.judging import GONE, WITHOUT_DATABASE, Judge, Trouble, Window

KILLED = Window("a server killed", GONE, 1, 100, 110)
CRASHED = Window("PostgreSQL crashed", WITHOUT_DATABASE, None, 200, 210)


@pytest.mark.parametrize(
    ("trouble", "place", "began", "over", "fault"),
    [
        pytest.param(Trouble.REFUSED, 1, 101, 102, "a server killed", id="while-it-lasts"),
        pytest.param(Trouble.BROKEN, 1, 99, 101, "a server killed", id="it-had-begun-before"),
        pytest.param(Trouble.BROKEN, 1, 109, 112, "a server killed", id="it-began-while-it-healed"),
        pytest.param(Trouble.REFUSED, 1, 98, 99, None, id="over-before"),
        pytest.param(Trouble.REFUSED, 1, 111, 112, None, id="begun-after"),
        pytest.param(Trouble.REFUSED, 0, 101, 102, None, id="another-server"),
        pytest.param(Trouble.INTERNAL, 1, 101, 102, None, id="what-it-does-not-cause"),
        pytest.param(Trouble.WRONG, 1, 101, 102, None, id="a-wrong-answer"),
        pytest.param(Trouble.LATE, 1, 101, 102, None, id="no-answer-at-all"),
        pytest.param(Trouble.INTERNAL, 0, 201, 202, "PostgreSQL crashed", id="every-server"),
        pytest.param(Trouble.WRONG, 0, 201, 202, None, id="a-wrong-answer-of-every-server"),
    ],
)
def test_trouble_is_a_fault_s_or_unexpected(trouble: Trouble, place: int, began: float, over: float, fault: str | None) -> None:
    judge = Judge(heal_seconds=5, windows=[KILLED, CRASHED])
    judge.note(trouble, place, began, over, "a page")
    assert dict(judge.expected) == ({} if fault is None else {(fault, trouble): 1})
    assert dict(judge.unexpected) == ({f"{trouble}: a page (server {place})": 1} if fault is None else {})


def test_a_fault_is_over_when_it_has_had_time_to_heal() -> None:
    judge, now = Judge(heal_seconds=5), iter([100.0, 103.0])
    with judge.during("a lock held", WITHOUT_DATABASE, None, lambda: next(now)) as window:
        assert not judge.is_calm(10_000)
    judge.note(Trouble.INTERNAL, 0, 101, 104.5, "a page")
    assert (judge.is_calm(107), judge.is_calm(109)) == (False, True)
    assert judge.lasted(window) == (3.0, 1.5)
