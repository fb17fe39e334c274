"""The executor: a mutation operation is decided whole before its first field runs, and each event of a subscription has its own context."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from contextlib import nullcontext
from inspect import isawaitable
from typing import Any
from uuid import UUID

from graphql import DocumentNode, ExecutionResult, GraphQLError, GraphQLObjectType, GraphQLSchema, OperationType
from graphql.execution import Executor as GraphQLExecutor
from graphql.execution.collect_fields import FieldDetailsList, collect_fields
from graphql.execution.values import get_argument_values
from graphql.pyutils import Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from models import spans
from policy.classification import INPUTS, Guarded, Protected, field_class
from policy.decision import Decision, Facts
from policy.vocabulary import Action, Reason
from resolvers import facts as facts_of
from resolvers.budgets import NotHeld
from resolvers.errors import BadInput, LatchkeyError, RateLimited, Refused
from schema import ids
from schema.context import Context
from schema.cost import affordable
from schema.errors import TooComplex


class NotRun(Refused):
    """A mutation that was not refused itself, but stands in an operation with one that was."""


class TooLong(TooComplex):
    """The operation was stopped."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"The operation took longer than {seconds:g} s and was stopped; of a mutation, look whether it was done")


class Executor(StrawberryGraphQLCoreExecutionContext):
    """Strawberry's, and the decision before it."""

    context_value: Context
    document: DocumentNode

    @classmethod
    def build(cls, schema: GraphQLSchema, document: DocumentNode, *args: Any, **options: Any) -> Any:
        """Strawberry's, or the reason why the operation is not executed at all: it could cost too much."""
        built: Any = super().build(schema, document, *args, **options)
        if isinstance(built, list):
            return built
        built.document = document
        try:
            built.admit()
        except LatchkeyError as error:
            if isinstance(error, NotHeld):
                built.context_value.owes = error.cost
            elif isinstance(error, RateLimited):
                built.context_value.retry_after = error.retry_after
            return [GraphQLError(str(error), original_error=error)]
        return built

    def admit(self) -> None:
        """Take what it could cost from the caller's budget. Raises TooManyRunning, TooComplex, NotHeld and OverBudget."""
        noted = self.context_value.noted
        noted.type = self.operation.operation.value
        if self.operation.operation is not OperationType.SUBSCRIPTION:
            self.context_value.running.require_room(self.context_value.who)
        noted.cost = self.cost()
        if self.context_value.budget is not None and not self.context_value.paid:
            self.context_value.budget.spend(noted.cost)

    def cost(self) -> int:
        """What the operation could cost, in fields. Raises TooComplex for too much."""
        return affordable(self.schema, self.operation, self.fragment_definitions, self.variable_values.coerced)

    def execute_operation(self, serially: bool | None = None) -> Any:
        """Execute the operation; for a mutation, refuse it whole if any of its fields is refused."""
        mutation = self.operation.operation is OperationType.MUTATION
        result = self._decided(serially) if mutation else super().execute_operation(serially)
        return self._in_time(result) if isawaitable(result) else result

    async def _in_time(self, result: Awaitable[Any]) -> Any:
        """The result, if it comes in time. One that does not is stopped, and its transaction rolled back."""
        context, subscribed = self.context_value, self.operation.operation is OperationType.SUBSCRIPTION
        limit = asyncio.timeout(context.operation_seconds)
        try:
            with nullcontext() if subscribed else context.running.one(context.who), spans.span("operation", context.noted.as_attributes()):
                async with limit:
                    return await result
        except TimeoutError:
            if not limit.expired():
                raise
            error = TooLong(context.operation_seconds)
        return ExecutionResult(None, [GraphQLError(str(error), original_error=error)])

    def build_per_event_executor(self, payload: Any) -> GraphQLExecutor[Any]:
        """An executor for one event, with a context of its own."""
        executor = super().build_per_event_executor(payload)
        executor.context_value = self.context_value.event = self.context_value.fresh()
        return executor

    async def _decided(self, serially: bool | None) -> Any:
        root = self.schema.mutation_type
        assert root is not None
        fields = collect_fields(self.schema, self.fragments, self.variable_values, root, self.operation, self.hide_suggestions).grouped_field_set
        with spans.span("decide"):
            refused = await self._refused(root, fields)
        if not refused:
            result = super().execute_operation(serially)
            return await result if isawaitable(result) else result
        return self._refuse(root, fields, refused)

    async def _refused(self, root: GraphQLObjectType, fields: Mapping[str, FieldDetailsList]) -> dict[str, Decision]:
        """The fields that may not run, and why. Those that may are noted in the context."""
        refused: dict[str, Decision] = {}
        for response_key, details in fields.items():
            name = details[0].node.name.value
            if name == "__typename":
                continue
            decision = await self._ask(root, name, details)
            if decision.allowed is True:
                self.context_value.decided[response_key] = decision.action
            else:
                refused[response_key] = decision
        return refused

    def _refuse(self, root: GraphQLObjectType, fields: Mapping[str, FieldDetailsList], refused: Mapping[str, Decision]) -> Any:
        first = next(iter(refused.values()))
        data: dict[str, Any] = {}
        for response_key, details in fields.items():
            if details[0].node.name.value == "__typename":
                data[response_key] = root.name
                continue
            data[response_key] = None
            error = Refused(refused[response_key]) if response_key in refused else NotRun(first)
            path = Path(None, response_key, root.name)
            self.collected_errors.add(GraphQLError(str(error), [each.node for each in details], path=path.as_list(), original_error=error), path)
        return self.build_response(data)

    async def _ask(self, root: GraphQLObjectType, name: str, details: FieldDetailsList) -> Decision:
        """May this mutation run? What names nothing the caller may know of is let through, to answer NOT_FOUND when it runs."""
        definition = self.schema.get_field(root, name)
        assert definition is not None
        guarded = field_class(root.name, name)
        assert isinstance(guarded, Guarded)
        given = get_argument_values(definition, details[0].node, self.variable_values, details[0].fragment_variable_values).get("input", {})
        facts = await self._facts(given)
        input_type = f"{name[0].upper()}{name[1:]}Input"
        for action in _actions(guarded.action, INPUTS[input_type], given):
            decision = self.context_value.gate.ask(action, facts)
            if decision.allowed is not True and not (facts is None and decision.reason is Reason.UNDECIDED):
                return decision
        return Decision(guarded.action, allowed=True)

    async def _facts(self, given: Mapping[str, Any]) -> Facts | None:
        try:
            found = await _target(given)
        except LatchkeyError:
            return None
        return found if found is not None and self.context_value.gate.sees_account(found.account_id) else None


def _actions(action: Action, inputs: Mapping[str, object], given: Mapping[str, Any]) -> list[Action]:
    protected = any(isinstance(inputs.get(name), Protected) for name in given)
    return [Action.CHANGE_PROTECTED_SETTINGS, action] if protected else [action]


async def _target(given: Mapping[str, Any]) -> Facts | None:
    for name, type_name, read in (
        ("accountId", "Account", facts_of.of_account),
        ("parcelId", "Parcel", facts_of.of_parcel),
        ("claimId", "Claim", facts_of.of_claim),
    ):
        if name in given:
            row_key: UUID = ids.key(given[name], type_name)
            return await read(row_key)
    raise BadInput("The input names nothing")
