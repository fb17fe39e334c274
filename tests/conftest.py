"""What all tests share: each that asks for `database` runs on an empty SQLite and on an empty, real PostgreSQL."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
from argon2 import PasswordHasher

import engine
from identity import passwords
from models.database import close_database, migrate, open_database
from resolvers import documents
from schema.build import Schema
from schema.prepared import Prepared
from tests.databases import Postgres
from tests.identity.providing import SigningOn, signing_on
from tests.serving import Deployment, deploy

pytest_plugins = ["tests.written_down_plugin"]
ENGINES = ("sqlite", "postgres")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with Postgres() as server:
        yield server


@pytest.fixture(scope="session")
async def migrated(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The URLs of a migrated, empty database of each engine, to be copied."""
    lite = tmp_path_factory.mktemp("migrated") / "migrated.sqlite3"
    urls = {"sqlite": f"sqlite://{lite}", "postgres": await postgres.create_database()}
    for url in urls.values():
        await migrate(url)
    return urls


_SHAPE = """SELECT string_agg(c.relname || c.relnatts || c.relhastriggers || c.relchecks, ',' ORDER BY c.relname) FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public' WHERE c.relkind IN ('r', 'i')"""
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'tortoise_migrations'"


class Emptied:
    """One PostgreSQL database for test after test, emptied in between: ten times as quick as a new one. One that was altered is given up."""

    def __init__(self, server: Postgres, template: str) -> None:
        self.server = server
        self.template = template
        self.url: str | None = None
        self.shape = ""

    async def take(self) -> str:
        if self.url is None:
            self.url = await self.server.create_database(template=self.template)
            self.shape = await self._run(_SHAPE)
        return self.url

    async def give_back(self) -> None:
        assert self.url is not None
        try:
            if await self._run(_SHAPE) == self.shape:
                await self._run(None)
                return
        except asyncpg.PostgresError:  # somebody still holds a lock, or a table is gone
            pass
        url, self.url = self.url, None
        await self.server.drop_database(url)

    async def _run(self, query: str | None) -> str:
        connection = await asyncpg.connect(self.url, server_settings={"lock_timeout": "2s"})
        try:
            if query is not None:
                return str(await connection.fetchval(query))
            tables = [row["tablename"] for row in await connection.fetch(_TABLES)]
            # Without foreign keys for the moment, so that the order does not matter.
            await connection.execute("SET session_replication_role = replica;" + ";".join(f'DELETE FROM "{table}"' for table in tables))
            return ""
        finally:
            await connection.close()


@pytest.fixture(scope="session")
def emptied(postgres: Postgres, migrated: dict[str, str]) -> Emptied:
    return Emptied(postgres, migrated["postgres"])


@pytest.fixture(params=ENGINES)
async def database_url(request: pytest.FixtureRequest, emptied: Emptied, migrated: dict[str, str], tmp_path: Path) -> AsyncIterator[str]:
    """The URL of an empty, migrated database that nobody has opened."""
    if request.param == "sqlite":
        copy = tmp_path / "latchkey.sqlite3"
        shutil.copyfile(migrated["sqlite"].removeprefix("sqlite://"), copy)
        yield f"sqlite://{copy}"
        return
    yield await emptied.take()
    await emptied.give_back()


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[str]:
    """An empty, migrated, open database; which engine it is."""
    await open_database(database_url)
    await documents.prepare()
    yield database_url.split("://", 1)[0]
    await close_database()


@pytest.fixture(scope="session", params=ENGINES)
async def deployed(
    request: pytest.FixtureRequest, postgres: Postgres, migrated: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Deployment]:
    """Two servers, each a process of its own, on one database. All tests share them."""
    folder = tmp_path_factory.mktemp("deployed")
    if request.param == "sqlite":
        url = f"sqlite://{shutil.copyfile(migrated['sqlite'].removeprefix('sqlite://'), folder / 'latchkey.sqlite3')}"
    else:
        url = await postgres.create_database(template=migrated["postgres"])
    async with deploy(url, folder) as both:
        yield both


@pytest.fixture
async def deployment(deployed: Deployment) -> AsyncIterator[Deployment]:
    """The same, with the database open here too. Make your own merchants: other tests have theirs there."""
    await open_database(deployed.database_url)
    await documents.prepare()
    yield deployed
    await close_database()


@pytest.fixture(scope="session")
async def signing(migrated: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SigningOn]:
    """A provider of single sign-on, and a server on SQLite that trusts it."""
    folder = tmp_path_factory.mktemp("signing")
    copy = shutil.copyfile(migrated["sqlite"].removeprefix("sqlite://"), folder / "latchkey.sqlite3")
    async with signing_on(f"sqlite://{copy}", folder) as both:
        yield both


@pytest.fixture
async def sign_on(signing: SigningOn) -> AsyncIterator[SigningOn]:
    """The same, with its database open here too."""
    await open_database(signing.server.database_url)
    await documents.prepare()
    yield signing
    await close_database()


@pytest.fixture(scope="session")
def schema() -> Schema:
    """As it is served, by the engine; and documents that hold a text are kept too, so that each is answered both ways in."""
    return engine.build(KeepsAll())


class KeepsAll(Prepared):
    """Keeps every valid document."""

    @staticmethod
    def _holds_a_text(text: str) -> bool:
        return False


@pytest.fixture
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """argon2id at its least: what it costs is tested in test_passwords.py, and only there."""
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    monkeypatch.setattr(passwords, "_NOBODYS", passwords._hash_of_nothing())
