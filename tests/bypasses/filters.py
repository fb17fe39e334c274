"""The inputs that choose and order rows, found in the schema: a new one is there without being named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from graphql import GraphQLArgument, GraphQLInputField, GraphQLInputObjectType, get_named_type, is_composite_type, is_leaf_type

from tests.server.inputs import SCHEMA


def inputs() -> dict[str, GraphQLInputObjectType]:
    """Every input type."""
    return {name: named for name, named in SCHEMA.type_map.items() if isinstance(named, GraphQLInputObjectType)}


def filters() -> dict[str, GraphQLInputObjectType]:
    """The input types that choose rows."""
    return {name: named for name, named in inputs().items() if name.endswith("Filter")}


def arguments() -> Iterator[tuple[str, GraphQLArgument]]:
    """Every argument of every field, by `Type.field.argument`."""
    for type_name, named in SCHEMA.type_map.items():
        if not type_name.startswith("__") and is_composite_type(named):
            fields: Mapping[str, Any] = getattr(named, "fields", {})
            for name, field in fields.items():
                for argument, given in field.args.items():
                    yield f"{type_name}.{name}.{argument}", given


def is_leaf(given: GraphQLInputField) -> bool:
    """Is it a value, or a list of values, rather than another input?"""
    return is_leaf_type(get_named_type(given.type))
