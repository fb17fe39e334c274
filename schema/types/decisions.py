"""Decisions, as callers see them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import strawberry
from strawberry.types import Info

from policy import decision as policy
from policy.vocabulary import Action, Basis, Reason
from schema.context import Context

_ACTION = "What was asked."
_REASON = "Why not, when it is not allowed."
_BASIS = "On what ground, when it is allowed."
_UNTIL = "Until when, exclusive, where that is known."


@strawberry.type(description="May the caller do this now, and why, or why not?")
class Decision:
    """Shows `policy.decision.Decision`."""

    action: Action = strawberry.field(description=_ACTION)
    allowed: bool = strawberry.field(description="Is it allowed?")
    reason: Reason | None = strawberry.field(description=_REASON)
    basis: Basis | None = strawberry.field(description=_BASIS)
    until: datetime | None = strawberry.field(description=_UNTIL)


def _shown(root: strawberry.Parent[policy.Decision]) -> bool:
    return root.allowed is True


@strawberry.type(description="Is the personal data of this parcel shown to the caller, on what basis, until when; or why not.")
class Disclosure:
    """Shows the `policy.decision.Decision` on VIEW_PERSONAL_DATA."""

    shown: bool = strawberry.field(resolver=_shown, description="Is it shown?")
    basis: Basis | None = strawberry.field(description=_BASIS)
    reason: Reason | None = strawberry.field(description=_REASON)
    until: datetime | None = strawberry.field(description=_UNTIL)


Actions = Annotated[list[Action] | None, strawberry.argument(description="The actions asked about; by default all that make sense here.")]


def decisions_of(defaults: Sequence[Action]) -> Any:
    """The field `decisions` of a row that carries its facts."""

    def resolve(root: strawberry.Parent[Any], info: Info[Context, None], actions: Actions = strawberry.UNSET) -> list[policy.Decision]:
        gate = info.context.gate
        return [gate.ask(action, root.facts) for action in (actions if isinstance(actions, list) else defaults)]

    return strawberry.field(
        resolver=resolve,
        graphql_type=list[Decision],
        description="What the caller may do here now, and why not.",
    )
