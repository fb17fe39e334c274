"""Every input of the schema, found by walking it: where it stands, of which type, and an operation with any value there."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    get_named_type,
    is_composite_type,
)

from schema.build import build

SCHEMA: GraphQLSchema = build()._schema
#: How a field is reached from the root.
_REACHED = {
    "Query": "%(field)s",
    "Mutation": "%(field)s",
    "Subscription": "%(field)s",
    "Account": "account(id: %(account)s) { %(field)s }",
    "AgentLogin": "account(id: %(account)s) { agentLogin { %(field)s } }",
    "Parcel": "parcel(id: %(parcel)s) { %(field)s }",
    "Claim": "claim(id: %(claim)s) { %(field)s }",
}
#: What only an agent does; everything else is asked as the owner.
OF_AGENTS = frozenset({"recordClaim", "takeClaim", "logInvestigation", "closeClaim"})
_GOOD = {
    "description": "It never came",
    "message": "Thank you",
    "accountHolder": "Fietsen BV",
    "iban": "NL91ABNA0417164300",
    "companyName": "another",
}


@dataclass(frozen=True)
class World:
    """Global ids that exist, for the inputs that are not the one being filled."""

    account: str
    parcel: str
    claim: str


@dataclass(frozen=True)
class Place:
    """One input. `path` leads to it through the arguments of `type_name.field_name`; a list is filled with one element."""

    type_name: str
    field_name: str
    path: tuple[str, ...]
    type: GraphQLInputType

    @property
    def name(self) -> str:
        """Its coordinate, like `Mutation.updateParcel(input.recipient.email)`."""
        return f"{self.type_name}.{self.field_name}({'.'.join(self.path)})"

    @property
    def kind(self) -> str:
        """The name of its type, whether it may be null or is a list."""
        return str(get_named_type(self.type).name)

    @property
    def field(self) -> GraphQLField:
        """The field it is an argument of."""
        named: Any = SCHEMA.type_map[self.type_name]
        field: GraphQLField = named.fields[self.field_name]
        return field

    def listed(self, value: object) -> object:
        """The value as an element, where a list is expected."""
        return [value] if isinstance(_nullable(self.type), GraphQLList) else value

    def arguments(self, world: World, value: object) -> dict[str, Any]:
        """The arguments with the value in this place, and what else is required."""
        given = {name: _good(name, each.type, self, world) for name, each in self.field.args.items() if isinstance(each.type, GraphQLNonNull)}
        at: dict[str, Any] = given
        types: Mapping[str, Any] = self.field.args
        for name in self.path[:-1]:
            inner = get_named_type(types[name].type)
            assert isinstance(inner, GraphQLInputObjectType)
            if name not in given:
                at[name] = _required(inner, self, world)
            if isinstance(_nullable(types[name].type), GraphQLList):
                at[name] = [dict(_required(inner, self, world))]
                at = at[name][0]
            else:
                at = at[name]
            types = inner.fields
        at[self.path[-1]] = value
        return given

    def with_variables(self, world: World, value: object) -> tuple[str, dict[str, Any]]:
        """An operation with every argument in a variable, and the variables."""
        return with_variables(world, [(self, value)])

    def with_literals(self, world: World, value: object) -> str:
        """An operation with every argument written into it."""
        return with_literals(world, [(self, value)])


Filled = list[tuple[Place, object]]


def with_variables(world: World, filled: Filled) -> tuple[str, dict[str, Any]]:
    """One operation that fills places of one field, each under an alias, every argument in a variable; and the variables."""
    declared: list[str] = []
    fields: list[str] = []
    variables: dict[str, Any] = {}
    for number, (place, value) in enumerate(filled):
        given = place.arguments(world, value)
        declared += [f"${name}{number}: {place.field.args[name].type}" for name in given]
        variables |= {f"{name}{number}": each for name, each in given.items()}
        fields.append(_called(number, place, ", ".join(f"{name}: ${name}{number}" for name in given)))
    return _document(world, filled[0][0], f"({', '.join(declared)})", fields), variables


def with_literals(world: World, filled: Filled) -> str:
    """One operation that fills places of one field, each under an alias, every argument written into it."""
    fields: list[str] = []
    for number, (place, value) in enumerate(filled):
        given = place.arguments(world, value)
        fields.append(_called(number, place, ", ".join(f"{name}: {literal(each, place.field.args[name].type)}" for name, each in given.items())))
    return _document(world, filled[0][0], "", fields)


def _called(number: int, place: Place, arguments: str) -> str:
    below = " { __typename }" if is_composite_type(get_named_type(place.field.type)) else ""
    return f"a{number}: {place.field_name}({arguments}){below}"


def _document(world: World, place: Place, declared: str, fields: list[str]) -> str:
    ids = {name: json.dumps(getattr(world, name)) for name in ("account", "parcel", "claim")}
    reached = _REACHED[place.type_name] % {**ids, "field": " ".join(fields)}
    root = place.type_name.lower() if place.type_name in {"Mutation", "Subscription"} else "query"
    return f"{root} {declared} {{ {reached} }}"


class Bare(str):
    """A literal that is not quoted: a name where a value is expected, a number of any length."""

    __slots__ = ()


def literal(value: Any, type_: Any) -> str:
    """A value as GraphQL writes it. Of text, only what JSON must escape is escaped."""
    named = get_named_type(type_) if type_ is not None else None
    if isinstance(value, Bare):
        return str(value)
    if isinstance(value, list):
        return "[" + ", ".join(literal(each, named) for each in value) + "]"
    if isinstance(value, dict):
        fields = named.fields if isinstance(named, GraphQLInputObjectType) else {}
        return "{" + ", ".join(f"{name}: {literal(each, fields[name].type if name in fields else None)}" for name, each in value.items()) + "}"
    if isinstance(value, str) and isinstance(named, GraphQLEnumType) and value in named.values:
        return value
    return json.dumps(value, ensure_ascii=False)


def _nullable(type_: Any) -> Any:
    return type_.of_type if isinstance(type_, GraphQLNonNull) else type_


def _required(type_: GraphQLInputObjectType, place: Place, world: World) -> dict[str, Any]:
    return {name: _good(name, each.type, place, world) for name, each in type_.fields.items() if isinstance(each.type, GraphQLNonNull)}


def _good(name: str, type_: Any, place: Place, world: World) -> Any:
    named = get_named_type(type_)
    if isinstance(_nullable(type_), GraphQLList):
        return [_good(name, named, place, world)]
    if isinstance(named, GraphQLInputObjectType):
        return _required(named, place, world)
    if isinstance(named, GraphQLEnumType):
        return next(iter(named.values))
    if named.name == "ID":
        key = name.removesuffix("Id") if name != "id" else place.field_name
        return getattr(world, key, world.account)
    return {"Int": 1, "Boolean": True}.get(named.name, _GOOD.get(name))


def _walk(type_name: str, field_name: str, arguments: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[Place]:
    for name, argument in arguments.items():
        yield Place(type_name, field_name, (*path, name), argument.type)
        inner = get_named_type(argument.type)
        if isinstance(inner, GraphQLInputObjectType):
            yield from _walk(type_name, field_name, inner.fields, (*path, name))


def _of_type(type_name: str) -> Iterator[Place]:
    named: Any = SCHEMA.type_map[type_name]
    for field_name, field in named.fields.items():
        yield from _walk(type_name, field_name, field.args)


def with_arguments() -> frozenset[str]:
    """The types of which some field takes arguments."""
    composite: Any = [named for named in SCHEMA.type_map.values() if is_composite_type(named) and hasattr(named, "fields")]
    return frozenset(named.name for named in composite if not named.name.startswith("__") and any(field.args for field in named.fields.values()))


PLACES = {place.name: place for type_name in _REACHED for place in _of_type(type_name)}
FIELDS = sorted({f"{place.type_name}.{place.field_name}" for place in PLACES.values()})


def of_field(name: str, *kinds: str) -> list[Place]:
    """The places of a field, of these kinds or of all."""
    return [place for place in PLACES.values() if f"{place.type_name}.{place.field_name}" == name and (not kinds or place.kind in kinds)]
