"""Two servers and a writer on one database: what one has answered holds in all of them, from the next read on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx2
import pytest

from identity.tokens import end_token
from models import database
from policy.vocabulary import ConsentDuration
from resolvers import claims, consents
from resolvers.gate import Gate
from resolvers.ledger import Request
from resolvers.live import MISSED, Change, Changes
from tests.asking import account_id, parcel_id
from tests.builders import Merchant, ParcelMade, a_claim, a_merchant, a_parcel, an_agent
from tests.live.watching import Watch, watching
from tests.serving import Deployment, token_of, until

NAME = "Jan de Bakker"
READ = "query ($id: ID!) { parcel(id: $id) { recipient { name } } }"
LIVE = "subscription ($id: ID!) { agentLoginChanged(accountId: $id) { state now account { id } consent { state grantedBy } } }"
ALL = "subscription { agentLoginChanged { state now account { id } consent { state grantedBy } } }"
CLAIMS = "subscription ($id: ID!) { claimChanged(accountId: $id) { id status account { id } } }"
REVOKE = "mutation ($id: ID!) { revokeConsent(input: {accountId: $id}) { account { id } } }"
GRANT = "mutation ($id: ID!) { grantConsent(input: {accountId: $id, duration: ONE_HOUR}) { consent { id } } }"


@pytest.fixture
async def merchant(deployment: Deployment) -> Merchant:
    return await a_merchant()


def gate(merchant: Merchant) -> Gate:
    """The merchant at a third process, which is this one."""
    return Gate(merchant.owner, Request("test"))


@dataclass
class Reads:
    """Reads of one parcel, one after the other, at both servers: when each began and was over, and whether it showed the name."""

    variables: dict[str, str]
    found: list[tuple[float, float, bool]] = field(default_factory=list)
    going_on: bool = True

    async def go_on(self, client: httpx2.AsyncClient) -> None:
        while self.going_on:
            began = time.perf_counter()
            answer = await client.post("/graphql", json={"query": READ, "variables": self.variables})
            assert answer.status_code == 200
            self.found.append((began, time.perf_counter(), NAME in answer.text))

    def within(self, began: float, over: float) -> list[bool]:
        """Of each read that began and was over in this time: did it show?"""
        return [shown for start, end, shown in self.found if began <= start and end <= over]

    async def until_it_shows(self) -> None:
        seen = len(self.found)
        await until(lambda: any(shown for _, _, shown in self.found[seen:]))

    async def so_many_more(self, since: float, count: int) -> None:
        await until(lambda: len(self.within(since, time.perf_counter())) >= count)


Step = Callable[[], Awaitable[object]]


def by_this_process(deployment: Deployment, merchant: Merchant, parcel: ParcelMade, token: str) -> tuple[Step, Step]:
    return (lambda: consents.grant(gate(merchant), merchant.id, ConsentDuration.ONE_HOUR), lambda: consents.revoke(gate(merchant), merchant.id))


def by_a_server(deployment: Deployment, merchant: Merchant, parcel: ParcelMade, token: str) -> tuple[Step, Step]:
    variables = {"id": account_id(merchant.id)}
    return (lambda: deployment.other.ask(GRANT, variables, token=token), lambda: deployment.other.ask(REVOKE, variables, token=token))


def by_the_clock(deployment: Deployment, merchant: Merchant, parcel: ParcelMade, token: str) -> tuple[Step, Step]:
    ends: list[datetime] = []

    async def open_a_moment() -> None:
        consent = await consents.grant(gate(merchant), merchant.id, ConsentDuration.ONE_HOUR)
        ends.append(await database.clock() + timedelta(seconds=0.4))
        await database.execute("UPDATE consents SET expires_at = :at WHERE id = :id", at=ends[-1], id=consent)

    async def wait() -> None:
        while await database.clock() < ends[-1]:
            pass

    return open_a_moment, wait


def by_closing_the_claim(deployment: Deployment, merchant: Merchant, parcel: ParcelMade, token: str) -> tuple[Step, Step]:
    filed: list[UUID] = []

    async def file() -> None:
        filed.append(await a_claim(parcel, filed_by=merchant.owner))

    return file, lambda: claims.withdraw(gate(merchant), filed[-1])


WAYS = [
    pytest.param(by_this_process, 6, id="revoked-by-a-third-process"),
    pytest.param(by_a_server, 6, id="revoked-at-the-other-server"),
    pytest.param(by_closing_the_claim, 4, id="claim-withdrawn"),
    pytest.param(by_the_clock, 2, id="run-out"),
]


@pytest.mark.parametrize(("way", "rounds"), WAYS)
async def test_no_read_that_begins_after_the_end_was_answered_shows_anything(
    deployment: Deployment, merchant: Merchant, way: Callable[..., tuple[Step, Step]], rounds: int
) -> None:
    parcel = await a_parcel(merchant, name=NAME)
    agent, owner = await token_of(await an_agent()), await token_of(merchant.owner)
    opening, ending = way(deployment, merchant, parcel, owner)
    reads, shown_in_vain = Reads({"id": parcel_id(parcel.id)}), 0
    async with AsyncExitStack() as opened, asyncio.TaskGroup() as group:
        for server in (deployment.server, deployment.other) * 2:
            group.create_task(reads.go_on(await opened.enter_async_context(server.client(agent))))
        for _ in range(rounds):
            await opening()
            await reads.until_it_shows()
            await ending()
            ended = time.perf_counter()
            await reads.so_many_more(ended, 12)
            shown_in_vain += sum(reads.within(ended, time.perf_counter()))
        reads.going_on = False
    assert shown_in_vain == 0
    assert sum(shown for _, _, shown in reads.found) >= rounds


async def test_no_event_shows_anything_of_a_time_when_nothing_was_granted(deployment: Deployment, merchant: Merchant) -> None:
    """A revoke is over when it was answered: until then a read may have begun before it."""
    agent, granted = await an_agent(), list[tuple[datetime, datetime]]()
    async with (
        watching(deployment.server, agent, LIVE, merchant) as here,
        watching(deployment.other, agent, LIVE, merchant) as there,
        watching(deployment.other, agent, ALL, merchant) as everywhere,
    ):
        for _ in range(8):
            begun = await database.clock()
            await consents.grant(gate(merchant), merchant.id, ConsentDuration.ONE_HOUR)
            await consents.revoke(gate(merchant), merchant.id)
            granted.append((begun, await database.clock()))
        told = [login for watch in (here, there, everywhere) for login in await all_until(watch, granted[-1][0])]
    shown = [instant(login["now"]) for login in told if login["consent"] is not None and login["consent"]["grantedBy"] is not None]
    assert [at for at in shown if not any(begun <= at <= over for begun, over in granted)] == []


async def all_until(watch: Watch, last_grant: datetime) -> list[dict[str, Any]]:
    """What is told until the last revoke."""
    logins = [await watch.login()]
    while logins[-1]["state"] == "ACTIVE" or instant(logins[-1]["now"]) < last_grant:
        logins.append(await watch.login())
    return logins


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def test_sixteen_grants_at_once_in_two_processes_leave_one(deployment: Deployment, merchant: Merchant) -> None:
    token, variables = await token_of(merchant.owner), {"id": account_id(merchant.id)}
    answers = await asyncio.gather(*(server.ask(GRANT, variables, token=token) for server in (deployment.server, deployment.other) * 8))
    assert [answer for answer in answers if "errors" in answer] == []
    rows = await database.fetch("SELECT ended_as FROM consents WHERE account_id = :id", id=merchant.id)
    assert sorted(row["ended_as"] or "" for row in rows) == [""] + ["REPLACED"] * 15


async def test_an_ended_token_is_nobody_s_at_once_in_every_process(deployment: Deployment, merchant: Merchant) -> None:
    for _ in range(5):
        token = await token_of(merchant.owner)
        async with deployment.server.client(token) as here, deployment.other.client(token) as there:
            for client in (here, there):
                assert (await client.post("/graphql", json={"query": "{ viewer { id } }"})).status_code == 200
            await end_token(token)
            answers = await asyncio.gather(*(client.post("/graphql", json={"query": "{ viewer { id } }"}) for client in (here, there) * 4))
            assert {answer.status_code for answer in answers} == {401}


_CUT = """SELECT pg_terminate_backend(pid) AS cut FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE 'LISTEN%'"""


async def test_what_happens_while_nobody_listens_is_told_when_they_listen_again(deployment: Deployment, merchant: Merchant) -> None:
    """On PostgreSQL every listener's connection is cut, and what changes right after is announced to nobody. On SQLite there is none to cut."""
    agent = await an_agent()
    await consents.grant(gate(merchant), merchant.id, ConsentDuration.ONE_HOUR)
    claim = await a_claim(await a_parcel(merchant))
    async with (
        watching(deployment.server, agent, LIVE, merchant) as one,
        watching(deployment.other, agent, ALL, merchant) as everyone,
        watching(deployment.other, merchant.member, CLAIMS, merchant) as claimed,
    ):
        assert (await one.login())["state"] == "ACTIVE"
        for _ in range(2):
            if deployment.engine == "postgres":
                connection = await asyncpg.connect(deployment.database_url)
                assert [row["cut"] for row in await connection.fetch(_CUT)] == [True, True]
                await connection.close()
            await consents.revoke(gate(merchant), merchant.id)
            await claims.withdraw(gate(merchant), claim)
            assert (await one.login())["consent"] == {"state": "REVOKED", "grantedBy": None}
            while (await everyone.login())["consent"] != {"state": "REVOKED", "grantedBy": None}:
                pass  # what was under way when they went deaf may be told again
            while (await claimed.claim())["status"] != "WITHDRAWN":
                pass
            await consents.grant(gate(merchant), merchant.id, ConsentDuration.ONE_HOUR)
            for watch in (one, everyone):
                while (await watch.login())["state"] != "ACTIVE":
                    pass
            claim = await a_claim(await a_parcel(merchant))


async def test_a_listener_too_slow_is_told_that_it_missed_something() -> None:
    changes, wanted = Changes(), Change("consent")
    async with changes.heard(lambda change: change is wanted) as slow, changes.heard(lambda _: True) as quick:
        for _ in range(100):
            changes.publish(wanted)
            changes.publish(Change("claim"))
            quick.get_nowait(), quick.get_nowait()
        assert slow.qsize() == 100
        changes.publish(wanted)
        assert [slow.get_nowait() for _ in range(slow.qsize())] == [MISSED]
        changes.publish(wanted)
        assert slow.get_nowait() is wanted
        assert [quick.get_nowait() for _ in range(quick.qsize())] == [wanted, wanted]
