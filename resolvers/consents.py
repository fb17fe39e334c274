"""Agent login: the state of an account's consent, its history, granting and revoking. The database's clock decides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from models import database
from models.enums import Happening
from models.fields import new_id
from models.together import Together
from policy.decision import Decision
from policy.vocabulary import Action, ConsentDuration, ConsentState, Viewer
from resolvers import facts as facts_of
from resolvers import live, outbox
from resolvers.gate import Disclosure, Gate, Shown
from resolvers.paging import COUNTED_UP_TO, Page, Position, Window, page
from resolvers.selection import NOTHING, Selection

if TYPE_CHECKING:
    from policy.decision import Facts
    from resolvers.accounts import Account


class AgentLoginState(StrEnum):
    """May agents of support log in to the account now?"""

    OFF = "OFF"
    ACTIVE = "ACTIVE"


@dataclass(slots=True)
class Consent:
    """A consent as this caller may see it. `ended_at` is when it was revoked or replaced, or `expires_at` once that has passed."""

    id: UUID
    account_id: UUID
    state: ConsentState
    duration: ConsentDuration
    granted_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    shown: Shown = field(repr=False)
    granted_by: str | None = field(repr=False, default=None)
    ended_by: str | None = field(repr=False, default=None)
    account: Account | None = field(repr=False, default=None)


@dataclass(slots=True)
class AgentLogin:
    """The state of Agent login: the live consent, else the latest. `remaining` is the time until it runs out, by the database's clock."""

    account_id: UUID
    state: AgentLoginState
    consent: Consent | None
    now: datetime
    facts: Facts = field(repr=False)
    account: Account | None = field(repr=False, default=None)

    @property
    def remaining(self) -> float | None:
        """Seconds until the live consent runs out."""
        if self.state is AgentLoginState.OFF or self.consent is None:
            return None
        return (self.consent.expires_at - self.now).total_seconds()


# Of accounts `a` with their live consents `c` beside them. Who granted and who ended are personal data of the merchant: joined only for the
# merchant and under a live consent.
_COLUMNS = """, l.id AS login_id, l.duration AS login_duration, l.granted_at AS login_granted_at, l.expires_at AS login_expires_at,
    l.ended_at AS login_ended_at, l.ended_as AS login_ended_as, g.name AS login_granted_by, e.name AS login_ended_by"""
_JOINS = """LEFT LOOP JOIN consents l ON {which}
LEFT LOOP JOIN users g ON g.id = l.granted_by_id IF {admitted}
LEFT LOOP JOIN users e ON e.id = l.ended_by_id IF {admitted}"""
_SELECT = f"""
SELECT a.id AS account_id, NULL AS parcel_id, NULL AS announced_at, {{{{now}}}} AS now,
    c.id AS consent_id, c.expires_at AS consent_expires_at, NULL AS claim_id{_COLUMNS}
FROM {{source}} a
LEFT LOOP JOIN consents c ON c.live_for = a.id AND c.expires_at > {{{{now}}}}
{{joins}}
{{order}}"""

# Two may be granted within the clock's smallest step (SQLite: a millisecond): the open one is the later, else the one that ended later.
_NEWEST_FIRST = "n.granted_at DESC, n.live_for IS NULL, n.ended_at DESC, n.id DESC"
_LATEST = f"l.id = (SELECT n.id FROM consents n WHERE n.account_id = a.id ORDER BY {_NEWEST_FIRST} LIMIT 1)"

_ACCOUNTS = "(SELECT * FROM accounts WHERE id IN :ids AND deleted_at IS NULL)"


def _admitted(viewer: Viewer, selection: Selection) -> str:
    return "1 = 0" if not selection.personal("Consent") else ("c.id IS NOT NULL" if viewer.is_agent else "1 = 1")


def _select(gate: Gate, selection: Selection, source: str, which: str, order: str = "") -> str:
    return _SELECT.format(source=source, joins=_JOINS.format(which=which, admitted=_admitted(gate.require_viewer(), selection)), order=order)


def joined(viewer: Viewer, selection: Selection, place: str = "1 = 1") -> tuple[str, str]:
    """The columns and joins that a statement on accounts `a` with their live consents `c` takes for `of_rows`, where the condition `place` holds."""
    admitted = _admitted(viewer, selection.below("AgentLogin", "consent"))
    return _COLUMNS, _JOINS.format(which=f"{place} AND {_LATEST}", admitted=admitted)


async def of_rows(gate: Gate, rows: Sequence[database.Row], selection: Selection) -> dict[UUID, AgentLogin]:
    """The state of Agent login of the accounts in rows that were read with what is `joined`."""
    return {login.account_id: login for login in await _recorded(gate, rows, selection.below("AgentLogin", "consent"))}


async def agent_logins(gate: Gate, account_ids: Iterable[UUID], selection: Selection) -> dict[UUID, AgentLogin]:
    """The state of Agent login of these accounts, which the caller may know of."""
    sql = _select(gate, selection.below("AgentLogin", "consent"), _ACCOUNTS, _LATEST)
    return await of_rows(gate, await database.fetch(sql, ids=list(account_ids)), selection)


async def _nothing_personal(account_ids: Sequence[UUID]) -> dict[UUID, database.Row]:
    sql = _SELECT.format(source=_ACCOUNTS, joins=_JOINS.format(which=_LATEST, admitted="1 = 0"), order="")
    rows = await database.fetch(sql, ids=list(account_ids))
    return {database.uuid(row["account_id"]): row for row in rows}


_together = Together(_nothing_personal)


async def agent_login(gate: Gate, account_id: UUID) -> AgentLogin | None:
    """The state of Agent login of an account, and nothing personal: one statement for every subscription that asks at the same moment."""
    row = await _together.ask(account_id)
    return None if row is None else (await _recorded(gate, [row], NOTHING))[0]


async def _recorded(gate: Gate, rows: Sequence[database.Row], selection: Selection) -> list[AgentLogin]:
    fields = selection.personal("Consent")
    facts = [replace(facts_of.of_row(row), claim=None) for row in rows]
    disclosures = [
        Disclosure(known.account_id, None, gate.ask(Action.VIEW_PERSONAL_DATA, known), fields if row["login_id"] is not None else frozenset())
        for row, known in zip(rows, facts, strict=True)
    ]
    decisions = await gate.record(disclosures)
    return [_built(row, known, decision) for row, known, decision in zip(rows, facts, decisions, strict=True)]


def _built(row: database.Row, known: Facts, decision: Decision) -> AgentLogin:
    return AgentLogin(
        account_id=known.account_id,
        state=AgentLoginState.ACTIVE if known.consent is not None else AgentLoginState.OFF,
        consent=_consent(row, known, decision) if row["login_id"] is not None else None,
        now=known.now,
        facts=known,
    )


def _consent(row: database.Row, known: Facts, decision: Decision) -> Consent:
    allowed = decision.allowed is True
    expires_at = database.moment(row["login_expires_at"])
    ended_at = database.optional_moment(row["login_ended_at"])
    over = expires_at <= known.now
    return Consent(
        id=database.uuid(row["login_id"]),
        account_id=known.account_id,
        state=ConsentState(row["login_ended_as"]) if row["login_ended_as"] else (ConsentState.EXPIRED if over else ConsentState.ACTIVE),
        duration=ConsentDuration(row["login_duration"]),
        granted_at=database.moment(row["login_granted_at"]),
        expires_at=expires_at,
        ended_at=ended_at or (expires_at if over else None),
        shown={Action.VIEW_PERSONAL_DATA: decision},
        granted_by=row["login_granted_by"] if allowed else None,
        ended_by=row["login_ended_by"] if allowed else None,
    )


async def by_ids(gate: Gate, ids: Sequence[UUID], selection: Selection) -> dict[UUID, Consent]:
    """The consents of these ids that the caller may know of: the latest of an account, and the ones before it where its history may be read."""
    viewer = gate.require_viewer()
    known = "l.account_id = a.id AND l.id IN :ids" + ("" if gate.might(Action.VIEW_ACCESS_LOG) else f" AND {_LATEST}")
    own = "" if viewer.is_agent else " AND n.account_id = :own"
    source = f"(SELECT DISTINCT a.* FROM accounts a JOIN consents n ON n.account_id = a.id WHERE n.id IN :ids AND a.deleted_at IS NULL{own})"
    sql = _select(gate, selection, source, known)
    params: dict[str, object] = {"ids": list(ids)} | ({} if viewer.is_agent else {"own": viewer.account_id})
    logins = await _recorded(gate, await database.fetch(sql, **params), selection)
    return {login.consent.id: login.consent for login in logins if login.consent is not None}


async def history(gate: Gate, account_id: UUID, asked: Window, selection: Selection, *, count: bool) -> Page[Consent]:
    """A page of all consents of an account, the newest first. The merchant's owners and admins only (Refused)."""
    known = gate.require_sight(await facts_of.of_account(account_id), "account")
    gate.require(Action.VIEW_ACCESS_LOG, known)
    bounds, params = asked.bounds("l.granted_at", "l.id")
    which = " AND ".join(["l.account_id = a.id", *bounds])
    order = f"WHERE l.id IS NOT NULL ORDER BY {asked.ordered_by('l.granted_at', 'l.id')} LIMIT :size"
    sql = _select(gate, selection, "(SELECT * FROM accounts WHERE id = :account)", which, order)
    rows = await database.fetch(sql, account=account_id, size=asked.size + 1, **params)
    found = [login.consent for login in await _recorded(gate, rows, selection) if login.consent is not None]
    total = None
    if count:
        counted = f"SELECT COUNT(*) AS n FROM (SELECT 1 AS one FROM consents c WHERE c.account_id = :account LIMIT {COUNTED_UP_TO + 1}) AS counted"
        total = int((await database.fetch(counted, account=account_id))[0]["n"])
    return page(asked, found, lambda consent: Position(consent.granted_at, consent.id), total)


async def grant(gate: Gate, account_id: UUID, duration: ConsentDuration) -> UUID:
    """Grant consent for `duration`, counted from now; an open one is closed first, as EXPIRED if it has run out, else as REPLACED.

    Returns the new consent's id. Concurrent grants wait for each other. Raises NotFound, Refused.
    """
    viewer = gate.require_viewer()
    key = new_id()
    async with database.transaction():
        await database.lock_account(account_id)
        known = gate.require_sight(await facts_of.of_account(account_id), "account")
        gate.require(Action.GRANT_CONSENT, known)
        await _close_open(known, ConsentState.REPLACED, viewer.id)
        await database.execute(
            """INSERT INTO consents (id, account_id, live_for, duration, granted_by_id, granted_at, expires_at)
            VALUES (:id, :account, :account, :duration, :by, :now, :expires_at)""",
            id=key,
            account=account_id,
            duration=duration,
            by=viewer.id,
            now=known.now,
            expires_at=known.now + duration.length,
        )
        await outbox.add(Happening.CONSENT_GRANTED, account_id, key, at=known.now, once=True)
        await live.announce("consent", account_id, key)
    return key


async def revoke(gate: Gate, account_id: UUID) -> UUID | None:
    """Revoke what is open; does nothing if nothing is. Returns the latest consent's id, if there ever was one. Raises NotFound, Refused.

    Once this has returned, no read that starts later discloses anything on the ground of the consent, in any process.
    """
    viewer = gate.require_viewer()
    async with database.transaction():
        await database.lock_account(account_id)
        known = gate.require_sight(await facts_of.of_account(account_id), "account")
        gate.require(Action.REVOKE_CONSENT, known)
        closed = await _close_open(known, ConsentState.REVOKED, viewer.id)
        if closed is not None:
            await live.announce("consent", account_id)
            return closed
        sql = f"SELECT n.id FROM consents n WHERE n.account_id = :id ORDER BY {_NEWEST_FIRST} LIMIT 1"
        latest = database.one(await database.fetch(sql, id=account_id))
    return None if latest is None else database.uuid(latest["id"])


async def _close_open(known: Facts, ended_as: ConsentState, by: UUID) -> UUID | None:
    """Close the open consent of a locked account, if any: as EXPIRED at its expires_at if that has passed, else as `ended_as` now. Its id."""
    closed = database.one(
        await database.fetch(
            f"""UPDATE consents SET live_for = NULL, ended_at = CASE WHEN {_OVER} THEN expires_at ELSE :now END,
                ended_as = CASE WHEN {_OVER} THEN 'EXPIRED' ELSE :ended_as END, ended_by_id = CASE WHEN {_OVER} THEN ended_by_id ELSE :by END
            WHERE live_for = :account RETURNING id, ended_at, ended_as""",
            account=known.account_id,
            now=known.now,
            ended_as=ended_as,
            by=by,
        )
    )
    if closed is None:
        return None
    key = database.uuid(closed["id"])
    await outbox.add(_ENDINGS[ConsentState(closed["ended_as"])], known.account_id, key, at=database.moment(closed["ended_at"]), once=True)
    return key


_OVER = "expires_at <= :now"
_ENDINGS = {
    ConsentState.EXPIRED: Happening.CONSENT_EXPIRED,
    ConsentState.REVOKED: Happening.CONSENT_REVOKED,
    ConsentState.REPLACED: Happening.CONSENT_REPLACED,
}


async def ran_out(since: datetime, until: datetime) -> list[UUID]:
    """The accounts whose consent ran out after `since`, at `until` at the latest."""
    rows = await database.fetch(
        "SELECT live_for FROM consents WHERE live_for IS NOT NULL AND expires_at > :since AND expires_at <= :until ORDER BY expires_at",
        since=since,
        until=until,
    )
    return [database.uuid(row["live_for"]) for row in rows]


async def next_expiry(now: datetime) -> datetime | None:
    """When the next consent of any account runs out, after `now`."""
    row = (await database.fetch("SELECT MIN(expires_at) AS soonest FROM consents WHERE live_for IS NOT NULL AND expires_at > :now", now=now))[0]
    return database.optional_moment(row["soonest"])


async def changed_since(since: datetime) -> dict[UUID, datetime]:
    """The accounts that granted, replaced or revoked after `since`, and when they did so last."""
    rows = await database.fetch(
        """SELECT account_id, MAX(at) AS at
        FROM (SELECT account_id, granted_at AS at FROM consents UNION ALL SELECT account_id, ended_at AS at FROM consents) AS done
        WHERE at > :since GROUP BY account_id ORDER BY account_id""",
        since=since,
    )
    return {database.uuid(row["account_id"]): database.moment(row["at"]) for row in rows}


async def how_many_live() -> int:
    """How many consents are live now, of all accounts."""
    sql = "SELECT COUNT(*) AS n FROM consents WHERE live_for IS NOT NULL AND expires_at > {now}"
    return int((await database.fetch(sql))[0]["n"])
