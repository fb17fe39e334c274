"""The operator's commands: what is parked is listed without an address and tried again; a webhook's secret is printed once, alone."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from typer.testing import Result

from models import database as db
from models.database import close_database, open_database
from outbox import deliveries
from outbox.deliveries import Undelivered
from policy.vocabulary import ConsentDuration
from resolvers import consents
from tests.builders import Merchant, a_merchant
from tests.outbox.receiving import gate_of
from tests.outbox.test_deliveries import EMAIL
from tests.test_cli import a_runner

Run = Callable[..., Awaitable[Result]]


@pytest.fixture
async def merchant(database_url: str, told: None) -> AsyncIterator[Merchant]:
    """One with two parked messages."""
    await open_database(database_url)
    found = await a_merchant()
    await consents.grant(gate_of(found.owner), found.id, ConsentDuration.ONE_HOUR)
    await deliveries.spread(EMAIL)
    for each in await deliveries.take(EMAIL, 10):
        await deliveries.failed(each, Undelivered("SMTP 550", for_good=True))
    await close_database()
    yield found
    await close_database()


async def test_what_is_parked_is_listed_and_tried_again(database_url: str, merchant: Merchant) -> None:
    run = a_runner(database_url)
    listed = await run("outbox")
    counts, *lines = listed.stdout.splitlines()
    assert json.loads(counts) == {"waiting": 0, "delivered": 0, "dropped": 0, "parked": 2}
    assert [line.split("  ")[1:] for line in lines] == [
        ["PARKED", "EMAIL", "CONSENT_GRANTED", f"account {merchant.id}", "attempts 1", "SMTP 550"],
    ] * 2
    assert "@" not in listed.output
    assert "1 to be tried again" in (await run("outbox", "--retry", "--id", lines[0].split()[0])).stderr
    assert "1 to be tried again" in (await run("outbox", "--retry")).stderr
    assert json.loads((await run("outbox")).stdout.splitlines()[0])["waiting"] == 2


async def test_a_webhooks_secret_is_printed_alone(database_url: str, merchant: Merchant) -> None:
    printed = await a_runner(database_url)("webhook-secret", str(merchant.id))
    assert re.fullmatch(r"whsec_[\w+/]{43}=\n", printed.stdout)
    assert printed.stderr == ""
    await open_database(database_url)
    assert [row["secret"] for row in await db.fetch("SELECT secret FROM webhook_secrets")] == [printed.stdout.strip()]
