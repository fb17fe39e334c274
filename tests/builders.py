"""Rows for tests: say what matters, the rest is filled in. Times are the database's, moved by a timedelta where a test needs the past."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import models
from models import database
from models.enums import ClaimKind, ClaimType, LabelFormat, ParcelDirection, ParcelStatus
from models.fields import new_id
from policy.vocabulary import OPEN_CLAIM_STATUSES, ClaimChannel, ClaimStatus, ConsentDuration, ConsentState, MerchantRole, Viewer, ViewerKind
from resolvers import search_keys

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Merchant:
    """An account and the viewers who work there."""

    id: UUID
    company_name: str
    owner: Viewer
    admin: Viewer
    member: Viewer


@dataclass(frozen=True)
class ParcelMade:
    """A parcel and what was written on it."""

    id: UUID
    account_id: UUID
    personal: dict[str, Any] = field(repr=False)


async def a_user(kind: ViewerKind, name: str, account_id: UUID | None = None, role: MerchantRole | None = None) -> Viewer:
    """A user, as the viewer they are when signed in."""
    number = next(_numbers)
    user = await models.User.create(
        account_id=account_id,
        kind=kind,
        role=role,
        email=f"user{number}@example.com",
        name=name,
        locale="en",
        created_at=await database.clock(),
    )
    return Viewer(user.id, kind, name, "en", account_id, frozenset({role} if role else ()))


async def an_agent(name: str = "Agent Smit") -> Viewer:
    """A support agent."""
    return await a_user(ViewerKind.AGENT, name)


async def a_merchant(company_name: str = "Bakker Bikes", country: str = "NL") -> Merchant:
    """An account with settings and an owner, an admin and a member."""
    now = await database.clock()
    account = await models.Account.create(company_name=company_name, country=country, created_at=now)
    await models.AccountSettings.create(
        account_id=account.id,
        locale="nl-NL",
        timezone="Europe/Amsterdam",
        default_carrier="postnl",
        label_format=LabelFormat.A6,
        return_portal_enabled=True,
        tracking_notifications_enabled=True,
    )
    await models.AccountPersonalData.create(
        account_id=account.id,
        sender_addresses=[{"company_name": company_name, "contact_name": "Sender Contact", "street": "Senderstraat", "city": "Eindhoven"}],
        notification_reply_to="replies@example.com",
        notification_bcc="archive@example.com",
        webhook_url="https://hooks.example.com/latchkey",
    )
    users = [await a_user(ViewerKind.MERCHANT, f"{role.title()} of {company_name}", account.id, role) for role in MerchantRole]
    return Merchant(account.id, company_name, *users)


_PERSONAL: dict[str, Any] = {
    "name": "Jan Bakker",
    "company_name": "Recipient BV",
    "email": "jan.bakker@example.com",
    "phone": "+31612345678",
    "street": "Stationsweg",
    "house_number": "12a",
    "address_line2": "Achterhuis",
    "postal_code": "5611 AB",
    "city": "Eindhoven",
    "region": "Noord-Brabant",
    "tax_number": "NL000099998B57",
    "order_number": "ORD-1001",
    "external_reference": "REF-7",
    "tracking_number": "3SABC0000001",
    "tracking_url": "https://track.example.com/3SABC0000001/5611AB",
    "service_point": "Kiosk Eindhoven",
    "note": "Ring twice",
    "total_value_amount": "19.95",
    "total_value_currency": "EUR",
    "items": [{"description": "Bell", "quantity": 1, "weight_grams": 120, "value_amount": "19.95", "value_currency": "EUR", "sku": "B-1"}],
    "documents": [{"kind": "LABEL", "carrier_url": "https://panel.sendcloud.sc/label/1?hash=secret", "file_id": None}],
}


async def a_parcel(
    merchant: Merchant,
    *,
    announced: bool = True,
    status: ParcelStatus = ParcelStatus.ANNOUNCED,
    created_at: datetime | None = None,
    events: bool = True,
    **given: Any,
) -> ParcelMade:
    """A parcel of `merchant`; any personal column or outline column may be given."""
    now = await database.clock()
    number = next(_numbers)
    outline = {name: given.pop(name) for name in list(given) if name in models.Parcel._meta.fields_map}
    parcel = await models.Parcel.create(
        account_id=merchant.id,
        **{
            "platform_id": str(100_000 + number),
            "status": status,
            "carrier": "postnl",
            "shipping_method": "PostNL Standard",
            "direction": ParcelDirection.OUTGOING,
            "country": "NL",
            "weight_grams": 1200,
            "created_at": created_at or now,
            "announced_at": now if announced else None,
            "updated_at": now,
            **outline,
        },
    )
    personal = {**_PERSONAL, **given}
    searched: dict[str, Any] = search_keys.keys(
        **{name: personal[name] for name in ("name", "email", "postal_code", "order_number", "tracking_number")}
    )
    await models.ParcelPersonalData.create(parcel_id=parcel.id, account_id=merchant.id, **personal, **searched)
    if events:
        await models.ParcelEvent.create(
            account_id=merchant.id,
            parcel_id=parcel.id,
            status=ParcelStatus.SORTED,
            occurred_at=now,
            location="Sorting centre Tilburg",
            message="Handed to J. Bakker",
        )
    return ParcelMade(parcel.id, merchant.id, personal)


async def a_claim(
    parcel: ParcelMade,
    *,
    status: ClaimStatus = ClaimStatus.SUBMITTED,
    channel: ClaimChannel = ClaimChannel.SUPPORT_SECTION,
    filed_by: Viewer | None = None,
    description: str = "It never arrived at the Bakker family",
) -> UUID:
    """A claim on a parcel."""
    now = await database.clock()
    claim = await models.Claim.create(
        account_id=parcel.account_id,
        parcel_id=parcel.id,
        kind=ClaimKind.CLAIM,
        type=ClaimType.LOST,
        channel=channel,
        status=status,
        filed_by_id=filed_by.id if filed_by else None,
        opened_at=now,
        closed_at=None if status in OPEN_CLAIM_STATUSES else now,
    )
    await models.ClaimPersonalData.create(claim_id=claim.id, account_id=parcel.account_id, description=description)
    return claim.id


async def a_consent(merchant: Merchant, state: ConsentState = ConsentState.ACTIVE, *, lasts: timedelta = timedelta(hours=1)) -> UUID:
    """A consent of a merchant: live, run out but not closed (EXPIRED), revoked or replaced."""
    now = await database.clock()
    ended = state in {ConsentState.REVOKED, ConsentState.REPLACED}
    expired = state is ConsentState.EXPIRED
    granted_at = now - timedelta(hours=2) if expired or ended else now
    consent = await models.Consent.create(
        id=new_id(),
        account_id=merchant.id,
        live_for=None if ended else merchant.id,
        duration=ConsentDuration.ONE_HOUR,
        granted_by_id=merchant.owner.id,
        granted_at=granted_at,
        expires_at=now - timedelta(minutes=1) if expired else now + lasts,
        ended_at=now if ended else None,
        ended_as=state if ended else None,
        ended_by_id=merchant.admin.id if ended else None,
    )
    return consent.id
