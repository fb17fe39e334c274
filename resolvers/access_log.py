"""Reading the access log: who at support saw or changed what, when, on what basis. For the merchant's owners and admins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from models import database
from policy.vocabulary import Action, Basis, PiiCategory
from resolvers import facts as facts_of
from resolvers import texts
from resolvers.gate import Gate
from resolvers.paging import COUNTED_UP_TO, Page, Position, Window, page

if TYPE_CHECKING:
    from resolvers.accounts import Account
    from resolvers.claims import Claim
    from resolvers.consents import Consent
    from resolvers.parcels import Parcel


@dataclass(slots=True)
class AccessEvent:
    """One row of the log. `account`, `parcel`, `consent` and `claim` are there where they were asked for."""

    id: UUID
    at: datetime
    agent_id: UUID
    agent: str = field(repr=False)
    account_id: UUID
    parcel_id: UUID | None
    action: Action
    changed: list[str]
    categories: list[PiiCategory]
    fields: list[str]
    basis: Basis
    consent_id: UUID | None
    claim_id: UUID | None
    operation: str | None
    request_id: str
    account: Account | None = field(repr=False, default=None)
    parcel: Parcel | None = field(repr=False, default=None)
    consent: Consent | None = field(repr=False, default=None)
    claim: Claim | None = field(repr=False, default=None)


@dataclass(frozen=True, slots=True)
class AccessLogFilter:
    """Which events are asked for. `agent` is a part of the agent's name."""

    from_: datetime | None = None
    before: datetime | None = None
    agent: str | None = field(default=None, repr=False)
    parcel_id: UUID | None = None
    basis: Basis | None = None


_SELECT = """SELECT l.*, u.name AS agent FROM access_log l LEFT JOIN users u ON u.id = l.agent_id WHERE {where}"""


async def page_of(gate: Gate, account_id: UUID, filter: AccessLogFilter, asked: Window, *, count: bool) -> Page[AccessEvent]:
    """A page of an account's log, the newest first. Raises NotFound, Refused."""
    known = gate.require_sight(await facts_of.of_account(account_id), "account")
    gate.require(Action.VIEW_ACCESS_LOG, known)
    conditions, params = _conditions(account_id, filter)
    bounds, bound_params = asked.bounds("l.at", "l.id")
    sql = _SELECT.format(where=" AND ".join(conditions + bounds)) + f" ORDER BY {asked.ordered_by('l.at', 'l.id')} LIMIT :size"
    found = [_built(row) for row in await database.fetch(sql, size=asked.size + 1, **params, **bound_params)]
    total = None
    if count:
        inner = _SELECT.format(where=" AND ".join(conditions))
        total = int((await database.fetch(f"SELECT COUNT(*) AS n FROM ({inner} LIMIT {COUNTED_UP_TO + 1}) AS counted", **params))[0]["n"])
    return page(asked, found, lambda event: Position(event.at, event.id), total)


async def by_ids(gate: Gate, ids: Sequence[UUID]) -> dict[UUID, AccessEvent]:
    """The events of these ids in the caller's own log; none for whoever may not read it."""
    viewer = gate.require_viewer()
    if viewer.account_id is None or not gate.may(Action.VIEW_ACCESS_LOG, await facts_of.of_account(viewer.account_id)):
        return {}
    rows = await database.fetch(_SELECT.format(where="l.id IN :ids AND l.account_id = :own"), ids=list(ids), own=viewer.account_id)
    return {event.id: event for event in map(_built, rows)}


def _conditions(account_id: UUID, filter: AccessLogFilter) -> tuple[list[str], dict[str, object]]:
    conditions = ["l.account_id = :account"]
    params: dict[str, object] = {"account": account_id}
    if filter.from_ is not None:
        conditions.append("l.at >= :from_at")
        params["from_at"] = filter.from_
    if filter.before is not None:
        conditions.append("l.at < :before")
        params["before"] = filter.before
    if filter.agent is not None:
        conditions.append("LOWER(u.name) LIKE :agent ESCAPE '!'")
        escaped = texts.storable(filter.agent, "agent", 255).strip().lower().replace("!", "!!").replace("%", "!%").replace("_", "!_")
        params["agent"] = f"%{escaped}%"
    if filter.parcel_id is not None:
        conditions.append("l.parcel_id = :parcel")
        params["parcel"] = filter.parcel_id
    if filter.basis is not None:
        conditions.append("l.basis = :basis")
        params["basis"] = filter.basis
    return conditions, params


def _built(row: database.Row) -> AccessEvent:
    return AccessEvent(
        id=database.uuid(row["id"]),
        at=database.moment(row["at"]),
        agent_id=database.uuid(row["agent_id"]),
        agent=row["agent"] or "",
        account_id=database.uuid(row["account_id"]),
        parcel_id=database.optional_uuid(row["parcel_id"]),
        action=Action(row["action"]),
        changed=database.json(row["changed"]),
        categories=[PiiCategory(name) for name in database.json(row["categories"])],
        fields=database.json(row["fields"]),
        basis=Basis(row["basis"]),
        consent_id=database.optional_uuid(row["consent_id"]),
        claim_id=database.optional_uuid(row["claim_id"]),
        operation=row["operation"],
        request_id=row["request_id"],
    )
