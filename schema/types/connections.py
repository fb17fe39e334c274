"""Relay connections over the pages of `resolvers.paging`, and the arguments they take."""

from __future__ import annotations

from typing import Annotated, Any, Generic, TypeVar

import strawberry
from strawberry.types import Info

from resolvers.paging import Page
from resolvers.selection import Selection
from schema.selection import selection

Row = TypeVar("Row")

First = Annotated[int | None, strawberry.argument(description="The first so many, from the beginning or after `after`.")]
After = Annotated[str | None, strawberry.argument(description="Only what comes after this cursor.")]
Last = Annotated[int | None, strawberry.argument(description="The last so many, from the end or before `before`.")]
Before = Annotated[str | None, strawberry.argument(description="Only what comes before this cursor.")]


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    """https://relay.dev/graphql/connections.htm"""

    has_next_page: bool = strawberry.field(description="Is there more after this page?")
    has_previous_page: bool = strawberry.field(description="Is there more before this page?")
    start_cursor: str | None = strawberry.field(description="The cursor of the first row.")
    end_cursor: str | None = strawberry.field(description="The cursor of the last row.")


@strawberry.type(name="Edge", description="A row and its place in the list.")
class Edge(Generic[Row]):
    """One row of a page."""

    cursor: str = strawberry.field(description="Opaque; says where the row stands in the list.")
    node: Row = strawberry.field(description="The row.")


def _page_info(root: strawberry.Parent[Any]) -> PageInfo:
    page: Page[Any] = root
    return PageInfo(
        has_next_page=page.has_next,
        has_previous_page=page.has_previous,
        start_cursor=page.cursors[0] if page.cursors else None,
        end_cursor=page.cursors[-1] if page.cursors else None,
    )


def _edges(root: strawberry.Parent[Any]) -> list[Any]:
    page: Page[Any] = root
    return [_Edge(cursor, row) for cursor, row in zip(page.cursors, page.rows, strict=True)]


def _nodes(root: strawberry.Parent[Any]) -> list[Any]:
    page: Page[Any] = root
    return list(page.rows)


def _total(root: strawberry.Parent[Any]) -> int | None:
    page: Page[Any] = root
    return page.total


class _Edge:
    __slots__ = ("cursor", "node")

    def __init__(self, cursor: str, node: Any) -> None:
        self.cursor = cursor
        self.node = node


@strawberry.type(name="Connection", description="A page of a list.")
class Connection(Generic[Row]):
    """Resolved from a `Page`."""

    edges: Any = strawberry.field(resolver=_edges, description="The rows with their cursors.", graphql_type=list[Edge[Row]])
    nodes: Any = strawberry.field(resolver=_nodes, description="The rows.", graphql_type=list[Row])
    page_info: PageInfo = strawberry.field(resolver=_page_info, description="Is there more?")
    total_count: int | None = strawberry.field(
        resolver=_total, description="How many there are in all; counted only when asked for, null above 10,000."
    )


def given(value: Any) -> Any:
    """An optional argument: None where it was left out."""
    return None if value is strawberry.UNSET else value


def asked_for(info: Info[Any, Any], noun: str) -> tuple[Selection, bool]:
    """What is asked for of the rows of the connection being resolved, and whether its total is."""
    below = selection(info)
    return below.nodes(noun), below.asks(f"{noun}Connection", "totalCount")
