"""`@requires`: the caller must be allowed an action, or the field answers with a FORBIDDEN error.

Of a mutation this was decided for the whole operation before its first field ran (schema/executor.py); of a field of a row, the facts are
in the row. Nothing here decides: the gate does.
"""

from __future__ import annotations

from typing import Any

import strawberry
from strawberry.permission import BasePermission, PermissionExtension
from strawberry.schema_directive import Location
from strawberry.types import Info

from policy.decision import Facts
from policy.vocabulary import Action


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    name="requires",
    description="The caller must be allowed this action, or the field answers with a FORBIDDEN error.",
)
class RequiresDirective:
    """Printed on every field that takes an action."""

    action: Action = strawberry.directive_field("action")


class Requires(BasePermission):
    """May the caller do `action` to the row this field belongs to, or to what the mutation names?"""

    def __init__(self, action: Action) -> None:
        self.action = action

    @property
    def schema_directive(self) -> object:
        """The directive printed on the field."""
        return RequiresDirective(action=self.action)

    def has_permission(self, source: Any, info: Info[Any, Any], **kwargs: Any) -> bool:  # noqa: ARG002 (Strawberry's signature)
        """True, or Refused is raised with the decision. Without facts, or for a mutation nobody decided, it is refused."""
        if source is None:
            decided: bool = info.context.was_decided(info.path.key, self.action)
            return decided
        facts = getattr(source, "facts", None)
        info.context.gate.require(self.action, facts if isinstance(facts, Facts) else None)
        return True


def requires(action: Action) -> PermissionExtension:
    """The extension that puts `Requires(action)` on a field."""
    return PermissionExtension([Requires(action)])
