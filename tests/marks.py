"""Personal values that stand nowhere else, so that one look at a text tells which of whom got into it."""

from __future__ import annotations

import re
from typing import Any

import models
from models import database
from models.enums import DocumentKind, ParcelStatus
from tests.builders import _PERSONAL, Merchant, ParcelMade, a_parcel

#: One for each parcel. None of them occurs in an id, a time, a message or a name of ours.
SIGNS = "¶§©®±¿¡¦×÷"
_KINDS = (DocumentKind.AIR_WAYBILL, DocumentKind.QR)
_STATUSES = (ParcelStatus.AT_CUSTOMS, ParcelStatus.UNSORTED)

#: All there is to show of a parcel: its columns, what is inside items, documents and events.
EVERYTHING = frozenset(_PERSONAL) - {"items", "documents"} | {
    "version",
    "item_description",
    "item_sku",
    "item_hs_code",
    "item_amount",
    "item_currency",
    "document_kind",
    "event_status",
    "event_location",
    "event_message",
}
#: What no answer ever holds.
CARRIERS_LINK = "carriers_link"
# Three characters is all a currency has.
_SHORT = {"total_value_currency": "c", "item_currency": "d"}
_LONG = {short: name for name, short in _SHORT.items()}

#: Every personal field of a parcel. A test holds it against the classification.
EVERY_FIELD = """
fragment Everything on Parcel {
  version orderNumber externalReference trackingNumber trackingUrl servicePoint note
  totalValue { amount currency }
  items { description quantity weightGrams value { amount currency } sku hsCode originCountry }
  documents { kind url }
  events { status occurredAt location message }
  recipient { name companyName email phone street houseNumber addressLine2 postalCode city region taxNumber }
}
"""


def mark(sign: str, name: str) -> str:
    """The value of this name."""
    return f"{sign}{_SHORT.get(name, name)}{sign}"


def version_of(sign: str) -> int:
    """The version of the parcel of this sign: a number no other number holds."""
    return 734_000_000 + ord(sign)


def marked(sign: str) -> dict[str, Any]:
    """The personal columns of a parcel."""
    columns: dict[str, Any] = {name: mark(sign, name) for name in _PERSONAL}
    item = {"description": "item_description", "sku": "item_sku", "hs_code": "item_hs_code", "value_amount": "item_amount"}
    columns["items"] = [{name: mark(sign, what) for name, what in item.items()} | {"quantity": 1, "value_currency": mark(sign, "item_currency")}]
    kind = _KINDS[SIGNS.index(sign) % 2]
    columns["documents"] = [{"kind": kind, "carrier_url": f"https://carrier.example/{mark(sign, CARRIERS_LINK)}", "file_id": None}]
    return columns | {"version": version_of(sign)}


async def a_marked_parcel(merchant: Merchant, sign: str, **given: Any) -> ParcelMade:
    """A parcel of which every personal value bears this sign, with one event."""
    parcel = await a_parcel(merchant, events=False, **marked(sign), **given)
    await models.ParcelEvent.create(
        account_id=merchant.id,
        parcel_id=parcel.id,
        status=_STATUSES[SIGNS.index(sign) % 2],
        occurred_at=await database.clock(),
        location=mark(sign, "event_location"),
        message=mark(sign, "event_message"),
    )
    return parcel


def seen(sign: str, text: str) -> frozenset[str]:
    """Which of the values of this sign stand in the text. Statuses and kinds are told apart for two signs, side by side in `SIGNS`."""
    found = {_LONG.get(name, name) for name in re.findall(f"{sign}([a-z0-9_]+){sign}", text)}
    place = SIGNS.index(sign) % 2
    others = {"version": str(version_of(sign)), "document_kind": f"'{_KINDS[place]}'", "event_status": f"'{_STATUSES[place]}'"}
    return frozenset(found | {name for name, value in others.items() if value in text})
