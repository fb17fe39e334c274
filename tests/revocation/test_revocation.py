"""A revoke that was answered holds at once in every process, at every door; so does a grant, and a claim filed, withdrawn or closed.

`make revocation N=100000` judges so many definite reads on each database.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from models.database import close_database, open_database
from resolvers import documents
from tests.revocation.history import Verdict
from tests.revocation.storm import a_storm
from tests.serving import Server, serving, until

PROCESSES = {"postgres": 4, "sqlite": 2}
DEFINITE = int(os.environ.get("DEFINITE_READS", "1000"))
#: Far below what an idle machine does; the long run may be nice to others.
LEAST_A_SECOND = 2
PROGRESS_SECONDS = 30


@pytest.fixture
async def servers(database_url: str, tmp_path: Path) -> AsyncIterator[list[Server]]:
    """So many processes on one database, which is open here too."""
    engine = database_url.split("://", 1)[0]
    running = [Server(database_url, tmp_path) for _ in range(PROCESSES[engine])]
    async with serving(*running):
        await open_database(database_url)
        await documents.prepare()
        yield running
        await close_database()


def say(capsys: pytest.CaptureFixture[str], line: str) -> None:
    """Progress of a run that may be long."""
    with capsys.disabled():
        sys.stdout.write(f"\n{line}")
        sys.stdout.flush()


async def test_no_read_is_stale_lost_or_inverted(servers: list[Server], capsys: pytest.CaptureFixture[str]) -> None:
    began = told = time.monotonic()
    async with a_storm(servers) as storm:

        def enough() -> bool:
            nonlocal told
            if time.monotonic() >= told + PROGRESS_SECONDS:
                told = time.monotonic()
                say(capsys, f"{storm.definite} of {DEFINITE} definite reads, {time.monotonic() - began:.0f} s, {storm.wrong}")
            return storm.definite >= DEFINITE or any(storm.wrong.values())

        await until(enough, 60 + DEFINITE / LEAST_A_SECOND)
    say(
        capsys,
        f"{len(servers)} processes, {storm.definite} definite reads of {storm.reads} answers ({dict(storm.by)}) and {storm.events} events,"
        f" {len(storm.consent.changes)} grants and revokes, {len(storm.claim.changes)} claims filed, withdrawn and closed,"
        f" {time.monotonic() - began:.0f} s: {storm.wrong}\n",
    )
    assert storm.wrong == {"inverted": 0, "lost": 0, "stale": 0}
    assert min(storm.verdicts[Verdict.SHOWN], storm.verdicts[Verdict.WITHHELD]) * 10 > storm.definite, "too few of one kind to say much"
    assert set(storm.by) == {"http", "websocket"}
    assert storm.events > 0
