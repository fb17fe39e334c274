"""Asking the API as somebody, without HTTP: what was answered, and what was recorded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson

import models
from models.fields import new_id
from policy.vocabulary import Viewer
from resolvers.live import Changes
from schema.build import Schema
from schema.context import Context
from schema.ids import global_id
from schema.scalars import as_json

#: For tests that only ask: nothing is heard.
SILENT = Changes()


@dataclass(frozen=True)
class Answer:
    """An answer. `text` is all of it, for looking whether a value is anywhere in it."""

    data: Any
    errors: list[dict[str, Any]]
    privacy: dict[str, Any]
    text: str = field(repr=False)

    @property
    def codes(self) -> list[str]:
        """The codes of the errors."""
        return [error["extensions"]["code"] for error in self.errors]

    @property
    def reasons(self) -> list[str | None]:
        """The reasons of the errors."""
        return [error["extensions"].get("reason") for error in self.errors]


def context_of(viewer: Viewer | None, **options: Any) -> Context:
    """A context for somebody, as the server makes one."""

    async def again() -> Viewer | None:
        return viewer

    given: dict[str, Any] = {"changes": SILENT, **options}
    return Context(viewer=viewer, request_id=str(new_id()), again=again, name_of=lambda _: None, **given)


async def ask(schema: Schema, viewer: Viewer | None, document: str, variables: dict[str, Any] | None = None, **options: Any) -> Answer:
    """Run a document as somebody."""
    result = await schema.execute(document, variable_values=variables, context_value=context_of(viewer, **options))
    data = orjson.loads(as_json(result.data))
    errors = [dict(error.formatted) for error in result.errors or []]
    extensions = result.extensions or {}
    return Answer(data, errors, extensions.get("privacy", {}), repr((data, errors, extensions)))


def account_id(key: UUID) -> str:
    """The global id of an account."""
    return global_id("Account", key)


def parcel_id(key: UUID) -> str:
    """The global id of a parcel."""
    return global_id("Parcel", key)


def claim_id(key: UUID) -> str:
    """The global id of a claim."""
    return global_id("Claim", key)


async def recorded() -> list[models.AccessEvent]:
    """The access log, oldest first."""
    return await models.AccessEvent.all().order_by("at", "id")
