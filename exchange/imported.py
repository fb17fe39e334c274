"""A parcel as it comes in, whatever platform it comes from: what the tables can hold, checked, and not yet written."""

from dataclasses import dataclass
from datetime import datetime

from models.enums import DocumentKind, ParcelDirection, ParcelStatus

Money = tuple[str, str]
"""(decimal string, ISO 4217 code)"""


@dataclass(frozen=True, slots=True, repr=False)
class ImportedItem:
    """One line of what is in a parcel. The weight and the value are of a single piece."""

    description: str
    quantity: int
    weight_grams: int | None
    value: Money | None
    sku: str | None
    hs_code: str | None
    origin_country: str | None


@dataclass(frozen=True, slots=True, repr=False)
class ImportedDocument:
    """The carrier's own link opens the document to whoever has it: it is kept, and never given out."""

    kind: DocumentKind
    carrier_url: str


@dataclass(frozen=True, slots=True, repr=False)
class ImportedEvent:
    """What the carrier reported. No two of a parcel have the same time and status."""

    status: ParcelStatus
    occurred_at: datetime
    location: str | None
    message: str | None


@dataclass(frozen=True, slots=True, repr=False)
class ImportedPersonalData:
    """The person on the parcel, and what tells about them. It has no `repr`: a log line is a way out too.

    `phone` is E.164 where the text given is a number in the person's country, else that text.
    """

    name: str | None
    company_name: str | None
    email: str | None
    phone: str | None
    street: str | None
    house_number: str | None
    address_line2: str | None
    postal_code: str | None
    city: str | None
    region: str | None
    tax_number: str | None
    order_number: str | None
    external_reference: str | None
    tracking_number: str | None
    tracking_url: str | None
    service_point: str | None
    note: str | None
    total_value: Money | None
    items: tuple[ImportedItem, ...]
    documents: tuple[ImportedDocument, ...]
    events: tuple[ImportedEvent, ...]


@dataclass(frozen=True, slots=True)
class ImportedParcel:
    """One parcel: its outline, and apart from it all that is personal. Times are in UTC; `collo_number` counts from 1.

    `country` is the person's. `shipment_group` is the same for the colli of one shipment.
    """

    platform_id: str
    status: ParcelStatus
    carrier: str | None
    shipping_method: str | None
    direction: ParcelDirection
    country: str | None
    weight_grams: int | None
    length_mm: int | None
    width_mm: int | None
    height_mm: int | None
    collo_number: int
    collo_count: int
    shipment_group: str | None
    created_at: datetime
    announced_at: datetime | None
    updated_at: datetime
    personal: ImportedPersonalData


@dataclass(frozen=True, slots=True)
class ParcelStatusChange:
    """What a webhook tells. Deliveries come in any order: the change with the latest `occurred_at` is the truth.

    The parcel in a webhook says less than the API's (no `is_return`, no collo numbers, no carrier). It may create a parcel, but
    of one that is known only the status is news.
    """

    occurred_at: datetime
    parcel: ImportedParcel
