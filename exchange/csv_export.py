"""The CSV of an account's parcels: the columns of the platform's v3 parcel report that are kept here, a page at a time.

UTF-8 without a byte order mark, for programs; lines end in CRLF (RFC 4180). Weights are in kilograms, as the platform gives them.
The merchant is the sender of what goes out and the addressee of what comes back; of a merchant's own address only the company is given.
"""

from __future__ import annotations

import csv
import io
import re
from base64 import b64encode
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final
from uuid import UUID

import pycountry
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from exchange.answers import NO_STORE, GateFor
from models import database
from models.enums import ParcelDirection
from policy.vocabulary import Action
from resolvers import exports, parcels
from resolvers import facts as facts_of
from resolvers.errors import NotFound, Refused
from resolvers.gate import Gate
from resolvers.paging import Position, Window
from resolvers.parcels import Parcel, ParcelFilter, Recipient
from resolvers.selection import NOTHING, Selection

PAGE: Final = 500


@dataclass(frozen=True, slots=True)
class _Line:
    parcel: Parcel
    platform_id: str | None
    company_name: str

    @property
    def sender(self) -> Recipient | None:
        return self.parcel.recipient if self.parcel.direction is ParcelDirection.RETURN else None

    @property
    def addressee(self) -> Recipient | None:
        return self.parcel.recipient if self.parcel.direction is ParcelDirection.OUTGOING else None


def _global_id(key: UUID) -> str:
    """The API's id: for a parcel the platform never told of."""
    return b64encode(f"Parcel:{key}".encode()).decode()


def _kilograms(grams: int | None) -> str | None:
    return None if grams is None else f"{Decimal(grams) / 1000:.3f}"


def _country_name(person: Recipient | None) -> str | None:
    found = pycountry.countries.get(alpha_2=person.country) if person and person.country else None
    return None if found is None else str(found.name)


_COLUMNS: Mapping[str, Callable[[_Line], object]] = {
    "parcel_id": lambda line: line.platform_id or _global_id(line.parcel.id),
    "direction": lambda line: line.parcel.direction.lower(),
    "carrier_code": lambda line: line.parcel.carrier,
    "from_address_company_name": lambda line: line.sender.company_name if line.sender else line.company_name,
    "from_address_city": lambda line: line.sender and line.sender.city,
    "from_address_postal_code": lambda line: line.sender and line.sender.postal_code,
    "from_address_country_code": lambda line: line.sender and line.sender.country,
    "from_address_country_name": lambda line: _country_name(line.sender),
    "to_address_city": lambda line: line.addressee and line.addressee.city,
    "to_address_postal_code": lambda line: line.addressee and line.addressee.postal_code,
    "to_address_country_code": lambda line: line.addressee and line.addressee.country,
    "to_address_country_name": lambda line: _country_name(line.addressee),
    "order_number": lambda line: line.parcel.order_number,
    "tracking_number": lambda line: line.parcel.tracking_number,
    "announced_at": lambda line: line.parcel.announced_at and line.parcel.announced_at.isoformat().replace("+00:00", "Z"),
    "shipping_option_code": lambda line: line.parcel.shipping_method,
    "status": lambda line: line.parcel.status.value,
    "weight": lambda line: _kilograms(line.parcel.weight_grams),
}
HEADER: Final = tuple(_COLUMNS)

_FIELDS: Final = ("status", "carrier", "shippingMethod", "direction", "weightGrams", "orderNumber", "trackingNumber")
_SELECTION: Final = Selection(
    {
        "Parcel": {
            **dict.fromkeys(_FIELDS, NOTHING),
            "recipient": Selection({"Recipient": dict.fromkeys(("companyName", "city", "postalCode", "country"), NOTHING)}),
        }
    }
)

#: What a spreadsheet takes for the start of a formula: also after blanks, and after what other countries' spreadsheets divide cells by.
_FORMULA: Final = re.compile("((?:^|[;\t\r\n|])[\\s\u200b-\u200f\u2060\ufeff\x00-\x1f]*)([=+\\-@\uff1d\uff0b\uff0d\uff20])")
_STARTS: Final = ("\t", "\r", "\n")


class ExportEnded(Exception):
    """Who asked may not have the rest any more. The connection is broken off, so that nobody takes the file for whole."""


def harmless(value: object) -> str:
    """A cell that no spreadsheet runs (OWASP, CSV injection): an apostrophe goes before what could start a formula."""
    text = "" if value is None else str(value)
    if text.startswith(_STARTS):
        text = f"'{text}"
    return _FORMULA.sub(r"\1'\2", text)


async def export(request: Request, gate_for: GateFor) -> Response:
    """`GET /exports/{token}.csv`. The link is used up. Raises Refused, NotFound."""
    gate = await gate_for(request)
    account_id, wanted = await exports.open_link(gate, request.path_params["token"])
    texts = _texts(request, gate_for, gate, account_id, wanted)
    first = await anext(texts)  # what goes wrong up to here still has a status
    name = f"parcels-{(await database.clock()).date().isoformat()}.csv"
    headers = {
        **NO_STORE,
        "Content-Disposition": f'attachment; filename="{name}"',
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }
    return StreamingResponse(_joined(first, texts), media_type="text/csv; charset=utf-8", headers=headers)


async def _joined(first: str, others: AsyncGenerator[str]) -> AsyncIterator[str]:
    yield first
    async for text in others:
        yield text


async def _texts(request: Request, gate_for: GateFor, gate: Gate, account_id: UUID, filter: ParcelFilter) -> AsyncGenerator[str]:
    """The file, page by page. From the second page on, who asks and whether they may is asked again before each."""
    company_name = await _company_name(account_id)
    after: Position | None = None
    while True:
        window = Window(size=PAGE, after=after, before=None, backward=False, descending=True, noun="parcel")
        page = await parcels.page_of(gate, account_id, filter, window, _SELECTION, count=False)
        lines = await _lines(page.rows, company_name)
        yield _csv([HEADER, *lines] if after is None else lines)
        if not page.has_next:
            return
        after = Position(page.rows[-1].created_at, page.rows[-1].id)
        gate = await _again(request, gate_for, gate, account_id)


async def _again(request: Request, gate_for: GateFor, before: Gate, account_id: UUID) -> Gate:
    gate = await gate_for(request)
    if gate.viewer is None or before.viewer is None or gate.viewer.id != before.viewer.id:
        raise ExportEnded
    try:
        gate.require(Action.EXPORT_PARCELS, gate.require_sight(await facts_of.of_account(account_id), "export"))
    except (Refused, NotFound):
        raise ExportEnded from None
    return gate


async def _company_name(account_id: UUID) -> str:
    found = database.one(await database.fetch("SELECT company_name FROM accounts WHERE id = :id AND deleted_at IS NULL", id=account_id))
    if found is None:
        raise NotFound("export")
    return str(found["company_name"])


async def _lines(found: Sequence[Parcel], company_name: str) -> list[list[str]]:
    rows = await database.fetch("SELECT id, platform_id FROM parcels WHERE id IN :ids", ids=[parcel.id for parcel in found])
    platform_ids = {database.uuid(row["id"]): row["platform_id"] for row in rows}
    return [_cells(_Line(parcel, platform_ids.get(parcel.id), company_name)) for parcel in found]


def _cells(line: _Line) -> list[str]:
    return [harmless(value(line)) for value in _COLUMNS.values()]


def _csv(lines: Sequence[Sequence[str]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(lines)
    return text.getvalue()
