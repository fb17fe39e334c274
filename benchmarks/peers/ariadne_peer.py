"""How fast is Ariadne? A schema in SDL and resolvers, as its documentation has them; the decision once a page, each personal field looks at it.

python -m benchmarks.peers.ariadne_peer postgres://… PORT
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from ariadne import ObjectType, QueryType, ScalarType, gql, make_executable_schema
from ariadne.asgi import GraphQL
from graphql import GraphQLResolveInfo
from starlette.routing import BaseRoute, Route

from benchmarks.peers.rows import LISTED, Row, Rows, basis_of, cursor, global_id, key_of, moment
from benchmarks.peers.serve import serve

SDL = gql("""
scalar DateTime
type Query { parcels(accountId: ID!, first: Int!): ParcelConnection! }
type ParcelConnection { nodes: [Parcel!]! pageInfo: PageInfo! }
type PageInfo { hasNextPage: Boolean! endCursor: String }
type Parcel {
  id: ID!
  status: String!
  carrier: String
  shippingMethod: String
  direction: String!
  weightGrams: Int
  colloNumber: Int!
  colloCount: Int!
  createdAt: DateTime!
  updatedAt: DateTime!
  orderNumber: String
  externalReference: String
  trackingNumber: String
  trackingUrl: String
  servicePoint: String
  note: String
}
""")

query = QueryType()
parcel = ObjectType("Parcel")
date_time = ScalarType("DateTime", serializer=moment)


async def _parcels(_: object, info: GraphQLResolveInfo[Any], account_id: str, first: int) -> dict[str, Any]:
    rows: Rows = info.context["rows"]
    who = await rows.who(info.context["request"].headers["authorization"])
    found = await rows.page(who, key_of(account_id), first)
    kept = found[:first]
    grounds = [(row, basis) for row in kept if (basis := basis_of(who, row)) is not None]
    shown: frozenset[UUID | None] = frozenset()
    if grounds:
        shown = await rows.record(who, LISTED, ((row["account_id"], row["id"], basis) for row, basis in grounds))
    return {
        "nodes": [{"row": row, "shown": row["id"] in shown} for row in kept],
        "page_info": {"has_next_page": len(found) > first, "end_cursor": cursor(kept[-1])},
    }


def _id(node: dict[str, Any], _: GraphQLResolveInfo[Any]) -> str:
    return global_id("Parcel", node["row"]["id"])


def _plain(column: str) -> Any:
    def resolve(node: dict[str, Any], _: GraphQLResolveInfo[Any]) -> Any:
        row: Row = node["row"]
        return row[column]

    return resolve


def _personal(column: str) -> Any:
    def resolve(node: dict[str, Any], _: GraphQLResolveInfo[Any]) -> Any:
        return node["row"][column] if node["shown"] else None

    return resolve


query.set_field("parcels", _parcels)
parcel.set_field("id", _id)
for name, column in (
    ("status", "status"),
    ("carrier", "carrier"),
    ("shippingMethod", "shipping_method"),
    ("direction", "direction"),
    ("weightGrams", "weight_grams"),
    ("colloNumber", "collo_number"),
    ("colloCount", "collo_count"),
    ("createdAt", "created_at"),
    ("updatedAt", "updated_at"),
):
    parcel.set_field(name, _plain(column))
for name, column in (
    ("orderNumber", "order_number"),
    ("externalReference", "external_reference"),
    ("trackingNumber", "tracking_number"),
    ("trackingUrl", "tracking_url"),
    ("servicePoint", "service_point"),
    ("note", "note"),
):
    parcel.set_field(name, _personal(column))


def routes(rows: Rows) -> list[BaseRoute]:
    """Where it answers."""
    schema = make_executable_schema(SDL, query, parcel, date_time, convert_names_case=True)
    app = GraphQL(schema, context_value=lambda request, _=None: {"request": request, "rows": rows}, explorer=None, debug=False)
    return [Route("/graphql", app)]


if __name__ == "__main__":
    serve(routes)
