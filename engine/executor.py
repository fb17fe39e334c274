"""The executor whose values are completed by generated functions, where the document is one that is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, ClassVar

import structlog
from graphql import (
    DirectiveNode,
    DocumentNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLSchema,
    VariableNode,
    Visitor,
    get_named_type,
    is_composite_type,
    visit,
)
from graphql.execution.collect_fields import FieldDetailsList, collect_subfields
from graphql.pyutils import Path

from engine.completion import Completion, NotCompiled, Run, compiled
from schema.errors import place_of
from schema.executor import Executor
from schema.prepared import Kept, Prepared
from schema.privacy import pattern_of

#: Of one document. Its places are few; what `@skip` and `@include` make of them may be many.
MOST_COMPLETIONS = 100
log = structlog.get_logger(__name__)


class FastExecutor(Executor):
    """Ours, completed fast. Where that fails, it is done again as Strawberry does it."""

    prepared: ClassVar[Prepared]
    kept: Kept | None = None
    shape: tuple[object, ...] = ()

    @classmethod
    def build(cls, schema: GraphQLSchema, document: DocumentNode, *args: Any, **options: Any) -> Any:
        """An executor, or the errors that are the answer."""
        built = super().build(schema, document, *args, **options)
        if isinstance(built, cls) and (kept := cls.prepared.of(document)) is not None:
            built.kept = kept
            built.shape = tuple(built.variable_values.coerced.get(name) for name in conditions(kept))
        return built

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
        if self.kept is not None and result is not None and not isinstance(result, Exception):
            completion = self._completion(return_type, field_details_list, info, path)
            if completion is not None:
                report, run = self.context_value.report, Run(self, self.is_awaitable)
                counts = report.counts.copy()
                try:
                    value = completion.function(result, path, run)
                except Exception as error:  # noqa: BLE001 (whatever it is, the executor finds out what to tell of it)
                    self.kept = None
                    report.counts = counts
                    self.settle_in_background([awaitable for _, _, awaitable in run.waiting])
                    log.debug("completed slowly", error=type(error).__name__, where=place_of(error))
                else:
                    completion.report(run, report)
                    return _awaited(value, run) if run.waiting else value
        return super().complete_value(return_type, field_details_list, info, path, result, position_context)

    def _completion(self, return_type: GraphQLOutputType, details: FieldDetailsList, info: GraphQLResolveInfo[Any], path: Path) -> Completion | None:
        assert self.kept is not None
        pattern, made = pattern_of(path), self.kept.made
        key = (id(self.operation), info.parent_type.name, pattern, self.shape)
        if key not in made and len(made) < MOST_COMPLETIONS:
            made[key] = None
            if is_composite_type(get_named_type(return_type)):
                with suppress(NotCompiled):
                    made[key] = compiled(self, return_type, details, pattern)
        found: Completion | None = made.get(key)
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


def conditions(kept: Kept) -> tuple[str, ...]:
    """The variables that `@skip` and `@include` of a document ask."""
    if "conditions" not in kept.made:
        asked = _Conditions()
        visit(kept.document, asked)
        kept.made["conditions"] = tuple(sorted(asked.names))
    names: tuple[str, ...] = kept.made["conditions"]
    return names


class _Conditions(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_directive(self, node: DirectiveNode, *_: Any) -> None:
        """One of a field or fragment."""
        self.names |= {each.value.name.value for each in node.arguments or () if isinstance(each.value, VariableNode)}


async def _awaited(value: Any, run: Run) -> Any:
    """The value once everything handed back has come."""
    found = await asyncio.gather(*(awaitable for _, _, awaitable in run.waiting))
    for (answer, key, _), each in zip(run.waiting, found, strict=True):
        answer[key] = each
    return value
