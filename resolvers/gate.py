"""The door. It alone asks the policy, it alone lets personal data through, and it records what it lets through.

Gather facts, ask, load what is allowed, `record`, and only then build rows from what the record came back with.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from uuid import UUID

import structlog

from models import spans
from policy.classification import Personal, field_class
from policy.decision import Decision, Facts, decide
from policy.vocabulary import Action, Basis, PiiCategory, Reason, Viewer
from resolvers import counted
from resolvers.errors import NotFound, Refused
from resolvers.ledger import Entry, Request, write, write_change

log = structlog.get_logger(__name__)

#: What a row may show: the decision on each action that shows a field of it. Anything not in it is withheld.
Shown = Mapping[Action, Decision]


@dataclass(frozen=True, slots=True)
class Disclosure:
    """One row about to be shown: of which parcel (or account), decided how, and the coordinates of its personal fields asked for."""

    account_id: UUID
    parcel_id: UUID | None
    decision: Decision
    fields: frozenset[str]


@dataclass(slots=True)
class Gate:
    """One caller's way in, for one request or one event of a subscription. It remembers no decision."""

    viewer: Viewer | None
    request: Request
    most_parcels_an_hour: int = 500
    most_searches_an_hour: int = 200

    def ask(self, action: Action, facts: Facts | None) -> Decision:
        """The decision, with its reason. The only call of `decide`."""
        decision = decide(self.viewer, action, facts)
        counted.count_decision(decision)
        return decision

    def may(self, action: Action, facts: Facts | None) -> bool:
        """Is it allowed?"""
        return self.ask(action, facts).allowed is True

    def might(self, action: Action) -> bool:
        """Could it be allowed of anything? False for what no fact would open to this caller."""
        return self.ask(action, None).reason is Reason.UNDECIDED

    def require(self, action: Action, facts: Facts | None) -> Decision:
        """The decision, which is an allowance. Raises Refused."""
        decision = self.ask(action, facts)
        if decision.allowed is not True:
            raise Refused(decision)
        return decision

    def require_viewer(self) -> Viewer:
        """Who is calling. Raises Refused (NOT_SIGNED_IN) when nobody is."""
        if self.viewer is None:
            raise Refused(Decision(Action.VIEW_SETTINGS, allowed=False, reason=Reason.NOT_SIGNED_IN))
        return self.viewer

    def require_sight(self, facts: Facts | None, noun: str) -> Facts:
        """The facts of something the caller may know of. Raises NotFound for another merchant's, as for what does not exist."""
        if facts is None or not self.sees_account(facts.account_id):
            raise NotFound(noun)
        return facts

    def sees_account(self, account_id: UUID) -> bool:
        """May the caller know that this account is there? Agents know of all, merchants of their own."""
        return self.viewer is not None and (self.viewer.is_agent or self.viewer.account_id == account_id)

    def notes(self, decision: Decision) -> bool:
        """Is what this decision shows to be recorded?"""
        return decision.allowed is True and self.viewer is not None and self.viewer.is_agent

    async def record(self, disclosures: Sequence[Disclosure]) -> list[Decision]:
        """Write down what an agent is about to see; returns the decisions as they stand now, one for each disclosure, in order.

        What could not be written is NOT_RECORDED, what is over the hourly limit TOO_MANY_DISCLOSURES: both are withheld.
        Merchants' views of their own data are not written down.
        """
        decisions = [disclosure.decision for disclosure in disclosures]
        viewer = self.viewer
        if viewer is None or not viewer.is_agent:
            return decisions
        entries: dict[object, Entry] = {}
        keys: list[object] = []
        for disclosure in disclosures:
            key = _key(disclosure)
            keys.append(key)
            if key is not None:
                known = entries.get(key)
                entries[key] = _entry(disclosure, known.fields if known else frozenset())
        if not entries:
            return decisions
        written = await self._write(viewer.id, list(entries.values()))
        return [decision if key is None else _as_recorded(decision, written, entries[key]) for decision, key in zip(decisions, keys, strict=True)]

    async def _write(self, agent_id: UUID, entries: list[Entry]) -> frozenset[UUID] | None:
        try:
            with spans.span("access log"):
                written = await write(
                    agent_id,
                    self.request,
                    entries,
                    most_parcels_an_hour=self.most_parcels_an_hour,
                    most_searches_an_hour=self.most_searches_an_hour,
                )
        except Exception as error:  # noqa: BLE001 (whatever hinders the log, nothing may be shown without it)
            counted.count_not_written(len(entries))
            log.error(  # noqa: TRY400 (a trace holds values)
                "access log not written", error=type(error).__name__, request_id=self.request.id, entries=len(entries)
            )
            return None
        counted.count_written(entry.decision.basis if entry.id in written else None for entry in entries)
        return written

    async def record_search(self, facts: Facts, decision: Decision, searched: Mapping[str, PiiCategory]) -> Decision:
        """Write down that an agent is about to search an account's personal data; returns the decision as it stands now.

        A search tells whether a guess is right: over the hourly limit it is TOO_MANY_DISCLOSURES.
        """
        if self.viewer is None or not self.viewer.is_agent or decision.allowed is not True:
            return decision
        entry = Entry(facts.account_id, None, decision.action, decision, fields=frozenset(searched), categories=frozenset(searched.values()))
        return _as_recorded(decision, await self._write(self.viewer.id, [entry]), entry)

    async def record_change(self, decision: Decision, facts: Facts, changed: Iterable[str]) -> None:
        """Write down what an agent changed, in the transaction that changes it. Merchants' own changes are not written down."""
        if self.viewer is None or not self.viewer.is_agent:
            return
        entry = Entry(facts.account_id, facts.parcel_id, decision.action, decision, changed=frozenset(changed))
        await write_change(self.viewer.id, self.request, entry)


def _key(disclosure: Disclosure) -> object:
    decision = disclosure.decision
    if not disclosure.fields or decision.allowed is not True or decision.basis is Basis.OWN_DATA:
        return None
    return disclosure.account_id, disclosure.parcel_id, decision.basis, decision.consent_id, decision.claim_id


def _entry(disclosure: Disclosure, more: frozenset[str]) -> Entry:
    fields = disclosure.fields | more if more else disclosure.fields
    return Entry(disclosure.account_id, disclosure.parcel_id, Action.VIEW_PERSONAL_DATA, disclosure.decision, fields, categories(fields))


def _as_recorded(decision: Decision, written: frozenset[UUID] | None, entry: Entry) -> Decision:
    if written is None:
        return denied(decision, Reason.NOT_RECORDED)
    return decision if entry.id in written else denied(decision, Reason.TOO_MANY_DISCLOSURES)


def denied(decision: Decision, reason: Reason) -> Decision:
    """The same question, answered with no."""
    return replace(decision, allowed=False, reason=reason, basis=None, until=None, consent_id=None, claim_id=None)


@lru_cache(maxsize=1024)
def categories(coordinates: frozenset[str]) -> frozenset[PiiCategory]:
    """The categories of personal fields, by their coordinates."""
    found = set()
    for coordinate in coordinates:
        what = field_class(*coordinate.split(".", 1))
        if isinstance(what, Personal):
            found.add(what.category)
    return frozenset(found)
