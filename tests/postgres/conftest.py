"""A primary and its synchronous standby, as operators run PostgreSQL; and what stands in between."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.databases import Postgres


def require(program: str, package: str) -> str:
    """Where a program is. Without it the test is skipped saying so; in CI it fails."""
    found = shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")
    if found is None:
        missing = f"there is no {program}: apt-get install {package}"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    return found


@dataclass
class Pair:
    """Two servers."""

    primary: Postgres
    standby: Postgres

    def url(self, name: str) -> str:
        """A database of both."""
        return f"postgres://postgres@{self.primary.address},{self.standby.address}/{name}"


@pytest.fixture
def pair() -> Iterator[Pair]:
    with Postgres(synchronous_commit="on") as primary, Postgres(synchronous_commit="on", standby_of=primary) as standby:
        yield Pair(primary, standby)
