"""What nobody needs any more is forgotten, and nothing else."""

from datetime import timedelta

import models
from identity import attempts
from models import database as db
from models.fields import new_id
from resolvers import exports, live
from tests.builders import Merchant, a_merchant


async def _a_link(merchant: Merchant, *, used: bool = False, lasts: timedelta = timedelta(minutes=5)) -> None:
    now = await db.clock()
    key = new_id()
    await models.ExportLink.create(
        id=key,
        account_id=merchant.id,
        user_id=merchant.owner.id,
        token_hash=key.hex,
        parcel_filter={"search": "Bakker"},
        created_at=now,
        expires_at=now + lasts,
        used_at=now if used else None,
    )


async def test_links_that_were_used_or_ran_out_are_forgotten(database: str) -> None:
    merchant = await a_merchant()
    await _a_link(merchant)
    await _a_link(merchant, used=True)
    await _a_link(merchant, lasts=timedelta(seconds=-1))
    await exports.forget_old_links()
    assert await models.ExportLink.all().count() == 1


async def test_the_newest_changes_are_kept(database: str) -> None:
    for number in range(1005):
        await models.Change.create(topic=f"t{number}")
    await live.forget_old_changes()
    assert min(int(change.topic[1:]) for change in await models.Change.all()) == 5
    assert await models.Change.all().count() == 1000


async def test_attempts_within_their_window_are_kept(database: str) -> None:
    await attempts.require_attempt("somebody@example.com", "192.0.2.1")
    assert await attempts.forget_old() == 0
