"""Does a large access log slow what reads and writes it, and would partitions by month help?

    nice python benchmarks/size.py [--parcels 1000000] [--log 10000000] [--rounds 60] [--one-table] [--indexes-last]

Fills a PostgreSQL of its own (fsync off, removed afterwards) with a log of two years and 200 accounts, its newest tenth again in a table of its
own, and all of it again in one that is partitioned by month. They take the log's name in turn, so that the same code asks each. What is asked: the
merchant's page of the log, an agent's page of 100 parcels written down with the hourly count, one event by its id, the page of parcels; then a
month is forgotten both ways.
Prints medians, their ratios, and sizes. About 1.3 kB of disk a row of the log, all tables together; with `--one-table`, half of that. With
`--indexes-last` the log is filled in half the time, and its indexes, but for the key's, are denser than they would have become.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import asyncpg

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from models import database  # noqa: E402 (the path comes first)
from models.fields import new_id  # noqa: E402
from policy.decision import Decision  # noqa: E402
from policy.vocabulary import Action, Basis, MerchantRole, PiiCategory, Viewer, ViewerKind  # noqa: E402
from resolvers import access_log, documents, ledger, parcels  # noqa: E402
from resolvers.gate import Gate  # noqa: E402
from resolvers.ledger import Entry, Request  # noqa: E402
from resolvers.paging import Position, window  # noqa: E402
from resolvers.selection import NOTHING, Selection  # noqa: E402
from tests.databases import Postgres  # noqa: E402

ACCOUNTS, AGENTS, MONTHS, PAGE = 200, 50, 24, 100
TURNS = 3
SHOWN = Selection({"Parcel": {"status": NOTHING, "orderNumber": NOTHING, "recipient": Selection({"Recipient": {"name": NOTHING, "city": NOTHING}})}})
NAMES = frozenset({"Recipient.city", "Recipient.email", "Recipient.name", "Recipient.postalCode", "Recipient.street"})

# Keys tell their number, so that rows find each other without a join.
_KEY = "CAST(lpad(to_hex({number}), 8, '0') || '-0000-7000-8000-00000000000{kind}' AS uuid)"
_ACCOUNT, _AGENT, _OWNER, _PARCEL = (_KEY.replace("{kind}", kind) for kind in "1234")
_FILL = (
    f"""INSERT INTO accounts (id, company_name, country, created_at)
    SELECT {_ACCOUNT.format(number="i")}, 'Account ' || i, 'NL', now() FROM generate_series(1, {ACCOUNTS}) i""",
    f"""INSERT INTO users (id, account_id, kind, role, email, name, locale, created_at)
    SELECT {_OWNER.format(number="i")}, {_ACCOUNT.format(number="i")}, 'MERCHANT', 'OWNER', 'o' || i || '@example.com', 'Owner', 'en', now()
    FROM generate_series(1, {ACCOUNTS}) i""",
    f"""INSERT INTO users (id, kind, email, name, locale, created_at)
    SELECT {_AGENT.format(number="i")}, 'AGENT', 'a' || i || '@example.com', 'Agent', 'en', now() FROM generate_series(1, {AGENTS}) i""",
    f"""INSERT INTO parcels
        (id, account_id, platform_id, status, carrier, direction, country, weight_grams, collo_number, collo_count, created_at, updated_at)
    SELECT {_PARCEL.format(number="i")}, {_ACCOUNT.format(number=f"i % {ACCOUNTS} + 1")}, i,
        'DELIVERED', 'postnl', 'OUTGOING', 'NL', 1200, 1, 1, at, at
    FROM (SELECT i, now() - interval '1 minute' * ({{parcels}} - i) AS at FROM generate_series(1, {{parcels}}) i) made""",
    f"""INSERT INTO parcel_personal_data (parcel_id, account_id, version, name, city, email, street, order_number, items, documents)
    SELECT {_PARCEL.format(number="i")}, {_ACCOUNT.format(number=f"i % {ACCOUNTS} + 1")}, 1,
        'Recipient ' || i, 'Eindhoven', 'r' || i || '@example.com', 'Stationsweg', 'ORD-' || i, '[]', '[]' FROM generate_series(1, {{parcels}}) i""",
)
# In the order of time, as they would be written; UUIDv7 keys of their instants. Nothing in the last two hours: those are the agents' own.
_LOG = f"""INSERT INTO access_log
    (id, at, agent_id, account_id, parcel_id, action, changed, categories, fields, basis, request_id)
SELECT uuidv7(-age), now() - age, {_AGENT.format(number=f"i % {AGENTS} + 1")}, {_ACCOUNT.format(number=f"i % {ACCOUNTS} + 1")},
    {_PARCEL.format(number="1 + i % {parcels}")}, 'VIEW_PERSONAL_DATA', '[]', '["ADDRESS", "CONTACT", "IDENTITY"]',
    '["Recipient.city", "Recipient.email", "Recipient.name", "Recipient.postalCode", "Recipient.street"]', 'CONSENT', gen_random_uuid()
FROM (SELECT i, interval '2 hours' + interval '{MONTHS} months' * (1.0 - i::float / {{rows}}) AS age
    FROM (SELECT generate_series(1, {{rows}}) AS i) numbers) made"""
_INDEXES = "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'access_log' AND indexname <> 'access_log_pkey'"
_IN_MONTHS = (
    "CREATE TABLE months (LIKE access_log INCLUDING DEFAULTS) PARTITION BY RANGE (at)",
    "ALTER TABLE months ADD PRIMARY KEY (id, at)",
    "CREATE INDEX ON months (account_id, at, id)",
    "CREATE INDEX ON months (account_id, agent_id, at, parcel_id)",
    f"""SELECT FROM generate_series(-1, {MONTHS}) month, LATERAL (SELECT date_trunc('month', now()) - interval '1 month' * month AS at) first,
    LATERAL pg_temp.make_month('month_' || month + 1, first.at)""",
    "INSERT INTO months SELECT * FROM access_log ORDER BY id",
)
_MAKE_MONTH = """CREATE FUNCTION pg_temp.make_month(name text, first timestamptz) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    EXECUTE format('CREATE TABLE %I PARTITION OF months FOR VALUES FROM (%L) TO (%L)', name, first, first + interval '1 month'); END $$"""
_SIZES = """SELECT t.relname AS table_name, pg_table_size(t.oid) AS own, COALESCE((
    SELECT json_agg(json_build_array(i.relname, pg_relation_size(i.oid)))
    FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid WHERE x.indrelid = t.oid), '[]')::text AS indexes
FROM pg_class t WHERE t.relname IN ('access_log', 'parcels', 'parcel_personal_data')"""

Asked = Callable[[], Awaitable[object]]


def _first_key(at: datetime) -> UUID:
    """The least UUIDv7 of that millisecond."""
    return UUID(int=int(at.timestamp() * 1000) << 80 | 0x7 << 76 | 0x2 << 62)


def _key(number: int, kind: int) -> UUID:
    return UUID(f"{number:08x}-0000-7000-8000-00000000000{kind}")


async def _questions() -> dict[str, Asked]:
    """What is asked of the log, and of the parcels beside it."""
    account = _key(7, 1)
    owner = Viewer(_key(7, 3), ViewerKind.MERCHANT, "Owner", "en", account, frozenset({MerchantRole.OWNER}))
    agent = Viewer(_key(7, 2), ViewerKind.AGENT, "Agent")
    total = (await database.fetch("SELECT COUNT(*) AS n FROM access_log WHERE account_id = :account", account=account))[0]["n"]
    deep = (
        await database.fetch(
            "SELECT id, at FROM access_log WHERE account_id = :account ORDER BY at DESC, id DESC LIMIT 1 OFFSET :half",
            account=account,
            half=total // 2,
        )
    )[0]
    seen = [_key(1 + number * ACCOUNTS + 6, 4) for number in range(PAGE)]
    decision = Decision(Action.VIEW_PERSONAL_DATA, allowed=True, basis=Basis.CONSENT)

    def gate(viewer: Viewer) -> Gate:
        return Gate(viewer, Request(str(new_id())))

    async def log(cursor: str | None) -> None:
        asked = window("AccessEvent", PAGE, cursor, None, None, most=PAGE)
        found = await access_log.page_of(gate(owner), account, access_log.AccessLogFilter(), asked, count=False)
        assert len(found.rows) == PAGE

    async def record() -> None:
        entries = [Entry(account, key, Action.VIEW_PERSONAL_DATA, decision, NAMES, frozenset({PiiCategory.CONTACT})) for key in seen]
        assert len(await ledger.write(agent.id, Request(str(new_id())), entries, most_parcels_an_hour=500, most_searches_an_hour=200)) == PAGE

    async def event() -> None:
        assert await access_log.by_ids(gate(owner), [database.uuid(deep["id"])])

    async def outlines() -> None:
        found = await parcels.page_of(
            gate(agent), account, parcels.ParcelFilter(), window("Parcel", PAGE, None, None, None, most=PAGE), SHOWN, count=False
        )
        assert len(found.rows) == PAGE

    middle = Position(deep["at"], database.uuid(deep["id"])).cursor("AccessEvent")
    return {
        "the log's first page": lambda: log(None),
        "the log's page in the middle": lambda: log(middle),
        "100 parcels written down": record,
        "an event by its id": event,
        "a page of 100 parcels": outlines,
    }


async def _medians(rounds: int) -> dict[str, float]:
    """Milliseconds, the questions asked in turn."""
    questions = await _questions()
    took: dict[str, list[float]] = {name: [] for name in questions}
    for _ in range(rounds):
        for name, ask in questions.items():
            started = time.perf_counter()
            await ask()
            took[name].append((time.perf_counter() - started) * 1000)
    an_hour_ago = _first_key(await database.clock() - timedelta(hours=1))
    await database.execute("DELETE FROM access_log WHERE id > :since", since=an_hour_ago)  # the next asks the same
    return {name: statistics.median(each) for name, each in took.items()}


class Run:
    """One database, from empty to forgotten."""

    def __init__(self, url: str, connection: asyncpg.Connection[asyncpg.Record], rounds: int) -> None:
        self.url, self.connection, self.rounds = url, connection, rounds

    async def does(self, sql: str, what: str = "") -> float:
        """Run SQL; how long it took."""
        started = time.perf_counter()
        await self.connection.execute(sql)
        seconds = time.perf_counter() - started
        if what:
            print(f"  {what}: {seconds:.1f} s", flush=True)
        return seconds

    async def fills_log(self, parcels_there: int, rows: int, *, indexes_last: bool) -> None:
        """Put so many rows into the empty log."""
        indexes = await self.connection.fetch(_INDEXES) if indexes_last else []
        for each in indexes:
            await self.does(f'DROP INDEX "{each["indexname"]}"')
        await self.does(_LOG.replace("{parcels}", str(parcels_there)).replace("{rows}", str(rows)), "the log")
        for each in indexes:
            await self.does(each["indexdef"], f"index {each['indexname']}")

    async def copies_a_tenth(self) -> None:
        """The newest tenth of the log, in a table of its own."""
        since = _first_key(await self.connection.fetchval(f"SELECT now() - interval '{MONTHS} months' / 10 - interval '2 hours'"))
        await self.does("CREATE TABLE tenth (LIKE access_log INCLUDING ALL)")
        await self.does(f"INSERT INTO tenth SELECT * FROM access_log WHERE id > '{since}' ORDER BY id", "a tenth of it")

    async def asked(self, table: str) -> dict[str, float]:
        """The medians, by a process that has just connected, while this table has the log's name."""
        swaps = [("access_log", "put_aside"), (table, "access_log")] if table != "access_log" else []
        for name, other in swaps:
            await self.does(f"ALTER TABLE {name} RENAME TO {other}")
        await database.open_database(self.url)
        await documents.prepare()
        found = await _medians(self.rounds)
        await database.close_database()
        for name, other in reversed(swaps):
            await self.does(f"ALTER TABLE {other} RENAME TO {name}")
        return found

    async def sizes(self) -> None:
        """Print them."""
        for row in await self.connection.fetch(_SIZES):
            indexes = ", ".join(f"{name} {size / 1e9:.2f}" for name, size in json.loads(row["indexes"]))
            print(f"  {row['table_name']}: {row['own'] / 1e9:.2f} GB; its indexes: {indexes}")


async def _measure(url: str, parcels_there: int, rows: int, rounds: int, *, months: bool, indexes_last: bool) -> None:
    await database.migrate(url)
    connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(url)
    run = Run(url, connection, rounds)
    try:
        for sql in _FILL:
            await run.does(sql.replace("{parcels}", str(parcels_there)), sql.split()[2])
        await run.does("ANALYZE")
        await run.fills_log(parcels_there, rows, indexes_last=indexes_last)
        await run.sizes()
        await run.copies_a_tenth()
        if months:
            await run.does(_MAKE_MONTH)
            for sql in _IN_MONTHS:
                await run.does(sql, "the same, in months" if sql.startswith("INSERT") else "")
        tables = {"tenth": "a tenth", "access_log": "all of it", **({"months": "months"} if months else {})}
        for table, said in tables.items():
            await run.does(f"VACUUM ANALYZE {table}", f"vacuum of {said}")
        turns = [{said: await run.asked(table) for table, said in tables.items()} for _ in range(TURNS)]
        _print(rows, turns)
        await _forget_a_month(run)
        if months:
            dropped = [await run.does(f"DROP TABLE month_{number}") for number in (24, 25)]
            print(f"the same by DROP: {sum(dropped) * 1000:.0f} ms")
    finally:
        await connection.close()


def _print(rows: int, turns: list[dict[str, dict[str, float]]]) -> None:
    """Each turn's medians, and what they are over those of the first table."""
    print(f"{rows:,} rows in the log; milliseconds, medians")
    for name in turns[0]["a tenth"]:
        for said in turns[0]:
            took = ", ".join(f"{turn[said][name]:.2f}" for turn in turns)
            ratios = ", ".join(f"{turn[said][name] / turn['a tenth'][name]:.2f}" for turn in turns)
            print(f"  {name}, {said}: {took} (over a tenth: {ratios})")


async def _forget_a_month(run: Run) -> None:
    """The oldest whole month, as `cli.py retention` does it, batch by batch."""
    cutoff = "date_trunc('month', now()) - interval '22 months'"
    edge = await run.connection.fetchval(f"SELECT {cutoff}")
    key = _first_key(edge)
    batch = "DELETE FROM access_log WHERE id IN (SELECT id FROM access_log WHERE id < $1 AND at < $2 ORDER BY id LIMIT 500)"
    times, total = [], 0
    while True:
        started = time.perf_counter()
        count = int((await run.connection.execute(batch, key, edge)).removeprefix("DELETE "))
        times.append(time.perf_counter() - started)
        total += count
        if count < 500:
            break
    first, last = statistics.median(times[:20]), statistics.median(times[-20:])
    each = f"the first 20: {first * 1000:.1f} ms each, the last 20: {last * 1000:.1f} ms"
    print(f"forgetting {total:,} rows: {sum(times):.2f} s in batches of 500 ({each})")
    await run.does("VACUUM access_log", "VACUUM after it")


async def main() -> None:
    """Measure."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--parcels", type=int, default=1_000_000)
    options.add_argument("--log", type=int, default=10_000_000)
    options.add_argument("--rounds", type=int, default=60)
    options.add_argument("--one-table", action="store_true", help="leave out the same in months")
    options.add_argument("--indexes-last", action="store_true", help="make the log's indexes when it is filled")
    given = options.parse_args()
    with Postgres() as postgres:
        await _measure(
            await postgres.create_database(), given.parcels, given.log, given.rounds, months=not given.one_table, indexes_last=given.indexes_last
        )


if __name__ == "__main__":
    asyncio.run(main())
