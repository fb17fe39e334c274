"""A delivery is one process's at a time, is tried again with longer and longer pauses, and is parked in the end: never lost, never forgotten."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

import models
from models import database as db
from models.enums import Channel, DeliveryState
from models.fields import new_id, oldest_id
from outbox import deliveries
from outbox.deliveries import LEASE, MOST_ATTEMPTS, Delivery, Undelivered
from policy.vocabulary import ConsentDuration
from resolvers import consents
from tests.builders import Merchant, a_merchant
from tests.outbox.receiving import gate_of

EMAIL = frozenset({Channel.EMAIL})
pytestmark = pytest.mark.usefixtures("told")


async def a_grant(merchant: Merchant) -> None:
    await consents.grant(gate_of(merchant.owner), merchant.id, ConsentDuration.ONE_HOUR)


async def later(by: timedelta = LEASE) -> None:
    """As if so much time had passed."""
    for row in await db.fetch("SELECT id, due_at FROM outbox_deliveries WHERE due_at IS NOT NULL"):
        await db.execute("UPDATE outbox_deliveries SET due_at = :due WHERE id = :id", due=db.moment(row["due_at"]) - by, id=db.uuid(row["id"]))


async def taken(most: int = 100) -> list[Delivery]:
    return await deliveries.take(EMAIL, most)


async def test_owner_and_admin_are_told_once_whoever_spreads(database: str) -> None:
    merchant = await a_merchant()
    await a_grant(merchant)
    await asyncio.gather(*(deliveries.spread(EMAIL) for _ in range(4)))
    assert {each.recipient_id for each in await taken()} == {merchant.owner.id, merchant.admin.id}
    assert (await deliveries.counts())["WAITING"] == 2


async def test_each_is_taken_by_one(database: str) -> None:
    for number in range(12):
        await a_grant(await a_merchant(f"Merchant {number}"))
    await deliveries.spread(EMAIL)
    found = await asyncio.gather(*(taken(3) for _ in range(10)))
    count = Counter(each.id for batch in found for each in batch)
    assert len(count) == 24
    assert set(count.values()) == {1}


async def test_what_a_process_died_over_is_anothers_after_the_lease(database: str) -> None:
    await a_grant(await a_merchant())
    await deliveries.spread(EMAIL)
    first = await taken()
    assert await taken() == []
    await later(LEASE - timedelta(seconds=30))
    assert await taken() == []
    await later(timedelta(seconds=31))
    second = await taken()
    assert {each.id for each in second} == {each.id for each in first}
    await deliveries.failed(first[0], Undelivered("SMTP 550", for_good=True))  # it was not dead, only slow: too late
    assert (await deliveries.counts())["WAITING"] == 2
    for each in second:
        await deliveries.delivered(each)
    await deliveries.failed(first[1], Undelivered("SMTP 451"))
    await deliveries.dropped(first[1])
    assert await deliveries.counts() == {"WAITING": 0, "DELIVERED": 2, "DROPPED": 0, "PARKED": 0}


async def test_one_recipients_messages_come_in_order_while_the_first_is_young(database: str) -> None:
    merchant = await a_merchant()
    await a_grant(merchant)
    await consents.revoke(gate_of(merchant.owner), merchant.id)
    await deliveries.spread(EMAIL)
    for _ in range(deliveries.IN_ORDER_FOR):
        tried = await taken()
        assert {each.kind for each in tried} == {"CONSENT_GRANTED"}
        for each in tried:
            await deliveries.failed(each, Undelivered("SMTP 451"))
        await later(timedelta(hours=12))
    assert {each.kind for each in await taken()} == {"CONSENT_GRANTED", "CONSENT_REVOKED"}


async def test_it_is_parked_after_the_last_attempt_and_listed_and_tried_anew_when_told_to(database: str) -> None:
    await a_grant(await a_merchant())
    await deliveries.spread(EMAIL)
    for attempt in range(1, MOST_ATTEMPTS + 1):
        tried = await taken()
        assert [each.attempts for each in tried] == [attempt] * 2
        states = {await deliveries.failed(each, Undelivered("SMTP 451")) for each in tried}
        assert states == {DeliveryState.PARKED if attempt == MOST_ATTEMPTS else DeliveryState.WAITING}
        await later(timedelta(hours=12))
    assert await taken() == []
    assert {(each.state, each.problem, each.attempts) for each in await deliveries.troubled()} == {("PARKED", "SMTP 451", MOST_ATTEMPTS)}
    assert await deliveries.retry() == 2
    assert [each.attempts for each in await taken()] == [1, 1]


async def test_pauses_double_and_differ_and_end_somewhere() -> None:
    for attempts in range(1, MOST_ATTEMPTS + 1):
        whole = min(30 * 2 ** (attempts - 1), 6 * 3600)
        found = {deliveries.pause(attempts).total_seconds() for _ in range(50)}
        assert len(found) > 1
        assert all(whole * 0.5 <= each <= whole * 1.5 for each in found)


async def test_what_nobody_came_for_is_forgotten_some_day(database: str) -> None:
    """As where merchants were told once, and are not any more."""
    at = await db.clock() - deliveries.PARKED_KEPT
    old, young = oldest_id(at - timedelta(days=1)), oldest_id(at + timedelta(days=1))
    merchant = await a_merchant()
    for key in (old, young):
        await models.OutboxEvent.create(id=key, account_id=merchant.id, kind="CLAIM_TAKEN", subject_id=new_id(), at=at)
        await models.OutboxDelivery.create(
            id=key, event_id=key, account_id=merchant.id, channel="EMAIL", recipient_id=merchant.owner.id, state="WAITING", due_at=at
        )
    await deliveries.forget_old()
    for table in ("outbox_deliveries", "outbox_events"):
        assert [db.uuid(row["id"]) for row in await db.fetch(f"SELECT id FROM {table}")] == [young], table


async def test_old_ones_are_forgotten_but_not_while_the_consent_is_followed(database: str) -> None:
    merchant = await a_merchant()
    await a_grant(merchant)
    await deliveries.spread(EMAIL)
    for each in await taken():
        await deliveries.delivered(each)
    long_ago = await db.clock() - timedelta(days=31)
    await db.execute("UPDATE outbox_deliveries SET ended_at = :at", at=long_ago)
    await db.execute("UPDATE outbox_events SET spread_at = :at", at=long_ago)
    await deliveries.forget_old()
    assert [len(await db.fetch(f"SELECT id FROM {table}")) for table in ("outbox_deliveries", "outbox_events")] == [0, 1]
    await db.execute("UPDATE outbox_events SET follows = NULL")
    await deliveries.forget_old()
    assert await db.fetch("SELECT id FROM outbox_events") == []
