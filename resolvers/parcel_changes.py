"""What is done to parcels: corrected, cancelled, deleted. Each decides again inside its transaction, from the facts as they are then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from models import database
from models.enums import ParcelStatus
from policy.vocabulary import Action
from resolvers import claims, live, search_keys
from resolvers import facts as facts_of
from resolvers.errors import Conflict
from resolvers.gate import Gate
from resolvers.parcels import coordinate

HEAVIEST_GRAMS = 10_000_000

RECIPIENT_INPUTS = {
    "name": 255,
    "company_name": 255,
    "street": 255,
    "house_number": 64,
    "address_line2": 255,
    "postal_code": 32,
    "city": 255,
    "region": 255,
}


async def update(gate: Gate, parcel_id: UUID, version: int, outline: Mapping[str, Any], personal: Mapping[str, Any]) -> None:
    """Correct a parcel: `outline` and `personal` hold the columns named, None clearing them. Values must be checked already.

    Raises NotFound, Refused, and Conflict unless `version` is the current one. `updated_at` moves with the outline only.
    """
    before = gate.require_sight(await facts_of.of_parcel(parcel_id), "parcel")
    async with database.transaction():
        await database.lock_account(before.account_id)
        known = gate.require_sight(await facts_of.of_parcel(parcel_id), "parcel")
        decision = gate.require(Action.CHANGE_PARCEL, known)
        found = await database.fetch(
            "SELECT name, email, postal_code, order_number, tracking_number, version FROM parcel_personal_data WHERE parcel_id = :id",
            id=parcel_id,
        )
        if not found or found[0]["version"] != version:
            raise Conflict("The parcel was changed meanwhile: read it again")
        current = {**found[0], **personal}
        searched = search_keys.keys(**{name: current[name] for name in ("name", "email", "postal_code", "order_number", "tracking_number")})
        columns = {**personal, **searched, "version": version + 1}
        await database.execute(
            f"UPDATE parcel_personal_data SET {', '.join(f'{name} = :{name}' for name in columns)} WHERE parcel_id = :id",
            id=parcel_id,
            **columns,
        )
        if outline:
            await database.execute(
                f"UPDATE parcels SET {', '.join(f'{name} = :{name}' for name in outline)}, updated_at = {{now}} WHERE id = :id",
                id=parcel_id,
                **outline,
            )
        await gate.record_change(decision, known, map(coordinate, [*outline, *personal]))


_CANCELLABLE = frozenset(
    {
        ParcelStatus.READY_TO_SEND,
        ParcelStatus.ANNOUNCING,
        ParcelStatus.ANNOUNCED,
        ParcelStatus.ANNOUNCED_UNCOLLECTED,
        ParcelStatus.NO_LABEL,
        ParcelStatus.CANCELLATION_FAILED,
    }
)


async def cancel(gate: Gate, parcel_id: UUID) -> None:
    """Cancel an announced parcel that no carrier has yet. Raises Conflict for one never announced (it would be deleted) or on its way."""
    before = gate.require_sight(await facts_of.of_parcel(parcel_id), "parcel")
    async with database.transaction():
        await database.lock_account(before.account_id)
        known = gate.require_sight(await facts_of.of_parcel(parcel_id), "parcel")
        decision = gate.require(Action.CANCEL_PARCEL, known)
        if not known.announced:
            raise Conflict("A parcel never announced can't be cancelled: delete it")
        status = ParcelStatus((await database.fetch("SELECT status FROM parcels WHERE id = :id", id=parcel_id))[0]["status"])
        if status not in _CANCELLABLE:
            raise Conflict("The parcel can't be cancelled any more")
        await database.execute("UPDATE parcels SET status = :status, updated_at = {now} WHERE id = :id", status=ParcelStatus.CANCELLED, id=parcel_id)
        await database.execute("UPDATE parcel_personal_data SET version = version + 1 WHERE parcel_id = :id", id=parcel_id)
        await gate.record_change(decision, known, ["Parcel.status"])


async def delete(gate: Gate, parcel_id: UUID) -> None:
    """Delete a parcel: its personal data, documents and events are destroyed, its open claims withdrawn. Merchants only."""
    before = gate.require_sight(await facts_of.of_parcel(parcel_id), "parcel")
    async with database.transaction():
        await database.lock_account(before.account_id)
        known = gate.require_sight(await facts_of.of_parcel(parcel_id), "parcel")
        gate.require(Action.DELETE_PARCEL, known)
        await database.execute("UPDATE parcels SET deleted_at = {now} WHERE id = :id", id=parcel_id)
        withdrawn = await database.fetch(
            "UPDATE claims SET status = 'WITHDRAWN', closed_at = {now} WHERE parcel_id = :id AND status IN :open RETURNING id",
            id=parcel_id,
            open=list(claims.OPEN),
        )
        await destroy_personal("= :id", id=parcel_id)
        for row in withdrawn:
            await live.announce("claim", known.account_id, database.uuid(row["id"]))


async def destroy_personal(which: str, **params: object) -> None:
    """Destroy what is personal of parcels: `which` is the end of a condition on the parcel's id."""
    claims = f"(SELECT k.id FROM claims k WHERE k.parcel_id {which})"
    entries = f"(SELECT e.id FROM investigation_entries e WHERE e.claim_id IN {claims})"
    for statement in (
        f"DELETE FROM investigation_personal_data WHERE entry_id IN {entries}",
        f"DELETE FROM claim_personal_data WHERE claim_id IN {claims}",
        f"DELETE FROM parcel_files WHERE parcel_id {which}",
        f"DELETE FROM parcel_events WHERE parcel_id {which}",
        f"DELETE FROM parcel_personal_data WHERE parcel_id {which}",
    ):
        await database.execute(statement, **params)
