"""What every row with a global id is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import strawberry

from schema.ids import global_id


@strawberry.interface(description="Anything with a global id, which `node` finds again.")
class Node:
    """https://relay.dev/graphql/objectidentification.htm"""

    id: strawberry.ID = strawberry.field(description="The global id: opaque, and the same for ever.")


def id_of(type_name: str) -> Any:
    """The field `id` of a type."""

    def resolve(root: strawberry.Parent[Any]) -> strawberry.ID:
        return global_id(type_name, root.id)

    return strawberry.field(resolver=resolve, description="The global id: opaque, and the same for ever.")


def shows(row: type) -> Callable[[Any, Any], bool]:
    """`is_type_of` for a type that shows rows of this class."""

    def is_type_of(value: Any, _info: Any) -> bool:
        return isinstance(value, row)

    return is_type_of
