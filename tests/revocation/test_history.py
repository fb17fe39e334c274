"""The judge of the storm is itself judged: each wrong read is found, and no right one is blamed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.revocation.history import Change, History, Verdict

OPENED = Change(opens=True, sent=10, answered=12)
ENDED = Change(opens=False, sent=20, answered=22)
ENDING = Change(opens=False, sent=20)


@pytest.mark.parametrize(
    ("changes", "began", "over", "shown", "verdict"),
    [
        pytest.param([], 1, 2, False, Verdict.WITHHELD, id="nothing-ever-granted"),
        pytest.param([], 1, 2, True, Verdict.STALE, id="shown-though-nothing-was-ever-granted"),
        pytest.param([OPENED], 5, 9, True, Verdict.STALE, id="shown-before-the-grant-was-sent"),
        pytest.param([OPENED], 5, 11, True, Verdict.OVERLAPS, id="shown-while-it-was-granted"),
        pytest.param([OPENED], 5, 11, False, Verdict.OVERLAPS, id="withheld-while-it-was-granted"),
        pytest.param([OPENED], 12, 13, False, Verdict.OVERLAPS, id="began-at-the-very-answer"),
        pytest.param([OPENED], 13, 14, True, Verdict.SHOWN, id="shown-after-the-grant"),
        pytest.param([OPENED], 13, 14, False, Verdict.LOST, id="withheld-after-the-grant"),
        pytest.param([OPENED, ENDING], 13, 19, False, Verdict.LOST, id="withheld-before-the-revoke-was-sent"),
        pytest.param([OPENED, ENDING], 13, 20, False, Verdict.OVERLAPS, id="withheld-while-it-is-revoked"),
        pytest.param([OPENED, ENDING], 30, 31, True, Verdict.OVERLAPS, id="the-revoke-is-not-answered-yet"),
        pytest.param([OPENED, ENDED], 23, 24, True, Verdict.STALE, id="shown-after-the-revoke"),
        pytest.param([OPENED, ENDED], 23, 24, False, Verdict.WITHHELD, id="withheld-after-the-revoke"),
        pytest.param([OPENED, ENDED], 11, 21, True, Verdict.OVERLAPS, id="overlaps-both"),
    ],
)
def test_a_read_is_judged_by_what_was_answered_before_it_began(
    changes: list[Change], began: float, over: float, shown: bool, verdict: Verdict
) -> None:
    assert History([replace(change) for change in changes]).judge(began, over, shown=shown) is verdict


def test_once_a_read_found_the_new_state_no_later_one_may_find_the_old() -> None:
    history = History([Change(opens=True, sent=10, answered=12), Change(opens=False, sent=20)])
    assert history.judge(19, 21, shown=True) is Verdict.OVERLAPS
    assert history.judge(19, 23, shown=False) is Verdict.OVERLAPS
    assert history.judge(22, 24, shown=True) is Verdict.OVERLAPS  # it began before the other was over
    assert history.judge(24, 25, shown=True) is Verdict.INVERTED
    assert history.definite == 1
