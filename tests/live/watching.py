"""A running subscription, and what it is told about one merchant."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, ClassVar
from uuid import UUID

from models import database
from policy.vocabulary import ClaimStatus, Viewer
from resolvers.live import announce
from tests.asking import account_id, claim_id
from tests.builders import Merchant, a_claim, a_merchant, a_parcel
from tests.serving import Server, Socket, token_of


class Watch:
    """A running subscription. Events about other merchants are passed over: agents hear of everybody."""

    #: Claims that are there to be heard of, see `has_begun`.
    starters: ClassVar[set[str]] = set()

    def __init__(self, socket: Socket, merchant: Merchant) -> None:
        self.socket = socket
        self.of = account_id(merchant.id)

    async def payload(self) -> dict[str, Any]:
        """The next event, whatever it tells."""
        message = await self.socket.next()
        assert message["type"] == "next", message
        found: dict[str, Any] = message["payload"]
        return found

    async def login(self) -> dict[str, Any]:
        """The next event's Agent login; there must be no error."""
        return await self._of_ours("agentLoginChanged")

    async def claim(self) -> dict[str, Any]:
        """The next event's claim; there must be no error."""
        return await self._of_ours("claimChanged")

    async def _of_ours(self, name: str) -> dict[str, Any]:
        while True:
            payload = await self.payload()
            assert "errors" not in payload, payload
            found: dict[str, Any] = payload["data"][name]
            if found["account"]["id"] == self.of and found.get("id") not in self.starters:
                return found

    async def has_begun(self, merchant: Merchant) -> None:
        """Wait until it listens, where it says nothing at first: a change that is none is announced until it is heard."""
        starter = await a_merchant("Starter")
        claim = await a_claim(await a_parcel(merchant, name="Starter"), status=ClaimStatus.WITHDRAWN)
        self.starters.add(claim_id(claim))
        while True:
            await announced("consent", starter.id, starter.id)
            await announced("claim", merchant.id, claim)
            if not await self.socket.silent(0.05):
                return


async def announced(topic: str, account: UUID, subject: UUID) -> None:
    async with database.transaction():
        await database.lock_account(account)
        await announce(topic, account, subject)


@asynccontextmanager
async def watching(server: Server, viewer: Viewer, document: str, merchant: Merchant) -> AsyncIterator[Watch]:
    """Begun when this is entered. A document with a variable is asked about the merchant, one without of all the caller may hear of."""
    async with server.socket(await token_of(viewer)) as socket:
        watch = Watch(socket, merchant)
        await socket.subscribe("live", document, {"id": account_id(merchant.id)} if "$id" in document else None)
        if "claimChanged" in document or ("$id" not in document and viewer.is_agent):
            await watch.has_begun(merchant)
        yield watch
