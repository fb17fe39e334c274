"""The schema whose documents, once kept, are executed without Strawberry's way in: it was gone the first time, and says nothing new."""

from __future__ import annotations

from inspect import isawaitable
from typing import Any

from graphql import GraphQLError, OperationDefinitionNode, OperationType
from strawberry.types import ExecutionResult

from engine.executor import FastExecutor
from schema.build import Schema, all_told, build_as
from schema.context import Context
from schema.prepared import Kept, Prepared


class FastSchema(Schema):
    """Ours, and quick where a document is kept."""

    executor: type[FastExecutor]

    async def execute(self, query: str | None, *, context_value: Any = None, **options: Any) -> Any:  # type: ignore[override] # as in Schema
        """Execute a query or mutation of a request."""
        kept = self.prepared.find(query or "")
        if kept is None or not _is_clear(kept, options.get("operation_name")):
            return await super().execute(query, context_value=context_value, **options)
        result = await self._run(kept, context_value, options)
        if report := context_value.report.as_extension():
            result.extensions = {"privacy": report}
        return all_told(result, context_value)

    async def _run(self, kept: Kept, context: Context, options: dict[str, Any]) -> ExecutionResult:
        try:
            built = self.executor.build(
                self._schema,
                kept.document,
                context_value=context,
                raw_variable_values=options.get("variable_values"),
                operation_name=options.get("operation_name"),
            )
            if isinstance(built, list):
                return ExecutionResult(None, built)
            result: Any = built.execute_operation()
            if isawaitable(result):
                result = await result
            return ExecutionResult(result.data, result.errors)
        except Exception as error:  # noqa: BLE001 (as Strawberry does: it is told, masked)
            return ExecutionResult(None, [error if isinstance(error, GraphQLError) else GraphQLError(str(error), original_error=error)])


def build(prepared: Prepared | None = None) -> FastSchema:
    """The schema, which keeps documents in `prepared`. Raises TypeError for a developer's mistake, saying how to mend it."""
    prepared = prepared or Prepared()
    executor = type("Executor", (FastExecutor,), {"prepared": prepared})
    schema = build_as(FastSchema, executor, prepared)
    schema.executor = executor
    return schema


def _is_clear(kept: Kept, name: str | None) -> bool:
    """Is it one query or mutation that is meant? What else there may be is answered, or refused, the long way."""
    operations = [each for each in kept.document.definitions if isinstance(each, OperationDefinitionNode)]
    meant = [each for each in operations if name is None or (each.name is not None and each.name.value == name)]
    return len(meant) == 1 and meant[0].operation is not OperationType.SUBSCRIPTION and (name is not None or len(operations) == 1)
