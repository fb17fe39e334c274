"""Parcels and the people on them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from models.enums import DocumentKind, ParcelDirection, ParcelStatus
from policy.vocabulary import Action, PiiCategory
from resolvers import parcels as rows
from schema.privacy import pii
from schema.scalars import CountryCode
from schema.types.decisions import Disclosure, decisions_of
from schema.types.nodes import Node, id_of, shows

if TYPE_CHECKING:
    from schema.types.accounts import Account
    from schema.types.claims import Claim


@strawberry.type(description="An amount of money.")
class Money:
    """Shows `resolvers.parcels.Money`."""

    amount: str = strawberry.field(description="A decimal number, such as 12.50.")
    currency: str = strawberry.field(description="ISO 4217, such as EUR.")


@strawberry.type(description="What is in a parcel.")
class ParcelItem:
    """Shows `resolvers.parcels.ParcelItem`."""

    description: str = strawberry.field(description="What it is.")
    quantity: int = strawberry.field(description="How many.")
    weight_grams: int | None = strawberry.field(description="The weight of one, in grams.")
    value: Money | None = strawberry.field(description="The value of one.")
    sku: str | None = strawberry.field(description="The shop's number for it.")
    hs_code: str | None = strawberry.field(description="The Harmonized System code, for customs.")
    origin_country: CountryCode | None = strawberry.field(description="Where it was made.")


@strawberry.type(description="A document of a parcel.")
class ParcelDocument:
    """Shows `resolvers.documents.Document`."""

    kind: DocumentKind = strawberry.field(description="What it is.")
    url: str = strawberry.field(description="Ours, for this caller only: each fetch decides and records anew. The carrier's own link never leaves.")


@strawberry.type(description="What the carrier reported.")
class TrackingEvent:
    """Shows `resolvers.parcels.TrackingEvent`."""

    status: ParcelStatus = strawberry.field(description="What became of the parcel.")
    occurred_at: datetime = strawberry.field(description="When.")
    location: str | None = pii(PiiCategory.LOCATION, "Where.")
    message: str | None = pii(PiiCategory.FREE_TEXT, "What the carrier wrote.")


@strawberry.type(description="The data subject: the addressee of an outgoing parcel, the sender of a return.")
class Recipient:
    """Shows `resolvers.parcels.Recipient`."""

    country: CountryCode | None = strawberry.field(description="The country, which is not personal by itself.")
    name: str | None = pii(PiiCategory.IDENTITY, "First and last name.")
    company_name: str | None = pii(PiiCategory.IDENTITY, "The company, if the parcel goes to one.")
    email: str | None = pii(PiiCategory.CONTACT, "The e-mail address.")
    phone: str | None = pii(PiiCategory.CONTACT, "The phone number, E.164.")
    street: str | None = pii(PiiCategory.ADDRESS, "The street.")
    house_number: str | None = pii(PiiCategory.ADDRESS, "The house number, with additions.")
    address_line2: str | None = pii(PiiCategory.ADDRESS, "The second line of the address.")
    postal_code: str | None = pii(PiiCategory.ADDRESS, "The postal code.")
    city: str | None = pii(PiiCategory.ADDRESS, "The city.")
    region: str | None = pii(PiiCategory.ADDRESS, "The state or province.")
    tax_number: str | None = pii(PiiCategory.OFFICIAL_ID, "A tax or identity number given for customs.")


_ACTIONS = (
    Action.VIEW_PERSONAL_DATA,
    Action.CHANGE_PARCEL,
    Action.CANCEL_PARCEL,
    Action.DELETE_PARCEL,
    Action.FILE_CLAIM,
    Action.RECORD_CLAIM,
)


@strawberry.type(description="A parcel: the operational outline, which every agent sees, and the personal data, which is withheld by default.")
class Parcel(Node):
    """Shows `resolvers.parcels.Parcel`."""

    is_type_of = shows(rows.Parcel)

    id: strawberry.ID = id_of("Parcel")
    account: Annotated[Account, strawberry.lazy("schema.types.accounts")] = strawberry.field(description="The merchant who ships it.")
    status: ParcelStatus = strawberry.field(description="Where it stands.")
    carrier: str | None = strawberry.field(description="The carrier's code.")
    shipping_method: str | None = strawberry.field(description="The carrier's product.")
    direction: ParcelDirection = strawberry.field(description="To a customer or back.")
    weight_grams: int | None = strawberry.field(description="The weight in grams.")
    length_mm: int | None = strawberry.field(description="The length in millimetres.")
    width_mm: int | None = strawberry.field(description="The width in millimetres.")
    height_mm: int | None = strawberry.field(description="The height in millimetres.")
    collo_number: int = strawberry.field(description="Which collo of its shipment it is, from 1.")
    collo_count: int = strawberry.field(description="How many colli the shipment has.")
    created_at: datetime = strawberry.field(description="When it was created.")
    announced_at: datetime | None = strawberry.field(description="When it was announced to the carrier.")
    updated_at: datetime = strawberry.field(description="When the outline last changed. A change of personal data does not move it.")
    version: int | None = pii(PiiCategory.CONTENT, "For `updateParcel`: counts every change, personal ones too.")
    disclosure: Disclosure = strawberry.field(description="Is the personal data shown to the caller, on what basis, until when; or why not.")
    recipient: Recipient = strawberry.field(description="The person on the parcel.")
    order_number: str | None = pii(PiiCategory.ORDER, "The shop's order number.")
    external_reference: str | None = pii(PiiCategory.ORDER, "The shop's own reference.")
    tracking_number: str | None = pii(PiiCategory.TRACKING, "The carrier's number.")
    tracking_url: str | None = pii(PiiCategory.TRACKING, "The carrier's tracking page, which carries the postal code.")
    items: list[ParcelItem] | None = pii(PiiCategory.CONTENT, "What is in it.")
    total_value: Money | None = pii(PiiCategory.CONTENT, "What the order was worth.")
    service_point: str | None = pii(PiiCategory.LOCATION, "Where it is handed over.")
    note: str | None = pii(PiiCategory.FREE_TEXT, "What the merchant noted.")
    documents: list[ParcelDocument] | None = pii(PiiCategory.DOCUMENT, "Labels and forms.")
    events: list[TrackingEvent] | None = pii(PiiCategory.LOCATION, "What the carrier reported, the newest first.")
    claims: list[Annotated[Claim, strawberry.lazy("schema.types.claims")]] = strawberry.field(
        description="The claims and questions about it, the newest first."
    )
    decisions = decisions_of(_ACTIONS)
