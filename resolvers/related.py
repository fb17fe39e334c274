"""The rows a row leads to, loaded for a whole list at once as far as they were asked for: never a query per row."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from resolvers import accounts, claims, consents, direct_debits, parcels
from resolvers.access_log import AccessEvent
from resolvers.accounts import Account
from resolvers.claims import Claim
from resolvers.consents import AgentLogin, Consent
from resolvers.gate import Gate
from resolvers.parcels import Parcel
from resolvers.selection import Selection


async def complete_accounts(gate: Gate, rows: Sequence[Account], selection: Selection) -> None:
    """Direct debit of accounts, and what their Agent login leads to."""
    ids = [row.id for row in rows]
    if not ids:
        return
    if selection.asks("Account", "directDebit"):
        mandates = await direct_debits.of_accounts(gate, ids)
        for row in rows:
            row.direct_debit = mandates.get(row.id)
    if selection.asks("Account", "agentLogin"):
        logins = [row.agent_login for row in rows if row.agent_login is not None]
        await complete_agent_logins(gate, logins, selection.below("Account", "agentLogin"))


async def _accounts(gate: Gate, ids: Sequence[UUID], selection: Selection) -> dict[UUID, Account]:
    found = await accounts.by_ids(gate, ids, selection)
    await complete_accounts(gate, list(found.values()), selection)
    return found


async def _attach_accounts(gate: Gate, rows: Sequence[Parcel | Claim | Consent | AgentLogin | AccessEvent], selection: Selection, noun: str) -> None:
    if rows and selection.asks(noun, "account"):
        found = await _accounts(gate, [row.account_id for row in rows], selection.below(noun, "account"))
        for row in rows:
            row.account = found.get(row.account_id)


async def complete_agent_logins(gate: Gate, rows: Sequence[AgentLogin], selection: Selection) -> None:
    """The accounts of Agent logins and of their consents."""
    await _attach_accounts(gate, rows, selection, "AgentLogin")
    await complete_consents(gate, [row.consent for row in rows if row.consent is not None], selection.below("AgentLogin", "consent"))


async def complete_consents(gate: Gate, rows: Sequence[Consent], selection: Selection) -> None:
    """The accounts of consents."""
    await _attach_accounts(gate, rows, selection, "Consent")


async def complete_parcels(gate: Gate, rows: Sequence[Parcel], selection: Selection) -> None:
    """The accounts of parcels, and what their claims lead to."""
    await _attach_accounts(gate, rows, selection, "Parcel")
    if selection.asks("Parcel", "claims"):
        await complete_claims(gate, [claim for row in rows for claim in row.claims], selection.below("Parcel", "claims"))


async def complete_claims(gate: Gate, rows: Sequence[Claim], selection: Selection) -> None:
    """The accounts and parcels of claims."""
    await _attach_accounts(gate, rows, selection, "Claim")
    if rows and selection.asks("Claim", "parcel"):
        found = await _parcels(gate, [row.parcel_id for row in rows if row.parcel_id], selection.below("Claim", "parcel"))
        for row in rows:
            row.parcel = found.get(row.parcel_id) if row.parcel_id else None


async def _parcels(gate: Gate, ids: Sequence[UUID], selection: Selection) -> dict[UUID, Parcel]:
    found = await parcels.by_ids(gate, ids, selection)
    await complete_parcels(gate, list(found.values()), selection)
    return found


async def complete_access_events(gate: Gate, rows: Sequence[AccessEvent], selection: Selection) -> None:
    """The accounts, parcels, consents and claims of events of the access log."""
    await _attach_accounts(gate, rows, selection, "AccessEvent")
    if rows and selection.asks("AccessEvent", "parcel"):
        found = await _parcels(gate, [row.parcel_id for row in rows if row.parcel_id], selection.below("AccessEvent", "parcel"))
        for row in rows:
            row.parcel = found.get(row.parcel_id) if row.parcel_id else None
    if rows and selection.asks("AccessEvent", "consent"):
        below = selection.below("AccessEvent", "consent")
        granted = await consents.by_ids(gate, [row.consent_id for row in rows if row.consent_id], below)
        await complete_consents(gate, list(granted.values()), below)
        for row in rows:
            row.consent = granted.get(row.consent_id) if row.consent_id else None
    if rows and selection.asks("AccessEvent", "claim"):
        below = selection.below("AccessEvent", "claim")
        filed = await claims.by_ids(gate, [row.claim_id for row in rows if row.claim_id], below)
        await complete_claims(gate, list(filed.values()), below)
        for row in rows:
            row.claim = filed.get(row.claim_id) if row.claim_id else None
