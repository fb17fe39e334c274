"""Writing: each input by the rule that is on it, each row by its own facts, and nothing written is read by another way than its own."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import GraphQLInputObjectType, GraphQLList, GraphQLNonNull, GraphQLString, get_named_type

from models import database as db
from policy.classification import INPUTS, Carries, Outline, Protected
from policy.vocabulary import ClaimChannel, Viewer
from schema.build import Schema
from tests.asking import account_id, ask, claim_id, parcel_id
from tests.builders import Merchant, a_claim, a_consent, a_merchant, a_parcel, an_agent
from tests.bypasses.filters import inputs
from tests.schema.rungs import contents, shut
from tests.server.inputs import SCHEMA

MARK = "Kenmerk7QZ5"


@pytest.fixture
async def merchant(database: str) -> Merchant:
    """One with a live consent."""
    merchant = await a_merchant()
    await a_consent(merchant)
    return merchant


@pytest.fixture
async def agent(database: str) -> Viewer:
    return await an_agent()


# The rule on an input holds however its value gets there.

_SET = "updateSettings(input: {accountId: $a, version: 1, webhookUrl: %s}) { account { id } }"
_WAYS = {
    "literal": ("mutation ($a: ID!) { " + _SET % '"https://evil.example"' + " }", {}),
    "null": ("mutation ($a: ID!) { " + _SET % "null" + " }", {}),
    "variable": ("mutation ($a: ID!, $u: String) { " + _SET % "$u" + " }", {"u": "https://evil.example"}),
    "default": ('mutation ($a: ID!, $u: String = "https://evil.example") { ' + _SET % "$u" + " }", {}),
    "default-null": ("mutation ($a: ID!, $u: String = null) { " + _SET % "$u" + " }", {}),
    "block-text": ("mutation ($a: ID!) { " + _SET % '"""https://evil.example"""' + " }", {}),
    "fragment": ("mutation ($a: ID!) { ...M } fragment M on Mutation { x: " + _SET % "null" + " }", {}),
    "inline": ("mutation ($a: ID!) { ... on Mutation { ... { " + _SET % "null" + " } } }", {}),
    "included": ("mutation ($a: ID!, $t: Boolean!) { ... @include(if: $t) { " + _SET % "null" + " } }", {"t": True}),
    "second": ("mutation ($a: ID!) { a: updateSettings(input: {accountId: $a, version: 1}) { account { id } } b: " + _SET % "null" + " }", {}),
}
_WHOLE = "mutation ($i: UpdateSettingsInput!) { updateSettings(input: $i) { account { id } } }"


@pytest.mark.parametrize(("document", "given"), _WAYS.values(), ids=_WAYS)
async def test_the_rule_on_an_input_holds_however_its_value_gets_there(
    merchant: Merchant, agent: Viewer, schema: Schema, document: str, given: dict[str, Any]
) -> None:
    """CVE-2022-39322 (Keystone): inputs of one kind skipped the rule. Strawberry forgets a permission on any input, so ours is not one."""
    before = await contents()
    answer = await ask(schema, agent, document, {"a": account_id(merchant.id), **given})
    assert set(answer.data.values()) == {None}
    assert set(answer.reasons) == {"NEVER_FOR_AGENTS"}
    assert await contents() == before


@pytest.mark.parametrize("name", [name for name, what in INPUTS["UpdateSettingsInput"].items() if isinstance(what, Protected)])
@pytest.mark.parametrize("value", [None, "", "https://evil.example", "me@evil.example"])
async def test_the_rule_on_an_input_holds_in_a_variable_that_holds_it_all(
    merchant: Merchant, agent: Viewer, schema: Schema, name: str, value: str | None
) -> None:
    """CVE-2022-39322 (Keystone): inputs of one kind skipped the rule."""
    before = await contents()
    answer = await ask(schema, agent, _WHOLE, {"i": {"accountId": account_id(merchant.id), "version": 1, name: value}})
    assert (answer.data, answer.reasons) == ({"updateSettings": None}, ["NEVER_FOR_AGENTS"])
    assert await contents() == before


# Each changes one row, and asks about that row.


def test_no_mutation_takes_more_than_one_row_or_a_condition() -> None:
    """CVE-2022-46792 (Hasura): the rule on rows was not that of the operation that changes many."""
    named = {name: [field for field, given in each.fields.items() if get_named_type(given.type).name == "ID"] for name, each in inputs().items()}
    root = SCHEMA.mutation_type
    assert root is not None
    for name in root.fields:
        of_mutation = f"{name[0].upper()}{name[1:]}Input"
        assert len(named[of_mutation]) == 1, name
        input_type = SCHEMA.type_map[of_mutation]
        assert isinstance(input_type, GraphQLInputObjectType)
        only = input_type.fields[named[of_mutation][0]].type
        assert isinstance(only, GraphQLNonNull), name
        assert not isinstance(only.of_type, GraphQLList), name
    words = ("many", "bulk", "batch", "upsert", "all", "where")
    assert [name for name in root.fields if any(word in name.lower() for word in words)] == []


async def test_a_mutation_asks_about_the_row_it_changes_and_about_no_other(merchant: Merchant, agent: Viewer, schema: Schema) -> None:
    """CVE-2019-1000011 (API Platform): who might delete one might delete any."""
    other = await a_merchant("Other Outdoors")
    parcel = await a_parcel(other)
    claim = await a_claim(await a_parcel(other), channel=ClaimChannel.PHONE)
    given = {"parcelId": parcel_id(parcel.id), "claimId": claim_id(claim), "accountId": account_id(other.id)}
    before = await contents()
    for viewer, codes in ((merchant.owner, {"NOT_FOUND", "BAD_USER_INPUT", "FORBIDDEN"}), (agent, {"FORBIDDEN"})):
        for name, more in _OF_ANOTHER.items():
            of_mutation = f"{name[0].upper()}{name[1:]}Input"
            named = next(each for each in given if each in INPUTS[of_mutation])
            document = f"mutation ($i: {of_mutation}!) {{ {name}(input: $i) {{ __typename }} }}"
            answer = await ask(schema, viewer, document, {"i": {named: given[named], **more}})
            assert set(answer.data.values()) == {None}, name
            assert set(answer.codes) <= codes, name
    assert await contents() == before


_OF_ANOTHER: dict[str, dict[str, Any]] = {
    "updateParcel": {"version": 1, "note": MARK},
    "cancelParcel": {},
    "deleteParcel": {},
    "updateSettings": {"version": 1, "locale": "de-DE"},
    "answerClaim": {"message": MARK},
    "withdrawClaim": {},
    "logInvestigation": {"kind": "NOTE", "note": MARK},
    "grantConsent": {"duration": "ONE_HOUR"},
    "revokeConsent": {},
    "exportParcels": {},
    "removeDirectDebit": {},
    "deleteAccount": {"companyName": "Other Outdoors"},
}


# What is written in one place is not read in another.


def test_whatever_text_is_written_is_personal_or_is_a_setting_of_a_known_form() -> None:
    """GHSA-fpxg-5xmv-922m, CVE-2026-109341 (SurrealDB): what nobody might read was moved to where everybody might."""
    texts = {
        f"{name}.{field}": type(INPUTS[name][field])
        for name, named in inputs().items()
        if not name.endswith("Filter")
        for field, given in named.fields.items()
        if get_named_type(given.type) is GraphQLString
    }
    outline = {coordinate for coordinate, what in texts.items() if what is Outline}
    settings = {f"UpdateSettingsInput.{name}" for name in ("locale", "timezone", "defaultCarrier")}
    assert outline == settings | {"DeleteAccountInput.companyName"}, "the company's name is compared, never kept"
    assert set(texts.values()) == {Outline, Carries, Protected}


async def test_what_an_agent_wrote_under_consent_is_not_read_after_it(merchant: Merchant, agent: Viewer, schema: Schema) -> None:
    """GHSA-fpxg-5xmv-922m, CVE-2026-109341 (SurrealDB): what nobody might read was moved to where everybody might."""
    parcel = await a_parcel(merchant)
    filed = await a_claim(parcel)
    account = account_id(merchant.id)
    writes: dict[str, dict[str, Any]] = {
        "updateParcel": {
            "parcelId": parcel_id(parcel.id),
            "version": 1,
            "note": MARK,
            "orderNumber": MARK,
            "recipient": dict.fromkeys(("name", "companyName", "street", "houseNumber", "addressLine2", "postalCode", "city", "region"), MARK),
        },
        "updateSettings": {"accountId": account, "version": 1, "defaultCarrier": MARK, "senderAddresses": [{"companyName": MARK, "street": MARK}]},
        "recordClaim": {"parcelId": parcel_id(parcel.id), "kind": "CLAIM", "type": "LOST", "channel": "PHONE", "description": MARK},
        "logInvestigation": {"claimId": claim_id(filed), "kind": "NOTE", "note": MARK, "carrierReference": MARK},
    }
    for name, given in writes.items():
        document = f"mutation ($i: {name[0].upper()}{name[1:]}Input!) {{ {name}(input: $i) {{ __typename }} }}"
        assert (await ask(schema, agent, document, {"i": given})).errors == [], name
    everything = f"""{{ account(id: "{account}") {{ companyName settings {{ defaultCarrier senderAddresses {{ street }} }}
      parcels {{ nodes {{ carrier shippingMethod note orderNumber recipient {{ name street country }}
        claims {{ handledBy description investigation {{ by note carrierReference }} }} }} }}
      claims {{ nodes {{ description investigation {{ note }} }} }} agentLogin {{ consent {{ grantedBy }} }} }} }}"""
    assert (await ask(schema, agent, everything)).text.count(MARK) >= 10
    await shut(merchant)
    assert MARK not in (await ask(schema, agent, everything)).text
    log = "".join((await contents())["access_log"])
    assert "Recipient.name" in log
    assert MARK not in log


async def test_asking_changes_nothing(merchant: Merchant, agent: Viewer, schema: Schema) -> None:
    """CVE-2025-14592, BIT-gitlab-2026-12664 (GitLab): a field that only reads, or a token only for reading, had effects."""
    parcel = await a_parcel(merchant)
    root = SCHEMA.query_type
    assert root is not None
    given = {"account": account_id(merchant.id), "parcel": parcel_id(parcel.id), "claim": claim_id(await a_claim(parcel))}
    asking = {
        "viewer": "viewer { id }",
        "node": f'node(id: "{given["parcel"]}") {{ ... on Parcel {{ note documents {{ url }} }} }}',
        "nodes": f'nodes(ids: ["{given["parcel"]}", "{given["account"]}"]) {{ id }}',
        "account": f'account(id: "{given["account"]}") {{ settings {{ locale }} agentLogin {{ state }} decisions {{ allowed }} }}',
        "accounts": "accounts { nodes { parcels { totalCount } } }",
        "parcel": f'parcel(id: "{given["parcel"]}") {{ note documents {{ url }} decisions {{ allowed }} }}',
        "parcels": f'parcels(accountId: "{given["account"]}", filter: {{search: "jan"}}) {{ nodes {{ note }} }}',
        "claim": f'claim(id: "{given["claim"]}") {{ description }}',
        "claims": f'claims(accountId: "{given["account"]}") {{ nodes {{ description }} }}',
        "explain": f'explain(action: DELETE_ACCOUNT, id: "{given["account"]}") {{ allowed }}',
    }
    assert asking.keys() == root.fields.keys()
    before = await contents("access_log")
    for viewer in (merchant.owner, agent, None):
        for document in (*asking.values(), " ".join(f"a{n}: {each}" for n, each in enumerate(asking.values()))):
            await ask(schema, viewer, f"{{ {document} }}")
    assert await contents("access_log") == before
    assert (await db.fetch("SELECT count(*) AS n FROM access_log"))[0]["n"] > 0
