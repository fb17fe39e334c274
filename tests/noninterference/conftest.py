"""The two worlds, made once a database."""

import pytest

from tests.databases import Postgres
from tests.noninterference.worlds import Pair, a_pair


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
async def pair(request: pytest.FixtureRequest, migrated: dict[str, str], postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return await a_pair(migrated[request.param], tmp_path_factory.mktemp("worlds"), postgres)
