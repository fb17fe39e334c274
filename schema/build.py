"""The schema, built and checked: what nobody classified does not build, and what is classified can't lose its policy."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import aclosing
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

import strawberry
from graphql import (
    GraphQLError,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
)
from strawberry.permission import PermissionExtension
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext
from strawberry.types.execution import PreExecutionError
from strawberry.types.field import StrawberryField

from models.database import allow_anew
from models.fields import new_id
from policy import classification
from policy.classification import Class, Guarded, Inside, Personal, Protected, Unclassified
from resolvers.errors import RateLimited
from schema.context import Context
from schema.errors import UNEXPECTED, told
from schema.executor import Executor
from schema.extensions import DocumentExtension, PrivacyExtension
from schema.mutation import Mutation
from schema.noted import of_socket
from schema.permissions import Requires
from schema.prepared import Prepared
from schema.privacy import PiiExtension
from schema.query import Query
from schema.scalars import SCALARS, CountryCode
from schema.subscription import Subscription
from schema.types.access_log import AccessEvent


class Schema(strawberry.Schema):
    """Strawberry's schema with errors told our way, and an operation's context made anew on a socket. `prepared` are the documents it keeps."""

    prepared: Prepared

    def process_errors(self, errors: list[Any], execution_context: ExecutionContext | None = None) -> None:
        """Nothing: `told` logs what is unexpected, and an expected refusal is no incident."""

    async def execute(self, query: str | None, *, context_value: Any = None, **options: Any) -> Any:  # type: ignore[override] # we call it by name
        """Execute a query or mutation of a request."""
        return all_told(await super().execute(query, context_value=context_value, **options), context_value)

    async def stream(self, query: str | None, *, context_value: Any = None, **options: Any) -> Any:  # type: ignore[override] # as does Strawberry
        """Execute any operation of a socket, with a context of its own."""
        return self._results(query, context_value, options)

    async def _results(self, query: str | None, connection: Context, options: Mapping[str, Any]) -> AsyncGenerator[Any, None]:
        request_id = str(new_id())
        allow_anew()  # an operation of a socket is a task of its own
        try:
            context = await connection.renewed(request_id, query)
            if context.budget is not None:
                await context.budget.begin()
        except Exception as error:  # noqa: BLE001 (who is calling could not be found out, or they asked too much: nothing runs, and the client is told)
            yield PreExecutionError(data=None, errors=[told(GraphQLError(UNEXPECTED, original_error=error), request_id)])
            return
        with of_socket(context.noted, request_id, context.viewer):
            async with aclosing(self._paid(query, context, request_id, options)) as results:
                async for result in results:
                    context.noted.add(result)
                    yield result

    async def _paid(self, query: str | None, context: Context, request_id: str, options: Mapping[str, Any]) -> AsyncGenerator[Any, None]:
        """The results, once what they cost is paid for."""
        async with aclosing(self._attempt(query, context, options)) as results:
            async for result in results:
                if not context.owes:
                    yield result
        try:
            again = await context.settled()
        except RateLimited as error:
            yield PreExecutionError(data=None, errors=[told(GraphQLError(UNEXPECTED, original_error=error), request_id)])
            return
        if again:
            async with aclosing(self._attempt(query, context, options)) as results:
                async for result in results:
                    yield result

    async def _attempt(self, query: str | None, context: Context, options: Mapping[str, Any]) -> AsyncGenerator[Any, None]:
        """The results; the only one of an operation that asks too much is a request error."""
        async with aclosing(await super().stream(query, context_value=context, **options)) as results:
            async for result in results:
                answer = all_told(result, context)
                yield PreExecutionError(data=None, errors=answer.errors) if context.retry_after else answer


def all_told(result: Any, context: Context) -> Any:
    """The result with its errors as the client gets them, in the order of the answer."""
    if result.errors:
        result.errors = [told(error, context.request_id) for error in sorted(result.errors, key=_place)]
    return result


def _place(error: GraphQLError) -> list[tuple[bool, str | int]]:
    """Where it stands in the answer: the order errors happened in tells what took longer."""
    return [(isinstance(part, int), part) for part in error.path or ()]


SchemaType = TypeVar("SchemaType", bound=Schema)


def build() -> Schema:
    """The schema. Raises TypeError for a developer's mistake, saying how to mend it."""
    return build_as(Schema, Executor, Prepared())


def build_as(schema_class: type[SchemaType], executor: type[Executor], prepared: Prepared) -> SchemaType:
    """The same as a schema of this class, run by this executor."""
    schema = schema_class(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[AccessEvent],
        extensions=[partial(DocumentExtension, prepared), PrivacyExtension],
        execution_context_class=executor,
        config=StrawberryConfig(scalar_map={datetime: SCALARS[datetime], CountryCode: SCALARS[CountryCode]}, disable_field_suggestions=True),
    )
    schema.prepared = prepared
    check(schema._schema)  # noqa: SLF001 (graphql-core's, which holds what was really built)
    return schema


def check(schema: GraphQLSchema) -> None:
    """Hold the schema against policy/classification.py. Raises TypeError naming the coordinate and what to do."""
    used: set[str] = set()
    asked: set[str] = set()
    for type_name, named in schema.type_map.items():
        if type_name.startswith("__"):
            continue
        if isinstance(named, GraphQLObjectType | GraphQLInterfaceType):
            used.add(type_name)
            asked |= {f"{type_name}.{name}" for name, field in named.fields.items() if field.args}
            _check_type(named)
        if isinstance(named, GraphQLInputObjectType):
            used.add(type_name)
            _check_input(named)
    _no_leftovers(used, asked)
    _check_inside(schema)
    _check_mutations(schema)


def _check_type(named: GraphQLObjectType | GraphQLInterfaceType) -> None:
    for name, field in named.fields.items():
        what = classification.field_class(named.name, name)
        _check_field(f"{named.name}.{name}", field, what)
        _check_arguments(f"{named.name}.{name}", field)
        for interface in named.interfaces:
            if name in interface.fields and classification.field_class(interface.name, name) != what:
                raise TypeError(f"{named.name}.{name} is classified otherwise than {interface.name}.{name}, which it overrides")
    _same_names(named.name, classification.FIELDS[named.name], named.fields, "FIELDS")


def _check_field(coordinate: str, field: GraphQLField, what: Class) -> None:
    definition = field.extensions["strawberry-definition"]
    assert isinstance(definition, StrawberryField)
    for each in definition.extensions:
        if isinstance(what, Personal | Guarded) and type(each) not in {PiiExtension, PermissionExtension}:
            raise TypeError(f"{coordinate} has {type(each).__name__}, which could answer before its policy is asked: take it off")
    pii = [each for each in definition.extensions if isinstance(each, PiiExtension)]
    actions = [each.action for extension in definition.extensions if isinstance(extension, PermissionExtension) for each in _requires(extension)]
    expected = [(what.category, what.subject, what.action)] if isinstance(what, Personal) else []
    if [(each.category, each.subject, each.action) for each in pii] != expected:
        raise TypeError(f"{coordinate} is classified as {what}: declare it with exactly that pii(…), or classify it as it is declared")
    if actions != ([what.action] if isinstance(what, Guarded) else []):
        raise TypeError(f"{coordinate} is classified as {what}: declare it with exactly that requires(…), or classify it as it is declared")
    if isinstance(what, Personal) and isinstance(field.type, GraphQLNonNull):
        raise TypeError(f"{coordinate} is @pii and must be nullable: null is how personal data is withheld")
    printed = {type(directive).__name__ for directive in definition.directives}
    if isinstance(what, Personal) and "Pii" not in printed:
        raise TypeError(f"{coordinate} does not print @pii")


def _requires(extension: PermissionExtension) -> Iterable[Requires]:
    for permission in extension.permissions:
        if type(permission) is not Requires:
            raise TypeError(f"{type(permission).__name__} is not Requires(action): the policy table decides, nothing else")
        yield permission


def _check_arguments(coordinate: str, field: GraphQLField) -> None:
    if field.args:
        if coordinate not in classification.ARGUMENTS:
            raise Unclassified(coordinate, "ARGUMENTS")
        _same_names(coordinate, classification.ARGUMENTS[coordinate], field.args, "ARGUMENTS")


def _check_input(named: GraphQLInputObjectType) -> None:
    if named.name not in classification.INPUTS:
        raise Unclassified(named.name, "INPUTS")
    _same_names(named.name, classification.INPUTS[named.name], named.fields, "INPUTS")
    for name, field in named.fields.items():
        definition = field.extensions["strawberry-definition"]
        if definition.extensions or definition.permission_classes:
            raise TypeError(f"{named.name}.{name} is an input: a permission or extension on it would be ignored without a word")


def _same_names(where: str, classified: Mapping[str, Class], declared: Mapping[str, object], mapping: str) -> None:
    for name in declared:
        if name not in classified:
            raise Unclassified(f"{where}.{name}", mapping)
    for name in classified:
        if name not in declared:
            raise TypeError(f"{where}.{name} is classified in {mapping} but does not exist: take it out of policy/classification.py")


def _no_leftovers(used: set[str], asked: set[str]) -> None:
    left = (set(classification.FIELDS) | set(classification.INPUTS)) - used | set(classification.ARGUMENTS) - asked
    if left:
        raise TypeError(f"{', '.join(sorted(left))}: classified but not in the schema: take it out of policy/classification.py")


def _check_inside(schema: GraphQLSchema) -> None:
    """What is Inside may be reached only through a field that is guarded itself."""
    inside = {name for name, fields in classification.FIELDS.items() if any(isinstance(what, Inside) for what in fields.values())}
    for type_name, fields in classification.FIELDS.items():
        for name, what in fields.items():
            named = schema.type_map[type_name]
            assert isinstance(named, GraphQLObjectType | GraphQLInterfaceType)
            reached = get_named_type(named.fields[name].type).name
            if reached in inside and not isinstance(what, Personal | Guarded | Inside):
                raise TypeError(f"{type_name}.{name} shows a {reached}, whose fields are only for guarded fields: classify it as personal")


def _check_mutations(schema: GraphQLSchema) -> None:
    """The whole operation is decided before its first field runs: from each field's action, and from what stands in its input."""
    root = schema.mutation_type
    inputs = set()
    for name, field in root.fields.items() if root else ():
        if not isinstance(classification.field_class("Mutation", name), Guarded):
            raise TypeError(f"Mutation.{name} is a mutation: classify it as Guarded(action), and declare it with requires(action)")
        wanted = f"{name[0].upper()}{name[1:]}Input"
        if [f"{key}: {argument.type}" for key, argument in field.args.items()] != [f"input: {wanted}!"]:
            raise TypeError(f"Mutation.{name} must take input: {wanted}! and nothing else: the operation is decided from it before it runs")
        inputs.add(wanted)
    for type_name, classes in classification.INPUTS.items():
        if type_name not in inputs and any(isinstance(what, Protected) for what in classes.values()):
            raise TypeError(f"{type_name} holds what is Protected, but is no mutation's input: nobody would look at it before the operation runs")
