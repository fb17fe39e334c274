"""`extensions.privacy` on every answer."""

from __future__ import annotations

from typing import Any

from strawberry.extensions import SchemaExtension

from schema.context import Context


class PrivacyExtension(SchemaExtension):
    """Tells what the answer withheld, and what it showed to an agent; of a subscription, for each event its own."""

    def get_results(self) -> dict[str, Any]:
        """The report of the operation, or of the event that was just answered."""
        context = self.execution_context.context
        if not isinstance(context, Context):
            return {}
        report = (context.event or context).report.as_extension()
        return {"privacy": report} if report else {}
