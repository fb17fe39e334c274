"""What grows is kept as long as was said, and no day longer; what is not old enough stays as it is."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

import models
from models import database as db
from models.classified import declared_columns
from policy.vocabulary import Action, Basis, ConsentState, Viewer
from resolvers import accounts, retention
from resolvers.gate import Gate
from resolvers.ledger import Request
from resolvers.retention import Keeping
from tests.builders import Merchant, a_claim, a_consent, a_merchant, a_parcel, an_agent
from tests.serving import session_of, token_of
from tests.test_cli import a_runner, assert_failed, opened

KEEPING = Keeping(access_log=100, history=200, sessions=10)
DAY = timedelta(days=1)
_numbers = itertools.count(1)


def key_of(at: datetime) -> UUID:
    """A UUIDv7 made at that instant."""
    return UUID(int=retention._first_key(at).int + next(_numbers))


async def a_look(merchant: Merchant, agent: Viewer, days: float) -> UUID:
    """A row of the access log, so many days old."""
    at = await db.clock() - days * DAY
    made = await models.AccessEvent.create(
        id=key_of(at),
        at=at,
        agent_id=agent.id,
        account_id=merchant.id,
        action=Action.VIEW_PERSONAL_DATA,
        basis=Basis.CONSENT,
        request_id="r",
    )
    return made.id


async def everything() -> dict[str, list[Any]]:
    """All rows, by table."""
    return {table: sorted(map(str, await db.fetch(f"SELECT * FROM {table}"))) for table in declared_columns()}


async def test_the_log_is_kept_to_the_day(database: str) -> None:
    merchant, agent = await a_merchant(), await an_agent()
    await a_look(merchant, agent, 100.01)
    await a_look(merchant, agent, 400)
    kept = {await a_look(merchant, agent, days) for days in (0, 1, 99.99)}
    assert (await retention.forget(KEEPING))["access_log"] == 2
    assert {event.id for event in await models.AccessEvent.all()} == kept


async def test_a_server_whose_clock_is_off_has_its_rows_kept_longer_never_shorter(database: str) -> None:
    """The key is of that server's clock, the instant of the database's."""
    merchant, agent = await a_merchant(), await an_agent()
    for key_days, days in ((101, 99), (99, 101)):
        looked = await models.AccessEvent.get(id=await a_look(merchant, agent, days))
        await db.execute("UPDATE access_log SET id = :key WHERE id = :id", key=key_of(await db.clock() - key_days * DAY), id=looked.id)
    assert (await retention.forget(KEEPING))["access_log"] == 0


async def test_it_goes_batch_by_batch(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", dict.fromkeys(db.Engine, 3))
    merchant, agent = await a_merchant(), await an_agent()
    for days in range(101, 111):
        await a_look(merchant, agent, days)
    kept = await a_look(merchant, agent, 1)
    assert (await retention.forget(KEEPING))["access_log"] == 10
    assert [event.id for event in await models.AccessEvent.all()] == [kept]


async def test_what_a_stopped_run_leaves_the_next_one_forgets(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", dict.fromkeys(db.Engine, 1))
    merchant, agent = await a_merchant(), await an_agent()
    for days in range(101, 141):
        await a_look(merchant, agent, days)
    running = asyncio.create_task(retention.forget(KEEPING))
    while await models.AccessEvent.all().count() > 35:  # noqa: ASYNC110 (it tells nobody how far it is)
        await asyncio.sleep(0)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    left = await models.AccessEvent.all().count()
    assert (await retention.forget(KEEPING))["access_log"] == left
    assert await models.AccessEvent.all().count() == 0


async def test_ended_sessions_and_tokens_go_and_those_that_hold_stay(database: str) -> None:
    merchant = await a_merchant()
    for _ in range(3):
        await session_of(merchant.owner)
        await token_of(merchant.owner)
    now = await db.clock()
    for table in ("sessions", "tokens"):
        first, second, third = [row["id"] for row in await db.fetch(f"SELECT id FROM {table} ORDER BY id")]
        await db.execute(f"UPDATE {table} SET ended_at = :at WHERE id = :id", at=now - 11 * DAY, id=first)
        await db.execute(f"UPDATE {table} SET expires_at = :at WHERE id = :id", at=now - 11 * DAY, id=second)
        await db.execute(f"UPDATE {table} SET ended_at = :at WHERE id = :id", at=now - 9 * DAY, id=third)
    counts = await retention.forget(KEEPING)
    assert (counts["sessions"], counts["tokens"]) == (2, 2)
    await session_of(merchant.owner)  # one that holds
    assert (await retention.forget(KEEPING))["sessions"] == 0


async def test_consents_that_ended_long_ago_go_open_ones_never(database: str) -> None:
    merchant, other = await a_merchant(), await a_merchant()
    old = await a_consent(merchant, ConsentState.REVOKED)
    recent = await a_consent(merchant, ConsentState.REPLACED)
    ran_out = await a_consent(merchant, ConsentState.EXPIRED)  # nobody closed it
    live = await a_consent(other)
    long_ago = await db.clock() - 201 * DAY
    await db.execute("UPDATE consents SET granted_at = :at, expires_at = :at2 WHERE id IN :ids", at=long_ago - DAY, at2=long_ago, ids=[old, ran_out])
    await db.execute("UPDATE consents SET ended_at = :at WHERE id = :id", at=long_ago, id=old)
    await db.execute("UPDATE consents SET granted_at = :at WHERE id = :id", at=long_ago, id=live)  # long ago, and open still
    assert (await retention.forget(KEEPING))["consents"] == 2
    assert {consent.id for consent in await models.Consent.all()} == {recent, live}
    await a_consent(merchant)  # nothing of the old stands in its way


async def a_full_merchant(agent: Viewer) -> Merchant:
    """One with a row in every table that belongs to an account."""
    merchant = await a_merchant()
    parcel = await a_parcel(merchant)
    claim = await a_claim(parcel, filed_by=merchant.owner)
    now = await db.clock()
    entry = await models.InvestigationEntry.create(account_id=merchant.id, claim_id=claim, at=now, by_id=agent.id, kind="NOTE")
    await models.InvestigationPersonalData.create(entry_id=entry.id, account_id=merchant.id, note="Called Jan")
    await models.Integration.create(account_id=merchant.id, name="Sendcloud", secret="s", created_at=now)
    await models.ParcelFile.create(account_id=merchant.id, parcel_id=parcel.id, media_type="application/pdf", content=b"%PDF")
    await a_consent(merchant)
    await session_of(merchant.owner)
    return merchant


async def test_of_an_account_deleted_long_ago_only_numbers_are_left(database: str) -> None:
    agent = await an_agent()
    merchant, other = await a_full_merchant(agent), await a_full_merchant(agent)
    await accounts.delete(Gate(merchant.owner, Request("r")), merchant.id, merchant.company_name)
    deleted = await everything()
    assert set((await retention.forget(KEEPING)).values()) == {0}
    assert await everything() == deleted

    long_ago = await db.clock() - 201 * DAY
    await db.execute("UPDATE accounts SET deleted_at = :at WHERE id = :id", at=long_ago, id=merchant.id)
    await db.execute(
        "UPDATE consents SET granted_at = :before, expires_at = :at, ended_at = :at WHERE account_id = :id",
        before=long_ago - DAY,
        at=long_ago,
        id=merchant.id,
    )
    counted = await retention.due(KEEPING)
    assert await retention.forget(KEEPING) == counted
    assert {"users": 3, "accounts": 1, "claims": 1, "parcels": 1, "consents": 1, "investigation_entries": 1}.items() <= counted.items()
    left = {table for table, columns in declared_columns().items() if "account_id" in columns and await _of(table, merchant)}
    assert left - {"changes"} == {"users"}, "SQLite's newest changes hold ids"
    assert {(user.name, user.email) for user in await models.User.filter(account_id=merchant.id)} == {
        ("", f"{user.id}@deleted.invalid") for user in (merchant.owner, merchant.admin, merchant.member)
    }
    assert (await models.Account.get(id=merchant.id)).company_name == ""
    assert set((await retention.forget(KEEPING)).values()) == {0}, "nothing is forgotten twice"

    stays = {table: await _of(table, other) for table, columns in declared_columns().items() if "account_id" in columns}
    assert {table for table, rows in stays.items() if rows} >= {"parcels", "parcel_personal_data", "claims", "consents", "integrations", "users"}


async def _of(table: str, merchant: Merchant) -> list[db.Row]:
    return await db.fetch(f"SELECT account_id FROM {table} WHERE account_id = :id", id=merchant.id)


async def test_counting_changes_nothing(database: str) -> None:
    merchant, agent = await a_merchant(), await an_agent()
    await a_look(merchant, agent, 101)
    before = await everything()
    assert (await retention.due(KEEPING))["access_log"] == 1
    assert await everything() == before


def test_the_log_names_no_consent_that_is_forgotten() -> None:
    with pytest.raises(ValueError, match="LATCHKEY_KEEP_HISTORY_DAYS must not be less than LATCHKEY_KEEP_ACCESS_LOG_DAYS"):
        Keeping(access_log=2, history=1, sessions=1)


async def test_the_command(database_url: str) -> None:
    async with opened(database_url):
        await a_look(await a_merchant(), await an_agent(), 101)
    run = a_runner(database_url)
    for arguments, count in ((["--dry-run"], 1), ([], 1), ([], 0)):
        result = await run("retention", *arguments, keep_access_log_days="100")
        assert (result.exit_code, json.loads(result.stdout)["access_log"]) == (0, count), result.output
    result = await run("retention", keep_access_log_days="100", keep_history_days="99")
    assert_failed(result, "LATCHKEY_KEEP_HISTORY_DAYS must not be less than LATCHKEY_KEEP_ACCESS_LOG_DAYS: the log names consents")


async def test_the_page_says_of_every_table_how_long(database: str) -> None:
    """A table that is added has to say how long its rows are kept."""
    page = (Path(__file__).parents[2] / "docs" / "operations" / "retention.md").read_text()
    named = {name for line in page.splitlines() if line.startswith("| `") for name in re.findall(r"`(\w+)`", line.split("|")[1])}
    assert named == declared_columns().keys()
