"""Parcels: corrected, cancelled, deleted. What changes moves the version, the outline its date, search its keys; what is deleted is gone."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import models
from models import database as db
from models.enums import ParcelStatus
from models.fields import new_id
from policy.vocabulary import ClaimChannel, ClaimStatus, Viewer
from schema.build import Schema
from schema.ids import global_id
from tests.asking import Answer, account_id, ask, claim_id, parcel_id, recorded
from tests.builders import ParcelMade, a_claim, a_consent, a_merchant, a_parcel, an_agent
from tests.schema.rungs import AGENTS, LIVE, Rung, a_ladder, contents

PARCEL = """fragment P on Parcel { version weightGrams orderNumber note updatedAt trackingNumber status
    recipient { name companyName email phone street houseNumber addressLine2 postalCode city region country taxNumber } }"""
READ = PARCEL + " query ($p: ID!) { parcel(id: $p) { ...P } }"
UPDATE = PARCEL + " mutation ($i: UpdateParcelInput!) { updateParcel(input: $i) { parcel { ...P } } }"
CANCEL = "mutation ($p: ID!) { cancelParcel(input: {parcelId: $p}) { parcel { status version updatedAt } } }"
DELETE = "mutation ($p: ID!) { deleteParcel(input: {parcelId: $p}) { deletedId } }"
FIND = "query ($f: ParcelFilter) { parcels(filter: $f) { nodes { id } } }"


async def update(schema: Schema, viewer: Viewer | None, parcel: ParcelMade, version: int, **named: Any) -> Answer:
    return await ask(schema, viewer, UPDATE, {"i": {"parcelId": parcel_id(parcel.id), "version": version, **named}})


async def read(schema: Schema, viewer: Viewer, parcel: ParcelMade) -> dict[str, Any]:
    answer = await ask(schema, viewer, READ, {"p": parcel_id(parcel.id)})
    assert answer.errors == []
    found: dict[str, Any] = answer.data["parcel"]
    return found


async def finds(schema: Schema, viewer: Viewer, **filter: str) -> int:
    answer = await ask(schema, viewer, FIND, {"f": filter})
    return len(answer.data["parcels"]["nodes"])


# Corrected.

RECIPIENT: dict[str, tuple[str, str]] = {
    "name": (" Anna de Wit ", "Anna de Wit"),
    "companyName": ("Wit BV", "Wit BV"),
    "email": ("Anna@Wit.example", "Anna@wit.example"),
    "phone": ("+34 612 345 678", "+34612345678"),
    "street": ("Kerkstraat", "Kerkstraat"),
    "houseNumber": ("9-II", "9-II"),
    "addressLine2": ("Bel 2x", "Bel 2x"),
    "postalCode": ("1017 gp", "1017 gp"),
    "city": ("Amsterdam", "Amsterdam"),
    "region": ("Noord-Holland", "Noord-Holland"),
}


async def test_each_personal_field_is_set_and_cleared_and_the_outline_s_date_stays(database: str, schema: Schema) -> None:
    merchant = await a_merchant()
    parcel = await a_parcel(merchant)
    expected = await read(schema, merchant.member, parcel)
    given: list[tuple[str, dict[str, Any], dict[str, Any]]] = []
    for name, (value, answered) in RECIPIENT.items():
        given += [(name, {"recipient": {name: value}}, {name: answered}), (name, {"recipient": {name: None}}, {name: None})]
    for name, named, answers in given:
        expected = expected | {"version": expected["version"] + 1, "recipient": expected["recipient"] | answers}
        answer = await update(schema, merchant.member, parcel, expected["version"] - 1, **named)
        assert (answer.errors, answer.data) == ([], {"updateParcel": {"parcel": expected}}), name
    for other, text in (("orderNumber", "ORD-2"), ("note", "Side\ndoor"), ("orderNumber", None), ("note", None)):
        expected = expected | {"version": expected["version"] + 1, other: text}
        answer = await update(schema, merchant.owner, parcel, expected["version"] - 1, **{other: text})
        assert (answer.errors, answer.data) == ([], {"updateParcel": {"parcel": expected}}), other
    assert await read(schema, merchant.admin, parcel) == expected


async def test_the_outline_moves_its_date_and_the_version_counts_both(database: str, schema: Schema) -> None:
    merchant = await a_merchant()
    parcel = await a_parcel(merchant)
    long_ago = await db.clock() - timedelta(days=9)
    version = 1
    steps: tuple[tuple[dict[str, Any], dict[str, Any], bool], ...] = (
        ({"weightGrams": 1}, {"weightGrams": 1}, True),
        ({"weightGrams": 10_000_000}, {"weightGrams": 10_000_000}, True),
        ({"weightGrams": None}, {"weightGrams": None}, True),
        ({"recipient": {"country": "es", "phone": "612 345 678"}}, {}, True),
        ({"recipient": {"name": "Ana"}}, {}, False),
        ({"note": None}, {"note": None}, False),
        ({}, {}, False),
        ({"recipient": {}}, {}, False),
    )
    for named, answered, moves in steps:
        await db.execute("UPDATE parcels SET updated_at = :at", at=long_ago)
        before = await db.clock()
        answer = await update(schema, merchant.member, parcel, version, **named)
        assert answer.errors == [], named
        shown = answer.data["updateParcel"]["parcel"]
        version += 1
        assert shown | answered == shown, named
        assert shown["version"] == version, named
        moved = (await models.Parcel.get(id=parcel.id)).updated_at
        assert (before <= moved <= await db.clock()) if moves else moved == long_ago, named
    now = (await read(schema, merchant.member, parcel))["recipient"]
    assert (now["country"], now["phone"]) == ("ES", "+34612345678")


async def test_search_finds_what_is_written_now_and_nothing_of_before(database: str, schema: Schema) -> None:
    merchant = await a_merchant()
    parcel = await a_parcel(merchant)
    steps: tuple[tuple[dict[str, Any], list[str], list[str]], ...] = (
        ({"recipient": {"name": "Zoë Ångström"}}, ["zoe", "angs"], ["jan b", "bakker"]),
        ({"recipient": {"email": "zoe@example.com"}}, ["ZOE@"], ["jan.bakker@"]),
        ({"recipient": {"postalCode": "1017 GP"}}, ["1017gp", "1017 g"], ["5611ab"]),
        ({"orderNumber": "ORD-9"}, ["ord9"], ["ORD-1001"]),
        ({"recipient": {"name": None, "email": None, "postalCode": None}, "orderNumber": None}, [], ["zoe", "angs", "1017", "ord9"]),
    )
    for version, (named, found, lost) in enumerate(steps, start=1):
        for text in lost[: 0 if version == len(steps) else None]:
            assert await finds(schema, merchant.member, search=text) == 1, text
        assert (await update(schema, merchant.member, parcel, version, **named)).errors == []
        assert [await finds(schema, merchant.member, search=text) for text in found] == [1] * len(found), named
        assert [await finds(schema, merchant.member, search=text) for text in lost] == [0] * len(lost), named
    assert await finds(schema, merchant.member, search="3SABC0000001") == 1, "what was not named keeps its key"


WRONG: list[dict[str, Any]] = [
    {"recipient": None},
    {"recipient": {"country": None}},
    {"recipient": {"country": "Secret"}},
    {"recipient": {"name": ""}},
    {"recipient": {"name": "secret" * 43}},
    {"recipient": {"houseNumber": "secret" * 11}},
    {"recipient": {"postalCode": "secret" * 6}},
    {"recipient": {"email": "secret"}},
    {"recipient": {"phone": "secret"}},
    {"recipient": {"phone": "0612345678"}},
    {"recipient": {"city": "se\u0000cret"}},
    {"recipient": {"taxNumber": "secret"}},
    {"orderNumber": "secret" * 43},
    {"orderNumber": " "},
    {"note": "secret" * 1667},
    {"note": "\udfffsecret"},
    {"weightGrams": 0},
    {"weightGrams": -1},
    {"weightGrams": 10_000_001},
    {"weightGrams": "secret"},
    {"weightGrams": 1.5},
    {"status": "DELIVERED"},
]


async def test_what_cannot_be_meant_is_refused_without_repeating_it_and_changes_nothing(database: str, schema: Schema) -> None:
    merchant = await a_merchant()
    parcel = await a_parcel(merchant)
    before = await contents()
    for named in WRONG:
        answer = await update(schema, merchant.member, parcel, 1, **named)
        assert answer.codes == ["BAD_USER_INPUT"], named
        assert "secret" not in answer.text.lower(), named
    assert await contents() == before


async def test_a_stale_version_is_a_conflict_and_of_two_at_once_one_is(database: str, schema: Schema) -> None:
    merchant = await a_merchant()
    parcel = await a_parcel(merchant)
    before = await contents()
    for version in (0, 2, -1, 2**31 - 1):
        assert (await update(schema, merchant.member, parcel, version, note="New")).codes == ["CONFLICT"], version
    assert await contents() == before
    answers = await asyncio.gather(*(update(schema, merchant.member, parcel, 1, note=f"Note {number}") for number in range(4)))
    assert sorted(answer.codes for answer in answers) == [[], ["CONFLICT"], ["CONFLICT"], ["CONFLICT"]]
    (won,) = (f"Note {number}" for number, answer in enumerate(answers) if not answer.errors)
    now = await read(schema, merchant.member, parcel)
    assert (now["note"], now["version"]) == (won, 2)


MAY_CHANGE = {
    Rung.NOBODY: ("UNAUTHENTICATED", "NOT_SIGNED_IN"),
    Rung.OTHER: ("NOT_FOUND", None),
    **dict.fromkeys(AGENTS, ("FORBIDDEN", "NO_LIVE_CONSENT")),
    Rung.CLAIM: ("FORBIDDEN", "CLAIM_IS_READ_ONLY"),
    **dict.fromkeys((*LIVE, Rung.MEMBER, Rung.ADMIN, Rung.OWNER), None),
}


async def test_merchants_change_and_cancel_and_agents_under_consent_which_is_recorded(database: str, schema: Schema) -> None:
    ladder = await a_ladder()
    parcel, version = ladder.parcel, 1
    async for rung, viewer in ladder.climb():
        await db.execute("UPDATE parcels SET status = 'ANNOUNCED' WHERE id = :id", id=parcel.id)
        log, refusal = len(await recorded()), MAY_CHANGE[rung]
        before = await contents()
        named = {"recipient": {"name": "Anna", "country": "NL"}, "weightGrams": 5, "orderNumber": None}
        answers = [await update(schema, viewer, parcel, version, **named), await ask(schema, viewer, CANCEL, {"p": parcel_id(parcel.id)})]
        for answer in answers:
            assert list(zip(answer.codes, answer.reasons, strict=True)) == ([refusal] if refusal else []), rung
        changes = [(event.action, event.changed, event.parcel_id, event.basis) for event in (await recorded())[log:] if event.changed]
        if refusal:
            assert await contents() == before, rung
            continue
        assert answers[0].data["updateParcel"]["parcel"]["version"] == version + 1, rung
        assert (
            answers[1].data["cancelParcel"]["parcel"] | {"status": "CANCELLED", "version": version + 2} == answers[1].data["cancelParcel"]["parcel"]
        )
        version += 2
        changed = ["Parcel.orderNumber", "Parcel.weightGrams", "Recipient.country", "Recipient.name"]
        by_agent = [("CHANGE_PARCEL", changed, parcel.id, "CONSENT"), ("CANCEL_PARCEL", ["Parcel.status"], parcel.id, "CONSENT")]
        assert changes == (by_agent if rung in LIVE else []), rung
        assert "Anna" not in repr(await contents("parcel_personal_data", "access_log")), rung
        assert "Anna" not in repr(await db.fetch("SELECT * FROM access_log")), rung


async def test_the_version_tells_an_agent_nothing_of_a_parcel_they_may_not_see(database: str, schema: Schema) -> None:
    ladder = await a_ladder()
    document = "query ($p: ID!) { parcel(id: $p) { version updatedAt } }"
    for rung in (Rung.NOTHING, Rung.CLOSED_CLAIM):
        await ladder.stand_on(rung)
        before = (await ask(schema, ladder.agent, document, {"p": parcel_id(ladder.parcel.id)})).text
        version = (await read(schema, ladder.merchant.member, ladder.parcel))["version"]
        assert (await update(schema, ladder.merchant.member, ladder.parcel, version, recipient={"name": f"Name {rung}"})).errors == []
        after = await ask(schema, ladder.agent, document, {"p": parcel_id(ladder.parcel.id)})
        assert after.text == before
        assert after.data["parcel"]["version"] is None
    await ladder.stand_on(Rung.CLAIM)
    assert (await ask(schema, ladder.agent, document, {"p": parcel_id(ladder.parcel.id)})).data["parcel"]["version"] == 3


# Cancelled.

CANCELLABLE = {"READY_TO_SEND", "ANNOUNCING", "ANNOUNCED", "ANNOUNCED_UNCOLLECTED", "NO_LABEL", "CANCELLATION_FAILED"}


async def test_what_no_carrier_has_yet_is_cancelled_everything_else_is_a_conflict(database: str, schema: Schema) -> None:
    merchant = await a_merchant()
    parcel = await a_parcel(merchant)
    never = await a_parcel(merchant, announced=False, status=ParcelStatus.READY_TO_SEND)
    version = 1
    for status in ParcelStatus:
        await db.execute("UPDATE parcels SET status = :status WHERE id = :id", id=parcel.id, status=status)
        answer = await ask(schema, merchant.member, CANCEL, {"p": parcel_id(parcel.id)})
        if status in CANCELLABLE:
            version += 1
            assert answer.data["cancelParcel"]["parcel"]["status"] == "CANCELLED", status
            assert (await ask(schema, merchant.member, CANCEL, {"p": parcel_id(parcel.id)})).codes == ["CONFLICT"], "twice"
        else:
            assert answer.codes == ["CONFLICT"], status
            assert (await models.Parcel.get(id=parcel.id)).status is status
        assert (await models.ParcelPersonalData.get(parcel_id=parcel.id)).version == version
    before = await contents()
    for viewer in (merchant.member, merchant.admin, merchant.owner):
        assert (await ask(schema, viewer, CANCEL, {"p": parcel_id(never.id)})).codes == ["CONFLICT"]
    assert await contents() == before


# Deleted.

MARKED: dict[str, Any] = {
    "name": "Xyl Naam",
    "company_name": "Xyl Bedrijf",
    "email": "xyl@post.example",
    "phone": "+31600000999",
    "street": "Xylstraat",
    "house_number": "Xyl99",
    "address_line2": "Xyl achter",
    "postal_code": "9999 XY",
    "city": "Xylstad",
    "region": "Xylland",
    "tax_number": "XYLTAX",
    "order_number": "XYL-ORDER",
    "external_reference": "XYL-REF",
    "tracking_number": "XYLTRACK",
    "tracking_url": "https://xyl.example/t",
    "service_point": "Xyl punt",
    "note": "Xyl noot",
    "items": [{"description": "Xyl ding", "quantity": 1}],
    "documents": [{"kind": "LABEL", "carrier_url": "https://xyl.example/label", "file_id": None}],
}


async def test_deleting_a_parcel_destroys_everything_personal_of_it_and_nothing_else(database: str, schema: Schema) -> None:
    merchant, agent = await a_merchant(), await an_agent()
    parcel, sibling = await a_parcel(merchant, shipment_group="S", **MARKED), await a_parcel(merchant, shipment_group="S")
    await db.execute("UPDATE parcel_events SET location = 'Xyl depot', message = 'Xyl buren' WHERE parcel_id = :id", id=parcel.id)
    for each, content in ((parcel, b"Xyl label"), (sibling, b"Sibling label")):
        await models.ParcelFile.create(account_id=merchant.id, parcel_id=each.id, media_type="application/pdf", content=content)
    open_claim = await a_claim(parcel, description="Xyl claim")
    closed_claim = await a_claim(parcel, status=ClaimStatus.RESOLVED, description="Xyl oud")
    mailed = await a_claim(parcel, channel=ClaimChannel.EMAIL, description="Xyl mail")
    siblings = await a_claim(sibling, description="Sibling's claim")
    log = (
        'mutation ($c: ID!) { logInvestigation(input: {claimId: $c, kind: NOTE, note: "Xyl notitie", carrierReference: "XYL-77"}) { claim { id } } }'
    )
    for claim in (open_claim, siblings):
        assert (await ask(schema, agent, log, {"c": claim_id(claim)})).errors == []
    await ask(schema, agent, READ, {"p": parcel_id(parcel.id)})
    await db.execute("UPDATE investigation_personal_data SET note = 'Sibling', carrier_reference = NULL WHERE entry_id IN"
                     " (SELECT e.id FROM investigation_entries e WHERE e.claim_id = :claim)", claim=siblings)  # fmt: skip
    before = await contents()

    answer = await ask(schema, merchant.admin, DELETE, {"p": parcel_id(parcel.id)})
    assert (answer.errors, answer.data) == ([], {"deleteParcel": {"deletedId": parcel_id(parcel.id)}})
    after = await contents()
    everywhere = repr(after).lower()
    assert [mark for mark in ("xyl", "9999xy", "+31600000999") if mark in everywhere] == []
    assert "xyl" in repr(before).lower()
    personal = ("parcel_personal_data", "parcel_events", "parcel_files", "claim_personal_data", "investigation_personal_data")
    assert {table: len(after[table]) for table in personal} == dict.fromkeys(personal, 1), "the sibling's"
    assert [table for table in before if before[table] != after[table]] == sorted(
        (*personal, "parcels", "claims", *(["changes"] if database == "sqlite" else []))
    )
    assert [table for table in before if set(after[table]) - set(before[table]) and table != "changes"] == ["claims", "parcels"]
    statuses = {claim.id: claim.status for claim in await models.Claim.all()}
    assert statuses == {open_claim: "WITHDRAWN", closed_claim: "RESOLVED", mailed: "WITHDRAWN", siblings: "INVESTIGATING"}

    key = parcel_id(parcel.id)
    for viewer in (merchant.owner, agent):
        assert (await ask(schema, viewer, READ, {"p": key})).codes == ["NOT_FOUND"]
        assert (await ask(schema, viewer, "query ($p: ID!) { node(id: $p) { id } }", {"p": key})).data == {"node": None}
    for document in (CANCEL, DELETE):
        assert (await ask(schema, merchant.owner, document, {"p": key})).codes == ["NOT_FOUND"]
    assert (await update(schema, merchant.owner, parcel, 1, note="Back")).codes == ["NOT_FOUND"]
    assert await finds(schema, merchant.owner, search="Xyl") == 0
    assert await finds(schema, merchant.owner, orderNumber="XYL-ORDER") == 0
    (event,) = [event for event in await recorded() if event.parcel_id == parcel.id and event.fields_]
    seen = await ask(
        schema,
        merchant.owner,
        "query ($e: ID!) { node(id: $e) { ... on AccessEvent { fields parcel { id } } } }",
        {"e": global_id("AccessEvent", event.id)},
    )
    assert (seen.data["node"]["parcel"], seen.data["node"]["fields"]) == (None, event.fields_)


async def test_owners_and_admins_delete_parcels(database: str, schema: Schema) -> None:
    ladder = await a_ladder()
    refused = dict.fromkeys(AGENTS, ("FORBIDDEN", "NEVER_FOR_AGENTS")) | {
        Rung.NOBODY: ("UNAUTHENTICATED", "NOT_SIGNED_IN"),
        Rung.OTHER: ("NOT_FOUND", None),
        Rung.MEMBER: ("FORBIDDEN", "MERCHANT_ROLE"),
    }
    async for rung, viewer in ladder.climb():
        parcel = ladder.parcel if rung in refused else await a_parcel(ladder.merchant)
        before = await contents()
        answer = await ask(schema, viewer, DELETE, {"p": parcel_id(parcel.id)})
        if rung in refused:
            assert (answer.data, answer.codes, answer.reasons) == ({"deleteParcel": None}, [refused[rung][0]], [refused[rung][1]]), rung
            assert await contents() == before, rung
        else:
            assert answer.data == {"deleteParcel": {"deletedId": parcel_id(parcel.id)}}, rung


async def test_a_parcel_of_another_merchant_and_one_that_never_was_answer_alike(database: str, schema: Schema) -> None:
    merchant, other, agent = await a_merchant(), await a_merchant("Other Outdoors"), await an_agent()
    await a_consent(merchant)
    theirs, unknown = parcel_id((await a_parcel(other)).id), parcel_id(new_id())
    before = await contents()
    for document in (READ, CANCEL, DELETE):
        texts = [(await ask(schema, merchant.owner, document, {"p": key})).text for key in (theirs, unknown)]
        assert texts[0] == texts[1]
        assert "NOT_FOUND" in texts[0]
        if document != DELETE:
            assert (await ask(schema, agent, document, {"p": unknown})).codes == ["NOT_FOUND"]
            assert (await ask(schema, agent, document, {"p": account_id(merchant.id)})).codes == ["BAD_USER_INPUT"]
    for key in (theirs, unknown):
        assert (await ask(schema, merchant.owner, UPDATE, {"i": {"parcelId": key, "version": 1, "note": "Mine"}})).codes == ["NOT_FOUND"]
    assert await contents() == before
