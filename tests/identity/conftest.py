"""What the tests of identity share. TEMPORARY: `postgres`, `migrated` and `database`, until tests/conftest.py has them."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from identity import passwords
from models.database import close_database, migrate, open_database
from tests.databases import Postgres


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with Postgres() as server:
        yield server


@pytest.fixture(scope="session")
async def migrated(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    lite = tmp_path_factory.mktemp("migrated") / "migrated.sqlite3"
    urls = {"sqlite": f"sqlite://{lite}", "postgres": await postgres.create_database()}
    for url in urls.values():
        await migrate(url)
    return urls


@pytest.fixture(params=["sqlite", "postgres"])
async def database(request: pytest.FixtureRequest, postgres: Postgres, migrated: dict[str, str], tmp_path: Path) -> AsyncIterator[str]:
    """An empty, migrated, open database; which engine it is."""
    engine: str = request.param
    if engine == "sqlite":
        copy = tmp_path / "latchkey.sqlite3"
        shutil.copyfile(migrated["sqlite"].removeprefix("sqlite://"), copy)
        url = f"sqlite://{copy}"
    else:
        url = await postgres.create_database(template=migrated["postgres"])
    await open_database(url)
    yield engine
    await close_database()
    if engine == "postgres":
        await postgres.drop_database(url)


@pytest.fixture
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """argon2id at its least: what it costs is tested in test_passwords.py, and only there."""
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    monkeypatch.setattr(passwords, "_NOBODYS", passwords._hash_of_nothing())
