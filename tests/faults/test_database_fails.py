"""The database is refused, cut off, a black hole, slow, locked or full: every answer comes within 5 s, is clean, and shows nothing; and all
is well within 5 s of its return.
"""

from __future__ import annotations

import asyncio
import re
import resource
import shutil
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from models import database
from models.database import close_database, open_database
from policy.vocabulary import ConsentDuration
from resolvers import consents, documents
from resolvers.gate import Gate
from resolvers.ledger import Request
from tests.asking import account_id, claim_id, parcel_id
from tests.builders import Merchant, a_claim, a_consent, a_merchant, a_parcel, an_agent
from tests.databases import Postgres
from tests.faults.proxy import Between, between
from tests.serving import Server, serving, token_of

NAME = "Jan de Bakker"
SECONDS = 5.0
READ = "query ($id: ID!) { parcel(id: $id) { status recipient { name } } }"
CLOSE = "mutation ($id: ID!) { closeClaim(input: {claimId: $id, outcome: REJECTED}) { claim { status } } }"
GRANT = "mutation ($id: ID!) { grantConsent(input: {accountId: $id, duration: ONE_HOUR}) { consent { id } } }"
LIVE = "subscription ($id: ID!) { agentLoginChanged(accountId: $id) { state consent { grantedBy } } }"
#: What tells of the database, its host or its statements.
INSIDES = re.compile(
    r"127\.0\.0\.1|localhost|postgres|sqlite|asyncpg|tortoise|SELECT|INSERT|UPDATE|consents\b|access_log|Traceback|/models/", re.IGNORECASE
)


@dataclass
class Scene:
    """A server, a merchant with a live consent, a parcel, a claim on it, who asks, and what may go wrong."""

    server: Server
    url: str
    merchant: Merchant
    parcel: str
    claim: str
    owner: httpx2.AsyncClient
    agent: httpx2.AsyncClient
    agents_token: str
    proxy: Between | None = None

    def asks(self) -> dict[str, tuple[str, dict[str, Any], httpx2.AsyncClient]]:
        """Everything a client may want: the document, its variables, and who asks."""
        account = {"id": account_id(self.merchant.id)}
        return {
            "read": (READ, {"id": self.parcel}, self.agent),
            "close": (CLOSE, {"id": self.claim}, self.agent),
            "grant": (GRANT, account, self.owner),
        }


async def asked(document: str, variables: dict[str, Any], client: httpx2.AsyncClient) -> tuple[httpx2.Response, float]:
    """The answer, and how long it took."""
    began = time.monotonic()
    answer = await client.post("/graphql", json={"query": document, "variables": variables})
    return answer, time.monotonic() - began


@asynccontextmanager
async def a_scene(url: str, folder: Path, through: str | None = None, proxy: Between | None = None) -> AsyncIterator[Scene]:
    server = Server(through or url, folder)
    async with serving(server):
        await open_database(url)
        await documents.prepare()
        merchant = await a_merchant()
        parcel = await a_parcel(merchant, name=NAME)
        claim = await a_claim(parcel)
        await a_consent(merchant)
        owner, agent = await token_of(merchant.owner), await token_of(await an_agent())
        try:
            async with server.client(owner) as owners, server.client(agent) as agents:
                yield Scene(server, url, merchant, parcel_id(parcel.id), claim_id(claim), owners, agents, agent, proxy)
        finally:
            await close_database()


@pytest.fixture
async def behind(postgres: Postgres, migrated: dict[str, str], tmp_path: Path) -> AsyncIterator[Scene]:
    """On PostgreSQL, behind a proxy that may fail."""
    url = await postgres.create_database(template=migrated["postgres"])
    async with between(url) as (proxy, through), a_scene(url, tmp_path, through, proxy) as scene:
        yield scene


@pytest.fixture
async def scene(database_url: str, tmp_path: Path) -> AsyncIterator[Scene]:
    """On either database."""
    async with a_scene(database_url, tmp_path) as scene:
        yield scene


def require_clean(answer: httpx2.Response, seconds: float) -> dict[str, Any]:
    """In time, with nothing shown and nothing told of the inside; the answer."""
    assert seconds < SECONDS, seconds
    assert NAME not in answer.text
    assert INSIDES.search(answer.text) is None, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def require_healed(scene: Scene) -> None:
    """Within 5 s queries, mutations, subscriptions and /readyz are as they should be."""
    deadline = time.monotonic() + SECONDS
    last: object = None
    while time.monotonic() < deadline:
        last = await _state(scene)
        if last is None:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"not healed: {last}")


async def _state(scene: Scene) -> object:
    """What is wrong still."""
    if (ready := await scene.agent.get("/readyz")).status_code != 200:
        return ready.text
    granted, _ = await asked(*scene.asks()["grant"])
    if granted.status_code != 200 or "errors" in granted.json():
        return granted.text
    read, _ = await asked(*scene.asks()["read"])
    if NAME not in read.text:
        return read.text
    try:
        async with scene.server.socket(scene.agents_token) as socket:
            await socket.subscribe("live", LIVE, {"id": account_id(scene.merchant.id)})
            message = await socket.next(SECONDS)
    except (TimeoutError, ConnectionClosed) as error:
        return error
    return None if "errors" not in message["payload"] else message


async def refused(proxy: Between) -> None:
    await proxy.refuse()


async def a_black_hole(proxy: Between) -> None:
    await proxy.freeze()


async def very_slow(proxy: Between) -> None:
    await proxy.slow(1.5)


FAULTS = [pytest.param(refused, id="refused"), pytest.param(a_black_hole, id="black-hole"), pytest.param(very_slow, id="slow")]


@pytest.mark.parametrize("fault", FAULTS)
async def test_every_answer_comes_in_time_clean_and_withheld_and_all_heals(behind: Scene, fault: Callable[[Between], Awaitable[None]]) -> None:
    assert behind.proxy is not None
    await require_healed(behind)
    await fault(behind.proxy)
    # more at once than there are connections
    answers = await asyncio.gather(*(asked(*ask) for ask in list(behind.asks().values()) * 4), _ready(behind))
    for answer, seconds in answers[:-1]:
        found = require_clean(answer, seconds)
        assert found["errors"][0]["extensions"]["code"] == "INTERNAL"
    ready, seconds = answers[-1]
    assert (ready.status_code, ready.json(), seconds < SECONDS) == (503, {"status": "not ready"}, True)
    await behind.proxy.heal()
    await require_healed(behind)


async def _ready(scene: Scene) -> tuple[httpx2.Response, float]:
    began = time.monotonic()
    return await scene.agent.get("/readyz"), time.monotonic() - began


async def test_a_socket_that_can_t_be_opened_for_that_is_not_refused(behind: Scene) -> None:
    """A client that is forbidden gives up; one that is told of an error of ours tries again."""
    assert behind.proxy is not None
    await behind.proxy.refuse()
    with pytest.raises(InvalidStatus) as failed:
        async with behind.server.socket(behind.agents_token):
            pass
    assert failed.value.response.status_code == 500
    assert b'"INTERNAL"' in failed.value.response.body
    await behind.proxy.heal()
    await require_healed(behind)


async def test_slow_but_not_too_slow_is_answered(behind: Scene) -> None:
    assert behind.proxy is not None
    await behind.proxy.slow(0.05)
    answer, seconds = await asked(*behind.asks()["read"])
    assert NAME in answer.text
    assert seconds < SECONDS


async def test_connections_that_were_cut_are_not_used_again(behind: Scene) -> None:
    assert behind.proxy is not None
    await asyncio.gather(*(asked(*behind.asks()["read"]) for _ in range(10)))
    await behind.proxy.cut()
    await require_healed(behind)


@pytest.mark.parametrize("fault", FAULTS[:2])
async def test_a_subscription_is_over_or_catches_up(behind: Scene, fault: Callable[[Between], Awaitable[None]]) -> None:
    """What changes while the server can't reach the database is told, at the latest 5 s after it can again; until then nothing is shown anew."""
    assert behind.proxy is not None
    gate = Gate(behind.merchant.owner, Request("test"))
    async with behind.server.socket(behind.agents_token) as socket:
        await socket.subscribe("live", LIVE, {"id": account_id(behind.merchant.id)})
        assert (await socket.next())["payload"]["data"]["agentLoginChanged"]["state"] == "ACTIVE"
        await fault(behind.proxy)
        await consents.revoke(gate, behind.merchant.id)
        await asyncio.sleep(2)  # as long as a connection is waited for
        await behind.proxy.heal()
        message = await socket.next(SECONDS)
        assert message["payload"]["data"]["agentLoginChanged"] == {"state": "OFF", "consent": {"grantedBy": None}}
        await consents.grant(gate, behind.merchant.id, ConsentDuration.ONE_HOUR)
        assert (await socket.next(SECONDS))["payload"]["data"]["agentLoginChanged"]["state"] == "ACTIVE"


# The access log can't be written, or nothing can.

_FULL = {
    "sqlite": ["CREATE TRIGGER full_disk BEFORE INSERT ON access_log BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"],
    "postgres": [
        """CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'could not extend file "base/1/2": No space left on device' USING ERRCODE = '53100'; END $$""",
        "CREATE TRIGGER full_disk BEFORE INSERT ON access_log FOR EACH ROW EXECUTE FUNCTION full_disk()",
    ],
}
_ROOM = {"sqlite": ["DROP TRIGGER full_disk"], "postgres": ["DROP TRIGGER full_disk ON access_log", "DROP FUNCTION full_disk"]}


async def test_without_the_access_log_nothing_is_shown_and_nothing_an_agent_does_is_done(scene: Scene) -> None:
    engine = scene.url.split("://", 1)[0]
    for statement in _FULL[engine]:
        await database.execute(statement)
    answer, seconds = await asked(*scene.asks()["read"])
    found = require_clean(answer, seconds)
    assert found["data"]["parcel"]["recipient"]["name"] is None
    assert "NOT_RECORDED" in answer.text
    answer, seconds = await asked(*scene.asks()["close"])
    assert require_clean(answer, seconds)["errors"][0]["extensions"]["code"] == "INTERNAL"
    assert (await database.fetch("SELECT status FROM claims"))[0]["status"] == "SUBMITTED"
    merchants, _ = await asked(READ, {"id": scene.parcel}, scene.owner)
    assert NAME in merchants.text
    for statement in _ROOM[engine]:
        await database.execute(statement)
    await require_healed(scene)


@asynccontextmanager
async def held_by_somebody(scene: Scene) -> AsyncIterator[None]:
    """Another process writes, and does not come to an end."""
    if scene.url.startswith("sqlite"):
        with closing(sqlite3.connect(scene.url.removeprefix("sqlite://"), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
            other.execute("ROLLBACK")
        return
    connection = await asyncpg.connect(scene.url)
    try:
        await connection.execute("BEGIN; LOCK TABLE access_log, accounts IN ACCESS EXCLUSIVE MODE")
        yield
    finally:
        await connection.close()


async def test_a_lock_that_is_held_for_ever_holds_up_no_answer_for_long(scene: Scene) -> None:
    async with held_by_somebody(scene):
        for answer, seconds in await asyncio.gather(*(asked(*ask) for ask in list(scene.asks().values()) * 4)):
            require_clean(answer, seconds)
    await require_healed(scene)


@pytest.fixture
async def on_sqlite(migrated: dict[str, str], tmp_path: Path) -> AsyncIterator[Scene]:
    url = f"sqlite://{shutil.copyfile(migrated['sqlite'].removeprefix('sqlite://'), tmp_path / 'latchkey.sqlite3')}"
    async with a_scene(url, tmp_path) as scene:
        yield scene


def written_ahead(path: str) -> int:
    """Bytes in the file SQLite writes to first."""
    return Path(f"{path}-wal").stat().st_size


async def test_a_full_disk_withholds_and_heals(on_sqlite: Scene) -> None:
    """The server's files may not grow: what is written ahead already stands beyond that."""
    path, process = on_sqlite.url.removeprefix("sqlite://"), on_sqlite.server.process.pid
    while written_ahead(path) < 256 * 1024:
        await a_parcel(on_sqlite.merchant)
    before = resource.prlimit(process, resource.RLIMIT_FSIZE)
    resource.prlimit(process, resource.RLIMIT_FSIZE, (128 * 1024, before[1]))
    answer, seconds = await asked(*on_sqlite.asks()["read"])
    require_clean(answer, seconds)
    assert "NOT_RECORDED" in answer.text
    for name in ("close", "grant"):
        answer, seconds = await asked(*on_sqlite.asks()[name])
        assert require_clean(answer, seconds)["errors"][0]["extensions"]["code"] == "INTERNAL"
    resource.prlimit(process, resource.RLIMIT_FSIZE, before)
    await require_healed(on_sqlite)
