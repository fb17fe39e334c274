"""Does page 10,000 of a million parcels take as long as page 1?

    python benchmarks/pages.py [--parcels 1000000] [--engine sqlite|postgres] [--rounds 200]

Fills a database of one account, then asks in turn for the first page of 100 and for the last but one, as an agent without a consent and as the
merchant, in one process. Prints the medians and their ratio. A database that was filled before is used again.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import time
from pathlib import Path
from uuid import UUID

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import demo  # noqa: E402 (the path comes first)
from identity.passwords import hash_new  # noqa: E402
from models import database  # noqa: E402
from models.fields import new_id  # noqa: E402
from policy.vocabulary import MerchantRole, Viewer, ViewerKind  # noqa: E402
from resolvers import documents, parcels  # noqa: E402
from resolvers.gate import Gate  # noqa: E402
from resolvers.ledger import Request  # noqa: E402
from resolvers.paging import Position, window  # noqa: E402
from resolvers.selection import NOTHING, Selection  # noqa: E402
from tests.databases import Postgres  # noqa: E402

PAGE = 100
ASKED = Selection({"Parcel": {"status": NOTHING, "orderNumber": NOTHING, "recipient": Selection({"Recipient": {"name": NOTHING, "city": NOTHING}})}})


async def _viewers() -> dict[str, Viewer]:
    rows = await database.fetch("SELECT id, kind, account_id FROM users ORDER BY kind, id")
    agent = next(row for row in rows if row["kind"] == "AGENT")
    owner = next(row for row in rows if row["kind"] == "MERCHANT")
    return {
        "agent, no consent": Viewer(database.uuid(agent["id"]), ViewerKind.AGENT, "agent"),
        "merchant": Viewer(
            database.uuid(owner["id"]), ViewerKind.MERCHANT, "owner", "en", database.uuid(owner["account_id"]), frozenset({MerchantRole.OWNER})
        ),
    }


async def _timed(viewer: Viewer, account: UUID, cursor: str | None) -> float:
    gate = Gate(viewer, Request(str(new_id())))
    asked = window("Parcel", PAGE, cursor, None, None, most=PAGE)
    started = time.perf_counter()
    page = await parcels.page_of(gate, account, parcels.ParcelFilter(), asked, ASKED, count=False)
    seconds = time.perf_counter() - started
    assert len(page.rows) == PAGE
    return seconds


async def prepare(url: str, count: int) -> tuple[UUID, str]:
    """Fill the database at `url`, unless it is, and leave it open: its account, and the cursor before the last page but one. Nothing is disclosed."""
    await database.migrate(url)
    await database.open_database(url)
    await documents.prepare()
    if await demo.is_empty():
        await demo.fill_for_measuring(count, 1, hash_new)
    await database.execute("UPDATE consents SET live_for = NULL, ended_at = expires_at, ended_as = 'EXPIRED' WHERE live_for IS NOT NULL")
    await database.execute(
        "UPDATE claims SET status = 'RESOLVED', closed_at = {now} WHERE closed_at IS NULL"
    )  # no page has more to record than another
    account = database.uuid((await database.fetch("SELECT id FROM accounts LIMIT 1"))[0]["id"])
    total = (await database.fetch("SELECT COUNT(*) AS n FROM parcels"))[0]["n"]
    rows = await database.fetch(
        "SELECT created_at, id FROM parcels WHERE account_id = :account ORDER BY created_at DESC, id DESC LIMIT 1 OFFSET :late",
        account=account,
        late=total - 2 * PAGE,
    )
    return account, Position(database.moment(rows[0]["created_at"]), database.uuid(rows[0]["id"])).cursor("Parcel")


async def _measure(url: str, count: int, rounds: int) -> None:
    account, cursor = await prepare(url, count)
    print(f"{database.engine()}: {count:,} parcels; page 1 against page {(count - 2 * PAGE) // PAGE + 1:,}; {rounds} rounds, in turn")
    for name, viewer in (await _viewers()).items():
        first, last = [], []
        for _ in range(rounds):
            first.append(await _timed(viewer, account, None))
            last.append(await _timed(viewer, account, cursor))
        a, b = statistics.median(first), statistics.median(last)
        print(f"  {name}: {a * 1000:.2f} ms and {b * 1000:.2f} ms, ratio {b / a:.2f}")
    await database.close_database()


async def main() -> None:
    """Measure."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--parcels", type=int, default=1_000_000)
    options.add_argument("--engine", choices=("sqlite", "postgres"), default="sqlite")
    options.add_argument("--rounds", type=int, default=200)
    given = options.parse_args()
    if given.engine == "sqlite":
        await _measure(f"sqlite://{ROOT / 'var' / f'pages-{given.parcels}.db'}", given.parcels, given.rounds)
        return
    with Postgres() as postgres:
        await _measure(await postgres.create_database(), given.parcels, given.rounds)


if __name__ == "__main__":
    asyncio.run(main())
