"""TEMPORARY: the fixture `database` until tests/conftest.py has it. Remove this file then."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

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
async def database(
    request: pytest.FixtureRequest, postgres: Postgres, migrated: dict[str, str], tmp_path: Path
) -> AsyncIterator[str]:
    """An empty, migrated, open database; which engine it is."""
    engine: str = request.param
    if engine == "sqlite":
        copy = tmp_path / "latchkey.sqlite3"
        copy.write_bytes(Path(migrated["sqlite"].removeprefix("sqlite://")).read_bytes())
        url = f"sqlite://{copy}"
    else:
        url = await postgres.create_database(template=migrated["postgres"])
    await open_database(url)
    yield engine
    await close_database()
    if engine == "postgres":
        await postgres.drop_database(url)
