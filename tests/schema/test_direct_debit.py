"""Direct debit: the merchant's owners and admins set, see and remove it. (That no agent ever does: test_forbidden_for_ever.py.)"""

from __future__ import annotations

import asyncio
from typing import Any

import models
from models import database as db
from policy.vocabulary import Viewer
from schema.build import Schema
from tests.asking import Answer, account_id, ask, recorded
from tests.builders import Merchant, a_merchant
from tests.schema.rungs import AGENTS, Rung, a_ladder, contents

DEBIT = "fragment D on Account { directDebit { accountHolder iban bic mandateReference status signedAt } }"
READ = DEBIT + " query ($a: ID!) { account(id: $a) { id ...D } }"
SET = DEBIT + " mutation ($i: SetDirectDebitInput!) { setDirectDebit(input: $i) { account { ...D } } }"
REMOVE = DEBIT + " mutation ($a: ID!) { removeDirectDebit(input: {accountId: $a}) { account { ...D } } }"
GERMAN, DUTCH = "DE89370400440532013000", "NL91ABNA0417164300"


async def put(schema: Schema, viewer: Viewer | None, merchant: Merchant, **given: Any) -> Answer:
    named = {"accountId": account_id(merchant.id), "accountHolder": "Bakker Bikes BV", "iban": DUTCH, **given}
    return await ask(schema, viewer, SET, {"i": named})


async def test_it_is_set_replaced_and_removed_and_shows_the_last_four(database: str, schema: Schema) -> None:
    merchant = await a_merchant()
    before = await db.clock()
    answer = await put(schema, merchant.admin, merchant, iban="nl91 abna 0417 1643 00", bic="abnanl2a")
    shown = answer.data["setDirectDebit"]["account"]["directDebit"]
    reference, signed = shown.pop("mandateReference"), shown.pop("signedAt")
    assert shown == {"accountHolder": "Bakker Bikes BV", "iban": "•••• 4300", "bic": "ABNANL2A", "status": "PENDING"}
    row = await models.DirectDebit.get()
    assert (row.iban, row.mandate_reference) == (DUTCH, reference)
    assert before <= row.signed_at <= await db.clock()  # type: ignore[operator] # it was signed just now
    assert signed.endswith("Z")

    answer = await put(schema, merchant.owner, merchant, accountHolder=" J. Bakker ", iban=GERMAN)
    shown = answer.data["setDirectDebit"]["account"]["directDebit"]
    assert (shown["accountHolder"], shown["iban"], shown["bic"]) == ("J. Bakker", "•••• 3000", None)
    assert shown["mandateReference"] != reference, "another account, another mandate"
    assert await models.DirectDebit.all().count() == 1
    for text in (GERMAN, DUTCH, "37040044"):
        assert text not in answer.text

    for _ in range(2):
        answer = await ask(schema, merchant.admin, REMOVE, {"a": account_id(merchant.id)})
        assert (answer.errors, answer.data) == ([], {"removeDirectDebit": {"account": {"directDebit": None}}})
    assert await models.DirectDebit.all().count() == 0
    assert await recorded() == []


WRONG: list[dict[str, object]] = [
    {"iban": "NL91ABNA0417164301"},
    {"iban": "NL91ABNA041716430"},
    {"iban": "XX00SECRET0417164300"},
    {"iban": ""},
    {"iban": "SECRET" * 40},
    {"iban": "NL91\u0000ABNA0417164300"},
    {"iban": "NL91ABNA04\ud80017164300"},
    {"bic": "SECRET"},
    {"bic": "ABNANL2ASECRETSECRET"},
    {"accountHolder": "  "},
    {"accountHolder": "SECRET" * 43},
    {"accountHolder": "SEC\u0000RET"},
    {"accountHolder": None},
    {"iban": None},
    {"iban": 91},
]


async def test_an_iban_bic_or_holder_that_is_none_is_refused_without_repeating_it(database: str, schema: Schema) -> None:
    merchant = await a_merchant()
    assert (await put(schema, merchant.owner, merchant)).errors == []
    before = await contents()
    for given in WRONG:
        answer = await put(schema, merchant.owner, merchant, **given)
        assert answer.codes == ["BAD_USER_INPUT"], given
        assert "SECRET" not in answer.text, given
        assert "0417" not in answer.text, given
    assert await contents() == before


async def test_owners_and_admins_see_it_a_member_is_told_why_not(database: str, schema: Schema) -> None:
    ladder = await a_ladder()
    for there_is_one in (False, True):
        if there_is_one:
            assert (await put(schema, ladder.merchant.owner, ladder.merchant)).errors == []
        for rung in (Rung.NOBODY, Rung.OTHER, Rung.MEMBER, Rung.ADMIN, Rung.OWNER, Rung.NOTHING, Rung.BOTH):
            viewer = await ladder.stand_on(rung)
            answer = await ask(schema, viewer, READ, {"a": account_id(ladder.merchant.id)})
            if rung in {Rung.NOBODY, Rung.OTHER}:
                assert answer.data == {"account": None}, rung
                continue
            shown = answer.data["account"]["directDebit"]
            assert (shown is not None) == (there_is_one and rung in {Rung.ADMIN, Rung.OWNER}), rung
            reason = {Rung.MEMBER: ["MERCHANT_ROLE"], Rung.ADMIN: [], Rung.OWNER: []}.get(rung, ["NEVER_FOR_AGENTS"])
            assert answer.reasons == reason, rung
            assert [(entry["field"], entry["reason"]) for entry in answer.privacy.get("withheld", [])] == [
                ("Account.directDebit", why) for why in reason
            ]


async def test_members_agents_and_others_change_nothing(database: str, schema: Schema) -> None:
    ladder = await a_ladder()
    assert (await put(schema, ladder.merchant.owner, ladder.merchant)).errors == []
    refused = dict.fromkeys(AGENTS, ("FORBIDDEN", "NEVER_FOR_AGENTS")) | {
        Rung.NOBODY: ("UNAUTHENTICATED", "NOT_SIGNED_IN"),
        Rung.OTHER: ("NOT_FOUND", None),
        Rung.MEMBER: ("FORBIDDEN", "MERCHANT_ROLE"),
    }
    async for rung, viewer in ladder.climb(refused):
        before = await contents()
        for answer in (
            await put(schema, viewer, ladder.merchant, iban=GERMAN),
            await ask(schema, viewer, REMOVE, {"a": account_id(ladder.merchant.id)}),
        ):
            assert list(zip(answer.codes, answer.reasons, strict=True)) == [refused[rung]], rung
        assert await contents() == before, rung


async def test_set_at_once_by_two_one_mandate_is_left(database: str, schema: Schema) -> None:
    merchant = await a_merchant()
    answers = await asyncio.gather(*(put(schema, merchant.owner, merchant, iban=iban) for iban in (DUTCH, GERMAN, DUTCH, GERMAN)))
    assert [answer.errors for answer in answers] == [[]] * 4
    assert await models.DirectDebit.all().count() == 1
