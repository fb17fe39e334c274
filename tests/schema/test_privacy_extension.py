"""`extensions.privacy`: what an answer withheld, and what it showed to an agent, counted by position and never by value."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from graphql import GraphQLError
from graphql.pyutils import Path

import models
from models.enums import DirectDebitStatus
from policy.decision import Decision
from policy.vocabulary import Action, PiiCategory, Reason, Viewer
from resolvers.live import Change, Changes
from schema.build import Schema, _place
from schema.privacy import PrivacyReport
from tests.asking import account_id, ask, claim_id, context_of, parcel_id
from tests.builders import _PERSONAL, Merchant, a_claim, a_consent, a_merchant, a_parcel, an_agent
from tests.marks import EVERY_FIELD
from tests.schema.rungs import shut

Entry = dict[str, Any]


@pytest.fixture
async def agent(database: str) -> Viewer:
    return await an_agent()


@pytest.fixture
async def merchant(database: str) -> Merchant:
    return await a_merchant()


def entry(field: str, path: str, category: str, count: int, *, reason: str | None = None, basis: str | None = None) -> Entry:
    why = {"reason": reason} if reason else {"basis": basis}
    return {"field": field, "path": path.split("."), "category": category, "count": count, **why}


def ordered(entries: list[Entry]) -> list[Entry]:
    return sorted(entries, key=repr)


async def test_a_mixed_page_counts_what_was_withheld_and_what_was_shown(agent: Viewer, merchant: Merchant, schema: Schema) -> None:
    parcels = [await a_parcel(merchant) for _ in range(5)]
    await a_claim(parcels[0])
    await a_claim(parcels[3])
    document = f'{{ parcels(accountId: "{account_id(merchant.id)}") {{ nodes {{ status note recipient {{ country email }} }} }} }}'
    answer = await ask(schema, agent, document)
    note, email = ("Parcel.note", "parcels.nodes.*.note", "FREE_TEXT"), ("Recipient.email", "parcels.nodes.*.recipient.email", "CONTACT")
    assert set(answer.privacy) == {"withheld", "disclosed"}
    assert ordered(answer.privacy["withheld"]) == ordered([entry(*each, 3, reason="NO_LIVE_CONSENT") for each in (note, email)])
    assert ordered(answer.privacy["disclosed"]) == ordered([entry(*each, 2, basis="CLAIM") for each in (note, email)])
    await a_consent(merchant)
    answer = await ask(schema, agent, document)
    assert set(answer.privacy) == {"disclosed"}
    assert ordered(answer.privacy["disclosed"]) == ordered([entry(*each, 5, basis="CONSENT") for each in (note, email)])


async def test_paths_are_of_response_keys_with_a_star_for_each_place_in_a_list(agent: Viewer, merchant: Merchant, schema: Schema) -> None:
    parcel = await a_parcel(merchant)
    await a_parcel(merchant)
    document = """query ($p: ID!) {
      all: accounts { rows: nodes { boxes: parcels { list: edges { box: node { who: recipient { mail: email email } } } } } }
      one: parcel(id: $p) { status: note recipient { ...R } }
      nodes(ids: [$p, $p]) { ... on Parcel { orderNumber } }
    } fragment R on Recipient { mail: email }"""
    answer = await ask(schema, agent, document, {"p": parcel_id(parcel.id)})
    assert answer.errors == []
    no = {"reason": "NO_LIVE_CONSENT"}
    assert ordered(answer.privacy["withheld"]) == ordered(
        [
            entry("Recipient.email", "all.rows.*.boxes.list.*.box.who.mail", "CONTACT", 2, **no),
            entry("Recipient.email", "all.rows.*.boxes.list.*.box.who.email", "CONTACT", 2, **no),
            entry("Parcel.note", "one.status", "FREE_TEXT", 1, **no),
            entry("Recipient.email", "one.recipient.mail", "CONTACT", 1, **no),
            entry("Parcel.orderNumber", "nodes.*.orderNumber", "ORDER", 2, **no),
        ]
    )


async def test_each_reason_and_basis_of_a_place_is_an_entry(agent: Viewer, merchant: Merchant, schema: Schema) -> None:
    other = await a_merchant("Other Outdoors")
    for account in (merchant, merchant, other):
        await a_parcel(account)
    third = await a_merchant("Third Tools")
    await a_claim(await a_parcel(third))
    await a_consent(other)
    answer = await ask(schema, agent, "{ accounts { nodes { parcels { nodes { version } } directDebit { iban } } } }")
    version = ("Parcel.version", "accounts.nodes.*.parcels.nodes.*.version", "CONTENT")
    assert ordered(answer.privacy["withheld"]) == ordered(
        [
            entry(*version, 2, reason="NO_LIVE_CONSENT"),
            entry("Account.directDebit", "accounts.nodes.*.directDebit", "FINANCIAL", 3, reason="NEVER_FOR_AGENTS"),
        ]
    )
    assert ordered(answer.privacy["disclosed"]) == ordered([entry(*version, 1, basis="CONSENT"), entry(*version, 1, basis="CLAIM")])


async def test_what_is_inside_a_withheld_value_is_not_counted(agent: Viewer, merchant: Merchant, schema: Schema) -> None:
    await a_parcel(merchant)
    document = f'{{ parcels(accountId: "{account_id(merchant.id)}") {{ nodes {{ events {{ location message }} items {{ sku }} }} }} }}'
    withheld = (await ask(schema, agent, document)).privacy["withheld"]
    assert {each["field"]: each["count"] for each in withheld} == {"Parcel.events": 1, "Parcel.items": 1}
    await a_consent(merchant)
    disclosed = (await ask(schema, agent, document)).privacy["disclosed"]
    assert {each["field"]: each["count"] for each in disclosed} == {
        "Parcel.events": 1,
        "TrackingEvent.location": 1,
        "TrackingEvent.message": 1,
        "Parcel.items": 1,
    }


async def test_merchants_are_told_nothing_of_their_own_data(merchant: Merchant, schema: Schema) -> None:
    await a_claim(await a_parcel(merchant))
    document = (
        f"{{ parcels {{ nodes {{ ...Everything claims {{ description }} }} }} viewer {{ account {{ settings {{ webhookUrl }} }} }} }} {EVERY_FIELD}"
    )
    for viewer in (merchant.owner, merchant.admin, merchant.member):
        answer = await ask(schema, viewer, document)
        assert answer.errors == []
        assert answer.privacy == {}
    assert (await ask(schema, None, document)).privacy == {}


async def test_a_member_is_told_that_direct_debit_takes_a_role(merchant: Merchant, schema: Schema) -> None:
    document = "{ viewer { account { directDebit { iban } } } }"
    withheld = [entry("Account.directDebit", "viewer.account.directDebit", "FINANCIAL", 1, reason="MERCHANT_ROLE")]
    assert (await ask(schema, merchant.member, document)).privacy == {"withheld": withheld}
    assert (await ask(schema, merchant.owner, document)).privacy == {}
    await models.DirectDebit.create(
        account_id=merchant.id, account_holder="Holder", iban="NL91", mandate_reference="LK-1", status=DirectDebitStatus.ACTIVE
    )
    assert (await ask(schema, merchant.member, document)).privacy == {"withheld": withheld}


async def test_whether_there_is_a_value_makes_no_difference(agent: Viewer, merchant: Merchant, schema: Schema) -> None:
    """A parcel with everything, one with nothing, and one whose personal row was destroyed: the same answer, but for the ids."""
    full = await a_parcel(merchant)
    nothing: dict[str, Any] = dict.fromkeys(_PERSONAL, None) | {"items": [], "documents": []}
    empty = await a_parcel(merchant, events=False, **nothing)
    gone = await a_parcel(merchant, events=False)
    await models.ParcelPersonalData.filter(parcel_id=gone.id).delete()
    described, silent = await a_claim(full), await a_claim(empty)
    await models.ClaimPersonalData.filter(claim_id=silent).delete()
    for claim in (described, silent):  # as they are once closed
        await models.Claim.filter(id=claim).update(status="RESOLVED")
    document = f"query ($id: ID!) {{ parcel(id: $id) {{ ...Everything }} }} {EVERY_FIELD}"
    answers = [await ask(schema, agent, document, {"id": parcel_id(parcel.id)}) for parcel in (full, empty, gone)]
    assert answers[0] == answers[1] == answers[2]
    read = [await ask(schema, agent, "query ($id: ID!) { claim(id: $id) { description } }", {"id": claim_id(claim)}) for claim in (described, silent)]
    assert read[0] == read[1]
    await a_consent(merchant)
    shown, of_nothing = [(await ask(schema, agent, document, {"id": parcel_id(parcel.id)})).privacy["disclosed"] for parcel in (full, empty)]
    assert [each for each in shown if each["field"].split(".")[0] != "TrackingEvent"] == of_nothing


async def test_a_mutation_s_answer_tells_too(agent: Viewer, merchant: Merchant, schema: Schema) -> None:
    parcel = await a_parcel(merchant)
    document = """mutation ($p: ID!) { x: recordClaim(input: {parcelId: $p, kind: CLAIM, type: LOST, channel: PHONE, description: "?"}) {
    claim { description parcel { note } } } }"""
    answer = await ask(schema, agent, document, {"p": parcel_id(parcel.id)})
    assert answer.privacy == {
        "withheld": [
            entry("Claim.description", "x.claim.description", "FREE_TEXT", 1, reason="NO_LIVE_CONSENT"),
            entry("Parcel.note", "x.claim.parcel.note", "FREE_TEXT", 1, reason="NO_LIVE_CONSENT"),
        ]
    }


async def test_each_event_of_a_subscription_tells_of_itself(agent: Viewer, merchant: Merchant, schema: Schema) -> None:
    await a_parcel(merchant)
    changes = Changes()
    document = f"""subscription {{ agentLoginChanged(accountId: "{account_id(merchant.id)}") {{
    state consent {{ grantedBy }} account {{ parcels {{ nodes {{ note }} }} }} }} }}"""
    events = await schema.stream(document, context_value=context_of(agent, changes=changes))
    told = []
    for state, then in (("OFF", a_consent), ("ACTIVE", shut), ("OFF", shut)):
        event = await asyncio.wait_for(anext(events), 5)
        assert (event.errors, event.data["agentLoginChanged"]["state"]) == (None, state)
        told.append(event.extensions["privacy"])
        await then(merchant)
        changes.publish(Change("consent", merchant.id))
    await events.aclose()
    note, by = "agentLoginChanged.account.parcels.nodes.*.note", "agentLoginChanged.consent.grantedBy"
    assert told[0] == {"withheld": [entry("Parcel.note", note, "FREE_TEXT", 1, reason="NO_LIVE_CONSENT")]}
    assert ordered(told[1]["disclosed"]) == ordered(
        [entry("Parcel.note", note, "FREE_TEXT", 1, basis="CONSENT"), entry("Consent.grantedBy", by, "IDENTITY", 1, basis="CONSENT")]
    )
    assert "withheld" not in told[1]
    assert ordered(told[2]["withheld"]) == ordered(
        [
            entry("Parcel.note", note, "FREE_TEXT", 1, reason="NO_LIVE_CONSENT"),
            entry("Consent.grantedBy", by, "IDENTITY", 1, reason="NO_LIVE_CONSENT"),
        ]
    )
    assert "disclosed" not in told[2]


async def test_answers_at_the_same_time_are_told_apart(agent: Viewer, merchant: Merchant, schema: Schema) -> None:
    await a_parcel(merchant)
    documents = [f'{{ parcels(accountId: "{account_id(merchant.id)}") {{ nodes {{ {field} }} }} }}' for field in ("note", "version", "orderNumber")]
    answers = await asyncio.gather(*(ask(schema, viewer, document) for document in documents for viewer in (agent, merchant.owner)))
    assert [[each["field"] for each in answer.privacy.get("withheld", [])] for answer in answers] == [
        ["Parcel.note"],
        [],
        ["Parcel.version"],
        [],
        ["Parcel.orderNumber"],
        [],
    ]


def test_entries_stand_in_the_order_of_their_paths_whichever_was_answered_first() -> None:
    denied = Decision(Action.VIEW_PERSONAL_DATA, allowed=False, reason=Reason.NO_LIVE_CONSENT)
    reports = []
    for order in (("a", "b"), ("b", "a")):
        report = PrivacyReport()
        for key in order:
            report.count("Parcel.note", Path(Path(None, key, "Query"), "note", "Parcel"), PiiCategory.FREE_TEXT, denied)
        reports.append(report.as_extension())
    assert reports[0] == reports[1]
    assert [entry["path"] for entry in reports[0]["withheld"]] == [["a", "note"], ["b", "note"]]


def test_errors_stand_in_the_order_of_their_paths() -> None:
    paths: list[list[str | int]] = [["b"], ["a", 10, "c"], ["a", 2, "c"]]
    errors = [GraphQLError("x", path=path) for path in paths]
    assert [error.path for error in sorted(errors, key=_place)] == [["a", 2, "c"], ["a", 10, "c"], ["b"]]
