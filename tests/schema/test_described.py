"""Everything in the schema says what it is, in words of its own."""

from __future__ import annotations

from collections.abc import Iterator

from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema, specified_directives

from schema.build import Schema


def described(schema: GraphQLSchema) -> Iterator[tuple[str, str | None]]:
    """The coordinate of each type, field, argument, enum value, input field and directive of ours, with its description."""
    for name, named in schema.type_map.items():
        if name.startswith("__"):
            continue
        yield name, named.description
        if isinstance(named, GraphQLObjectType | GraphQLInterfaceType):
            for field, definition in named.fields.items():
                yield f"{name}.{field}", definition.description
                yield from ((f"{name}.{field}({argument}:)", given.description) for argument, given in definition.args.items())
        if isinstance(named, GraphQLInputObjectType):
            yield from ((f"{name}.{field}", given.description) for field, given in named.fields.items())
        if isinstance(named, GraphQLEnumType):
            yield from ((f"{name}.{value}", meaning.description) for value, meaning in named.values.items())
    for directive in schema.directives:
        if directive not in specified_directives:
            yield f"@{directive.name}", directive.description


def test_everything_has_a_description(schema: Schema) -> None:
    found = dict(described(schema._schema))
    assert len(found) > 500
    assert [coordinate for coordinate, description in found.items() if not (description or "").strip()] == []
