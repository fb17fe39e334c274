"""CSV links: for one merchant's user, good once, within five minutes. No agent makes one or opens one, also not one a merchant made."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from models import database
from models.database import Json
from models.fields import new_id
from policy.vocabulary import Action
from resolvers import facts as facts_of
from resolvers import parcels
from resolvers.errors import NotFound
from resolvers.gate import Gate
from resolvers.parcels import ParcelFilter

LIFETIME = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class ExportLink:
    """Where the CSV can be fetched once, and until when."""

    url: str = field(repr=False)
    expires_at: datetime


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


async def create(gate: Gate, account_id: UUID, filter: ParcelFilter) -> ExportLink:
    """Make a link for the caller. Raises NotFound, Refused, and BadInput for a filter that could not be used."""
    viewer = gate.require_viewer()
    parcels.require_usable(filter)
    token = secrets.token_urlsafe(32)
    async with database.transaction():
        await database.lock_account(account_id)
        known = gate.require_sight(await facts_of.of_account(account_id), "account")
        gate.require(Action.EXPORT_PARCELS, known)
        expires_at = await database.clock() + LIFETIME
        await database.execute(
            """INSERT INTO export_links (id, account_id, user_id, token_hash, parcel_filter, created_at, expires_at)
            VALUES (:id, :account, :viewer, :hash, :filter, {now}, :expires_at)""",
            id=new_id(),
            account=account_id,
            viewer=viewer.id,
            hash=_hash(token),
            filter=Json.of(_stored(filter)),
            expires_at=expires_at,
        )
    return ExportLink(f"/exports/{token}.csv", expires_at)


async def open_link(gate: Gate, token: str) -> tuple[UUID, ParcelFilter]:
    """Use a link: the account to export and its filter. Only for who made it, if they still may; a second time there is none.

    Raises Refused for an agent, whatever the link; NotFound for a link of somebody else, used, run out, or never made.
    """
    viewer = gate.require_viewer()
    if viewer.is_agent:
        gate.require(Action.EXPORT_PARCELS, None)
    rows = await database.fetch(
        """UPDATE export_links SET used_at = {now} WHERE token_hash = :hash AND user_id = :viewer AND used_at IS NULL AND expires_at > {now}
        RETURNING account_id, parcel_filter""",
        hash=_hash(token),
        viewer=viewer.id,
    )
    if not rows:
        raise NotFound("export")
    await database.execute("UPDATE export_links SET parcel_filter = NULL WHERE token_hash = :hash", hash=_hash(token))
    account_id = database.uuid(rows[0]["account_id"])
    gate.require(Action.EXPORT_PARCELS, gate.require_sight(await facts_of.of_account(account_id), "export"))
    return account_id, _restored(database.json(rows[0]["parcel_filter"]))


async def forget_old_links() -> None:
    """Remove the links that were used or ran out, and with them what somebody searched for."""
    await database.execute("DELETE FROM export_links WHERE used_at IS NOT NULL OR expires_at <= {now}")


def _stored(filter: ParcelFilter) -> dict[str, Any]:
    return {each.name: getattr(filter, each.name) for each in fields(filter)}


def _restored(stored: Mapping[str, Any]) -> ParcelFilter:
    moments = {name: database.optional_moment(stored[name]) for name in ("created_from", "created_before")}
    return ParcelFilter(**{**stored, **moments})
