"""Direct debit. Owners and admins of the merchant; no agent sees, sets or removes it, nor learns whether there is one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from schwifty import BIC, IBAN
from schwifty.exceptions import SchwiftyException

from models import database
from models.enums import DirectDebitStatus
from models.fields import new_id
from policy.vocabulary import Action
from resolvers import facts as facts_of
from resolvers.errors import BadInput
from resolvers.gate import Gate
from resolvers.texts import checked_text, storable


@dataclass(frozen=True, slots=True)
class DirectDebit:
    """A mandate. `iban` is its last four characters, for anyone."""

    status: DirectDebitStatus = field(repr=False)
    signed_at: datetime | None = field(repr=False)
    account_holder: str | None = field(repr=False)
    iban: str | None = field(repr=False)
    bic: str | None = field(repr=False)
    mandate_reference: str | None = field(repr=False)


async def of_accounts(gate: Gate, account_ids: Iterable[UUID]) -> dict[UUID, DirectDebit]:
    """The mandates of these accounts that the caller may see: for an agent nothing is read."""
    viewer = gate.require_viewer()
    if viewer.is_agent:
        return {}
    found: dict[UUID, DirectDebit] = {}
    for account_id in account_ids:
        known = await facts_of.of_account(account_id)
        if known is None or not gate.may(Action.VIEW_DIRECT_DEBIT, known):
            continue
        row = database.one(await database.fetch("SELECT * FROM direct_debits WHERE account_id = :id", id=account_id))
        if row is not None:
            found[account_id] = _built(row)
    return found


def _built(row: database.Row) -> DirectDebit:
    return DirectDebit(
        status=DirectDebitStatus(row["status"]),
        signed_at=database.optional_moment(row["signed_at"]),
        account_holder=row["account_holder"],
        iban="•••• " + row["iban"][-4:],
        bic=row["bic"],
        mandate_reference=row["mandate_reference"],
    )


async def set_mandate(gate: Gate, account_id: UUID, account_holder: str, iban: str, bic: str | None) -> None:
    """Set the mandate, in place of one there is. Raises NotFound, Refused, and BadInput for an IBAN or BIC that fails its check."""
    holder = checked_text(account_holder, "accountHolder", 255)
    number = _iban(iban)
    bank = _bic(bic) if bic else None
    async with database.transaction():
        await database.lock_account(account_id)
        known = gate.require_sight(await facts_of.of_account(account_id), "account")
        gate.require(Action.CHANGE_DIRECT_DEBIT, known)
        await database.execute("DELETE FROM direct_debits WHERE account_id = :id", id=account_id)
        await database.execute(
            """INSERT INTO direct_debits (account_id, account_holder, iban, bic, mandate_reference, status, signed_at)
            VALUES (:id, :holder, :iban, :bic, :reference, :status, {now})""",
            id=account_id,
            holder=holder,
            iban=number,
            bic=bank,
            reference=f"LK-{new_id().hex[-12:].upper()}",
            status=DirectDebitStatus.PENDING,
        )


async def remove(gate: Gate, account_id: UUID) -> None:
    """Remove the mandate; does nothing if there is none. Raises NotFound, Refused."""
    async with database.transaction():
        await database.lock_account(account_id)
        known = gate.require_sight(await facts_of.of_account(account_id), "account")
        gate.require(Action.CHANGE_DIRECT_DEBIT, known)
        await database.execute("DELETE FROM direct_debits WHERE account_id = :id", id=account_id)


def _iban(text: str) -> str:
    try:
        return str(IBAN(storable(text, "iban", 64), validate_bban=False).compact)
    except (SchwiftyException, ValueError):
        raise BadInput("iban is not an IBAN (ISO 13616: length or check digits)") from None


def _bic(text: str) -> str:
    try:
        return str(BIC(storable(text, "bic", 16)).compact)
    except (SchwiftyException, ValueError):
        raise BadInput("bic is not a BIC (ISO 9362)") from None
