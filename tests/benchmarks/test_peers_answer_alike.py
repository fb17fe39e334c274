"""What `make bench` compares us with gives our answers, on the same rows, and writes the same access log."""

from __future__ import annotations

import importlib.util
from collections.abc import AsyncIterator

import asyncpg
import pytest

from benchmarks.filling import fill
from benchmarks.questions.pages import NODE_PEERS, PYTHON_PEERS, UNRECORDED
from benchmarks.running import Differs, answers, node, require_equal
from benchmarks.setting import Setting
from tests.databases import Postgres
from tests.serving import Server

PARCELS = 120  # more than a page, so that there is a next one


@pytest.fixture(scope="module")
async def setting(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Setting]:
    """A small filled database."""
    filled = await fill(await postgres.create_database(), parcels=PARCELS, agents=1)
    connection = await asyncpg.connect(filled.url)
    yield Setting(postgres, tmp_path_factory.mktemp("bench"), filled, connection, rounds=1, parcels=PARCELS)
    await connection.close()


@pytest.fixture(scope="module")
async def server(setting: Setting) -> AsyncIterator[Server]:
    """We, on that database."""
    async with setting.ours() as ours:
        yield ours


@pytest.mark.parametrize("name", [*PYTHON_PEERS, *NODE_PEERS])
async def test_a_page_is_the_same(setting: Setting, server: Server, name: str) -> None:
    if name.endswith(".mjs") and node() is None:
        pytest.skip("the Node peers are not installed: make bench")
    if name == "ariadne_peer" and importlib.util.find_spec("ariadne") is None:
        pytest.skip("Ariadne is not installed: make bench")
    async with setting.peer(name) as port:
        for workload in setting.pages():
            ours, peer = setting.our_side(server, workload), setting.peer_side(name, port, workload)
            await require_equal(ours, peer, setting.take_log, recorded=name not in UNRECORDED)


async def test_what_is_read_one_at_a_time_is_the_same(setting: Setting, server: Server) -> None:
    async with setting.peer("raw") as port:
        for workload in setting.singles():
            ours, raw = setting.our_side(server, workload), setting.peer_side("raw", port, workload)
            await require_equal(ours, raw, setting.take_log)


async def test_a_page_under_a_live_consent_is_written_down_whole(setting: Setting, server: Server) -> None:
    await setting.clean()
    await answers(setting.our_side(server, setting.pages()[2]))
    assert len(await setting.take_log()) == 100


async def test_what_differs_is_not_timed(setting: Setting, server: Server) -> None:
    nothing, _, consent = setting.pages()
    with pytest.raises(Differs):
        await require_equal(setting.our_side(server, nothing), setting.our_side(server, consent, name="another"), setting.take_log)
