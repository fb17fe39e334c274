"""The consents of the demo data: every way one can end, one that is live, and one that has just run out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from demo.merchants import Office
from demo.rows import Ids, Rows
from policy.vocabulary import ConsentDuration, ConsentState, MerchantRole

_OWNER, _ADMIN = MerchantRole.OWNER, MerchantRole.ADMIN


@dataclass(frozen=True, slots=True)
class Granted:
    """A consent, as an agent could stand on it from `since` until `until` (exclusive)."""

    id: UUID
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class _Consent:
    """Granted so long ago. `ended_as` None: nobody ended it, so it is live, or has run out unnoticed."""

    ago: timedelta
    duration: ConsentDuration
    granted_by: MerchantRole
    ended_as: ConsentState | None = None
    after: timedelta | None = None
    ended_by: MerchantRole | None = None


#: By the merchant's country. ES never granted anything: there an open claim is all that opens a parcel.
_CONSENTS: Final[Mapping[str, Sequence[_Consent]]] = {
    "NL": (
        _Consent(timedelta(days=61, hours=3), ConsentDuration.ONE_DAY, _OWNER, ConsentState.EXPIRED),
        _Consent(timedelta(days=33, hours=5), ConsentDuration.THREE_DAYS, _OWNER, ConsentState.REVOKED, timedelta(hours=29), _ADMIN),
        _Consent(timedelta(hours=5), ConsentDuration.EIGHT_HOURS, _ADMIN, ConsentState.REPLACED, timedelta(hours=2), _OWNER),
        _Consent(timedelta(hours=3), ConsentDuration.ONE_WEEK, _OWNER),
    ),
    "DE": (
        _Consent(timedelta(days=47, hours=2), ConsentDuration.ONE_WEEK, _OWNER, ConsentState.EXPIRED),
        _Consent(timedelta(days=12, hours=4), ConsentDuration.ONE_HOUR, _ADMIN, ConsentState.REPLACED, timedelta(minutes=40), _ADMIN),
        _Consent(timedelta(days=12, hours=3, minutes=20), ConsentDuration.ONE_DAY, _ADMIN, ConsentState.REVOKED, timedelta(hours=6), _OWNER),
        _Consent(timedelta(hours=8, minutes=10), ConsentDuration.EIGHT_HOURS, _OWNER),
    ),
    "FR": (
        _Consent(timedelta(days=72), ConsentDuration.ONE_MONTH, _OWNER, ConsentState.REVOKED, timedelta(days=12), _OWNER),
        _Consent(timedelta(days=5, hours=7), ConsentDuration.ONE_DAY, _ADMIN, ConsentState.REVOKED, timedelta(hours=3), _ADMIN),
    ),
}


def add_consents(rows: Rows, ids: Ids, office: Office, now: datetime) -> list[Granted]:
    """The merchant's consents, oldest first."""
    return [_add(rows, ids, office, consent, now) for consent in _CONSENTS.get(office.merchant.country, ())]


def _add(rows: Rows, ids: Ids, office: Office, consent: _Consent, now: datetime) -> Granted:
    granted_at = now - consent.ago
    expires_at = granted_at + consent.duration.length
    ended_at = None
    if consent.ended_as is not None:  # found run out by the next grant, it ended when it ran out
        ended_at = expires_at if consent.after is None else granted_at + consent.after
    key = ids.at(granted_at)
    rows.add(
        "consents",
        id=key,
        account_id=office.account_id,
        live_for=office.account_id if ended_at is None else None,
        duration=consent.duration,
        granted_by_id=office.users[consent.granted_by],
        granted_at=granted_at,
        expires_at=expires_at,
        ended_at=ended_at,
        ended_as=consent.ended_as,
        ended_by_id=office.users[consent.ended_by] if consent.ended_by else None,
    )
    return Granted(key, granted_at, min(ended_at or expires_at, expires_at))
