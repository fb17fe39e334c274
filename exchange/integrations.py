"""Shipping platforms that post to us: made here, and found by the id in the address they post to."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from uuid import UUID

from models import database
from models.fields import new_id
from resolvers.errors import NotFound
from resolvers.texts import checked_text

LONGEST_NAME = 255


@dataclass(frozen=True, slots=True)
class Integration:
    """Whose parcels it tells of, and what it signs with."""

    account_id: UUID
    secret: str = field(repr=False)


async def add_integration(account_id: UUID, name: str) -> tuple[UUID, str]:
    """Add one: its id, and its secret, which is never shown again. Raises NotFound (no such account), BadInput (the name)."""
    named = checked_text(name, "name", LONGEST_NAME)
    key, secret = new_id(), secrets.token_urlsafe(32)
    async with database.transaction():
        if not await database.lock_account(account_id):
            raise NotFound("account")
        await database.execute(
            "INSERT INTO integrations (id, account_id, name, secret, created_at) VALUES (:id, :account, :name, :secret, {now})",
            id=key,
            account=account_id,
            name=named,
            secret=secret,
        )
    return key, secret


async def end_integration(key: UUID) -> bool:
    """Believe nothing more it signs, from now on; False if there is no such live one."""
    return await database.execute("UPDATE integrations SET ended_at = {now} WHERE id = :id AND ended_at IS NULL", id=key) > 0


async def live(key: UUID) -> Integration | None:
    """The integration of this id, unless it or its account has ended."""
    found = database.one(
        await database.fetch(
            """SELECT i.account_id, i.secret FROM integrations i JOIN accounts a ON a.id = i.account_id AND a.deleted_at IS NULL
            WHERE i.id = :id AND i.ended_at IS NULL""",
            id=key,
        )
    )
    return None if found is None else Integration(database.uuid(found["account_id"]), found["secret"])
