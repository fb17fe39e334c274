"""`extensions.privacy` on every answer, and what a document has to be before it is executed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from graphql import GraphQLError, OperationDefinitionNode
from strawberry.extensions import SchemaExtension

from schema.context import Context
from schema.errors import NO_SUCH_OPERATION

MOST_TOKENS = 10_000


class PrivacyExtension(SchemaExtension):
    """Tells what the answer withheld, and what it showed to an agent; of a subscription, for each event its own."""

    def get_results(self) -> dict[str, Any]:
        """The report of the operation, or of the event that was just answered."""
        context = self.execution_context.context
        if not isinstance(context, Context):
            return {}
        report = (context.event or context).report.as_extension()
        return {"privacy": report} if report else {}


class DocumentExtension(SchemaExtension):
    """Refuses a document of too many tokens, and one of several operations when none is named (Strawberry would run the first)."""

    def on_operation(self) -> Iterator[None]:
        """Before it is parsed."""
        self.execution_context.parse_options["max_tokens"] = MOST_TOKENS
        yield

    def on_validate(self) -> Iterator[None]:
        """Before it is validated: an error set here is the answer."""
        given = self.execution_context
        definitions = given.graphql_document.definitions if given.graphql_document else ()
        operations = [each for each in definitions if isinstance(each, OperationDefinitionNode)]
        if len(operations) > 1 and given._provided_operation_name is None:  # noqa: SLF001 (what was sent stands only there)
            given.pre_execution_errors = [GraphQLError(NO_SUCH_OPERATION)]
        yield
