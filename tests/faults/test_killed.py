"""kill -9 in a storm: nothing that was acknowledged is lost, no two consents are open, and nothing was shown without its row in the log.

The server is killed; on PostgreSQL in turn with one of the database's own processes, which makes all of it start over from its log.
`make kill9 N=200` kills so often on each database.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import asyncpg
import pytest

from models.database import close_database, migrate, open_database
from resolvers import documents
from tests.databases import Postgres
from tests.faults.promises import Promises
from tests.faults.storm import Scene, a_scene, a_storm
from tests.serving import Server, until

KILLS = int(os.environ.get("KILLS", "5"))
#: A storm that promised so much has begun. When it is killed after that is left to chance.
ENOUGH = 6
LONGEST_STORM_SECONDS = 0.5
#: On PostgreSQL every so manieth kill is of one of its own processes.
BACKEND_EVERY = 4


@pytest.fixture(scope="module")
def durable() -> Iterator[Postgres]:
    with Postgres(durable=True) as server:
        yield server


@pytest.fixture(params=["sqlite", "postgres"])
async def url(request: pytest.FixtureRequest, durable: Postgres, migrated: dict[str, str], tmp_path: Path) -> AsyncIterator[str]:
    """A database that means to outlive crashes."""
    if request.param == "sqlite":
        yield f"sqlite://{shutil.copyfile(migrated['sqlite'].removeprefix('sqlite://'), tmp_path / 'latchkey.sqlite3')}"
        return
    made = await durable.create_database()
    await migrate(made)
    yield made


async def test_what_was_acknowledged_outlives_the_process(url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    promises, began, backends = Promises(), time.monotonic(), 0
    await open_database(url)
    await documents.prepare()
    scene = await a_scene()
    await close_database()  # SQLite recovers when the first opens it: that is to be the server
    server = Server(url, tmp_path)
    await server.ready()
    for number in range(1, KILLS + 1):
        if url.startswith("postgres") and number % BACKEND_EVERY == 0:
            await _storm_until(server, scene, promises, partial(_kill_a_backend, url))
            backends += 1
            await server.ready()  # the same process
        else:
            await _storm_until(server, scene, promises, partial(_kill, server))
            server = Server(url, tmp_path)
            await server.ready()
        await open_database(url)
        broken = await promises.broken()
        await close_database()
        assert broken == [], f"after kill {number}"
        if number % 10 == 0 or number == KILLS:
            with capsys.disabled():
                sys.stdout.write(
                    f"\n{number} of {KILLS} kills ({backends} of a backend), {time.monotonic() - began:.0f} s:"
                    f" {dict(promises.kept)} kept, {promises.unanswered} unanswered, 0 broken"
                )
                sys.stdout.flush()
    server.stop()
    assert all(promises.kept[name] for name in ("granted", "ended", "filed", "closed", "shown"))
    assert promises.unanswered > 0, "nothing was under way at any kill"


async def _storm_until(server: Server, scene: Scene, promises: Promises, kill: Callable[[], Awaitable[None]]) -> None:
    async with a_storm(server, scene, promises):
        await until(lambda: promises.answered() >= ENOUGH, 60)
        await asyncio.sleep(random.uniform(0, LONGEST_STORM_SECONDS))  # noqa: S311 (at any moment)
        await kill()


async def _kill(server: Server) -> None:
    server.process.send_signal(signal.SIGKILL)
    await asyncio.to_thread(server.process.wait)


_BUSY = """SELECT pid FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND query NOT LIKE 'LISTEN%' ORDER BY state = 'idle', random() LIMIT 1"""


async def _kill_a_backend(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        os.kill(await connection.fetchval(_BUSY), signal.SIGKILL)
    finally:
        with suppress(asyncpg.PostgresError, OSError, TimeoutError):
            await connection.close(timeout=5)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:  # it says so when it has started over
        with suppress(asyncpg.PostgresError, OSError, asyncpg.InterfaceError):
            again = await asyncpg.connect(url)
            await again.close()
            return
        await asyncio.sleep(0.05)
    raise AssertionError("PostgreSQL did not start over")
