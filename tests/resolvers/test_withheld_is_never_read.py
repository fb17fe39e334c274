"""What is withheld is never read: at the drivers, no row that comes back holds anything of what the caller may not see.

¶ marks the ladder's parcel, a claim on it that came by e-mail, and the merchant's settings; § its sibling, and a claim filed in Support.
"""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import pytest

import models
from models import database as db
from models.enums import DirectDebitStatus
from schema.build import Schema
from tests.asking import recorded
from tests.builders import a_consent
from tests.marks import CARRIERS_LINK, EVERYTHING, a_marked_parcel, seen
from tests.schema.doors import MERCHANTS, OWNERS, PROTECTED, SEES_PARCEL, SEES_SIBLING, World, a_world, through
from tests.schema.rungs import AGENTS, LIVE, Rung
from tests.statements import reading
from tests.wire import watched

HOLDER = "Holder of the mandate"
PEOPLE = re.compile("(?:Owner|Admin|Member) of Bakker Bikes")
TEXTS = frozenset({"description", "reference", "remark", "answer"})
OF_A_PARCEL = EVERYTHING | {CARRIERS_LINK}
WRITTEN = "description investigation { by note carrierReference }"

DOCUMENTS = {
    "single": "{ parcel(id: $parcel) { ...Everything } }",
    "page": "{ parcels(accountId: $account) { totalCount nodes { ...Everything } } }",
    "pages": "{ accounts { nodes { parcels { edges { node { ...Everything } } } } } }",
    "nodes": "{ nodes(ids: [$parcel, $sibling, $claim, $filed, $consent, $event]) { ...Everything } }",
    "claims and their parcels": f"{{ claims(accountId: $account) {{ nodes {{ {WRITTEN} handledBy parcel {{ ...Everything }} }} }} }}",
    "parcels and their claims": f"""{{ parcels(accountId: $account) {{ nodes {{ ...Everything
        claims {{ {WRITTEN} parcel {{ ...Everything }} }} }} }} }}""",
    "account": """{ account(id: $account) { settings { senderAddresses { street } notificationReplyTo notificationBcc webhookUrl }
        directDebit { iban } agentLogin { consent { grantedBy endedBy } } } }""",
    "consent": "{ node(id: $consent) { ... on Consent { grantedBy endedBy account { directDebit { iban } } } } }",
    "searches": """{ parcels(accountId: $account, filter: {search: "¶name¶"}) { totalCount nodes { ...Everything } } }""",
}


@pytest.fixture
async def world(database: str) -> World:
    world = await a_world()
    await models.DirectDebit.create(
        account_id=world.ladder.merchant.id, account_holder=HOLDER, iban="NL91", mandate_reference="LK-1", status=DirectDebitStatus.ACTIVE
    )
    return world


def readable(rung: Rung) -> tuple[frozenset[str], frozenset[str]]:
    """What of ¶ and of § the caller may see, whatever they ask for."""
    of_parcel = OF_A_PARCEL if rung in SEES_PARCEL else frozenset()
    of_sibling = OF_A_PARCEL if rung in SEES_SIBLING else frozenset()
    of_merchant = TEXTS | {"sender"} if rung in MERCHANTS | LIVE else frozenset()
    protected = PROTECTED if rung in MERCHANTS else frozenset()
    filed = TEXTS if rung in MERCHANTS | LIVE | {Rung.CLAIM} else frozenset()
    return of_parcel | of_merchant | protected, of_sibling | filed


async def test_no_row_comes_back_that_the_caller_may_not_see(world: World, schema: Schema) -> None:
    wrong = {}
    read_at_all: dict[Rung, frozenset[str]] = dict.fromkeys(Rung, frozenset())
    async for rung, viewer in world.climb():
        of_parcel, of_sibling = readable(rung)
        for name, document in DOCUMENTS.items():
            with watched() as wire:
                await through(schema, viewer, document, world.variables)
            read = seen("¶", wire.text), seen("§", wire.text)
            people = set(PEOPLE.findall(wire.text)) if rung not in MERCHANTS | LIVE else set()
            mandate = HOLDER in wire.text and rung not in OWNERS
            if read[0] - of_parcel or read[1] - of_sibling or people or mandate:
                wrong[name, rung] = read, people, mandate
            read_at_all[rung] |= read[0]
    assert wrong == {}
    # And the wire was watched: what may be seen was read.
    assert {rung for rung, read in read_at_all.items() if read} == {rung for rung in Rung if readable(rung)[0]}
    assert read_at_all[Rung.OWNER] >= EVERYTHING - {"document_kind", "event_status"} | TEXTS


async def test_for_the_outline_nothing_personal_is_read_for_anybody(world: World, schema: Schema) -> None:
    documents = [
        "{ parcels(accountId: $account) { totalCount nodes { status disclosure { shown } recipient { country } claims { status } } } }",
        "{ claims(accountId: $account) { nodes { status opensParcel parcel { status } investigation { kind by } } } }",
        "{ account(id: $account) { companyName agentLogin { state consent { state } } } }",
    ]
    async for rung, viewer in world.climb():
        for document in documents:
            with watched() as wire:
                await through(schema, viewer, document, world.variables)
            assert seen("¶", wire.text) | seen("§", wire.text) == frozenset(), (rung, document)
            assert PEOPLE.findall(wire.text) == [], (rung, document)


async def test_of_a_direct_debit_an_agent_s_request_never_even_asks(world: World, schema: Schema) -> None:
    async for rung, viewer in world.climb():
        if rung in AGENTS:
            for name in ("account", "consent"):
                with watched() as wire:
                    await through(schema, viewer, DOCUMENTS[name], world.variables)
                assert [sql for sql in wire.statements if "direct_debits" in sql] == [], (rung, name)


REFUSED = [
    "mutation { updateParcel(input: {parcelId: $parcel, version: 1, weightGrams: 5}) { parcel { ...Everything } } }",
    "mutation { cancelParcel(input: {parcelId: $parcel}) { parcel { ...Everything } } }",
    'mutation { updateSettings(input: {accountId: $account, version: 1, locale: "nl"}) { account { settings { webhookUrl } } } }',
    "mutation { deleteParcel(input: {parcelId: $parcel}) { deletedId } }",
    "mutation { exportParcels(input: {accountId: $account}) { url } }",
    '{ parcels(accountId: $account, filter: {orderNumber: "¶order_number¶"}) { totalCount } }',
]


async def test_a_refusal_reads_no_personal_table(world: World, schema: Schema) -> None:
    async for rung, viewer in world.climb():
        if rung not in AGENTS or rung in LIVE:
            continue
        for document in REFUSED:
            with watched() as wire:
                answer = await through(schema, viewer, document, world.variables)
            assert answer.codes == ["FORBIDDEN"], (rung, document)
            assert [sql for sql in wire.statements if "personal_data" in sql or "parcel_events" in sql] == [], (rung, document)


async def test_the_row_after_a_page_is_not_read_and_not_recorded(world: World, schema: Schema) -> None:
    """A page reads one row more than it shows, to know whether there is more. Of that one only the outline."""
    merchant, agent = world.ladder.merchant, world.ladder.agent
    await a_consent(merchant)
    newest = await a_marked_parcel(merchant, "©")
    pages = [
        "{ parcels(accountId: $account, first: 1) { pageInfo { hasNextPage } nodes { ...Everything claims { description } } } }",
        """{ parcels(accountId: $account, last: 2, orderBy: CREATED_ASC) {
        pageInfo { hasPreviousPage } nodes { ...Everything claims { description } } } }""",
        "{ claims(accountId: $account, first: 1) { pageInfo { hasNextPage } nodes { description investigation { note } } } }",
        "{ claims(accountId: $account, last: 1) { pageInfo { hasPreviousPage } nodes { description investigation { note } } } }",
    ]
    parcel, sibling = world.ladder.parcel.id, world.ladder.elsewhere.id
    expected = [
        ("©", {newest.id}),
        ("©§", {newest.id, sibling}),
        ("", {sibling}),  # the newest claim is on the sibling, and unmarked
        ("¶", {parcel}),
    ]
    for document, (signs, parcels) in zip(pages, expected, strict=True):
        before = len(await recorded())
        with watched() as wire:
            answer = await through(schema, agent, document, world.variables)
        assert "True" in answer.text
        assert {sign for sign in "©§¶" if sign in wire.text} == set(signs), document
        assert {event.parcel_id for event in (await recorded())[before:]} == parcels, document


JOINED = re.compile(r"JOIN (?:LATERAL \(SELECT .*? FROM )?(\w+_personal_data)")
#: A join that looks a personal row up only where something is admitted. In SQLite a condition beside the key has the row fetched first.
KEYED = {
    "sqlite": re.compile(r"LEFT JOIN (\w+_personal_data) (\w+) ON \2\.\w+ = CASE WHEN .* END\n"),
    "postgres": re.compile(r"LEFT JOIN LATERAL \(SELECT \* FROM (\w+_personal_data) (\w+) WHERE \2\.\w+ = \S+ AND \(.+\) OFFSET 0\) \2 ON TRUE\n"),
}


def fetched(plan: dict[str, Any]) -> float:
    """How many personal rows of parcels were fetched, whatever became of them."""
    here = plan.get("Relation Name") == "parcel_personal_data"
    own = (plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)) * plan["Actual Loops"] if here else 0.0
    return own + sum(fetched(below) for below in plan.get("Plans", ()))


async def many_parcels(like: UUID) -> None:
    """So many that the database looks rows up by index, as it does for an account worth the name."""
    for table, key in (("parcels", "id"), ("parcel_personal_data", "parcel_id")):
        found = await db.fetch("SELECT column_name FROM information_schema.columns WHERE table_name = :table", table=table)
        other = {key: "md5(n::text)::uuid", "platform_id": "n::text", "created_at": "created_at - n * interval '1 minute'"}
        columns = [row["column_name"] for row in found]
        values = ", ".join(other.get(column, f'"{column}"') for column in columns)
        names = ", ".join(f'"{column}"' for column in columns)
        await db.execute(f"INSERT INTO {table} ({names}) SELECT {values} FROM {table}, generate_series(1, 3000) AS n WHERE {key} = :like", like=like)
        await db.execute(f"ANALYZE {table}")


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
@pytest.mark.parametrize("by_index", [True, False])
async def test_the_database_does_not_even_fetch_a_row_to_put_it_aside(
    world: World, schema: Schema, monkeypatch: pytest.MonkeyPatch, *, by_index: bool
) -> None:
    """Neither where it looks into an index, nor where it looks at each row, as it does while there are few."""
    await many_parcels(world.ladder.parcel.id)
    rows: dict[Rung, float] = {}
    async for rung, viewer in world.climb([Rung.NOTHING, Rung.OWNER]):
        with reading(monkeypatch) as statements:
            await through(schema, viewer, "{ parcels(accountId: $account, first: 100) { nodes { note } } }", world.variables)
        async with db.transaction():
            if not by_index:
                await db.execute("SET LOCAL enable_indexscan = off")
                await db.execute("SET LOCAL enable_bitmapscan = off")
            for sql, params in statements:
                (explained,) = await db.fetch(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", **params)
                rows[rung] = rows.get(rung, 0) + fetched(db.json(explained["QUERY PLAN"])[0]["Plan"])
    assert rows[Rung.NOTHING] == 0
    assert round(rows[Rung.OWNER]) == 100 if by_index else rows[Rung.OWNER] > 100


LOOKED_UP = re.compile(r"LEFT LOOP JOIN (\w+) (\w+) ON")


def hashed(plan: dict[str, Any]) -> set[tuple[str, str]]:
    """The tables, and their names in the statement, that are read into a hash to be joined."""
    below = plan.get("Plans", ())
    own = {(each["Relation Name"], each["Alias"]) for each in below if plan["Node Type"] == "Hash" and "Relation Name" in each}
    return own.union(*map(hashed, below))


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
async def test_no_table_is_read_whole_to_look_some_rows_of_it_up(world: World, schema: Schema, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even by a planner that makes a hash wherever it may, whatever it knows of the sizes of the tables."""
    looked_up = set()
    async for _, viewer in world.climb([Rung.CONSENT, Rung.OWNER]):
        for document in DOCUMENTS.values():
            with reading(monkeypatch) as statements:
                await through(schema, viewer, document, world.variables)
            async with db.transaction():
                await db.execute("SET LOCAL enable_nestloop = off")
                await db.execute("SET LOCAL enable_mergejoin = off")
                for sql, params in statements:
                    if tables := set(LOOKED_UP.findall(sql)):
                        (explained,) = await db.fetch(f"EXPLAIN (FORMAT JSON) {sql}", **params)
                        assert hashed(db.json(explained["QUERY PLAN"])[0]["Plan"]) & tables == set(), sql
                        looked_up |= {table for table, _ in tables}
    assert looked_up >= {"consents", "claims", "users", "parcels", "parcel_personal_data", "claim_personal_data", "account_settings"}


async def test_every_personal_row_is_looked_up_only_where_something_is_admitted(world: World, schema: Schema) -> None:
    tables = set()
    async for rung, viewer in world.climb([Rung.NOTHING, Rung.CLAIM, Rung.CONSENT]):
        for document in DOCUMENTS.values():
            with watched() as wire:
                await through(schema, viewer, document, world.variables)
            for sql in wire.statements:
                if sql.lstrip().startswith(("SELECT", "WITH page")):
                    assert len(JOINED.findall(sql)) == len(KEYED[db.engine()].findall(sql)), (rung, sql)
                    tables |= set(JOINED.findall(sql))
    assert tables == {"parcel_personal_data", "claim_personal_data", "investigation_personal_data", "account_personal_data"}
