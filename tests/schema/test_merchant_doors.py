"""Every way to what is personal of the merchant: who granted, their addresses, their protected settings, their direct debit."""

from __future__ import annotations

import pytest

import models
from models.enums import DirectDebitStatus
from schema.build import Schema
from tests.marks import seen
from tests.schema.doors import EVERYBODY, MERCHANTS, NOTHING, OWNERS, PROTECTED, Door, World, a_world, climb, recorded_by_operation, through
from tests.schema.rungs import AGENTS, LIVE, Rung


@pytest.fixture
async def world(database: str) -> World:
    return await a_world()


# Who granted and who ended a consent.

GRANTED_BY, ENDED_BY = "Owner of Bakker Bikes", "Admin of Bakker Bikes"
BY = "{ state grantedBy endedBy }"
NAMES = {
    "agentLogin.consent": Door(f"{{ account(id: $account) {{ agentLogin {{ consent {BY} }} }} }}"),
    "accounts.agentLogin.consent": Door(f"{{ accounts {{ nodes {{ agentLogin {{ consent {BY} }} }} }} }}"),
    "viewer.account.agentLogin.consent": Door(f"{{ viewer {{ account {{ agentLogin {{ consent {BY} }} }} }} }}", MERCHANTS),
    "parcel.account.agentLogin.consent": Door(f"{{ parcel(id: $parcel) {{ account {{ agentLogin {{ consent {BY} }} }} }} }}"),
    "claim.account.agentLogin.consent": Door(f"{{ claim(id: $claim) {{ account {{ agentLogin {{ consent {BY} }} }} }} }}"),
    "node": Door(f"{{ node(id: $consent) {{ ... on Consent {BY} }} }}"),
    "nodes, of a claim": Door("{ nodes(ids: [$claim, $consent]) { ... on Consent { id: grantedBy state: endedBy } } }"),
    "history": Door(f"{{ account(id: $account) {{ agentLogin {{ history(last: 1) {{ nodes {BY} }} }} }} }}", OWNERS),
    "accessLog.consent": Door(f"{{ account(id: $account) {{ accessLog(last: 1) {{ nodes {{ consent {BY} }} }} }} }}", OWNERS),
    "agentLoginChanged": Door(f"subscription {{ agentLoginChanged(accountId: $account) {{ consent {BY} }} }}"),
}


async def test_each_door_names_who_granted_to_whom_may_know(world: World, schema: Schema) -> None:
    wrong, shown = {}, set()
    async for name, rung, answer in climb(world, schema, NAMES):
        named = GRANTED_BY in answer.text
        if named != (rung in NAMES[name].for_whom and rung in MERCHANTS | LIVE) or (ENDED_BY in answer.text and not named):
            wrong[name, rung] = answer.text
        if named and rung in AGENTS:
            shown.add(f"{name}: {rung}")
    assert wrong == {}
    recorded = await recorded_by_operation()
    assert set(recorded) == shown
    assert {(event.parcel_id, *event.fields_) for events in recorded.values() for event in events} == {(None, "Consent.endedBy", "Consent.grantedBy")}


# Settings: the addresses under a live consent, what carries data out never.

ADDRESS = frozenset({"sender"})
SETTINGS = "settings { locale senderAddresses { street contactName } notificationReplyTo notificationBcc webhookUrl version }"
SETTINGS_DOORS = {
    "account.settings": Door(f"{{ account(id: $account) {{ {SETTINGS} }} }}"),
    "accounts.settings": Door(f"{{ accounts {{ nodes {{ {SETTINGS} }} }} }}"),
    "viewer.account.settings": Door(f"{{ viewer {{ account {{ {SETTINGS} }} }} }}", MERCHANTS),
    "node": Door(f"{{ node(id: $account) {{ ... on Account {{ {SETTINGS} }} }} }}"),
    "parcel.account.settings": Door(f"{{ parcel(id: $parcel) {{ account {{ {SETTINGS} }} }} }}"),
    "claim.account.settings": Door(f"{{ claim(id: $claim) {{ account {{ {SETTINGS} }} }} }}"),
    "claims.account.settings": Door(f"{{ claims(accountId: $account) {{ nodes {{ account {{ {SETTINGS} }} }} }} }}"),
    "agentLogin.account.settings": Door(f"{{ account(id: $account) {{ agentLogin {{ account {{ {SETTINGS} }} }} }} }}"),
    "consent.account.settings": Door(f"{{ node(id: $consent) {{ ... on Consent {{ account {{ {SETTINGS} }} }} }} }}"),
    "agentLoginChanged": Door(f"subscription {{ agentLoginChanged(accountId: $account) {{ account {{ {SETTINGS} }} }} }}"),
    "aliases": Door(
        """{ account(id: $account) { settings { locale: webhookUrl timezone: notificationBcc defaultCarrier: notificationReplyTo
        version: senderAddresses { city: street } } } }"""
    ),
}


def may_see_settings(rung: Rung) -> frozenset[str]:
    return ADDRESS | PROTECTED if rung in MERCHANTS else ADDRESS if rung in LIVE else NOTHING


async def test_each_door_shows_settings_to_whom_may_see_them_and_protected_ones_to_no_agent(world: World, schema: Schema) -> None:
    wrong, shown = {}, set()
    async for name, rung, answer in climb(world, schema, SETTINGS_DOORS):
        let_in = rung in SETTINGS_DOORS[name].for_whom
        found = seen("¶", answer.text)
        if found != (may_see_settings(rung) if let_in else NOTHING):
            wrong[name, rung] = found
        if found and rung in AGENTS:
            shown.add(f"{name}: {rung}")
            assert {entry["reason"] for entry in answer.privacy["withheld"]} == {"NEVER_FOR_AGENTS"}
    assert wrong == {}
    recorded = await recorded_by_operation()
    assert set(recorded) == shown
    assert {(event.parcel_id, *event.fields_) for events in recorded.values() for event in events} == {(None, "AccountSettings.senderAddresses")}


async def test_settings_an_agent_may_not_see_are_null_with_the_reason(world: World, schema: Schema) -> None:
    document = SETTINGS_DOORS["account.settings"].document
    async for rung, viewer in world.climb():
        if rung not in AGENTS or rung in LIVE:
            continue
        answer = await through(schema, viewer, document, world.variables)
        assert answer.data == {"account": {"settings": None}}, rung
        assert (answer.codes, answer.reasons) == (["FORBIDDEN"], ["NO_LIVE_CONSENT"]), rung


async def test_an_update_s_answer_shows_no_more_than_a_query_s(world: World, schema: Schema) -> None:
    async for rung, viewer in world.climb():
        version = (await models.AccountSettings.get(account_id=world.ladder.merchant.id)).version
        document = f'mutation {{ updateSettings(input: {{accountId: $account, version: $version, locale: "nl"}}) {{ account {{ {SETTINGS} }} }} }}'
        answer = await through(schema, viewer, document, world.variables | {"version": version})
        assert seen("¶", answer.text) == (may_see_settings(rung) if rung in OWNERS | LIVE else NOTHING), rung


# Direct debit: for the merchant's owners and admins. To an agent it is as if there were none, whatever was granted.

HOLDER, IBAN = "Holder Bakker", "NL91ABNA0417164300"
MANDATE = "directDebit { accountHolder iban bic mandateReference status signedAt }"
DEBIT_DOORS = {
    "account": Door(f"{{ account(id: $account) {{ {MANDATE} }} }}"),
    "accounts": Door(f"{{ accounts {{ nodes {{ {MANDATE} }} }} }}"),
    "node": Door(f"{{ node(id: $account) {{ ... on Account {{ {MANDATE} }} }} }}"),
    "parcel.account": Door(f"{{ parcel(id: $parcel) {{ account {{ {MANDATE} }} }} }}"),
    "claim.account": Door(f"{{ claim(id: $claim) {{ account {{ {MANDATE} }} }} }}"),
    "agentLogin.account": Door(f"{{ account(id: $account) {{ agentLogin {{ account {{ {MANDATE} }} }} }} }}"),
    "aliases": Door("{ account(id: $account) { companyName: directDebit { iban: accountHolder bic: iban } } }"),
}


async def told_of_direct_debit(world: World, schema: Schema) -> dict[tuple[str, Rung], str]:
    return {(name, rung): repr((answer.data, answer.errors, answer.privacy)) async for name, rung, answer in climb(world, schema, DEBIT_DOORS)}


async def test_no_agent_learns_anything_of_a_direct_debit_not_even_whether_there_is_one(world: World, schema: Schema) -> None:
    without = await told_of_direct_debit(world, schema)
    await models.DirectDebit.create(
        account_id=world.ladder.merchant.id,
        account_holder=HOLDER,
        iban=IBAN,
        bic="ABNANL2A",
        mandate_reference="LK-1",
        status=DirectDebitStatus.ACTIVE,
    )
    there = await told_of_direct_debit(world, schema)
    assert {rung for name, rung in there if HOLDER in there[name, rung]} == OWNERS
    assert all(HOLDER in there[name, rung] for name, rung in there if rung in OWNERS)
    assert IBAN not in repr(there)
    outsiders = EVERYBODY - OWNERS
    assert {at: text for at, text in there.items() if at[1] in outsiders} == {at: text for at, text in without.items() if at[1] in outsiders}
    assert all("NEVER_FOR_AGENTS" in text for (_, rung), text in there.items() if rung in AGENTS)
    assert await recorded_by_operation() == {}
