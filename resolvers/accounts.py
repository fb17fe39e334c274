"""Accounts: the directory, one's own, and the end of one. Settings and direct debit have files of their own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from models import database
from policy.decision import Decision, Facts
from policy.vocabulary import Action, Basis, Viewer
from resolvers import account_settings, consents, live, parcel_changes, texts
from resolvers import facts as facts_of
from resolvers.errors import BadInput
from resolvers.facts import CLAIM_OPENS
from resolvers.gate import Gate, Shown
from resolvers.paging import COUNTED_UP_TO, Page, Position, Window, page
from resolvers.selection import Selection

if TYPE_CHECKING:
    from resolvers.account_settings import AccountSettings
    from resolvers.consents import AgentLogin
    from resolvers.direct_debits import DirectDebit


@dataclass(slots=True)
class Account:
    """A merchant. `settings`, `direct_debit` and `agent_login` are there where they were asked for; a refusal stands in `settings`."""

    id: UUID
    company_name: str
    country: str
    created_at: datetime
    facts: Facts = field(repr=False)
    shown: Shown = field(repr=False)
    settings: AccountSettings | Decision | None = field(repr=False, default=None)
    direct_debit: DirectDebit | None = field(repr=False, default=None)
    agent_login: AgentLogin | None = field(repr=False, default=None)


@dataclass(frozen=True, slots=True)
class AccountFilter:
    """Which accounts are asked for: by a part of the company's name, and by what is open for agents."""

    search: str | None = field(default=None, repr=False)
    access: Sequence[Basis] | None = None


_SELECT = f"""SELECT a.id, a.company_name, a.country, a.created_at, a.id AS account_id, NULL AS parcel_id, NULL AS announced_at, {{now}} AS now,
    c.id AS consent_id, c.expires_at AS consent_expires_at, k.id AS claim_id, k.parcel_id AS claim_parcel_id, k.channel AS claim_channel,
    k.status AS claim_status{{columns}}
FROM {{source}} a
LEFT LOOP JOIN consents c ON c.live_for = a.id AND c.expires_at > {{now}}
LEFT LOOP JOIN claims k ON k.id = (SELECT k.id FROM claims k WHERE k.account_id = a.id AND {CLAIM_OPENS} ORDER BY k.opened_at DESC, k.id DESC LIMIT 1)
{{joins}}"""

_HAS = {
    Basis.CONSENT: "EXISTS (SELECT 1 FROM consents c WHERE c.live_for = a.id AND c.expires_at > {now})",
    Basis.CLAIM: f"EXISTS (SELECT 1 FROM claims k WHERE k.account_id = a.id AND {CLAIM_OPENS})",
    Basis.OWN_DATA: "1 = 0",
}


def _built(gate: Gate, row: database.Row) -> Account:
    known = facts_of.of_row(row)
    return Account(
        id=known.account_id,
        company_name=row["company_name"],
        country=row["country"],
        created_at=database.moment(row["created_at"]),
        facts=known,
        shown={Action.VIEW_DIRECT_DEBIT: gate.ask(Action.VIEW_DIRECT_DEBIT, known)},
    )


def _select(viewer: Viewer, selection: Selection, source: str, place: str = "1 = 1") -> str:
    with_them = []
    if selection.asks("Account", "settings"):
        with_them.append(account_settings.joined(viewer, place))
    if selection.asks("Account", "agentLogin"):
        with_them.append(consents.joined(viewer, selection.below("Account", "agentLogin"), place))
    columns, joins = "".join(columns for columns, _ in with_them), "\n".join(joins for _, joins in with_them)
    return _SELECT.replace("{source}", source).replace("{columns}", columns).replace("{joins}", joins)


async def _add_what_came_with(gate: Gate, found: Sequence[Account], rows: Sequence[database.Row], selection: Selection) -> None:
    if selection.asks("Account", "settings"):
        settings = await account_settings.of_rows(gate, rows, selection.below("Account", "settings"))
        for account in found:
            account.settings = settings.get(account.id)
    if selection.asks("Account", "agentLogin"):
        logins = await consents.of_rows(gate, rows, selection.below("Account", "agentLogin"))
        for account in found:
            account.agent_login = logins.get(account.id)


async def by_ids(gate: Gate, ids: Iterable[UUID], selection: Selection) -> dict[UUID, Account]:
    """The accounts of these ids that the caller may know of, with their settings and Agent login where those are asked for."""
    viewer = gate.require_viewer()
    wanted = [key for key in dict.fromkeys(ids) if gate.sees_account(key)]
    if not wanted:
        return {}
    rows = await database.fetch(_select(viewer, selection, "accounts") + "\nWHERE a.id IN :ids AND a.deleted_at IS NULL", ids=wanted)
    found = [_built(gate, row) for row in rows]
    await _add_what_came_with(gate, found, rows, selection)
    return {account.id: account for account in found}


async def page_of(gate: Gate, filter: AccountFilter, asked: Window, selection: Selection, *, count: bool) -> Page[Account]:
    """A page of the directory, the oldest first: every account for agents, their own for merchants. What comes with them as of `by_ids`."""
    viewer = gate.require_viewer()
    conditions = ["a.deleted_at IS NULL"]
    params: dict[str, object] = {}
    if not viewer.is_agent:
        conditions.append("a.id = :own")
        params["own"] = viewer.account_id
    if filter.search:
        conditions.append("LOWER(a.company_name) LIKE :search ESCAPE '!'")
        params["search"] = "%" + _escaped(texts.storable(filter.search, "search", 255).strip().lower()) + "%"
    if filter.access is not None:
        conditions.append("(" + " OR ".join([_HAS[basis] for basis in dict.fromkeys(filter.access)] or ["1 = 0"]) + ")")
    bounds, bound_params = asked.bounds("a.created_at", "a.id")
    ordered = asked.ordered_by("a.created_at", "a.id")
    source = f"""(SELECT a.*, ROW_NUMBER() OVER (ORDER BY {ordered}) AS place FROM (
        SELECT * FROM accounts a WHERE {" AND ".join(conditions + bounds)} ORDER BY {ordered} LIMIT :size) a)"""
    # The row after the page only tells that there is more: what would come with it is not read.
    sql = _select(viewer, selection, source, "a.place <= :shown") + f"\nORDER BY {ordered}"
    rows = await database.fetch(sql, size=asked.size + 1, shown=asked.size, **params, **bound_params)
    found = [_built(gate, row) for row in rows]
    await _add_what_came_with(gate, found, rows[: asked.size], selection)
    return page(asked, found, lambda account: Position(account.created_at, account.id), await _count(conditions, params) if count else None)


async def _count(conditions: list[str], params: Mapping[str, object]) -> int:
    counted = f"SELECT COUNT(*) AS n FROM (SELECT 1 AS one FROM accounts a WHERE {' AND '.join(conditions)} LIMIT {COUNTED_UP_TO + 1}) AS counted"
    return int((await database.fetch(counted, **params))[0]["n"])


def _escaped(text: str) -> str:
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")


async def delete(gate: Gate, account_id: UUID, company_name: str) -> None:
    """Delete an account: its personal rows, direct debit, sessions, tokens, links to single sign-on and messages to be sent are destroyed.

    Its consent and claims are closed. The history of consents and the access log stay. Raises NotFound, Refused, and BadInput unless
    `company_name` is the account's.
    """
    viewer = gate.require_viewer()
    async with database.transaction():
        await database.lock_account(account_id)
        known = gate.require_sight(await facts_of.of_account(account_id), "account")
        gate.require(Action.DELETE_ACCOUNT, known)
        named = (await database.fetch("SELECT company_name FROM accounts WHERE id = :id", id=account_id))[0]["company_name"]
        if named != company_name.strip():
            raise BadInput("companyName is not the account's")
        await parcel_changes.destroy_personal("IN (SELECT p.id FROM parcels p WHERE p.account_id = :id)", id=account_id)
        for statement in _ENDINGS:
            await database.execute(statement, id=account_id, **({"by": viewer.id} if ":by" in statement else {}))
        await live.announce("consent", account_id)
        await live.announce("session", account_id)


_USERS = "(SELECT u.id FROM users u WHERE u.account_id = :id)"
_ENDINGS = (
    "UPDATE consents SET live_for = NULL, ended_at = expires_at, ended_as = 'EXPIRED' WHERE live_for = :id AND expires_at <= {now}",
    "UPDATE consents SET live_for = NULL, ended_at = {now}, ended_as = 'REVOKED', ended_by_id = :by WHERE live_for = :id",
    "UPDATE claims SET status = 'WITHDRAWN', closed_at = {now} WHERE account_id = :id AND closed_at IS NULL",
    "UPDATE parcels SET deleted_at = {now} WHERE account_id = :id AND deleted_at IS NULL",
    "DELETE FROM account_personal_data WHERE account_id = :id",
    "DELETE FROM direct_debits WHERE account_id = :id",
    "DELETE FROM export_links WHERE account_id = :id",
    "DELETE FROM webhook_secrets WHERE account_id = :id",
    # In this order: whoever just makes deliveries of an event has locked it.
    "DELETE FROM outbox_events WHERE account_id = :id",
    "DELETE FROM outbox_deliveries WHERE account_id = :id",
    f"DELETE FROM external_identities WHERE user_id IN {_USERS}",
    f"DELETE FROM sessions WHERE user_id IN {_USERS}",
    f"DELETE FROM tokens WHERE user_id IN {_USERS}",
    "UPDATE users SET deactivated_at = {now}, password_hash = NULL WHERE account_id = :id",
    "UPDATE integrations SET ended_at = {now} WHERE account_id = :id AND ended_at IS NULL",
    "UPDATE accounts SET deleted_at = {now} WHERE id = :id",
)
