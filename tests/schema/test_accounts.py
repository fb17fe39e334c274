"""Accounts: the directory, one's own, who is calling; and deleting one, which destroys what is personal and keeps what happened."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import models
from models import database as db
from models.fields import new_id
from policy.vocabulary import ClaimChannel, ClaimStatus, ConsentState, Viewer
from resolvers import exports
from resolvers.gate import Gate
from resolvers.ledger import Request
from resolvers.parcels import ParcelFilter
from schema.build import Schema
from schema.ids import global_id
from tests.asking import account_id, ask, claim_id, parcel_id, recorded
from tests.builders import Merchant, a_claim, a_consent, a_merchant, a_parcel, an_agent
from tests.schema.rungs import AGENTS, Rung, a_ladder, contents

DIRECTORY = "query ($f: AccountFilter) { accounts(filter: $f) { totalCount nodes { companyName } edges { node { companyName } } } }"


async def names(schema: Schema, viewer: Viewer, **filter: object) -> list[str]:
    answer = await ask(schema, viewer, DIRECTORY, {"f": filter})
    assert answer.errors == []
    found = [account["companyName"] for account in answer.data["accounts"]["nodes"]]
    assert answer.data["accounts"]["totalCount"] == len(found)
    assert [edge["node"]["companyName"] for edge in answer.data["accounts"]["edges"]] == found
    return found


# Reading.


async def test_agents_see_the_directory_and_merchants_themselves(database: str, schema: Schema) -> None:
    bikes, boots, beds = await a_merchant(), await a_merchant("Boots 100% & Co_"), await a_merchant("Beds!")
    agent = await an_agent()
    assert await names(schema, agent) == ["Bakker Bikes", "Boots 100% & Co_", "Beds!"]
    assert await names(schema, bikes.member) == ["Bakker Bikes"]
    assert await names(schema, boots.owner, search="b") == ["Boots 100% & Co_"]
    for search, found in (
        (" BIKES ", ["Bakker Bikes"]),
        ("s 1", ["Boots 100% & Co_"]),
        ("0%", ["Boots 100% & Co_"]),
        ("%", ["Boots 100% & Co_"]),
        ("_", ["Boots 100% & Co_"]),
        ("!", ["Beds!"]),
        ("b%s", []),
        ("' OR 1=1 --", []),
        ("", ["Bakker Bikes", "Boots 100% & Co_", "Beds!"]),
    ):
        assert await names(schema, agent, search=search) == found, search
    await a_consent(bikes)
    await a_consent(beds, ConsentState.EXPIRED)
    await a_claim(await a_parcel(boots))
    await a_claim(await a_parcel(beds), channel=ClaimChannel.EMAIL)
    await a_claim(await a_parcel(beds), status=ClaimStatus.REJECTED)
    for access, found in (
        (["CONSENT"], ["Bakker Bikes"]),
        (["CLAIM"], ["Boots 100% & Co_"]),
        (["CLAIM", "CONSENT"], ["Bakker Bikes", "Boots 100% & Co_"]),
        (["OWN_DATA"], []),
        ([], []),
    ):
        assert await names(schema, agent, access=access) == found, access
    assert await names(schema, agent, access=["CONSENT", "CLAIM"], search="boots") == ["Boots 100% & Co_"]
    assert (await ask(schema, None, DIRECTORY)).codes == ["UNAUTHENTICATED"]
    assert await recorded() == []


async def test_the_name_country_and_age_of_an_account_are_for_whoever_may_know_of_it(database: str, schema: Schema) -> None:
    ladder = await a_ladder()
    document = "query ($a: ID!) { account(id: $a) { id companyName country createdAt } node(id: $a) { id __typename } }"
    created = (await models.Account.get(id=ladder.merchant.id)).created_at
    async for rung, viewer in ladder.climb():
        answer = await ask(schema, viewer, document, {"a": account_id(ladder.merchant.id)})
        if rung is Rung.NOBODY:
            assert (answer.data, answer.codes) == ({"account": None, "node": None}, ["UNAUTHENTICATED"] * 2)
        elif rung is Rung.OTHER:
            assert (answer.data, answer.codes) == ({"account": None, "node": None}, ["NOT_FOUND"])
        else:
            key = account_id(ladder.merchant.id)
            assert answer.errors == [], rung
            assert answer.data["node"] == {"id": key, "__typename": "Account"}, rung
            shown = answer.data["account"]
            assert (shown["id"], shown["companyName"], shown["country"]) == (key, "Bakker Bikes", "NL"), rung
            assert db.moment(shown["createdAt"]) == created, rung


async def test_the_viewer_is_who_is_calling(database: str, schema: Schema) -> None:
    merchant, agent = await a_merchant(), await an_agent()
    document = "{ viewer { id kind name locale roles account { id companyName settings { locale } } } }"
    assert (await ask(schema, None, document)).data == {"viewer": None}
    shown = (await ask(schema, agent, document)).data["viewer"]
    assert shown == {"id": global_id("Viewer", agent.id), "kind": "AGENT", "name": agent.name, "locale": "en", "roles": [], "account": None}
    for viewer, role in ((merchant.member, "MEMBER"), (merchant.admin, "ADMIN"), (merchant.owner, "OWNER")):
        shown = (await ask(schema, viewer, document)).data["viewer"]
        assert (shown["kind"], shown["roles"], shown["name"]) == ("MERCHANT", [role], viewer.name)
        assert shown["account"] == {"id": account_id(merchant.id), "companyName": "Bakker Bikes", "settings": {"locale": "nl-NL"}}


async def test_a_list_below_several_rows_is_the_same_below_each(database: str, schema: Schema) -> None:
    """The lists of one account, asked for by many rows at once, are read once and not mixed."""
    merchant, agent = await a_merchant(), await an_agent()
    parcels = [await a_parcel(merchant) for _ in range(4)]
    for parcel in parcels[:3]:
        await a_claim(parcel)
    await a_parcel(await a_merchant("Other Outdoors"))
    lists = "parcels(first: 3) { totalCount pageInfo { hasNextPage } nodes { id } } claims(first: 2) { totalCount nodes { id } }"
    document = (
        f"query ($a: ID!) {{ claims {{ nodes {{ account {{ {lists} }} }} }} account(id: $a) {{ {lists} }} accounts {{ nodes {{ {lists} }} }} }}"
    )
    answer = await ask(schema, agent, document, {"a": account_id(merchant.id)})
    assert answer.errors == []
    own = answer.data["account"]
    assert own["parcels"]["totalCount"] == 4
    assert [node["id"] for node in own["parcels"]["nodes"]] == [parcel_id(parcel.id) for parcel in reversed(parcels[1:])]
    assert (own["parcels"]["pageInfo"]["hasNextPage"], own["claims"]["totalCount"], len(own["claims"]["nodes"])) == (True, 3, 2)
    assert [node["account"] for node in answer.data["claims"]["nodes"]] == [own] * 3
    directory = answer.data["accounts"]["nodes"]
    assert (directory[0], directory[1]["parcels"]["totalCount"], directory[1]["claims"]["nodes"]) == (own, 1, [])


# Deleting.

DELETE = "mutation ($a: ID!, $n: String!) { deleteAccount(input: {accountId: $a, companyName: $n}) { deletedId } }"


async def fill(merchant: Merchant, agent: Viewer, schema: Schema) -> dict[str, UUID]:
    """Something of everything that an account can have, its personal values marked with 'Xyl'."""
    now = await db.clock()
    parcel = await a_parcel(merchant, name="Xyl Naam", email="xyl@example.com", order_number="Xyl 1", tracking_number="Xyl 2", note="Xyl noot")
    await db.execute("UPDATE parcel_events SET message = 'Xyl' WHERE account_id = :id", id=merchant.id)
    await models.ParcelFile.create(account_id=merchant.id, parcel_id=parcel.id, media_type="application/pdf", content=b"Xyl")
    claim = await a_claim(parcel, description="Xyl claim")
    await a_claim(parcel, status=ClaimStatus.RESOLVED, description="Xyl oud")
    log = 'mutation ($c: ID!) { logInvestigation(input: {claimId: $c, kind: NOTE, note: "Xyl", carrierReference: "Xyl"}) { claim { id } } }'
    assert (await ask(schema, agent, log, {"c": claim_id(claim)})).errors == []
    read = "query ($p: ID!) { parcel(id: $p) { recipient { name } } }"
    assert (await ask(schema, agent, read, {"p": parcel_id(parcel.id)})).data["parcel"]["recipient"] == {"name": "Xyl Naam"}
    await db.execute(
        "UPDATE account_personal_data SET notification_reply_to = 'xyl@a.example', notification_bcc = 'xyl@b.example', webhook_url = 'https://xyl.example/',"
        " sender_addresses = :addresses WHERE account_id = :id",
        id=merchant.id,
        addresses=db.Json.of([{"city": "Xyl"}]),
    )
    await models.DirectDebit.create(account_id=merchant.id, account_holder="Xyl", iban="NL91ABNA0417164300", mandate_reference="Xyl", status="ACTIVE")
    for user in (merchant.owner, merchant.member):
        stamped: dict[str, Any] = {"user_id": user.id, "created_at": now, "expires_at": now + timedelta(hours=1)}
        await models.Session.create(token_hash=new_id().hex, **stamped)
        await models.Token.create(token_hash=new_id().hex, **stamped)
        await models.ExternalIdentity.create(user_id=user.id, identity_hash=new_id().hex, created_at=now)
    event = await models.OutboxEvent.create(account_id=merchant.id, kind="CONSENT_GRANTED", subject_id=new_id(), at=now, follows=new_id())
    await models.OutboxDelivery.create(
        event_id=event.id, account_id=merchant.id, channel="EMAIL", recipient_id=merchant.owner.id, state="WAITING", due_at=now
    )
    await models.WebhookSecret.create(account_id=merchant.id, secret="whsec_Xyl", created_at=now)
    await db.execute("UPDATE users SET password_hash = 'Xyl' WHERE account_id = :id", id=merchant.id)
    await models.Integration.create(account_id=merchant.id, name="Sendcloud", secret="s", created_at=now)
    await exports.create(Gate(merchant.owner, Request("r")), merchant.id, ParcelFilter(search="Xyl"))
    old, live = await a_consent(merchant, ConsentState.REPLACED), await a_consent(merchant)
    return {"parcel": parcel.id, "claim": claim, "old": old, "live": live}


async def test_deleting_destroys_what_is_personal_and_keeps_the_history_and_the_access_log(database: str, schema: Schema) -> None:
    merchant, other, agent = await a_merchant(), await a_merchant("Other Outdoors"), await an_agent()
    made, others = await fill(merchant, agent, schema), await fill(other, agent, schema)
    before = await contents()
    clock = await db.clock()
    answer = await ask(schema, merchant.owner, DELETE, {"a": account_id(merchant.id), "n": "  Bakker Bikes "})
    assert (answer.errors, answer.data) == ([], {"deleteAccount": {"deletedId": account_id(merchant.id)}})
    after = await contents()

    gone = ("account_personal_data", "direct_debits", "parcel_personal_data", "parcel_events", "parcel_files", "claim_personal_data")
    of_accounts = ("external_identities", "outbox_events", "outbox_deliveries", "webhook_secrets")
    for table in (*gone, *of_accounts, "investigation_personal_data", "sessions", "tokens", "export_links"):
        assert set(after[table]) < set(before[table]), table
        assert len(after[table]) == len(before[table]) / 2, f"{table}: the other merchant's stay"
    of_theirs = {key: [row for row in rows if str(other.id) in row] for key, rows in before.items()}
    assert {key: [row for row in rows if str(other.id) in row] for key, rows in after.items()} == of_theirs
    assert [table for table, rows in after.items() if any("xyl" in row.lower() for row in rows if str(merchant.id) in row)] == []
    assert len(after["access_log"]) == len(before["access_log"])
    assert (after["access_log"], after["account_settings"]) == (before["access_log"], before["account_settings"])

    consents = {consent.id: consent for consent in await models.Consent.filter(account_id=merchant.id)}
    live, old = consents[made["live"]], consents[made["old"]]
    assert (live.live_for, live.ended_as, live.ended_by_id) == (None, "REVOKED", merchant.owner.id)  # type: ignore[attr-defined] # Tortoise adds it
    assert (old.ended_as, len(consents)) == ("REPLACED", 2)
    assert live.ended_at is not None
    assert clock <= live.ended_at <= await db.clock()
    users = await models.User.filter(account_id=merchant.id)
    assert [(user.password_hash, user.deactivated_at is not None) for user in users] == [(None, True)] * 3
    statuses = sorted(claim.status for claim in await models.Claim.filter(account_id=merchant.id))
    assert (statuses, await models.Claim.filter(account_id=merchant.id, closed_at=None).count()) == (["RESOLVED", "WITHDRAWN"], 0)
    assert await models.Integration.filter(ended_at=None, account_id=merchant.id).count() == 0
    assert await models.Parcel.filter(deleted_at=None, account_id=merchant.id).count() == 0
    assert (await models.Consent.get(id=others["live"])).live_for == other.id

    # Nobody finds any of it again, and nothing can be done to it.
    keys = [account_id(merchant.id), parcel_id(made["parcel"]), claim_id(made["claim"]), global_id("Consent", made["live"])]
    for viewer in (agent, merchant.owner):
        found = await ask(schema, viewer, "query ($i: [ID!]!) { nodes(ids: $i) { id } claims { nodes { account { id } } } }", {"i": keys})
        assert found.data["nodes"] == [None] * 4
        assert account_id(merchant.id) not in repr(found.data["claims"])
        assert (await ask(schema, viewer, "query ($a: ID!) { account(id: $a) { id } }", {"a": account_id(merchant.id)})).codes == ["NOT_FOUND"]
    assert await names(schema, agent) == ["Other Outdoors"]
    assert await names(schema, merchant.owner) == []
    grant = "mutation ($a: ID!) { grantConsent(input: {accountId: $a, duration: ONE_DAY}) { consent { id } } }"
    assert (await ask(schema, merchant.owner, grant, {"a": account_id(merchant.id)})).codes == ["NOT_FOUND"]
    assert (await ask(schema, merchant.owner, DELETE, {"a": account_id(merchant.id), "n": "Bakker Bikes"})).codes == ["NOT_FOUND"]
    assert (await models.Consent.filter(account_id=merchant.id).count(), await models.Account.all().count()) == (2, 2)


async def test_a_consent_that_ran_out_before_is_kept_as_run_out(database: str, schema: Schema) -> None:
    merchant = await a_merchant()
    await a_consent(merchant, ConsentState.EXPIRED)
    assert (await ask(schema, merchant.owner, DELETE, {"a": account_id(merchant.id), "n": "Bakker Bikes"})).errors == []
    consent = await models.Consent.get()
    assert (consent.ended_as, consent.ended_at, consent.live_for) == ("EXPIRED", consent.expires_at, None)


async def test_only_the_owner_deletes_and_only_by_the_right_name(database: str, schema: Schema) -> None:
    ladder = await a_ladder()
    refused = dict.fromkeys(AGENTS, ("FORBIDDEN", "NEVER_FOR_AGENTS")) | {
        Rung.NOBODY: ("UNAUTHENTICATED", "NOT_SIGNED_IN"),
        Rung.OTHER: ("NOT_FOUND", None),
        Rung.MEMBER: ("FORBIDDEN", "MERCHANT_ROLE"),
        Rung.ADMIN: ("FORBIDDEN", "MERCHANT_ROLE"),
    }
    key = account_id(ladder.merchant.id)
    async for rung, viewer in ladder.climb(refused):
        before = await contents()
        answer = await ask(schema, viewer, DELETE, {"a": key, "n": "Bakker Bikes"})
        assert (answer.data, answer.codes, answer.reasons) == ({"deleteAccount": None}, [refused[rung][0]], [refused[rung][1]]), rung
        assert await contents() == before, rung
    before = await contents()
    for wrong in ("", "bakker bikes", "Bakker", "Other Outdoors", "Bakker Bikes\u0000", "Bakker  Bikes"):
        answer = await ask(schema, ladder.merchant.owner, DELETE, {"a": key, "n": wrong})
        assert (answer.data, answer.codes) == ({"deleteAccount": None}, ["BAD_USER_INPUT"]), wrong
        assert "Bakker Bikes" not in repr(answer.errors), "the name is not told"
    assert await contents() == before
