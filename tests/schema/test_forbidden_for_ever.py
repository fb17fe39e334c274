"""Never means never: what no grant, claim or role opens to an agent, on every path that reaches it, on every rung."""

from __future__ import annotations

from collections.abc import Awaitable, Iterator
from typing import Any

import pytest

import models
from models import database as db
from models.enums import ClaimKind, ClaimType, DirectDebitStatus, ParcelStatus
from policy.vocabulary import Action, ClaimChannel, ConsentDuration, ConsentState, Reason
from resolvers import access_log, account_settings, accounts, claims, consents, direct_debits, exports, paging, parcel_changes, parcels
from resolvers.errors import Refused
from resolvers.gate import Gate
from resolvers.ledger import Request
from resolvers.selection import Selection
from schema.build import Schema
from schema.ids import global_id
from tests.asking import Answer, account_id, ask, claim_id, parcel_id, recorded
from tests.builders import Merchant, a_claim, a_consent, a_parcel
from tests.schema.rungs import AGENTS, LIVE, Ladder, Rung, a_ladder, contents
from tests.statements import reading

IBAN = "DE89370400440532013000"
SECRETS = (IBAN, "3000", "Holder of the account", "COBADEFF", "LK-MANDATE", "replies@example.com", "archive@example.com", "hooks.example.com")


async def a_mandate(merchant: Merchant) -> None:
    await models.DirectDebit.create(
        account_id=merchant.id,
        account_holder="Holder of the account",
        iban=IBAN,
        bic="COBADEFFXXX",
        mandate_reference="LK-MANDATE-1",
        status=DirectDebitStatus.ACTIVE,
        signed_at=await db.clock(),
    )


# Seeing.

HIDDEN = """fragment Hidden on Account {
    directDebit { accountHolder iban bic mandateReference status signedAt }
    again: directDebit { iban }
    accessLog { totalCount nodes { id } }
    agentLogin { state history { totalCount nodes { id } } }
    settings { locale notificationReplyTo notificationBcc copy: notificationBcc webhookUrl }
}"""

_NOTHING = {"directDebit": None, "again": None, "accessLog": None, "id": None}
_PROTECTED = {"notificationReplyTo": None, "notificationBcc": None, "copy": None, "webhookUrl": None}
HIDDEN_UNDER_CONSENT = _NOTHING | {"agentLogin": {"state": "ACTIVE", "history": None}, "settings": {"locale": "nl-NL", **_PROTECTED}}
HIDDEN_OTHERWISE = _NOTHING | {"agentLogin": {"state": "OFF", "history": None}, "settings": None}

PATHS = {
    "account": "query ($a: ID!) { account(id: $a) { ...Hidden } }",
    "accounts": "{ accounts(first: 1) { nodes { ...Hidden } } }",
    "accounts-edges": "{ accounts(first: 1) { edges { node { ...Hidden } } } }",
    "node": "query ($a: ID!) { node(id: $a) { ...Hidden } }",
    "node-by-interface": "query ($a: ID!) { node(id: $a) { ... on Node { id ... on Account { ...Hidden } } } }",
    "nodes": "query ($a: ID!) { nodes(ids: [$a]) { ...Hidden } }",
    "parcel": "query ($p: ID!) { parcel(id: $p) { account { ...Hidden } } }",
    "parcel-node": "query ($p: ID!) { node(id: $p) { ... on Parcel { account { ...Hidden } } } }",
    "parcels": "query ($a: ID!) { parcels(accountId: $a, first: 1) { nodes { account { ...Hidden } } } }",
    "account-parcels": "query ($a: ID!) { account(id: $a) { parcels(first: 1) { edges { node { account { ...Hidden } } } } } }",
    "claim": "query ($c: ID!) { claim(id: $c) { account { ...Hidden } } }",
    "claim-parcel": "query ($c: ID!) { claim(id: $c) { parcel { account { ...Hidden } } } }",
    "claims": "{ claims(first: 1) { nodes { account { ...Hidden } } } }",
    "parcel-claims": "query ($q: ID!) { parcel(id: $q) { claims { account { ...Hidden } } } }",
    "consent": "query ($k: ID!) { node(id: $k) { ... on Consent { account { ...Hidden } } } }",
    "agent-login": "query ($a: ID!) { account(id: $a) { agentLogin { account { ...Hidden } } } }",
    "agent-login-consent": "query ($a: ID!) { account(id: $a) { agentLogin { consent { account { ...Hidden } } } } }",
    "record-claim": """mutation ($q: ID!) {
        recordClaim(input: {parcelId: $q, kind: CLAIM, type: LOST, channel: PHONE, description: "Called"}) { claim { account { ...Hidden } } } }""",
    "close-claim": "mutation ($c: ID!) { closeClaim(input: {claimId: $c, outcome: RESOLVED}) { claim { account { ...Hidden } } } }",
    "update-settings": "mutation ($a: ID!, $v: Int!) { updateSettings(input: {accountId: $a, version: $v}) { account { ...Hidden } } }",
    "update-parcel": "mutation ($p: ID!, $w: Int!) { updateParcel(input: {parcelId: $p, version: $w}) { parcel { account { ...Hidden } } } }",
    "cancel-parcel": "mutation ($p: ID!) { cancelParcel(input: {parcelId: $p}) { parcel { account { ...Hidden } } } }",
    # These take a claim that was filed in the Support section, so one is open elsewhere from here on.
    "take-claim": "mutation ($s: ID!) { takeClaim(input: {claimId: $s}) { claim { parcel { account { ...Hidden } } } } }",
    "log-investigation": "mutation ($s: ID!) { logInvestigation(input: {claimId: $s, kind: ASKED_MERCHANT}) { claim { account { ...Hidden } } } }",
}
UNDER_CONSENT = {"update-settings", "update-parcel", "cancel-parcel"}


async def variables(ladder: Ladder, document: str) -> dict[str, Any]:
    """What the document takes, made where it must be new."""
    given: dict[str, Any] = {"a": account_id(ladder.merchant.id), "p": parcel_id(ladder.parcel.id), "q": parcel_id(ladder.elsewhere.id)}
    if "$c" in document:
        given["c"] = claim_id(await a_claim(ladder.elsewhere, channel=ClaimChannel.PHONE))
    if "$s" in document:
        given["s"] = claim_id(await a_claim(ladder.elsewhere))
    if "$k" in document:
        given["k"] = global_id("Consent", (await models.Consent.all().order_by("-granted_at").first()).id)  # type: ignore[union-attr] # there is one
    given["v"] = (await models.AccountSettings.get(account_id=ladder.merchant.id)).version
    given["w"] = (await models.ParcelPersonalData.get(parcel_id=ladder.parcel.id)).version
    await db.execute("UPDATE parcels SET status = 'ANNOUNCED'")
    return {name: value for name, value in given.items() if f"${name}" in document}


async def asked(schema: Schema, ladder: Ladder, document: str) -> Answer:
    return await ask(schema, ladder.agent, document + HIDDEN, await variables(ladder, document))


Path = tuple[str | int, ...]


def accounts_in(value: object, path: Path = ()) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every account in an answer that was asked for what is hidden, with the path to it."""
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    if isinstance(value, dict) and "directDebit" in value:
        yield path, value
    for key, each in below:
        yield from accounts_in(each, (*path, key))


async def test_no_path_shows_an_agent_direct_debit_access_log_history_or_protected_settings(database: str, schema: Schema) -> None:
    ladder = await a_ladder()
    await a_mandate(ladder.merchant)
    await a_consent(ladder.merchant, ConsentState.REVOKED)
    async for rung, _ in ladder.climb(AGENTS):
        for name, document in PATHS.items():
            answer = await asked(schema, ladder, document)
            where = f"{name}: {rung}"
            if name in UNDER_CONSENT and rung not in LIVE:
                assert (set(answer.data.values()), answer.codes) == ({None}, ["FORBIDDEN"]), where
                continue
            seen = list(accounts_in(answer.data))
            assert seen, where
            expected: dict[Path, str] = {}
            for path, account in seen:
                never = (*path, "directDebit"), (*path, "again"), (*path, "accessLog"), (*path, "agentLogin", "history")
                expected |= dict.fromkeys(never, "NEVER_FOR_AGENTS") | ({} if rung in LIVE else {(*path, "settings"): "NO_LIVE_CONSENT"})
                assert {"id": None, **account} == (HIDDEN_UNDER_CONSENT if rung in LIVE else HIDDEN_OTHERWISE) | {"id": account.get("id")}, where
            assert {tuple(error["path"]): error["extensions"]["reason"] for error in answer.errors} == expected, where
            assert [secret for secret in SECRETS if secret in answer.text] == [], where
            protected = [entry for entry in answer.privacy["withheld"] if entry["field"].startswith("AccountSettings.")]
            assert {entry["reason"] for entry in protected} == ({"NEVER_FOR_AGENTS"} if rung in LIVE else set()), where
    hidden_fields = ("directDebit", "DirectDebit", "notificationReplyTo", "notificationBcc", "webhookUrl")
    assert [event for event in await recorded() if any(name in repr(event.fields_) for name in hidden_fields)] == []


async def test_whether_there_is_a_direct_debit_changes_nothing_an_agent_gets(database: str, schema: Schema, monkeypatch: pytest.MonkeyPatch) -> None:
    ladder = await a_ladder()
    await a_consent(ladder.merchant, ConsentState.REVOKED)
    aside = await a_parcel(ladder.merchant)  # where the claims of the first pass go
    forbidden = [document for document, _ in NEVER.values() if "irectDebit" in document]
    for rung in (Rung.NOTHING, Rung.CLAIM, Rung.CONSENT):
        await ladder.stand_on(rung)
        answers = []
        for there_is_one in (False, True):
            if there_is_one:
                await a_mandate(ladder.merchant)
            await db.execute(FORGET, id=ladder.elsewhere.id, aside=aside.id)
            with reading(monkeypatch) as statements:
                seen = [await asked(schema, ladder, document) for document in PATHS.values()]
                tried = [await ask(schema, ladder.agent, document, {"a": account_id(ladder.merchant.id)}) for document in forbidden]
                explained = await ask(schema, ladder.agent, EXPLAIN, {"a": account_id(ladder.merchant.id)})
            assert [sql for sql, _ in statements if "direct_debits" in sql] == []
            answers.append([answer.text for answer in (*seen, *tried, explained)])
        assert answers[0] == answers[1], rung
        await models.DirectDebit.all().delete()


FORGET = "UPDATE claims SET parcel_id = :aside, status = 'RESOLVED', closed_at = {now} WHERE parcel_id = :id"
EXPLAIN = """query ($a: ID!) {
    view: explain(action: VIEW_DIRECT_DEBIT, id: $a) { allowed reason } change: explain(action: CHANGE_DIRECT_DEBIT, id: $a) { allowed reason }
    account(id: $a) { decisions(actions: [VIEW_DIRECT_DEBIT, CHANGE_DIRECT_DEBIT]) { allowed reason } } }"""


async def test_an_event_of_the_access_log_is_nothing_to_an_agent(database: str, schema: Schema) -> None:
    ladder = await a_ladder()
    await ladder.stand_on(Rung.CONSENT)
    await ask(schema, ladder.agent, "query ($p: ID!) { parcel(id: $p) { recipient { name } } }", {"p": parcel_id(ladder.parcel.id)})
    (event,) = await recorded()
    document = "query ($i: ID!) { node(id: $i) { __typename id } nodes(ids: [$i]) { id } }"
    seen = await ask(schema, ladder.merchant.owner, document, {"i": global_id("AccessEvent", event.id)})
    assert seen.data["node"]["__typename"] == "AccessEvent"
    async for rung, viewer in ladder.climb():
        if rung not in {Rung.NOBODY, Rung.ADMIN, Rung.OWNER}:
            answer = await ask(schema, viewer, document, {"i": global_id("AccessEvent", event.id)})
            assert (answer.data, answer.errors) == ({"node": None, "nodes": [None]}, []), rung


# Doing.

PROTECTED = {
    "reply-to": 'notificationReplyTo: "me@evil.example"',
    "bcc": 'notificationBcc: "me@evil.example"',
    "webhook": 'webhookUrl: "https://evil.example/in"',
    "reply-to-null": "notificationReplyTo: null",
    "bcc-null": "notificationBcc: null",
    "webhook-null": "webhookUrl: null",
    "bcc-beside-an-allowed-one": 'locale: "de-DE", notificationBcc: "me@evil.example"',
}
NEVER: dict[str, tuple[str, Action]] = {
    "set-direct-debit": (
        f'mutation ($a: ID!) {{ setDirectDebit(input: {{accountId: $a, accountHolder: "Me", iban: "{IBAN}"}}) {{ account {{ id }} }} }}',
        Action.CHANGE_DIRECT_DEBIT,
    ),
    "remove-direct-debit": ("mutation ($a: ID!) { removeDirectDebit(input: {accountId: $a}) { account { id } } }", Action.CHANGE_DIRECT_DEBIT),
    "export": ("mutation ($a: ID!) { exportParcels(input: {accountId: $a}) { url } }", Action.EXPORT_PARCELS),
    "export-filtered": (
        'mutation ($a: ID!) { exportParcels(input: {accountId: $a, filter: {search: "jan", status: []}}) { url } }',
        Action.EXPORT_PARCELS,
    ),
    "delete-account": (
        'mutation ($a: ID!) { deleteAccount(input: {accountId: $a, companyName: "Bakker Bikes"}) { deletedId } }',
        Action.DELETE_ACCOUNT,
    ),
    "delete-parcel": ("mutation ($p: ID!) { deleteParcel(input: {parcelId: $p}) { deletedId } }", Action.DELETE_PARCEL),
    "cancel-never-announced": ("mutation ($n: ID!) { cancelParcel(input: {parcelId: $n}) { parcel { id } } }", Action.CANCEL_PARCEL),
    "grant": ("mutation ($a: ID!) { grantConsent(input: {accountId: $a, duration: ONE_MONTH}) { consent { id } } }", Action.GRANT_CONSENT),
    "revoke": ("mutation ($a: ID!) { revokeConsent(input: {accountId: $a}) { consent { id } } }", Action.REVOKE_CONSENT),
    "file-claim": (
        'mutation ($p: ID!) { fileClaim(input: {parcelId: $p, kind: CLAIM, type: LOST, description: "Mine"}) { claim { id } } }',
        Action.FILE_CLAIM,
    ),
    **{
        f"protected-{name}": (
            f"mutation ($a: ID!, $v: Int!) {{ updateSettings(input: {{accountId: $a, version: $v, {named}}}) {{ account {{ id }} }} }}",
            Action.CHANGE_PROTECTED_SETTINGS,
        )
        for name, named in PROTECTED.items()
    },
    "protected-by-alias-and-fragment": (
        """mutation ($a: ID!, $v: Int!) { ...M }
        fragment M on Mutation { ok: updateSettings(input: {accountId: $a, version: $v, webhookUrl: null}) { account { id } } }""",
        Action.CHANGE_PROTECTED_SETTINGS,
    ),
    "protected-by-variable": (
        "mutation ($a: ID!, $v: Int!, $m: String) { updateSettings(input: {accountId: $a, version: $v, notificationBcc: $m}) { account { id } } }",
        Action.CHANGE_PROTECTED_SETTINGS,
    ),
    "protected-by-input": (
        "mutation ($i: UpdateSettingsInput!) { updateSettings(input: $i) { account { id } } }",
        Action.CHANGE_PROTECTED_SETTINGS,
    ),
}


async def test_on_no_rung_does_an_agent_get_any_of_it_done(database: str, schema: Schema) -> None:
    ladder = await a_ladder()
    never_announced = await a_parcel(ladder.merchant, announced=False, status=ParcelStatus.READY_TO_SEND)
    await a_mandate(ladder.merchant)
    everything: dict[str, Any] = {
        "a": account_id(ladder.merchant.id),
        "p": parcel_id(ladder.parcel.id),
        "n": parcel_id(never_announced.id),
        "v": 1,
        "m": None,
        "i": {"accountId": account_id(ladder.merchant.id), "version": 1, "notificationBcc": None},
    }
    async for rung, viewer in ladder.climb(AGENTS):
        before = await contents()
        for name, (document, action) in NEVER.items():
            given = {each: value for each, value in everything.items() if f"${each}" in document}
            answer = await ask(schema, viewer, document, given)
            assert set(answer.data.values()) == {None}, (name, rung)
            refusal = {"code": "FORBIDDEN", "reason": "NEVER_FOR_AGENTS", "action": action.value}
            assert [error["extensions"] for error in answer.errors] == [refusal], (name, rung)
        assert await contents() == before, rung


async def test_a_protected_setting_left_out_of_the_variables_is_not_named(database: str, schema: Schema) -> None:
    ladder = await a_ladder()
    await ladder.stand_on(Rung.CONSENT)
    document = NEVER["protected-by-variable"][0]
    answer = await ask(schema, ladder.agent, document, {"a": account_id(ladder.merchant.id), "v": 1})
    assert answer.errors == []
    kept = await models.AccountPersonalData.get(account_id=ladder.merchant.id)
    assert kept.notification_bcc == "archive@example.com"


async def test_the_resolvers_refuse_by_themselves_whoever_calls_them(database: str) -> None:
    """The second lock: what the executor would have refused before, refused again in the transaction."""
    ladder = await a_ladder()
    never_announced = await a_parcel(ladder.merchant, announced=False)
    await a_mandate(ladder.merchant)
    link = await exports.create(Gate(ladder.merchant.owner, Request("r")), ladder.merchant.id, parcels.ParcelFilter())
    token = link.url.removeprefix("/exports/").removesuffix(".csv")
    account, nothing = ladder.merchant.id, Selection()
    async for rung, viewer in ladder.climb(AGENTS):
        gate = Gate(viewer, Request("r"))
        before = await contents()
        window = paging.window("Consent", None, None, None, None, most=10)
        tried: dict[str, Awaitable[object]] = {
            "set-direct-debit": direct_debits.set_mandate(gate, account, "Me", IBAN, None),
            "remove-direct-debit": direct_debits.remove(gate, account),
            "export": exports.create(gate, account, parcels.ParcelFilter()),
            "open-an-export-of-the-merchant": exports.open_link(gate, token),
            "delete-account": accounts.delete(gate, account, "Bakker Bikes"),
            "delete-parcel": parcel_changes.delete(gate, ladder.parcel.id),
            "cancel-never-announced": parcel_changes.cancel(gate, never_announced.id),
            "grant": consents.grant(gate, account, ConsentDuration.ONE_HOUR),
            "revoke": consents.revoke(gate, account),
            "history": consents.history(gate, account, window, nothing, count=True),
            "access-log": access_log.page_of(gate, account, access_log.AccessLogFilter(), window, count=True),
            "protected-settings": account_settings.update(gate, account, 1, {"notification_bcc": None}),
            "file-claim": claims.file(gate, ladder.parcel.id, ClaimKind.CLAIM, ClaimType.LOST, "Mine"),
        }
        for name, trying in tried.items():
            with pytest.raises(Refused) as refused:
                await trying
            assert refused.value.decision.reason is Reason.NEVER_FOR_AGENTS, (rung, name)
        assert await direct_debits.of_accounts(gate, [account]) == {}, rung
        assert await contents() == before, rung
