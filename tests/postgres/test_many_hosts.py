"""Servers on hosts of their own, as far as their network is concerned: each in a network namespace, with a cable to the database that can be cut."""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from models.database import close_database, migrate, open_database
from resolvers import documents
from tests.asking import account_id, parcel_id
from tests.builders import a_consent, a_merchant, a_parcel, an_agent
from tests.databases import Postgres
from tests.serving import Server, serving, token_of

NAME = "Jan de Bakker"
READ = "query ($id: ID!) { parcel(id: $id) { recipient { name } } }"
REVOKE = "mutation ($id: ID!) { revokeConsent(input: {accountId: $id}) { consent { id } } }"
LIVE = "subscription ($id: ID!) { agentLoginChanged(accountId: $id) { state } }"
#: TEST-NET-2 of RFC 5737, nobody's addresses; but for machines that are a test themselves.
NETWORK = "198.51.100.0/24"
HEALED_SECONDS = 60.0


def ip(*words: str) -> str:
    """`ip` of iproute2: what it says. Raises subprocess.CalledProcessError."""
    return subprocess.run(["ip", *words], check=True, capture_output=True, timeout=30, text=True).stdout  # noqa: S607 (wherever it is)


@dataclass
class Host:
    """A network of its own, with two cables to here: one to the database, one for its clients."""

    number: int

    @property
    def name(self) -> str:
        return f"lk{os.getpid()}-{self.number}"

    def cable(self, which: str) -> str:
        return f"lk{os.getpid()}{which}{self.number}"

    def address(self, which: str, end: int) -> str:
        """Of the end here (1) and there (2). Each cable is a network of four."""
        return f"198.51.100.{8 * self.number + (4 if which == 'c' else 0) + end}"

    def make(self) -> None:
        ip("netns", "add", self.name)
        ip("-n", self.name, "link", "set", "lo", "up")
        for which in "dc":
            here, there = self.cable(which), f"{which}{self.number}"
            ip("link", "add", here, "type", "veth", "peer", "name", there, "netns", self.name)
            ip("address", "add", f"{self.address(which, 1)}/30", "dev", here)
            ip("-n", self.name, "address", "add", f"{self.address(which, 2)}/30", "dev", there)
            ip("link", "set", here, "up")
            ip("-n", self.name, "link", "set", there, "up")

    def cut(self) -> None:
        """The cable to the database."""
        ip("link", "set", self.cable("d"), "down")

    def mend(self) -> None:
        ip("link", "set", self.cable("d"), "up")

    def remove(self) -> None:
        """With its cables."""
        subprocess.run(["ip", "netns", "delete", self.name], check=False, capture_output=True, timeout=30)  # noqa: S607 (as above)

    def server(self, database: Postgres, name: str, folder: Path) -> Server:
        port = database.address.split(":")[1]
        return Server(
            f"postgres://postgres@{self.address('d', 1)}:{port}/{name}",
            folder,
            host=self.address("c", 2),
            started_by=["ip", "netns", "exec", self.name],
        )


@pytest.fixture
def hosts() -> Iterator[tuple[Host, Host]]:
    pair = (Host(0), Host(1))
    try:
        try:
            if "198.51.100." in ip("route") + ip("address"):
                pytest.skip(f"{NETWORK} is in use here")
            for host in pair:
                host.make()
        except (OSError, subprocess.SubprocessError):
            pytest.skip("network namespaces can't be made here: it takes root, and iproute2")
        yield pair
    finally:
        for host in pair:
            host.remove()


async def asked(client: httpx2.AsyncClient, document: str, key: str) -> httpx2.Response:
    return await client.post("/graphql", json={"query": document, "variables": {"id": key}})


async def test_a_host_that_lost_its_database_shows_nothing_while_the_other_serves_and_learns_what_it_missed(
    hosts: tuple[Host, Host], tmp_path: Path
) -> None:
    addresses = ",".join(["127.0.0.1", *(host.address("d", 1) for host in hosts)])
    with Postgres(listen_addresses=addresses) as database:
        await database.let_in(NETWORK)
        url = await database.create_database()
        await migrate(url)
        name = url.rsplit("/", 1)[-1]
        alone, other = (host.server(database, name, tmp_path) for host in hosts)
        async with serving(alone, other):
            await open_database(url)
            await documents.prepare()
            merchant, agent = await a_merchant(), await token_of(await an_agent())
            parcel, account = parcel_id((await a_parcel(merchant, name=NAME)).id), account_id(merchant.id)
            await a_consent(merchant)
            owner = await token_of(merchant.owner)
            await close_database()
            async with alone.client(agent) as here, other.client(agent) as there, other.client(owner) as owners, alone.socket(agent) as socket:
                await socket.subscribe("live", LIVE, {"id": account})
                assert (await socket.next())["payload"]["data"]["agentLoginChanged"]["state"] == "ACTIVE"
                for client in (here, there):
                    assert NAME in (await asked(client, READ, parcel)).text
                hosts[0].cut()
                answers = await asyncio.gather(*(asked(here, READ, parcel) for _ in range(5)))
                assert [answer.text for answer in answers if NAME in answer.text or "errors" not in answer.json()] == []
                assert (await here.get("/readyz")).status_code == 503
                assert NAME in (await asked(there, READ, parcel)).text
                assert "errors" not in (await asked(owners, REVOKE, account)).json()
                assert NAME not in (await asked(there, READ, parcel)).text
                assert NAME not in (await asked(here, READ, parcel)).text
                hosts[0].mend()
                await healed(here)
                answer = await asked(here, READ, parcel)
                assert answer.json()["data"]["parcel"]["recipient"]["name"] is None, answer.text
                assert (await socket.next(HEALED_SECONDS))["payload"]["data"]["agentLoginChanged"]["state"] == "OFF"


async def healed(client: httpx2.AsyncClient) -> None:
    deadline = time.monotonic() + HEALED_SECONDS
    while (await client.get("/readyz")).status_code != 200:
        assert time.monotonic() < deadline, "it did not find its database again"
        await asyncio.sleep(0.1)
