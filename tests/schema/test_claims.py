"""Claims: only what a merchant's user files in the Support section opens a parcel, that one alone, to read, for as long as it is open."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest

import models
from models import database as db
from models.enums import ClaimKind, ClaimType, ParcelDirection
from models.fields import new_id
from policy.vocabulary import ClaimChannel, ClaimStatus, Viewer
from resolvers import claims
from resolvers.errors import BadInput
from resolvers.gate import Gate
from resolvers.ledger import Request
from schema.build import Schema
from tests.asking import Answer, account_id, ask, claim_id, parcel_id, recorded
from tests.builders import Merchant, ParcelMade, a_claim, a_consent, a_merchant, a_parcel, an_agent
from tests.schema.rungs import AGENTS, Rung, a_ladder, contents

CLAIM = """fragment K on Claim { id status kind type channel opensParcel description handledBy openedAt closedAt account { id } parcel { id }
    investigation { id at by kind carrierReference note } }"""
FILE = """mutation ($p: ID!, $text: String = "It never arrived") {
    fileClaim(input: {parcelId: $p, kind: CLAIM, type: LOST, description: $text}) { claim { ...K } } }"""
RECORD = """mutation ($p: ID!, $channel: OutsideChannel = PHONE) {
    recordClaim(input: {parcelId: $p, kind: STATUS_QUESTION, type: DELAYED, channel: $channel, description: "They called"}) { claim { ...K } } }"""
ANSWER = 'mutation ($c: ID!) { answerClaim(input: {claimId: $c, message: "It was blue"}) { claim { ...K } } }'
WITHDRAW = "mutation ($c: ID!) { withdrawClaim(input: {claimId: $c}) { claim { ...K } } }"
TAKE = "mutation ($c: ID!) { takeClaim(input: {claimId: $c}) { claim { ...K } } }"
LOG = """mutation ($c: ID!, $kind: InvestigationKind = SENT_TO_CARRIER) {
    logInvestigation(input: {claimId: $c, kind: $kind, carrierReference: "PN-77", note: "Asked for a scan"}) { claim { ...K } } }"""
CLOSE = """mutation ($c: ID!, $outcome: ClaimOutcome = RESOLVED, $note: String) {
    closeClaim(input: {claimId: $c, outcome: $outcome, note: $note}) { claim { ...K } } }"""
READ = "query ($c: ID!) { claim(id: $c) { ...K } }"
SEEN = """query ($p: ID!) { parcel(id: $p) {
    disclosure { shown basis reason until } version recipient { name email } events { location message } documents { url } } }"""

SHUT = {"shown": False, "basis": None, "reason": "NO_LIVE_CONSENT", "until": None}
OPEN = {"shown": True, "basis": "CLAIM", "reason": None, "until": None}


async def tell(schema: Schema, viewer: Viewer | None, document: str, **variables: Any) -> Answer:
    return await ask(schema, viewer, document + (CLAIM if "...K" in document else ""), variables)


async def told(schema: Schema, viewer: Viewer, document: str, **variables: Any) -> dict[str, Any]:
    """The claim a mutation or query answers."""
    answer = await tell(schema, viewer, document, **variables)
    assert answer.errors == []
    (found,) = answer.data.values()
    claim: dict[str, Any] = found.get("claim", found)
    return claim


async def filed(schema: Schema, viewer: Viewer, parcel: ParcelMade) -> str:
    key: str = (await told(schema, viewer, FILE, p=parcel_id(parcel.id)))["id"]
    return key


async def sight(schema: Schema, agent: Viewer, parcel: ParcelMade) -> dict[str, Any]:
    """The disclosure of a parcel; what is personal is there if and only if it says so."""
    answer = await tell(schema, agent, SEEN, p=parcel_id(parcel.id))
    shown = answer.data["parcel"]
    disclosure: dict[str, Any] = shown.pop("disclosure")
    assert disclosure["shown"] is (shown["recipient"]["name"] == parcel.personal["name"])
    assert disclosure["shown"] or shown == {"version": None, "recipient": {"name": None, "email": None}, "events": None, "documents": None}
    return disclosure


# Opening.


async def test_any_user_of_the_merchant_files_and_that_opens_the_parcel_to_read(database: str, schema: Schema) -> None:
    merchant, agent = await a_merchant(), await an_agent()
    parcels = [await a_parcel(merchant) for _ in range(3)]
    for filer, parcel in zip((merchant.member, merchant.admin, merchant.owner), parcels, strict=True):
        assert await sight(schema, agent, parcel) == SHUT
        claim = await told(schema, filer, FILE, p=parcel_id(parcel.id))
        assert claim == {
            "id": claim["id"],
            "status": "SUBMITTED",
            "kind": "CLAIM",
            "type": "LOST",
            "channel": "SUPPORT_SECTION",
            "opensParcel": True,
            "description": "It never arrived",
            "handledBy": None,
            "openedAt": claim["openedAt"],
            "closedAt": None,
            "account": {"id": account_id(merchant.id)},
            "parcel": {"id": parcel_id(parcel.id)},
            "investigation": [],
        }
        assert await sight(schema, agent, parcel) == OPEN
        assert (await told(schema, agent, READ, c=claim["id"]))["description"] == "It never arrived"
    row = await models.Claim.get(parcel_id=parcel.id)
    assert {(event.basis, event.claim_id, event.consent_id) for event in await recorded() if event.parcel_id == parcel.id} == {
        ("CLAIM", row.id, None)
    }
    change = "mutation ($p: ID!) { updateParcel(input: {parcelId: $p, version: 1, note: null}) { parcel { id } } }"
    assert (await ask(schema, agent, change, {"p": parcel_id(parcels[0].id)})).reasons == ["CLAIM_IS_READ_ONLY"]


async def test_the_server_sets_the_channel(database: str, schema: Schema) -> None:
    merchant, agent = await a_merchant(), await an_agent()
    parcel = await a_parcel(merchant)
    file = FILE.replace("type: LOST,", "type: LOST, channel: SUPPORT_SECTION,")
    assert (await tell(schema, merchant.owner, file, p=parcel_id(parcel.id))).codes == ["BAD_USER_INPUT"]
    for channel in ("SUPPORT_SECTION", "INTEGRATION"):
        assert (await tell(schema, agent, RECORD, p=parcel_id(parcel.id), channel=channel)).codes == ["BAD_USER_INPUT"]
        with pytest.raises(BadInput):
            await claims.record(Gate(agent, Request("r")), parcel.id, ClaimKind.CLAIM, ClaimType.LOST, ClaimChannel(channel), "Opens, please")
    assert await models.Claim.all().count() == 0
    assert await sight(schema, agent, parcel) == SHUT


async def test_what_came_another_way_opens_nothing_until_the_merchant_files_it(database: str, schema: Schema) -> None:
    merchant, agent = await a_merchant(), await an_agent()
    for channel in ("EMAIL", "PHONE", "CHAT", "INTEGRATION"):
        parcel = await a_parcel(merchant)
        if channel == "INTEGRATION":
            key = claim_id(await a_claim(parcel, channel=ClaimChannel.INTEGRATION))
        else:
            key = (await told(schema, agent, RECORD, p=parcel_id(parcel.id), channel=channel))["id"]
        claim = await told(schema, agent, READ, c=key)
        assert (claim["channel"], claim["opensParcel"], claim["description"], claim["status"]) == (channel, False, None, "SUBMITTED")
        assert (await told(schema, merchant.member, READ, c=key))["description"] is not None
        rows = await contents()
        for document in (TAKE, LOG):
            answer = await tell(schema, agent, document, c=key)
            assert (answer.codes, answer.reasons) == (["FORBIDDEN"], ["NOT_FILED_IN_SUPPORT"]), channel
        assert await sight(schema, agent, parcel) == SHUT
        assert await contents() == rows
        again = await filed(schema, merchant.member, parcel)
        assert await sight(schema, agent, parcel) == OPEN
        assert (await tell(schema, agent, TAKE, c=key)).reasons == ["NOT_FILED_IN_SUPPORT"]
        assert (await told(schema, agent, READ, c=key))["description"] is None, "its own claim does not open the parcel"
        assert (await told(schema, agent, TAKE, c=again))["status"] == "INVESTIGATING"
        assert (await told(schema, agent, CLOSE, c=key))["status"] == "RESOLVED"
        assert await sight(schema, agent, parcel) == OPEN


async def test_it_opens_neither_sibling_colli_nor_the_return_nor_other_parcels_of_that_person(database: str, schema: Schema) -> None:
    merchant, agent = await a_merchant(), await an_agent()
    asked = await a_parcel(merchant, shipment_group="S-1", collo_number=1, collo_count=2)
    shut = {
        "sibling-collo": await a_parcel(merchant, shipment_group="S-1", collo_number=2, collo_count=2),
        "return": await a_parcel(merchant, direction=ParcelDirection.RETURN),
        "same-person": await a_parcel(merchant),
        "same-order-at-another-merchant": await a_parcel(await a_merchant("Other Outdoors")),
    }
    await filed(schema, merchant.member, asked)
    assert await sight(schema, agent, asked) == OPEN
    for which, parcel in shut.items():
        assert await sight(schema, agent, parcel) == SHUT, which
    assert {event.parcel_id for event in await recorded()} == {asked.id}


@pytest.mark.parametrize("ending", ["RESOLVED", "REJECTED", "WITHDRAWN", "deleted"])
async def test_the_end_of_a_claim_shuts_the_parcel_at_once(database: str, schema: Schema, ending: str) -> None:
    merchant, agent = await a_merchant(), await an_agent()
    parcel = await a_parcel(merchant)
    key = await filed(schema, merchant.member, parcel)
    assert await sight(schema, agent, parcel) == OPEN
    before = await db.clock()
    if ending == "deleted":
        delete = "mutation ($p: ID!) { deleteParcel(input: {parcelId: $p}) { deletedId } }"
        assert (await ask(schema, merchant.owner, delete, {"p": parcel_id(parcel.id)})).errors == []
    elif ending == "WITHDRAWN":
        assert (await told(schema, merchant.member, WITHDRAW, c=key))["status"] == "WITHDRAWN"
    else:
        answer = await told(schema, agent, CLOSE, c=key, outcome=ending, note="Found at the neighbours'")
        assert (answer["status"], answer["opensParcel"], answer["description"], answer["handledBy"]) == (ending, False, None, agent.name)
        assert [(entry["kind"], entry["note"]) for entry in answer["investigation"]] == [("NOTE", None)]
    claim = await told(schema, agent, READ, c=key)
    assert (claim["status"], claim["opensParcel"], claim["description"]) == ("WITHDRAWN" if ending == "deleted" else ending, False, None)
    assert before <= (await models.Claim.get()).closed_at <= await db.clock()  # type: ignore[operator] # it is closed, so it has one
    if ending == "deleted":
        assert claim["parcel"] is None
        assert (await tell(schema, agent, SEEN, p=parcel_id(parcel.id))).codes == ["NOT_FOUND"]
    else:
        assert await sight(schema, agent, parcel) == SHUT
    for viewer, document in ((merchant.owner, ANSWER), (merchant.owner, WITHDRAW), (agent, TAKE), (agent, LOG), (agent, CLOSE)):
        assert (await tell(schema, viewer, document, c=key)).codes == ["CONFLICT"], document


async def test_a_claim_of_a_deleted_parcel_opens_nothing_even_if_it_were_open(database: str, schema: Schema) -> None:
    merchant, agent = await a_merchant(), await an_agent()
    parcel = await a_parcel(merchant)
    key = claim_id(await a_claim(parcel))
    await db.execute("UPDATE parcels SET deleted_at = {now} WHERE id = :id", id=parcel.id)
    claim = await told(schema, agent, READ, c=key)
    assert (claim["parcel"], claim["opensParcel"], claim["description"]) == (None, False, None)
    assert (await told(schema, merchant.member, READ, c=key))["opensParcel"] is False
    assert await recorded() == []
    for viewer, document in ((merchant.member, FILE), (agent, RECORD)):
        assert (await tell(schema, viewer, document, p=parcel_id(parcel.id))).codes == ["NOT_FOUND"]


# Working on it.


async def test_the_whole_life_of_a_claim(database: str, schema: Schema) -> None:
    merchant, agent, colleague = await a_merchant(), await an_agent(), await an_agent("Agent Vos")
    parcel = await a_parcel(merchant)
    key = await filed(schema, merchant.member, parcel)
    taken = await told(schema, agent, TAKE, c=key)
    assert (taken["status"], taken["handledBy"]) == ("INVESTIGATING", agent.name)
    assert (await told(schema, colleague, TAKE, c=key))["handledBy"] == colleague.name
    steps: list[tuple[Viewer, str, dict[str, str], str]] = [
        (agent, LOG, {"kind": "SENT_TO_CARRIER"}, "WITH_CARRIER"),
        (agent, LOG, {"kind": "CARRIER_ANSWERED"}, "INVESTIGATING"),
        (agent, LOG, {"kind": "NOTE"}, "INVESTIGATING"),
        (colleague, LOG, {"kind": "ASKED_MERCHANT"}, "AWAITING_MERCHANT"),
        (merchant.member, ANSWER, {}, "INVESTIGATING"),
        (agent, LOG, {"kind": "ASKED_MERCHANT"}, "AWAITING_MERCHANT"),
        (agent, LOG, {"kind": "MERCHANT_ANSWERED"}, "INVESTIGATING"),
    ]
    for viewer, document, variables, status in steps:
        claim = await told(schema, viewer, document, c=key, **variables)
        assert (claim["status"], claim["handledBy"], claim["opensParcel"]) == (status, colleague.name, True)
    investigation = (await told(schema, agent, READ, c=key))["investigation"]
    written = [(entry["by"], entry["kind"], entry["carrierReference"], entry["note"]) for entry in investigation]
    asked = "PN-77", "Asked for a scan"
    assert written == [
        (agent.name, "SENT_TO_CARRIER", *asked),
        (agent.name, "CARRIER_ANSWERED", *asked),
        (agent.name, "NOTE", *asked),
        (colleague.name, "ASKED_MERCHANT", *asked),
        (merchant.company_name, "MERCHANT_ANSWERED", None, "It was blue"),
        (agent.name, "ASKED_MERCHANT", *asked),
        (agent.name, "MERCHANT_ANSWERED", *asked),
    ]
    closed = await told(schema, agent, CLOSE, c=key, outcome="REJECTED", note="Nobody answers")
    assert (closed["status"], closed["handledBy"]) == ("REJECTED", colleague.name)
    assert all(entry["note"] is None and entry["carrierReference"] is None for entry in closed["investigation"])
    mine = await told(schema, merchant.member, READ, c=key)
    assert (mine["investigation"][-1]["note"], mine["description"]) == ("Nobody answers", "It never arrived")
    changes = [(event.agent_id, event.action, event.changed) for event in await recorded() if event.changed]
    status, handled, entry = "Claim.status", "Claim.handledBy", "Claim.investigation"
    assert changes == [
        (agent.id, "INVESTIGATE_CLAIM", [handled, status]),
        (colleague.id, "INVESTIGATE_CLAIM", [handled]),
        *[
            (viewer.id, "INVESTIGATE_CLAIM", [entry, status] if "NOTE" not in given.values() else [entry])
            for viewer, document, given, _ in steps
            if given
        ],
        (agent.id, "CLOSE_CLAIM", [entry, status]),
    ]


MOVES: dict[str, str | dict[str, str]] = {
    "NOTE": {
        "SUBMITTED": "INVESTIGATING",
        "INVESTIGATING": "INVESTIGATING",
        "AWAITING_MERCHANT": "AWAITING_MERCHANT",
        "WITH_CARRIER": "WITH_CARRIER",
    },
    "SENT_TO_CARRIER": "WITH_CARRIER",
    "CARRIER_ANSWERED": "INVESTIGATING",
    "ASKED_MERCHANT": "AWAITING_MERCHANT",
    "MERCHANT_ANSWERED": "INVESTIGATING",
    "answerClaim": {
        "SUBMITTED": "SUBMITTED",
        "INVESTIGATING": "INVESTIGATING",
        "AWAITING_MERCHANT": "INVESTIGATING",
        "WITH_CARRIER": "INVESTIGATING",
    },
    "takeClaim": {
        "SUBMITTED": "INVESTIGATING",
        "INVESTIGATING": "INVESTIGATING",
        "AWAITING_MERCHANT": "AWAITING_MERCHANT",
        "WITH_CARRIER": "WITH_CARRIER",
    },
}


async def test_each_entry_moves_the_claim_from_wherever_it_stands(database: str, schema: Schema) -> None:
    merchant, agent = await a_merchant(), await an_agent()
    key = claim_id(await a_claim(await a_parcel(merchant)))
    for step, moves in MOVES.items():
        for status in ("SUBMITTED", "INVESTIGATING", "AWAITING_MERCHANT", "WITH_CARRIER"):
            await db.execute("UPDATE claims SET status = :status", status=status)
            if step == "answerClaim":
                claim = await told(schema, merchant.member, ANSWER, c=key)
            else:
                claim = await told(schema, agent, TAKE, c=key) if step == "takeClaim" else await told(schema, agent, LOG, c=key, kind=step)
            assert claim["status"] == (moves if isinstance(moves, str) else moves[status]), (step, status)


async def test_what_is_written_must_say_something_and_fit(database: str, schema: Schema) -> None:
    merchant, agent = await a_merchant(), await an_agent()
    parcel = await a_parcel(merchant)
    key = claim_id(await a_claim(parcel))
    rows = await contents()
    for text in ("", "  \n ", "x" * 10_001, "Jan\u0000Bakker"):
        answer = await tell(schema, merchant.member, FILE, p=parcel_id(parcel.id), text=text)
        assert answer.codes == ["BAD_USER_INPUT"]
        assert "Bakker" not in answer.text
    empty = "mutation ($c: ID!) { logInvestigation(input: {claimId: $c, kind: NOTE}) { claim { id } } }"
    assert (await ask(schema, agent, empty, {"c": key})).codes == ["BAD_USER_INPUT"]
    assert await contents() == rows


async def test_two_who_close_at_once_close_it_once(database: str, schema: Schema) -> None:
    merchant, agent = await a_merchant(), await an_agent()
    key = claim_id(await a_claim(await a_parcel(merchant)))
    closing = [tell(schema, agent, CLOSE, c=key, outcome=outcome, note="Done") for outcome in ("RESOLVED", "REJECTED")]
    answers = await asyncio.gather(*closing, tell(schema, merchant.owner, WITHDRAW, c=key))
    assert sorted(answer.codes for answer in answers) == [[], ["CONFLICT"], ["CONFLICT"]]
    assert await models.InvestigationEntry.all().count() <= 1


# Who may.

MERCHANTS_DO = {"fileClaim": FILE, "answerClaim": ANSWER, "withdrawClaim": WITHDRAW}
AGENTS_DO = {"recordClaim": RECORD, "takeClaim": TAKE, "logInvestigation": LOG, "closeClaim": CLOSE}


async def test_merchants_file_answer_and_withdraw_agents_record_investigate_and_close(database: str, schema: Schema) -> None:
    ladder = await a_ladder()
    key = await a_claim(ladder.elsewhere)
    variables = {"p": parcel_id(ladder.parcel.id), "c": claim_id(key)}

    async def refused(viewer: Viewer | None, documents: dict[str, str], code: str, reason: str | None, rung: Rung) -> None:
        rows = await contents()
        for name, document in documents.items():
            answer = await tell(schema, viewer, document, **{each: value for each, value in variables.items() if f"${each}" in document})
            assert (answer.data, answer.codes, answer.reasons) == ({name: None}, [code], [reason]), rung
        assert await contents() == rows, rung

    async for rung, viewer in ladder.climb():
        await db.execute("UPDATE claims SET status = 'SUBMITTED', closed_at = NULL WHERE id = :id", id=key)
        if rung is Rung.NOBODY:
            await refused(viewer, MERCHANTS_DO | AGENTS_DO, "UNAUTHENTICATED", "NOT_SIGNED_IN", rung)
        elif rung is Rung.OTHER:
            await refused(viewer, MERCHANTS_DO, "NOT_FOUND", None, rung)
            await refused(viewer, AGENTS_DO, "FORBIDDEN", "AGENTS_ONLY", rung)
        elif rung in AGENTS:
            await refused(viewer, MERCHANTS_DO, "FORBIDDEN", "NEVER_FOR_AGENTS", rung)
        else:
            await refused(viewer, AGENTS_DO, "FORBIDDEN", "AGENTS_ONLY", rung)
        assert viewer is None or rung is Rung.OTHER or (await told(schema, viewer, READ, c=variables["c"]))["id"] == variables["c"]


async def test_on_every_rung_an_agent_may_record_take_and_close(database: str, schema: Schema) -> None:
    ladder = await a_ladder()
    async for rung, viewer in ladder.climb(AGENTS):
        assert viewer is not None
        outside = await told(schema, viewer, RECORD, p=parcel_id(ladder.parcel.id))
        assert (outside["channel"], outside["opensParcel"]) == ("PHONE", False), rung
        assert (outside["description"] is not None) == (rung in {Rung.CONSENT, Rung.BOTH}), rung
        key = claim_id(await a_claim(ladder.elsewhere))
        assert (await told(schema, viewer, TAKE, c=key))["handledBy"] == viewer.name, rung
        assert (await told(schema, viewer, CLOSE, c=key))["status"] == "RESOLVED", rung


async def test_what_is_written_in_a_claim_is_shown_while_it_opens_its_parcel_or_under_consent(database: str, schema: Schema) -> None:
    ladder = await a_ladder()
    key = await a_claim(ladder.parcel)
    await told(schema, ladder.agent, LOG, c=claim_id(key))
    written = ("It never arrived at the Bakker family", "Asked for a scan", "PN-77")
    for status in ClaimStatus:
        for consent in (False, True):
            await ladder.stand_on(Rung.CONSENT if consent else Rung.NOTHING)
            closing = "NULL" if status in claims.OPEN else "{now}"
            await db.execute(f"UPDATE claims SET status = :status, closed_at = {closing} WHERE id = :id", status=status, id=key)
            answer = await tell(schema, ladder.agent, READ, c=claim_id(key))
            shown = consent or status in claims.OPEN
            assert [text in answer.text for text in written] == [shown] * 3, (status, consent)
    other = await tell(schema, ladder.other.owner, READ, c=claim_id(key))
    assert (other.data, other.codes) == ({"claim": None}, ["NOT_FOUND"])


# Lists.

LIST = """query ($a: ID, $f: ClaimFilter) { claims(accountId: $a, filter: $f) { totalCount nodes { id } edges { node { id } } } }"""
NESTED = """query ($a: ID!, $f: ClaimFilter) { account(id: $a) { claims(filter: $f) { totalCount nodes { id } edges { node { id } } } } }"""


async def listed(schema: Schema, viewer: Viewer, merchant: Merchant | None = None, **filter: Any) -> list[str]:
    key = merchant and account_id(merchant.id)
    answer = await ask(schema, viewer, LIST, {"a": key, "f": filter})
    assert answer.errors == []
    found = answer.data["claims"]
    ids = [claim["id"] for claim in found["nodes"]]
    assert found["totalCount"] == len(ids)
    assert [edge["node"]["id"] for edge in found["edges"]] == ids
    if key:
        nested = await ask(schema, viewer, NESTED, {"a": key, "f": filter})
        assert nested.data["account"]["claims"] == found
    return ids


async def test_the_lists_and_their_filters(database: str, schema: Schema) -> None:
    mine, other = await a_merchant(), await a_merchant("Other Outdoors")
    agent, colleague = await an_agent(), await an_agent("Agent Vos")
    parcels = {merchant.id: await a_parcel(merchant) for merchant in (mine, other)}
    made: dict[str, UUID] = {}
    for name, merchant, status, channel, filer in (
        ("first", mine, ClaimStatus.SUBMITTED, ClaimChannel.SUPPORT_SECTION, mine.member),
        ("taken", mine, ClaimStatus.INVESTIGATING, ClaimChannel.SUPPORT_SECTION, mine.owner),
        ("closed", mine, ClaimStatus.REJECTED, ClaimChannel.SUPPORT_SECTION, mine.member),
        ("called", mine, ClaimStatus.SUBMITTED, ClaimChannel.PHONE, agent),
        ("theirs", other, ClaimStatus.WITH_CARRIER, ClaimChannel.SUPPORT_SECTION, other.owner),
    ):
        made[name] = await a_claim(parcels[merchant.id], status=status, channel=channel, filed_by=filer)
        await db.execute("UPDATE claims SET opened_at = :at WHERE id = :id", id=made[name], at=await db.clock())
    await db.execute("UPDATE claims SET handled_by_id = :agent WHERE id IN :ids", agent=agent.id, ids=[made["taken"], made["theirs"]])
    await db.execute("UPDATE claims SET kind = 'STATUS_QUESTION' WHERE id = :id", id=made["closed"])

    def of(*names: str) -> list[str]:
        return [claim_id(made[name]) for name in sorted(names, key=lambda name: made[name], reverse=True)]

    everything, own = of(*made), of("first", "taken", "closed", "called")
    assert await listed(schema, agent) == everything
    assert await listed(schema, agent, mine) == own
    assert await listed(schema, agent, open=True) == of("first", "taken", "called", "theirs")
    assert await listed(schema, agent, open=False) == of("closed")
    assert await listed(schema, agent, status=["SUBMITTED", "WITH_CARRIER"]) == of("first", "called", "theirs")
    assert await listed(schema, agent, status=[]) == []
    assert await listed(schema, agent, kind=["STATUS_QUESTION"]) == of("closed")
    assert await listed(schema, agent, mine=True) == of("taken", "theirs")
    assert await listed(schema, agent, mine, mine=True, open=True, kind=["CLAIM"], status=["INVESTIGATING"]) == of("taken")
    assert await listed(schema, colleague, mine=True) == []
    assert await listed(schema, mine.member) == own
    assert await listed(schema, mine.member, mine) == own
    assert await listed(schema, mine.member, mine=True) == of("first", "closed")
    assert await listed(schema, mine.member, mine=False, open=None) == own
    assert await listed(schema, other.owner) == of("theirs")
    assert (await ask(schema, mine.owner, LIST, {"a": account_id(other.id)})).codes == ["NOT_FOUND"]
    assert (await ask(schema, None, LIST)).codes == ["UNAUTHENTICATED"]


async def test_the_queue_shows_only_what_each_claim_opens_and_records_it(database: str, schema: Schema) -> None:
    merchant, other, agent = await a_merchant(), await a_merchant("Other Outdoors"), await an_agent()
    opened, shut, granted = await a_parcel(merchant), await a_parcel(merchant), await a_parcel(other)
    await a_claim(opened, description="Opened one")
    await a_claim(shut, status=ClaimStatus.RESOLVED, description="Closed one")
    await a_claim(shut, channel=ClaimChannel.EMAIL, description="Mailed one")
    await a_claim(granted, status=ClaimStatus.REJECTED, description="Closed under consent")
    await a_consent(other)
    answer = await ask(schema, agent, "{ claims { nodes { description parcel { recipient { name } } } } }")
    shown = sorted((claim["description"] or "", claim["parcel"]["recipient"]["name"] or "") for claim in answer.data["claims"]["nodes"])
    assert shown == [("", ""), ("", ""), ("Closed under consent", "Jan Bakker"), ("Opened one", "Jan Bakker")]
    assert {(event.parcel_id, event.basis) for event in await recorded()} == {(opened.id, "CLAIM"), (granted.id, "CONSENT")}
    assert sum(entry["count"] for entry in answer.privacy["withheld"]) == 4
    assert sum(entry["count"] for entry in answer.privacy["disclosed"]) == 4


async def test_a_claim_that_does_not_exist_and_one_of_another_merchant_answer_alike(database: str, schema: Schema) -> None:
    merchant, other, agent = await a_merchant(), await a_merchant("Other Outdoors"), await an_agent()
    theirs = claim_id(await a_claim(await a_parcel(other)))
    unknown = claim_id(new_id())
    for document in (READ, ANSWER, WITHDRAW):
        answers = [await tell(schema, merchant.owner, document, c=key) for key in (theirs, unknown)]
        assert answers[0].text.replace(theirs, unknown) == answers[1].text
        assert answers[0].codes == ["NOT_FOUND"]
    for document in (READ, TAKE, LOG, CLOSE):
        assert (await tell(schema, agent, document, c=unknown)).codes == ["NOT_FOUND"]
