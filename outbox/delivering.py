"""What a server does for its outbox: now and then, and whenever it hears of a change, it delivers what is due. Any number of servers may."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import Self

import structlog
from prometheus_client import Counter

from models.enums import Channel, DeliveryState
from outbox import deliveries
from outbox.deliveries import Delivery, Undelivered
from outbox.following import follow
from outbox.letters import Letterhead, letter
from outbox.mail import Mail, MailServer
from outbox.webhooks import Webhooks, post
from resolvers import outbox
from resolvers.live import MISSED, Change, Changes

POLL_SECONDS = 5
LAST_SECONDS = 1.0  # what is being sent when the server stops may take so long, so that it is not sent again
AT_ONCE = 10

log = structlog.get_logger(__name__)
messages = Counter("latchkey_messages", "Attempts to tell a merchant something.", ["channel", "outcome"])
for _channel in Channel:
    for _outcome in ("delivered", "failed", "parked", "dropped"):
        messages.labels(_channel, _outcome)  # a rise from nothing is none


async def _all(work: Iterable[Coroutine[None, None, None]]) -> None:
    """Do all of it at once, each to its end. Raises the first of what went wrong."""
    for error in await asyncio.gather(*work, return_exceptions=True):
        if error is not None:
            raise error


@dataclass(frozen=True, slots=True)
class Deliverer:
    """The ways there are: e-mail (with what all of them share) and webhooks. A way that is None is not used."""

    mail: Mail | None
    head: Letterhead
    webhooks: Webhooks | None

    @property
    def channels(self) -> frozenset[Channel]:
        """The ways there are."""
        return frozenset({Channel.EMAIL} if self.mail else ()) | frozenset({Channel.WEBHOOK} if self.webhooks else ())

    @classmethod
    def of(cls, *, on: bool, smtp_url: str | None, sender: str, panel: str) -> Self | None:
        """The ways the settings give, or None where merchants are not told. Raises ValueError, which says what to set."""
        if not on:
            return None
        if smtp_url is not None and not sender:
            raise ValueError("LATCHKEY_MESSAGES_FROM must be the address e-mails are from, where LATCHKEY_SMTP_URL is set")
        try:
            mail = None if smtp_url is None else Mail(MailServer.of(smtp_url))
        except ValueError as wrong:
            raise ValueError(f"LATCHKEY_SMTP_URL {wrong}") from None
        return cls(mail, Letterhead(sender, panel), Webhooks())

    async def run_once(self, stopping: asyncio.Event | None = None, *, following: bool = True) -> int:
        """Follow consents, spread events, and deliver until nothing is due, or we are stopping; how many were tried."""
        if following:
            with _logged("following failed"):  # what is written down already need not wait for it
                await follow()
        while await deliveries.spread(self.channels):
            pass
        tried = 0
        while not (stopping and stopping.is_set()) and (taken := await deliveries.take(self.channels, AT_ONCE)):
            await _all(self._deliver(each) for each in taken)
            tried += len(taken)
        return tried

    async def _deliver(self, delivery: Delivery) -> None:
        """Try one. That it was sent and that it is marked as sent are two things: who dies in between has it sent twice, as the same message."""
        try:
            sent = await self._sent(delivery)
        except Exception as error:  # noqa: BLE001 (one message must not stop the others; what went wrong may quote an address)
            why = error if isinstance(error, Undelivered) else Undelivered(type(error).__name__)
            state = await deliveries.failed(delivery, why)
            outcome = "parked" if state is DeliveryState.PARKED else "failed"
            log.warning(
                "not delivered", delivery=str(delivery.id), channel=delivery.channel, attempt=delivery.attempts, outcome=outcome, problem=why.problem
            )
        else:
            await (deliveries.delivered(delivery) if sent else deliveries.dropped(delivery))
            outcome = "delivered" if sent else "dropped"
        messages.labels(delivery.channel, outcome).inc()

    async def _sent(self, delivery: Delivery) -> bool:
        """Send it; False if nobody may be told any more. Raises Undelivered, and whatever the database raises."""
        if delivery.attempts > deliveries.MOST_ATTEMPTS:
            raise Undelivered("NobodyLived", for_good=True)  # every process that tried it died
        if delivery.channel is Channel.EMAIL:
            message = await letter(delivery, self.head)
            if message is not None and self.mail is not None:
                await self.mail.send(message)
            return message is not None
        given = await post(delivery)
        if given is not None and self.webhooks is not None:
            await self.webhooks.send(given)
        return given is not None


@asynccontextmanager
async def delivering(deliverer: Deliverer | None, changes: Changes) -> AsyncIterator[None]:
    """While this lasts merchants are told; with None they are not, and nothing is written for them."""
    outbox.switch(on=deliverer is not None)
    stopping = asyncio.Event()
    task = asyncio.create_task(_deliver_for_ever(deliverer, changes, stopping)) if deliverer is not None else None
    try:
        yield
    finally:
        outbox.switch(on=False)
        stopping.set()
        if task is not None:
            await asyncio.wait({task}, timeout=0 if task.done() else LAST_SECONDS)
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def _deliver_for_ever(deliverer: Deliverer, changes: Changes, stopping: asyncio.Event) -> None:
    clock = asyncio.get_running_loop()
    follow_at = clock.time()
    async with changes.heard(_may_concern) as queue:
        while not stopping.is_set():
            now = clock.time()
            with _logged("delivering failed"):
                await deliverer.run_once(stopping, following=now >= follow_at)
            if now >= follow_at:
                follow_at = now + POLL_SECONDS
            await _next(queue, stopping)


@contextmanager
def _logged(what: str) -> Iterator[None]:
    """What goes wrong inside is logged by its name (its text may hold what it is about), and tried again the next time."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 (the database may be away, and will be back)
        log.warning(what, error=type(error).__name__)


async def _next(queue: asyncio.Queue[Change], stopping: asyncio.Event) -> None:
    """Wait for a change, the end, or POLL_SECONDS. What else was heard meanwhile is the same news."""
    waits = {asyncio.create_task(queue.get()), asyncio.create_task(stopping.wait())}
    try:
        await asyncio.wait(waits, timeout=POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waits:
            each.cancel()
    while not queue.empty():
        queue.get_nowait()


def _may_concern(change: Change) -> bool:
    return change is MISSED or change.topic in {"consent", "claim"}
