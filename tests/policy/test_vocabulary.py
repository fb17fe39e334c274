"""The words: each says its own name, and a viewer says nothing about what they may."""

from datetime import timedelta
from uuid import UUID

import pytest

from policy import vocabulary
from policy.vocabulary import OPEN_CLAIM_STATUSES, ConsentDuration, MerchantRole, Viewer, ViewerKind, Word

WORDS = [kind for kind in vars(vocabulary).values() if isinstance(kind, type) and issubclass(kind, Word) and kind is not Word]


@pytest.mark.parametrize("words", WORDS, ids=lambda words: words.__name__)
def test_a_word_s_value_is_its_name(words: type[Word]) -> None:
    assert len(words) > 1
    assert {word.name: word.value for word in words} == {word.name: word.name for word in words}


LENGTHS = [
    pytest.param(ConsentDuration.ONE_HOUR, timedelta(hours=1), id="hour"),
    pytest.param(ConsentDuration.EIGHT_HOURS, timedelta(hours=8), id="shift"),
    pytest.param(ConsentDuration.ONE_DAY, timedelta(hours=24), id="day"),
    pytest.param(ConsentDuration.THREE_DAYS, timedelta(hours=72), id="three-days"),
    pytest.param(ConsentDuration.ONE_WEEK, timedelta(days=7), id="week"),
    pytest.param(ConsentDuration.ONE_MONTH, timedelta(days=30), id="month"),
]


@pytest.mark.parametrize(("duration", "length"), LENGTHS)
def test_a_duration_is_this_long(duration: ConsentDuration, length: timedelta) -> None:
    assert duration.length == length


def test_there_is_no_for_ever() -> None:
    assert max(duration.length for duration in ConsentDuration) == timedelta(days=30)


def test_a_claim_is_open_until_it_is_resolved_rejected_or_withdrawn() -> None:
    assert set(vocabulary.ClaimStatus) - OPEN_CLAIM_STATUSES == {"RESOLVED", "REJECTED", "WITHDRAWN"}


def test_a_viewer_does_not_print_their_name() -> None:
    viewer = Viewer(UUID(int=1), ViewerKind.MERCHANT, "Marit de Vries", account_id=UUID(int=2), roles=frozenset({MerchantRole.OWNER}))
    assert "Marit" not in repr(viewer)


def test_of_a_viewer_nothing_is_believed_that_was_not_said() -> None:
    viewer = Viewer(UUID(int=1), ViewerKind.AGENT, "Agent Smit")
    assert (viewer.locale, viewer.account_id, viewer.roles) == ("en", None, frozenset())


def test_who_is_an_agent() -> None:
    assert [Viewer(UUID(int=1), kind, "Somebody").is_agent for kind in (ViewerKind.AGENT, ViewerKind.MERCHANT)] == [True, False]
