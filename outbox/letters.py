"""What one delivery says: read from the database as it is when it is sent, for who may still be told.

It names the merchant's own people and the merchant's account; of the people on parcels it knows nothing, for it reads none of their tables.
"""

from __future__ import annotations

from binascii import b2a_base64
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from models import database
from models.enums import Happening
from outbox.deliveries import Delivery
from outbox.words import LANGUAGES, language

CLAIMS = frozenset({Happening.CLAIM_TAKEN, Happening.CLAIM_LOGGED, Happening.CLAIM_CLOSED})

_READ = """
SELECT u.email, u.locale, a.company_name, s.locale AS account_locale, s.timezone, c.granted_at, c.expires_at, g.name AS granted_by, e.name AS ended_by
FROM users u JOIN accounts a ON a.id = u.account_id AND a.deleted_at IS NULL LEFT JOIN account_settings s ON s.account_id = a.id
LEFT JOIN consents c ON c.id = :subject AND c.account_id = a.id
LEFT JOIN users g ON g.id = c.granted_by_id LEFT JOIN users e ON e.id = c.ended_by_id
WHERE u.id = :user AND u.account_id = :account AND u.deactivated_at IS NULL
  AND (u.role IN ('OWNER', 'ADMIN') OR u.id = (SELECT k.filed_by_id FROM claims k WHERE k.id = :subject AND k.account_id = a.id))"""


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What all e-mails share: whom they are from (an address), and where the panel is."""

    sender: str = field(repr=False)
    panel: str = ""


async def letter(delivery: Delivery, head: Letterhead) -> EmailMessage | None:
    """The e-mail of a delivery, or None if its recipient may not be told any more."""
    row = database.one(
        await database.fetch(_READ, user=delivery.recipient_id, account=delivery.account_id, subject=delivery.subject_id),
    )
    return None if row is None else _written(delivery, row, head)


def _written(delivery: Delivery, row: database.Row, head: Letterhead) -> EmailMessage:
    spoken = language(row["locale"], row["account_locale"])
    words, zone = LANGUAGES[spoken], row["timezone"] or "UTC"
    filled = words.texts[delivery.kind].format(
        at=told(delivery.at, zone),
        granted=told(database.optional_moment(row["granted_at"]), zone),
        until=told(database.optional_moment(row["expires_at"]), zone),
        by=_line(row["granted_by"] if delivery.kind is Happening.CONSENT_GRANTED else row["ended_by"]),
        detail=words.logged.get(delivery.detail or "") or words.outcomes.get(delivery.detail or "", "–"),
    )
    facts = [f"{words.account}: {_line(row['company_name'])}"]
    if delivery.kind in CLAIMS:
        facts.append(f"{words.claim}: {global_id('Claim', delivery.subject_id)}")
    if head.panel:
        facts.append(f"{words.panel}: {head.panel}")
    message = EmailMessage(policy=SMTP)
    message["From"] = head.sender
    message["To"] = row["email"]
    message["Subject"] = words.subjects[delivery.kind]
    message["Date"] = format_datetime(delivery.at.astimezone(UTC))
    message["Message-ID"] = f"<{delivery.id}@{head.sender.rpartition('@')[2]}>"
    message["Content-Language"] = spoken
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content("\n".join([filled, "", *facts, "", words.why]) + "\n")
    return message


def told(at: datetime | None, zone: str) -> str:
    """An instant in a zone, which is named: 2026-11-26 21:05 Europe/Amsterdam (UTC+01:00)."""
    if at is None:
        return "–"
    local = at.astimezone(ZoneInfo(zone))
    offset = f"{local:%z}"
    return f"{local:%Y-%m-%d %H:%M} {zone}" + ("" if zone == "UTC" else f" (UTC{offset[:3]}:{offset[3:5]})")


def _line(text: str | None) -> str:
    """What somebody wrote, on one line."""
    return " ".join((text or "–").split())


def global_id(type_name: str, key: UUID) -> str:
    """The id as the API gives it."""
    return b2a_base64(f"{type_name}:{key}".encode(), newline=False).decode()
