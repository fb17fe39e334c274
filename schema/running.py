"""How many operations one caller has running, so that nobody keeps the others waiting. Counted in this process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from resolvers.errors import RateLimited


class TooManyRunning(RateLimited):
    """The caller has as many operations running as one may: they may ask again as soon as one of them ended."""

    def __init__(self, most: int) -> None:
        super().__init__(f"At most {most} operations of one caller may run at once: try again", retry_after=1)


@dataclass(slots=True)
class Running:
    """What runs now, by caller: a user, or the address of one who is not signed in."""

    most: int
    counts: Counter[str] = field(default_factory=Counter, repr=False)

    def require_room(self, who: str) -> None:
        """Raises TooManyRunning."""
        if self.counts[who] >= self.most:
            raise TooManyRunning(self.most)

    def begin(self, who: str) -> None:
        """One more runs; `end` is owed. Raises TooManyRunning."""
        self.require_room(who)
        self.counts[who] += 1

    def end(self, who: str) -> None:
        """One less."""
        self.counts[who] -= 1
        if self.counts[who] <= 0:
            del self.counts[who]

    @contextmanager
    def one(self, who: str) -> Iterator[None]:
        """While it runs. Raises TooManyRunning."""
        self.begin(who)
        try:
            yield
        finally:
            self.end(who)
