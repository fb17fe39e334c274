"""A database to measure on has as many of everything as was asked for, and is as whole as any other."""

from datetime import timedelta

import phonenumbers
import pytest

import demo
from identity.passwords import hash_new, is_right
from models import database as db
from models.enums import ParcelStatus
from resolvers import search_keys

pytestmark = pytest.mark.usefixtures("quick_passwords")

PARCELS, ACCOUNTS = 2000, 7


async def count(table: str, where: str = "1 = 1") -> int:
    return int((await db.fetch(f"SELECT COUNT(*) AS n FROM {table} WHERE {where}"))[0]["n"])


async def test_as_many_parcels_and_accounts_as_asked_for(database: object, capsys: pytest.CaptureFixture[str]) -> None:
    await demo.fill_for_measuring(PARCELS, ACCOUNTS, hash_new)

    assert await count("parcels") == await count("parcel_personal_data") == PARCELS
    assert await count("accounts") == await count("account_settings") == await count("account_personal_data") == ACCOUNTS
    assert await count("users", "kind = 'AGENT'") == 2
    assert await count("users", "role = 'OWNER'") == ACCOUNTS
    assert PARCELS * 1.5 < await count("parcel_events") <= PARCELS * 2
    assert await count("claims") == await count("claim_personal_data") == PARCELS // 100
    assert await count("consents") == 0
    per_account = await db.fetch("SELECT COUNT(*) AS n FROM parcels GROUP BY account_id")
    assert [row["n"] for row in per_account if row["n"] < PARCELS / ACCOUNTS / 2] == []
    assert capsys.readouterr() == ("", "")  # no progress bar where nobody looks


async def test_spread_over_two_years_in_order(database: object) -> None:
    await demo.fill_for_measuring(PARCELS, ACCOUNTS, hash_new)
    now = await db.clock()
    rows = await db.fetch("SELECT id, status, created_at, announced_at, updated_at FROM parcels ORDER BY id")
    made = [db.moment(row["created_at"]) for row in rows]
    assert made == sorted(made)
    assert timedelta(days=729) < now - made[0] < timedelta(days=731)
    assert now - made[-1] < timedelta(days=1)
    assert all(db.moment(row["created_at"]) < db.moment(row["updated_at"]) <= now for row in rows)
    assert len({row["status"] for row in rows}) > 8
    latest = await db.fetch("SELECT MAX(occurred_at) AS at FROM parcel_events")
    assert db.moment(latest[0]["at"]) <= now
    never = {row["status"] for row in rows if row["announced_at"] is None}
    assert never == {ParcelStatus.READY_TO_SEND, ParcelStatus.NO_LABEL}


async def test_what_search_looks_up_is_what_is_stored(database: object) -> None:
    await demo.fill_for_measuring(PARCELS, ACCOUNTS, hash_new)
    searched = ("name", "email", "postal_code", "order_number", "tracking_number")
    for row in await db.fetch("SELECT * FROM parcel_personal_data"):
        stored = {name: None if row[name] is None else bytes(row[name]) for name in dict(row) if name.endswith("_key")}
        assert stored == search_keys.keys(**{name: row[name] for name in searched})
        assert phonenumbers.is_valid_number(phonenumbers.parse(row["phone"]))
        assert row["email"].endswith("@example.com")
        assert db.json(row["items"])


async def test_one_can_sign_in(database: object) -> None:
    await demo.fill_for_measuring(3, 2, hash_new)
    listed = await demo.listing()
    assert [[user["email"] for user in account["users"]] for account in listed["accounts"]] == [["owner.1@example.com"], ["owner.2@example.com"]]
    assert [agent["email"] for agent in listed["agents"]] == ["agent.1@example.org", "agent.2@example.org"]
    kept = await db.fetch("SELECT DISTINCT password_hash FROM users")
    assert await is_right(listed["agents"][0]["password"], kept[0]["password_hash"])


async def test_sqlite_is_as_safe_afterwards_as_before(database: object) -> None:
    if db.engine() is not db.Engine.SQLITE:
        pytest.skip("SQLite's own")
    before = [await db.fetch(f"PRAGMA {name}") for name in ("synchronous", "cache_size", "foreign_keys", "journal_mode")]
    await demo.fill_for_measuring(PARCELS, ACCOUNTS, hash_new)
    assert [await db.fetch(f"PRAGMA {name}") for name in ("synchronous", "cache_size", "foreign_keys", "journal_mode")] == before
    assert before[0] == [{"synchronous": 2}]
    assert await db.fetch("PRAGMA foreign_key_check") == []


@pytest.mark.parametrize(("parcels", "accounts"), [(0, 1), (1, 0), (-5, 3)])
async def test_nothing_can_not_be_measured(database: object, parcels: int, accounts: int) -> None:
    with pytest.raises(ValueError, match="at least one"):
        await demo.fill_for_measuring(parcels, accounts, hash_new)
    assert await demo.is_empty()
