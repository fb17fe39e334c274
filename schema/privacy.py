"""`@pii`: the second lock. The gate has already dropped what may not be shown; a field shows its value only if the row says so.

Denied is null and a count in `extensions.privacy`; anything missing, of the wrong type or undecided is denied.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import strawberry
from graphql.pyutils import Path
from strawberry.extensions import FieldExtension
from strawberry.schema_directive import Location
from strawberry.types import Info
from strawberry.types.base import StrawberryOptional
from strawberry.types.field import StrawberryField
from strawberry.utils.str_converters import to_camel_case

from policy.decision import Decision
from policy.vocabulary import Action, Basis, DataSubject, PiiCategory, Reason
from resolvers.errors import Refused


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    name="pii",
    description="This field holds personal data. It is null unless the caller may see this person's data now; why not stands in "
    "`Parcel.disclosure`, in errors, and in `extensions.privacy`. Anything computed from such a field is such a field.",
)
class Pii:
    """Printed on every classified field."""

    category: PiiCategory = strawberry.directive_field("category")
    subject: DataSubject = strawberry.directive_field("subject", default=DataSubject.RECIPIENT)


#: A path in the answer, with `*` for the positions in lists.
Pattern = tuple[str, ...]


@dataclass(slots=True)
class PrivacyReport:
    """What one answer withheld, and what it showed to an agent: counted by position, whether or not there is a value."""

    counts: Counter[tuple[bool, str, Pattern, PiiCategory, Reason | Basis]] = field(default_factory=Counter)

    def count(self, coordinate: str, path: Path, category: PiiCategory, decision: Decision) -> None:
        """Count one position of a classified field. A merchant's view of their own data is not reported."""
        if decision.allowed is not True:
            self.counts[False, coordinate, pattern_of(path), category, decision.reason or Reason.UNDECIDED] += 1
        elif decision.basis is not None and decision.basis is not Basis.OWN_DATA:
            self.counts[True, coordinate, pattern_of(path), category, decision.basis] += 1

    def as_extension(self) -> dict[str, list[dict[str, object]]]:
        """`extensions.privacy`, ordered by path: the order fields were answered in tells what took longer. Empty if there is nothing to say."""
        found: dict[str, list[dict[str, object]]] = {}
        for (shown, coordinate, path, category, why), count in sorted(self.counts.items(), key=_place):
            entry = {"field": coordinate, "path": list(path), "category": category.value, "basis" if shown else "reason": why.value, "count": count}
            found.setdefault("disclosed" if shown else "withheld", []).append(entry)
        return found


def _place(counted: tuple[tuple[bool, str, Pattern, PiiCategory, Reason | Basis], int]) -> tuple[object, ...]:
    shown, coordinate, path, _, why = counted[0]
    return shown, path, coordinate, why


def pattern_of(path: Path | None) -> Pattern:
    """Where a path leads, whichever the position in a list."""
    keys: list[str] = []
    while path is not None:
        keys.append("*" if isinstance(path.key, int) else path.key)
        path = path.prev
    keys.reverse()
    return tuple(keys)


def decision_on(source: object, action: Action) -> Decision:
    """What the row says of this action; UNDECIDED if it says nothing that can be understood, or answers another question."""
    shown = getattr(source, "shown", None)
    decision = shown.get(action) if type(shown) is dict or isinstance(shown, Mapping) else None
    if isinstance(decision, Decision) and decision.action is action:
        return decision
    return Decision(action, allowed=False, reason=Reason.UNDECIDED)


class PiiExtension(FieldExtension):
    """Null unless the row the field belongs to may show it. With `refuses`, a denial is an error as well."""

    def __init__(self, category: PiiCategory, subject: DataSubject, action: Action, *, refuses: bool = False) -> None:
        self.category = category
        self.subject = subject
        self.action = action
        self.refuses = refuses
        self.directive = Pii(category=category, subject=subject)

    def apply(self, field: StrawberryField) -> None:
        """Print the directive. Raises TypeError for a field that can't be null."""
        if not isinstance(field.type, StrawberryOptional):
            where = f"{field.origin.__name__}.{to_camel_case(field.python_name)}" if field.origin else field.python_name
            raise TypeError(f"{where} is @pii and must be nullable: null is how personal data is withheld")
        if self.directive not in field.directives:
            field.directives = [*field.directives, self.directive]

    def resolve(self, next_: Any, source: Any, info: Info[Any, Any], **kwargs: Any) -> Any:
        """The value, if the row may show it."""
        decision = decision_on(source, self.action)
        raw = info._raw_info  # noqa: SLF001 (Strawberry's Info does not give the parent type)
        info.context.report.count(f"{raw.parent_type.name}.{raw.field_name}", raw.path, self.category, decision)
        if decision.allowed is not True:
            if self.refuses:
                raise Refused(decision)
            return None
        return next_(source, info, **kwargs)


def pii(
    category: PiiCategory,
    description: str,
    *,
    subject: DataSubject = DataSubject.RECIPIENT,
    action: Action = Action.VIEW_PERSONAL_DATA,
    refuses: bool = False,
    **options: Any,
) -> Any:
    """A field that holds personal data of `subject`. Checked against policy/classification.py when the schema is built."""
    return strawberry.field(description=description, extensions=[PiiExtension(category, subject, action, refuses=refuses)], **options)
