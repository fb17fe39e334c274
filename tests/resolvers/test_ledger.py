"""The access log: what an agent saw, searched or changed, by the names of the fields and never a value; written before the answer leaves."""

from __future__ import annotations

import asyncio
import itertools
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest

import models
from models import database as db
from policy.vocabulary import ClaimChannel, Viewer
from schema.build import Schema
from tests.asking import Answer, account_id, ask, claim_id, parcel_id, recorded
from tests.builders import Merchant, ParcelMade, a_claim, a_consent, a_merchant, a_parcel, an_agent
from tests.marks import EVERY_FIELD, a_marked_parcel
from tests.schema.doors import an_investigation


@pytest.fixture
async def agent(database: str) -> Viewer:
    return await an_agent()


@pytest.fixture
async def merchant(database: str) -> Merchant:
    return await a_merchant()


def page(merchant: Merchant, arguments: str = "", fields: str = "id recipient { email }") -> str:
    return f'{{ parcels(accountId: "{account_id(merchant.id)}" {arguments}) {{ nodes {{ {fields} }} }} }}'


# What is named: the fields as they were asked for.

EVERYTHING = {
    *(f"Parcel.{name}" for name in ("version", "orderNumber", "externalReference", "trackingNumber", "trackingUrl", "servicePoint")),
    *(f"Parcel.{name}" for name in ("note", "totalValue", "items", "documents", "events")),
    *(f"Recipient.{name}" for name in ("name", "companyName", "email", "phone", "street", "houseNumber")),
    *(f"Recipient.{name}" for name in ("addressLine2", "postalCode", "city", "region", "taxNumber")),
    "TrackingEvent.location",
    "TrackingEvent.message",
}

ASKED: dict[str, tuple[str, set[str], set[str]]] = {
    "one": ("{ parcel(id: $p) { recipient { email } } }", {"Recipient.email"}, {"CONTACT"}),
    "all": (
        "{ parcel(id: $p) { ...Everything } }" + EVERY_FIELD,
        EVERYTHING,
        {"IDENTITY", "CONTACT", "ADDRESS", "LOCATION", "TRACKING", "ORDER", "CONTENT", "OFFICIAL_ID", "FREE_TEXT", "DOCUMENT"},
    ),
    "none": ("{ parcel(id: $p) { __typename id status disclosure { shown } recipient { country } claims { status opensParcel } } }", set(), set()),
    "aliases": (
        "{ x: parcel(id: $p) { status: note y: recipient { id: name z: name } } }",
        {"Parcel.note", "Recipient.name"},
        {"FREE_TEXT", "IDENTITY"},
    ),
    "fragments": (
        "{ node(id: $p) { ...A } } fragment A on Node { ... on Parcel { ...B } } fragment B on Parcel { recipient { ... { phone } } }",
        {"Recipient.phone"},
        {"CONTACT"},
    ),
    "skipped": (
        "{ parcel(id: $p) { note @skip(if: true) orderNumber @include(if: false) ... @skip(if: true) { version } trackingUrl @skip(if: false) } }",
        {"Parcel.trackingUrl"},
        {"TRACKING"},
    ),
    "another type's fragment": (
        "{ node(id: $p) { ... on Claim { description } ... on Parcel { servicePoint } } }",
        {"Parcel.servicePoint"},
        {"LOCATION"},
    ),
    "inside": (
        "{ parcel(id: $p) { items { sku } totalValue { amount } events { status } } }",
        {"Parcel.items", "Parcel.totalValue", "Parcel.events"},
        {"CONTENT", "LOCATION"},
    ),
    "many times in one list": (
        "{ account(id: $a) { parcels { nodes { recipient { email } } edges { node { note recipient { e: email city } } } } } }",
        {"Recipient.email", "Recipient.city", "Parcel.note"},
        {"CONTACT", "ADDRESS", "FREE_TEXT"},
    ),
    "and its claims": (
        "{ parcel(id: $p) { note claims { description investigation { note carrierReference } } } }",
        {"Parcel.note", "Claim.description", "InvestigationEntry.note", "InvestigationEntry.carrierReference"},
        {"FREE_TEXT", "TRACKING"},
    ),
}


async def test_a_parcel_s_row_names_the_fields_that_were_asked_for_and_never_a_value(agent: Viewer, merchant: Merchant, schema: Schema) -> None:
    parcel = await a_marked_parcel(merchant, "¶")
    consent = await a_consent(merchant)
    claim = await a_claim(parcel, channel=ClaimChannel.EMAIL, description="¶description¶")
    await an_investigation(merchant, agent, claim, "¶")
    given = {"p": parcel_id(parcel.id), "a": account_id(merchant.id)}
    wrong = {}
    for name, (document, fields, categories) in ASKED.items():
        heads = ", ".join(f"${key}: ID!" for key in given if f"${key}" in document)
        answer = await ask(schema, agent, f"query ({heads}) {document}", given, operation=name)
        assert answer.errors == [], name
        rows = await models.AccessEvent.filter(operation=name)
        expected = [(parcel.id, fields, categories)] if fields else []
        if [(row.parcel_id, set(row.fields_), set(row.categories)) for row in rows] != expected:
            wrong[name] = [(row.fields_, row.categories) for row in rows]
        for row in rows:
            assert (row.agent_id, row.account_id, row.action, row.basis) == (agent.id, merchant.id, "VIEW_PERSONAL_DATA", "CONSENT")
            assert (row.consent_id, row.claim_id, row.changed) == (consent, None, [])
            assert str(UUID(row.request_id)) == row.request_id
            assert row.fields_ == sorted(row.fields_)
    assert wrong == {}
    assert "¶" not in repr([row.__dict__ for row in await recorded()])


async def test_of_a_row_only_its_own_fields_are_written_down_not_those_of_rows_it_leads_to(agent: Viewer, merchant: Merchant, schema: Schema) -> None:
    newest, parcel = await some_parcels(merchant, 2)
    await a_consent(merchant)
    document = f"""{{ parcel(id: "{parcel_id(parcel.id)}") {{ note account {{ settings {{ senderAddresses {{ city }} }}
    parcels(first: 1) {{ nodes {{ recipient {{ email }} }} }} agentLogin {{ consent {{ grantedBy }} }} }} }} }}"""
    assert (await ask(schema, agent, document)).errors == []
    rows = {(row.parcel_id, *row.fields_) for row in await recorded()}
    assert rows == {
        (parcel.id, "Parcel.note"),
        (newest.id, "Recipient.email"),
        (None, "AccountSettings.senderAddresses"),
        (None, "Consent.grantedBy"),
    }


class Documents:
    """Documents as somebody might write them: any fields, under any alias, in any fragment, skipped and included."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311 (the same documents each time)
        self.fragments: list[str] = []
        self.aliases = itertools.count(1)

    def document(self) -> str:
        head = "query ($p: ID!, $yes: Boolean!, $no: Boolean = false)"
        used = "yes: __typename @include(if: $yes) no: __typename @skip(if: $no)"
        parcel = f"parcel(id: $p) {{ id {self.selection('Parcel', 3)} }}"
        return f"{head} {{ {parcel} {used} }} {' '.join(self.fragments)}"

    def selection(self, type_name: str, depth: int) -> str:
        return " ".join(self.part(type_name, depth) for _ in range(self.random.randint(1, 4)))

    def part(self, type_name: str, depth: int) -> str:
        kind = self.random.choice(["field", "field", "inline", "spread"]) if depth else "field"
        if kind == "field":
            return self.field(type_name, depth)
        inner = self.selection(type_name, depth - 1)
        if kind == "inline":
            condition = self.random.choice(["", f"on {type_name}", "on Node" if type_name == "Parcel" else ""])
            inner = f"... on {type_name} {{ {inner} }}" if condition == "on Node" else inner
            return f"... {condition} {self.directive()} {{ {inner} }}"
        name = f"F{len(self.fragments)}_{next(self.aliases)}"
        self.fragments.append(f"fragment {name} on {type_name} {{ {inner} }}")
        return f"...{name} {self.directive()}"

    def field(self, type_name: str, depth: int) -> str:
        leaves = {
            "Parcel": ["status", "note", "version", "orderNumber", "trackingUrl", "items { sku }", "totalValue { amount }", "documents { kind }"],
            "Recipient": ["country", "name", "email", "city", "taxNumber"],
            "TrackingEvent": ["status", "location", "message"],
        }[type_name]
        if type_name == "Parcel" and depth and self.random.random() < 0.4:
            name, inner = self.random.choice([("recipient", "Recipient"), ("events", "TrackingEvent")])
            return f"a{next(self.aliases)}: {name} {self.directive()} {{ {self.selection(inner, depth - 1)} }}"
        name, _, rest = self.random.choice(leaves).partition(" ")
        alias = f"a{next(self.aliases)}: " if self.random.random() < 0.5 else ""
        return f"{alias}{name} {self.directive()} {rest}"

    def directive(self) -> str:
        return self.random.choice(["", "", "", "@skip(if: $no)", "@skip(if: $yes)", "@include(if: $yes)", "@include(if: $no)", "@include(if: false)"])


async def test_whatever_is_asked_what_was_shown_is_what_is_written_down(agent: Viewer, merchant: Merchant, schema: Schema) -> None:
    """The ledger reads the document before anything runs; the fields count themselves while they do. They must agree."""
    parcel = await a_parcel(merchant)
    await a_consent(merchant)
    several = set()
    for seed in range(60):
        document = Documents(seed).document()
        answer = await ask(schema, agent, document, {"p": parcel_id(parcel.id), "yes": True}, operation=str(seed))
        assert answer.errors == [], document
        shown = {entry["field"] for entry in answer.privacy.get("disclosed", [])}
        written = [set(row.fields_) for row in await models.AccessEvent.filter(operation=str(seed))]
        assert written == ([shown] if shown else []), document
        several |= shown
    assert several == {
        "Parcel.note",
        "Parcel.version",
        "Parcel.orderNumber",
        "Parcel.trackingUrl",
        "Parcel.items",
        "Parcel.totalValue",
        "Parcel.documents",
        "Parcel.events",
        "Recipient.name",
        "Recipient.email",
        "Recipient.city",
        "Recipient.taxNumber",
        "TrackingEvent.location",
        "TrackingEvent.message",
    }


async def test_the_row_names_what_it_stood_on_and_the_database_s_time(agent: Viewer, merchant: Merchant, schema: Schema) -> None:
    parcel, other = await a_parcel(merchant), await a_parcel(merchant)
    claim = await a_claim(parcel)
    before = await db.clock()
    await ask(schema, agent, page(merchant))
    (row,) = await recorded()
    assert (row.parcel_id, row.basis, row.claim_id, row.consent_id) == (parcel.id, "CLAIM", claim, None)
    assert before <= row.at <= await db.clock()
    await a_consent(merchant)
    await ask(schema, agent, page(merchant))
    assert {(row.parcel_id, row.basis) for row in (await recorded())[1:]} == {(parcel.id, "CONSENT"), (other.id, "CONSENT")}


async def test_a_parcel_and_its_claims_open_each_on_their_own(agent: Viewer, merchant: Merchant, schema: Schema) -> None:
    """Two claims of one parcel: each opens its own text, the older one the parcel."""
    parcel = await a_parcel(merchant)
    first, second = await a_claim(parcel), await a_claim(parcel)
    await ask(schema, agent, page(merchant, fields="note claims { description }"))
    rows = {row.claim_id: set(row.fields_) for row in await recorded()}
    assert rows == {first: {"Parcel.note", "Claim.description"}, second: {"Claim.description"}}


async def test_what_merchants_see_is_not_written_down(agent: Viewer, merchant: Merchant, schema: Schema) -> None:
    parcel = await a_parcel(merchant)
    await a_claim(parcel)
    await a_consent(merchant)
    for viewer in (merchant.owner, merchant.admin, merchant.member, None):
        await ask(schema, viewer, page(merchant, fields="note claims { description }"))
        await ask(schema, viewer, page(merchant, 'filter: {search: "jan"}'))
    change = f'mutation {{ updateParcel(input: {{parcelId: "{parcel_id(parcel.id)}", version: 1, note: "x"}}) {{ parcel {{ note }} }} }}'
    assert (await ask(schema, merchant.member, change)).errors == []
    assert await recorded() == []


async def test_what_is_withheld_is_not_written_down(agent: Viewer, merchant: Merchant, schema: Schema) -> None:
    await a_claim(await a_parcel(merchant), channel=ClaimChannel.PHONE)
    await ask(schema, agent, page(merchant, fields="note claims { description }"))
    assert await recorded() == []


# When it can't be written.


async def test_without_a_record_nothing_is_shown(agent: Viewer, merchant: Merchant, schema: Schema, capsys: pytest.CaptureFixture[str]) -> None:
    parcel = await a_marked_parcel(merchant, "¶")
    claim = await a_claim(parcel, description="¶description¶")
    await a_consent(merchant)
    await db.execute("ALTER TABLE access_log RENAME TO gone")
    documents = [
        page(merchant, fields="...Everything claims { description } disclosure { shown reason }") + EVERY_FIELD,
        f'{{ parcel(id: "{parcel_id(parcel.id)}") {{ ...Everything }} }} {EVERY_FIELD}',
        f'{{ claim(id: "{claim_id(claim)}") {{ description parcel {{ ...Everything }} }} }} {EVERY_FIELD}',
        f'''{{ account(id: "{account_id(merchant.id)}") {{ settings {{ locale senderAddresses {{ street }} }}
        agentLogin {{ consent {{ grantedBy }} }} }} }}''',
    ]
    for document in documents:
        answer = await ask(schema, agent, document)
        assert answer.errors == []
        assert "¶" not in answer.text
        assert "Senderstraat" not in answer.text
        assert "Owner of" not in answer.text
        assert {entry["reason"] for entry in answer.privacy["withheld"]} == {"NOT_RECORDED"}
        assert "disclosed" not in answer.privacy
    (first, *_) = (await ask(schema, agent, documents[0])).data["parcels"]["nodes"]
    assert first["disclosure"] == {"shown": False, "reason": "NOT_RECORDED"}
    logged = capsys.readouterr().out
    assert "access log not written" in logged
    assert "¶" not in logged
    assert (await ask(schema, merchant.member, documents[0])).errors == []  # it is agents who wait for the log
    assert "¶" in (await ask(schema, merchant.member, documents[0])).text


async def test_without_a_record_nothing_is_searched_and_nothing_changed(agent: Viewer, merchant: Merchant, schema: Schema) -> None:
    parcel = await a_parcel(merchant)
    await a_consent(merchant)
    await db.execute("ALTER TABLE access_log RENAME TO gone")
    searched = await ask(schema, agent, page(merchant, 'filter: {search: "jan"}', "id"))
    assert searched.reasons == ["NOT_RECORDED"]
    changed = await ask(
        schema, agent, f'mutation {{ updateParcel(input: {{parcelId: "{parcel_id(parcel.id)}", version: 1, note: "new"}}) {{ parcel {{ id }} }} }}'
    )
    assert changed.codes == ["INTERNAL"]
    stored = await models.ParcelPersonalData.get(parcel_id=parcel.id)
    assert (stored.note, stored.version) == ("Ring twice", 1)


# At most so many different parcels of an account in an hour.


async def some_parcels(merchant: Merchant, count: int) -> list[ParcelMade]:
    """The newest first, as the list has them."""
    now = await db.clock()
    return [await a_parcel(merchant, created_at=now - timedelta(minutes=n), events=False) for n in range(count)]


def emails(answer: Answer) -> list[bool]:
    """Which parcels of the page showed theirs."""
    assert answer.errors == []
    return [node["recipient"]["email"] is not None for node in answer.data["parcels"]["nodes"]]


async def test_beyond_the_limit_parcels_are_withheld_in_the_order_of_the_page(agent: Viewer, merchant: Merchant, schema: Schema) -> None:
    parcels = await some_parcels(merchant, 5)
    await a_consent(merchant)
    document = page(merchant, fields="recipient { email } disclosure { reason }")
    for _ in range(2):  # what was seen within the hour may be seen again
        answer = await ask(schema, agent, document, most_parcels_an_hour=3)
        assert emails(answer) == [True, True, True, False, False]
        assert [node["disclosure"]["reason"] for node in answer.data["parcels"]["nodes"]] == [None, None, None, *["TOO_MANY_DISCLOSURES"] * 2]
        assert answer.privacy["withheld"] == [
            {
                "field": "Recipient.email",
                "path": ["parcels", "nodes", "*", "recipient", "email"],
                "category": "CONTACT",
                "reason": "TOO_MANY_DISCLOSURES",
                "count": 2,
            }
        ]
    assert {row.parcel_id for row in await recorded()} == {parcel.id for parcel in parcels[:3]}
    assert emails(await ask(schema, agent, page(merchant, "orderBy: CREATED_ASC"), most_parcels_an_hour=3)) == [False, False, True, True, True]
    assert emails(await ask(schema, agent, page(merchant, "last: 2"), most_parcels_an_hour=4)) == [False, True]  # it is read from the end
    assert emails(await ask(schema, agent, page(merchant, "last: 2"), most_parcels_an_hour=5)) == [True, True]


async def test_the_limit_is_an_agent_s_in_an_account_in_an_hour(agent: Viewer, merchant: Merchant, schema: Schema) -> None:
    await some_parcels(merchant, 3)
    other_account, other_agent = await a_merchant("Other Outdoors"), await an_agent("Agent Jansen")
    await some_parcels(other_account, 3)
    for account in (merchant, other_account):
        await a_consent(account)
    assert emails(await ask(schema, agent, page(merchant), most_parcels_an_hour=2)) == [True, True, False]
    assert emails(await ask(schema, agent, page(other_account), most_parcels_an_hour=2)) == [True, True, False]
    assert emails(await ask(schema, other_agent, page(merchant, "orderBy: CREATED_ASC"), most_parcels_an_hour=2)) == [True, True, False]
    assert emails(await ask(schema, agent, page(merchant, "orderBy: CREATED_ASC"), most_parcels_an_hour=2)) == [False, True, True]
    for row in await recorded():
        await models.AccessEvent.filter(id=row.id).update(at=row.at - timedelta(hours=1))
    assert emails(await ask(schema, agent, page(merchant, "orderBy: CREATED_ASC"), most_parcels_an_hour=2)) == [True, True, False]


async def test_several_accounts_on_one_page_have_each_their_own_limit(agent: Viewer, merchant: Merchant, schema: Schema) -> None:
    other = await a_merchant("Other Outdoors")
    for account in (merchant, other):
        await some_parcels(account, 3)
        await a_consent(account)
    answer = await ask(schema, agent, "{ accounts { nodes { parcels { nodes { recipient { email } } } } } }", most_parcels_an_hour=2)
    shown = [[node["recipient"]["email"] is not None for node in account["parcels"]["nodes"]] for account in answer.data["accounts"]["nodes"]]
    assert shown == [[True, True, False], [True, True, False]]


async def test_a_claim_s_text_counts_as_its_parcel_and_a_claim_does_not_lift_the_limit(agent: Viewer, merchant: Merchant, schema: Schema) -> None:
    parcels = await some_parcels(merchant, 3)
    claims = [await a_claim(parcel) for parcel in parcels]
    read = [await ask(schema, agent, f'{{ claim(id: "{claim_id(claim)}") {{ description }} }}', most_parcels_an_hour=2) for claim in claims]
    assert [answer.data["claim"]["description"] is not None for answer in read] == [True, True, False]
    assert emails(await ask(schema, agent, page(merchant), most_parcels_an_hour=2)) == [True, True, False]


async def test_what_an_agent_changes_or_records_is_not_thereby_seen(agent: Viewer, merchant: Merchant, schema: Schema) -> None:
    """Otherwise an agent would note a claim on every parcel, which takes no consent, and then see them all."""
    parcels = await some_parcels(merchant, 4)
    await a_consent(merchant)
    for parcel in parcels:
        given = f'{{parcelId: "{parcel_id(parcel.id)}", kind: CLAIM, type: LOST, channel: PHONE, description: "x"}}'
        answer = await ask(schema, agent, f"mutation {{ recordClaim(input: {given}) {{ claim {{ id }} }} }}", most_parcels_an_hour=2)
        assert answer.errors == []
    change = f'mutation {{ updateParcel(input: {{parcelId: "{parcel_id(parcels[3].id)}", version: 1, weightGrams: 5}}) {{ parcel {{ id }} }} }}'
    assert (await ask(schema, agent, change, most_parcels_an_hour=2)).errors == []
    assert emails(await ask(schema, agent, page(merchant), most_parcels_an_hour=2)) == [True, True, False, False]


async def test_answers_at_the_same_time_do_not_exceed_the_limit_together(agent: Viewer, merchant: Merchant, schema: Schema) -> None:
    await some_parcels(merchant, 8)
    await a_consent(merchant)
    cursors = (await ask(schema, merchant.owner, f'{{ parcels(accountId: "{account_id(merchant.id)}") {{ edges {{ cursor }} }} }}')).data["parcels"][
        "edges"
    ]
    afters = ["", *(f'after: "{edge["cursor"]}"' for edge in cursors[1:7:2])]
    answers = await asyncio.gather(*(ask(schema, agent, page(merchant, f"first: 2 {after}"), most_parcels_an_hour=5) for after in afters))
    assert sum(sum(emails(answer)) for answer in answers) == 5
    assert len({row.parcel_id for row in await recorded()}) == 5


async def test_only_so_many_searches_of_an_account_are_made_in_an_hour(agent: Viewer, merchant: Merchant, schema: Schema) -> None:
    """Of each agent in each account, whether anything was found or not; seeing parcels and searching do not count for one another."""
    other, other_agent = await a_merchant(), await an_agent()
    for account in (merchant, other):
        await some_parcels(account, 2)
        await a_consent(account)

    async def searched(viewer: Viewer, account: Merchant, name: str = "nobody of this name") -> list[str | None]:
        document = page(account, f'filter: {{search: "{name}"}}', "id")
        return (await ask(schema, viewer, document, most_searches_an_hour=3, most_parcels_an_hour=2)).reasons

    answers = await asyncio.gather(*(searched(agent, merchant) for _ in range(5)))
    assert sorted(answers) == [[], [], [], ["TOO_MANY_DISCLOSURES"], ["TOO_MANY_DISCLOSURES"]]
    assert await searched(agent, merchant, "jan") == ["TOO_MANY_DISCLOSURES"]
    assert [await searched(agent, other), await searched(other_agent, merchant)] == [[], []]
    assert emails(await ask(schema, agent, page(merchant), most_searches_an_hour=3, most_parcels_an_hour=2)) == [True, True]
    assert len([row for row in await recorded() if row.agent_id == agent.id and row.account_id == merchant.id and row.parcel_id is None]) == 3
    await db.execute("UPDATE access_log SET at = :at", at=await db.clock() - timedelta(hours=1, seconds=1))
    assert await searched(agent, merchant) == []


# Searches and changes.


async def test_a_search_is_written_down_by_what_was_searched_not_by_what_for(agent: Viewer, merchant: Merchant, schema: Schema) -> None:
    await a_marked_parcel(merchant, "¶")
    consent = await a_consent(merchant)
    given = 'filter: {search: "¶name¶", orderNumber: "¶order_number¶", trackingNumber: "¶tracking_number¶"}'
    assert (await ask(schema, agent, page(merchant, given, "id"))).errors == []
    (row,) = await recorded()
    assert (row.action, row.parcel_id, row.basis, row.consent_id) == ("SEARCH_PERSONAL_DATA", None, "CONSENT", consent)
    assert row.fields_ == ["ParcelFilter.orderNumber", "ParcelFilter.search", "ParcelFilter.trackingNumber"]
    assert set(row.categories) == {"IDENTITY", "ORDER", "TRACKING"}
    assert "¶" not in repr(row.__dict__)
    await ask(schema, agent, page(merchant, "filter: {status: [ANNOUNCED]}", "id"))
    assert len(await recorded()) == 1


CHANGES = {
    'updateParcel(input: {parcelId: $p, version: 1, note: "¶", recipient: {email: "a@example.com", country: DE}, weightGrams: 5})': (
        "CHANGE_PARCEL",
        {"Parcel.note", "Recipient.email", "Recipient.country", "Parcel.weightGrams"},
    ),
    "cancelParcel(input: {parcelId: $p})": ("CANCEL_PARCEL", {"Parcel.status"}),
    'updateSettings(input: {accountId: $a, version: 1, locale: "nl", senderAddresses: [{street: "¶"}]})': (
        "CHANGE_SETTINGS",
        {"AccountSettings.locale", "AccountSettings.senderAddresses"},
    ),
    'recordClaim(input: {parcelId: $p, kind: CLAIM, type: LOST, channel: PHONE, description: "¶"})': (
        "RECORD_CLAIM",
        {"Claim.channel", "Claim.description", "Claim.kind", "Claim.type"},
    ),
    "takeClaim(input: {claimId: $c})": ("INVESTIGATE_CLAIM", {"Claim.handledBy", "Claim.status"}),
    'logInvestigation(input: {claimId: $c, kind: ASKED_MERCHANT, note: "¶"})': ("INVESTIGATE_CLAIM", {"Claim.investigation", "Claim.status"}),
    'closeClaim(input: {claimId: $c, outcome: RESOLVED, note: "¶"})': ("CLOSE_CLAIM", {"Claim.investigation", "Claim.status"}),
}


async def test_what_an_agent_changes_is_written_down_by_field(agent: Viewer, merchant: Merchant, schema: Schema) -> None:
    parcel = await a_parcel(merchant)
    consent = await a_consent(merchant)
    given = {"p": parcel_id(parcel.id), "a": account_id(merchant.id), "c": claim_id(await a_claim(parcel))}
    for document, (action, changed) in CHANGES.items():
        before = len(await recorded())
        heads = ", ".join(f"${key}: ID!" for key in given if f"${key}" in document)
        answer = await ask(schema, agent, f"mutation ({heads}) {{ {document} {{ __typename }} }}", given)
        assert answer.errors == [], document
        (row,) = (await recorded())[before:]
        assert (row.action, set(row.changed), row.fields_, row.categories) == (action, changed, [], [])
        assert (row.basis, row.consent_id, row.parcel_id) == ("CONSENT", consent, None if action == "CHANGE_SETTINGS" else parcel.id)
    assert "¶" not in repr([row.__dict__ for row in await recorded()])


async def test_a_change_and_what_its_answer_shows_are_two_rows(agent: Viewer, merchant: Merchant, schema: Schema) -> None:
    parcel = await a_parcel(merchant)
    await a_consent(merchant)
    given: dict[str, Any] = {"p": parcel_id(parcel.id)}
    document = "mutation ($p: ID!) { updateParcel(input: {parcelId: $p, version: 1, weightGrams: 5}) { parcel { note version } } }"
    assert (await ask(schema, agent, document, given)).errors == []
    change, view = await recorded()
    assert (change.action, change.changed, change.fields_) == ("CHANGE_PARCEL", ["Parcel.weightGrams"], [])
    assert (view.action, view.changed, view.fields_) == ("VIEW_PERSONAL_DATA", [], ["Parcel.note", "Parcel.version"])
    assert change.request_id == view.request_id
