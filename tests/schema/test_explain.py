"""What `explain` and `decisions` say is what happens when the thing is tried: every action, on every rung."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

import models
from models import database as db
from models.fields import new_id
from policy.vocabulary import Action, ClaimChannel
from schema.build import Schema
from schema.ids import global_id
from tests.asking import Answer, account_id, ask, claim_id, parcel_id, recorded
from tests.builders import ParcelMade, a_claim, a_parcel
from tests.schema.rungs import AGENTS, LIVE, Ladder, Rung, a_ladder

DECISION = " fragment D on Decision { action allowed reason basis until }"
EXPLAIN = "query ($x: Action!, $i: ID!) { explain(action: $x, id: $i) { ...D } }" + DECISION
Verdict = tuple[bool, str | None]


def mutation(name: str, given: str) -> str:
    """A mutation of the target `$i`, its other variables declared as they are used."""
    version = ", $version: Int!" if "$version" in given else ""
    below = {"exportParcels": "url", "deleteParcel": "deletedId", "deleteAccount": "deletedId"}.get(name, "__typename")
    return f"mutation ($i: ID!{version}) {{ {name}(input: {{{given}}}) {{ {below} }} }}"


def was_refused(answer: Answer) -> Verdict:
    """Refused, or let through: to be done, to conflict, or to be bad input."""
    refused = [error["extensions"] for error in answer.errors if error["extensions"]["code"] in {"FORBIDDEN", "UNAUTHENTICATED"}]
    return (False, refused[0]["reason"]) if refused else (True, None)


def was_withheld(answer: Answer) -> Verdict:
    """Null, with the reason in an error or in `extensions.privacy`."""
    withheld = [entry["reason"] for entry in answer.privacy.get("withheld", [])]
    refused = was_refused(answer)
    return (False, withheld[0]) if withheld and refused[0] else refused


@dataclass(frozen=True)
class Try:
    """One way to try an action: on the account, the parcel, one never announced, a claim from the Support section or one by phone."""

    action: Action
    on: str
    document: str
    verdict: Callable[[Answer], Verdict] = was_refused


TRIES = [
    Try(Action.VIEW_SETTINGS, "account", "query ($i: ID!) { account(id: $i) { settings { locale } } }"),
    Try(Action.CHANGE_SETTINGS, "account", mutation("updateSettings", 'accountId: $i, version: $version, locale: "de"')),
    Try(Action.CHANGE_PROTECTED_SETTINGS, "account", mutation("updateSettings", "accountId: $i, version: $version, webhookUrl: null")),
    Try(Action.VIEW_PERSONAL_DATA, "account", "query ($i: ID!) { account(id: $i) { settings { senderAddresses { city } } } }", was_withheld),
    Try(Action.VIEW_PERSONAL_DATA, "parcel", "query ($i: ID!) { parcel(id: $i) { recipient { name } } }", was_withheld),
    Try(Action.VIEW_PERSONAL_DATA, "parcel", "query ($i: ID!) { node(id: $i) { ... on Parcel { events { message } } } }", was_withheld),
    Try(Action.SEARCH_PERSONAL_DATA, "account", 'query ($i: ID!) { parcels(accountId: $i, filter: {search: "jan"}) { totalCount } }'),
    Try(Action.CHANGE_PARCEL, "parcel", mutation("updateParcel", "parcelId: $i, version: $version, note: null")),
    Try(Action.CANCEL_PARCEL, "parcel", mutation("cancelParcel", "parcelId: $i")),
    Try(Action.CANCEL_PARCEL, "never announced", mutation("cancelParcel", "parcelId: $i")),
    Try(Action.EXPORT_PARCELS, "account", mutation("exportParcels", "accountId: $i")),
    Try(Action.VIEW_DIRECT_DEBIT, "account", "query ($i: ID!) { account(id: $i) { directDebit { iban } } }"),
    Try(Action.CHANGE_DIRECT_DEBIT, "account", mutation("setDirectDebit", 'accountId: $i, accountHolder: "B", iban: "NL91ABNA0417164300"')),
    Try(Action.CHANGE_DIRECT_DEBIT, "account", mutation("removeDirectDebit", "accountId: $i")),
    Try(Action.DELETE_ACCOUNT, "account", mutation("deleteAccount", 'accountId: $i, companyName: "Another"')),
    Try(Action.VIEW_ACCESS_LOG, "account", "query ($i: ID!) { account(id: $i) { accessLog { totalCount } } }"),
    Try(Action.VIEW_ACCESS_LOG, "account", "query ($i: ID!) { account(id: $i) { agentLogin { history { totalCount } } } }"),
    Try(Action.RECORD_CLAIM, "parcel", mutation("recordClaim", 'parcelId: $i, kind: CLAIM, type: LOST, channel: CHAT, description: "Chat"')),
    Try(Action.VIEW_PERSONAL_DATA, "called", "query ($i: ID!) { claim(id: $i) { description } }", was_withheld),
    Try(Action.INVESTIGATE_CLAIM, "called", mutation("takeClaim", "claimId: $i")),
    Try(Action.CLOSE_CLAIM, "called", mutation("closeClaim", "claimId: $i, outcome: REJECTED")),
    Try(Action.VIEW_PERSONAL_DATA, "filed", "query ($i: ID!) { claim(id: $i) { description } }", was_withheld),
    Try(Action.ANSWER_CLAIM, "filed", mutation("answerClaim", 'claimId: $i, message: "Blue"')),
    Try(Action.INVESTIGATE_CLAIM, "filed", mutation("takeClaim", "claimId: $i")),
    Try(Action.INVESTIGATE_CLAIM, "filed", mutation("logInvestigation", 'claimId: $i, kind: NOTE, note: "Blue"')),
    Try(Action.CLOSE_CLAIM, "filed", mutation("closeClaim", "claimId: $i, outcome: REJECTED")),
    Try(Action.VIEW_PERSONAL_DATA, "filed", "query ($i: ID!) { claim(id: $i) { description } }", was_withheld),
    Try(Action.WITHDRAW_CLAIM, "filed", mutation("withdrawClaim", "claimId: $i")),
    Try(Action.FILE_CLAIM, "parcel", mutation("fileClaim", 'parcelId: $i, kind: CLAIM, type: LOST, description: "Lost"')),
    Try(Action.DELETE_PARCEL, "parcel", mutation("deleteParcel", "parcelId: $i")),
    # These change what is open, so they come last.
    Try(Action.REVOKE_CONSENT, "account", mutation("revokeConsent", "accountId: $i")),
    Try(Action.GRANT_CONSENT, "account", mutation("grantConsent", "accountId: $i, duration: ONE_HOUR")),
]


def test_every_action_is_tried() -> None:
    # Whether protected settings are shown is tried below: it is a part of what VIEW_SETTINGS shows.
    assert {each.action for each in TRIES} == set(Action) - {Action.VIEW_PROTECTED_SETTINGS}


async def targets(ladder: Ladder) -> dict[str, str]:
    """The ids to try on, made where they are not there. Claims stand on another parcel."""
    return {
        "account": account_id(ladder.merchant.id),
        "parcel": parcel_id(ladder.parcel.id),
        "never announced": parcel_id((await a_parcel(ladder.merchant, announced=False)).id),
    }


async def claims_on(parcel: ParcelMade) -> dict[str, str]:
    return {"called": claim_id(await a_claim(parcel, channel=ClaimChannel.PHONE)), "filed": claim_id(await a_claim(parcel))}


async def test_explain_says_what_happens_when_it_is_tried(database: str, schema: Schema) -> None:
    ladder = await a_ladder()
    for rung in Rung:
        ladder = replace(ladder, parcel=await a_parcel(ladder.merchant))
        viewer = await ladder.stand_on(rung)
        ids = await targets(ladder)
        for each in TRIES:
            if each.on not in ids:
                ids |= await claims_on(await a_parcel(ladder.merchant))
            given: dict[str, Any] = {"i": ids[each.on]}
            if "$version" in each.document:
                of_parcel = each.action is Action.CHANGE_PARCEL
                row = await (
                    models.ParcelPersonalData.get(parcel_id=ladder.parcel.id)
                    if of_parcel
                    else models.AccountSettings.get(account_id=ladder.merchant.id)
                )
                given["version"] = row.version
            where = (rung, each.action, each.on)
            explained = await ask(schema, viewer, EXPLAIN, {"x": each.action.value, "i": ids[each.on]})
            before = len(await recorded())
            tried = await ask(schema, viewer, each.document, given)
            if rung is Rung.OTHER:
                agents_only = each.action in {Action.RECORD_CLAIM, Action.INVESTIGATE_CLAIM, Action.CLOSE_CLAIM}
                assert explained.codes == ["NOT_FOUND"], where
                assert tried.codes == ["FORBIDDEN" if agents_only else "NOT_FOUND"] or set(tried.data.values()) == {None}, where
                continue
            if rung is Rung.NOBODY:
                assert (explained.codes, tried.codes[:1]) == (["UNAUTHENTICATED"], ["UNAUTHENTICATED"]), where
                continue
            said = explained.data["explain"]
            assert (said["allowed"], said["reason"]) == each.verdict(tried), where
            assert (said["basis"] is not None) == said["allowed"], where
            assert said["allowed"] or (said["until"], said["basis"]) == (None, None), where
            if rung in AGENTS and said["allowed"]:
                for event in (await recorded())[before:]:
                    assert (event.basis, event.action) in {(said["basis"], each.action), (event.basis, "VIEW_PERSONAL_DATA")}, where
                expires = {consent.expires_at for consent in await models.Consent.filter(live_for=ladder.merchant.id)}
                assert said["basis"] != "CONSENT" or {db.moment(said["until"])} == expires, where
            elif rung not in AGENTS and said["allowed"]:
                assert (said["basis"], said["until"]) == ("OWN_DATA", None), where


ALL = [action.value for action in Action]
EVERYWHERE = (
    "query ($a: ID!, $p: ID!, $c: ID!, $all: [Action!]) {"
    " account(id: $a) { decisions(actions: $all) { ...D } usual: decisions { ...D } }"
    " parcel(id: $p) { disclosure { shown reason basis until } decisions(actions: $all) { ...D } usual: decisions { ...D } }"
    " claim(id: $c) { decisions(actions: $all) { ...D } usual: decisions { ...D } }"
    + "".join(f" {noun}_{action}: explain(action: {action}, id: ${noun[0]}) {{ ...D }}" for noun in ("account", "parcel", "claim") for action in ALL)
    + " }"
    + DECISION
)


async def test_decisions_of_a_row_are_what_explain_says_of_it(database: str, schema: Schema) -> None:
    ladder = await a_ladder()
    claim = claim_id(await a_claim(ladder.elsewhere, channel=ClaimChannel.PHONE))
    given = {"a": account_id(ladder.merchant.id), "p": parcel_id(ladder.parcel.id), "c": claim, "all": ALL}
    async for rung, viewer in ladder.climb([rung for rung in Rung if rung not in {Rung.NOBODY, Rung.OTHER}]):
        answer = await ask(schema, viewer, EVERYWHERE, given)
        assert answer.errors == [], rung
        for noun in ("account", "parcel", "claim"):
            explained = [answer.data[f"{noun}_{action}"] for action in ALL]
            assert [each["action"] for each in explained] == ALL
            assert answer.data[noun]["decisions"] == explained, (rung, noun)
            usual = answer.data[noun]["usual"]
            assert usual
            assert [each for each in usual if each not in explained] == [], (rung, noun)
        shown, said = answer.data["parcel"]["disclosure"], answer.data["parcel_VIEW_PERSONAL_DATA"]
        assert shown == {"shown": said["allowed"], "reason": said["reason"], "basis": said["basis"], "until": said["until"]}, rung


async def test_protected_settings_are_explained_as_they_are_shown(database: str, schema: Schema) -> None:
    ladder = await a_ladder()
    document = "query ($i: ID!) { account(id: $i) { settings { webhookUrl } } explain(action: VIEW_PROTECTED_SETTINGS, id: $i) { allowed reason } }"
    async for rung, viewer in ladder.climb([rung for rung in Rung if rung not in {Rung.NOBODY, Rung.OTHER}]):
        answer = await ask(schema, viewer, document, {"i": account_id(ladder.merchant.id)})
        settings = answer.data["account"]["settings"]
        assert answer.data["explain"]["allowed"] == (settings is not None and settings["webhookUrl"] is not None), rung
        if rung in LIVE:
            assert was_withheld(answer) == (False, answer.data["explain"]["reason"]), rung


@pytest.mark.parametrize("action", [Action.VIEW_PERSONAL_DATA, Action.EXPORT_PARCELS])
async def test_only_of_an_account_parcel_or_claim_that_is_there(database: str, schema: Schema, action: Action) -> None:
    ladder = await a_ladder()
    for viewer in (ladder.agent, ladder.merchant.owner):
        for key, code in (
            (account_id(new_id()), "NOT_FOUND"),
            (parcel_id(new_id()), "NOT_FOUND"),
            (claim_id(new_id()), "NOT_FOUND"),
            (global_id("Consent", new_id()), "BAD_USER_INPUT"),
            (global_id("Viewer", ladder.agent.id), "BAD_USER_INPUT"),
            ("jan@example.com", "BAD_USER_INPUT"),
        ):
            answer = await ask(schema, viewer, EXPLAIN, {"x": action.value, "i": key})
            assert (answer.data, answer.codes) == ({"explain": None}, [code]), key
            assert "jan@" not in answer.text
    await db.execute("UPDATE parcels SET deleted_at = {now}")
    assert (await ask(schema, ladder.agent, EXPLAIN, {"x": action.value, "i": parcel_id(ladder.parcel.id)})).codes == ["NOT_FOUND"]
