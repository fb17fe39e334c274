"""Sendcloud's parcels, of both APIs, as one shape of ours. Pure: no database, no clock, no files.

v2 (`GET /parcels`, and the parcel in every webhook) gives flat parcels; v3 (`GET /shipments`) gives shipments whose parcels
share one recipient. A parcel is whole, and imported, when it has an id, a status, a time of creation and a recipient. Answers
that hold no such thing (errors, labels, orders, tickets) are rejected, and so is what `exchange/fields.py` can't read.

What the JSON does not say itself:
- On a return the data subject is who sends it (`exchange/addressees.py`).
- A v2 status is an id and a message; where they disagree the message is right. A v3 status is a code. Unknown ones are UNKNOWN.
- What the carrier objected to (`errors`) may quote anything on the label. It becomes the message of a tracking event, which is
  classified as FREE_TEXT (`exchange/history.py`).
- v2's `collo_nr` counts from 0. In v3 the place in the shipment's list is the number.
- v2's weights are in kilograms, its sizes in centimetres, an item's value in the order's currency. A `reference` of "0" is none.
- Every agent sees the carrier and the shipping method, so only the platform's own words for them are taken: never the name that
  a shop or user gave a method, and a carrier only by its code.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Final

from exchange import addressees, history, statuses
from exchange.fields import CODE_LIMIT, NOTE_LIMIT, Fields, RejectedRecord, money
from exchange.imported import ImportedDocument, ImportedItem, ImportedParcel, ImportedPersonalData, Money, ParcelStatusChange
from models.enums import DocumentKind, ParcelDirection, ParcelStatus

__all__ = [
    "ImportedParcel",
    "ImportedPersonalData",
    "ParcelStatusChange",
    "RejectedRecord",
    "parcels_of",
    "parse",
    "webhook_event",
]

_GRAMS: Final = {
    "g": Decimal(1),
    "kg": Decimal(1000),
    "lb": Decimal("453.59237"),
    "lbs": Decimal("453.59237"),
    "oz": Decimal("28.349523125"),
}
_MILLIMETRES: Final = {
    "mm": Decimal(1),
    "cm": Decimal(10),
    "m": Decimal(1000),
    "in": Decimal("25.4"),
    "ft": Decimal("304.8"),
    "yd": Decimal("914.4"),
}
# By how the type of a document starts: `cn23-default`, `qr-code`.
_KINDS: Final = {
    "label": DocumentKind.LABEL,
    "cn22": DocumentKind.CUSTOMS_DECLARATION,
    "cn23": DocumentKind.CUSTOMS_DECLARATION,
    "cp71": DocumentKind.CUSTOMS_DECLARATION,
    "customs-declaration": DocumentKind.CUSTOMS_DECLARATION,
    "commercial-invoice": DocumentKind.COMMERCIAL_INVOICE,
    "air-waybill": DocumentKind.AIR_WAYBILL,
    "qr": DocumentKind.QR,
}
_CARRIER: Final = re.compile(r"[a-z0-9_]{1,64}")
# {"data": [{"parcels": [{"parcel": {…}}]}]} is three.
_MOST_ENVELOPES: Final = 4


def parse(record: Mapping[str, object]) -> ImportedParcel:
    """The one parcel in a record. Raises RejectedRecord when there is none, more than one, or one that can't be read."""
    found = list(islice(parcels_of(record), 2))
    if len(found) != 1:
        raise RejectedRecord("are none, or more than one", "parcels")
    if isinstance(found[0], RejectedRecord):
        raise found[0]
    return found[0]


def parcels_of(record: Mapping[str, object]) -> Iterator[ImportedParcel | RejectedRecord]:
    """Every parcel in a record: a parcel, a v3 shipment, or either in envelopes (`parcel`, `parcels`, `data`, …). Raises nothing.

    A parcel that is rejected is given as its rejection, so that its siblings are still imported. A record that holds no parcel
    gives one rejection, an empty page nothing.
    """
    for collo in _colli(Fields(record), _MOST_ENVELOPES):
        outcome: ImportedParcel | RejectedRecord
        try:
            outcome = collo if isinstance(collo, RejectedRecord) else _imported(collo)
        except RejectedRecord as rejected:
            outcome = rejected
        yield outcome


def webhook_event(body: Mapping[str, object]) -> ParcelStatusChange | None:
    """What a webhook tells about a parcel; None for those that tell about something else.

    Raises RejectedRecord for one that can't be read. That the body came from the platform is the caller's to check, before this.
    """
    if body.get("action") != "parcel_status_changed":
        return None
    fields = Fields(body)
    occurred_at = fields.epoch("timestamp")
    if occurred_at is None:
        raise fields.rejected("timestamp", "is missing")
    parcel = fields.inner("parcel")
    return ParcelStatusChange(occurred_at, _imported(_Collo(parcel, parcel)))


@dataclass(frozen=True, slots=True)
class _Collo:
    """A parcel, and the shipment that says what it shares with its siblings. In v2 that is the parcel itself."""

    parcel: Fields
    shipment: Fields
    number: int | None = None
    count: int | None = None

    @property
    def is_v3(self) -> bool:
        return "to_address" in self.shipment.values or "from_address" in self.shipment.values

    @property
    def places(self) -> tuple[Fields, ...]:
        return (self.parcel,) if self.parcel is self.shipment else (self.parcel, self.shipment)


def _colli(record: Fields, envelopes: int) -> Iterator[_Collo | RejectedRecord]:
    key = _envelope(record.values)
    if key is None:
        yield _Collo(record, record)
    elif envelopes == 0:
        yield record.rejected(key, "is in too many envelopes")
    elif key == "incoming_parcel_data":
        returned = _returned(record)
        yield _Collo(returned, returned)
    else:
        yield from _colli_under(record, key, envelopes)


def _envelope(record: Mapping[str, object]) -> str | None:
    """Under which key of this record its parcels are; None if it is to be read as a parcel.

    A v2 parcel has a `data` ({}) and a `shipment` (its method) of its own, which are no envelopes.
    """
    if isinstance(record.get("parcels"), list):
        return "parcels"
    if isinstance(record.get("parcel"), dict | list):
        return "parcel"
    if "status" in record:
        return None
    if isinstance(record.get("incoming_parcel_data"), dict):
        return "incoming_parcel_data"
    shipment = record.get("shipment")
    if isinstance(shipment, dict) and "parcels" in shipment:
        return "shipment"
    return next((key for key in ("data", "returns") if isinstance(record.get(key), list) or record.get(key)), None)


def _colli_under(record: Fields, key: str, envelopes: int) -> Iterator[_Collo | RejectedRecord]:
    value = record.values[key]
    entries = value if isinstance(value, list) else [value]
    of_a_shipment = _Collo(record, record).is_v3
    for position, entry in enumerate(entries):
        place = f"{key}[{position}]" if isinstance(value, list) else key
        if not isinstance(entry, dict):
            yield record.rejected(place, "is not an object")
            continue
        fields = Fields(entry, f"{record.path}{place}.")
        if of_a_shipment:
            yield _Collo(fields, record, position + 1, len(entries))
        else:
            yield from _colli(fields, envelopes - 1)


def _returned(record: Fields) -> Fields:
    """An entry of v2's `GET /returns`, as the parcel that its incoming parcel would be in `GET /parcels`."""
    values = record.values
    incoming = record.inner("incoming_parcel_data").values
    status = {"id": incoming.get("parcel_status"), "global_status_slug": incoming.get("global_status_slug")}
    parcel = {
        **incoming,
        "id": values.get("incoming_parcel"),
        "status": values.get("incoming_parcel_status") or status,
        "is_return": True,
        "date_created": values.get("created_at"),
        "note": values.get("message"),
    }
    return Fields(parcel, record.path)


def _imported(collo: _Collo) -> ImportedParcel:
    parcel, shipment = collo.parcel, collo.shipment
    platform_id = parcel.text("id", limit=CODE_LIMIT)
    if platform_id is None:
        raise parcel.rejected("id", "is missing")
    status = _status(parcel)
    created_at = parcel.moment("created_at", "date_created")
    if created_at is None:
        raise parcel.rejected("created_at" if collo.is_v3 else "date_created", "is missing")
    updated_at = parcel.moment("updated_at", "date_updated") or created_at
    direction = ParcelDirection.RETURN if any(place.flag("is_return") for place in collo.places) else ParcelDirection.OUTGOING
    person = addressees.in_v3(shipment, direction) if collo.is_v3 else addressees.in_v2(parcel, direction)
    number, count = _place(collo)
    length, width, height = _size(parcel)
    option = _option(shipment)
    currency = shipment.currency("total_order_value_currency")
    return ImportedParcel(
        platform_id=platform_id,
        status=status,
        carrier=_carrier(shipment, option),
        shipping_method=option or parcel.inner("shipment").text("name"),
        direction=direction,
        country=person.country,
        weight_grams=_weight(parcel),
        length_mm=length,
        width_mm=width,
        height_mm=height,
        collo_number=number,
        collo_count=count,
        shipment_group=_group(collo),
        created_at=created_at,
        announced_at=parcel.moment("announced_at", "date_announced"),
        updated_at=updated_at,
        personal=ImportedPersonalData(
            name=person.name,
            company_name=person.company_name,
            email=person.email,
            phone=person.phone,
            street=person.street,
            house_number=person.house_number,
            address_line2=person.address_line2,
            postal_code=person.postal_code,
            city=person.city,
            region=person.region,
            tax_number=addressees.tax_number(shipment, direction),
            order_number=shipment.text("order_number"),
            external_reference=_reference(shipment, platform_id),
            tracking_number=parcel.text("tracking_number"),
            tracking_url=parcel.url("tracking_url"),
            service_point=_service_point(shipment),
            note=_note(parcel),
            total_value=_price(shipment, "total_order_price", "total_order_value", currency),
            items=tuple(_item(item, currency) for item in parcel.each("parcel_items")),
            documents=tuple(_documents(parcel)),
            events=history.events(collo.places, status, updated_at),
        ),
    )


def _status(parcel: Fields) -> ParcelStatus:
    status = parcel.inner("status")
    said = [status.text(key) for key in ("code", "message", "global_status_slug")]
    number = status.whole("id")
    if number is None and not any(said):
        raise parcel.rejected("status", "is missing")
    known = next(filter(None, (statuses.from_words(words) for words in said if words)), None)
    return known or statuses.from_id(number) or ParcelStatus.UNKNOWN


def _place(collo: _Collo) -> tuple[int, int]:
    """Which of how many colli this is, from 1."""
    if collo.number is not None and collo.count is not None:
        return collo.number, collo.count
    number = (collo.parcel.whole("collo_nr", most=9_999) or 0) + 1
    return number, max(number, collo.parcel.whole("collo_count", most=10_000) or 1)


def _group(collo: _Collo) -> str | None:
    if collo.parcel is collo.shipment:
        return collo.parcel.text("colli_uuid", limit=CODE_LIMIT)
    return collo.shipment.text("id", limit=CODE_LIMIT)


def _carrier(shipment: Fields, option: str | None) -> str | None:
    nested = isinstance(shipment.values.get("carrier"), dict)
    code = shipment.inner("carrier").text("code") if nested else shipment.text("carrier", "carrier_code")
    if code is None:
        code, colon, _ = (option or "").partition(":")
        code = code if colon else None
    if code is not None and not _CARRIER.fullmatch(code.lower()):
        raise shipment.rejected("carrier", "is not the code of a carrier")
    return code and code.lower()


def _option(shipment: Fields) -> str | None:
    """v3's shipping option: `postnl:standard`, `dhl_express:worldwide/incoterm=dap`."""
    return shipment.inner("ship_with").inner("properties").text("shipping_option_code")


def _weight(fields: Fields) -> int | None:
    """v3's `{"value": "1.320", "unit": "kg"}`, or v2's kilograms."""
    if not isinstance(fields.values.get("weight"), dict):
        return fields.scaled("weight", _GRAMS["kg"])
    weight = fields.inner("weight")
    return weight.scaled("value", _factor(weight, _GRAMS))


def _size(parcel: Fields) -> tuple[int | None, int | None, int | None]:
    """Length, width and height: v3's `{"length": "5.00", …, "unit": "cm"}`, or v2's centimetres."""
    size, factor = parcel, _MILLIMETRES["cm"]
    if parcel.values.get("dimensions"):
        size = parcel.inner("dimensions")
        factor = _factor(size, _MILLIMETRES)
    return size.scaled("length", factor), size.scaled("width", factor), size.scaled("height", factor)


def _factor(measure: Fields, factors: Mapping[str, Decimal]) -> Decimal:
    factor = factors.get((measure.text("unit") or "").lower())
    if factor is None:
        raise measure.rejected("unit", f"is none of {', '.join(factors)}")
    return factor


def _reference(shipment: Fields, platform_id: str) -> str | None:
    """The merchant's own reference, else the shop's id of the order. For none the platform writes "0", or its own id."""
    reference, order = shipment.text("reference"), shipment.text("external_order_id")
    return (
        shipment.text("external_reference", "external_reference_id")
        or (reference if reference != "0" else None)
        or (order if order != platform_id else None)
    )


def _service_point(shipment: Fields) -> str | None:
    nested = isinstance(shipment.values.get("to_service_point"), dict)
    point = shipment.inner("to_service_point").text("id") if nested else shipment.text("to_service_point")
    return point if point != "0" else None


def _note(parcel: Fields) -> str | None:
    on_label = [parcel.checked("label_notes", note, NOTE_LIMIT) for note in parcel.entries("label_notes")]
    return parcel.note("note", parcel.text("note", limit=NOTE_LIMIT), *on_label)


def _price(at: Fields, v3_key: str, v2_key: str, v2_currency: str | None) -> Money | None:
    """v3's `{"value": "12.65", "currency": "EUR"}`, or v2's amount."""
    price = at.inner(v3_key)
    if not price.values:
        return money(at.decimal(v2_key), v2_currency)
    return money(price.decimal("value"), price.currency("currency"))


def _item(item: Fields, order_currency: str | None) -> ImportedItem:
    quantity = item.whole("quantity")
    return ImportedItem(
        description=item.text("description", "sku", "product_id", "item_id") or "",
        quantity=1 if quantity is None else quantity,
        weight_grams=_weight(item),
        value=_price(item, "price", "value", order_currency),
        sku=item.text("sku"),
        hs_code=item.text("hs_code"),
        origin_country=item.country("origin_country"),
    )


def _documents(parcel: Fields) -> Iterator[ImportedDocument]:
    """`documents`, and where those lack it v2's older `label` and `customs_declaration`: one page, a link for each printer."""
    kinds: set[DocumentKind] = set()
    for document in parcel.each("documents"):
        if link := document.url("link"):
            kind = _kind(document.text("type") or "")
            kinds.add(kind)
            yield ImportedDocument(kind, link)
    for key, kind in (("label", DocumentKind.LABEL), ("customs_declaration", DocumentKind.CUSTOMS_DECLARATION)):
        if kind not in kinds and (link := _printable(parcel.inner(key))):
            yield ImportedDocument(kind, link)


def _kind(name: str) -> DocumentKind:
    name = name.lower().replace("_", "-")
    return next((kind for start, kind in _KINDS.items() if name.startswith(start)), DocumentKind.OTHER)


def _printable(printers: Fields) -> str | None:
    """A link for the label printer, else the first of those for a sheet, on which the label can stand in four places."""
    if link := printers.url("label_printer"):
        return link
    if isinstance(printers.values.get("normal_printer"), list):
        sheets = printers.entries("normal_printer")
        return Fields({"normal_printer": sheets[0]}, printers.path).url("normal_printer") if sheets else None
    return printers.url("normal_printer")
