"""Every bypass is tried with the engine and without."""

import pytest

import engine
from schema.build import Schema, build
from tests.conftest import KeepsAll


@pytest.fixture(scope="session", params=[True, False], ids=["engine", "without"])
def schema(request: pytest.FixtureRequest) -> Schema:
    return engine.build(KeepsAll()) if request.param else build()
