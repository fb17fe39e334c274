"""What is given up halfway, at whatever moment, holds up nobody after it, and loses nothing of theirs."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import asyncpg
import pytest

from models import database as db
from models.connections import PostgresClient
from tests.builders import a_merchant

#: More than a pool has connections.
TIMES = 30


async def _transaction(account: object) -> None:
    async with db.transaction():
        await db.execute("UPDATE accounts SET country = 'BE' WHERE id = :id", id=account)
        await db.clock()


async def _taken_back(account: object) -> None:
    async with db.transaction():
        await db.execute("UPDATE accounts SET company_name = 'never' WHERE id = :id", id=account)
        raise ZeroDivisionError


@pytest.mark.usefixtures("database")
async def test_a_transaction_given_up_at_any_moment_is_rolled_back_or_done_and_the_next_one_works() -> None:
    merchant = await a_merchant()
    for turn in range(TIMES):
        given_up = asyncio.create_task(_transaction(merchant.id))
        await asyncio.sleep(turn * 0.0002)
        given_up.cancel()
        with suppress(asyncio.CancelledError):
            await given_up
        async with asyncio.timeout(5):
            await db.execute("UPDATE accounts SET company_name = :name WHERE id = :id", name=f"Turn {turn}", id=merchant.id)
            with pytest.raises(ZeroDivisionError):
                await _taken_back(merchant.id)  # what was written before stood in no transaction, or this would take it back
            rows = await db.fetch("SELECT company_name FROM accounts WHERE id = :id", id=merchant.id)
        assert [dict(row) for row in rows] == [{"company_name": f"Turn {turn}"}]


async def _backends() -> set[int]:
    """Those that answer when five ask at the same time."""
    asked = (db.fetch("SELECT pg_backend_pid() AS backend, pg_sleep(0.05)") for _ in range(5))
    return {rows[0]["backend"] for rows in await asyncio.gather(*asked)}


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
@pytest.mark.parametrize("failed", [TimeoutError(), asyncpg.ConnectionDoesNotExistError(), asyncpg.AdminShutdownError(), asyncio.CancelledError()])
async def test_a_connection_that_nobody_answered_on_is_not_used_again_nor_are_those_beside_it(database: str, failed: BaseException) -> None:
    client = db.current()
    assert isinstance(client, PostgresClient)
    before = await _backends()
    loan = await client.lend()
    await client.take_back(loan, failed)
    assert before.isdisjoint(await _backends())


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
async def test_one_on_which_the_database_said_no_is_used_again(database: str) -> None:
    client = db.current()
    assert isinstance(client, PostgresClient)
    before = await _backends()
    for no in (asyncpg.UniqueViolationError(), ZeroDivisionError()):
        await client.take_back(await client.lend(), no)
    assert before == await _backends()
