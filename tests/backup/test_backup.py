"""Backup and restore as docs/operations/backup.md walks through them. What was ended after the backup comes back with it, until it is ended again."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import models
from identity.tokens import viewer_of_token
from models import database as db
from models.backup import back_up
from models.database import migrate
from policy.vocabulary import Viewer
from schema.build import Schema
from tests.asking import account_id, ask, parcel_id
from tests.backup.clusters import Archiving
from tests.builders import Merchant, ParcelMade, a_merchant, a_parcel, an_agent
from tests.databases import Postgres
from tests.serving import HERE, Server, environment, serving, session_of, token_of
from tests.test_cli import a_runner, assert_failed, opened

GRANT = "mutation ($a: ID!) { grantConsent(input: {accountId: $a, duration: ONE_DAY}) { consent { id } } }"
REVOKE = "mutation ($a: ID!) { revokeConsent(input: {accountId: $a}) { consent { id } } }"
NAME = "query ($p: ID!) { parcel(id: $p) { recipient { name } } viewer { name } }"


class World:
    """A merchant with a parcel, an agent, and their tokens, on a running server."""

    def __init__(self, server: Server, merchant: Merchant, parcel: ParcelMade, agent: Viewer) -> None:
        self.server, self.merchant, self.parcel, self.agent = server, merchant, parcel, agent
        self.owners = self.agents = ""

    async def says(self, mutation: str) -> None:
        answer = await self.server.ask(mutation, {"a": account_id(self.merchant.id)}, token=self.owners)
        assert "errors" not in answer, answer


@asynccontextmanager
async def a_world(url: str, folder: Path) -> AsyncIterator[World]:
    async with opened(url):
        merchant = await a_merchant()
        world = World(Server(url, folder), merchant, await a_parcel(merchant), await an_agent())
        world.owners, world.agents = await token_of(merchant.owner), await token_of(world.agent)
        await session_of(world.agent)
    async with serving(world.server):
        yield world


async def comes_back_closed(url: str, folder: Path, world: World, schema: Schema) -> None:
    """The backup was made while a consent was live: it is live again, and so are sessions and tokens, until `after-restore`."""
    given = {"p": parcel_id(world.parcel.id)}
    async with opened(url):
        assert (await ask(schema, world.agent, NAME, given)).data["parcel"]["recipient"]["name"] == "Jan Bakker", "that is the danger"
        assert await viewer_of_token(world.agents) == world.agent
    ended = await a_runner(url)("after-restore")
    assert ended.exit_code == 0, ended.output
    assert json.loads(ended.stdout) == {"consents": 1, "sessions": 1, "tokens": 2, "export_links": 0, "claims": 0}
    async with opened(url):
        assert await viewer_of_token(world.agents) is None
        anew = await token_of(world.agent)
    server = Server(url, folder)
    async with serving(server):
        assert "data" not in await server.ask(NAME, given, token=world.agents)
        assert (await server.ask(NAME, given, token=anew))["data"]["parcel"]["recipient"]["name"] is None


async def test_sqlite_while_it_is_written_to(migrated: dict[str, str], tmp_path: Path, schema: Schema) -> None:
    source, copy = tmp_path / "latchkey.sqlite3", tmp_path / "copy.sqlite3"
    shutil.copyfile(migrated["sqlite"].removeprefix("sqlite://"), source)
    url = f"sqlite://{source}"
    async with a_world(url, tmp_path) as world:
        answered, stopped = 0, asyncio.Event()

        async def grants() -> None:
            nonlocal answered
            while not stopped.is_set():
                await world.says(GRANT)
                answered += 1

        writing = asyncio.create_task(grants())
        while answered < 3:  # noqa: ASYNC110 (whatever it takes)
            await asyncio.sleep(0.01)
        before = answered
        command = [sys.executable, "cli.py", "backup", str(copy)]
        backup = await asyncio.create_subprocess_exec(*command, cwd=HERE, env=environment(url), stderr=asyncio.subprocess.PIPE)
        assert (await backup.communicate())[1] == "✓ copied\n".encode()
        during = answered
        stopped.set()
        await writing
        await world.says(REVOKE)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        copied = connection.execute("SELECT COUNT(*) FROM consents").fetchone()[0]
    assert before <= copied <= during + 1, "all that was answered before, and nothing half"
    await comes_back_closed(f"sqlite://{copy}", tmp_path, world, schema)


async def test_what_was_deleted_is_not_in_the_copy(migrated: dict[str, str], tmp_path: Path) -> None:
    source, copy = tmp_path / "latchkey.sqlite3", tmp_path / "copy.sqlite3"
    shutil.copyfile(migrated["sqlite"].removeprefix("sqlite://"), source)
    async with opened(f"sqlite://{source}"):
        await a_parcel(await a_merchant(), name="Wilhelmina Verdwenen")
        with closing(sqlite3.connect(source, isolation_level=None)) as connection:
            connection.execute("PRAGMA secure_delete = OFF")  # as SQLite is built elsewhere
            connection.execute("DELETE FROM parcel_personal_data")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert b"Verdwenen" in source.read_bytes(), "a plain copy would have it"
        await asyncio.to_thread(back_up, f"sqlite://{source}", copy)
    assert b"Verdwenen" not in copy.read_bytes()


async def test_a_copy_that_can_t_be_made_is_told_of(migrated: dict[str, str], postgres: Postgres, tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.write_text("mine")
    sqlite = a_runner(migrated["sqlite"])
    assert_failed(await sqlite("backup", str(there)), "there is such a file already: nothing is overwritten")
    assert there.read_text() == "mine"
    line = "there is no database to copy: check LATCHKEY_DATABASE_URL"
    assert_failed(await a_runner(f"sqlite://{tmp_path / 'none'}")("backup", str(tmp_path / "copy")), line)
    line = "this copies SQLite databases: for PostgreSQL use pg_dump or pg_basebackup, see docs/operations/backup.md"
    assert_failed(await a_runner(migrated["postgres"])("backup", str(tmp_path / "copy")), line)
    broken = tmp_path / "broken"
    broken.write_text("Dear diary, " * 1000)
    result = await a_runner(f"sqlite://{broken}")("backup", str(tmp_path / "copy"))
    assert_failed(result, "the database does not answer (DatabaseError): check LATCHKEY_DATABASE_URL")
    assert not (tmp_path / "copy").exists()
    assert not (tmp_path / "copy.partial").exists()


async def test_postgresql_dumped_and_restored(tmp_path: Path, schema: Schema) -> None:
    with Archiving() as cluster:
        url, dump = await cluster.create_database(), cluster._folder / "dump"
        await migrate(url)
        async with a_world(url, tmp_path) as world:
            await world.says(GRANT)
            cluster.tool("pg_dump", "--format=custom", f"--file={dump}", url.rsplit("/", 1)[1])
            await world.says(REVOKE)
        back = await cluster.create_database()
        cluster.tool("pg_restore", "--exit-on-error", f"--dbname={back.rsplit('/', 1)[1]}", str(dump))
        await comes_back_closed(back, tmp_path, world, schema)


async def test_postgresql_brought_back_to_an_instant(tmp_path: Path, schema: Schema) -> None:
    with Archiving() as cluster:
        url = await cluster.create_database()
        await migrate(url)
        async with a_world(url, tmp_path) as world:
            cluster.base_backup()
            await world.says(GRANT)
            async with opened(url):
                later, at = await a_parcel(world.merchant), await db.clock()
            await world.says(REVOKE)
        await cluster.archived()
        async with cluster.brought_back(url.rsplit("/", 1)[1], at) as back:
            async with opened(back):
                assert await models.Parcel.filter(id=later.id).exists(), "what came after the base backup is there"
            await comes_back_closed(back, tmp_path, world, schema)
