"""A merchant's settings: read by the merchant and under a live consent, changed by their owners, admins, and under a live consent.

The protected ones (reply-to, BCC, webhook URL) could carry data out after access ends: no agent sees or names them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from models import database
from models.database import Json
from models.enums import LabelFormat
from policy.decision import Decision, Facts
from policy.vocabulary import Action, Viewer
from resolvers import facts as facts_of
from resolvers import texts
from resolvers.errors import BadInput, Conflict
from resolvers.gate import Disclosure, Gate, Shown
from resolvers.selection import Selection

MOST_SENDER_ADDRESSES = 50


@dataclass(frozen=True, slots=True, repr=False)
class SenderAddress:
    """An address parcels are sent from."""

    company_name: str | None = None
    contact_name: str | None = None
    street: str | None = None
    house_number: str | None = None
    postal_code: str | None = None
    city: str | None = None
    country: str | None = None
    email: str | None = None
    phone: str | None = None


@dataclass(slots=True)
class AccountSettings:
    """Settings as this caller may see them."""

    account_id: UUID
    locale: str
    timezone: str
    default_carrier: str | None
    label_format: LabelFormat
    return_portal_enabled: bool
    tracking_notifications_enabled: bool
    version: int
    shown: Shown = field(repr=False)
    sender_addresses: list[SenderAddress] | None = field(repr=False, default=None)
    notification_reply_to: str | None = field(repr=False, default=None)
    notification_bcc: str | None = field(repr=False, default=None)
    webhook_url: str | None = field(repr=False, default=None)


_PROTECTED = ("notification_reply_to", "notification_bcc", "webhook_url")
_PLAIN = ("locale", "timezone", "default_carrier", "label_format", "return_portal_enabled", "tracking_notifications_enabled")


# Agents' rows are joined under a live consent only, and never with the protected columns.
_ADMITTED_AGENT = "c.id IS NOT NULL"
_JOINS = """LEFT LOOP JOIN account_settings s ON s.account_id = a.id IF {admitted}
LEFT LOOP JOIN account_personal_data d ON d.account_id = a.id IF {admitted}"""


def joined(viewer: Viewer, place: str = "1 = 1") -> tuple[str, str]:
    """The columns and joins that a statement on accounts `a` with their live consents `c` takes for `of_rows`, where the condition `place` holds."""
    personal = ("sender_addresses",) if viewer.is_agent else ("sender_addresses", *_PROTECTED)
    columns = [*(f", s.{name}" for name in (*_PLAIN, "version")), *(f", d.{name}" for name in personal)]
    admitted = f"{place} AND ({_ADMITTED_AGENT})" if viewer.is_agent else place
    return "".join(columns), _JOINS.format(admitted=admitted)


async def of_rows(gate: Gate, rows: Sequence[database.Row], selection: Selection) -> dict[UUID, AccountSettings | Decision]:
    """The settings of the accounts in rows that were read with what is `joined`, or the refusal to show them."""
    facts = [replace(facts_of.of_row(row), claim=None) for row in rows]
    may = [gate.ask(Action.VIEW_SETTINGS, known) for known in facts]
    fields = selection.personal("AccountSettings") & {"AccountSettings.senderAddresses"}
    disclosures = [
        Disclosure(known.account_id, None, gate.ask(Action.VIEW_PERSONAL_DATA, known) if allowed.allowed else allowed, fields)
        for known, allowed in zip(facts, may, strict=True)
    ]
    recorded = await gate.record(disclosures)
    return {
        known.account_id: _built(gate, row, known, decision) if allowed.allowed is True and row["version"] is not None else allowed
        for row, known, allowed, decision in zip(rows, facts, may, recorded, strict=True)
    }


def _built(gate: Gate, row: database.Row, known: Facts, decision: Decision) -> AccountSettings:
    protected = gate.ask(Action.VIEW_PROTECTED_SETTINGS, known)
    addresses = database.json(row["sender_addresses"]) if decision.allowed is True else None
    settings = AccountSettings(
        account_id=known.account_id,
        locale=row["locale"],
        timezone=row["timezone"],
        default_carrier=row["default_carrier"],
        label_format=LabelFormat(row["label_format"]),
        return_portal_enabled=bool(row["return_portal_enabled"]),
        tracking_notifications_enabled=bool(row["tracking_notifications_enabled"]),
        version=row["version"],
        shown={Action.VIEW_PERSONAL_DATA: decision, Action.VIEW_PROTECTED_SETTINGS: protected},
        sender_addresses=None if addresses is None else [SenderAddress(**address) for address in addresses],
    )
    if protected.allowed is True:
        for name in _PROTECTED:
            setattr(settings, name, row[name])
    return settings


async def update(gate: Gate, account_id: UUID, version: int, changes: Mapping[str, Any]) -> None:
    """Change the settings named in `changes` (column to value; None clears). Raises NotFound, Refused, BadInput, and Conflict.

    Naming a protected one takes CHANGE_PROTECTED_SETTINGS, whatever the value.
    """
    values = {name: _checked(name, value) for name, value in changes.items()}
    async with database.transaction():
        await database.lock_account(account_id)
        known = gate.require_sight(await facts_of.of_account(account_id), "account")
        if not values.keys().isdisjoint(_PROTECTED):
            gate.require(Action.CHANGE_PROTECTED_SETTINGS, known)
        decision = gate.require(Action.CHANGE_SETTINGS, known)
        plain = {name: value for name, value in values.items() if name in _PLAIN}
        personal = {name: value for name, value in values.items() if name not in _PLAIN}
        assignments = ", ".join([*(f"{name} = :{name}" for name in plain), "version = version + 1"])
        changed = await database.execute(
            f"UPDATE account_settings SET {assignments} WHERE account_id = :id AND version = :expected",
            id=account_id,
            expected=version,
            **plain,
        )
        if not changed:
            raise Conflict("The settings were changed meanwhile: read them again")
        if personal:
            await _store_personal(account_id, personal)
        await gate.record_change(decision, known, map(_coordinate, values))


async def _store_personal(account_id: UUID, personal: Mapping[str, Any]) -> None:
    stored = {name: Json.of(value) if isinstance(value, list) else value for name, value in personal.items()}
    names = list(stored)
    await database.execute(
        f"""INSERT INTO account_personal_data (account_id, {", ".join(names)}) VALUES (:id, {", ".join(f":{name}" for name in names)})
        ON CONFLICT (account_id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in names)}""",
        id=account_id,
        **stored,
    )


def _coordinate(column: str) -> str:
    head, *rest = column.split("_")
    return "AccountSettings." + head + "".join(part.capitalize() for part in rest)


_CLEARABLE = frozenset({"default_carrier", "sender_addresses", *_PROTECTED})


def _checked(name: str, value: Any) -> Any:
    shown = _coordinate(name).removeprefix("AccountSettings.")
    if value is None:
        if name not in _CLEARABLE:
            raise BadInput(f"{shown} can't be cleared")
        return None
    match name:
        case "locale":
            return texts.locale(value, shown)
        case "timezone":
            return texts.timezone(value, shown)
        case "default_carrier":
            return texts.checked_text(value, shown, 64)
        case "notification_reply_to" | "notification_bcc":
            return texts.email(value, shown)
        case "webhook_url":
            return texts.https_url(value, shown)
        case "sender_addresses":
            return _checked_addresses(value)
        case _:
            return value


_ADDRESS_LENGTHS = {"company_name": 255, "contact_name": 255, "street": 255, "house_number": 64, "postal_code": 32, "city": 255}


def _checked_addresses(addresses: list[Mapping[str, str | None]]) -> list[dict[str, str | None]]:
    if len(addresses) > MOST_SENDER_ADDRESSES:
        raise BadInput(f"senderAddresses must be at most {MOST_SENDER_ADDRESSES}")
    return [_checked_address(dict(address)) for address in addresses]


def _checked_address(address: dict[str, str | None]) -> dict[str, str | None]:
    given = address.get("country")
    country = texts.country(given, "senderAddresses.country") if given else None
    checked: dict[str, str | None] = {"country": country}
    for name, most in _ADDRESS_LENGTHS.items():
        text = address.get(name)
        checked[name] = texts.checked_text(text, f"senderAddresses.{name}", most) if text else None
    email, phone = address.get("email"), address.get("phone")
    checked["email"] = texts.email(email, "senderAddresses.email") if email else None
    checked["phone"] = texts.phone(phone, "senderAddresses.phone", country) if phone else None
    return checked
