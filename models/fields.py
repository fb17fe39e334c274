"""What every table shares: UUIDv7 keys and instants that compare as text on SQLite."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from uuid import UUID

from tortoise import Model, fields
from tortoise.backends.sqlite import executor as executor  # noqa: PLC0414 (it registers adapters, which ours below replace)
from uuid_utils.compat import uuid7

__all__ = ["Keyed", "instant_text", "new_id", "oldest_id"]


def instant_text(value: datetime) -> str:
    """An aware datetime as SQLite keeps it: UTC, always with six digits of fraction, so that text order is time order."""
    return value.astimezone(UTC).isoformat(" ", "microseconds")


sqlite3.register_adapter(datetime, instant_text)
sqlite3.register_adapter(UUID, str)


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562): sorts by the time it was made."""
    return uuid7()


def oldest_id(at: datetime) -> UUID:
    """No UUIDv7 made at this instant or later sorts before it."""
    return UUID(int=int(at.timestamp() * 1000) << 80)


class Keyed(Model):
    """A table whose primary key is a UUIDv7."""

    id = fields.UUIDField(primary_key=True, default=new_id)

    class Meta:
        abstract = True
