"""What the database may take of one answer counts what is waited for it, and nothing else."""

from __future__ import annotations

import asyncio

import pytest

from models import database as db
from models.database import close_database, open_database

SECONDS = 2.0


@pytest.mark.parametrize("counts", [pytest.param(True, id="by-itself"), pytest.param(False, id="meanwhile")])
async def test_what_is_done_meanwhile_is_not_the_database_s(database_url: str, counts: bool) -> None:
    await open_database(database_url, seconds=SECONDS)
    try:
        with db.allowed():
            await db.clock()
            if counts:
                await asyncio.sleep(SECONDS)
                with pytest.raises(TimeoutError):
                    await db.clock()
            else:
                with db.meanwhile():
                    await asyncio.sleep(SECONDS)
                await db.clock()
    finally:
        await close_database()
