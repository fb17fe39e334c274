"""A parcel that came in, as the columns it is kept in. Pure: it runs in the processes that only read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from exchange.imported import ImportedItem, ImportedParcel, ImportedPersonalData
from models.database import Json
from resolvers import search_keys

#: What the platform may change of an outline. When the parcel was made is told once.
OUTLINE: Final = (
    "status",
    "carrier",
    "shipping_method",
    "direction",
    "country",
    "weight_grams",
    "length_mm",
    "width_mm",
    "height_mm",
    "collo_number",
    "collo_count",
    "shipment_group",
    "announced_at",
)
_TEXTS: Final = (
    "name",
    "company_name",
    "email",
    "phone",
    "street",
    "house_number",
    "address_line2",
    "postal_code",
    "city",
    "region",
    "tax_number",
    "order_number",
    "external_reference",
    "tracking_number",
    "tracking_url",
    "service_point",
    "note",
)
_KEYS: Final = tuple(search_keys.keys(name=None, email=None, postal_code=None, order_number=None, tracking_number=None))
#: What a personal row is compared by: its search keys follow from the rest.
COMPARED: Final = (*_TEXTS, "total_value_amount", "total_value_currency", "items", "documents")
PERSONAL: Final = (*COMPARED, *_KEYS)
EVENT: Final = ("status", "occurred_at", "location", "message")

Columns = tuple[object, ...]


@dataclass(frozen=True, slots=True, repr=False)
class ParcelRow:
    """One parcel: the values of OUTLINE, of PERSONAL, and of EVENT for each of its events."""

    platform_id: str
    created_at: datetime
    changed_at: datetime
    outline: Columns
    personal: Columns
    events: tuple[Columns, ...]


def row(parcel: ImportedParcel) -> ParcelRow:
    """The columns of a parcel."""
    return ParcelRow(
        platform_id=parcel.platform_id,
        created_at=parcel.created_at,
        changed_at=parcel.updated_at,
        outline=tuple(_plain(getattr(parcel, name)) for name in OUTLINE),
        personal=_personal(parcel.personal),
        events=tuple((event.status.value, event.occurred_at, event.location, event.message) for event in parcel.personal.events),
    )


def _plain(value: object) -> object:
    return value.value if isinstance(value, StrEnum) else value


def _personal(given: ImportedPersonalData) -> Columns:
    keys = search_keys.keys(
        name=given.name,
        email=given.email,
        postal_code=given.postal_code,
        order_number=given.order_number,
        tracking_number=given.tracking_number,
    )
    return (
        *(getattr(given, name) for name in _TEXTS),
        *(given.total_value or (None, None)),
        str(Json.of([_item(item) for item in given.items])),
        str(Json.of([{"kind": document.kind, "carrier_url": document.carrier_url, "file_id": None} for document in given.documents])),
        *(keys[name] for name in _KEYS),
    )


def _item(item: ImportedItem) -> dict[str, object]:
    amount, currency = item.value or (None, None)
    return {
        "description": item.description,
        "quantity": item.quantity,
        "weight_grams": item.weight_grams,
        "value_amount": amount,
        "value_currency": currency,
        "sku": item.sku,
        "hs_code": item.hs_code,
        "origin_country": item.origin_country,
    }
