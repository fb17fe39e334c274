"""Through a real PgBouncer that gives the connection away after each transaction; changes are heard past it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from models.database import close_database, fetch, open_database, snapshot, transaction
from resolvers import documents
from tests.asking import account_id, parcel_id
from tests.builders import a_merchant, a_parcel, an_agent
from tests.databases import Postgres
from tests.postgres.conftest import require
from tests.serving import PATIENCE_SECONDS, Server, free_port, serving, token_of, with_password

NAME = "Jan de Bakker"
READ = "query ($id: ID!) { parcel(id: $id) { recipient { name } } }"
GRANT = "mutation ($id: ID!) { grantConsent(input: {accountId: $id, duration: ONE_HOUR}) { consent { id } } }"
REVOKE = "mutation ($id: ID!) { revokeConsent(input: {accountId: $id}) { consent { id } } }"
LIVE = "subscription ($id: ID!) { agentLoginChanged(accountId: $id) { state } }"
CONFIGURATION = """[databases]
* = host=127.0.0.1 port={server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {folder}/users
pool_mode = transaction
default_pool_size = 3
"""


@pytest.fixture
def bouncer(postgres: Postgres) -> Iterator[int]:
    """The port of a PgBouncer before this PostgreSQL. Of its three connections each client gets one for a transaction at a time."""
    program = require("pgbouncer", "pgbouncer")
    folder, port = Path(tempfile.mkdtemp(prefix="latchkey-pgbouncer-")), free_port()
    (folder / "users").write_text('"postgres" ""\n')
    (folder / "pgbouncer.ini").write_text(CONFIGURATION.format(server=postgres.address.split(":")[1], port=port, folder=folder))
    nobody = pwd.getpwnam("nobody") if os.geteuid() == 0 else None  # it refuses to run as root
    if nobody is not None:
        for each in (folder, *folder.iterdir()):
            os.chown(each, nobody.pw_uid, nobody.pw_gid)
    process = subprocess.Popen(
        [program, "--quiet", str(folder / "pgbouncer.ini")],
        user=nobody and nobody.pw_uid,
        group=nobody and nobody.pw_gid,
        extra_groups=nobody and [],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield port
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder)


async def through(port: int, direct: str) -> str:
    """The URL through it, once it listens."""
    url = f"postgres://postgres@127.0.0.1:{port}/{direct.rsplit('/', 1)[-1]}?pooler=transaction"
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return url
        assert time.monotonic() < deadline, "PgBouncer does not listen"
        await asyncio.sleep(0.05)


async def test_signing_in_granting_reading_hearing_and_revoking(bouncer: int, postgres: Postgres, migrated: dict[str, str], tmp_path: Path) -> None:
    direct = await postgres.create_database(template=migrated["postgres"])
    pooled = await through(bouncer, direct)
    server = Server(pooled, tmp_path, listen_url=direct)
    async with serving(server):
        await open_database(direct)
        await documents.prepare()
        merchant = await a_merchant()
        parcel = {"id": parcel_id((await a_parcel(merchant, name=NAME)).id)}
        email, agent, account = await with_password(merchant.owner), await token_of(await an_agent()), {"id": account_id(merchant.id)}
        await close_database()
        async with server.signed_in(email) as owner, server.client(agent) as reader, server.socket(agent) as socket:
            await socket.subscribe("live", LIVE, account)
            assert (await socket.next())["payload"]["data"]["agentLoginChanged"]["state"] == "OFF"
            for _ in range(3):
                answer = await owner.post("/graphql", json={"query": GRANT, "variables": account})
                assert "errors" not in answer.json()
                assert (await socket.next())["payload"]["data"]["agentLoginChanged"]["state"] == "ACTIVE"
                answers = await asyncio.gather(*(reader.post("/graphql", json={"query": READ, "variables": parcel}) for _ in range(20)))
                assert [answer.text for answer in answers if NAME not in answer.text] == []
                answer = await owner.post("/graphql", json={"query": REVOKE, "variables": account})
                assert "errors" not in answer.json()
                assert NAME not in (await reader.post("/graphql", json={"query": READ, "variables": parcel})).text
                assert (await socket.next())["payload"]["data"]["agentLoginChanged"]["state"] == "OFF"


async def test_every_transaction_has_its_limits_and_leaves_none_behind(bouncer: int, postgres: Postgres, migrated: dict[str, str]) -> None:
    direct = await postgres.create_database(template=migrated["postgres"])
    await open_database(await through(bouncer, direct), seconds=3)
    try:
        for limit in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
            assert [dict(row) for row in await fetch(f"SHOW {limit}")] == [{limit: "3s"}]
            async with snapshot():
                assert [dict(row) for row in await fetch(f"SHOW {limit}")] == [{limit: "3s"}]
            async with transaction():
                assert [dict(row) for row in await fetch(f"SHOW {limit}")] == [{limit: "3s"}]
        rows = await asyncio.gather(*(fetch("SELECT :a || pg_sleep(0.001)::text AS found", a=f"{number}") for number in range(200)))
        assert [row[0]["found"] for row in rows] == [str(number) for number in range(200)]
    finally:
        await close_database()
    other = await asyncpg.connect(f"postgres://postgres@127.0.0.1:{bouncer}/{direct.rsplit('/', 1)[-1]}", statement_cache_size=0)
    try:
        assert await other.fetchval("SELECT current_setting('statement_timeout')") == "0", "the next client of the same connection"
    finally:
        await other.close()
