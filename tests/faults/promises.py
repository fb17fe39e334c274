"""What a server promised its clients, one answer after the other, and whether the database keeps it after the server was killed."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any
from uuid import UUID

from models import database
from schema.ids import key


@dataclass
class Promises:
    """What was answered. A request without an answer promised nothing: it may have happened or not."""

    granted: dict[UUID, UUID] = field(default_factory=dict)  # consents, by the account that was told
    ended: set[UUID] = field(default_factory=set)
    filed: set[UUID] = field(default_factory=set)
    closed: dict[UUID, str | None] = field(default_factory=dict)  # claims, with the request of the agent who closed it
    shown: dict[str, frozenset[UUID]] = field(default_factory=dict)  # parcels whose data came with the answer to a request
    unanswered: int = 0
    kept: Counter[str] = field(default_factory=Counter)

    def answered(self) -> int:
        """How many things were promised and not looked at yet."""
        return len(self.granted) + len(self.ended) + len(self.filed) + len(self.closed) + len(self.shown)

    async def broken(self) -> list[str]:
        """Look at all that was promised since the last time: what the database does not hold, in words."""
        found = [*await self._consents(), *await self._claims(), *await self._disclosures(), *await _double()]
        for name, made in (("granted", self.granted), ("ended", self.ended), ("filed", self.filed), ("closed", self.closed), ("shown", self.shown)):
            self.kept[name] += len(made)
            made.clear()
        return found

    async def _consents(self) -> list[str]:
        rows = {database.uuid(row["id"]): row for row in await database.fetch("SELECT id, ended_at FROM consents")}
        lost = [f"consent {consent} was granted and is not there" for consent in self.granted if consent not in rows]
        return lost + [f"consent {consent} was ended and is open" for consent in self.ended if rows[consent]["ended_at"] is None]

    async def _claims(self) -> list[str]:
        rows = {
            database.uuid(row["id"]): row
            for row in await database.fetch(
                "SELECT k.id, k.closed_at, d.claim_id AS written FROM claims k LEFT JOIN claim_personal_data d ON d.claim_id = k.id"
            )
        }
        logged = {row["request_id"] for row in await database.fetch("SELECT request_id FROM access_log WHERE action = 'CLOSE_CLAIM'")}
        lost = [f"claim {claim} was filed and is not there" for claim in self.filed if claim not in rows]
        lost += [f"claim {claim} was closed and is open" for claim in self.closed if rows[claim]["closed_at"] is None]
        lost += [f"claim {claim} is there by half" for claim, row in rows.items() if row["written"] is None]
        return lost + [f"claim {claim} was closed and not recorded" for claim, by in self.closed.items() if by is not None and by not in logged]

    async def _disclosures(self) -> list[str]:
        owed = {request: set(parcels) for request, parcels in self.shown.items()}
        async for row in _looks():
            if row["request_id"] in owed:
                owed[row["request_id"]].discard(database.uuid(row["parcel_id"]))
        return [f"request {request} showed what is not recorded" for request, parcels in owed.items() if parcels]


async def _looks() -> AsyncIterator[database.Row]:
    """The access log's rows of parcels that were shown, by key: however many there are, never more than a batch in memory."""
    rows: Sequence[database.Row] = [{"id": UUID(int=0)}]
    while rows:
        rows = await database.fetch(
            """SELECT id, request_id, parcel_id FROM access_log WHERE id > :last AND action = 'VIEW_PERSONAL_DATA' AND parcel_id IS NOT NULL
            ORDER BY id LIMIT 5000""",
            last=rows[-1]["id"],
        )
        for row in rows:
            yield row


async def _double() -> list[str]:
    """Accounts with two consents open, or two that were open at the same time."""
    rows = await database.fetch("SELECT id, account_id, granted_at, ended_at, live_for FROM consents ORDER BY account_id, granted_at, ended_at")
    found = []
    for one, next_one in pairwise(rows):
        if one["account_id"] != next_one["account_id"]:
            continue
        if one["ended_at"] is None or one["live_for"] is not None or database.moment(one["ended_at"]) > database.moment(next_one["granted_at"]):
            found.append(f"consents {one['id']} and {next_one['id']} are open together")
    return found


def id_of(node: dict[str, Any], type_name: str) -> UUID:
    """The key in a global id."""
    return key(node["id"], type_name)
