"""Claims: read, filed, answered, withdrawn, recorded, investigated, closed.

A claim's description and its investigation's notes are shown to agents while that very claim opens its parcel, or under a live consent.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from models import database
from models.enums import ClaimKind, ClaimType, Happening, InvestigationKind
from models.fields import new_id
from policy.decision import Decision, Facts, opens
from policy.vocabulary import OPEN_CLAIM_STATUSES, Action, ClaimChannel, ClaimStatus, Viewer
from resolvers import facts as facts_of
from resolvers import live, outbox
from resolvers.errors import BadInput, Conflict
from resolvers.facts import CLAIM_OPENS
from resolvers.gate import Disclosure, Gate, Shown
from resolvers.paging import COUNTED_UP_TO, Page, Position, Window, page
from resolvers.selection import Selection
from resolvers.texts import checked_text

if TYPE_CHECKING:
    from resolvers.accounts import Account
    from resolvers.parcels import Parcel

LONGEST_TEXT = 10_000
LONGEST_REFERENCE = 255
OPEN = tuple(sorted(OPEN_CLAIM_STATUSES))


@dataclass(slots=True)
class InvestigationEntry:
    """Something support did, or the merchant answered."""

    id: UUID
    at: datetime
    by: str = field(repr=False)
    kind: InvestigationKind
    shown: Shown = field(repr=False)
    carrier_reference: str | None = field(repr=False, default=None)
    note: str | None = field(repr=False, default=None)


@dataclass(slots=True)
class Claim:
    """A claim as this caller may see it. `parcel` and `account` are there where they were asked for."""

    id: UUID
    account_id: UUID
    parcel_id: UUID | None
    kind: ClaimKind
    type: ClaimType
    channel: ClaimChannel
    status: ClaimStatus
    opens_parcel: bool
    handled_by: str | None = field(repr=False)
    opened_at: datetime
    closed_at: datetime | None
    facts: Facts = field(repr=False)
    shown: Shown = field(repr=False)
    description: str | None = field(repr=False, default=None)
    investigation: list[InvestigationEntry] = field(repr=False, default_factory=list)
    parcel: Parcel | None = field(repr=False, default=None)
    account: Account | None = field(repr=False, default=None)


@dataclass(frozen=True, slots=True)
class ClaimFilter:
    """Which claims are asked for."""

    status: Sequence[ClaimStatus] | None = None
    kind: Sequence[ClaimKind] | None = None
    open: bool | None = None
    mine: bool | None = None


@dataclass(slots=True, repr=False)
class Read:
    """Rows of claims as the database gave them, with what may be shown asked but not recorded yet."""

    rows: dict[UUID, list[database.Row]]
    disclosures: list[Disclosure]


_SELECT = """
SELECT k.id, k.account_id, p.id AS parcel_id, p.announced_at, k.kind, k.type, k.channel, k.status, k.opened_at, k.closed_at,
    h.name AS handled_by, {{now}} AS now, c.id AS consent_id, c.expires_at AS consent_expires_at,
    k.id AS claim_id, p.id AS claim_parcel_id, k.channel AS claim_channel, k.status AS claim_status,
    d.description, e.id AS entry_id, e.at AS entry_at, e.kind AS entry_kind, b.name AS by_name, a.company_name, k.place,
    n.carrier_reference, n.note
FROM {source} k
JOIN accounts a ON a.id = k.account_id AND a.deleted_at IS NULL
LEFT LOOP JOIN parcels p ON p.id = k.parcel_id AND p.deleted_at IS NULL
LEFT LOOP JOIN users h ON h.id = k.handled_by_id AND h.kind = 'AGENT'
LEFT LOOP JOIN consents c ON c.live_for = k.account_id AND c.expires_at > {{now}}
LEFT LOOP JOIN claim_personal_data d ON d.claim_id = k.id IF k.place <= :shown AND ({admitted})
LEFT LOOP JOIN investigation_entries e ON e.claim_id = k.id AND {entries}
LEFT LOOP JOIN users b ON b.id = e.by_id AND b.kind = 'AGENT'
LEFT LOOP JOIN investigation_personal_data n ON n.entry_id = e.id IF k.place <= :shown AND ({admitted})
{where}
ORDER BY k.opened_at DESC, k.id DESC, e.at, e.id"""

_ADMITTED_AGENT = f"c.id IS NOT NULL OR (p.id IS NOT NULL AND {CLAIM_OPENS})"


def _select(viewer: Viewer, selection: Selection, source: str, where: str) -> str:
    """One statement for claims, their investigations, and of those that are open to the caller what was written in them."""
    personal = selection.personal("Claim")
    admitted = "1 = 0" if not personal else ("1 = 1" if not viewer.is_agent else _ADMITTED_AGENT)
    entries = "1 = 1" if selection.asks("Claim", "investigation") else "1 = 0"
    return _SELECT.format(source=source, admitted=admitted, entries=entries, where=where)


_ALL = "(SELECT k.*, 0 AS place FROM claims k)"


async def read(gate: Gate, selection: Selection, source: str, where: str, params: Mapping[str, object], shown: int = 0) -> Read:
    """Read claims and ask what may be shown of them. The caller records, then builds.

    What is placed after `shown` only tells that there is more: nothing personal of it is read, and it is not to be recorded.
    """
    viewer = gate.require_viewer()
    rows: dict[UUID, list[database.Row]] = {}
    for row in await database.fetch(_select(viewer, selection, source, where), **params, shown=shown):
        rows.setdefault(database.uuid(row["id"]), []).append(row)
    fields = selection.personal("Claim")
    disclosures = []
    for first in (group[0] for group in rows.values()):
        known = facts_of.of_row(first)
        held = fields if first["entry_id"] is not None else fields & {"Claim.description"}
        held = held if first["place"] <= shown else frozenset()
        disclosures.append(Disclosure(known.account_id, known.parcel_id, gate.ask(Action.VIEW_PERSONAL_DATA, known), held))
    return Read(rows, disclosures)


async def read_of_parcels(gate: Gate, selection: Selection, parcel_ids: Sequence[UUID]) -> Read:
    """The claims of these parcels."""
    return await read(gate, selection, _ALL, "WHERE k.parcel_id IN :parcels", {"parcels": list(parcel_ids)})


def built(given: Read, decisions: Iterable[Decision]) -> list[Claim]:
    """Claims from what was read and what the record came back with."""
    return [_built(group, decision) for group, decision in zip(given.rows.values(), decisions, strict=True)]


def _built(group: list[database.Row], decision: Decision) -> Claim:
    first = group[0]
    known = facts_of.of_row(first)
    shown = {Action.VIEW_PERSONAL_DATA: decision}
    allowed = decision.allowed is True
    assert known.claim is not None
    return Claim(
        id=known.claim.id,
        account_id=known.account_id,
        parcel_id=known.parcel_id,
        kind=ClaimKind(first["kind"]),
        type=ClaimType(first["type"]),
        channel=known.claim.channel,
        status=known.claim.status,
        opens_parcel=known.parcel_id is not None and opens(known.claim),
        handled_by=first["handled_by"],
        opened_at=database.moment(first["opened_at"]),
        closed_at=database.optional_moment(first["closed_at"]),
        facts=known,
        shown=shown,
        description=first["description"] if allowed else None,
        investigation=[
            InvestigationEntry(
                id=database.uuid(row["entry_id"]),
                at=database.moment(row["entry_at"]),
                by=row["company_name"] if row["by_name"] is None else row["by_name"],
                kind=InvestigationKind(row["entry_kind"]),
                shown=shown,
                carrier_reference=row["carrier_reference"] if allowed else None,
                note=row["note"] if allowed else None,
            )
            for row in group
            if row["entry_id"] is not None
        ],
    )


async def _load(gate: Gate, selection: Selection, source: str, where: str, params: Mapping[str, object], shown: int = 0) -> list[Claim]:
    given = await read(gate, selection, source, where, params, shown)
    return built(given, await gate.record(given.disclosures))


async def by_ids(gate: Gate, ids: Iterable[UUID], selection: Selection) -> dict[UUID, Claim]:
    """The claims of these ids that the caller may know of."""
    viewer = gate.require_viewer()
    where = "WHERE k.id IN :ids"
    params: dict[str, object] = {"ids": list(ids)}
    if not viewer.is_agent:
        where += " AND k.account_id = :own"
        params["own"] = viewer.account_id
    return {claim.id: claim for claim in await _load(gate, selection, _ALL, where, params)}


async def pages(
    gate: Gate, account_ids: Sequence[UUID] | None, filter: ClaimFilter, asked: Window, selection: Selection, *, count: bool
) -> dict[UUID | None, Page[Claim]]:
    """A page of the claims of each of these accounts, newest first, all in one statement; with None one page (under None) over all accounts.

    The accounts must be ones the caller may know of; only an agent may ask for all.
    """
    viewer = gate.require_viewer()
    places: list[UUID | None] = list(account_ids) if account_ids is not None else [None]
    conditions, params = _conditions(viewer, filter)
    bounds, bound_params = asked.bounds("k.opened_at", "k.id")
    ordered = asked.ordered_by("k.opened_at", "k.id")
    scoped = [[f"k.account_id = :account_{n}"] if place is not None else [] for n, place in enumerate(places)]
    accounts = {f"account_{n}": place for n, place in enumerate(places) if place is not None}
    arms = [
        f"""SELECT k.*, ROW_NUMBER() OVER (ORDER BY {ordered}) AS place FROM (SELECT * FROM claims k
        WHERE {" AND ".join(scope + conditions + bounds)} ORDER BY {ordered} LIMIT :size) AS k"""
        for scope in scoped
    ]
    params_of_page = {**params, **bound_params, **accounts, "size": asked.size + 1}
    found = await _load(gate, selection, f"({' UNION ALL '.join(arms)})", "", params_of_page, asked.size)
    if asked.backward:
        found.reverse()
    by_place: dict[UUID | None, list[Claim]] = {place: [] for place in places}
    for claim in found:
        by_place[claim.account_id if account_ids is not None else None].append(claim)
    totals = await _counts(scoped, conditions, {**params, **accounts}) if count else {}
    return {place: page(asked, by_place[place], lambda claim: Position(claim.opened_at, claim.id), totals.get(n)) for n, place in enumerate(places)}


async def _counts(scoped: list[list[str]], conditions: list[str], params: Mapping[str, object]) -> dict[int, int]:
    arms = [
        f"""SELECT COUNT(*) AS n, {n} AS place FROM (SELECT 1 AS one FROM claims k
        WHERE {" AND ".join(scope + conditions)} LIMIT {COUNTED_UP_TO + 1}) AS arm_{n}"""
        for n, scope in enumerate(scoped)
    ]
    return {row["place"]: row["n"] for row in await database.fetch(" UNION ALL ".join(arms), **params)}


def _conditions(viewer: Viewer, filter: ClaimFilter) -> tuple[list[str], dict[str, object]]:
    conditions = ["EXISTS (SELECT 1 FROM accounts a WHERE a.id = k.account_id AND a.deleted_at IS NULL)"]
    params: dict[str, object] = {}
    if filter.status is not None:
        conditions.append("k.status IN :status")
        params["status"] = list(dict.fromkeys(filter.status))
    if filter.kind is not None:
        conditions.append("k.kind IN :kind")
        params["kind"] = list(dict.fromkeys(filter.kind))
    if filter.open is not None:
        conditions.append(f"k.status {'IN' if filter.open else 'NOT IN'} :open")
        params["open"] = list(OPEN)
    if filter.mine:
        column = "k.handled_by_id" if viewer.is_agent else "k.filed_by_id"
        conditions.append(f"{column} = :viewer")
        params["viewer"] = viewer.id
    return conditions, params


async def changed_since(since: datetime, account_id: UUID | None) -> dict[UUID, datetime]:
    """The claims (of this account, or of all) that were opened, closed or worked on after `since`, and when that was done last."""
    rows = await database.fetch(
        f"""SELECT k.id, MAX(done.at) AS at FROM claims k JOIN (
            SELECT id AS claim_id, opened_at AS at FROM claims UNION ALL SELECT id AS claim_id, closed_at AS at FROM claims
            UNION ALL SELECT claim_id, at FROM investigation_entries) AS done ON done.claim_id = k.id
        WHERE done.at > :since {"" if account_id is None else "AND k.account_id = :account"} GROUP BY k.id ORDER BY k.id""",
        since=since,
        **({} if account_id is None else {"account": account_id}),
    )
    return {database.uuid(row["id"]): database.moment(row["at"]) for row in rows}


# What is done to claims. Each decides again inside its transaction, from the facts as they are then.


async def file(gate: Gate, parcel_id: UUID, kind: ClaimKind, type: ClaimType, description: str) -> UUID:
    """A merchant's user files a claim in the Support section, by their own session or token: it opens the parcel. Returns its id."""
    return await _open(gate, Action.FILE_CLAIM, parcel_id, kind, type, ClaimChannel.SUPPORT_SECTION, description)


async def record(gate: Gate, parcel_id: UUID, kind: ClaimKind, type: ClaimType, channel: ClaimChannel, description: str) -> UUID:
    """An agent writes down what reached them another way. It opens nothing and can't be investigated. Returns its id."""
    if channel in {ClaimChannel.SUPPORT_SECTION, ClaimChannel.INTEGRATION}:
        raise BadInput("channel must be one support is reached by outside")
    return await _open(gate, Action.RECORD_CLAIM, parcel_id, kind, type, channel, description)


async def _open(gate: Gate, action: Action, parcel_id: UUID, kind: ClaimKind, type: ClaimType, channel: ClaimChannel, description: str) -> UUID:
    written = checked_text(description, "description", LONGEST_TEXT)
    viewer = gate.require_viewer()
    before = gate.require_sight(await facts_of.of_parcel(parcel_id), "parcel")
    key = new_id()
    async with database.transaction():
        await database.lock_account(before.account_id)
        known = gate.require_sight(await facts_of.of_parcel(parcel_id), "parcel")
        decision = gate.require(action, known)
        await database.execute(
            """INSERT INTO claims (id, account_id, parcel_id, kind, type, channel, status, filed_by_id, opened_at)
            VALUES (:id, :account, :parcel, :kind, :type, :channel, :status, :by, {now})""",
            id=key,
            account=known.account_id,
            parcel=parcel_id,
            kind=kind,
            type=type,
            channel=channel,
            status=ClaimStatus.SUBMITTED,
            by=viewer.id,
        )
        await database.execute(
            "INSERT INTO claim_personal_data (claim_id, account_id, description) VALUES (:id, :account, :description)",
            id=key,
            account=known.account_id,
            description=written,
        )
        await gate.record_change(decision, known, ["Claim.channel", "Claim.description", "Claim.kind", "Claim.type"])
        await live.announce("claim", known.account_id, key)
    return key


async def answer(gate: Gate, claim_id: UUID, message: str) -> None:
    """The merchant answers what support asked: an entry, and the investigation goes on."""
    note = checked_text(message, "message", LONGEST_TEXT)
    async with _changing(gate, claim_id, Action.ANSWER_CLAIM) as claim:
        claim.must_be_open()
        await claim.add_entry(InvestigationKind.MERCHANT_ANSWERED, None, note)
        if claim.status is not ClaimStatus.SUBMITTED:  # nobody took it yet
            await claim.move(_MOVES[InvestigationKind.MERCHANT_ANSWERED])


async def withdraw(gate: Gate, claim_id: UUID) -> None:
    """The merchant takes the claim back: the parcel is shut. Raises Conflict if it is closed already."""
    async with _changing(gate, claim_id, Action.WITHDRAW_CLAIM) as claim:
        claim.must_be_open()
        await claim.move(ClaimStatus.WITHDRAWN)


async def take(gate: Gate, claim_id: UUID) -> None:
    """An agent takes a claim filed in the Support section, also from a colleague."""
    async with _changing(gate, claim_id, Action.INVESTIGATE_CLAIM) as claim:
        claim.must_be_open()
        await claim.handle()
        if claim.status is ClaimStatus.SUBMITTED:
            await claim.move(ClaimStatus.INVESTIGATING)
        await outbox.add(Happening.CLAIM_TAKEN, claim.facts.account_id, claim_id)


_MOVES = {
    InvestigationKind.SENT_TO_CARRIER: ClaimStatus.WITH_CARRIER,
    InvestigationKind.CARRIER_ANSWERED: ClaimStatus.INVESTIGATING,
    InvestigationKind.ASKED_MERCHANT: ClaimStatus.AWAITING_MERCHANT,
    InvestigationKind.MERCHANT_ANSWERED: ClaimStatus.INVESTIGATING,
}


async def log_investigation(gate: Gate, claim_id: UUID, kind: InvestigationKind, reference: str | None, note: str | None) -> None:
    """An agent writes down what was done or heard; each entry but a note moves the claim, and the first takes it if nobody did."""
    reference = reference and checked_text(reference, "carrierReference", LONGEST_REFERENCE)
    note = note and checked_text(note, "note", LONGEST_TEXT)
    if not reference and not note and kind is InvestigationKind.NOTE:
        raise BadInput("note must say something")
    async with _changing(gate, claim_id, Action.INVESTIGATE_CLAIM) as claim:
        claim.must_be_open()
        await claim.handle_if_nobody()
        await claim.add_entry(kind, reference or None, note or None)
        if kind in _MOVES:
            await claim.move(_MOVES[kind])
        elif claim.status is ClaimStatus.SUBMITTED:
            await claim.move(ClaimStatus.INVESTIGATING)
        await outbox.add(Happening.CLAIM_LOGGED, claim.facts.account_id, claim_id, detail=kind)


async def close(gate: Gate, claim_id: UUID, outcome: ClaimStatus, note: str | None) -> None:
    """An agent closes a claim: the parcel is shut. Raises Conflict if it is closed already."""
    note = note and checked_text(note, "note", LONGEST_TEXT)
    async with _changing(gate, claim_id, Action.CLOSE_CLAIM) as claim:
        claim.must_be_open()
        await claim.handle_if_nobody()
        if note:
            await claim.add_entry(InvestigationKind.NOTE, None, note)
        await claim.move(outcome)
        await outbox.add(Happening.CLAIM_CLOSED, claim.facts.account_id, claim_id, detail=outcome, once=True)


@dataclass(slots=True)
class _Change:
    """One claim being changed, in its transaction."""

    id: UUID
    viewer: Viewer
    facts: Facts
    status: ClaimStatus
    changed: set[str] = field(default_factory=set)

    def must_be_open(self) -> None:
        if self.status not in OPEN_CLAIM_STATUSES:
            raise Conflict("The claim is closed")

    async def move(self, status: ClaimStatus) -> None:
        closing = status not in OPEN_CLAIM_STATUSES
        await database.execute(
            f"UPDATE claims SET status = :status, closed_at = {'{now}' if closing else 'NULL'} WHERE id = :id", status=status, id=self.id
        )
        self.status = status
        self.changed.add("Claim.status")

    async def handle(self) -> None:
        await database.execute("UPDATE claims SET handled_by_id = :agent WHERE id = :id", agent=self.viewer.id, id=self.id)
        self.changed.add("Claim.handledBy")

    async def handle_if_nobody(self) -> None:
        if await database.execute(
            "UPDATE claims SET handled_by_id = :agent WHERE id = :id AND handled_by_id IS NULL", agent=self.viewer.id, id=self.id
        ):
            self.changed.add("Claim.handledBy")

    async def add_entry(self, kind: InvestigationKind, reference: str | None, note: str | None) -> None:
        entry = new_id()
        await database.execute(
            "INSERT INTO investigation_entries (id, account_id, claim_id, at, by_id, kind) VALUES (:id, :account, :claim, {now}, :by, :kind)",
            id=entry,
            account=self.facts.account_id,
            claim=self.id,
            by=self.viewer.id,
            kind=kind,
        )
        await database.execute(
            """INSERT INTO investigation_personal_data (entry_id, account_id, carrier_reference, note)
            VALUES (:id, :account, :reference, :note)""",
            id=entry,
            account=self.facts.account_id,
            reference=reference,
            note=note,
        )
        self.changed.add("Claim.investigation")


@asynccontextmanager
async def _changing(gate: Gate, claim_id: UUID, action: Action) -> AsyncIterator[_Change]:
    """The transaction in which one claim changes: locked, decided, then recorded and announced. Raises NotFound, Refused."""
    before = gate.require_sight(await facts_of.of_claim(claim_id), "claim")
    async with database.transaction():
        await database.lock_account(before.account_id)
        known = gate.require_sight(await facts_of.of_claim(claim_id), "claim")
        decision = gate.require(action, known)
        assert known.claim is not None
        change = _Change(claim_id, gate.require_viewer(), known, known.claim.status)
        yield change
        await gate.record_change(decision, known, change.changed)
        await live.announce("claim", known.account_id, claim_id)
