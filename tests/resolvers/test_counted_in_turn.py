"""The hourly limit of an agent is counted exactly, whoever else writes at the same moment; and of all that, one statement is sent."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from models import database as db
from models.fields import new_id
from policy.decision import ConsentFact, Decision, Facts
from policy.vocabulary import Action, PiiCategory, Reason
from resolvers import ledger
from resolvers.gate import Disclosure, Gate
from resolvers.ledger import Request
from tests.asking import recorded
from tests.builders import a_merchant, an_agent
from tests.databases import Postgres
from tests.serving import PATIENCE_SECONDS
from tests.wire import watched

VIEW = Action.VIEW_PERSONAL_DATA
EMAIL = frozenset({"Recipient.email"})
SEARCHED = {"ParcelFilter.search": PiiCategory.IDENTITY}
# Another answer of the agent, as another process has it: the lock, and one row.
LOCK = "UPDATE users SET deactivated_at = deactivated_at WHERE id = $1"
ROW = """INSERT INTO access_log (id, at, agent_id, account_id, parcel_id, action, changed, categories, fields, basis, request_id)
VALUES ($1, clock_timestamp(), $2, $3, $4, $5, '[]', '[]', '[]', 'CONSENT', 'another')"""
WAITERS = "SELECT COUNT(*) FROM pg_locks WHERE NOT granted"


@dataclass(frozen=True)
class Scene:
    """An agent's gate, and facts of an account that has granted."""

    gate: Gate
    live: Facts

    async def view(self) -> Decision:
        """What is decided of seeing a parcel, once it is written down."""
        known = replace(self.live, parcel_id=new_id())
        return (await self.gate.record([Disclosure(known.account_id, known.parcel_id, self.gate.ask(VIEW, known), EMAIL)]))[0]

    async def search(self) -> Decision:
        """The same of searching."""
        return await self.gate.record_search(self.live, self.gate.require(Action.SEARCH_PERSONAL_DATA, self.live), SEARCHED)


async def a_scene(most: int) -> Scene:
    merchant = await a_merchant()
    now = await db.clock()
    live = Facts(now, merchant.id, None, ConsentFact(new_id(), now + timedelta(hours=1)))
    return Scene(Gate(await an_agent(), Request("ours"), most, most), live)


async def test_what_is_shown_is_counted_and_written_down_by_one_statement(database: str) -> None:
    scene = await a_scene(most=1)
    with watched() as wire:
        assert (await scene.view()).allowed
        assert len(wire.statements) == 1
        assert [each.sql for each in wire.everything if each.sql not in wire.statements] == (["BEGIN IMMEDIATE"] if database == "sqlite" else [])
        wire.clear()
        assert (await scene.search()).allowed
        assert len(wire.statements) == 1
        assert (await scene.view()).reason is Reason.TOO_MANY_DISCLOSURES
    assert len(await recorded()) == 2


async def test_what_one_process_writes_of_an_agent_is_written_in_turn(database: str) -> None:
    """One answer may show something in several places: how many statements that takes would be chance."""
    scene = await a_scene(most=10)
    with watched() as wire:
        decisions = await asyncio.gather(*(scene.view() for _ in range(8)))
        assert len(wire.statements) == 8
    assert all(decision.allowed for decision in decisions)


async def test_of_many_at_once_exactly_as_many_as_the_limit_are_let_through(database: str) -> None:
    scene = await a_scene(most=5)
    views = await asyncio.gather(*(scene.view() for _ in range(12)))
    searches = await asyncio.gather(*(scene.search() for _ in range(12)))
    for decisions in (views, searches):
        assert sum(decision.allowed for decision in decisions) == 5
        assert {decision.reason for decision in decisions if not decision.allowed} == {Reason.TOO_MANY_DISCLOSURES}
    assert len(await recorded()) == 10


@pytest.fixture
async def another(postgres: Postgres, migrated: dict[str, str]) -> AsyncIterator[asyncpg.Connection[Any]]:
    """A connection of another process to the PostgreSQL that is open here."""
    url = await postgres.create_database(template=migrated["postgres"])
    await db.open_database(url)
    connection = await asyncpg.connect(url)
    yield connection
    await connection.close()
    await db.close_database()


@asynccontextmanager
async def in_its_turn(another: asyncpg.Connection[Any], scene: Scene, action: Action, parcel_id: UUID | None) -> AsyncIterator[None]:
    """Another process has counted and written, and not yet committed."""
    assert scene.gate.viewer is not None
    async with another.transaction():
        await another.execute(LOCK, scene.gate.viewer.id)
        await another.execute(ROW, new_id(), scene.gate.viewer.id, scene.live.account_id, parcel_id, action)
        yield


async def until_they_wait(another: asyncpg.Connection[Any], *ours: asyncio.Task[Decision]) -> None:
    """Until our statements have begun, and read what there was, and wait."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while await another.fetchval(WAITERS) < len(ours):
        assert not any(each.done() for each in ours), "it did not wait"
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


ASKED: dict[str, tuple[Action, Callable[[Scene], Awaitable[Decision]]]] = {
    "a view": (VIEW, Scene.view),
    "a search": (Action.SEARCH_PERSONAL_DATA, Scene.search),
}


@pytest.mark.parametrize("what", ASKED)
@pytest.mark.parametrize(("most", "reason"), [(1, Reason.TOO_MANY_DISCLOSURES), (2, None)], ids=["over the limit", "within it"])
async def test_who_waited_counts_what_it_waited_for(another: asyncpg.Connection[Any], what: str, most: int, reason: Reason | None) -> None:
    """Its statement began before the other's row was there to be read."""
    action, ask = ASKED[what]
    scene = await a_scene(most)
    async with in_its_turn(another, scene, action, new_id() if action is VIEW else None):
        ours = asyncio.ensure_future(ask(scene))
        await until_they_wait(another, ours)
    decision = await ours
    assert decision.reason is reason
    assert len([row for row in await recorded() if row.request_id == "ours"]) == (1 if reason is None else 0)


async def test_those_who_waited_together_wait_for_each_other(another: asyncpg.Connection[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """As they are in many processes, where each has its turn."""
    monkeypatch.setattr(ledger, "_turn_of", lambda _: nullcontext())
    scene = await a_scene(most=2)
    async with in_its_turn(another, scene, VIEW, new_id()):
        ours = [asyncio.ensure_future(scene.view()) for _ in range(8)]
        await until_they_wait(another, *ours)
    assert sum(decision.allowed for decision in await asyncio.gather(*ours)) == 1
    assert len(await recorded()) == 2


async def test_who_waited_for_one_that_gave_up_is_alone(another: asyncpg.Connection[Any]) -> None:
    scene = await a_scene(most=1)
    ours: list[asyncio.Task[Decision]] = []
    with suppress(ConnectionAbortedError):
        async with in_its_turn(another, scene, VIEW, new_id()):
            ours.append(asyncio.ensure_future(scene.view()))
            await until_they_wait(another, *ours)
            raise ConnectionAbortedError
    assert (await ours[0]).allowed
    assert [row.request_id for row in await recorded()] == ["ours"]


async def test_others_do_not_wait(another: asyncpg.Connection[Any]) -> None:
    scene, other = await a_scene(most=1), await a_scene(most=1)
    async with in_its_turn(another, scene, VIEW, new_id()):
        assert (await other.view()).allowed
