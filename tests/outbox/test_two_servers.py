"""Server processes with an outbox, on one database: no message is doubled, and none is lost by a kill between sending it and noting that."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from models import database as db
from outbox import deliveries
from schema.ids import global_id
from tests.builders import Merchant, a_merchant
from tests.outbox.receiving import Mailbox, content_of
from tests.serving import Server, serving, token_of

GRANT = "mutation G($id: ID!) { grantConsent(input: {accountId: $id, duration: ONE_HOUR}) { consent { id } } }"
GENEROUS_SECONDS = 60


def a_server(url: str, folder: Path, box: Mailbox) -> Server:
    return Server(url, folder, smtp_url=f"smtp://127.0.0.1:{box.port}", messages_from="latchkey@example.com")


async def granted(server: Server, merchant: Merchant) -> None:
    answer = await server.ask(GRANT, {"id": global_id("Account", merchant.id)}, token=await token_of(merchant.owner))
    assert "errors" not in answer


async def delivered(many: int) -> None:
    """Wait until so many are marked as delivered."""
    async with asyncio.timeout(GENEROUS_SECONDS):
        while (await deliveries.counts())["DELIVERED"] < many:  # noqa: ASYNC110 (another process does it)
            await asyncio.sleep(0.05)


@pytest.mark.usefixtures("database")
async def test_each_message_is_sent_once_by_one_of_two(database_url: str, tmp_path: Path, mailbox: Mailbox) -> None:
    first, second = (a_server(database_url, tmp_path, mailbox) for _ in range(2))
    async with serving(first, second):
        merchants = [await a_merchant(f"Merchant {number}") for number in range(8)]
        await asyncio.gather(*(granted(server, each) for each, server in zip(merchants, [first, second] * 4, strict=True)))
        await delivered(16)
        told = first.said() + second.said()
    assert set(Counter(message["Message-ID"] for message in mailbox.messages).values()) == {1}
    assert len(mailbox.envelopes) == 16
    assert "@" not in told


@pytest.mark.usefixtures("database")
async def test_killed_between_sending_and_noting_it_is_sent_again_as_the_same_message(database_url: str, tmp_path: Path, mailbox: Mailbox) -> None:
    merchant = await a_merchant()
    await db.execute("UPDATE users SET deactivated_at = {now} WHERE id = :id", id=merchant.admin.id)
    dying = a_server(database_url, tmp_path, mailbox)
    dead = asyncio.Event()

    async def kill() -> None:
        """The server has handed the message in, and waits to hear that it was taken."""
        dying.process.kill()
        dead.set()

    mailbox.after = kill
    async with serving(dying):
        await granted(dying, merchant)
        async with asyncio.timeout(GENEROUS_SECONDS):
            await dead.wait()
        await asyncio.to_thread(dying.process.wait)
    mailbox.after = None
    assert (await deliveries.counts())["WAITING"] == 1
    await db.execute("UPDATE outbox_deliveries SET due_at = {now}")  # as when the lease has passed
    other = a_server(database_url, tmp_path, mailbox)
    async with serving(other):
        await delivered(1)
    assert len(mailbox.envelopes) == 2
    assert len({message["Message-ID"] for message in mailbox.messages}) == 1
    assert len({content_of(each) for each in mailbox.envelopes}) == 1


@pytest.mark.usefixtures("database")
async def test_off_by_one_setting_nothing_is_written_or_sent(database_url: str, tmp_path: Path, mailbox: Mailbox) -> None:
    quiet = Server(database_url, tmp_path, smtp_url=f"smtp://127.0.0.1:{mailbox.port}", messages_from="latchkey@example.com", messages="false")
    async with serving(quiet):
        await granted(quiet, await a_merchant())
    assert await db.fetch("SELECT id FROM outbox_events") == []
    assert mailbox.envelopes == []
