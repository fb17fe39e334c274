"""The executor whose values are completed by generated functions, where the document is one that is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, ClassVar

import structlog
from graphql import (
    GraphQLField,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    get_named_type,
    is_composite_type,
)
from graphql.execution.collect_fields import FieldDetailsList, collect_subfields
from graphql.pyutils import Path

from engine.completion import Completion, NotCompiled, Run, compiled
from schema.errors import place_of
from schema.executor import Executor
from schema.prepared import Prepared
from schema.privacy import pattern_of

#: With which one document may be asked, and its cost be remembered.
MOST_NUMBERS = 100
log = structlog.get_logger(__name__)


class FastExecutor(Executor):
    """Ours, completed fast. Where that fails, it is done again as Strawberry does it."""

    prepared: ClassVar[Prepared]
    made: dict[object, Any] | None = None

    def admit(self) -> None:
        """Find what was made of the document, then as ours."""
        kept = self.prepared.of(self.document)
        if kept is not None:
            shape = (id(self.operation), *(self.variable_values.coerced.get(name) for name in kept.conditions))
            self.made = kept.of_shape(shape)
        self.context_value.made = self.made
        super().admit()

    def cost(self) -> int:
        """Raises TooComplex. What an operation cost once it costs again, asked with the same numbers and lists as long."""
        if self.made is None:
            return super().cost()
        key = tuple((name, _number(value)) for name, value in self.variable_values.coerced.items())
        known: dict[tuple[object, ...], int] = self.made.setdefault("cost", {})
        if key in known:
            return known[key]
        cost = super().cost()
        if len(known) < MOST_NUMBERS:
            known[key] = cost
        return cost

    def complete_value(
        self,
        return_type: GraphQLOutputType,
        field_details_list: FieldDetailsList,
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Any,
        position_context: Any,
    ) -> Any:
        """The completed value, or an awaitable of it."""
        if self.made is not None and result is not None and not isinstance(result, Exception):
            completion = self._completion(return_type, field_details_list, info, path)
            if completion is not None:
                report, run = self.context_value.report, Run(self, self.is_awaitable)
                counts = report.counts.copy()
                try:
                    value = completion.function(result, path, run)
                except Exception as error:  # noqa: BLE001 (whatever it is, the executor finds out what to tell of it)
                    self.made = None
                    report.counts = counts
                    self.settle_in_background([awaitable for _, _, awaitable in run.waiting])
                    log.debug("completed slowly", error=type(error).__name__, where=place_of(error))
                else:
                    completion.report(run, report)
                    return _awaited(value, run) if run.waiting else value
        return super().complete_value(return_type, field_details_list, info, path, result, position_context)

    def _completion(self, return_type: GraphQLOutputType, details: FieldDetailsList, info: GraphQLResolveInfo[Any], path: Path) -> Completion | None:
        assert self.made is not None
        key = info.parent_type.name, pattern_of(path)
        if key not in self.made:
            self.made[key] = None
            if is_composite_type(get_named_type(return_type)):
                with suppress(NotCompiled):
                    self.made[key] = compiled(self, return_type, details, key[1])
        found: Completion | None = self.made[key]
        return found

    # What the compiler asks (engine.completion.Fields).

    def subfields(self, object_type: GraphQLObjectType, details: FieldDetailsList) -> dict[str, FieldDetailsList]:
        """The fields asked for below these, by response key."""
        return collect_subfields(
            self.schema, self.fragments, self.variable_values, self.operation, object_type, details, self.hide_suggestions
        ).grouped_field_set

    def possible_types(self, abstract: Any) -> Iterable[GraphQLObjectType]:
        """The object types of an interface."""
        return self.schema.get_possible_types(abstract)

    def definition(self, object_type: GraphQLObjectType, name: str) -> GraphQLField:
        """A field of a type."""
        found = self.schema.get_field(object_type, name)
        assert found is not None, "validated"
        return found


def _number(value: object) -> int | None:
    """What of a variable's value an operation's cost depends on."""
    return value if isinstance(value, int) else len(value) if isinstance(value, list) else None


async def _awaited(value: Any, run: Run) -> Any:
    """The value once everything handed back has come."""
    found = await asyncio.gather(*(awaitable for _, _, awaitable in run.waiting))
    for (answer, key, _), each in zip(run.waiting, found, strict=True):
        answer[key] = each
    return value
