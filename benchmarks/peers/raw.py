"""How fast is it without GraphQL? Starlette, asyncpg and orjson: an endpoint for each kind of answer, written by hand.

    python -m benchmarks.peers.raw postgres://… PORT

Takes our requests (document and variables), of which it reads only the variables, and answers the same JSON after the same reads, the same
decision and the same access-log write.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from benchmarks.peers.rows import (
    GRANTED_BY,
    LISTED,
    ONE_PARCEL,
    SENDERS,
    Row,
    Rows,
    basis_of,
    consent_of,
    cursor,
    global_id,
    key_of,
    moment,
)
from benchmarks.peers.serve import serve


def _answer(data: object) -> Response:
    return Response(orjson.dumps({"data": data}), media_type="application/json")


async def _variables(request: Request) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(await request.body())["variables"]
    return found


def _listed(row: Row, *, shown: bool) -> dict[str, Any]:
    return {
        "id": global_id("Parcel", row["id"]),
        "status": row["status"],
        "carrier": row["carrier"],
        "shippingMethod": row["shipping_method"],
        "direction": row["direction"],
        "weightGrams": row["weight_grams"],
        "colloNumber": row["collo_number"],
        "colloCount": row["collo_count"],
        "createdAt": moment(row["created_at"]),
        "updatedAt": moment(row["updated_at"]),
        "orderNumber": row["order_number"] if shown else None,
        "externalReference": row["external_reference"] if shown else None,
        "trackingNumber": row["tracking_number"] if shown else None,
        "trackingUrl": row["tracking_url"] if shown else None,
        "servicePoint": row["service_point"] if shown else None,
        "note": row["note"] if shown else None,
    }


def _single(row: Row, *, shown: bool) -> dict[str, Any]:
    return {
        "id": global_id("Parcel", row["id"]),
        "status": row["status"],
        "carrier": row["carrier"],
        "createdAt": moment(row["created_at"]),
        "orderNumber": row["order_number"] if shown else None,
        "trackingNumber": row["tracking_number"] if shown else None,
        "recipient": {
            "country": row["country"],
            "name": row["name"] if shown else None,
            "companyName": row["company_name"] if shown else None,
            "email": row["email"] if shown else None,
            "phone": row["phone"] if shown else None,
            "street": row["street"] if shown else None,
            "houseNumber": row["house_number"] if shown else None,
            "postalCode": row["postal_code"] if shown else None,
            "city": row["city"] if shown else None,
        },
    }


def _settings(row: Row, *, shown: bool) -> dict[str, Any]:
    addresses = orjson.loads(row["sender_addresses"]) if shown else None
    return {
        "locale": row["locale"],
        "timezone": row["timezone"],
        "defaultCarrier": row["default_carrier"],
        "labelFormat": row["label_format"],
        "returnPortalEnabled": row["return_portal_enabled"],
        "trackingNotificationsEnabled": row["tracking_notifications_enabled"],
        "version": row["version"],
        "senderAddresses": addresses
        and [
            {
                "companyName": address.get("company_name"),
                "contactName": address.get("contact_name"),
                "street": address.get("street"),
                "city": address.get("city"),
            }
            for address in addresses
        ],
    }


def _consent(row: Row, *, shown: bool) -> dict[str, Any]:
    over = row["expires_at"] <= row["now"]
    ended_at = row["ended_at"] or (row["expires_at"] if over else None)
    return {
        "id": global_id("Consent", row["id"]),
        "state": row["ended_as"] or ("EXPIRED" if over else "ACTIVE"),
        "duration": row["duration"],
        "grantedBy": row["granted_by"] if shown else None,
        "grantedAt": moment(row["granted_at"]),
        "expiresAt": moment(row["expires_at"]),
        "endedAt": moment(ended_at) if ended_at else None,
    }


class Raw:
    """The endpoints."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows

    def routes(self) -> list[BaseRoute]:
        """Where they are."""
        return [
            Route(f"/{name}", endpoint, methods=["POST"])
            for name, endpoint in (("list", self.list), ("parcel", self.parcel), ("settings", self.settings), ("login", self.login))
        ]

    async def list(self, request: Request) -> Response:
        """A page of parcels."""
        who = await self.rows.who(request.headers["authorization"])
        given = await _variables(request)
        size: int = given["first"]
        found = await self.rows.page(who, key_of(given["account"]), size)
        rows = found[:size]
        grounds = [(row, basis) for row in rows if (basis := basis_of(who, row)) is not None]
        shown: frozenset[UUID | None] = frozenset()
        if grounds:
            shown = await self.rows.record(who, LISTED, ((row["account_id"], row["id"], basis) for row, basis in grounds))
        page = {"hasNextPage": len(found) > size, "endCursor": cursor(rows[-1]) if rows else None}
        return _answer({"parcels": {"nodes": [_listed(row, shown=row["id"] in shown) for row in rows], "pageInfo": page}})

    async def parcel(self, request: Request) -> Response:
        """One parcel."""
        who = await self.rows.who(request.headers["authorization"])
        row = await self.rows.parcel(who, key_of((await _variables(request))["id"]))
        assert row is not None
        basis = basis_of(who, row)
        shown = basis is not None and bool(await self.rows.record(who, ONE_PARCEL, [(row["account_id"], row["id"], basis)]))
        return _answer({"parcel": _single(row, shown=shown)})

    async def settings(self, request: Request) -> Response:
        """The settings of an account under a live consent."""
        who = await self.rows.who(request.headers["authorization"])
        row = await self.rows.settings(key_of((await _variables(request))["account"]))
        assert row is not None
        basis = consent_of(who, row)
        assert basis is not None
        shown = bool(await self.rows.record(who, SENDERS, [(row["account_id"], None, basis)]))
        return _answer({"account": {"settings": _settings(row, shown=shown)}})

    async def login(self, request: Request) -> Response:
        """Agent login of an account."""
        who = await self.rows.who(request.headers["authorization"])
        row = await self.rows.agent_login(key_of((await _variables(request))["account"]))
        assert row is not None
        basis = consent_of(who, row)
        shown = basis is not None and row["id"] is not None and bool(await self.rows.record(who, GRANTED_BY, [(row["account_id"], None, basis)]))
        login = {
            "state": "ACTIVE" if row["consent_id"] is not None else "OFF",
            "consent": None if row["id"] is None else _consent(row, shown=shown),
        }
        return _answer({"account": {"agentLogin": login}})


if __name__ == "__main__":
    serve(lambda rows: Raw(rows).routes())
