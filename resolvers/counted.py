"""What is counted of decisions and of the access log: by action, reason and basis, all of which are words of ours. Never by who, or of whom."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterable
from functools import lru_cache

from prometheus_client import Counter, Gauge

from policy.decision import Decision
from policy.vocabulary import Action, Basis, Reason

decisions = Counter("latchkey_decisions", "Decisions, by what was asked.", ["action", "allowed", "reason"])
disclosures = Counter(
    "latchkey_disclosures", "Parcels (or accounts) whose personal data agents were shown, and that stand in the access log.", ["basis"]
)
withheld = Counter("latchkey_disclosures_withheld", "Disclosures that were allowed, and withheld when they were to be recorded.", ["reason"])
writes = Counter("latchkey_access_log_writes", "Times the access log was written, or could not be.", ["outcome"])
#: Of several processes on one host, the one that does worst.
listening = Gauge("latchkey_listening", "1 while this server hears of changes in the database.", multiprocess_mode="livemin")

# What alerts look at stands there from the start: a rise from nothing is none.
for _basis in (Basis.CONSENT, Basis.CLAIM):
    disclosures.labels(_basis)
for _reason in (Reason.NOT_RECORDED, Reason.TOO_MANY_DISCLOSURES):
    withheld.labels(_reason)
for _outcome in ("written", "failed"):
    writes.labels(_outcome)


@lru_cache(maxsize=1024)
def _asked(action: Action, allowed: bool, reason: Reason | None) -> Counter:
    return decisions.labels(action, str(allowed).lower(), reason or "")


def count_decision(decision: Decision) -> None:
    """It was asked."""
    _asked(decision.action, decision.allowed is True, decision.reason).inc()


def count_written(bases: Iterable[Basis | None]) -> None:
    """The access log was written: on what basis each disclosure was, or None for one that is over the hourly limit."""
    writes.labels("written").inc()
    for basis, count in Tally(bases).items():
        (withheld.labels(Reason.TOO_MANY_DISCLOSURES) if basis is None else disclosures.labels(basis)).inc(count)


def count_not_written(entries: int) -> None:
    """The access log could not be written, so that many disclosures were withheld."""
    writes.labels("failed").inc()
    withheld.labels(Reason.NOT_RECORDED).inc(entries)
