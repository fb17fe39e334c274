"""The SQL that decides whose personal rows are read, held against `decide` over every combination of facts.

`decide` is asked here with all there is, unfiltered: every claim of the account in turn, and an open consent that has run out. The SQL
must read the personal row of exactly those it allows. The last tests change one of the two, and the comparison must notice.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

import models
from models import database as db
from models.fields import new_id
from policy import decision as policy
from policy.decision import ClaimFact, ConsentFact, Facts, Rule
from policy.vocabulary import Action, ClaimChannel, ClaimStatus, ConsentState, Reason
from resolvers import account_settings, accounts, claims, consents, parcels
from resolvers.gate import Gate
from resolvers.ledger import Request
from resolvers.selection import NOTHING, Selection
from tests.builders import Merchant, a_consent, a_merchant, an_agent
from tests.wire import watched

OPEN = frozenset({ClaimStatus.SUBMITTED, ClaimStatus.INVESTIGATING, ClaimStatus.AWAITING_MERCHANT, ClaimStatus.WITH_CARRIER})
CONSENTS: tuple[ConsentState | None, ...] = (None, ConsentState.ACTIVE, ConsentState.EXPIRED, ConsentState.REVOKED, ConsentState.REPLACED)
#: Where the claim is, seen from the parcel the question is about.
PLACES = ("none", "on the parcel", "on its sibling", "on its return", "on another of the same person", "on one that is deleted")


@dataclass(frozen=True)
class Case:
    """A parcel, and the only claim and the only consent its account has to do with."""

    parcel: UUID
    account: UUID
    consent: ConsentState | None
    place: str
    claim: ClaimFact | None

    @property
    def admitted(self) -> bool:
        """By hand: a live consent, or an open claim on this very parcel, filed in the Support section."""
        if self.consent is ConsentState.ACTIVE:
            return True
        claim = self.claim
        return self.place == "on the parcel" and claim is not None and claim.channel.value == "SUPPORT_SECTION" and claim.status in OPEN


@dataclass(frozen=True)
class World:
    """Every case, in one database."""

    gate: Gate
    cases: list[Case]
    merchants: dict[ConsentState | None, Merchant]
    consents: dict[ConsentState | None, ConsentFact | None]
    now: datetime


@dataclass
class Rows:
    """What will be stored, a table's rows in one statement."""

    parcels: list[dict[str, object]]
    claims: list[dict[str, object]]

    def parcel(self, account: UUID, now: datetime, *, deleted: bool = False, direction: str = "OUTGOING") -> UUID:
        key = new_id()
        self.parcels.append(
            {
                "id": key,
                "account": account,
                "now": now,
                "direction": direction,
                "deleted": now if deleted else None,
                "name": f"of {key}",
                "key": b"bakker",
            }
        )
        return key

    def claim(self, account: UUID, parcel: UUID, channel: ClaimChannel, status: ClaimStatus, now: datetime) -> ClaimFact:
        key = new_id()
        values = {"channel": channel, "status": status, "now": now, "closed": None if status in OPEN else now, "text": f"of {key}"}
        self.claims.append({"id": key, "account": account, "parcel": parcel, **values})
        return ClaimFact(key, parcel, channel, status)

    async def store(self) -> None:
        await db.execute_many(
            """INSERT INTO parcels (id, account_id, status, direction, collo_number, collo_count, shipment_group, created_at, updated_at, deleted_at)
            VALUES (:id, :account, 'ANNOUNCED', :direction, 1, 2, 'shipment', :now, :now, :deleted)""",
            self.parcels,
        )
        await db.execute_many(
            """INSERT INTO parcel_personal_data (parcel_id, account_id, version, name, name_key, items, documents)
            VALUES (:id, :account, 1, :name, :key, '[]', '[]')""",
            self.parcels,
        )
        await db.execute_many(
            """INSERT INTO claims (id, account_id, parcel_id, kind, type, channel, status, opened_at, closed_at)
            VALUES (:id, :account, :parcel, 'CLAIM', 'LOST', :channel, :status, :now, :closed)""",
            self.claims,
        )
        await db.execute_many("INSERT INTO claim_personal_data (claim_id, account_id, description) VALUES (:id, :account, :text)", self.claims)


def case(rows: Rows, account: UUID, consent: ConsentState | None, place: str, channel: ClaimChannel, status: ClaimStatus, now: datetime) -> Case:
    """Store the parcel asked about, and the claim in its place."""
    asked = rows.parcel(account, now)
    if place == "none":
        return Case(asked, account, consent, place, None)
    where = (
        asked
        if place == "on the parcel"
        else rows.parcel(account, now, deleted=place == "on one that is deleted", direction="RETURN" if place == "on its return" else "OUTGOING")
    )
    return Case(asked, account, consent, place, rows.claim(account, where, channel, status, now))


@pytest.fixture
async def world(database: str) -> World:
    now = await db.clock()
    rows = Rows([], [])
    cases: list[Case] = []
    merchants: dict[ConsentState | None, Merchant] = {}
    facts: dict[ConsentState | None, ConsentFact | None] = {}
    for state in CONSENTS:
        merchants[state] = merchant = await a_merchant(f"With {state}")
        if state is not None:
            await a_consent(merchant, state)
        open_one = await models.Consent.get_or_none(live_for=merchant.id)
        facts[state] = ConsentFact(open_one.id, open_one.expires_at) if open_one else None
        cases.append(case(rows, merchant.id, state, "none", ClaimChannel.SUPPORT_SECTION, ClaimStatus.SUBMITTED, now))
        cases += [
            case(rows, merchant.id, state, place, channel, status, now) for place in PLACES[1:] for channel in ClaimChannel for status in ClaimStatus
        ]
    await rows.store()
    return World(Gate(await an_agent(), Request("request")), cases, merchants, facts, now)


def decided(world: World, account: UUID, parcel: UUID | None, claims_of_account: list[ClaimFact], action: Action) -> bool:
    """Would `decide` allow it, given any one of the claims?"""
    state = next(state for state, merchant in world.merchants.items() if merchant.id == account)
    facts = Facts(world.now, account, parcel, world.consents[state])
    return any(policy.decide(world.gate.viewer, action, replace(facts, claim=claim)).allowed for claim in (None, *claims_of_account))


async def wrong_parcels(world: World) -> set[Case]:
    """The parcels whose personal row is read and should not be, or the other way round."""
    page = f"SELECT {parcels._page_columns(NOTHING)}, 0 AS place FROM parcels p WHERE p.deleted_at IS NULL"
    assert world.gate.viewer is not None
    read = await parcels._read(world.gate, world.gate.viewer, page, {}, 0, ["version"])
    found = {db.uuid(row["id"]): (row["d_version"] is not None, decision.allowed) for row, decision in zip(read.rows, read.decisions, strict=True)}
    wrong = set()
    for each in world.cases:
        allowed = decided(world, each.account, each.parcel, [each.claim] if each.claim else [], Action.VIEW_PERSONAL_DATA)
        if {*found[each.parcel], allowed} != {each.admitted}:
            wrong.add(each)
    return wrong


def asking(type_name: str, *names: str) -> Selection:
    return Selection({type_name: dict.fromkeys(names, NOTHING)})


async def wrong_claims(world: World) -> set[Case]:
    """The claims whose text is read and should not be, or the other way round."""
    given = await claims.read(world.gate, asking("Claim", "description"), claims._ALL, "", {})
    read = {key: group[0]["description"] is not None for key, group in given.rows.items()}
    asked = {key: disclosure.decision.allowed for key, disclosure in zip(given.rows, given.disclosures, strict=True)}
    wrong = set()
    for each in world.cases:
        claim = each.claim
        if claim is None:
            continue
        gone = each.place == "on one that is deleted"
        admitted = each.consent is ConsentState.ACTIVE or (not gone and claim.channel.value == "SUPPORT_SECTION" and claim.status in OPEN)
        parcel = None if gone else claim.parcel_id
        allowed = decided(world, each.account, parcel, [replace(claim, parcel_id=parcel)], Action.VIEW_PERSONAL_DATA)
        if {read[claim.id], asked[claim.id], allowed} != {admitted}:
            wrong.add(each)
    return wrong


async def wrong_accounts(world: World) -> set[ConsentState | None]:
    """The accounts whose settings, or who granted, are read and should not be, or the other way round."""
    wrong = set()
    for state, merchant in world.merchants.items():
        granting = Selection({"AgentLogin": {"consent": asking("Consent", "grantedBy")}})
        asked = Selection({"Account": {"settings": asking("AccountSettings", "senderAddresses", "webhookUrl"), "agentLogin": granting}})
        with watched() as wire:
            account = (await accounts.by_ids(world.gate, [merchant.id], asked))[merchant.id]
        with watched() as wire_alone:
            alone = (await consents.agent_logins(world.gate, [merchant.id], granting))[merchant.id]
        name = f"Owner of {merchant.company_name}"
        read = "Senderstraat" in wire.text, name in wire.text, name in wire_alone.text
        assert account.agent_login is not None
        shown = (
            isinstance(account.settings, account_settings.AccountSettings),
            *((consent := login.consent) and consent.granted_by is not None for login in (account.agent_login, alone)),
        )
        there = [each.claim for each in world.cases if each.account == merchant.id and each.claim]
        allowed = [decided(world, merchant.id, None, there, action) for action in (Action.VIEW_SETTINGS, Action.VIEW_PERSONAL_DATA)]
        live = state is ConsentState.ACTIVE
        if {*read, *(bool(each) for each in shown), *allowed} != {live} or "hooks.example.com" in wire.text + wire_alone.text:
            wrong.add(state)
    return wrong


async def wrong_searches(world: World) -> set[ConsentState | None]:
    """The accounts in which a search by an agent finds something and should not, or the other way round."""
    wrong = set()
    for state, merchant in world.merchants.items():
        assert world.gate.viewer is not None
        conditions, params = parcels._conditions(world.gate.viewer, parcels.ParcelFilter(search="Bakker"), {"account": merchant.id})
        found = await db.fetch(f"SELECT p.id FROM parcels p WHERE {' AND '.join(conditions['account'])}", **params)
        claims_there = [each.claim for each in world.cases if each.account == merchant.id and each.claim]
        allowed = decided(world, merchant.id, None, claims_there, Action.SEARCH_PERSONAL_DATA)
        if {bool(found), allowed} != {state is ConsentState.ACTIVE}:
            wrong.add(state)
    return wrong


COMPARISONS: dict[str, Callable[[World], Awaitable[set[Any]]]] = {
    "parcels": wrong_parcels,
    "claims": wrong_claims,
    "accounts": wrong_accounts,
    "searches": wrong_searches,
}


async def unnoticed(world: World, who: set[str]) -> set[str]:
    """Which of these comparisons find nothing wrong."""
    return {name for name in who if not await COMPARISONS[name](world)}


async def test_the_rows_that_are_read_are_those_the_policy_allows(world: World) -> None:
    assert len(world.cases) == len(CONSENTS) * (1 + 5 * len(ClaimChannel) * len(ClaimStatus))
    assert {each.admitted for each in world.cases} == {True, False}
    assert await unnoticed(world, set(COMPARISONS)) == set(COMPARISONS)


# The comparison is worth something only if it notices. Each of these changes the SQL or the policy, for more or for less; one database will do.

on_one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

CHANNEL = "k.channel = 'SUPPORT_SECTION' AND "
LIVE = " AND c.expires_at > {now}"

SQL_CHANGES: list[tuple[Any, str, Callable[[str], str], set[str]]] = [
    (parcels, "_ADMITTED", lambda sql: "1 = 1", {"parcels"}),
    (parcels, "_ADMITTED", lambda sql: "facts.consent_id IS NOT NULL", {"parcels"}),
    (parcels, "_ADMITTED", lambda sql: "facts.claim_id IS NOT NULL", {"parcels"}),
    (parcels, "_FACTS_FOR_AGENTS", lambda sql: sql.replace(CHANNEL, ""), {"parcels"}),
    (parcels, "_FACTS_FOR_AGENTS", lambda sql: re.sub(r" AND k.status IN \(.*?\)", "", sql), {"parcels"}),
    (parcels, "_FACTS_FOR_AGENTS", lambda sql: sql.replace("'WITH_CARRIER'", "'NOWHERE'"), {"parcels"}),
    (parcels, "_FACTS_FOR_AGENTS", lambda sql: sql.replace("k.parcel_id = page.id", "k.account_id = page.account_id"), {"parcels"}),
    (parcels, "_FACTS_FOR_AGENTS", lambda sql: sql.replace(LIVE, ""), {"parcels"}),
    (
        parcels,
        "_FACTS_FOR_AGENTS",
        lambda sql: sql.replace("c.live_for = page.account_id", "c.account_id = page.account_id AND c.ended_at < {now}"),
        {"parcels"},
    ),
    (claims, "_ADMITTED_AGENT", lambda sql: "1 = 1", {"claims"}),
    (claims, "_ADMITTED_AGENT", lambda sql: "c.id IS NOT NULL", {"claims"}),
    (claims, "_ADMITTED_AGENT", lambda sql: sql.replace("p.id IS NOT NULL AND ", ""), {"claims"}),
    (claims, "_ADMITTED_AGENT", lambda sql: sql.replace(CHANNEL, ""), {"claims"}),
    (claims, "_SELECT", lambda sql: sql.replace(" AND c.expires_at > {{now}}", ""), {"claims"}),
    (accounts, "_SELECT", lambda sql: sql.replace(" AND c.expires_at > {now}", ""), {"accounts"}),
    (account_settings, "_ADMITTED_AGENT", lambda sql: "1 = 1", {"accounts"}),
    (account_settings, "_JOINS", lambda sql: sql.replace("IF {admitted}", "IF ({admitted} OR 1 = 1)"), {"accounts"}),
    (consents, "_JOINS", lambda sql: sql.replace("IF {admitted}", "IF ({admitted} OR 1 = 1)"), {"accounts"}),
    (consents, "_SELECT", lambda sql: sql.replace("c.live_for = a.id", "c.account_id = a.id"), {"accounts"}),
]


@on_one_database
async def test_a_change_of_the_sql_is_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name, change, who in SQL_CHANGES:
        with monkeypatch.context() as changed:
            before = getattr(module, name)
            changed.setattr(module, name, change(before))
            assert getattr(module, name) != before
            assert await unnoticed(world, who) == set(), (module.__name__, name, change(before))


def ruled(action: Action, **cells: Any) -> dict[Action, Rule]:
    return {**policy.RULES, action: replace(policy.RULES[action], **cells)}


POLICY_CHANGES: list[tuple[str, Any, set[str]]] = [
    ("opens", lambda claim: True, {"parcels", "claims"}),
    ("opens", lambda claim: claim.channel is ClaimChannel.SUPPORT_SECTION, {"parcels", "claims"}),
    ("opens", lambda claim: claim.status in OPEN, {"parcels", "claims"}),
    ("opens", lambda claim: False, {"parcels", "claims"}),
    ("is_live", lambda consent, now: True, {"parcels", "claims", "accounts", "searches"}),
    ("is_live", lambda consent, now: False, {"parcels", "claims", "accounts", "searches"}),
    ("RULES", ruled(Action.VIEW_PERSONAL_DATA, claim=Reason.NO_LIVE_CONSENT), {"parcels", "claims"}),
    ("RULES", ruled(Action.VIEW_PERSONAL_DATA, nothing=None), {"parcels", "claims", "accounts"}),
    ("RULES", ruled(Action.VIEW_PERSONAL_DATA, consent=Reason.NO_LIVE_CONSENT), {"parcels", "claims", "accounts"}),
    ("RULES", ruled(Action.VIEW_SETTINGS, claim=None), {"accounts"}),
    ("RULES", ruled(Action.SEARCH_PERSONAL_DATA, claim=None), {"searches"}),
    ("RULES", ruled(Action.SEARCH_PERSONAL_DATA, consent=Reason.NO_LIVE_CONSENT), {"searches"}),
]


@on_one_database
async def test_a_change_of_the_policy_is_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, change, who in POLICY_CHANGES:
        with monkeypatch.context() as changed:
            changed.setattr(policy, name, change)
            assert await unnoticed(world, who) == set(), (name, change)
