"""The words in which privacy is decided. Each member's value is its name: API, access log, docs and tests say the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum, auto
from uuid import UUID


class Word(StrEnum):
    """A StrEnum whose values are its member names."""

    @staticmethod
    def _generate_next_value_(name: str, start: int, count: int, last_values: list[str]) -> str:  # noqa: ARG004 (enum's signature)
        return name


class PiiCategory(Word):
    """What kind of personal data a field holds."""

    IDENTITY = auto()
    CONTACT = auto()
    ADDRESS = auto()
    LOCATION = auto()
    TRACKING = auto()
    ORDER = auto()
    CONTENT = auto()
    OFFICIAL_ID = auto()
    FREE_TEXT = auto()
    DOCUMENT = auto()
    FINANCIAL = auto()


class DataSubject(Word):
    """Whose personal data it is."""

    RECIPIENT = auto()
    MERCHANT = auto()


class Action(Word):
    """What a caller may ask to do. Each is a row of the policy table (`policy.decision.RULES`)."""

    VIEW_SETTINGS = auto()
    VIEW_PROTECTED_SETTINGS = auto()
    CHANGE_SETTINGS = auto()
    CHANGE_PROTECTED_SETTINGS = auto()
    VIEW_PERSONAL_DATA = auto()
    SEARCH_PERSONAL_DATA = auto()
    CHANGE_PARCEL = auto()
    CANCEL_PARCEL = auto()
    DELETE_PARCEL = auto()
    EXPORT_PARCELS = auto()
    VIEW_DIRECT_DEBIT = auto()
    CHANGE_DIRECT_DEBIT = auto()
    DELETE_ACCOUNT = auto()
    GRANT_CONSENT = auto()
    REVOKE_CONSENT = auto()
    VIEW_ACCESS_LOG = auto()
    FILE_CLAIM = auto()
    ANSWER_CLAIM = auto()
    WITHDRAW_CLAIM = auto()
    RECORD_CLAIM = auto()
    INVESTIGATE_CLAIM = auto()
    CLOSE_CLAIM = auto()


class Reason(Word):
    """Why something is withheld or refused."""

    NO_LIVE_CONSENT = auto()
    CLAIM_IS_READ_ONLY = auto()
    NEVER_FOR_AGENTS = auto()
    NOT_FILED_IN_SUPPORT = auto()
    MERCHANT_ROLE = auto()
    AGENTS_ONLY = auto()
    NOT_SIGNED_IN = auto()
    NOT_RECORDED = auto()
    TOO_MANY_DISCLOSURES = auto()
    UNDECIDED = auto()


class Basis(Word):
    """On what ground something is allowed."""

    OWN_DATA = auto()
    CONSENT = auto()
    CLAIM = auto()


class ViewerKind(Word):
    """Which side of the counter a user is on."""

    MERCHANT = auto()
    AGENT = auto()


class MerchantRole(Word):
    """What a merchant's user may do in their own account."""

    OWNER = auto()
    ADMIN = auto()
    MEMBER = auto()


class ClaimChannel(Word):
    """How a claim reached support. Only SUPPORT_SECTION opens a parcel."""

    SUPPORT_SECTION = auto()
    EMAIL = auto()
    PHONE = auto()
    CHAT = auto()
    INTEGRATION = auto()


class ClaimStatus(Word):
    """Where a claim stands."""

    SUBMITTED = auto()
    INVESTIGATING = auto()
    AWAITING_MERCHANT = auto()
    WITH_CARRIER = auto()
    RESOLVED = auto()
    REJECTED = auto()
    WITHDRAWN = auto()


OPEN_CLAIM_STATUSES = frozenset({ClaimStatus.SUBMITTED, ClaimStatus.INVESTIGATING, ClaimStatus.AWAITING_MERCHANT, ClaimStatus.WITH_CARRIER})


class ConsentState(Word):
    """Where a consent stands."""

    ACTIVE = auto()
    EXPIRED = auto()
    REVOKED = auto()
    REPLACED = auto()


class ConsentDuration(Word):
    """How long a consent may be granted for. There is no 'for ever'."""

    ONE_HOUR = auto()
    EIGHT_HOURS = auto()
    ONE_DAY = auto()
    THREE_DAYS = auto()
    ONE_WEEK = auto()
    ONE_MONTH = auto()

    @property
    def length(self) -> timedelta:
        """The time it stands for; ONE_MONTH is 30 days."""
        return _LENGTHS[self]


_LENGTHS = {
    ConsentDuration.ONE_HOUR: timedelta(hours=1),
    ConsentDuration.EIGHT_HOURS: timedelta(hours=8),
    ConsentDuration.ONE_DAY: timedelta(days=1),
    ConsentDuration.THREE_DAYS: timedelta(days=3),
    ConsentDuration.ONE_WEEK: timedelta(weeks=1),
    ConsentDuration.ONE_MONTH: timedelta(days=30),
}


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who is calling, as `identity` found out. It says nothing about what they may do.

    `account_id` and `roles` belong to merchants' users; both are empty for agents.
    """

    id: UUID
    kind: ViewerKind
    name: str = field(repr=False)
    locale: str = "en"
    account_id: UUID | None = None
    roles: frozenset[MerchantRole] = frozenset()

    @property
    def is_agent(self) -> bool:
        """Is this a support agent?"""
        return self.kind is ViewerKind.AGENT
