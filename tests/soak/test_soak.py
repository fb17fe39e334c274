"""A short soak, so that the long one (`make soak`) works when it is wanted: a few faults, and everything is looked at that it looks at."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.revocation.history import Verdict
from tests.soak.running import Plan, soak

#: On a machine that others use too, an answer may take longer than on one of our own.
PATIENT = {"heal_seconds": 2.0, "database_seconds": 15.0}


@pytest.mark.parametrize(
    ("database", "named"),
    [
        pytest.param("postgres", ("a server killed", "PostgreSQL crashed"), id="postgres"),
        pytest.param("sqlite", ("clients vanish",), id="sqlite"),
    ],
)
async def test_a_short_soak_passes(database: str, named: tuple[str, ...], tmp_path: Path) -> None:
    said: list[str] = []
    report = await soak(Plan(database, 4.0 * (len(named) + 1), seed=7, every=4, named=named, **PATIENT), tmp_path, said.append)
    assert report.problems == []
    assert {each["fault"] for each in report.faults} == set(named)
    assert report.answers.total() > 0
    assert all(report.reads[kind] > 0 for kind in (Verdict.SHOWN, Verdict.WITHHELD))
    assert all(report.counted[f"kept: {name}"] > 0 for name in ("granted", "ended", "shown"))
