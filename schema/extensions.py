"""`extensions.privacy` on every answer, and what a document has to be before it is executed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from graphql import DocumentNode, GraphQLError, OperationDefinitionNode, specified_rules, validate
from graphql.validation import MaxIntrospectionDepthRule, NoFragmentCyclesRule
from strawberry.extensions import SchemaExtension
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from schema.context import Context
from schema.errors import NO_SUCH_OPERATION, TooComplex
from schema.prepared import Prepared
from schema.size import MOST_TOKENS, require_modest

#: Each takes a look through the text for its place.
MOST_ERRORS = 10
_RULES = (*specified_rules, MaxIntrospectionDepthRule, MaybeNullValidationRule, OneOfInputValidationRule)


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
    """Refuses a document that is too large to validate, and one of several operations when none is named (Strawberry would run the first).

    What was valid once is neither parsed nor validated again.
    """

    def __init__(self, prepared: Prepared) -> None:
        super().__init__()
        self.prepared = prepared

    def on_operation(self) -> Iterator[None]:
        """Before it is parsed."""
        given = self.execution_context
        given.parse_options["max_tokens"] = MOST_TOKENS
        kept = self.prepared.find(given.query or "")
        given.graphql_document = None if kept is None else kept.document
        yield

    def on_validate(self) -> Iterator[None]:
        """Before it is validated: an error set here is the answer."""
        given = self.execution_context
        if given.graphql_document:
            given.pre_execution_errors = self._unclear(given.graphql_document) or self._wrong_with(given.graphql_document)
        yield

    def _unclear(self, document: DocumentNode) -> list[GraphQLError]:
        operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
        provided = self.execution_context._provided_operation_name  # noqa: SLF001 (what was sent stands only there)
        return [GraphQLError(NO_SUCH_OPERATION)] if len(operations) > 1 and provided is None else []

    def _wrong_with(self, document: DocumentNode) -> list[GraphQLError]:
        if self.prepared.of(document) is not None:
            return []
        try:
            size = require_modest(document)
        except TooComplex as error:
            return [GraphQLError(str(error), original_error=error)]
        schema = self.execution_context.schema._schema  # noqa: SLF001 (graphql-core's)
        rules = [NoFragmentCyclesRule] if size.circular else _RULES
        errors = validate(schema, document, rules, max_errors=MOST_ERRORS, hide_suggestions=True)
        if not errors:
            self.prepared.keep(self.execution_context.query or "", document)
        return errors
