"""May this viewer do this, to this, now, and why? One table and one pure function answer; `resolvers.gate` is the only caller.

The table is docs/privacy.md in code: the page, `explain`, `decisions` and the tests are made from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from policy.vocabulary import OPEN_CLAIM_STATUSES, Action, Basis, ClaimChannel, ClaimStatus, MerchantRole, Reason, Viewer, ViewerKind


@dataclass(frozen=True, slots=True)
class ConsentFact:
    """The account's open consent (granted, neither revoked nor replaced), live or not."""

    id: UUID
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ClaimFact:
    """The claim the question is about, or one that is open on the parcel or in the account it is about."""

    id: UUID
    parcel_id: UUID | None
    channel: ClaimChannel
    status: ClaimStatus


@dataclass(frozen=True, slots=True)
class Facts:
    """What the database knew at `now`, its own clock, in one snapshot.

    `parcel_id` is the parcel the question is about, None when it is about the account.
    """

    now: datetime
    account_id: UUID
    parcel_id: UUID | None = None
    consent: ConsentFact | None = None
    claim: ClaimFact | None = None
    announced: bool = True


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer. A denial carries its reason; an allowance its basis, and the consent or claim it stands on."""

    action: Action
    allowed: bool
    reason: Reason | None = None
    basis: Basis | None = None
    until: datetime | None = None
    consent_id: UUID | None = None
    claim_id: UUID | None = None


ANYONE = frozenset(MerchantRole)
OWNER_ADMIN = frozenset({MerchantRole.OWNER, MerchantRole.ADMIN})
OWNER = frozenset({MerchantRole.OWNER})
NO_MERCHANT: frozenset[MerchantRole] = frozenset()


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: the merchant roles that may, and what an agent is told in each situation (None: allowed).

    `filed_in_support`: only for a claim that came through the Support section.
    `only_announced`: not for a parcel never announced, which the action would delete.
    """

    merchants: frozenset[MerchantRole]
    nothing: Reason | None
    claim: Reason | None
    consent: Reason | None
    filed_in_support: bool = False
    only_announced: bool = False


_NO_CONSENT = Reason.NO_LIVE_CONSENT
_READ_ONLY = Reason.CLAIM_IS_READ_ONLY
_NEVER = Reason.NEVER_FOR_AGENTS


def _never(merchants: frozenset[MerchantRole]) -> Rule:
    return Rule(merchants, _NEVER, _NEVER, _NEVER)


RULES: Mapping[Action, Rule] = {
    Action.VIEW_SETTINGS: Rule(ANYONE, _NO_CONSENT, _NO_CONSENT, None),
    Action.VIEW_PROTECTED_SETTINGS: _never(ANYONE),
    Action.CHANGE_SETTINGS: Rule(OWNER_ADMIN, _NO_CONSENT, _READ_ONLY, None),
    Action.CHANGE_PROTECTED_SETTINGS: _never(OWNER_ADMIN),
    Action.VIEW_PERSONAL_DATA: Rule(ANYONE, _NO_CONSENT, None, None),
    Action.SEARCH_PERSONAL_DATA: Rule(ANYONE, _NO_CONSENT, _NO_CONSENT, None),
    Action.CHANGE_PARCEL: Rule(ANYONE, _NO_CONSENT, _READ_ONLY, None),
    Action.CANCEL_PARCEL: Rule(ANYONE, _NO_CONSENT, _READ_ONLY, None, only_announced=True),
    Action.DELETE_PARCEL: _never(OWNER_ADMIN),
    Action.EXPORT_PARCELS: _never(OWNER_ADMIN),
    Action.VIEW_DIRECT_DEBIT: _never(OWNER_ADMIN),
    Action.CHANGE_DIRECT_DEBIT: _never(OWNER_ADMIN),
    Action.DELETE_ACCOUNT: _never(OWNER),
    Action.GRANT_CONSENT: _never(OWNER_ADMIN),
    Action.REVOKE_CONSENT: _never(OWNER_ADMIN),
    Action.VIEW_ACCESS_LOG: _never(OWNER_ADMIN),
    Action.FILE_CLAIM: _never(ANYONE),
    Action.ANSWER_CLAIM: _never(ANYONE),
    Action.WITHDRAW_CLAIM: _never(ANYONE),
    Action.RECORD_CLAIM: Rule(NO_MERCHANT, None, None, None),
    Action.INVESTIGATE_CLAIM: Rule(NO_MERCHANT, None, None, None, filed_in_support=True),
    Action.CLOSE_CLAIM: Rule(NO_MERCHANT, None, None, None),
}


def decide(viewer: Viewer | None, action: Action, facts: Facts | None) -> Decision:
    """May `viewer` do `action`, given `facts`? Pure: no clock, no I/O, never raises.

    Without facts (the target is not known yet) only what no fact could allow is refused; everything else is UNDECIDED,
    which is withheld. Whatever goes wrong while deciding is UNDECIDED too.
    """
    try:
        return _decide(viewer, action, facts)
    except Exception:  # noqa: BLE001 (whatever it is, it must not become an allowance)
        return Decision(action, allowed=False, reason=Reason.UNDECIDED)


def _decide(viewer: Viewer | None, action: Action, facts: Facts | None) -> Decision:
    if viewer is None:
        return Decision(action, allowed=False, reason=Reason.NOT_SIGNED_IN)
    if not _is_understood(viewer, action, facts):
        return Decision(action, allowed=False, reason=Reason.UNDECIDED)
    rule = RULES[action]
    if viewer.kind is ViewerKind.MERCHANT:
        return _decide_merchant(viewer, action, rule, facts)
    if viewer.kind is ViewerKind.AGENT:
        return _decide_agent(action, rule, facts)
    return Decision(action, allowed=False, reason=Reason.UNDECIDED)


def _decide_merchant(viewer: Viewer, action: Action, rule: Rule, facts: Facts | None) -> Decision:
    if not rule.merchants:
        return Decision(action, allowed=False, reason=Reason.AGENTS_ONLY)
    if not viewer.roles & rule.merchants:
        return Decision(action, allowed=False, reason=Reason.MERCHANT_ROLE)
    if facts is None or viewer.account_id is None or viewer.account_id != facts.account_id:
        return Decision(action, allowed=False, reason=Reason.UNDECIDED)
    return Decision(action, allowed=True, basis=Basis.OWN_DATA)


def _decide_agent(action: Action, rule: Rule, facts: Facts | None) -> Decision:
    if rule.nothing is rule.claim is rule.consent is _NEVER:
        return Decision(action, allowed=False, reason=_NEVER)
    if facts is None:
        return Decision(action, allowed=False, reason=Reason.UNDECIDED)
    if rule.only_announced and facts.announced is not True:
        return Decision(action, allowed=False, reason=_NEVER)
    if rule.filed_in_support and (facts.claim is None or facts.claim.channel is not ClaimChannel.SUPPORT_SECTION):
        return Decision(action, allowed=False, reason=Reason.NOT_FILED_IN_SUPPORT)
    consent, claim = facts.consent, facts.claim
    if consent is not None and is_live(consent, facts.now) and rule.consent is None:
        return Decision(action, allowed=True, basis=Basis.CONSENT, until=consent.expires_at, consent_id=consent.id)
    if claim is not None and opens(claim) and (facts.parcel_id is None or claim.parcel_id == facts.parcel_id):
        if rule.claim is not None:
            return Decision(action, allowed=False, reason=rule.claim)
        if action is not Action.VIEW_PERSONAL_DATA or facts.parcel_id is not None:
            return Decision(action, allowed=True, basis=Basis.CLAIM, claim_id=claim.id)
    if rule.nothing is not None:
        return Decision(action, allowed=False, reason=rule.nothing)
    return Decision(action, allowed=True, basis=Basis.CLAIM, claim_id=claim.id if claim else None)


def _is_understood(viewer: Viewer, action: Action, facts: Facts | None) -> bool:
    """Is everything that decides of the type it says? What only looks like a fact must not allow anything."""
    return isinstance(viewer, Viewer) and isinstance(action, Action) and (facts is None or _are_facts(facts))


def _are_facts(facts: Facts) -> bool:
    consent, claim = facts.consent, facts.claim
    return (
        isinstance(facts, Facts)
        and isinstance(facts.now, datetime)
        and isinstance(facts.account_id, UUID)
        and isinstance(facts.parcel_id, UUID | None)
        and isinstance(facts.announced, bool)
        and (consent is None or (isinstance(consent, ConsentFact) and isinstance(consent.expires_at, datetime)))
        and (claim is None or (isinstance(claim, ClaimFact) and isinstance(claim.channel, ClaimChannel) and isinstance(claim.status, ClaimStatus)))
    )


def is_live(consent: ConsentFact, now: datetime) -> bool:
    """Has the consent not run out at `now`? `expires_at` is exclusive."""
    return now < consent.expires_at


def opens(claim: ClaimFact) -> bool:
    """Does this claim let agents see its parcel? Only while open, and only if a merchant user filed it in the Support section."""
    return claim.channel is ClaimChannel.SUPPORT_SECTION and claim.status in OPEN_CLAIM_STATUSES
