"""What does a question have to work with? One PostgreSQL with one filled database, a folder for logs, and how many rounds to take."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg

from benchmarks.filling import Account, Filled
from benchmarks.load import Target
from benchmarks.running import Side, a_peer, our_server
from benchmarks.workloads import LOGIN, PARCEL, SETTINGS, Workload, page
from tests.databases import Postgres
from tests.serving import Server

_LOG = """SELECT agent_id, account_id, parcel_id, action, changed, categories, fields, basis, consent_id, claim_id
FROM access_log ORDER BY account_id, parcel_id"""


@dataclass(frozen=True, slots=True)
class Setting:
    """Shared by all questions of a run. `parcels` is how many the largest database has; `notes` is what is told beside the table."""

    postgres: Postgres
    folder: Path
    filled: Filled
    connection: asyncpg.Connection[Any] = field(repr=False)
    rounds: int
    parcels: int
    notes: list[str] = field(default_factory=list)

    async def clean(self) -> None:
        """Empty the access log, so that no slice has more of it to look through than another."""
        await self.connection.execute("TRUNCATE access_log")

    async def take_log(self) -> list[Any]:
        """The access log, which is empty afterwards."""
        found = await self.connection.fetch(_LOG)
        await self.clean()
        return found

    @asynccontextmanager
    async def ours(self, **more: str) -> AsyncIterator[Server]:
        """Our server on the filled database."""
        async with our_server(self.filled.url, self.folder, **more) as server:
            yield server

    @asynccontextmanager
    async def peer(self, name: str) -> AsyncIterator[int]:
        """A peer on the filled database: its port."""
        async with a_peer(name, self.filled.url, self.folder) as port:
            yield port

    def our_side(self, server: Server, *workloads: Workload, name: str = "ours") -> Side:
        """We, asked this by the agents."""
        return Side(name, [Target(server.port, "/graphql")], [each.body() for each in workloads], self.filled.agents)

    def peer_side(self, name: str, port: int, workload: Workload) -> Side:
        """A peer, asked the same."""
        return Side(name, [Target(port, workload.path(name))], [workload.body(name)], self.filled.agents)

    def pages(self) -> list[Workload]:
        """The page of 100 parcels x 16 flat fields, of each kind of account."""
        filled = self.filled
        kinds = {"no consent": filled.nothing, "few claims": filled.claims, "live consent": filled.consent}
        return [page(f"page of 100, {name}", account.id) for name, account in kinds.items()]

    def singles(self) -> list[Workload]:
        """What is read one at a time, under a live consent."""
        return singles(self.filled.consent)


def singles(account: Account) -> list[Workload]:
    """One parcel, the settings and agent login of an account."""
    return [
        Workload("single parcel", PARCEL, {"id": account.parcel}, "/parcel"),
        Workload("settings", SETTINGS, {"account": account.id}, "/settings"),
        Workload("agent login", LOGIN, {"account": account.id}, "/login"),
    ]
