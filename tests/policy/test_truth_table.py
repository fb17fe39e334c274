"""Every caller, in every state of consent and claim, asks for everything; the answers are those of sentences written by hand.

The sentences are the design's table and the contract's prose. They share no structure with `RULES`: where the two are read differently,
one of them is wrong. Some answers are only seen from outside as a missing row: another merchant's is UNDECIDED here, and NOT_FOUND there.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from policy.classification import FIELDS, Personal
from policy.decision import ClaimFact, ConsentFact, Decision, Facts, decide
from policy.vocabulary import Action, Basis, ClaimChannel, ClaimStatus, DataSubject, MerchantRole, PiiCategory, Reason, Viewer, ViewerKind

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ACCOUNT, OTHER_ACCOUNT, PARCEL, OTHER_PARCEL, CONSENT, CLAIM = (UUID(int=number) for number in range(1, 7))

#: When the account's consent ends. A revoked or replaced one is no fact: the database gives only open ones (tests/resolvers/test_admission.py).
CONSENTS: dict[str, datetime | None] = {
    "none": None,
    "live": NOW + HOUR,
    "at its last instant": NOW + timedelta(microseconds=1),
    "at the instant of its expiry": NOW,
    "expired": NOW - HOUR,
    "revoked": None,
    "replaced": None,
}
#: Which parcel a claim is on. In a question about the account it may be any of the account's; of another account there is never a fact.
PLACES: dict[str, UUID | None] = {"this parcel": PARCEL, "another parcel": OTHER_PARCEL, "no parcel": None}


@dataclass(frozen=True)
class Situation:
    """What is asked about, and what there is."""

    about: str
    announced: bool
    consent: str
    place: str = "nowhere"
    channel: str = ""
    status: str = ""

    @cached_property
    def facts(self) -> Facts:
        """As the database tells them."""
        ends = CONSENTS[self.consent]
        return Facts(
            NOW,
            ACCOUNT,
            PARCEL if self.about == "a parcel" else None,
            None if ends is None else ConsentFact(CONSENT, ends),
            None if self.place == "nowhere" else ClaimFact(CLAIM, PLACES[self.place], ClaimChannel[self.channel], ClaimStatus[self.status]),
            self.announced,
        )

    @cached_property
    def consent_is_live(self) -> bool:
        """A consent stands until the instant it ends, and not at it."""
        return self.consent in {"live", "at its last instant"}

    @cached_property
    def claim_was_filed_in_support(self) -> bool:
        """By a merchant's user, and not told by phone or brought in."""
        return self.channel == "SUPPORT_SECTION"

    @cached_property
    def claim_is_open(self) -> bool:
        """Nobody resolved, rejected or withdrew it."""
        return self.status in {"SUBMITTED", "INVESTIGATING", "AWAITING_MERCHANT", "WITH_CARRIER"}

    @cached_property
    def claim_concerns_what_is_asked_about(self) -> bool:
        """On this very parcel; or, in a question about the account, anywhere in it."""
        return self.place == "this parcel" or (self.about == "the account" and self.place != "nowhere")

    @cached_property
    def an_open_claim_stands(self) -> bool:
        """Open, filed in Support, and on what is asked about."""
        return self.claim_was_filed_in_support and self.claim_is_open and self.claim_concerns_what_is_asked_about


def situations() -> Iterator[Situation]:
    """All of them."""
    claims = [("nowhere", "", ""), *itertools.product(PLACES, [each.name for each in ClaimChannel], [each.name for each in ClaimStatus])]
    for (about, announced), consent, claim in itertools.product([("a parcel", True), ("a parcel", False), ("the account", True)], CONSENTS, claims):
        yield Situation(about, announced, consent, *claim)


SITUATIONS = list(situations())
KNOWN = [(each, each.facts) for each in SITUATIONS]

OWNER = Viewer(UUID(int=11), ViewerKind.MERCHANT, "Marit", account_id=ACCOUNT, roles=frozenset({MerchantRole.OWNER}))
ADMIN = replace(OWNER, roles=frozenset({MerchantRole.ADMIN}))
MEMBER = replace(OWNER, roles=frozenset({MerchantRole.MEMBER}))
AGENT = Viewer(UUID(int=10), ViewerKind.AGENT, "Agent Smit")

VIEWERS: dict[str, Any] = {
    "anonymous": None,
    "OWNER": OWNER,
    "ADMIN": ADMIN,
    "MEMBER": MEMBER,
    "OWNER and MEMBER": replace(OWNER, roles=frozenset({MerchantRole.OWNER, MerchantRole.MEMBER})),
    "another account's OWNER": replace(OWNER, account_id=OTHER_ACCOUNT),
    "another account's MEMBER": replace(MEMBER, account_id=OTHER_ACCOUNT),
    "agent": AGENT,
    "agent with a merchant's roles": replace(AGENT, account_id=ACCOUNT, roles=frozenset(MerchantRole)),
    "OWNER of no account": replace(OWNER, account_id=None),
    "merchant's user without a role": replace(OWNER, roles=frozenset()),
    "viewer of no kind": replace(OWNER, kind=None),  # type: ignore[arg-type] # malformed on purpose, as those below
    "agent by the mere name": replace(AGENT, kind="AGENT"),  # type: ignore[arg-type]
    "merchant's user by the mere name": replace(OWNER, kind="MERCHANT"),  # type: ignore[arg-type]
    "OWNER in a list": replace(OWNER, roles=["OWNER"]),  # type: ignore[arg-type]
    "what only looks like an agent": SimpleNamespace(kind=ViewerKind.AGENT, account_id=ACCOUNT, roles=frozenset(MerchantRole)),
    "no viewer at all": "agent",
}

# The sentences.

NEVER_FOR_AGENTS = {
    # Money, and the account itself.
    "VIEW_DIRECT_DEBIT",
    "CHANGE_DIRECT_DEBIT",
    "DELETE_ACCOUNT",
    # What carries data out, or destroys it.
    "VIEW_PROTECTED_SETTINGS",
    "CHANGE_PROTECTED_SETTINGS",
    "EXPORT_PARCELS",
    "DELETE_PARCEL",
    # The key, and who used it.
    "GRANT_CONSENT",
    "REVOKE_CONSENT",
    "VIEW_ACCESS_LOG",
    # Claims are the merchant's to make: an agent would make their own key.
    "FILE_CLAIM",
    "ANSWER_CLAIM",
    "WITHDRAW_CLAIM",
}
ONLY_SUPPORT_DOES = {"RECORD_CLAIM", "INVESTIGATE_CLAIM", "CLOSE_CLAIM"}
NOT_FOR_A_MEMBER = {
    "CHANGE_SETTINGS",
    "CHANGE_PROTECTED_SETTINGS",
    "DELETE_PARCEL",
    "EXPORT_PARCELS",
    "VIEW_DIRECT_DEBIT",
    "CHANGE_DIRECT_DEBIT",
    "DELETE_ACCOUNT",
    "GRANT_CONSENT",
    "REVOKE_CONSENT",
    "VIEW_ACCESS_LOG",
}


def what_an_agent_is_told(action: str, known: Situation) -> str:
    """The name of a basis, or of a reason."""
    if action in NEVER_FOR_AGENTS:
        return "NEVER_FOR_AGENTS"
    if action == "CANCEL_PARCEL" and not known.announced:
        return "NEVER_FOR_AGENTS"  # it would delete the parcel
    if action == "INVESTIGATE_CLAIM" and not known.claim_was_filed_in_support:
        return "NOT_FILED_IN_SUPPORT"
    if known.consent_is_live:
        return "CONSENT"
    if action in ONLY_SUPPORT_DOES:
        return "CLAIM"  # the claim is what they work on: it takes no grant
    if action == "VIEW_PERSONAL_DATA" and known.about == "a parcel" and known.an_open_claim_stands:
        return "CLAIM"
    if action in {"CHANGE_SETTINGS", "CHANGE_PARCEL", "CANCEL_PARCEL"} and known.an_open_claim_stands:
        return "CLAIM_IS_READ_ONLY"
    return "NO_LIVE_CONSENT"


def what_a_merchant_is_told(action: str, roles: set[str], *, own: bool) -> str:
    """The name of a basis, or of a reason. Whose it is, is told only to those whose role would do it at all."""
    if action in ONLY_SUPPORT_DOES:
        return "AGENTS_ONLY"
    if action == "DELETE_ACCOUNT" and "OWNER" not in roles:
        return "MERCHANT_ROLE"
    if action in NOT_FOR_A_MEMBER and not roles & {"OWNER", "ADMIN"}:
        return "MERCHANT_ROLE"
    if not roles:
        return "MERCHANT_ROLE"
    return "OWN_DATA" if own else "UNDECIDED"


def what_they_are_told(who: str, action: str, known: Situation) -> str:
    """The name of a basis, or of a reason."""
    match who:
        case "anonymous":
            return "NOT_SIGNED_IN"
        case "agent" | "agent with a merchant's roles":
            return what_an_agent_is_told(action, known)
        case "OWNER" | "ADMIN" | "MEMBER":
            return what_a_merchant_is_told(action, {who}, own=True)
        case "OWNER and MEMBER":
            return what_a_merchant_is_told(action, {"OWNER", "MEMBER"}, own=True)
        case "another account's OWNER" | "OWNER of no account":
            return what_a_merchant_is_told(action, {"OWNER"}, own=False)
        case "another account's MEMBER":
            return what_a_merchant_is_told(action, {"MEMBER"}, own=False)
        case "merchant's user without a role":
            return what_a_merchant_is_told(action, set(), own=True)
        case "OWNER in a list" if action in ONLY_SUPPORT_DOES:
            return "AGENTS_ONLY"
        case _:
            return "UNDECIDED"


@cache
def in_full(told: str, action: Action, consent: str, claimed: bool) -> Decision:
    """The decision: a denial is its reason and nothing else, an allowance names what it stands on, and how long."""
    if told not in Basis.__members__:
        return Decision(action, allowed=False, reason=Reason[told])
    return Decision(
        action,
        allowed=True,
        basis=Basis[told],
        until=CONSENTS[consent] if told == "CONSENT" else None,
        consent_id=CONSENT if told == "CONSENT" else None,
        claim_id=CLAIM if told == "CLAIM" and claimed else None,
    )


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("who", VIEWERS)
def test_everybody_is_told_what_the_sentences_say(who: str, action: Action) -> None:
    viewer = VIEWERS[who]
    for known, facts in KNOWN:
        told = what_they_are_told(who, action, known)
        assert decide(viewer, action, facts) == in_full(told, action, known.consent, known.place != "nowhere"), known


@pytest.mark.parametrize("who", VIEWERS)
def test_of_what_is_not_there_nothing_is_allowed(who: str) -> None:
    """What no fact could allow is refused for its reason, before anything is looked up; all else is UNDECIDED."""
    at_best = Situation("a parcel", True, "live", "this parcel", "SUPPORT_SECTION", "SUBMITTED")
    for action in Action:
        told = what_they_are_told(who, action, at_best)
        reason = Reason.UNDECIDED if told in Basis.__members__ else Reason[told]
        assert decide(VIEWERS[who], action, None) == Decision(action, allowed=False, reason=reason)


def test_the_table_is_whole() -> None:
    assert {each.consent for each in SITUATIONS} == set(CONSENTS)
    assert {(each.place, each.channel, each.status) for each in SITUATIONS if each.place != "nowhere"} == set(
        itertools.product(PLACES, ClaimChannel.__members__, ClaimStatus.__members__)
    )
    assert len(SITUATIONS) == len(set(SITUATIONS)) == 3 * 7 * (1 + 3 * 5 * 7)
    assert set(Action.__members__) >= NEVER_FOR_AGENTS | ONLY_SUPPORT_DOES | NOT_FOR_A_MEMBER


# What is personal, by category and by whose it is.


def what_an_agent_sees(category: str, subject: str, known: Situation) -> bool:
    """Money and what carries data out: never. All else: under a live consent, or of a parcel while a claim on it is open."""
    if category == "FINANCIAL" or (subject == "MERCHANT" and category == "CONTACT"):
        return False
    return known.consent_is_live or (known.about == "a parcel" and known.an_open_claim_stands)


def what_a_merchant_sees(category: str, role: str) -> bool:
    """All that is their own; but for direct debit, which a MEMBER does not see."""
    return category != "FINANCIAL" or role != "MEMBER"


PERSONAL = {(what.category, what.subject, what.action) for fields in FIELDS.values() for what in fields.values() if isinstance(what, Personal)}


@pytest.mark.parametrize(("category", "subject", "action"), sorted(PERSONAL), ids=lambda word: word.name)
def test_a_category_is_seen_as_the_sentences_say(category: PiiCategory, subject: DataSubject, action: Action) -> None:
    for known, facts in KNOWN:
        assert decide(AGENT, action, facts).allowed is what_an_agent_sees(category.name, subject.name, known), known
        for role, viewer in (("OWNER", OWNER), ("ADMIN", ADMIN), ("MEMBER", MEMBER)):
            assert decide(viewer, action, facts).allowed is what_a_merchant_sees(category.name, role), (role, known)


def test_every_category_has_a_field() -> None:
    assert {category for category, _, _ in PERSONAL} == set(PiiCategory)
