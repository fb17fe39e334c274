"""What a fresh clone needs: locks that hold anywhere, and a PostgreSQL that leaves nothing behind."""

import re
import tomllib
from pathlib import Path

import asyncpg
import pytest

from tests.databases import Postgres

ROOT = Path(__file__).parent.parent
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
NPM_LOCKS = sorted(
    [*ROOT.glob("*/package-lock.json"), *(ROOT / "tests").glob("*/*/package-lock.json"), ROOT / "benchmarks/peers/node/package-lock.json"]
)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_a_lock_pins_each_package_with_hashes_and_names_no_host(lock: Path) -> None:
    entries = re.split(r"\n(?=\S)", lock.read_text().strip())
    assert entries
    assert [entry for entry in entries if not re.match(r"[a-z0-9-]+(\[[a-z]+\])?==\S+ .*--hash=sha256:", entry, re.DOTALL)] == []
    assert "://" not in lock.read_text()


@pytest.mark.parametrize("lock", NPM_LOCKS, ids=lambda lock: lock.parent.name)
def test_npm_s_lock_names_no_registry(lock: Path) -> None:
    assert '"resolved"' not in lock.read_text()


def test_each_dependency_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = {
        "runtime": project["project"]["dependencies"],
        "dev": project["project"]["dependencies"] + project["dependency-groups"]["dev"],
        "mutants": project["dependency-groups"]["mutants"],
        "bench": project["dependency-groups"]["bench"],
        "node": project["dependency-groups"]["node"],
    }
    assert set(wanted) == {lock.stem for lock in LOCKS}
    for lock in LOCKS:
        locked = set(re.findall(r"^[a-z0-9-]+", lock.read_text(), re.MULTILINE))
        assert {re.split(r"[<>=]", name)[0] for name in wanted[lock.stem]} <= locked


async def test_a_database_made_from_a_template_holds_what_the_template_held() -> None:
    with Postgres() as postgres:
        template = await postgres.create_database()
        connection = await asyncpg.connect(template)
        await connection.execute("CREATE TABLE kept AS SELECT 1 AS number")
        await connection.close()

        connection = await asyncpg.connect(await postgres.create_database(template))
        assert await connection.fetchval("SELECT number FROM kept") == 1
        assert await connection.fetchval("SHOW server_version_num") >= "180000"
        await connection.close()


async def test_a_stopped_postgres_answers_nobody() -> None:
    with Postgres() as postgres:
        database = await postgres.create_database()
    with pytest.raises(ConnectionRefusedError):
        await asyncpg.connect(database)
