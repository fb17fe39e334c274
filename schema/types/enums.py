"""The enums, and what each value means."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, TypeVar, cast

import strawberry

from models.enums import ClaimKind, ClaimType, DirectDebitStatus, DocumentKind, InvestigationKind, LabelFormat, ParcelDirection, ParcelStatus
from policy.vocabulary import (
    Action,
    Basis,
    ClaimChannel,
    ClaimStatus,
    ConsentDuration,
    ConsentState,
    DataSubject,
    MerchantRole,
    PiiCategory,
    Reason,
    ViewerKind,
)
from resolvers.consents import AgentLoginState
from resolvers.parcels import ParcelOrder

AnyEnum = TypeVar("AnyEnum", bound=type[Enum])


def _described(enum: AnyEnum, description: str, values: Mapping[str, str]) -> AnyEnum:
    """Make `enum` a GraphQL enum. Raises TypeError if a value has no description, or a description no value."""
    missing = set(enum.__members__) ^ set(values)
    if missing:
        raise TypeError(f"{enum.__name__}: describe exactly its values; look at {', '.join(sorted(missing))}")
    strawberry.enum(enum, description=description)
    for value in cast("Any", enum).__strawberry_definition__.values:
        value.description = values[value.name]
    return enum


_described(
    PiiCategory,
    "What kind of personal data a field holds.",
    {
        "IDENTITY": "Names, signatures.",
        "CONTACT": "E-mail, phone.",
        "ADDRESS": "Street, house number, postal code, city, region, PO box. The country alone is not.",
        "LOCATION": "Where a tracking event happened, a service point.",
        "TRACKING": "Tracking numbers and addresses, which carry postal codes.",
        "ORDER": "Order numbers and references that join with the shop.",
        "CONTENT": "Items, values, customs lines.",
        "OFFICIAL_ID": "Tax and identity numbers.",
        "FREE_TEXT": "Notes, carriers' texts, messages: they may hold any of the above.",
        "DOCUMENT": "Links to labels and forms: each is a key to a document with everything on it.",
        "FINANCIAL": "Direct debit. Never shown to an agent, whatever was granted.",
    },
)
_described(
    DataSubject,
    "Whose personal data it is.",
    {"RECIPIENT": "The person on the parcel: its addressee, or the sender of a return.", "MERCHANT": "The merchant, or somebody who works there."},
)
_described(
    Action,
    "What a caller may ask to do. Each is a row of the policy table.",
    {
        "VIEW_SETTINGS": "See an account's settings.",
        "VIEW_PROTECTED_SETTINGS": "See the settings that could carry data out.",
        "CHANGE_SETTINGS": "Change an account's settings.",
        "CHANGE_PROTECTED_SETTINGS": "Change the settings that could carry data out.",
        "VIEW_PERSONAL_DATA": "See personal data.",
        "SEARCH_PERSONAL_DATA": "Search or filter by personal data.",
        "CHANGE_PARCEL": "Correct a parcel.",
        "CANCEL_PARCEL": "Cancel an announced parcel.",
        "DELETE_PARCEL": "Delete a parcel, and its personal data with it.",
        "EXPORT_PARCELS": "Export parcels as CSV.",
        "VIEW_DIRECT_DEBIT": "See the direct debit, and whether there is one.",
        "CHANGE_DIRECT_DEBIT": "Set or remove the direct debit.",
        "DELETE_ACCOUNT": "Delete the account.",
        "GRANT_CONSENT": "Grant agent login.",
        "REVOKE_CONSENT": "Revoke agent login.",
        "VIEW_ACCESS_LOG": "Read who at support saw or changed what, and all consents there were.",
        "FILE_CLAIM": "File a claim or question about a parcel in the Support section.",
        "ANSWER_CLAIM": "Answer what support asked about a claim.",
        "WITHDRAW_CLAIM": "Take a claim back.",
        "RECORD_CLAIM": "Write down a claim that reached support another way.",
        "INVESTIGATE_CLAIM": "Take a claim and log its investigation.",
        "CLOSE_CLAIM": "Close a claim.",
    },
)
_described(
    Reason,
    "Why something is withheld or refused.",
    {
        "NO_LIVE_CONSENT": "Nobody granted agent login, or it has ended, and no open claim is on this parcel.",
        "CLAIM_IS_READ_ONLY": "An open claim lets an agent read that parcel, never change it.",
        "NEVER_FOR_AGENTS": "No grant and no claim ever allows this to an agent.",
        "NOT_FILED_IN_SUPPORT": "Support investigates only what a merchant filed in the Support section.",
        "MERCHANT_ROLE": "A merchant's user without the role this takes.",
        "AGENTS_ONLY": "A merchant's user asked for what only support does.",
        "NOT_SIGNED_IN": "Nobody is signed in.",
        "NOT_RECORDED": "The access log could not be written, so nothing is shown.",
        "TOO_MANY_DISCLOSURES": "More people's data in an hour than support may see: paging is exporting.",
        "UNDECIDED": "Deciding failed, so it is withheld.",
    },
)
_described(
    Basis,
    "On what ground something is allowed.",
    {"OWN_DATA": "It is the merchant's own.", "CONSENT": "A live consent of the merchant.", "CLAIM": "A claim of the merchant."},
)
_described(ViewerKind, "Which side of the counter a caller is on.", {"MERCHANT": "A merchant's user.", "AGENT": "An agent of support."})
_described(
    MerchantRole,
    "What a merchant's user may do in their own account.",
    {"OWNER": "Everything, also delete the account.", "ADMIN": "Everything but deleting the account.", "MEMBER": "The daily work with parcels."},
)
_described(
    ConsentDuration,
    "How long a consent may be granted for. There is no 'for ever'.",
    {
        "ONE_HOUR": "An hour.",
        "EIGHT_HOURS": "Eight hours.",
        "ONE_DAY": "24 hours.",
        "THREE_DAYS": "72 hours.",
        "ONE_WEEK": "Seven days.",
        "ONE_MONTH": "30 days.",
    },
)
_described(
    ConsentState,
    "Where a consent stands.",
    {
        "ACTIVE": "It is live.",
        "EXPIRED": "It ran out.",
        "REVOKED": "The merchant took it back.",
        "REPLACED": "The merchant granted another one meanwhile.",
    },
)
_described(AgentLoginState, "May agents see the account's personal data now?", {"OFF": "No consent is live.", "ACTIVE": "A consent is live."})
_described(
    ParcelOrder,
    "The orders of a list of parcels. Nothing personal can be sorted by.",
    {"CREATED_DESC": "The newest first.", "CREATED_ASC": "The oldest first."},
)
_described(
    ParcelDirection,
    "Which way a parcel goes, seen from the merchant.",
    {"OUTGOING": "To a customer.", "RETURN": "Back from a customer."},
)
_described(LabelFormat, "The paper size of labels.", {"A4": "A4 sheets.", "A6": "A6 labels."})
_described(
    DirectDebitStatus,
    "Where a direct debit mandate stands with the bank.",
    {"PENDING": "The bank has not confirmed it yet.", "ACTIVE": "It can be collected.", "FAILED": "The bank refused it."},
)
_described(
    DocumentKind,
    "What a parcel's document is.",
    {
        "LABEL": "The shipping label.",
        "CUSTOMS_DECLARATION": "A customs declaration, such as CN22 or CN23.",
        "COMMERCIAL_INVOICE": "The commercial invoice for customs.",
        "AIR_WAYBILL": "The air waybill.",
        "QR": "A code to be scanned in place of a label.",
        "OTHER": "Anything else.",
    },
)
_described(
    ClaimKind,
    "A claim, or a question.",
    {"CLAIM": "A claim for damage, loss or delay.", "STATUS_QUESTION": "A question about where the parcel is."},
)
_described(
    ClaimType,
    "What is the matter with the parcel.",
    {
        "DAMAGED": "It arrived damaged.",
        "LOST": "It is lost.",
        "DELAYED": "It is late.",
        "DELIVERED_NOT_RECEIVED": "The carrier says it was delivered, the recipient says it was not.",
        "UNJUST_RETURN": "It was returned without reason.",
        "ADDRESS_CHANGE": "The address should be changed on the way.",
        "OTHER": "Something else.",
    },
)
_described(
    ClaimChannel,
    "How a claim reached support. Only SUPPORT_SECTION opens a parcel.",
    {
        "SUPPORT_SECTION": "A merchant's user filed it with their own session or token.",
        "EMAIL": "By e-mail, written down by an agent.",
        "PHONE": "By phone, written down by an agent.",
        "CHAT": "By chat, written down by an agent.",
        "INTEGRATION": "Imported.",
    },
)
_described(
    ClaimStatus,
    "Where a claim stands.",
    {
        "SUBMITTED": "Open: nobody took it yet.",
        "INVESTIGATING": "Open: support is looking into it.",
        "AWAITING_MERCHANT": "Open: support asked the merchant.",
        "WITH_CARRIER": "Open: support asked the carrier.",
        "RESOLVED": "Closed: settled.",
        "REJECTED": "Closed: turned down.",
        "WITHDRAWN": "Closed: taken back by the merchant.",
    },
)
_described(
    InvestigationKind,
    "What an entry of an investigation tells. Each but a note moves the claim.",
    {
        "NOTE": "A note.",
        "SENT_TO_CARRIER": "The carrier was asked: the claim is WITH_CARRIER.",
        "CARRIER_ANSWERED": "The carrier answered: back to INVESTIGATING.",
        "ASKED_MERCHANT": "The merchant was asked: the claim is AWAITING_MERCHANT.",
        "MERCHANT_ANSWERED": "The merchant answered: back to INVESTIGATING.",
    },
)
_described(
    ParcelStatus,
    "The carrier-neutral status codes of the platform's v3 API.",
    {name: f"{name.replace('_', ' ').capitalize()}." for name in ParcelStatus.__members__},
)


@strawberry.enum(description="How an agent was reached outside the Support section.")
class OutsideChannel(Enum):
    """What an agent may record; never SUPPORT_SECTION."""

    EMAIL = strawberry.enum_value("EMAIL", description="By e-mail.")
    PHONE = strawberry.enum_value("PHONE", description="By phone.")
    CHAT = strawberry.enum_value("CHAT", description="By chat.")


@strawberry.enum(description="How a claim ends when support closes it.")
class ClaimOutcome(Enum):
    """The closed statuses an agent may set."""

    RESOLVED = strawberry.enum_value("RESOLVED", description="Settled.")
    REJECTED = strawberry.enum_value("REJECTED", description="Turned down.")
