"""Merchants are told here, as on a server that tells them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from resolvers import outbox
from tests.outbox.receiving import Hook, Mailbox, a_hook, a_mailbox


@pytest.fixture
def told() -> Iterator[None]:
    outbox.switch(on=True)
    yield
    outbox.switch(on=False)


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    async with a_mailbox() as box:
        yield box


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    async with a_hook() as receiver:
        yield receiver
