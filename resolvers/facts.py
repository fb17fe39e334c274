"""What the policy needs to know, read in one statement: the live consent and the open claim, by the database's clock."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from models import database
from policy.decision import ClaimFact, ConsentFact, Facts
from policy.vocabulary import OPEN_CLAIM_STATUSES, ClaimChannel, ClaimStatus

_OPEN = ", ".join(f"'{status}'" for status in sorted(OPEN_CLAIM_STATUSES))

#: May `k`, a row of claims, open its parcel? The SQL of `policy.decision.opens`; a test holds the two together.
CLAIM_OPENS = f"k.channel = '{ClaimChannel.SUPPORT_SECTION}' AND k.status IN ({_OPEN})"

_COLUMNS = """{now} AS now, c.id AS consent_id, c.expires_at AS consent_expires_at,
    k.id AS claim_id, k.parcel_id AS claim_parcel_id, k.channel AS claim_channel, k.status AS claim_status"""

_OF_ACCOUNT = f"""
SELECT a.id AS account_id, NULL AS parcel_id, NULL AS announced_at, {_COLUMNS}
FROM accounts a
LEFT JOIN consents c ON c.live_for = a.id AND c.expires_at > {{now}}
LEFT JOIN claims k ON k.id = (SELECT k.id FROM claims k WHERE k.account_id = a.id AND {CLAIM_OPENS} ORDER BY k.opened_at DESC, k.id DESC LIMIT 1)
WHERE a.id = :id AND a.deleted_at IS NULL"""

_OF_PARCEL = f"""
SELECT p.account_id, p.id AS parcel_id, p.announced_at, {_COLUMNS}
FROM parcels p
LEFT JOIN consents c ON c.live_for = p.account_id AND c.expires_at > {{now}}
LEFT JOIN claims k ON k.id = (SELECT k.id FROM claims k WHERE k.parcel_id = p.id AND {CLAIM_OPENS} ORDER BY k.opened_at, k.id LIMIT 1)
WHERE p.id = :id AND p.deleted_at IS NULL"""

_OF_CLAIM = f"""
SELECT k.account_id, p.id AS parcel_id, p.announced_at, {_COLUMNS}
FROM claims k
JOIN accounts a ON a.id = k.account_id AND a.deleted_at IS NULL
LEFT JOIN parcels p ON p.id = k.parcel_id AND p.deleted_at IS NULL
LEFT JOIN consents c ON c.live_for = k.account_id AND c.expires_at > {{now}}
WHERE k.id = :id"""


async def of_account(account_id: UUID) -> Facts | None:
    """The facts of an account; its claim is any open one. None if there is no such account."""
    return await _read(_OF_ACCOUNT, account_id)


async def of_parcel(parcel_id: UUID) -> Facts | None:
    """The facts of a parcel; its claim is one that is open on it. None if there is no such parcel."""
    return await _read(_OF_PARCEL, parcel_id)


async def of_claim(claim_id: UUID) -> Facts | None:
    """The facts of a claim, which is their claim, whatever its state. None if there is no such claim."""
    return await _read(_OF_CLAIM, claim_id)


async def _read(sql: str, key: UUID) -> Facts | None:
    row = database.one(await database.fetch(sql, id=key))
    return None if row is None else of_row(row)


def of_row(row: database.Row) -> Facts:
    """The facts in a row that was read with the columns named as above."""
    return Facts(
        now=database.moment(row["now"]),
        account_id=database.uuid(row["account_id"]),
        parcel_id=database.optional_uuid(row["parcel_id"]),
        consent=_consent(row["consent_id"], row["consent_expires_at"]),
        claim=_claim(row),
        announced=row["announced_at"] is not None or row["parcel_id"] is None,
    )


def _consent(key: Any, expires_at: Any) -> ConsentFact | None:
    return None if key is None else ConsentFact(database.uuid(key), database.moment(expires_at))


def _claim(row: database.Row) -> ClaimFact | None:
    if row["claim_id"] is None:
        return None
    return ClaimFact(
        id=database.uuid(row["claim_id"]),
        parcel_id=database.optional_uuid(row["claim_parcel_id"]),
        channel=ClaimChannel(row["claim_channel"]),
        status=ClaimStatus(row["claim_status"]),
    )


def own(account_id: UUID, parcel_id: UUID | None, now: datetime, *, announced: bool = True) -> Facts:
    """The facts of a merchant's own row, whose consents and claims don't matter to them."""
    return Facts(now=now, account_id=account_id, parcel_id=parcel_id, announced=announced)
