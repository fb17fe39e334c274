"""What is done to the servers and their database, once a minute. Each fault says what may be answered while it lasts and until it has healed."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass

import asyncpg

from tests.databases import Postgres
from tests.soak.apart import Apart
from tests.soak.asking import Soak
from tests.soak.fleet import Place
from tests.soak.judging import GONE, NOTHING, WITHOUT_DATABASE, Trouble
from tests.soak.load import vanish

SLOW_SECONDS = 1.5
VANISHING = 60
SERVER_ROLE = "soak_server"


@dataclass(frozen=True)
class Ground:
    """What faults are done to. `postgres` and `proxy` (before the first server) are None on SQLite; `url` is the database as its owner reaches it."""

    soak: Soak
    url: str
    postgres: Postgres | None = None
    proxy: Apart | None = None

    @property
    def lasts(self) -> float:
        """Seconds that what lasts lasts: longer than an answer may wait for the database, and than the listener waits for a sign of life."""
        return self.soak.places[0].database_seconds + 1

    def expendable(self, *, workers: bool) -> Place:
        """A server that may be killed, of several processes or of one."""
        return self.soak.random.choice([each for each in self.soak.places if not each.spared and (each.workers > 1) is workers])


@dataclass(frozen=True)
class Fault:
    """`expected` is what clients of the server it is done to may get, or of all servers where `where` gives None."""

    act: Callable[[Ground, Place | None], Awaitable[None]]
    expected: frozenset[Trouble]
    where: Callable[[Ground], Place | None] = lambda _: None


def _one(ground: Ground) -> Place:
    return ground.expendable(workers=False)


def _several(ground: Ground) -> Place:
    return ground.expendable(workers=True)


async def kill(_: Ground, place: Place | None) -> None:
    """A server dies, and is started again."""
    assert place is not None
    await asyncio.to_thread(place.signal, signal.SIGKILL)
    await place.start()


async def stop(_: Ground, place: Place | None) -> None:
    """A server is stopped as it should be, and started again."""
    assert place is not None
    await asyncio.to_thread(place.signal, signal.SIGTERM)
    assert place.server.process.returncode == 0, "a server that was told to stop did not end well"
    await place.start()


async def kill_a_worker(ground: Ground, place: Place | None) -> None:
    """One of several processes of a server dies; it is for the server to start another."""
    assert place is not None
    await place.replace(ground.soak.random.choice(place.processes()))


async def end_connections(ground: Ground, _: Place | None) -> None:
    """Every connection of the servers is ended by an administrator."""
    await _terminate(ground, "query NOT LIKE 'LISTEN%'")


async def deafen(ground: Ground, _: Place | None) -> None:
    """The connections by which servers hear of changes are ended."""
    await _terminate(ground, "query LIKE 'LISTEN%'")


async def _terminate(ground: Ground, which: str) -> None:
    connection = await asyncpg.connect(ground.url)
    try:
        await connection.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{SERVER_ROLE}' AND {which}")
    finally:
        await connection.close()


async def crash(ground: Ground, _: Place | None) -> None:
    """PostgreSQL stops at once (`-m immediate`), and is started again."""
    assert ground.postgres is not None
    await asyncio.to_thread(ground.postgres.crash)
    await asyncio.sleep(ground.soak.random.uniform(0, ground.lasts))
    await asyncio.to_thread(ground.postgres.start_over)


async def freeze(ground: Ground, _: Place | None) -> None:
    """Nothing passes between the first server and the database, where its transactions keep what they have locked until PostgreSQL gives them up."""
    assert ground.proxy is not None
    await ground.proxy.freeze()
    await asyncio.sleep(ground.lasts)
    await ground.proxy.heal()


async def slow_down(ground: Ground, _: Place | None) -> None:
    """All that passes between the first server and the database takes its time."""
    assert ground.proxy is not None
    await ground.proxy.slow(SLOW_SECONDS)
    await asyncio.sleep(ground.lasts)
    await ground.proxy.heal()


async def lock(ground: Ground, _: Place | None) -> None:
    """Somebody holds what every answer to an agent needs, and every change."""
    if ground.postgres is None:
        await asyncio.to_thread(_hold_sqlite, ground.url.removeprefix("sqlite://"), ground.lasts)
        return
    connection = await asyncpg.connect(ground.url)
    try:
        while True:
            try:
                await connection.execute("BEGIN; LOCK TABLE access_log, accounts IN ACCESS EXCLUSIVE MODE")
                break
            except asyncpg.DeadlockDetectedError:  # a server has one of the two and wants the other: PostgreSQL gives up either of us
                await connection.execute("ROLLBACK")
        await asyncio.sleep(ground.lasts)
    finally:
        await connection.close()


def _hold_sqlite(path: str, seconds: float) -> None:
    with closing(sqlite3.connect(path, isolation_level=None, timeout=30)) as other:
        other.execute("BEGIN IMMEDIATE")
        time.sleep(seconds)
        other.execute("ROLLBACK")


async def vanish_often(ground: Ground, _: Place | None) -> None:
    """Clients ask, and are gone before they are answered."""
    soak = ground.soak
    await asyncio.gather(*(vanish(soak, soak.any_place(), next(soak.town.agents)) for _ in range(VANISHING)))


ON_BOTH: Mapping[str, Fault] = {
    "a server killed": Fault(kill, GONE, _one),
    "a server stopped": Fault(stop, GONE, _one),
    "a lock held": Fault(lock, WITHOUT_DATABASE),
    "clients vanish": Fault(vanish_often, NOTHING),
}
FAULTS: Mapping[str, Mapping[str, Fault]] = {
    "sqlite": ON_BOTH,
    "postgres": {
        **ON_BOTH,
        "a worker killed": Fault(kill_a_worker, GONE, _several),
        "connections ended": Fault(end_connections, WITHOUT_DATABASE),
        "listeners ended": Fault(deafen, NOTHING),
        "PostgreSQL crashed": Fault(crash, WITHOUT_DATABASE),
        "a black hole": Fault(freeze, WITHOUT_DATABASE),
        "a slow network": Fault(slow_down, WITHOUT_DATABASE),
    },
}


def drawn(soak: Soak, names: list[str]) -> Iterator[str]:
    """The next fault, for ever: each once, in any order, before any comes again."""
    while True:
        yield from soak.random.sample(names, len(names))
