"""The tables are what the models say, on both databases; and migrating filled ones loses no row, index or constraint."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tortoise import Tortoise
from tortoise.exceptions import IntegrityError
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.operations import AlterModelOptions

import models
from models import database as tables
from models.database import close_database, migrate, open_database
from models.enums import Channel, DeliveryState, Happening, InvestigationKind
from models.fields import new_id
from policy.vocabulary import Action, Basis, ConsentState
from resolvers import direct_debits, documents
from resolvers.gate import Gate
from resolvers.ledger import Request
from tests.builders import Merchant, ParcelMade, a_claim, a_consent, a_merchant, a_parcel, an_agent
from tests.databases import Postgres
from tests.serving import token_of

LAST = max(file.stem for file in (Path(models.__file__).parent / "migrations").glob("[0-9]*.py"))


@pytest.fixture(autouse=True)
async def _nothing_stays_open() -> AsyncIterator[None]:
    yield
    await close_database()


@dataclass(frozen=True)
class Shape:
    """What a database holds its rows to, told alike for both engines. Primary keys are in `columns` only."""

    columns: dict[str, dict[str, bool]]  # by table and column: may it be NULL?
    indexes: frozenset[tuple[str, tuple[str, ...], bool]]  # table, columns, unique
    foreign: frozenset[tuple[str, str, str, str]]  # table, column, table it leads to, what deleting that does
    checks: frozenset[tuple[str, str]]  # table, name


async def shape() -> Shape:
    """Of the open database."""
    return await (_shape_of_sqlite() if tables.engine() is tables.Engine.SQLITE else _shape_of_postgres())


async def _shape_of_sqlite() -> Shape:
    made = {row["name"]: row["sql"] for row in await tables.fetch("SELECT name, sql FROM sqlite_master WHERE type = 'table'")}
    names = sorted(name for name in made if not name.startswith("sqlite_"))
    columns: dict[str, dict[str, bool]] = {}
    indexes: set[tuple[str, tuple[str, ...], bool]] = set()
    foreign: set[tuple[str, str, str, str]] = set()
    for table in names:
        columns[table] = {row["name"]: not row["notnull"] for row in await tables.fetch(f'PRAGMA table_info("{table}")')}
        for index in await tables.fetch(f'PRAGMA index_list("{table}")'):
            listed = tuple(row["name"] for row in await tables.fetch(f'PRAGMA index_info("{index["name"]}")'))
            if index["origin"] != "pk":
                indexes.add((table, listed, bool(index["unique"])))
        for key in await tables.fetch(f'PRAGMA foreign_key_list("{table}")'):
            foreign.add((table, key["from"], key["table"], key["on_delete"]))
    checks = {(table, name) for table in names for name in re.findall(r'CONSTRAINT "?(\w+)"? CHECK', made[table])}
    return Shape(columns, frozenset(indexes), frozenset(foreign), frozenset(checks))


async def _shape_of_postgres() -> Shape:
    columns: dict[str, dict[str, bool]] = {}
    listed = "SELECT table_name, column_name, is_nullable FROM information_schema.columns WHERE table_schema = 'public' ORDER BY ordinal_position"
    for row in await tables.fetch(listed):
        columns.setdefault(row["table_name"], {})[row["column_name"]] = row["is_nullable"] == "YES"
    indexed = """SELECT t.relname AS table_name, i.indisunique AS is_unique, ARRAY(
            SELECT a.attname::text FROM unnest(i.indkey) WITH ORDINALITY k (number, place)
            JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number ORDER BY k.place) AS columns
        FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace
        WHERE n.nspname = 'public' AND NOT i.indisprimary"""
    constrained = """SELECT c.conname, c.contype::text AS kind, t.relname AS table_name, f.relname AS leads_to, a.attname AS column_name,
            CASE c.confdeltype WHEN 'r' THEN 'RESTRICT' WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' ELSE 'NO ACTION' END AS on_delete
        FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_namespace n ON n.oid = t.relnamespace
        LEFT JOIN pg_class f ON f.oid = c.confrelid LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = c.conkey[1]
        WHERE n.nspname = 'public'"""
    constraints = await tables.fetch(constrained)
    return Shape(
        columns,
        frozenset((row["table_name"], tuple(row["columns"]), row["is_unique"]) for row in await tables.fetch(indexed)),
        frozenset((row["table_name"], row["column_name"], row["leads_to"], row["on_delete"]) for row in constraints if row["kind"] == "f"),
        frozenset((row["table_name"], row["conname"]) for row in constraints if row["kind"] == "c"),
    )


async def rows() -> dict[str, list[dict[str, str]]]:
    """Every row there is, by table, as text: a migration may add columns, and changes none."""
    tables = [name for name in (await shape()).columns if name != "tortoise_migrations"]
    return {table: [{name: str(value) for name, value in row.items()} for row in await _sorted(table)] for table in tables}


async def _sorted(table: str) -> list[tables.Row]:
    found = await tables.fetch(f'SELECT * FROM "{table}"')
    return sorted(found, key=lambda row: str(next(iter(row.values()))))


@dataclass(frozen=True)
class Filled:
    """Somebody and something of everything."""

    merchant: Merchant
    parcel: ParcelMade
    owners_email: str
    platform_id: str


async def fill() -> Filled:
    """Rows in every table of the open database."""
    merchant, agent = await a_merchant(), await an_agent()
    parcel = await a_parcel(merchant)
    claim = await a_claim(parcel, filed_by=merchant.owner)
    now = await tables.clock()
    gate = Gate(merchant.owner, Request(str(new_id())))
    for state in (ConsentState.EXPIRED, ConsentState.REVOKED, ConsentState.ACTIVE):
        if state is ConsentState.ACTIVE:
            await tables.execute("UPDATE consents SET live_for = NULL, ended_at = expires_at, ended_as = 'EXPIRED' WHERE live_for IS NOT NULL")
        await a_consent(merchant, state)
    await direct_debits.set_mandate(gate, merchant.id, "Bakker Bikes", "NL91ABNA0417164300", None)
    entry = await models.InvestigationEntry.create(account_id=merchant.id, claim_id=claim, at=now, by_id=agent.id, kind=InvestigationKind.NOTE)
    await models.InvestigationPersonalData.create(entry_id=entry.id, account_id=merchant.id, carrier_reference="C-1", note="Asked")
    await models.ParcelFile.create(account_id=merchant.id, parcel_id=parcel.id, media_type="application/pdf", content=b"%PDF")
    await models.Integration.create(account_id=merchant.id, name="Sendcloud", secret="s" * 64, created_at=now)
    await models.BudgetLease.create(subject="0" * 64, minute=1, operations=1, cost=1, operations_granted=1, cost_granted=1)
    await models.ExportLink.create(
        account_id=merchant.id,
        user_id=merchant.owner.id,
        token_hash="0" * 64,
        parcel_filter={"search": "Jan"},
        created_at=now,
        expires_at=now + timedelta(minutes=5),
    )
    await models.ExternalIdentity.create(user_id=agent.id, identity_hash="3" * 64, created_at=now)
    await models.SpentOnce.create(used_hash="4" * 64, expires_at=now)
    await models.Session.create(user_id=merchant.owner.id, token_hash="1" * 64, created_at=now, expires_at=now + timedelta(hours=12))
    await token_of(agent)
    await models.SignInAttempts.create(subject="2" * 64, window_started_at=now, attempts=3)
    await models.Change.create(topic="consent", account_id=merchant.id)
    event = await models.OutboxEvent.create(account_id=merchant.id, kind=Happening.CLAIM_TAKEN, subject_id=claim, at=now)
    await models.OutboxDelivery.create(
        event_id=event.id, account_id=merchant.id, channel=Channel.EMAIL, recipient_id=merchant.owner.id, state=DeliveryState.WAITING, due_at=now
    )
    await models.WebhookSecret.create(account_id=merchant.id, secret="whsec_" + "c" * 44, created_at=now)
    await documents.prepare()
    await models.AccessEvent.create(
        at=now, agent_id=agent.id, account_id=merchant.id, action=Action.VIEW_PERSONAL_DATA, basis=Basis.CONSENT, request_id=str(new_id())
    )
    email = (await tables.fetch("SELECT email FROM users WHERE id = :id", id=merchant.owner.id))[0]["email"]
    platform_id = (await tables.fetch("SELECT platform_id FROM parcels WHERE id = :id", id=parcel.id))[0]["platform_id"]
    return Filled(merchant, parcel, email, platform_id)


async def test_the_models_and_the_migrations_agree(database_url: str) -> None:
    """Changing a model without a migration fails here: `tortoise makemigrations`, and read what it wrote."""
    given = tables.config(database_url)
    await Tortoise.init(config=given, init_connections=False)
    try:
        found = await MigrationAutodetector(Tortoise.apps, given["apps"]).changes()
    finally:
        await close_database()
    operations = [operation for writer in found for operation in writer.operations]
    assert [operation.describe() for operation in operations if not isinstance(operation, AlterModelOptions)] == []


async def test_every_table_is_filled_and_every_model_has_its_table(database: str) -> None:
    await fill()
    found = await rows()
    assert [table for table, there in found.items() if not there] == []
    assert set(found) == {model._meta.db_table for model in Tortoise.apps["models"].values()}


async def test_both_databases_have_the_same_shape(migrated: dict[str, str]) -> None:
    shapes = []
    for url in migrated.values():
        await open_database(url)
        shapes.append(await shape())
        await close_database()
    lite, postgres = (replaced_bookkeeping(each) for each in shapes)
    assert lite.columns == postgres.columns
    assert lite.indexes == postgres.indexes
    assert lite.foreign == postgres.foreign
    assert lite.checks == postgres.checks


def replaced_bookkeeping(found: Shape) -> Shape:
    """Without Tortoise's own table."""
    kept = {table: columns for table, columns in found.columns.items() if table != "tortoise_migrations"}
    return Shape(kept, frozenset(index for index in found.indexes if index[0] in kept), found.foreign, found.checks)


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("parcels", ("account_id", "created_at", "id")),
        ("claims", ("account_id", "opened_at", "id")),
        ("consents", ("account_id", "granted_at", "id")),
        ("access_log", ("account_id", "at", "id")),
        ("accounts", ("created_at", "id")),
    ],
)
async def test_each_paged_list_has_its_index(database: str, table: str, columns: tuple[str, ...]) -> None:
    assert (table, columns, False) in (await shape()).indexes


async def test_down_to_nothing_and_up_again(database_url: str) -> None:
    await open_database(database_url)
    await fill()
    before = await shape()
    await close_database()
    await migrate(database_url, "__first__")
    await open_database(database_url)
    assert set((await shape()).columns) == {"tortoise_migrations"}
    assert not await tables.is_current()
    await close_database()
    await migrate(database_url)
    await open_database(database_url)
    assert await shape() == before
    assert await tables.is_current()
    await fill()
    await close_database()


async def test_migrating_again_does_nothing(database_url: str) -> None:
    await open_database(database_url)
    await fill()
    before = await rows()
    await close_database()
    await migrate(database_url)
    await open_database(database_url)
    assert await rows() == before
    await close_database()


NEXT = f'''
from tortoise import migrations, fields
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint
from models.enums import ParcelStatus
from policy.vocabulary import MerchantRole


class Migration(migrations.Migration):
    dependencies = [("models", "{LAST}")]
    operations = [
        ops.AddField("Parcel", "colour", fields.CharField(null=True, max_length=16)),
        ops.AddField("Claim", "urgency", fields.IntField(db_default=2)),
        ops.AlterField("Account", "company_name", fields.CharField(max_length=300)),
        ops.AlterField("Parcel", "carrier", fields.CharField(null=True, max_length=80)),
        ops.AlterField("ParcelEvent", "location", fields.CharField(null=True, max_length=300)),
        ops.AlterField("ParcelPersonalData", "city", fields.CharField(null=True, max_length=300)),
        ops.AlterField("User", "name", fields.CharField(max_length=300)),
        ops.AlterField("Session", "token_hash", fields.CharField(unique=True, max_length=80)),
        ops.AddConstraint("Claim", CheckConstraint(name="claims_closed_after_opened", check="closed_at IS NULL OR closed_at >= opened_at")),
        ops.AddConstraint("Consent", CheckConstraint(name="consents_end_after_grant", check="ended_at IS NULL OR ended_at >= granted_at")),
        ops.RemoveField("DirectDebit", "bic"),
    ]
'''


@pytest.fixture
def with_a_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A package of our migrations and one after the last: it changes tables that have rows, indexes, constraints and children."""
    package = tmp_path / "migrations_and_a_next"
    shutil.copytree(Path(models.__file__).parent / "migrations", package, ignore=shutil.ignore_patterns("__pycache__"))
    (package / "9999_next.py").write_text(NEXT)
    monkeypatch.syspath_prepend(tmp_path)
    yield package.name
    for name in [name for name in sys.modules if name.split(".")[0] == package.name]:
        del sys.modules[name]


async def test_a_next_migration_loses_nothing_of_a_filled_database(database_url: str, with_a_next: str) -> None:
    await open_database(database_url)
    there = await fill()
    shape_before, rows_before = await shape(), await rows()
    await close_database()

    await migrate(database_url, package=with_a_next)
    await open_database(database_url)
    shape_after, rows_after = await shape(), await rows()
    assert {table: len(found) for table, found in rows_after.items()} == {table: len(found) for table, found in rows_before.items()}
    assert without(rows_after, "colour", "urgency") == without(rows_before)
    assert {row["urgency"] for row in rows_after["claims"]} == {"2"}
    assert {row["colour"] for row in rows_after["parcels"]} == {"None"}
    expected = {table: dict(columns) for table, columns in shape_before.columns.items()}
    expected["parcels"]["colour"], expected["claims"]["urgency"] = True, False
    del expected["direct_debits"]["bic"]
    assert shape_after.columns == expected
    assert shape_after.indexes == shape_before.indexes
    assert shape_after.foreign == shape_before.foreign
    assert shape_after.checks == shape_before.checks | {("claims", "claims_closed_after_opened"), ("consents", "consents_end_after_grant")}
    await assert_held(there)
    await close_database()

    await migrate(database_url, LAST, package=with_a_next)
    await open_database(database_url)
    shape_back, rows_back = await shape(), await rows()
    assert {table: set(columns) for table, columns in shape_back.columns.items()} == {
        table: set(columns) for table, columns in shape_before.columns.items()
    }
    assert (shape_back.indexes, shape_back.foreign, shape_back.checks) == (shape_before.indexes, shape_before.foreign, shape_before.checks)
    assert without(rows_back, "colour") == without(rows_before)
    await assert_held(there)
    await close_database()


def without(found: dict[str, list[dict[str, str]]], *columns: str) -> dict[str, list[dict[str, str]]]:
    """The rows without some columns, and without the one that the next migration takes out."""
    return {
        table: [{name: value for name, value in row.items() if name not in columns and (table, name) != ("direct_debits", "bic")} for row in there]
        for table, there in found.items()
    }


async def assert_held(there: Filled) -> None:
    """Each of the rules below still holds."""
    for statement, params in BROKEN.values():
        with pytest.raises(IntegrityError):
            await tables.execute(statement, **filled_in(params, there))


_CONSENT = """INSERT INTO consents (id, account_id, live_for, duration, granted_by_id, granted_at, expires_at, ended_at, ended_as)
VALUES (:id, :account, :live_for, 'ONE_HOUR', :owner, :now, :expires_at, :ended_at, :ended_as)"""
_USER = """INSERT INTO users (id, account_id, kind, role, email, name, locale, created_at)
VALUES (:id, :account, :kind, :role, :email, 'X', 'en', :now)"""
_PARCEL = """INSERT INTO parcels (id, account_id, platform_id, status, direction, collo_number, collo_count, created_at, updated_at)
VALUES (:id, :account, :platform_id, 'DELIVERED', 'OUTGOING', 1, 1, :now, :now)"""
_EVENT_AGAIN = """INSERT INTO parcel_events (id, account_id, parcel_id, status, occurred_at)
SELECT :id, account_id, parcel_id, status, occurred_at FROM parcel_events WHERE parcel_id = :parcel"""
_SESSION_AGAIN = """INSERT INTO sessions (id, user_id, token_hash, created_at, expires_at)
SELECT :id, user_id, token_hash, created_at, expires_at FROM sessions"""

#: Each breaks one rule. `account`, `owner` and so on are filled in; None stands for NULL.
BROKEN: dict[str, tuple[str, dict[str, Any]]] = {
    "a-second-live-consent": (_CONSENT, {"live_for": "account", "ended_at": None, "ended_as": None}),
    "live-for-another-account": (_CONSENT, {"live_for": "id", "ended_at": None, "ended_as": None}),
    "live-for-nobody": (_CONSENT, {"live_for": None, "ended_at": None, "ended_as": None}),
    "live-and-ended": (_CONSENT, {"live_for": "account", "ended_at": "now", "ended_as": "REVOKED"}),
    "ended-and-not-as-what": (_CONSENT, {"live_for": None, "ended_at": "now", "ended_as": None}),
    "not-ended-and-as-what": (_CONSENT, {"live_for": None, "ended_at": None, "ended_as": "REVOKED"}),
    "over-when-it-begins": (_CONSENT, {"live_for": None, "ended_at": "now", "ended_as": "REVOKED", "expires_at": "now"}),
    "a-consent-of-no-account": (_CONSENT, {"account": "id", "live_for": None, "ended_at": "now", "ended_as": "REVOKED"}),
    "a-consent-by-nobody": (_CONSENT, {"owner": "id", "live_for": None, "ended_at": "now", "ended_as": "REVOKED"}),
    "an-agent-with-an-account": (_USER, {"kind": "AGENT", "role": "OWNER"}),
    "an-agent-with-a-role": (_USER, {"kind": "AGENT", "account": None, "role": "OWNER"}),
    "a-merchant-without-an-account": (_USER, {"kind": "MERCHANT", "account": None, "role": None}),
    "a-merchant-without-a-role": (_USER, {"kind": "MERCHANT", "role": None}),
    "an-email-twice": (_USER, {"kind": "MERCHANT", "role": "OWNER", "email": "owners"}),
    "a-user-of-no-account": (_USER, {"kind": "MERCHANT", "role": "OWNER", "account": "id"}),
    "a-platform-s-parcel-twice": (_PARCEL, {"platform_id": "platform_id"}),
    "a-parcel-of-no-account": (_PARCEL, {"account": "id", "platform_id": None}),
    "an-event-twice": (_EVENT_AGAIN, {}),
    "a-session-twice": (_SESSION_AGAIN, {}),
    "an-account-deleted-with-parcels": ("DELETE FROM accounts WHERE id = :account", {}),
    "a-parcel-deleted-with-personal-data": ("DELETE FROM parcels WHERE id = :parcel", {}),
    "a-claim-deleted-with-what-was-written": ("DELETE FROM claims WHERE parcel_id = :parcel", {}),
    "a-user-deleted-who-granted": ("DELETE FROM users WHERE id = :owner", {}),
    "personal-data-of-no-parcel": (
        "INSERT INTO parcel_personal_data (parcel_id, account_id, version, items, documents) VALUES (:id, :account, 1, '[]', '[]')",
        {},
    ),
}


def filled_in(params: dict[str, Any], there: Filled) -> dict[str, Any]:
    now = tables.utc_now()
    known = {
        "id": new_id(),
        "account": there.merchant.id,
        "owner": there.merchant.owner.id,
        "parcel": there.parcel.id,
        "now": now,
        "expires_at": now + timedelta(hours=1),
        "email": "another@example.com",
        "owners": there.owners_email,
        "platform_id": there.platform_id,
    }
    return known | {name: known.get(value, value) if isinstance(value, str) else value for name, value in params.items()}


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
async def filled(
    request: pytest.FixtureRequest, postgres: Postgres, migrated: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Filled]:
    """A filled database of each engine, which nobody has open, and who is in it. What fails leaves it as it is."""
    if request.param == "sqlite":
        file = tmp_path_factory.mktemp("filled") / "filled.sqlite3"
        url = f"sqlite://{shutil.copyfile(migrated['sqlite'].removeprefix('sqlite://'), file)}"
    else:
        url = await postgres.create_database(template=migrated["postgres"])
    await open_database(url)
    there = await fill()
    await close_database()
    return url, there


@pytest.mark.parametrize("rule", BROKEN)
async def test_a_rule_holds_when_it_is_broken(filled: tuple[str, Filled], rule: str) -> None:
    url, there = filled
    statement, params = BROKEN[rule]
    await open_database(url)
    with pytest.raises(IntegrityError):
        await tables.execute(statement, **filled_in(params, there))
