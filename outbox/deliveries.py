"""Who is told of what, by which process, and when it is tried again.

A delivery is leased by moving its `due_at` ahead, in one UPDATE: a process that dies in between is followed by another when that passes.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from models import database
from models.database import Engine
from models.enums import Channel, DeliveryState, Happening
from models.fields import new_id, oldest_id

#: Longer than anything a delivery waits for: outbox.mail and outbox.webhooks give up before.
LEASE = timedelta(minutes=3)
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=6)
MOST_ATTEMPTS = 12
#: What is newer waits for what is older to the same recipient, while that was tried fewer times than this.
IN_ORDER_FOR = 4
KEPT = timedelta(days=30)
PARKED_KEPT = timedelta(days=90)

# Spreading: from an event to its deliveries. Owners and admins hear of all, and who filed a claim hears of that claim.
_EVENTS = "SELECT id, account_id, kind, subject_id FROM outbox_events WHERE spread_at IS NULL ORDER BY id LIMIT 100"
_RECIPIENTS = """
SELECT u.id FROM users u JOIN accounts a ON a.id = u.account_id AND a.deleted_at IS NULL
WHERE u.account_id = :account AND u.deactivated_at IS NULL
  AND (u.role IN ('OWNER', 'ADMIN') OR u.id = (SELECT k.filed_by_id FROM claims k WHERE k.id = :subject))
ORDER BY u.id"""
_HAS_WEBHOOK = """
SELECT 1 AS one FROM account_personal_data d WHERE d.account_id = :account AND d.webhook_url IS NOT NULL
  AND EXISTS (SELECT 1 FROM webhook_secrets s WHERE s.account_id = d.account_id AND (s.ends_at IS NULL OR s.ends_at > {now}))"""


async def spread(channels: frozenset[Channel]) -> int:
    """Make the deliveries of the events that have none yet, by these channels; how many events there were."""
    events = await database.fetch(_EVENTS)
    for event in events:
        await _spread(database.uuid(event["id"]), database.uuid(event["account_id"]), database.uuid(event["subject_id"]), channels)
    return len(events)


async def _spread(event: UUID, account: UUID, subject: UUID, channels: frozenset[Channel]) -> None:
    async with database.transaction():
        if not await database.execute("UPDATE outbox_events SET spread_at = {now} WHERE id = :id AND spread_at IS NULL", id=event):
            return  # another process was quicker
        recipients: list[tuple[Channel, UUID]] = []
        if Channel.EMAIL in channels:
            recipients += [(Channel.EMAIL, database.uuid(row["id"])) for row in await database.fetch(_RECIPIENTS, account=account, subject=subject)]
        if Channel.WEBHOOK in channels and await database.fetch(_HAS_WEBHOOK, account=account):
            recipients.append((Channel.WEBHOOK, account))
        for channel, recipient in recipients:
            await database.execute(
                """INSERT INTO outbox_deliveries (id, event_id, account_id, channel, recipient_id, state, attempts, due_at)
                VALUES (:id, :event, :account, :channel, :recipient, 'WAITING', 0, {now})""",
                id=new_id(),
                event=event,
                account=account,
                channel=channel,
                recipient=recipient,
            )


# Taking: a process leases what is due.


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to be tried, the `attempts`th time. Who has it may settle it, unless it was taken again meanwhile."""

    id: UUID
    event_id: UUID
    account_id: UUID
    channel: Channel
    recipient_id: UUID
    attempts: int
    kind: Happening
    subject_id: UUID
    detail: str | None
    at: datetime


_TAKE = """
UPDATE outbox_deliveries SET due_at = :until, attempts = attempts + 1 WHERE id IN (
    SELECT d.id FROM outbox_deliveries d
    WHERE d.due_at <= {{now}} AND d.channel IN :channels AND NOT EXISTS (
        SELECT 1 FROM outbox_deliveries e WHERE e.recipient_id = d.recipient_id AND e.due_at IS NOT NULL AND e.id < d.id AND e.attempts < :in_order)
    ORDER BY d.due_at, d.id LIMIT :most {skip})
RETURNING id"""
_TAKEN = """
SELECT d.id, d.event_id, d.account_id, d.channel, d.recipient_id, d.attempts, e.kind, e.subject_id, e.detail, e.at
FROM outbox_deliveries d JOIN outbox_events e ON e.id = d.event_id WHERE d.id IN :ids ORDER BY d.id"""


async def take(channels: frozenset[Channel], most: int) -> list[Delivery]:
    """Lease up to `most` deliveries that are due: for LEASE no other process gets them."""
    if not await database.fetch("SELECT 1 AS one FROM outbox_deliveries WHERE due_at <= {now} LIMIT 1"):
        return []  # an UPDATE of nothing would still wait for SQLite's other writers
    sql = _TAKE.format(skip="FOR UPDATE SKIP LOCKED" if database.engine() is Engine.POSTGRES else "")
    until = await database.clock() + LEASE
    taken = await database.fetch(sql, until=until, channels=sorted(channels), in_order=IN_ORDER_FOR, most=most)
    if not taken:
        return []
    rows = await database.fetch(_TAKEN, ids=[database.uuid(row["id"]) for row in taken])
    return [
        Delivery(
            id=database.uuid(row["id"]),
            event_id=database.uuid(row["event_id"]),
            account_id=database.uuid(row["account_id"]),
            channel=Channel(row["channel"]),
            recipient_id=database.uuid(row["recipient_id"]),
            attempts=row["attempts"],
            kind=Happening(row["kind"]),
            subject_id=database.uuid(row["subject_id"]),
            detail=row["detail"],
            at=database.moment(row["at"]),
        )
        for row in rows
    ]


# Settling: what became of it.


class Undelivered(Exception):
    """It was not delivered. `problem` is a code or a word of ours: what a server said, which may hold addresses, is not kept."""

    def __init__(self, problem: str, *, for_good: bool = False) -> None:
        super().__init__(problem)
        self.problem = problem[:64]
        self.for_good = for_good


async def delivered(delivery: Delivery) -> None:
    """It was taken by who it was for."""
    await _settle(delivery, DeliveryState.DELIVERED)


async def dropped(delivery: Delivery) -> None:
    """Who it was for may not be told any more."""
    await _settle(delivery, DeliveryState.DROPPED)


async def failed(delivery: Delivery, why: Undelivered) -> DeliveryState:
    """It is tried again later, or parked: after the last attempt, and at once when it was refused for good."""
    if why.for_good or delivery.attempts >= MOST_ATTEMPTS:
        await _settle(delivery, DeliveryState.PARKED, why.problem)
        return DeliveryState.PARKED
    await database.execute(
        "UPDATE outbox_deliveries SET due_at = :due, problem = :problem WHERE id = :id AND attempts = :attempts AND state = 'WAITING'",
        due=await database.clock() + pause(delivery.attempts),
        problem=why.problem,
        id=delivery.id,
        attempts=delivery.attempts,
    )
    return DeliveryState.WAITING


def pause(attempts: int) -> timedelta:
    """How long to wait after so many attempts: twice as long each time, and by chance up to half as much less or more."""
    seconds = min(FIRST_PAUSE.total_seconds() * 2.0 ** (attempts - 1), LONGEST_PAUSE.total_seconds())
    return timedelta(seconds=seconds * random.uniform(0.5, 1.5))  # noqa: S311 (so that not all come at once)


async def _settle(delivery: Delivery, state: DeliveryState, problem: str | None = None) -> None:
    await database.execute(
        """UPDATE outbox_deliveries SET state = :state, due_at = NULL, ended_at = {now}, problem = :problem
        WHERE id = :id AND attempts = :attempts AND state = 'WAITING'""",
        state=state,
        problem=problem,
        id=delivery.id,
        attempts=delivery.attempts,
    )


# Looking after it.


async def counts() -> dict[str, int]:
    """How many deliveries there are, by state."""
    rows = await database.fetch("SELECT state, COUNT(*) AS n FROM outbox_deliveries GROUP BY state")
    return {state: next((row["n"] for row in rows if row["state"] == state), 0) for state in DeliveryState}


@dataclass(frozen=True, slots=True)
class Listed:
    """A delivery as an operator sees it: no address."""

    id: UUID
    account_id: UUID
    channel: Channel
    kind: Happening
    state: DeliveryState
    attempts: int
    problem: str | None


async def troubled(most: int = 100) -> Sequence[Listed]:
    """What is parked, and what failed and is tried again; the newest first."""
    rows = await database.fetch(
        """SELECT d.id, d.account_id, d.channel, e.kind, d.state, d.attempts, d.problem
        FROM outbox_deliveries d JOIN outbox_events e ON e.id = d.event_id
        WHERE d.state = 'PARKED' OR (d.state = 'WAITING' AND d.problem IS NOT NULL) ORDER BY d.id DESC LIMIT :most""",
        most=most,
    )
    return [
        Listed(
            database.uuid(row["id"]),
            database.uuid(row["account_id"]),
            Channel(row["channel"]),
            Happening(row["kind"]),
            DeliveryState(row["state"]),
            row["attempts"],
            row["problem"],
        )
        for row in rows
    ]


async def retry(ids: Sequence[UUID] | None = None) -> int:
    """Try what is parked from the beginning: these, or all; how many that are."""
    return await database.execute(
        f"""UPDATE outbox_deliveries SET state = 'WAITING', due_at = {{now}}, ended_at = NULL, attempts = 0
        WHERE state = 'PARKED' {"" if ids is None else "AND id IN :ids"}""",
        **({} if ids is None else {"ids": list(ids)}),
    )


async def forget_old() -> None:
    """Remove what was delivered or dropped long ago, what was parked, or waits for nobody, longer ago, and events nobody needs for anything."""
    now = await database.clock()
    oldest = oldest_id(now - PARKED_KEPT)
    await database.execute("DELETE FROM outbox_deliveries WHERE state IN ('DELIVERED', 'DROPPED') AND ended_at <= :since", since=now - KEPT)
    await database.execute("DELETE FROM outbox_deliveries WHERE state = 'PARKED' AND ended_at <= :since", since=now - PARKED_KEPT)
    await database.execute("DELETE FROM outbox_deliveries WHERE state = 'WAITING' AND id < :oldest", oldest=oldest)
    await database.execute(
        """DELETE FROM outbox_events WHERE (spread_at <= :since OR id < :oldest) AND follows IS NULL
        AND NOT EXISTS (SELECT 1 FROM outbox_deliveries d WHERE d.event_id = outbox_events.id)
        AND NOT EXISTS (SELECT 1 FROM outbox_events g WHERE g.follows = outbox_events.subject_id)""",
        since=now - KEPT,
        oldest=oldest,
    )
