"""Cursors go round, windows are checked, and a page knows whether there is more."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resolvers.errors import BadInput
from resolvers.paging import COUNTED_UP_TO, DEFAULT_SIZE, Position, page, position, window

MOMENTS = st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001 (hypothesis adds the zone)
HERE = Position(datetime(2031, 5, 17, 12, tzinfo=UTC), UUID(int=7))


@settings(deadline=None)
@given(MOMENTS, st.uuids())
def test_a_cursor_comes_back_as_its_position_to_the_microsecond(at: datetime, key: UUID) -> None:
    assert position(Position(at, key).cursor("Parcel"), "Parcel") == Position(at, key)


def encoded(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "cursor",
    [
        pytest.param("", id="empty"),
        pytest.param("x", id="no-base64"),
        pytest.param("Ünï", id="not-ascii"),
        pytest.param("\ud800", id="surrogate"),
        pytest.param(HERE.cursor("Claim"), id="of-another-list"),
        pytest.param(HERE.cursor("parcel"), id="of-a-list-in-lower-case"),
        pytest.param(encoded("Parcel|1"), id="two-parts"),
        pytest.param(encoded(f"Parcel|1|{UUID(int=7).hex}|"), id="four-parts"),
        pytest.param(encoded(f"Parcel|soon|{UUID(int=7).hex}"), id="no-time"),
        pytest.param(encoded(f"Parcel|{10**30}|{UUID(int=7).hex}"), id="after-all-time"),
        pytest.param(encoded(f"Parcel|{-(10**30)}|{UUID(int=7).hex}"), id="before-all-time"),
        pytest.param(encoded("Parcel|" + "9" * 5000 + "|" + UUID(int=7).hex), id="a-number-without-end"),
        pytest.param(encoded("Parcel|1|nobody"), id="no-key"),
        pytest.param(encoded("Parcel|1|'; DROP TABLE parcels; --"), id="sql"),
        pytest.param("A" * 100_000, id="long"),
    ],
)
def test_any_other_text_is_no_cursor(cursor: str) -> None:
    with pytest.raises(BadInput, match=r"^The cursor is not one of this list$"):
        position(cursor, "Parcel")


@settings(deadline=None)
@given(st.text() | st.binary().map(lambda raw: urlsafe_b64encode(raw).decode()))
def test_whatever_comes_is_a_position_or_bad_input(cursor: str) -> None:
    try:
        found = position(cursor, "Parcel")
    except BadInput:
        return
    assert position(found.cursor("Parcel"), "Parcel") == found


def test_a_window_is_the_first_twenty_unless_something_else_is_asked() -> None:
    asked = window("Parcel", None, None, None, None, most=100)
    assert (asked.size, asked.after, asked.before, asked.backward, asked.descending) == (DEFAULT_SIZE, None, None, False, True)
    assert window("Parcel", None, None, None, None, most=5).size == 5
    asked = window("Parcel", None, HERE.cursor("Parcel"), 3, HERE.cursor("Parcel"), most=100, descending=False)
    assert (asked.size, asked.after, asked.before, asked.backward, asked.descending) == (3, HERE, HERE, True, False)


@pytest.mark.parametrize(
    ("first", "last", "message"),
    [
        pytest.param(101, None, "first must be between 0 and 100", id="too-many-first"),
        pytest.param(None, 101, "last must be between 0 and 100", id="too-many-last"),
        pytest.param(-1, None, "first must be between 0 and 100", id="negative-first"),
        pytest.param(None, -1, "last must be between 0 and 100", id="negative-last"),
        pytest.param(1, 1, "Give first or last, not both", id="both"),
        pytest.param(0, 0, "Give first or last, not both", id="both-zero"),
    ],
)
def test_a_window_that_cannot_be_meant(first: int | None, last: int | None, message: str) -> None:
    with pytest.raises(BadInput, match=f"^{message}$"):
        window("Parcel", first, None, last, None, most=100)


@pytest.mark.parametrize(
    ("descending", "backward", "order", "after", "before"),
    [
        pytest.param(True, False, "at DESC, id DESC", "<", ">", id="newest-first"),
        pytest.param(True, True, "at ASC, id ASC", "<", ">", id="newest-first-from-the-end"),
        pytest.param(False, False, "at ASC, id ASC", ">", "<", id="oldest-first"),
        pytest.param(False, True, "at DESC, id DESC", ">", "<", id="oldest-first-from-the-end"),
    ],
)
def test_a_window_s_sql(*, descending: bool, backward: bool, order: str, after: str, before: str) -> None:
    cursor = HERE.cursor("Parcel")
    asked = window("Parcel", *((None, cursor, 2, cursor) if backward else (2, cursor, None, cursor)), most=100, descending=descending)
    assert asked.ordered_by("at", "id") == order
    conditions, params = asked.bounds("at", "id")
    assert conditions == [f"(at, id) {after} (:after_at, :after_id)", f"(at, id) {before} (:before_at, :before_id)"]
    assert params == {"after_at": HERE.at, "after_id": HERE.id, "before_at": HERE.at, "before_id": HERE.id}


ALL = [Position(HERE.at - timedelta(seconds=number // 3), UUID(int=100 - number)) for number in range(10)]


@settings(deadline=None)
@given(st.integers(0, 12), st.booleans(), st.none() | st.integers(0, 9), st.none() | st.integers(0, 9))
def test_a_page_is_a_slice_of_the_list_and_says_truly_whether_there_is_more(size: int, backward: bool, after: int | None, before: int | None) -> None:
    cursors = [None if place is None else ALL[place].cursor("Parcel") for place in (after, before)]
    asked = window("Parcel", None if backward else size, cursors[0], size if backward else None, cursors[1], most=100)
    inside = ALL[0 if after is None else after + 1 : before]
    read = (list(reversed(inside)) if backward else inside)[: size + 1]
    found = page(asked, read, lambda row: row, total=10)
    assert found.rows == (inside[max(len(inside) - size, 0) :] if backward else inside[:size])
    assert list(found.cursors) == [row.cursor("Parcel") for row in found.rows]
    assert found.total == 10
    more = len(inside) > size
    assert (found.has_previous if backward else found.has_next) == more
    assert (found.has_next, found.has_previous) == ((before is not None, more) if backward else (more, after is not None))


def test_a_total_above_ten_thousand_is_not_told() -> None:
    asked = window("Parcel", 1, None, None, None, most=100)
    assert [page(asked, [], lambda row: row, total).total for total in (None, 0, COUNTED_UP_TO, COUNTED_UP_TO + 1)] == [None, 0, COUNTED_UP_TO, None]
