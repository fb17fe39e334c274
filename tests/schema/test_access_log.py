"""The access log as the merchant's owners and admins read it: who at support saw or changed what, when, on what ground. Names, never values."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from models import database as db
from models.fields import new_id
from policy.vocabulary import Viewer
from schema.build import Schema
from schema.ids import global_id
from tests.asking import account_id, ask, claim_id, context_of, parcel_id
from tests.builders import Merchant, a_claim, a_consent, a_merchant, a_parcel, an_agent
from tests.schema.rungs import AGENTS, Rung, a_ladder

LOG = """query ($a: ID!, $f: AccessLogFilter) { account(id: $a) { accessLog(filter: $f) { totalCount nodes {
    id at agentId agent account { id companyName } parcel { id status } action changed categories fields basis
    consent { id state grantedBy } claim { id status } operation requestId } } } }"""


async def log_of(schema: Schema, viewer: Viewer, merchant: Merchant, **filter: object) -> list[dict[str, Any]]:
    answer = await ask(schema, viewer, LOG, {"a": account_id(merchant.id), "f": filter})
    assert answer.errors == []
    found = answer.data["account"]["accessLog"]
    assert found["totalCount"] == len(found["nodes"])
    events: list[dict[str, Any]] = found["nodes"]
    return events


async def test_an_event_names_who_what_when_and_on_what_ground(database: str, schema: Schema) -> None:
    merchant, agent = await a_merchant(), await an_agent()
    claimed, granted = await a_parcel(merchant), await a_parcel(merchant)
    claim = await a_claim(claimed)
    before = await db.clock()
    context = context_of(agent, operation="ParcelOfClaim")
    see = "query ($p: ID!) { parcel(id: $p) { trackingUrl recipient { name email } events { message } } }"
    await schema.execute(see, variable_values={"p": parcel_id(claimed.id)}, context_value=context)
    consent = await a_consent(merchant)
    change = 'mutation ($p: ID!) { updateParcel(input: {parcelId: $p, version: 1, note: "Xyl", recipient: {name: "Xyl"}}) { parcel { status } } }'
    assert (await ask(schema, agent, change, {"p": parcel_id(granted.id)})).errors == []
    changed, seen = await log_of(schema, merchant.admin, merchant)
    assert before <= db.moment(seen["at"]) <= db.moment(changed["at"]) <= await db.clock()
    who = {"agentId": global_id("Viewer", agent.id), "agent": agent.name, "account": {"id": account_id(merchant.id), "companyName": "Bakker Bikes"}}
    assert seen == who | {
        "id": seen["id"],
        "at": seen["at"],
        "parcel": {"id": parcel_id(claimed.id), "status": "ANNOUNCED"},
        "action": "VIEW_PERSONAL_DATA",
        "changed": [],
        "categories": ["CONTACT", "FREE_TEXT", "IDENTITY", "LOCATION", "TRACKING"],
        "fields": ["Parcel.events", "Parcel.trackingUrl", "Recipient.email", "Recipient.name", "TrackingEvent.message"],
        "basis": "CLAIM",
        "consent": None,
        "claim": {"id": claim_id(claim), "status": "SUBMITTED"},
        "operation": "ParcelOfClaim",
        "requestId": context.request_id,
    }
    assert changed == who | {
        "id": changed["id"],
        "at": changed["at"],
        "parcel": {"id": parcel_id(granted.id), "status": "ANNOUNCED"},
        "action": "CHANGE_PARCEL",
        "changed": ["Parcel.note", "Recipient.name"],
        "categories": [],
        "fields": [],
        "basis": "CONSENT",
        "consent": {"id": global_id("Consent", consent), "state": "ACTIVE", "grantedBy": merchant.owner.name},
        "claim": None,
        "operation": None,
        "requestId": changed["requestId"],
    }
    rows = repr(await db.fetch("SELECT * FROM access_log"))
    assert [value for value in ("Xyl", "Jan Bakker", "jan.bakker", "3SABC", "J. Bakker", "5611") if value in rows] == []


async def test_it_outlives_what_it_tells_of(database: str, schema: Schema) -> None:
    merchant, agent = await a_merchant(), await an_agent()
    parcel = await a_parcel(merchant)
    await a_consent(merchant)
    await ask(schema, agent, "query ($p: ID!) { parcel(id: $p) { note } }", {"p": parcel_id(parcel.id)})
    (event,) = await log_of(schema, merchant.owner, merchant)
    for mutation in (
        "mutation ($a: ID!, $p: ID!) { deleteParcel(input: {parcelId: $p}) { deletedId } revokeConsent(input: {accountId: $a}) { account { id } } }",
    ):
        assert (await ask(schema, merchant.owner, mutation, {"a": account_id(merchant.id), "p": parcel_id(parcel.id)})).errors == []
    await db.execute("UPDATE users SET deactivated_at = {now} WHERE id = :id", id=agent.id)
    (now,) = await log_of(schema, merchant.owner, merchant)
    assert now == event | {"parcel": None, "consent": event["consent"] | {"state": "REVOKED"}}


async def test_the_filters(database: str, schema: Schema) -> None:
    merchant, other = await a_merchant(), await a_merchant("Other Outdoors")
    smit, vos = await an_agent("Agent Smit"), await an_agent("100% Vos_")
    one, two, theirs = await a_parcel(merchant), await a_parcel(merchant), await a_parcel(other)
    await a_claim(one)
    see = "query ($p: ID!) { parcel(id: $p) { note } }"
    await ask(schema, smit, see, {"p": parcel_id(one.id)})
    await a_consent(merchant)
    await a_consent(other)
    await ask(schema, vos, see, {"p": parcel_id(two.id)})
    await ask(schema, vos, "query ($a: ID!) { account(id: $a) { settings { senderAddresses { city } } } }", {"a": account_id(merchant.id)})
    await ask(schema, smit, see, {"p": parcel_id(theirs.id)})
    first, second, third = reversed(await log_of(schema, merchant.owner, merchant))
    assert [each["agent"] for each in (first, second, third)] == [smit.name, vos.name, vos.name]
    assert third["parcel"] is None
    await db.execute("UPDATE access_log SET at = :at WHERE agent_id = :agent AND account_id = :account", at=await db.clock() - timedelta(days=2),
                     agent=smit.id, account=merchant.id)  # fmt: skip
    first = {**first, "at": next(each for each in await log_of(schema, merchant.owner, merchant) if each["id"] == first["id"])["at"]}
    yesterday = (await db.clock() - timedelta(days=1)).isoformat()
    for asked, events in (
        ({}, [third, second, first]),
        ({"from": yesterday}, [third, second]),
        ({"before": yesterday}, [first]),
        ({"from": first["at"], "before": first["at"]}, []),
        ({"from": first["at"]}, [third, second, first]),
        ({"agent": " smit "}, [first]),
        ({"agent": "%"}, [third, second]),
        ({"agent": "vos_"}, [third, second]),
        ({"agent": "s_it"}, []),
        ({"parcelId": parcel_id(two.id)}, [second]),
        ({"parcelId": parcel_id(theirs.id)}, []),
        ({"parcelId": parcel_id(new_id())}, []),
        ({"basis": "CLAIM"}, [first]),
        ({"basis": "OWN_DATA"}, []),
        ({"basis": "CONSENT", "agent": "vos", "from": yesterday, "parcelId": parcel_id(two.id)}, [second]),
    ):
        assert await log_of(schema, merchant.admin, merchant, **asked) == events, asked
    for wrong in ({"parcelId": account_id(merchant.id)}, {"parcelId": "secret"}, {"from": "secret"}, {"basis": "SECRET"}):
        answer = await ask(schema, merchant.owner, LOG, {"a": account_id(merchant.id), "f": wrong})
        assert answer.codes == ["BAD_USER_INPUT"], wrong
        assert "secret" not in repr(answer.errors).lower(), wrong


async def test_owners_and_admins_read_it_nobody_else(database: str, schema: Schema) -> None:
    ladder = await a_ladder()
    await ladder.stand_on(Rung.CONSENT)
    await ask(schema, ladder.agent, "query ($p: ID!) { parcel(id: $p) { note } }", {"p": parcel_id(ladder.parcel.id)})
    async for rung, viewer in ladder.climb():
        answer = await ask(schema, viewer, "query ($a: ID!) { account(id: $a) { accessLog { totalCount } } }", {"a": account_id(ladder.merchant.id)})
        if rung in {Rung.NOBODY, Rung.OTHER}:
            assert answer.data == {"account": None}, rung
        elif rung in {Rung.ADMIN, Rung.OWNER}:
            assert answer.data == {"account": {"accessLog": {"totalCount": 1}}}, rung
        else:
            refusal = {"code": "FORBIDDEN", "reason": "NEVER_FOR_AGENTS" if rung in AGENTS else "MERCHANT_ROLE", "action": "VIEW_ACCESS_LOG"}
            assert (answer.data, [error["extensions"] for error in answer.errors]) == ({"account": {"accessLog": None}}, [refusal]), rung
