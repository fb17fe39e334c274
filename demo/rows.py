"""Rows on their way into the tables."""

from __future__ import annotations

from datetime import datetime
from random import Random
from typing import Final
from uuid import UUID

from models import database

#: Parents before children.
TABLES: Final = (
    "accounts",
    "account_settings",
    "account_personal_data",
    "direct_debits",
    "users",
    "consents",
    "parcels",
    "parcel_personal_data",
    "parcel_events",
    "parcel_files",
    "claims",
    "claim_personal_data",
    "investigation_entries",
    "investigation_personal_data",
    "access_log",
)

#: Longer than what serves requests may wait for PostgreSQL.
PATIENCE_SECONDS: Final = 600.0


class Rows:
    """Rows of several tables. All rows of a table name the same columns."""

    def __init__(self) -> None:
        self.of: dict[str, list[dict[str, object]]] = {table: [] for table in TABLES}

    def add(self, table: str, **columns: object) -> None:
        """One more row. JSON is given as text (`Json.of`)."""
        self.of[table].append(columns)

    async def store(self) -> None:
        """Write them all; inside the caller's transaction."""
        for table, rows in self.of.items():
            if rows:
                await database.insert_many(table, tuple(rows[0]), [tuple(row.values()) for row in rows], seconds=PATIENCE_SECONDS)


class Ids:
    """UUIDv7 keys (RFC 9562) of chosen instants, the same ones for the same seed."""

    def __init__(self, rng: Random) -> None:
        self._random = rng.getrandbits

    def at(self, moment: datetime) -> UUID:
        """A new key made, as it says, at that moment."""
        milliseconds = int(moment.timestamp() * 1000)
        return UUID(int=milliseconds << 80 | 0x7 << 76 | self._random(12) << 64 | 0b10 << 62 | self._random(62))
