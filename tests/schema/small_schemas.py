"""Small schemas, made of our own declarations and held against a classification of their own: for what ours must never come to be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import strawberry

from policy import classification
from policy.classification import Class, Guarded, Outline, Personal
from policy.vocabulary import Action, PiiCategory
from schema.build import check
from schema.privacy import pii

EMAIL = Personal(PiiCategory.CONTACT)
SETTINGS = Guarded(Action.VIEW_SETTINGS)
OUTLINE = Outline()
Classes = dict[str, Class]
Classify = Callable[..., None]


def classifying(patch: pytest.MonkeyPatch) -> Classify:
    """What puts another classification in the place of ours."""

    def put(FIELDS: dict[str, Classes], ARGUMENTS: dict[str, Classes] | None = None, INPUTS: dict[str, Classes] | None = None) -> None:  # noqa: N803 (as there)
        patch.setattr(classification, "FIELDS", FIELDS)
        patch.setattr(classification, "ARGUMENTS", ARGUMENTS or {})
        patch.setattr(classification, "INPUTS", INPUTS or {})

    return put


def built(query: type, **options: Any) -> strawberry.Schema:
    """A schema of this query that holds against the classification."""
    schema = strawberry.Schema(query=strawberry.type(query, name="Query"), **options)
    check(schema._schema)
    return schema


def refusal(query: type, **options: Any) -> str:
    """Why it does not build."""
    with pytest.raises(TypeError) as refused:
        built(query, **options)
    return str(refused.value)


# Types are made anew for each build: Strawberry changes what it is given.


def plain(**options: Any) -> Any:
    return strawberry.field(description="x", **options)


def contact(**options: Any) -> Any:
    return pii(PiiCategory.CONTACT, "x", **options)


def a_type(name: str = "Query", /, **fields: tuple[Any, Any]) -> type:
    """A class with these fields: of what type, and how declared."""
    return type(name, (), {"__annotations__": {key: kind for key, (kind, _) in fields.items()}, **{key: how for key, (_, how) in fields.items()}})


def email(how: Any) -> type:
    """A query with the one field `email`."""
    return a_type(email=(str | None, how))


def finding(**arguments: Any) -> type:
    """A query with the one field `found`, that takes this argument."""
    ((name, kind),) = arguments.items()

    def by_name(name: Any = None) -> str | None:
        return None

    def by_where(where: Any = None) -> str | None:
        return None

    resolver = {"name": by_name, "where": by_where}[name]
    resolver.__annotations__[name] = kind | None
    return type("Query", (), {"found": plain(resolver=resolver)})
