"""Keyset pagination on (time, id): every page costs the same, and a cursor tells nothing personal.

Relay Cursor Connections, https://relay.dev/graphql/connections.htm
"""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar, overload
from uuid import UUID

from resolvers.errors import BadInput

Row = TypeVar("Row")
DEFAULT_SIZE = 20
COUNTED_UP_TO = 10_000


@dataclass(frozen=True, slots=True)
class Position:
    """Where a row stands in its list."""

    at: datetime
    id: UUID

    def cursor(self, noun: str) -> str:
        """The opaque cursor of this position in a list of `noun`."""
        micros = (self.at - _EPOCH) // timedelta(microseconds=1)  # exactly: a float would be off by one in some centuries
        return urlsafe_b64encode(f"{noun}|{micros}|{self.id.hex}".encode()).decode().rstrip("=")


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def position(cursor: str, noun: str) -> Position:
    """The position a cursor of a list of `noun` stands for. Raises BadInput for any other text."""
    try:
        text = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)).decode("ascii")
        kind, micros, key = text.split("|")
        if kind != noun:
            raise ValueError
        seconds, rest = divmod(int(micros), 1_000_000)
        return Position(datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest), UUID(hex=key))
    except (ValueError, OverflowError, OSError, binascii.Error):
        raise BadInput("The cursor is not one of this list") from None


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of a list is asked for, checked. `descending` is the list's own order."""

    size: int
    after: Position | None
    before: Position | None
    backward: bool
    descending: bool
    noun: str

    @property
    def order(self) -> str:
        """ORDER BY, over the columns `{at}` and `{id}`."""
        direction = "DESC" if self.descending != self.backward else "ASC"
        return f"{{at}} {direction}, {{id}} {direction}"

    def bounds(self, at: str, key: str) -> tuple[list[str], dict[str, object]]:
        """WHERE conditions on the columns `at` and `key`, and their parameters."""
        conditions: list[str] = []
        params: dict[str, object] = {}
        for name, bound, beyond in (
            ("after", self.after, "<" if self.descending else ">"),
            ("before", self.before, ">" if self.descending else "<"),
        ):
            if bound is not None:
                conditions.append(f"({at}, {key}) {beyond} (:{name}_at, :{name}_id)")
                params |= {f"{name}_at": bound.at, f"{name}_id": bound.id}
        return conditions, params

    def ordered_by(self, at: str, key: str) -> str:
        """ORDER BY over these columns, in the direction the page is read."""
        return self.order.format(at=at, id=key)


def window(noun: str, first: int | None, after: str | None, last: int | None, before: str | None, *, most: int, descending: bool = True) -> Window:
    """Check the four pagination arguments. Raises BadInput: a negative size, one over `most`, both `first` and `last`, a foreign cursor."""
    if first is not None and last is not None:
        raise BadInput("Give first or last, not both")
    for name, size in (("first", first), ("last", last)):
        if size is not None and not 0 <= size <= most:
            raise BadInput(f"{name} must be between 0 and {most}")
    size = first if first is not None else last
    return Window(
        size=min(DEFAULT_SIZE, most) if size is None else size,
        after=position(after, noun) if after is not None else None,
        before=position(before, noun) if before is not None else None,
        backward=last is not None,
        descending=descending,
        noun=noun,
    )


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One page, in the list's own order. `total` is None where it was not asked for or is above 10,000."""

    rows: Sequence[Row]
    cursors: Sequence[str]
    has_next: bool
    has_previous: bool
    total: int | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Cursors(Sequence[str], Generic[Row]):
    """The cursors of rows, each made when it is asked for: most pages are asked for the last one only."""

    rows: Sequence[Row]
    place: Callable[[Row], Position]
    noun: str

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> list[str]: ...

    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self.place(row).cursor(self.noun) for row in self.rows[index]]
        return self.place(self.rows[index]).cursor(self.noun)

    def __len__(self) -> int:
        return len(self.rows)


def page(asked: Window, rows: Sequence[Row], place: Callable[[Row], Position], total: int | None = None) -> Page[Row]:
    """A page from the rows read in the window's direction: at most `size + 1`, the one over telling that there is more."""
    more = len(rows) > asked.size
    kept = list(rows[: asked.size])
    if asked.backward:
        kept.reverse()
    return Page(
        rows=kept,
        cursors=Cursors(kept, place, asked.noun),
        has_next=asked.before is not None if asked.backward else more,
        has_previous=more if asked.backward else asked.after is not None,
        total=total if total is not None and total <= COUNTED_UP_TO else None,
    )
