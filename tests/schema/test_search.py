"""Searching looks at personal data: merchants may; agents only under a live consent of that very account, and it is recorded before it runs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from models import database as db
from models.fields import new_id
from policy.vocabulary import Viewer
from resolvers import parcels, search_keys
from schema.build import Schema
from tests.asking import account_id, ask, parcel_id, recorded
from tests.builders import Merchant, a_claim, a_consent, a_merchant, a_parcel, an_agent
from tests.schema.rungs import AGENTS, LIVE, Rung, a_ladder, contents
from tests.statements import reading

FIND = """query ($a: ID, $f: ParcelFilter) { parcels(accountId: $a, filter: $f) {
    totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } nodes { id recipient { name } } } }"""


async def found(schema: Schema, viewer: Viewer, merchant: Merchant, **filter: object) -> set[str]:
    """The names of the parcels found."""
    answer = await ask(schema, viewer, FIND, {"a": account_id(merchant.id), "f": filter})
    assert answer.errors == [], filter
    nodes = answer.data["parcels"]["nodes"]
    assert answer.data["parcels"]["totalCount"] == len(nodes)
    return {node["recipient"]["name"] or "" for node in nodes}


PEOPLE: dict[str, dict[str, Any]] = {
    "Jan Bakker": {"email": "jan@post.example", "postal_code": "5611 AB", "order_number": "ORD-1001", "tracking_number": "3SABC 01"},
    "Zoë Ångström-Łuk": {"email": "Zoe.A@Post.Example", "postal_code": "SE-114 55", "order_number": "ord/1002", "tracking_number": "3SABC02"},
    "Maria del Mar Núñez": {"email": "mar%ia@post.example", "postal_code": "28013", "order_number": "1001", "tracking_number": None},
    "Straße 100%_!": {"email": None, "postal_code": "5611", "order_number": "Ünï-7", "tracking_number": "00"},
    "Ян Новак": {"email": "jan.novak@post.example", "postal_code": None, "order_number": None, "tracking_number": "ЖЖ"},
    "": {"name": None, "email": "nobody@post.example", "postal_code": "5611AC", "order_number": "x" * 255, "tracking_number": "-"},
}
JAN, ZOE, MARIA, STRASSE, YAN, NOBODY = PEOPLE

SEARCHES: list[tuple[str, dict[str, str], set[str]]] = [
    ("a name's beginning", {"search": "jan b"}, {JAN}),
    ("in capitals", {"search": "JAN BAK"}, {JAN}),
    ("with more space", {"search": "  jan   bakker "}, {JAN}),
    ("name and e-mail", {"search": "jan"}, {JAN, YAN}),
    ("a surname's beginning", {"search": "bakk"}, {JAN}),
    ("not the middle of a name", {"search": "akker"}, set()),
    ("not the middle names", {"search": "mar n"}, set()),
    ("without accents", {"search": "zoe angstrom"}, {ZOE}),
    ("with accents put together", {"search": "Zoe\u0308 A\u030angstro\u0308m"}, {ZOE}),
    ("accents where there are none", {"search": "bákkër"}, {JAN}),
    ("sharp s", {"search": "STRASSE"}, {STRASSE}),
    ("Cyrillic", {"search": "ЯН Н"}, {YAN}),
    ("an e-mail's beginning", {"search": "zoe.a@POST"}, {ZOE}),
    ("not the domain", {"search": "post.example"}, set()),
    ("a postal code", {"search": "5611 ab"}, {JAN}),
    ("a postal code without its space", {"search": "5611A"}, {JAN, NOBODY}),
    ("a postal code's beginning", {"search": "5 6-11"}, {JAN, NOBODY, STRASSE}),
    ("a country's prefix", {"search": "se114"}, {ZOE}),
    ("a whole order number", {"search": "ORD1002"}, {ZOE}),
    ("not an order number's beginning", {"search": "ORD-100"}, set()),
    ("a whole tracking number", {"search": "3sabc01"}, {JAN}),
    ("not a tracking number's beginning", {"search": "3SABC"}, set()),
    ("an order number that is a number", {"search": "1001"}, {MARIA}),
    ("a percent sign is itself", {"search": "%"}, set()),
    ("an underscore is itself", {"search": "_an"}, set()),
    ("wildcards as written", {"search": "strasse 100%_!"}, {STRASSE}),
    ("a percent sign in an e-mail", {"search": "mar%ia@"}, {MARIA}),
    ("SQL", {"search": "jan' OR 'a'='a"}, set()),
    ("a backslash", {"search": "\\"}, set()),
    ("nothing", {"search": ""}, set()),
    ("only space", {"search": " \n\t "}, set()),
    ("only signs", {"search": "---"}, set()),
    ("by order number", {"orderNumber": "ord 1001"}, {JAN}),
    ("an order number in capitals and accents", {"orderNumber": "ÜNÏ 7"}, {STRASSE}),
    ("no part of an order number", {"orderNumber": "ord"}, set()),
    ("an order number that is no letters", {"orderNumber": "--"}, set()),
    ("an empty order number", {"orderNumber": ""}, set()),
    ("a very long order number", {"orderNumber": "X" * 255}, {NOBODY}),
    ("by tracking number", {"trackingNumber": "3s-abc-02"}, {ZOE}),
    ("another's tracking number", {"trackingNumber": "3SABC03"}, set()),
    ("a tracking number of signs", {"trackingNumber": "-"}, set()),
    ("all three", {"search": "jan", "orderNumber": "ORD1001", "trackingNumber": "3SABC01"}, {JAN}),
    ("all three, of which one is not so", {"search": "jan", "orderNumber": "ORD1001", "trackingNumber": "3SABC02"}, set()),
    ("the longest there may be", {"search": "y" * 255}, set()),
]


async def test_what_a_search_finds(database: str, schema: Schema) -> None:
    merchant, other, agent = await a_merchant(), await a_merchant("Other Outdoors"), await an_agent()
    for name, given in PEOPLE.items():
        await a_parcel(merchant, events=False, **{"name": name, **given})
        await a_parcel(other, events=False, **{"name": name, **given})
    await a_consent(merchant)
    for what, asked, names in SEARCHES:
        assert await found(schema, merchant.member, merchant, **asked) == names, what
        assert await found(schema, agent, merchant, **asked) == names, f"{what}, by an agent under consent"
    assert len(await recorded()) >= len(SEARCHES)
    for asked in ({"search": "secret" * 43}, {"orderNumber": "secret" * 43}, {"trackingNumber": "se\u0000cret"}, {"search": "secret\ud800"}):
        answer = await ask(schema, merchant.member, FIND, {"f": asked})
        assert (answer.data, answer.codes) == ({"parcels": None}, ["BAD_USER_INPUT"])
        assert "secret" not in answer.text


async def test_a_search_is_paged_and_combined_like_any_other_list(database: str, schema: Schema) -> None:
    merchant = await a_merchant()
    made = [await a_parcel(merchant, name=f"Piet {number}", country="NL" if number % 2 else "ES") for number in range(5)]
    await a_parcel(merchant, name="Klaas")
    await a_claim(made[3])
    document = """query ($after: String, $f: ParcelFilter) { parcels(first: 2, after: $after, filter: $f) {
        totalCount pageInfo { hasNextPage endCursor } nodes { id } } }"""
    seen, after = [], None
    while True:
        page = (await ask(schema, merchant.member, document, {"after": after, "f": {"search": "piet"}})).data["parcels"]
        assert page["totalCount"] == 5
        seen += [node["id"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert seen == [parcel_id(parcel.id) for parcel in reversed(made)]
    assert await found(schema, merchant.member, merchant, search="piet", hasOpenClaim=True) == {"Piet 3"}
    assert await found(schema, merchant.member, merchant, search="piet", hasOpenClaim=False, country=["NL"]) == {"Piet 1"}
    assert await found(schema, merchant.member, merchant, search="piet", status=["DELIVERED"]) == set()


# Who may.

LISTS = {
    "parcels": "query ($a: ID!, $f: ParcelFilter) { parcels(accountId: $a, filter: $f) { ...L } }",
    "account": "query ($a: ID!, $f: ParcelFilter) { account(id: $a) { parcels(filter: $f) { ...L } } }",
    "accounts": "query ($f: ParcelFilter) { accounts(first: 1) { nodes { parcels(filter: $f) { ...L } } } }",
    "accounts-edges": "query ($f: ParcelFilter) { accounts(first: 1) { edges { node { parcels(filter: $f, last: 1) { ...L } } } } }",
    "node": "query ($a: ID!, $f: ParcelFilter) { node(id: $a) { ... on Account { found: parcels(filter: $f, orderBy: CREATED_ASC) { ...L } } } }",
    "parcel": "query ($p: ID!, $f: ParcelFilter) { parcel(id: $p) { account { parcels(filter: $f) { ...L } } } }",
    "agent-login": "query ($a: ID!, $f: ParcelFilter) { account(id: $a) { agentLogin { account { parcels(filter: $f) { ...L } } } } }",
}
ROWS = " fragment L on ParcelConnection { totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor } nodes { id } }"
FILTERS: list[dict[str, Any]] = [
    {"search": "jan"},
    {"search": ""},
    {"search": "nobody at all"},
    {"orderNumber": "ORD-1001"},
    {"trackingNumber": "3SABC0000001"},
    {"search": "jan", "hasOpenClaim": True},
    {"orderNumber": "ORD-1001", "hasOpenClaim": False, "status": ["ANNOUNCED"]},
    {"search": "x" * 300},
]


def lists_in(value: object) -> list[object]:
    """What stands where the lists of parcels of an answer are."""
    if isinstance(value, dict):
        below = [each for key, inner in value.items() if key not in {"parcels", "found"} for each in lists_in(inner)]
        return below + [value[key] for key in ("parcels", "found") if key in value]
    return [each for inner in value for each in lists_in(inner)] if isinstance(value, list) else []


async def test_without_a_live_consent_an_agent_is_refused_before_anything_is_read(
    database: str, schema: Schema, monkeypatch: pytest.MonkeyPatch
) -> None:
    ladder = await a_ladder()
    for rung in AGENTS:
        if rung in LIVE:
            continue
        await ladder.stand_on(rung)
        before = await contents()
        for name, document in LISTS.items():
            for asked in FILTERS if name == "parcels" else FILTERS[:1]:
                variables = {"a": account_id(ladder.merchant.id), "p": parcel_id(ladder.parcel.id), "f": asked}
                used = {key: value for key, value in variables.items() if f"${key}" in document}
                with reading(monkeypatch) as statements:
                    answer = await ask(schema, ladder.agent, document + ROWS, used)
                where = (rung, name, asked)
                assert lists_in(answer.data) == [None], where
                assert [error["extensions"] for error in answer.errors] == [
                    {"code": "FORBIDDEN", "reason": "NO_LIVE_CONSENT", "action": "SEARCH_PERSONAL_DATA"}
                ], where
                assert [sql for sql, _ in statements if "parcel_personal_data" in sql or "_key" in sql] == [], where
        assert await contents() == before, rung


async def test_a_merchant_searches_their_own_and_nobody_else_s(database: str, schema: Schema) -> None:
    ladder = await a_ladder()
    theirs = await a_parcel(ladder.other, name="Jan de Ander")
    for rung in (Rung.MEMBER, Rung.ADMIN, Rung.OWNER):
        viewer = await ladder.stand_on(rung)
        assert viewer is not None
        assert await found(schema, viewer, ladder.merchant, search="jan") == {"Jan Bakker"}
        assert (await ask(schema, viewer, FIND, {"f": {"search": "jan de"}})).data["parcels"]["totalCount"] == 0
        answer = await ask(schema, viewer, FIND, {"a": account_id(ladder.other.id), "f": {"search": "jan"}})
        assert (answer.data, answer.codes) == ({"parcels": None}, ["NOT_FOUND"])
    assert (await ask(schema, None, FIND, {"a": account_id(ladder.other.id), "f": {"search": "jan"}})).codes == ["UNAUTHENTICATED"]
    assert await recorded() == []
    assert theirs.personal["name"] == "Jan de Ander"


async def test_under_consent_it_is_recorded_by_what_was_searched_not_by_what_was_found(database: str, schema: Schema) -> None:
    merchant, agent = await a_merchant(), await an_agent()
    parcel = await a_parcel(merchant)
    consent = await a_consent(merchant)
    ids = "query ($a: ID, $f: ParcelFilter) { parcels(accountId: $a, filter: $f) { totalCount nodes { id } } }"
    for asked, fields, categories in (
        ({"search": "secret"}, ["ParcelFilter.search"], ["IDENTITY"]),
        ({"search": "jan"}, ["ParcelFilter.search"], ["IDENTITY"]),
        ({"orderNumber": "ORD-1001"}, ["ParcelFilter.orderNumber"], ["ORDER"]),
        ({"trackingNumber": "x", "search": ""}, ["ParcelFilter.search", "ParcelFilter.trackingNumber"], ["IDENTITY", "TRACKING"]),
    ):
        before = len(await recorded())
        assert (await ask(schema, agent, ids, {"a": account_id(merchant.id), "f": asked})).errors == []
        (event,) = (await recorded())[before:]
        assert (event.action, event.fields_, event.categories) == ("SEARCH_PERSONAL_DATA", fields, categories), asked
        assert (event.account_id, event.parcel_id, event.basis, event.consent_id, event.changed) == (merchant.id, None, "CONSENT", consent, [])
    assert "secret" not in repr(await db.fetch("SELECT * FROM access_log"))
    before = len(await recorded())
    await found(schema, agent, merchant, search="jan")
    shown = [(event.action, event.parcel_id, event.fields_) for event in (await recorded())[before:]]
    assert shown == [("SEARCH_PERSONAL_DATA", None, ["ParcelFilter.search"]), ("VIEW_PERSONAL_DATA", parcel.id, ["Recipient.name"])]


async def test_one_account_s_consent_does_not_open_another_and_costs_only_the_other_s_list(database: str, schema: Schema) -> None:
    granted, other, agent = await a_merchant(), await a_merchant("Other Outdoors"), await an_agent()
    await a_parcel(granted)
    await a_claim(await a_parcel(other))
    await a_consent(granted)
    document = "query ($f: ParcelFilter) { accounts { nodes { companyName parcels(filter: $f) { totalCount nodes { recipient { name } } } } } }"
    answer = await ask(schema, agent, document, {"f": {"search": "jan"}})
    assert answer.data["accounts"]["nodes"] == [
        {"companyName": "Bakker Bikes", "parcels": {"totalCount": 1, "nodes": [{"recipient": {"name": "Jan Bakker"}}]}},
        {"companyName": "Other Outdoors", "parcels": None},
    ]
    assert [(error["path"], error["extensions"]["reason"]) for error in answer.errors] == [(["accounts", "nodes", 1, "parcels"], "NO_LIVE_CONSENT")]
    assert {event.account_id for event in await recorded()} == {granted.id}
    other_s = await ask(schema, agent, FIND, {"a": account_id(other.id), "f": {"search": "jan"}})
    assert (other_s.data, other_s.reasons) == ({"parcels": None}, ["NO_LIVE_CONSENT"])


async def test_a_refused_search_answers_alike_whether_it_would_have_found_anything(database: str, schema: Schema) -> None:
    merchant, agent = await a_merchant(), await an_agent()
    texts = []
    for wave in range(2):
        asking = [(document + ROWS, asked) for document in list(LISTS.values())[:2] for asked in FILTERS]
        answers = [await ask(schema, agent, document, {"a": account_id(merchant.id), "f": asked}) for document, asked in asking]
        texts.append([answer.text for answer in answers])
        if wave == 0:
            await a_parcel(merchant)
    assert texts[0] == texts[1]


async def test_what_cannot_be_recorded_is_not_searched(database: str, schema: Schema, monkeypatch: pytest.MonkeyPatch) -> None:
    merchant, agent = await a_merchant(), await an_agent()
    await a_parcel(merchant)
    await a_consent(merchant)
    await db.execute("ALTER TABLE access_log RENAME TO gone")
    try:
        with reading(monkeypatch) as statements:
            answer = await ask(schema, agent, FIND, {"a": account_id(merchant.id), "f": {"search": "jan"}})
        assert (answer.data, answer.codes, answer.reasons) == ({"parcels": None}, ["FORBIDDEN"], ["NOT_RECORDED"])
        assert [sql for sql, _ in statements if "parcel_personal_data" in sql] == []
        assert await found(schema, merchant.member, merchant, search="jan") == {"Jan Bakker"}
    finally:
        await db.execute("ALTER TABLE gone RENAME TO access_log")


async def test_the_search_itself_admits_again(database: str, schema: Schema, monkeypatch: pytest.MonkeyPatch) -> None:
    """The consent ends between the decision and the statement: the statement finds nothing, and counts nothing."""
    merchant, agent = await a_merchant(), await an_agent()
    await a_claim(await a_parcel(merchant))

    async def decided_a_moment_ago(*_: object) -> dict[Any, Any]:
        return {}

    monkeypatch.setattr(parcels, "_refused_searches", decided_a_moment_ago)
    for asked in FILTERS[:5]:
        answer = await ask(schema, agent, FIND, {"a": account_id(merchant.id), "f": asked})
        page = {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None}
        assert answer.data == {"parcels": {"totalCount": 0, "pageInfo": page, "nodes": []}}, asked


# At any size.


async def many(merchant: Merchant, number: int) -> None:
    """So many parcels, each of its own person."""
    now = await db.clock()
    rows = [{"id": new_id(), "account": merchant.id, "at": now - timedelta(seconds=each)} for each in range(number)]
    await db.execute_many(
        "INSERT INTO parcels (id, account_id, status, direction, collo_number, collo_count, created_at, updated_at)"
        " VALUES (:id, :account, 'ANNOUNCED', 'OUTGOING', 1, 1, :at, :at)",
        rows,
    )
    names = ("name", "email", "postal_code", "order_number", "tracking_number")
    people = [dict(zip(names, (f"P{n} Q{n}", f"r{n}@x.example", f"s{n}", f"t{n}", f"u{n}"), strict=True)) for n in range(number)]
    keys = [search_keys.keys(**person) for person in people]
    columns = ("name", *keys[0])
    await db.execute_many(
        f"INSERT INTO parcel_personal_data (parcel_id, account_id, version, items, documents, {', '.join(columns)})"
        f" VALUES (:id, :account, 1, '[]', '[]', {', '.join(f':{column}' for column in columns)})",
        [{**row, "name": person["name"], **key} for row, person, key in zip(rows, people, keys, strict=True)],
    )


INDEXED = {
    "name_key": "p4321",
    "surname_key": "q4321",
    "email_key": "r4321@",
    "postal_code_key": "s4321",
    "order_key": "t4321",
    "tracking_key": "u4321",
}


async def test_each_search_is_looked_up_in_an_index_once(database: str, schema: Schema, monkeypatch: pytest.MonkeyPatch) -> None:
    merchant, agent = await a_merchant(), await an_agent()
    await many(merchant, 5000)
    await a_consent(merchant)
    await db.execute("ANALYZE")
    explain: Callable[[db.Row], str]
    if database == "sqlite":
        prefix, explain, table_scan = "EXPLAIN QUERY PLAN ", lambda row: row["detail"], "SCAN s"
    else:
        prefix, explain, table_scan = "EXPLAIN ", lambda row: row["QUERY PLAN"], "Seq Scan on parcel_personal_data"
    for text in INDEXED.values():
        assert await found(schema, agent, merchant, search=text) == {"P4321 Q4321"}, text
    with reading(monkeypatch) as statements:
        assert await found(schema, merchant.owner, merchant, search="u4321") == {"P4321 Q4321"}
    searches = [(sql, params) for sql, params in statements if "surname_key" in sql]
    assert len(searches) == 2, "the page and its total"
    for sql, params in searches:
        plan = "\n".join(explain(row) for row in await db.fetch(prefix + sql, **params))
        assert table_scan not in plan
        assert "CORRELATED" not in plan, "once, not once a parcel"
        assert "SubPlan" not in plan, "once, not once a parcel"
        for column in INDEXED:
            assert f"{column}>" in plan or f"{column}=" in plan or f"({column} " in plan, (column, plan)
    everybody = await ask(schema, merchant.owner, FIND, {"f": {"search": "p"}})
    assert (everybody.data["parcels"]["totalCount"], len(everybody.data["parcels"]["nodes"])) == (5000, 20)
