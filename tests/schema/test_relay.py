"""Relay: global ids that find their row again, and lists read forwards and backwards by cursors that tell nothing."""

from __future__ import annotations

import base64
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

import models
from models import database as db
from models.fields import new_id
from policy.vocabulary import Viewer
from schema.build import Schema
from schema.ids import global_id
from tests.asking import account_id, ask, claim_id, parcel_id, recorded
from tests.builders import Merchant, a_claim, a_consent, a_merchant, a_parcel, an_agent
from tests.schema.rungs import LIVE, Rung, a_ladder
from tests.statements import reading

# Ids.

NODE = "query ($i: ID!) { node(id: $i) { __typename id } }"
NODES = "query ($i: [ID!]!) { nodes(ids: $i) { __typename id } }"


async def test_an_id_finds_its_row_again_for_whoever_may_know_of_it(database: str, schema: Schema) -> None:
    ladder = await a_ladder()
    await ladder.stand_on(Rung.CONSENT)
    await ask(schema, ladder.agent, "query ($p: ID!) { parcel(id: $p) { note } }", {"p": parcel_id(ladder.parcel.id)})
    (event,) = await recorded()
    claim, consent = await a_claim(ladder.elsewhere), await models.Consent.get()
    ids = {
        "Account": account_id(ladder.merchant.id),
        "Parcel": parcel_id(ladder.parcel.id),
        "Claim": claim_id(claim),
        "Consent": global_id("Consent", consent.id),
        "AccessEvent": global_id("AccessEvent", event.id),
    }
    for type_name, key in ids.items():
        assert base64.b64decode(key).decode().split(":")[0] == type_name
    unknown = [global_id(type_name, new_id()) for type_name in ids]
    async for rung, viewer in ladder.climb():
        known = {Rung.NOBODY: set(), Rung.OTHER: set(), Rung.ADMIN: set(ids), Rung.OWNER: set(ids)}.get(rung, set(ids) - {"AccessEvent"})
        latest = await models.Consent.all().order_by("-granted_at").first()
        if rung not in {Rung.ADMIN, Rung.OWNER} and latest != consent:  # what ended before the latest is history
            known = known - {"Consent"}
        for type_name, key in ids.items():
            answer = await ask(schema, viewer, NODE, {"i": key})
            assert answer.data["node"] == ({"__typename": type_name, "id": key} if type_name in known else None), (rung, type_name)
            assert answer.codes == (["UNAUTHENTICATED"] if rung is Rung.NOBODY else []), "what is not for them is as if it were not there"
        answer = await ask(schema, viewer, NODES, {"i": [*ids.values(), *unknown, *reversed(ids.values())]})
        if rung is Rung.NOBODY:
            assert (answer.data, answer.codes) == (None, ["UNAUTHENTICATED"])
            continue
        row = [{"__typename": name, "id": key} if name in known else None for name, key in ids.items()]
        assert answer.data["nodes"] == [*row, *[None] * 5, *reversed(row)], rung
        assert answer.errors == []


async def test_one_bad_id_costs_only_its_own_place(database: str, schema: Schema) -> None:
    merchant = await a_merchant()
    good = account_id(merchant.id)
    odd = {
        "empty": "",
        "text": "jan@example.com",
        "not-base64": "%%%",
        "no-colon": base64.b64encode(b"Account").decode(),
        "no-uuid": base64.b64encode(b"Account:jan@example.com").decode(),
        "not-ascii": "Ünï",
        "nul": "\u0000",
        "surrogate": "\ud800",
        "long": "QQ" * 10_000,
    }
    answer = await ask(schema, merchant.owner, NODES, {"i": [good, *odd.values(), good]})
    assert answer.data["nodes"] == [{"__typename": "Account", "id": good}, *[None] * len(odd), {"__typename": "Account", "id": good}]
    assert [error["path"] for error in answer.errors] == [["nodes", place] for place in range(1, len(odd) + 1)]
    assert set(answer.codes) == {"BAD_USER_INPUT"}
    assert "jan@example.com" not in answer.text
    for name, key in odd.items():
        alone = await ask(schema, merchant.owner, NODE, {"i": key})
        assert (alone.data, alone.codes) == ({"node": None}, ["BAD_USER_INPUT"]), name
        assert "example.com" not in alone.text
    foreign = [
        global_id("Viewer", merchant.owner.id),
        global_id("InvestigationEntry", new_id()),
        global_id("Nothing", new_id()),
        global_id("", new_id()),
    ]
    answer = await ask(schema, merchant.owner, NODES, {"i": foreign})
    assert (answer.data, answer.errors) == ({"nodes": [None] * 4}, [])
    swapped = [
        global_id("Parcel", merchant.id),
        global_id("Claim", merchant.id),
        global_id("Consent", merchant.id),
        global_id("AccessEvent", merchant.id),
    ]
    assert (await ask(schema, merchant.owner, NODES, {"i": swapped})).data == {"nodes": [None] * 4}


async def test_a_field_of_one_type_takes_no_id_of_another(database: str, schema: Schema) -> None:
    merchant = await a_merchant()
    parcel = await a_parcel(merchant)
    keys = {"account": account_id(merchant.id), "parcel": parcel_id(parcel.id), "claim": claim_id(await a_claim(parcel))}
    for field in keys:
        for name, key in keys.items():
            answer = await ask(schema, merchant.owner, f"query ($i: ID!) {{ {field}(id: $i) {{ id }} }}", {"i": key})
            assert answer.codes == ([] if field == name else ["BAD_USER_INPUT"]), (field, name)
    for field in ("parcels", "claims"):
        answer = await ask(schema, merchant.owner, f"query ($i: ID!) {{ {field}(accountId: $i) {{ totalCount }} }}", {"i": keys["parcel"]})
        assert (answer.data, answer.codes) == ({field: None}, ["BAD_USER_INPUT"])


async def test_at_most_a_hundred_ids_at_once(database: str, schema: Schema) -> None:
    merchant = await a_merchant()
    parcels = [parcel_id((await a_parcel(merchant, events=False)).id) for _ in range(3)]
    for number, code in ((100, []), (101, ["BAD_USER_INPUT"]), (0, [])):
        answer = await ask(schema, merchant.owner, NODES, {"i": (parcels * 34)[:number]})
        assert answer.codes == code, number
        assert code or [node["id"] for node in answer.data["nodes"]] == (parcels * 34)[:number]


# Lists.

PAGE = "totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node { id } } nodes { id }"
ARGUMENTS = "first: $first, after: $after, last: $last, before: $before"
DECLARED = "$first: Int, $after: String, $last: Int, $before: String"
ROWS = 25

#: Each list there is: where it is found, who reads it, and in which order its rows come by (time, id).
LISTS: dict[str, tuple[str, str, bool]] = {
    "parcels": (f"parcels({ARGUMENTS}) {{ {PAGE} }}", "merchant", True),
    "parcels-agent": (f"parcels(accountId: $a, {ARGUMENTS}) {{ {PAGE} }}", "agent", True),
    "parcels-ascending": (f"parcels(orderBy: CREATED_ASC, {ARGUMENTS}) {{ {PAGE} }}", "merchant", False),
    "parcels-filtered": (f'parcels(filter: {{carrier: ["dhl"], hasOpenClaim: true}}, {ARGUMENTS}) {{ {PAGE} }}', "merchant", True),
    "account-parcels": (f"account(id: $a) {{ parcels({ARGUMENTS}) {{ {PAGE} }} }}", "agent", True),
    "account-parcels-ascending": (f"account(id: $a) {{ parcels(orderBy: CREATED_ASC, {ARGUMENTS}) {{ {PAGE} }} }}", "agent", False),
    "accounts": (f"accounts({ARGUMENTS}) {{ {PAGE} }}", "agent", False),
    "claims": (f"claims({ARGUMENTS}) {{ {PAGE} }}", "agent", True),
    "claims-merchant": (f"claims({ARGUMENTS}) {{ {PAGE} }}", "merchant", True),
    "claims-filtered": (f"claims(filter: {{open: true, kind: [CLAIM]}}, {ARGUMENTS}) {{ {PAGE} }}", "agent", True),
    "account-claims": (f"account(id: $a) {{ claims({ARGUMENTS}) {{ {PAGE} }} }}", "merchant", True),
    "history": (f"account(id: $a) {{ agentLogin {{ history({ARGUMENTS}) {{ {PAGE} }} }} }}", "merchant", True),
    "access-log": (f"account(id: $a) {{ accessLog({ARGUMENTS}) {{ {PAGE} }} }}", "merchant", True),
}
#: The most rows a page may have; 100 elsewhere.
MOST = {"parcels": 500, "parcels-ascending": 500, "parcels-filtered": 500}
#: What of the list is in the database, by the columns it is ordered by.
STORED = {
    "parcels": "SELECT id, created_at AS at FROM parcels WHERE carrier = 'dhl'",
    "accounts": "SELECT id, created_at AS at FROM accounts",
    "claims": "SELECT id, opened_at AS at FROM claims",
    "history": "SELECT id, granted_at AS at FROM consents",
    "access-log": "SELECT id, at FROM access_log",
}
TYPES = {"parcels": "Parcel", "accounts": "Account", "claims": "Claim", "history": "Consent", "access-log": "AccessEvent"}
Asker = Callable[..., Awaitable[Any]]


INSERTS = (
    """INSERT INTO parcels (id, account_id, status, carrier, direction, collo_number, collo_count, created_at, updated_at)
        VALUES (:id, :account, 'ANNOUNCED', 'dhl', 'OUTGOING', 1, 1, :at, :at)""",
    """INSERT INTO claims (id, account_id, parcel_id, kind, type, channel, status, opened_at)
        VALUES (:id, :account, :id, 'CLAIM', 'LOST', 'SUPPORT_SECTION', 'SUBMITTED', :at)""",
    """INSERT INTO consents (id, account_id, duration, granted_by_id, granted_at, expires_at, ended_at, ended_as)
        VALUES (:id, :account, 'ONE_HOUR', :by, :at, {now}, {now}, 'REVOKED')""",
    """INSERT INTO access_log (id, at, agent_id, account_id, action, changed, categories, fields, basis, request_id)
        VALUES (:id, :at, :agent, :account, 'VIEW_PERSONAL_DATA', '[]', '[]', '[]', 'CONSENT', 'r')""",
)


async def fill(merchant: Merchant, agent: Viewer, *, rows: int = ROWS) -> None:
    """So many rows of each list, five at a time at the same instant."""
    start = await db.clock() - timedelta(hours=3)
    keys = [new_id() for _ in range(rows)]
    at = {key: start + timedelta(seconds=number // 5) for number, key in enumerate(keys)}
    common = [{"id": key, "account": merchant.id, "at": at[key], "agent": agent.id, "by": merchant.owner.id} for key in keys]
    for insert in INSERTS:
        await db.execute_many(insert, common)
    accounts = "INSERT INTO accounts (id, company_name, country, created_at) VALUES (:id, 'Shop', 'NL', :at)"
    await db.execute_many(accounts, common[1:])
    await db.execute("UPDATE accounts SET created_at = :at WHERE id = :id", id=merchant.id, at=start)


def asker(schema: Schema, merchant: Merchant, agent: Viewer, name: str) -> Asker:
    field, who, _ = LISTS[name]
    named = re.search(r"\$a\b", field) is not None
    document = f"query ({'$a: ID!, ' if named else ''}{DECLARED}) {{ {field} }}"
    viewer = agent if who == "agent" else merchant.owner

    async def page(**arguments: Any) -> Any:
        given = arguments | ({"a": account_id(merchant.id)} if named else {})
        answer = await ask(schema, viewer, document, given)
        value = answer.data
        while isinstance(value, dict) and "edges" not in value:
            (value,) = value.values()
        return value if value is not None else answer

    return page


async def expected_ids(name: str) -> list[str]:
    kind = next(each for each in STORED if each in name)
    rows = [(db.moment(row["at"]), db.uuid(row["id"])) for row in await db.fetch(STORED[kind])]
    return [global_id(TYPES[kind], key) for _, key in sorted(rows, reverse=LISTS[name][2])]


def checked(page: Any) -> list[str]:
    """The ids of a page whose parts agree with each other."""
    ids = [edge["node"]["id"] for edge in page["edges"]]
    assert [node["id"] for node in page["nodes"]] == ids
    cursors = [edge["cursor"] for edge in page["edges"]]
    assert (page["pageInfo"]["startCursor"], page["pageInfo"]["endCursor"]) == ((cursors[0], cursors[-1]) if cursors else (None, None))
    return ids


async def test_every_list_is_read_whole_forwards_and_backwards(database: str, schema: Schema) -> None:
    merchant, agent = await a_merchant(), await an_agent()
    await fill(merchant, agent)
    for name in LISTS:
        page, wanted = asker(schema, merchant, agent, name), await expected_ids(name)
        assert len(wanted) == ROWS
        assert checked(await page()) == wanted[:20], f"{name}: twenty by default"
        for size in (1, 4, 5, 24, 25, 26) if name == "parcels" else (7, 25):
            seen: list[str] = []
            after = None
            while True:
                found = await page(first=size, after=after)
                ids = checked(found)
                assert found["totalCount"] == ROWS, name
                assert found["pageInfo"]["hasPreviousPage"] == (after is not None), name
                seen += ids
                assert found["pageInfo"]["hasNextPage"] == (len(seen) < ROWS), (name, size)
                if not found["pageInfo"]["hasNextPage"]:
                    break
                assert len(ids) == size
                after = found["pageInfo"]["endCursor"]
            assert seen == wanted, f"{name}, {size} at a time"
            seen, before = [], None
            while True:
                found = await page(last=size, before=before)
                ids = checked(found)
                assert found["pageInfo"]["hasNextPage"] == (before is not None), name
                seen = ids + seen
                assert found["pageInfo"]["hasPreviousPage"] == (len(seen) < ROWS), (name, size)
                if not found["pageInfo"]["hasPreviousPage"]:
                    break
                before = found["pageInfo"]["startCursor"]
            assert seen == wanted, f"{name}, {size} at a time, from the end"


async def test_between_two_cursors_is_what_stands_between_them(database: str, schema: Schema) -> None:
    merchant, agent = await a_merchant(), await an_agent()
    await fill(merchant, agent)
    for name in LISTS:
        page, wanted = asker(schema, merchant, agent, name), await expected_ids(name)
        cursors = [edge["cursor"] for edge in (await page(first=25))["edges"]]
        inner = {"after": cursors[3], "before": cursors[17]}
        assert checked(await page(first=100, **inner)) == wanted[4:17], name
        assert checked(await page(last=100, **inner)) == wanted[4:17], name
        assert checked(await page(first=2, **inner)) == wanted[4:6], name
        assert checked(await page(last=2, **inner)) == wanted[15:17], name
        assert checked(await page(first=5, after=cursors[24])) == [], name
        assert checked(await page(last=5, before=cursors[0])) == [], name
        assert checked(await page(first=5, after=cursors[17], before=cursors[3])) == [], name


async def test_a_page_has_limits_and_its_arguments_meaning(database: str, schema: Schema) -> None:
    merchant, agent = await a_merchant(), await an_agent()
    await fill(merchant, agent)
    cursors: dict[str, str] = {}
    for name in LISTS:
        page, most = asker(schema, merchant, agent, name), MOST.get(name, 100)
        for direction in ("first", "last"):
            assert len(checked(await page(**{direction: most}))) == ROWS, name
            nothing = await page(**{direction: 0})
            assert (checked(nothing), nothing["totalCount"]) == ([], ROWS), name
            for wrong in (most + 1, -1, 2**31 - 1, -(2**31), 2**31, 10**30, "5", 1.5)[: None if name == "parcels" else 3]:
                answer = await page(**{direction: wrong})
                assert answer.codes == ["BAD_USER_INPUT"], (name, direction, wrong)
        assert (await page(first=1, last=1)).codes == ["BAD_USER_INPUT"], name
        assert len(checked(await page(first=None, last=None, after=None, before=None))) == 20, name
        assert len(checked(await page(first=None, last=3))) == 3, name
        cursors[name] = (await page(first=1))["pageInfo"]["endCursor"]
    for name in LISTS:
        page, kind = asker(schema, merchant, agent, name), next(each for each in STORED if each in name)
        foreign = {next(each for each in STORED if each in other): cursor for other, cursor in cursors.items() if kind not in other}
        for cursor in (
            *foreign.values(),
            "",
            "x",
            "jan@example.com",
            "Ünï",
            "\u0000",
            base64.urlsafe_b64encode(b"Parcel|1|").decode(),
            cursors[name][:-6],
        ):
            for side in ("after", "before") if name == "parcels" else ("after",):
                answer = await page(first=1, **{side: cursor})
                assert answer.codes == ["BAD_USER_INPUT"], (name, cursor)
                assert "jan@" not in answer.text


async def test_the_cursor_of_a_row_that_is_gone_still_says_where_it_stood(database: str, schema: Schema) -> None:
    merchant, agent = await a_merchant(), await an_agent()
    await fill(merchant, agent)
    for name in ("parcels", "parcels-ascending", "parcels-agent"):
        page, wanted = asker(schema, merchant, agent, name), await expected_ids(name)
        cursors = [edge["cursor"] for edge in (await page(first=25))["edges"]]
        gone = [UUID(base64.b64decode(wanted[place]).decode().split(":")[1]) for place in (6, 7)]
        await db.execute("UPDATE parcels SET deleted_at = {now} WHERE id IN :gone", gone=gone)
        assert checked(await page(first=3, after=cursors[6])) == wanted[8:11], name
        assert checked(await page(last=3, before=cursors[7])) == wanted[3:6], name
        await db.execute("UPDATE parcels SET deleted_at = NULL")
    other = await a_merchant("Other Outdoors")
    await a_parcel(other)
    theirs = (await asker(schema, other, agent, "parcels")())["pageInfo"]["endCursor"]
    assert checked(await asker(schema, merchant, agent, "parcels")(first=100, after=theirs)) == await expected_ids("parcels"), "a place, not a row"


async def test_a_cursor_is_the_place_of_its_row_and_tells_nothing_personal(database: str, schema: Schema) -> None:
    merchant, agent = await a_merchant(), await an_agent()
    parcel = await a_parcel(merchant)
    page = await asker(schema, merchant, agent, "parcels-agent")(first=1)
    cursor = page["pageInfo"]["endCursor"]
    noun, micros, key = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().split("|")
    row = await models.Parcel.get(id=parcel.id)
    assert (noun, int(micros), key) == ("Parcel", round(row.created_at.timestamp() * 1_000_000), parcel.id.hex)
    await db.execute("UPDATE parcel_personal_data SET name = 'Somebody Else', version = 9")
    assert (await asker(schema, merchant, agent, "parcels-agent")(first=1))["pageInfo"]["endCursor"] == cursor


async def test_a_list_that_grows_while_it_is_read_repeats_and_skips_nothing(database: str, schema: Schema) -> None:
    merchant, agent = await a_merchant(), await an_agent()
    await fill(merchant, agent)
    page, wanted = asker(schema, merchant, agent, "parcels"), await expected_ids("parcels")
    first = await page(first=10)
    await a_parcel(merchant)
    assert checked(first) + checked(await page(first=15, after=first["pageInfo"]["endCursor"])) == wanted


async def test_the_total_is_counted_up_to_ten_thousand_and_only_where_it_is_asked_for(
    database: str, schema: Schema, monkeypatch: pytest.MonkeyPatch
) -> None:
    merchant, agent = await a_merchant(), await an_agent()
    insert = """INSERT INTO parcels (id, account_id, status, carrier, direction, collo_number, collo_count, created_at, updated_at)
        VALUES (:id, :account, 'ANNOUNCED', 'dhl', 'OUTGOING', 1, 1, {now}, {now})"""
    await db.execute_many(insert, [{"id": new_id(), "account": merchant.id} for _ in range(10_000)])
    count = 'query ($a: ID!) { account(id: $a) { all: parcels(first: 1) { totalCount } some: parcels(filter: {carrier: ["dhl"]}) { totalCount } } }'
    for viewer in (merchant.owner, agent):
        answer = await ask(schema, viewer, count, {"a": account_id(merchant.id)})
        assert answer.data["account"] == {"all": {"totalCount": 10_000}, "some": {"totalCount": 10_000}}
    await a_parcel(merchant)
    answer = await ask(schema, merchant.owner, count, {"a": account_id(merchant.id)})
    assert (answer.data["account"], answer.errors) == ({"all": {"totalCount": None}, "some": {"totalCount": 10_000}}, [])
    with reading(monkeypatch) as statements:
        assert len(checked(await asker(schema, merchant, agent, "parcels")(first=500))) == 500
    assert len([sql for sql, _ in statements if "COUNT" in sql]) == 1
    with reading(monkeypatch) as statements:
        await ask(schema, merchant.owner, "{ parcels(first: 500) { nodes { id } pageInfo { hasNextPage } } }")
    assert [sql for sql, _ in statements if "COUNT" in sql] == []


async def test_agents_must_name_the_account_of_parcels_and_merchants_need_not(database: str, schema: Schema) -> None:
    ladder = await a_ladder()
    async for rung, viewer in ladder.climb((Rung.NOBODY, Rung.OTHER, Rung.MEMBER, Rung.NOTHING, *LIVE)):
        answer = await ask(schema, viewer, "{ parcels { nodes { id } } }")
        if rung in {Rung.MEMBER, Rung.OTHER}:
            assert (len(answer.data["parcels"]["nodes"]), answer.errors) == (2 if rung is Rung.MEMBER else 0, [])
        else:
            assert (answer.data, answer.codes) == ({"parcels": None}, ["UNAUTHENTICATED" if rung is Rung.NOBODY else "BAD_USER_INPUT"]), rung


async def test_the_outline_s_filters(database: str, schema: Schema) -> None:
    merchant = await a_merchant()
    now = await db.clock()
    old = await a_parcel(merchant, carrier="dhl", country="ES", created_at=now - timedelta(days=2))
    new = await a_parcel(merchant, status=models.enums.ParcelStatus.DELIVERED, country=None, created_at=now - timedelta(days=1))
    await a_claim(old)
    await a_consent(merchant)
    document = "query ($f: ParcelFilter) { parcels(filter: $f) { totalCount nodes { id } } }"
    day_ago = (now - timedelta(days=1)).isoformat()
    for asked, rows in (
        ({"status": ["DELIVERED"]}, [new]),
        ({"status": ["DELIVERED", "ANNOUNCED"]}, [new, old]),
        ({"status": []}, []),
        ({"carrier": ["dhl"]}, [old]),
        ({"carrier": ["DHL", "' OR 1=1"]}, []),
        ({"country": ["es", "NL"]}, [old]),
        ({"createdFrom": day_ago}, [new]),
        ({"createdBefore": day_ago}, [old]),
        ({"createdFrom": day_ago, "createdBefore": day_ago}, []),
        ({"hasOpenClaim": True}, [old]),
        ({"hasOpenClaim": False}, [new]),
        ({"hasOpenClaim": None, "status": None, "search": None}, [new, old]),
    ):
        answer = await ask(schema, merchant.member, document, {"f": asked})
        assert [node["id"] for node in answer.data["parcels"]["nodes"]] == [parcel_id(row.id) for row in rows], asked
        assert answer.data["parcels"]["totalCount"] == len(rows)
    for wrong in ({"status": ["GONE"]}, {"country": ["secret"]}, {"createdFrom": "secret"}, {"createdFrom": "2031-01-01T00:00:00"}, {"secret": 1}):
        answer = await ask(schema, merchant.member, document, {"f": wrong})
        assert (answer.codes, "secret" in repr([error["message"] for error in answer.errors])) == (["BAD_USER_INPUT"], False)
