"""Every way to a parcel's personal data, and the same ladder before each: whoever may not see it gets none of it, anywhere in the answer."""

from __future__ import annotations

import pytest

import models
from models import database as db
from models.fields import new_id
from policy.classification import FIELDS, Personal
from schema.build import Schema
from tests.asking import account_id, claim_id, parcel_id
from tests.builders import a_claim, a_merchant
from tests.marks import CARRIERS_LINK, EVERY_FIELD, EVERYTHING, seen, version_of
from tests.schema.doors import (
    MERCHANTS,
    NOTHING,
    OWNERS,
    SEES_PARCEL,
    SEES_SIBLING,
    Door,
    World,
    a_world,
    climb,
    recorded_by_operation,
    through,
)
from tests.schema.rungs import AGENTS, LIVE, Rung


@pytest.fixture
async def world(database: str) -> World:
    return await a_world()


ALIASES = frozenset({"email", "name", "tracking_number", "note", "order_number", "event_location", "document_kind"})

DOORS = {
    "parcel": Door("{ parcel(id: $parcel) { ...Everything } }"),
    "parcels.nodes": Door("{ parcels(accountId: $account) { nodes { ...Everything } } }", both=True),
    "parcels.edges.node": Door("{ parcels(accountId: $account) { edges { cursor node { ...Everything } } } }", both=True),
    "parcels, backward": Door("{ parcels(accountId: $account, last: 5) { totalCount nodes { ...Everything } } }", both=True),
    "parcels, the oldest": Door(
        "{ parcels(accountId: $account, orderBy: CREATED_ASC, first: 1) { pageInfo { hasNextPage endCursor } nodes { ...Everything } } }"
    ),
    "account.parcels": Door("{ account(id: $account) { parcels { nodes { ...Everything } } } }", both=True),
    "accounts.parcels": Door("{ accounts { nodes { parcels { nodes { ...Everything } } } } }", both=True),
    "viewer.account.parcels": Door("{ viewer { account { parcels { nodes { ...Everything } } } } }", MERCHANTS, both=True),
    "node": Door("{ node(id: $parcel) { id ... on Parcel { ...Everything } } }"),
    "node, through fragments on Node": Door("{ node(id: $parcel) { ...N } } fragment N on Node { ...M } fragment M on Node { ...Everything }"),
    "nodes": Door("{ nodes(ids: [$parcel, $sibling, $account]) { __typename ... on Parcel { ...Everything } } }", both=True),
    "node account.parcels": Door("{ node(id: $account) { ... on Account { parcels { nodes { ...Everything } } } } }", both=True),
    "claim.parcel": Door("{ claim(id: $claim) { parcel { ...Everything } } }"),
    "claim.account.parcels": Door("{ claim(id: $claim) { account { parcels { nodes { ...Everything } } } } }", both=True),
    "claims.parcel": Door("{ claims(accountId: $account) { nodes { parcel { ...Everything } } } }", both=True),
    "claims of all, parcel": Door("{ claims { edges { node { parcel { ...Everything } } } } }", both=True),
    "account.claims.parcel": Door("{ account(id: $account) { claims { nodes { parcel { ...Everything } } } } }", both=True),
    "node claim.parcel": Door("{ node(id: $claim) { ... on Claim { parcel { ...Everything } } } }"),
    "parcel.claims.parcel": Door("{ parcel(id: $parcel) { claims { parcel { ...Everything } } } }"),
    "parcel.account.parcels": Door("{ parcel(id: $parcel) { account { parcels { nodes { ...Everything } } } } }", both=True),
    "agentLogin.account.parcels": Door("{ account(id: $account) { agentLogin { account { parcels { nodes { ...Everything } } } } } }", both=True),
    "node consent.account.parcels": Door("{ node(id: $consent) { ... on Consent { account { parcels { nodes { ...Everything } } } } } }", both=True),
    "accessLog.parcel": Door("{ account(id: $account) { accessLog(last: 1) { nodes { parcel { ...Everything } } } } }", OWNERS),
    "accessLog.claim.parcel": Door("{ account(id: $account) { accessLog(last: 1) { nodes { claim { parcel { ...Everything } } } } } }", OWNERS),
    "node event.parcel": Door("{ node(id: $event) { ... on AccessEvent { parcel { ...Everything } } } }", OWNERS),
    "agentLoginChanged": Door(
        "subscription { agentLoginChanged(accountId: $account) { account { parcels { nodes { ...Everything } } } } }", both=True
    ),
    "aliases that are nobody's": Door(
        """{ x: parcel(id: $parcel) { y: recipient { x: email b: name } c: trackingNumber d: note e: orderNumber
        f: events { g: location } h: documents { i: kind } } }""",
        shows=ALIASES,
    ),
    "aliases that are other fields'": Door(
        """{ viewer: parcel(id: $parcel) { id: recipient { country: email id: name } status: trackingNumber carrier: note disclosure: orderNumber
        __alias: events { status: location } claims: documents { url: kind } } }""",
        shows=ALIASES,
    ),
    "the same again and again": Door(
        """{ a: parcel(id: $parcel) { ...Everything } b: parcel(id: $parcel) { ...Everything recipient { email e: email } }
        c: node(id: $parcel) { id ... on Node { ... on Parcel { ...Everything } } } }"""
    ),
    "included and not skipped": Door(
        "{ parcel(id: $parcel) { ...Everything @include(if: $yes) ... @skip(if: $no) { recipient { email } } } }",
    ),
    "skipped and not included": Door(
        "{ parcel(id: $parcel) { id ...Everything @include(if: $no) ... @skip(if: $yes) { recipient { email } } } }", shows=NOTHING
    ),
    "part of it": Door("{ parcel(id: $parcel) { recipient { email @skip(if: $no) phone @include(if: $no) } } }", shows=frozenset({"email"})),
}


def expected(door: Door, rung: Rung) -> tuple[frozenset[str], frozenset[str]]:
    """What stands in the answer of the parcel, and of its sibling."""
    opened = rung in door.for_whom
    return (
        door.shows if opened and rung in SEES_PARCEL else NOTHING,
        door.shows if opened and rung in SEES_SIBLING and door.both else NOTHING,
    )


async def test_each_door_shows_each_caller_what_they_may_see_and_nothing_else(world: World, schema: Schema) -> None:
    """One climb, every door at each rung. What an agent saw of a parcel, and nothing else, was recorded."""
    parcels = world.ladder.parcel.id, world.ladder.elsewhere.id
    wrong, shown = {}, {}
    async for name, rung, answer in climb(world, schema, DOORS):
        found = seen("¶", answer.text), seen("§", answer.text)
        if found != expected(DOORS[name], rung) or CARRIERS_LINK in answer.text:
            wrong[name, rung] = found
        if rung in AGENTS and any(found):
            shown[f"{name}: {rung}"] = {parcel for parcel, marks in zip(parcels, found, strict=True) if marks}
    assert wrong == {}
    assert {operation: {event.parcel_id for event in events} for operation, events in (await recorded_by_operation()).items()} == shown


def test_the_doors_ask_for_every_personal_field_of_a_parcel() -> None:
    for name in ("Parcel", "Recipient", "TrackingEvent"):
        personal = [field for field, what in FIELDS[name].items() if isinstance(what, Personal)]
        assert [field for field in personal if field not in EVERY_FIELD] == []
        assert personal


async def test_another_merchant_is_told_what_is_told_of_an_id_that_never_was(world: World, schema: Schema) -> None:
    never = {"parcel": parcel_id(new_id()), "account": account_id(new_id()), "claim": claim_id(new_id())}
    for name in ("parcel", "parcels.nodes", "account.parcels", "node", "claim.parcel", "claims.parcel", "node claim.parcel", "agentLoginChanged"):
        theirs = await through(schema, world.ladder.other.owner, DOORS[name].document, world.variables)
        assert theirs == await through(schema, world.ladder.other.owner, DOORS[name].document, never), name


async def test_an_account_that_never_was_or_is_no_more_has_no_page_not_even_an_empty_one(world: World, schema: Schema) -> None:
    deleted = await a_merchant("Gone Goods")
    await models.Account.filter(id=deleted.id).update(deleted_at=await db.clock())
    empty = await a_merchant("Empty Electronics")
    for key, codes in ((new_id(), ["NOT_FOUND"]), (deleted.id, ["NOT_FOUND"]), (empty.id, [])):
        answer = await through(schema, world.ladder.agent, DOORS["parcels.nodes"].document, {"account": account_id(key)})
        assert answer.codes == codes
        assert answer.data == {"parcels": None if codes else {"nodes": []}}


NOT_LET_IN = {Rung.NOBODY: "UNAUTHENTICATED", Rung.OTHER: "NOT_FOUND"}


async def test_who_may_not_see_a_parcel_s_data_sees_its_outline_and_is_told_why(world: World, schema: Schema) -> None:
    document = "{ parcel(id: $parcel) { status carrier weightGrams recipient { country email } disclosure { shown basis reason } } }"
    async for rung, viewer in world.climb():
        answer = await through(schema, viewer, document, world.variables)
        if rung in NOT_LET_IN:
            assert (answer.data, answer.codes) == ({"parcel": None}, [NOT_LET_IN[rung]]), rung
            continue
        basis = "OWN_DATA" if rung in MERCHANTS else "CONSENT" if rung in LIVE else "CLAIM" if rung is Rung.CLAIM else None
        assert answer.errors == [], rung
        assert answer.data["parcel"] == {
            "status": "ANNOUNCED",
            "carrier": "postnl",
            "weightGrams": 1200,
            "recipient": {"country": "NL", "email": "¶email¶" if basis else None},
            "disclosure": {"shown": basis is not None, "basis": basis, "reason": None if basis else "NO_LIVE_CONSENT"},
        }, rung


async def test_what_is_withheld_is_null_and_no_empty_list(world: World, schema: Schema) -> None:
    answer = await through(schema, world.ladder.agent, DOORS["parcel"].document, world.variables)
    assert answer.errors == []
    recipient = answer.data["parcel"].pop("recipient")
    assert {*recipient.values(), *answer.data["parcel"].values()} == {None}


# Searching is looking: whoever may not see all of an account may not ask either, and is told so before anything is read.

SEARCHES = [
    '{search: "¶name¶"}',
    '{search: "¶email"}',
    '{search: "¶postal_code¶"}',
    '{search: "nobody"}',
    '{search: ""}',
    '{orderNumber: "¶order_number¶"}',
    '{trackingNumber: "¶tracking_number¶"}',
    '{status: [ANNOUNCED], hasOpenClaim: true, search: "¶name¶"}',
]


async def test_searching_is_refused_alike_whether_or_not_there_is_something(world: World, schema: Schema) -> None:
    answers = set()
    async for rung, viewer in world.ladder.climb([rung for rung in AGENTS if rung not in LIVE]):
        for given in SEARCHES:
            for document in (
                f"{{ parcels(accountId: $account, filter: {given}) {{ totalCount nodes {{ id }} }} }}",
                f"{{ account(id: $account) {{ parcels(filter: {given}) {{ totalCount nodes {{ id }} }} }} }}",
            ):
                answer = await through(schema, viewer, document, world.variables)
                assert answer.reasons == ["NO_LIVE_CONSENT"], (rung, given)
                answers.add(repr((answer.data, answer.privacy, [error["message"] for error in answer.errors])))
    assert len(answers) == 2


# Mutations answer with the row they touched.


async def made_ready(world: World) -> dict[str, int]:
    """Make the parcel as it was, one that can be cancelled; the current versions."""
    parcel = world.ladder.parcel.id
    await models.Parcel.filter(id=parcel).update(status="ANNOUNCED")
    await models.ParcelPersonalData.filter(parcel_id=parcel).update(version=version_of("¶"))
    return {"updateSettings": (await models.AccountSettings.get(account_id=world.ladder.merchant.id)).version, "updateParcel": version_of("¶")}


MUTATIONS = {
    "updateParcel": Door(
        "mutation { updateParcel(input: {parcelId: $parcel, version: $version, weightGrams: 5}) { parcel { ...Everything } } }", MERCHANTS | LIVE
    ),
    "cancelParcel": Door("mutation { cancelParcel(input: {parcelId: $parcel}) { parcel { ...Everything } } }", MERCHANTS | LIVE),
    "fileClaim": Door(
        'mutation { fileClaim(input: {parcelId: $parcel, kind: CLAIM, type: LOST, description: "?"}) { claim { parcel { ...Everything } } } }',
        MERCHANTS,
    ),
    "recordClaim": Door(
        """mutation { recordClaim(input: {parcelId: $parcel, kind: CLAIM, type: LOST, channel: PHONE, description: "?"}) {
        claim { parcel { ...Everything } account { parcels { nodes { ...Everything } } } } } }""",
        frozenset(AGENTS),
        both=True,
    ),
    "updateSettings": Door(
        """mutation { updateSettings(input: {accountId: $account, version: $version, locale: "nl"}) {
        account { parcels { nodes { ...Everything } } } } }""",
        OWNERS | LIVE,
        both=True,
    ),
    "grantConsent": Door(
        """mutation { grantConsent(input: {accountId: $account, duration: ONE_HOUR}) {
        account { parcels { nodes { ...Everything } } } consent { account { parcels { nodes { ...Everything } } } } } }""",
        OWNERS,
        both=True,
    ),
    "revokeConsent": Door(
        """mutation { revokeConsent(input: {accountId: $account}) {
        account { parcels { nodes { ...Everything } } } consent { account { parcels { nodes { ...Everything } } } } } }""",
        OWNERS,
        both=True,
    ),
}


async def test_each_mutation_answers_each_caller_with_what_they_may_see_and_nothing_else(world: World, schema: Schema) -> None:
    wrong = {}
    async for rung, viewer in world.climb():
        for name, door in MUTATIONS.items():  # those that could change the rung are refused to whoever stands on one that could change
            versions = await made_ready(world)
            answer = await through(schema, viewer, door.document, world.variables | {"version": versions.get(name)})
            known = seen("¶", answer.text)
            if str(version_of("¶") + 1) in answer.text:  # changing it counts
                known |= {"version"}
            if (known, seen("§", answer.text)) != expected(door, rung):
                wrong[name, rung] = known, seen("§", answer.text)
    assert wrong == {}


async def test_ending_a_claim_shuts_its_parcel_in_the_same_answer(world: World, schema: Schema) -> None:
    agent, member = world.ladder.agent, world.ladder.merchant.member
    for by, ending in (
        (agent, "closeClaim(input: {claimId: $claim, outcome: RESOLVED})"),
        (agent, "closeClaim(input: {claimId: $claim, outcome: REJECTED})"),
        (member, "withdrawClaim(input: {claimId: $claim})"),
    ):
        given = world.variables | {"claim": claim_id(await a_claim(world.ladder.parcel))}
        for step in ("takeClaim(input: {claimId: $claim})", 'logInvestigation(input: {claimId: $claim, kind: NOTE, note: "?"})'):
            answer = await through(schema, agent, f"mutation {{ {step} {{ claim {{ parcel {{ ...Everything }} }} }} }}", given)
            assert seen("¶", answer.text) == EVERYTHING, step
        answer = await through(schema, by, f"mutation {{ {ending} {{ claim {{ status parcel {{ ...Everything }} }} }} }}", given)
        assert answer.errors == []
        assert seen("¶", answer.text) == (EVERYTHING if by is member else NOTHING), ending
        assert seen("¶", (await through(schema, agent, DOORS["parcel"].document, given)).text) == NOTHING, ending
