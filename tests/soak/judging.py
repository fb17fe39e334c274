"""What may go wrong, where and when: each fault opens a window in which so much is expected. All else is unexpected, and fails the soak."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum


class Trouble(StrEnum):
    """What a client may get in place of an answer."""

    REFUSED = "refused"  # no connection
    BROKEN = "broken off"  # the connection ended before the answer was whole
    CLOSED = "socket closed"
    LATE = "no answer in time"
    INTERNAL = "INTERNAL"  # an error of ours: nothing is told, and nothing shown
    NOT_RECORDED = "NOT_RECORDED"  # the access log could not be written, so it is withheld
    WRONG = "wrong"  # never expected: another status, code or value than there should be


#: A server that goes away takes its connections with it.
GONE = frozenset({Trouble.REFUSED, Trouble.BROKEN, Trouble.CLOSED})
#: What is answered while the database can't be asked.
WITHOUT_DATABASE = frozenset({Trouble.INTERNAL, Trouble.NOT_RECORDED})
NOTHING: frozenset[Trouble] = frozenset()


@dataclass(slots=True)
class Window:
    """While a fault lasts, and as long after it as healing may take. `place` is the number of the server it is about; None is all of them."""

    fault: str
    expected: frozenset[Trouble]
    place: int | None
    began: float
    over: float = math.inf
    last: float = 0.0  # when it was last the cause of something

    def excuses(self, trouble: Trouble, place: int | None, began: float, over: float) -> bool:
        """Is this trouble, of a request that was under way from `began` to `over`, the fault's?"""
        hit = self.place is None or place is None or place == self.place
        return trouble in self.expected and hit and self.began <= over and began <= self.over


@dataclass
class Judge:
    """All windows, all answers, all trouble. Instants are seconds of one clock."""

    heal_seconds: float
    windows: list[Window] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    expected: Counter[tuple[str, Trouble]] = field(default_factory=Counter)
    unexpected: Counter[str] = field(default_factory=Counter)
    first: dict[str, float] = field(default_factory=dict)  # when each of those began first

    @contextmanager
    def during(self, fault: str, expected: frozenset[Trouble], place: int | None, clock: Callable[[], float]) -> Iterator[Window]:
        """The fault lasts as long as this: until what was broken is whole again."""
        window = Window(fault, expected, place, clock())
        self.windows.append(window)
        try:
            yield window
        finally:
            window.over = clock() + self.heal_seconds

    def note(self, trouble: Trouble, place: int | None, began: float, over: float, told: str) -> None:
        """Something went wrong. `told` says what was asked and how it went, without any value."""
        for window in reversed(self.windows):
            if window.excuses(trouble, place, began, over):
                window.last = max(window.last, over)
                self.expected[window.fault, trouble] += 1
                return
        what = f"{trouble}: {told}{'' if place is None else f' (server {place})'}"
        self.unexpected[what] += 1
        self.first.setdefault(what, began)

    def lasted(self, window: Window) -> tuple[float, float]:
        """Seconds until what a fault broke was whole again, and how long after that something still went wrong by it."""
        ended = window.over - self.heal_seconds
        return ended - window.began, max(0.0, window.last - ended)

    def is_calm(self, now: float) -> bool:
        """Is there no fault, and has the last one healed?"""
        return all(window.over < now for window in self.windows)
