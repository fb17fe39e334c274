"""What do permission classes cost? Strawberry as its documentation advises: one on each personal field, and a data loader for what they decide by.

    python -m benchmarks.peers.strawberry_permissions postgres://… PORT

https://strawberry.rocks/docs/guides/permissions and https://strawberry.rocks/docs/guides/dataloaders. What was shown is written down before the
answer leaves, by a schema extension.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry
from starlette.requests import Request
from starlette.routing import BaseRoute, Route
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.dataloader import DataLoader
from strawberry.extensions import SchemaExtension
from strawberry.permission import BasePermission, PermissionExtension
from strawberry.schema.config import StrawberryConfig
from strawberry.types import Info

from benchmarks.peers.rows import LISTED, OWN, Basis, Row, Rows, Who, basis_of, cursor, global_id, key_of
from benchmarks.peers.serve import serve
from benchmarks.peers.strawberry_plain import Moment, PageInfo


@dataclass
class Context:
    """One request: who is calling, what is decided, what was shown."""

    rows: Rows
    who: Who
    shown: dict[UUID, tuple[UUID, Basis]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.grounds: DataLoader[UUID, Basis | None] = DataLoader(load_fn=self._load)

    async def _load(self, parcel_ids: list[UUID]) -> list[Basis | None]:
        if not self.who.agent:
            return [OWN] * len(parcel_ids)
        facts = await self.rows.facts(parcel_ids)
        return [basis_of(self.who, facts[parcel_id]) if parcel_id in facts else None for parcel_id in parcel_ids]


class MaySeePersonalData(BasePermission):
    """Is there a ground to show this parcel's personal data?"""

    message = "Not shown"

    async def has_permission(self, source: Any, info: Info[Context, None], **_: Any) -> bool:
        """Ask the loader, and remember what is to be written down."""
        row: Row = source.row
        ground = await info.context.grounds.load(row["id"])
        if ground is None:
            return False
        info.context.shown[row["id"]] = (row["account_id"], ground)
        return True


def _personal(column: str) -> Any:
    def resolve(root: Parcel) -> str | None:
        value: str | None = root.row[column]
        return value

    return strawberry.field(resolver=resolve, extensions=[PermissionExtension([MaySeePersonalData()], fail_silently=True)])


@strawberry.type
class Parcel:
    """A row of the list."""

    row: strawberry.Private[Row]
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
    order_number: str | None = _personal("order_number")
    external_reference: str | None = _personal("external_reference")
    tracking_number: str | None = _personal("tracking_number")
    tracking_url: str | None = _personal("tracking_url")
    service_point: str | None = _personal("service_point")
    note: str | None = _personal("note")


_COPIED = ["status", "carrier", "shipping_method", "direction", "weight_grams", "collo_number", "collo_count", "created_at", "updated_at"]


@strawberry.type
class ParcelConnection:
    """A page."""

    nodes: list[Parcel]
    page_info: PageInfo


@strawberry.type
class Query:
    """Reading."""

    @strawberry.field
    async def parcels(self, info: Info[Context, None], account_id: strawberry.ID, first: int) -> ParcelConnection:
        """A page of parcels."""
        found = await info.context.rows.whole_page(key_of(account_id), first)
        kept = found[:first]
        nodes = [Parcel(row=row, id=strawberry.ID(global_id("Parcel", row["id"])), **{name: row[name] for name in _COPIED}) for row in kept]
        return ParcelConnection(nodes=nodes, page_info=PageInfo(has_next_page=len(found) > first, end_cursor=cursor(kept[-1])))


class Recorded(SchemaExtension):
    """What was shown is written down when all of it is known, and before it leaves."""

    async def on_operation(self) -> AsyncIterator[None]:
        """Around the whole operation."""
        yield
        context: Context = self.execution_context.context
        if context.shown:
            await context.rows.record(context.who, LISTED, ((account, parcel, basis) for parcel, (account, basis) in context.shown.items()))


class Endpoint(GraphQL[Any, None]):
    """`/graphql`, for whoever has a bearer token."""

    def __init__(self, schema: strawberry.Schema, rows: Rows) -> None:
        super().__init__(schema, graphql_ide=None)
        self.rows = rows

    async def get_context(self, request: Request | WebSocket, response: Any) -> Any:  # noqa: ARG002 (Strawberry's)
        """Who is calling is asked of the database."""
        return Context(self.rows, await self.rows.who(request.headers["authorization"]))


def routes(rows: Rows) -> list[BaseRoute]:
    """Where it answers."""
    schema = strawberry.Schema(Query, extensions=[Recorded], config=StrawberryConfig(scalar_map={datetime: Moment}))
    return [Route("/graphql", Endpoint(schema, rows))]


if __name__ == "__main__":
    serve(routes)
