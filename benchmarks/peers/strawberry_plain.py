"""How fast is Strawberry itself? Plain types over plain rows, nothing enforced in GraphQL and nothing written down.

    python -m benchmarks.peers.strawberry_plain postgres://… PORT

The rows come with only what the statement admits, so the answers are ours; that is all it does for anybody's privacy. The mutations grant and revoke
with our statements.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Any

import strawberry
from starlette.requests import Request
from starlette.routing import BaseRoute, Route
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.schema.config import StrawberryConfig
from strawberry.types import Info

from benchmarks.peers.granting import grant, revoke
from benchmarks.peers.rows import Row, Rows, Who, cursor, global_id, key_of, moment
from benchmarks.peers.serve import serve

Moment = strawberry.scalar(name="DateTime", serialize=moment, parse_value=datetime.fromisoformat)


@strawberry.type
class Parcel:
    """A row of the list."""

    id: strawberry.ID
    status: str
    carrier: str | None
    shipping_method: str | None
    direction: str
    weight_grams: int | None
    collo_number: int
    collo_count: int
    created_at: datetime
    updated_at: datetime
    order_number: str | None
    external_reference: str | None
    tracking_number: str | None
    tracking_url: str | None
    service_point: str | None
    note: str | None


_COPIED = [
    "status",
    "carrier",
    "shipping_method",
    "direction",
    "weight_grams",
    "collo_number",
    "collo_count",
    "created_at",
    "updated_at",
    "order_number",
    "external_reference",
    "tracking_number",
    "tracking_url",
    "service_point",
    "note",
]


@strawberry.type
class PageInfo:
    """Where a page stands."""

    has_next_page: bool
    end_cursor: str | None


@strawberry.type
class ParcelConnection:
    """A page."""

    nodes: list[Parcel]
    page_info: PageInfo


@strawberry.type
class Consent:
    """What was granted or revoked."""

    state: str


@strawberry.type
class ConsentPayload:
    """Of both mutations."""

    consent: Consent


@strawberry.enum
class ConsentDuration(Enum):
    """For how long; the others are left out."""

    ONE_HOUR = "ONE_HOUR"


@strawberry.input
class GrantConsentInput:
    """Of `grantConsent`."""

    account_id: strawberry.ID
    duration: ConsentDuration


@strawberry.input
class RevokeConsentInput:
    """Of `revokeConsent`."""

    account_id: strawberry.ID


def _parcel(row: Row) -> Parcel:
    return Parcel(id=strawberry.ID(global_id("Parcel", row["id"])), **{name: row[name] for name in _COPIED})


def _of(info: Info[Any, None]) -> tuple[Rows, Who]:
    return info.context["rows"], info.context["who"]


@strawberry.type
class Query:
    """Reading."""

    @strawberry.field
    async def parcels(self, info: Info[Any, None], account_id: strawberry.ID, first: int) -> ParcelConnection:
        """A page of parcels."""
        rows, who = _of(info)
        found = await rows.page(who, key_of(account_id), first)
        kept = found[:first]
        return ParcelConnection(
            nodes=[_parcel(row) for row in kept], page_info=PageInfo(has_next_page=len(found) > first, end_cursor=cursor(kept[-1]))
        )


@strawberry.type
class Mutation:
    """Agent login."""

    @strawberry.mutation
    async def grant_consent(self, info: Info[Any, None], input: GrantConsentInput) -> ConsentPayload:
        """Grant."""
        rows, who = _of(info)
        return ConsentPayload(consent=Consent(state=await grant(rows, who, key_of(input.account_id))))

    @strawberry.mutation
    async def revoke_consent(self, info: Info[Any, None], input: RevokeConsentInput) -> ConsentPayload:
        """Revoke."""
        rows, who = _of(info)
        return ConsentPayload(consent=Consent(state=await revoke(rows, who, key_of(input.account_id))))


class Endpoint(GraphQL[Any, None]):
    """`/graphql`, for whoever has a bearer token."""

    def __init__(self, schema: strawberry.Schema, rows: Rows) -> None:
        super().__init__(schema, graphql_ide=None)
        self.rows = rows

    async def get_context(self, request: Request | WebSocket, response: Any) -> Any:  # noqa: ARG002 (Strawberry's)
        """Who is calling is asked of the database."""
        return {"rows": self.rows, "who": await self.rows.who(request.headers["authorization"])}


def routes(rows: Rows) -> list[BaseRoute]:
    """Where it answers."""
    schema = strawberry.Schema(Query, Mutation, config=StrawberryConfig(scalar_map={datetime: Moment}))
    return [Route("/graphql", Endpoint(schema, rows))]


if __name__ == "__main__":
    serve(routes)
