"""Settings: who reads and changes them, each set, cleared and checked; a stale version is a conflict, and what an agent changed is recorded."""

from __future__ import annotations

import asyncio
from typing import Any

import models
from models import database as db
from policy.vocabulary import Viewer
from schema.build import Schema
from schema.ids import global_id
from tests.asking import Answer, account_id, ask, recorded
from tests.builders import Merchant, a_consent, a_merchant, an_agent
from tests.schema.rungs import AGENTS, LIVE, Rung, a_ladder, contents
from tests.wire import watched

SETTINGS = """fragment S on AccountSettings { locale timezone defaultCarrier labelFormat returnPortalEnabled trackingNotificationsEnabled version
    senderAddresses { companyName contactName street houseNumber postalCode city country email phone }
    notificationReplyTo notificationBcc webhookUrl }"""
READ = SETTINGS + " query ($a: ID!) { account(id: $a) { settings { ...S } } }"
UPDATE = SETTINGS + " mutation ($i: UpdateSettingsInput!) { updateSettings(input: $i) { account { settings { ...S } } } }"

NO_ADDRESS = dict.fromkeys(("companyName", "contactName", "street", "houseNumber", "postalCode", "city", "country", "email", "phone"))
AS_BUILT = {
    "locale": "nl-NL",
    "timezone": "Europe/Amsterdam",
    "defaultCarrier": "postnl",
    "labelFormat": "A6",
    "returnPortalEnabled": True,
    "trackingNotificationsEnabled": True,
    "senderAddresses": [NO_ADDRESS | {"companyName": "Bakker Bikes", "contactName": "Sender Contact", "street": "Senderstraat", "city": "Eindhoven"}],
    "notificationReplyTo": "replies@example.com",
    "notificationBcc": "archive@example.com",
    "webhookUrl": "https://hooks.example.com/latchkey",
    "version": 1,
}
PROTECTED = ("notificationReplyTo", "notificationBcc", "webhookUrl")


async def update(schema: Schema, viewer: Viewer | None, merchant: Merchant, version: int, **named: Any) -> Answer:
    return await ask(schema, viewer, UPDATE, {"i": {"accountId": account_id(merchant.id), "version": version, **named}})


async def settings_of(schema: Schema, viewer: Viewer, merchant: Merchant) -> dict[str, Any]:
    answer = await ask(schema, viewer, READ, {"a": account_id(merchant.id)})
    assert answer.errors == []
    found: dict[str, Any] = answer.data["account"]["settings"]
    return found


async def test_merchants_read_all_of_them_and_agents_under_consent_all_but_the_protected(database: str, schema: Schema) -> None:
    ladder = await a_ladder()
    async for rung, viewer in ladder.climb():
        before = len(await recorded())
        answer = await ask(schema, viewer, READ, {"a": account_id(ladder.merchant.id)})
        log = (await recorded())[before:]
        if rung in {Rung.NOBODY, Rung.OTHER}:
            assert (answer.data, answer.codes) == ({"account": None}, ["UNAUTHENTICATED" if rung is Rung.NOBODY else "NOT_FOUND"]), rung
        elif rung in LIVE:
            assert answer.data == {"account": {"settings": AS_BUILT | dict.fromkeys(PROTECTED)}}, rung
            told = {(entry["field"], entry["reason"]) for entry in answer.privacy["withheld"]}
            assert told == {(f"AccountSettings.{name}", "NEVER_FOR_AGENTS") for name in PROTECTED}, rung
            assert [(entry["field"], entry["basis"]) for entry in answer.privacy["disclosed"]] == [("AccountSettings.senderAddresses", "CONSENT")]
            assert [(event.account_id, event.parcel_id, event.fields_, event.basis) for event in log] == [
                (ladder.merchant.id, None, ["AccountSettings.senderAddresses"], "CONSENT")
            ]
        elif rung in AGENTS:
            assert (answer.data, answer.codes, answer.reasons) == ({"account": {"settings": None}}, ["FORBIDDEN"], ["NO_LIVE_CONSENT"]), rung
        else:
            assert (answer.data, answer.errors, answer.privacy) == ({"account": {"settings": AS_BUILT}}, [], {}), rung
        assert rung in LIVE or log == [], rung


ADDRESS = {
    "companyName": "Magazijn BV",
    "contactName": "Piet de Vries",
    "street": "Havenweg",
    "houseNumber": "7",
    "postalCode": "3011 AA",
    "city": "Rotterdam",
    "country": "NL",
    "email": "Magazijn@Example.com",
    "phone": "010 123 4567",
}
#: What is given, and what is answered where that is another thing.
SET: dict[str, tuple[object, object]] = {
    "locale": ("de", "de"),
    "timezone": ("Europe/Berlin", "Europe/Berlin"),
    "defaultCarrier": (" dhl ", "dhl"),
    "labelFormat": ("A4", "A4"),
    "returnPortalEnabled": (False, False),
    "trackingNotificationsEnabled": (False, False),
    "senderAddresses": (
        [ADDRESS, {}, {"city": "", "street": None}],
        [ADDRESS | {"email": "Magazijn@example.com", "phone": "+31101234567"}, NO_ADDRESS, NO_ADDRESS],
    ),
    "notificationReplyTo": ("new@shop.example", "new@shop.example"),
    "notificationBcc": ("copies@shop.example", "copies@shop.example"),
    "webhookUrl": ("https://shop.example:8443/in?x=1", "https://shop.example:8443/in?x=1"),
}
CLEARABLE = {"defaultCarrier", "senderAddresses", *PROTECTED}


async def test_the_row_after_a_page_of_accounts_is_not_read_nor_written_down(database: str, schema: Schema) -> None:
    agent, accounts = await an_agent(), [await a_merchant(), await a_merchant("Other Outdoors", "DE")]
    for account in accounts:
        await a_consent(account)
    for window, shown in (("first: 1", accounts[0]), ("last: 1", accounts[1])):
        with watched() as wire:
            answer = await ask(schema, agent, f"{{ accounts({window}) {{ nodes {{ settings {{ senderAddresses {{ street }} }} }} }} }}")
        assert answer.data["accounts"]["nodes"] == [{"settings": {"senderAddresses": [{"street": "Senderstraat"}]}}]
        assert wire.text.count("Senderstraat") == 1
        assert [row.account_id for row in await recorded()][-1:] == [shown.id]
    assert len(await recorded()) == 2


async def test_each_is_set_cleared_or_refused_to_be_cleared_and_the_others_stay(database: str, schema: Schema) -> None:
    merchant = await a_merchant()
    expected: dict[str, Any] = dict(AS_BUILT)
    assert set(SET) == set(AS_BUILT) - {"version"}
    for name, (given, answered) in SET.items():
        expected |= {name: answered, "version": expected["version"] + 1}
        answer = await update(schema, merchant.admin, merchant, expected["version"] - 1, **{name: given})
        assert (answer.errors, answer.data) == ([], {"updateSettings": {"account": {"settings": expected}}}), name
        answer = await update(schema, merchant.owner, merchant, expected["version"], **{name: None})
        if name in CLEARABLE:
            expected |= {name: None, "version": expected["version"] + 1}
            assert answer.errors == [], name
        else:
            assert (answer.data, answer.codes) == ({"updateSettings": None}, ["BAD_USER_INPUT"]), name
        assert await settings_of(schema, merchant.member, merchant) == expected, name
    answer = await update(schema, merchant.owner, merchant, expected["version"])
    assert answer.data["updateSettings"]["account"]["settings"] == expected | {"version": expected["version"] + 1}, "nothing named"
    assert await recorded() == []


async def test_several_at_once_are_set_together_and_an_empty_list_is_not_null(database: str, schema: Schema) -> None:
    merchant = await a_merchant()
    await models.AccountPersonalData.all().delete()
    answer = await update(
        schema, merchant.owner, merchant, 1, senderAddresses=[], webhookUrl="https://a.example/", locale="zh-Hant-TW", defaultCarrier=None
    )
    changed: dict[str, Any] = {
        "senderAddresses": [],
        "webhookUrl": "https://a.example/",
        "locale": "zh-Hant-TW",
        "defaultCarrier": None,
        "version": 2,
    }
    never_set = {"notificationReplyTo": None, "notificationBcc": None}
    assert answer.data["updateSettings"]["account"]["settings"] == AS_BUILT | changed | never_set


WRONG: dict[str, list[object]] = {
    "locale": ["", "nl_NL", "nl-NL\n", "Dutch!secret"],
    "timezone": ["", "Mars/Secret", "europe/amsterdam"],
    "defaultCarrier": ["", "   ", "secret" * 11, "se\u0000cret"],
    "labelFormat": ["A5", "", 4],
    "returnPortalEnabled": ["secret", 1],
    "trackingNotificationsEnabled": ["secret", 0],
    "senderAddresses": [
        [{}] * 51,
        [{"email": "secret"}],
        [{"country": "ZZ"}],
        [{"country": "Secret"}],
        [{"phone": "secret"}],
        [{"phone": "0612345678"}],
        [{"street": "secret" * 43}],
        [{"city": "\ud800secret"}],
        [{"surname": "secret"}],
        "secret",
    ],
    "notificationReplyTo": ["", "secret", "secret@", "a" * 250 + "@secret.example", "a@b.example\r\nBcc: secret@b.example"],
    "notificationBcc": ["secret@example", "secret@exam\u0000ple.com", "a@b.example, secret@b.example"],
    "webhookUrl": [
        "",
        "http://secret.example/",
        "https://user:secret@a.example/",
        "https://",
        "ftp://secret",
        "https://a.example/ secret",
        "x" * 2049,
    ],
}


async def test_what_cannot_be_meant_is_refused_without_repeating_it_and_changes_nothing(database: str, schema: Schema) -> None:
    merchant = await a_merchant()
    before = await contents()
    for name, values in WRONG.items():
        for value in values:
            answer = await update(schema, merchant.owner, merchant, 1, **{"labelFormat": "A4", name: value})
            assert answer.codes == ["BAD_USER_INPUT"], (name, value)
            assert "secret" not in answer.text.lower(), (name, value)
    assert await contents() == before


async def test_a_stale_version_is_a_conflict_and_of_two_at_once_one_is(database: str, schema: Schema) -> None:
    merchant = await a_merchant()
    before = await contents()
    for version in (0, 2, -1, 2**31 - 1, -(2**31)):
        assert (await update(schema, merchant.owner, merchant, version, locale="de")).codes == ["CONFLICT"], version
    assert (await update(schema, merchant.owner, merchant, 2**31, locale="de")).codes == ["BAD_USER_INPUT"]
    assert await contents() == before
    locales = ["de", "es", "fr", "it"]
    answers = await asyncio.gather(*(update(schema, merchant.owner, merchant, 1, locale=locale, webhookUrl=None) for locale in locales))
    assert sorted(answer.codes for answer in answers) == [[], ["CONFLICT"], ["CONFLICT"], ["CONFLICT"]]
    (won,) = (locale for locale, answer in zip(locales, answers, strict=True) if not answer.errors)
    now = await settings_of(schema, merchant.owner, merchant)
    assert (now["locale"], now["version"]) == (won, 2)


async def test_owners_and_admins_change_them_and_agents_under_consent(database: str, schema: Schema) -> None:
    ladder = await a_ladder()
    refused = dict.fromkeys(AGENTS, ("FORBIDDEN", "NO_LIVE_CONSENT")) | {
        Rung.NOBODY: ("UNAUTHENTICATED", "NOT_SIGNED_IN"),
        Rung.OTHER: ("NOT_FOUND", None),
        Rung.MEMBER: ("FORBIDDEN", "MERCHANT_ROLE"),
        Rung.CLAIM_ELSEWHERE: ("FORBIDDEN", "CLAIM_IS_READ_ONLY"),
        Rung.CLAIM: ("FORBIDDEN", "CLAIM_IS_READ_ONLY"),
    }
    version = 1
    async for rung, viewer in ladder.climb():
        before, log = await contents(), len(await recorded())
        answer = await update(schema, viewer, ladder.merchant, version, labelFormat="A4", senderAddresses=[{"city": "Delft"}])
        if rung in refused and rung not in LIVE:
            assert (answer.data, answer.codes, answer.reasons) == ({"updateSettings": None}, [refused[rung][0]], [refused[rung][1]]), rung
            assert await contents() == before, rung
            continue
        assert answer.errors == [], rung
        version += 1
        shown = answer.data["updateSettings"]["account"]["settings"]
        assert (shown["version"], shown["labelFormat"], shown["senderAddresses"]) == (version, "A4", [NO_ADDRESS | {"city": "Delft"}]), rung
        changes = [(event.action, event.changed, event.fields_, event.basis) for event in (await recorded())[log:]]
        if rung in LIVE:
            changed = ["AccountSettings.labelFormat", "AccountSettings.senderAddresses"]
            assert changes == [
                ("CHANGE_SETTINGS", changed, [], "CONSENT"),
                ("VIEW_PERSONAL_DATA", [], ["AccountSettings.senderAddresses"], "CONSENT"),
            ], rung
        else:
            assert changes == [], rung


async def test_an_agents_change_conflicts_like_anybodys_and_leaves_no_record(database: str, schema: Schema) -> None:
    merchant, agent = await a_merchant(), await an_agent()
    await a_consent(merchant)
    before = await contents()
    assert (await update(schema, agent, merchant, 7, locale="de")).codes == ["CONFLICT"]
    assert (await update(schema, agent, merchant, 1, locale="Dutch")).codes == ["BAD_USER_INPUT"]
    assert await contents() == before


async def test_an_unknown_account_and_anothers_answer_alike(database: str, schema: Schema) -> None:
    merchant, other = await a_merchant(), await a_merchant("Other Outdoors")
    await db.execute("UPDATE accounts SET deleted_at = {now} WHERE id = :id", id=other.id)
    deleted = await a_merchant("Third Tents")
    keys = (account_id(other.id), account_id(deleted.id), account_id(merchant.owner.id))
    texts = [(await ask(schema, merchant.owner, UPDATE, {"i": {"accountId": key, "version": 1, "locale": "de"}})).text for key in keys]
    assert texts[0] == texts[1] == texts[2]
    wrong = global_id("Parcel", merchant.id)
    assert (await ask(schema, merchant.owner, UPDATE, {"i": {"accountId": wrong, "version": 1}})).codes == ["BAD_USER_INPUT"]
