"""A mutation operation is decided whole: if one of its fields is refused, none runs, however the document is put together."""

from __future__ import annotations

import re
from typing import Any

import pytest
from strawberry.schema.exceptions import CannotGetOperationTypeError
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

import models
from policy.vocabulary import Viewer
from resolvers import consents
from resolvers.gate import Gate
from resolvers.ledger import Request
from schema.build import Schema
from schema.executor import Executor
from tests.asking import Answer, account_id, ask, claim_id, context_of, parcel_id, recorded
from tests.builders import a_claim, a_consent, a_merchant, a_parcel, an_agent
from tests.schema.rungs import contents


async def run(schema: Schema, viewer: Viewer | None, document: str, name: str | None = None, **variables: Any) -> Answer:
    """Run a document that may hold several operations."""
    result = await schema.execute(document, variable_values=variables, context_value=context_of(viewer), operation_name=name)
    errors = [dict(error.formatted) for error in result.errors or []]
    return Answer(result.data, errors, (result.extensions or {}).get("privacy", {}), repr((result.data, errors)))


async def assert_nothing_ran(before: dict[str, list[str]], answer: Answer, reason: str) -> None:
    """Every field is null, every null is explained, and the database is as it was."""
    assert answer.data
    assert set(answer.data.values()) == {None}
    assert sorted(error["path"] for error in answer.errors) == sorted([key] for key in answer.data)
    assert set(answer.reasons) == {reason}
    assert set(answer.codes) == {"UNAUTHENTICATED" if reason == "NOT_SIGNED_IN" else "FORBIDDEN"}
    assert await contents() == before


ALLOWED = "allowed: takeClaim(input: {claimId: $c}) { claim { id } }"
REFUSED = {
    "never": ("revokeConsent(input: {accountId: $a}) { account { id } }", "NEVER_FOR_AGENTS"),
    "without-consent": ("updateSettings(input: {accountId: $b, version: 1}) { account { id } }", "NO_LIVE_CONSENT"),
    "read-only": ("updateParcel(input: {parcelId: $p, version: 1, note: null}) { parcel { id } }", "CLAIM_IS_READ_ONLY"),
    "nested-in-a-fragment": ("... F", "NEVER_FOR_AGENTS"),
    "inline": ("... on Mutation { ... { x: deleteParcel(input: {parcelId: $p}) { deletedId } } }", "NEVER_FOR_AGENTS"),
    "skip-false": ("exportParcels(input: {accountId: $a}) @skip(if: $no) { url }", "NEVER_FOR_AGENTS"),
    "include-true": ("... @include(if: $yes) { exportParcels(input: {accountId: $a}) { url } }", "NEVER_FOR_AGENTS"),
    "include-by-default": ("exportParcels(input: {accountId: $a}) @include(if: $default) { url }", "NEVER_FOR_AGENTS"),
    "protected": ("updateSettings(input: {accountId: $a, version: 1, webhookUrl: null}) { account { id } }", "NEVER_FOR_AGENTS"),
    "a-malformed-id": ('grantConsent(input: {accountId: "nobody", duration: ONE_DAY}) { account { id } }', "NEVER_FOR_AGENTS"),
}
FRAGMENT = " fragment F on Mutation { ... G } fragment G on Mutation { deep: removeDirectDebit(input: {accountId: $a}) { account { id } } }"


async def test_an_allowed_mutation_beside_a_refused_one_does_not_run(database: str, schema: Schema) -> None:
    merchant, other, agent = await a_merchant(), await a_merchant("Other Outdoors"), await an_agent()
    parcel = await a_parcel(merchant)
    ids = {
        "a": account_id(merchant.id),
        "b": account_id(other.id),
        "p": parcel_id(parcel.id),
        "c": claim_id(await a_claim(parcel)),
        "yes": True,
        "no": False,
    }
    before = await contents()
    for name, (refused, reason) in REFUSED.items():
        for fields in (f"{ALLOWED} {refused}", f"{refused} {ALLOWED}", f"{ALLOWED} {refused} again: {ALLOWED.removeprefix('allowed: ')}"):
            answer = await ask_for(schema, agent, fields, ids)
            assert len(answer.data) >= 2, name
            await assert_nothing_ran(before, answer, reason)
    assert await recorded() == []
    assert (await ask_for(schema, agent, ALLOWED, ids)).errors == [], "alone it is allowed"


TYPES = {"a": "ID!", "b": "ID!", "c": "ID!", "p": "ID!", "yes": "Boolean!", "no": "Boolean!", "default": "Boolean = true"}


async def ask_for(schema: Schema, viewer: Viewer | None, fields: str, given: dict[str, Any]) -> Answer:
    """Ask for these fields of Mutation, with the variables declared that they use: others would be an error."""
    document = fields + (FRAGMENT if "... F" in fields else "")
    used = sorted(set(re.findall(r"\$(\w+)", document)))
    declared = ", ".join(f"${name}: {TYPES[name]}" for name in used)
    return await ask(
        schema, viewer, f"mutation ({declared}) {{ {fields} }}{document[len(fields) :]}", {name: given[name] for name in used if name in given}
    )


async def test_what_is_skipped_is_not_asked_for(database: str, schema: Schema) -> None:
    merchant, agent = await a_merchant(), await an_agent()
    claim = claim_id(await a_claim(await a_parcel(merchant)))
    document = f"""mutation ($a: ID!, $c: ID!, $skipped: Boolean!, $default: Boolean = false) {{
        {ALLOWED}
        revokeConsent(input: {{accountId: $a}}) @skip(if: $skipped) {{ account {{ id }} }}
        exportParcels(input: {{accountId: $a}}) @include(if: $default) {{ url }}
        ... @skip(if: $skipped) {{ deleteAccount(input: {{accountId: $a, companyName: "Bakker Bikes"}}) {{ deletedId }} }}
    }}"""
    given = {"a": account_id(merchant.id), "c": claim}
    before = await contents()
    await assert_nothing_ran(before, await ask(schema, agent, document, {**given, "skipped": False}), "NEVER_FOR_AGENTS")
    await assert_nothing_ran(before, await ask(schema, agent, document, {**given, "skipped": True, "default": True}), "NEVER_FOR_AGENTS")
    answer = await ask(schema, agent, document, {**given, "skipped": True})
    assert (answer.errors, answer.data) == ([], {"allowed": {"claim": {"id": claim}}})


async def test_nobody_and_a_member_are_refused_whole_too(database: str, schema: Schema) -> None:
    merchant = await a_merchant()
    parcel = await a_parcel(merchant)
    document = """mutation ($a: ID!, $p: ID!) {
        updateParcel(input: {parcelId: $p, version: 1, note: "New"}) { parcel { note } }
        __typename
        grantConsent(input: {accountId: $a, duration: ONE_DAY}) { consent { id } } }"""
    given = {"a": account_id(merchant.id), "p": parcel_id(parcel.id)}
    before = await contents()
    for viewer, reason in ((None, "NOT_SIGNED_IN"), (merchant.member, "MERCHANT_ROLE")):
        answer = await ask(schema, viewer, document, given)
        assert answer.data.pop("__typename") == "Mutation", "it can't be null, and is no secret"
        await assert_nothing_ran(before, answer, reason)
    answer = await ask(schema, merchant.admin, document, given)
    assert (answer.errors, list(answer.data)) == ([], ["updateParcel", "__typename", "grantConsent"])


async def test_what_fails_while_running_does_not_stop_what_follows(database: str, schema: Schema) -> None:
    merchant, other = await a_merchant(), await a_merchant("Other Outdoors")
    parcel, theirs = await a_parcel(merchant), await a_parcel(other)
    document = """mutation ($p: ID!, $t: ID!, $a: ID!) {
        first: updateParcel(input: {parcelId: $p, version: 1, note: "One"}) { parcel { note } }
        stale: updateParcel(input: {parcelId: $p, version: 1, note: "Two"}) { parcel { note } }
        theirs: updateParcel(input: {parcelId: $t, version: 1, note: "Two"}) { parcel { note } }
        malformed: updateParcel(input: {parcelId: "nobody", version: 1, note: "Two"}) { parcel { note } }
        empty: updateParcel(input: {parcelId: $p, version: 2, note: " "}) { parcel { note } }
        settings: updateSettings(input: {accountId: $a, version: 9, locale: "de"}) { account { id } }
        last: updateParcel(input: {parcelId: $p, version: 2, note: "Three"}) { parcel { note version } }
    }"""
    answer = await ask(schema, merchant.owner, document, {"p": parcel_id(parcel.id), "t": parcel_id(theirs.id), "a": account_id(merchant.id)})
    assert {error["path"][0]: error["extensions"]["code"] for error in answer.errors} == {
        "stale": "CONFLICT",
        "theirs": "NOT_FOUND",
        "malformed": "BAD_USER_INPUT",
        "empty": "BAD_USER_INPUT",
        "settings": "CONFLICT",
    }
    assert answer.data["first"] == {"parcel": {"note": "One"}}
    assert answer.data["last"] == {"parcel": {"note": "Three", "version": 3}}
    assert [key for key, value in answer.data.items() if value is None] == ["stale", "theirs", "malformed", "empty", "settings"]
    assert list(answer.data) == ["first", "stale", "theirs", "malformed", "empty", "settings", "last"]


async def test_an_agent_s_not_found_does_not_hide_a_refusal(database: str, schema: Schema) -> None:
    merchant, agent = await a_merchant(), await an_agent()
    claim = await a_claim(await a_parcel(merchant))
    document = "mutation ($c: ID!, $n: ID!, $a: ID!) { unknown: takeClaim(input: {claimId: $n}) { claim { id } } " + ALLOWED + " %s }"
    given = {"c": claim_id(claim), "n": claim_id(merchant.id), "a": account_id(merchant.id)}
    before = await contents()
    refused = await ask(schema, agent, document % "revokeConsent(input: {accountId: $a}) { account { id } }", given)
    await assert_nothing_ran(before, refused, "NEVER_FOR_AGENTS")
    answer = await ask(schema, agent, document.replace(", $a: ID!", "") % "", {key: given[key] for key in ("c", "n")})
    assert (answer.codes, answer.data["unknown"]) == (["NOT_FOUND"], None)
    assert answer.data["allowed"] == {"claim": {"id": claim_id(claim)}}


async def test_one_account_s_consent_does_not_help_with_another(database: str, schema: Schema) -> None:
    granted, other, agent = await a_merchant(), await a_merchant("Other Outdoors"), await an_agent()
    await a_consent(granted)
    one = '%s: updateSettings(input: {accountId: $%s, version: 1, locale: "de"}) { account { id } }'
    document = f"mutation ($a: ID!, $b: ID!) {{ {one % ('a', 'a')} {one % ('b', 'b')} }}"
    before = await contents()
    await assert_nothing_ran(before, await ask(schema, agent, document, {"a": account_id(granted.id), "b": account_id(other.id)}), "NO_LIVE_CONSENT")
    await a_consent(other)
    answer = await ask(schema, agent, document, {"a": account_id(granted.id), "b": account_id(other.id)})
    assert answer.errors == []
    assert [settings.locale for settings in await models.AccountSettings.all()] == ["de", "de"]
    assert {(event.account_id, event.action) for event in await recorded()} == {(each.id, "CHANGE_SETTINGS") for each in (granted, other)}


async def test_the_operation_that_is_run_is_the_one_that_is_decided(database: str, schema: Schema) -> None:
    merchant, agent = await a_merchant(), await an_agent()
    claim = claim_id(await a_claim(await a_parcel(merchant)))
    good = f"mutation Good($c: ID!) {{ {ALLOWED} }}"
    bad = "mutation Bad($a: ID!) { ok: revokeConsent(input: {accountId: $a}) { account { id } } }"
    read = "query Read { accounts { nodes { id } } }"
    given = {"c": claim, "a": account_id(merchant.id)}
    before = await contents()
    for document in (f"{good} {bad} {read}", f"{bad} {read} {good}"):
        await assert_nothing_ran(before, await run(schema, agent, document, "Bad", **given), "NEVER_FOR_AGENTS")
        answer = await run(schema, agent, document, "Read", **given)
        assert (answer.errors, len(answer.data["accounts"]["nodes"])) == ([], 1)
        with pytest.raises(CannotGetOperationTypeError):  # which over HTTP is a 400
            await run(schema, agent, document, "Nothing", **given)
        assert await contents() == before
    for document, decided in ((f"{bad} {good}", "Bad"), (f"{good} {bad}", "Good")):
        answer = await run(schema, agent, document, None, **given)
        if decided == "Bad":
            assert not answer.data or set(answer.data.values()) == {None}
            assert await contents() == before
        else:
            assert not any("ok" in (error.get("path") or ()) for error in answer.errors), "the other was not run"
    answer = await run(schema, agent, f"{bad} {good}", "Good", **given)
    assert (answer.errors, answer.data) == ([], {"allowed": {"claim": {"id": claim}}})


async def test_the_same_field_asked_for_twice_is_decided_and_run_once(database: str, schema: Schema) -> None:
    merchant = await a_merchant()
    grant = "grantConsent(input: {accountId: $a, duration: ONE_DAY})"
    document = f"""mutation ($a: ID!) {{ {grant} {{ consent {{ id }} }} ...F ... on Mutation {{ {grant} {{ consent {{ state }} }} }} }}
        fragment F on Mutation {{ {grant} {{ account {{ id }} }} }}"""
    answer = await ask(schema, merchant.owner, document, {"a": account_id(merchant.id)})
    assert (answer.errors, answer.data["grantConsent"]["consent"]["state"]) == ([], "ACTIVE")
    assert await models.Consent.all().count() == 1
    twice = document.replace("...F", "second: " + grant + " { consent { id } } ...F")
    answer = await ask(schema, merchant.owner, twice, {"a": account_id(merchant.id)})
    assert (answer.errors, await models.Consent.all().count()) == ([], 3)


async def test_what_was_decided_a_moment_ago_is_decided_again_when_it_runs(database: str, schema: Schema, monkeypatch: pytest.MonkeyPatch) -> None:
    merchant, agent = await a_merchant(), await an_agent()
    parcel = await a_parcel(merchant)
    await a_consent(merchant)
    stock = StrawberryGraphQLCoreExecutionContext.execute_operation

    def execute_operation(executor: StrawberryGraphQLCoreExecutionContext, serially: bool | None = None) -> Any:
        async def after_revoking() -> Any:
            await consents.revoke(Gate(merchant.owner, Request("r")), merchant.id)
            return await stock(executor, serially)  # type: ignore[misc] # a mutation's is awaitable

        return after_revoking()

    monkeypatch.setattr(StrawberryGraphQLCoreExecutionContext, "execute_operation", execute_operation)
    document = """mutation ($p: ID!, $a: ID!) { updateParcel(input: {parcelId: $p, version: 1, note: "New"}) { parcel { note } }
        updateSettings(input: {accountId: $a, version: 1, locale: "de"}) { account { id } } }"""
    answer = await ask(schema, agent, document, {"p": parcel_id(parcel.id), "a": account_id(merchant.id)})
    assert answer.data == {"updateParcel": None, "updateSettings": None}
    assert answer.reasons == ["NO_LIVE_CONSENT", "NO_LIVE_CONSENT"]
    assert (await models.ParcelPersonalData.get(parcel_id=parcel.id)).note == "Ring twice"
    assert await recorded() == []


async def test_the_payload_is_decided_anew_after_the_change(database: str, schema: Schema) -> None:
    merchant, agent = await a_merchant(), await an_agent()
    parcel = await a_parcel(merchant)
    claim = claim_id(await a_claim(parcel))
    seen = "{ claim { description parcel { recipient { name } } } }"
    document = f"""mutation ($c: ID!) {{
        open: takeClaim(input: {{claimId: $c}}) {seen}
        shut: closeClaim(input: {{claimId: $c, outcome: RESOLVED}}) {seen}
        after: takeClaim(input: {{claimId: $c}}) {seen} }}"""
    answer = await ask(schema, agent, document, {"c": claim})
    assert answer.data["open"]["claim"]["parcel"]["recipient"] == {"name": "Jan Bakker"}
    assert answer.data["shut"] == {"claim": {"description": None, "parcel": {"recipient": {"name": None}}}}
    assert (answer.data["after"], answer.codes) == (None, ["CONFLICT"])


async def test_a_mutation_that_nobody_decided_does_not_run(database: str, schema: Schema, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second lock: an executor that forgets to decide the operation gets nothing done, not even by those who may."""
    merchant = await a_merchant()
    monkeypatch.setattr(Executor, "execute_operation", StrawberryGraphQLCoreExecutionContext.execute_operation)
    before = await contents()
    document = "mutation ($a: ID!) { grantConsent(input: {accountId: $a, duration: ONE_DAY}) { consent { id } } }"
    await assert_nothing_ran(before, await ask(schema, merchant.owner, document, {"a": account_id(merchant.id)}), "UNDECIDED")
