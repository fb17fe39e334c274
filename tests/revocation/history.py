"""What was open when: the changes one writer made, one after the other, and what a read may have found."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum


class Verdict(StrEnum):
    """What a read found. All but OVERLAPS are definite."""

    SHOWN = "shown"
    WITHHELD = "withheld"
    OVERLAPS = "overlaps"
    STALE = "stale"  # shown, though the end had been answered before it began
    LOST = "lost"  # withheld, though the opening had been answered before it began, and no end was sent
    INVERTED = "inverted"  # found the old state, though a read before it had found the new


WRONG = frozenset({Verdict.STALE, Verdict.LOST, Verdict.INVERTED})


@dataclass(slots=True)
class Change:
    """Opened or shut, at some instant between when it was sent and when it was answered."""

    opens: bool
    sent: float
    answered: float = math.inf
    found_at: float = math.inf  # when the first read that found it was over


@dataclass
class History:
    """The changes of one thing, in order. At first it is shut."""

    changes: list[Change] = field(default_factory=list)
    verdicts: Counter[Verdict] = field(default_factory=Counter)

    def sent(self, now: float, *, opens: bool) -> Change:
        """A change is about to be sent. Say when it was answered."""
        self.changes.append(Change(opens, now))
        return self.changes[-1]

    def judge(self, began: float, over: float, *, shown: bool) -> Verdict:
        """Judge a read, as soon as it is over: a change sent later can't have mattered to it."""
        verdict = self._verdict(began, over, shown)
        self.verdicts[verdict] += 1
        return verdict

    def _verdict(self, began: float, over: float, shown: bool) -> Verdict:
        overlapping: list[Change] = []
        before = False
        for change in reversed(self.changes):
            if change.answered < began:
                before = change.opens
                break
            if change.sent <= over:
                overlapping.append(change)
        if not overlapping:
            if shown != before:
                return Verdict.STALE if shown else Verdict.LOST
            return Verdict.SHOWN if shown else Verdict.WITHHELD
        if len(overlapping) == 1 and overlapping[0].opens != before:
            only = overlapping[0]
            if shown == only.opens:
                only.found_at = min(only.found_at, over)
            elif only.found_at < began:
                return Verdict.INVERTED
        return Verdict.OVERLAPS

    @property
    def definite(self) -> int:
        """How many reads were definite."""
        return sum(count for verdict, count in self.verdicts.items() if verdict is not Verdict.OVERLAPS)
