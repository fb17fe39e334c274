"""How fast is SQLite, the default, against raw Starlette and aiosqlite doing the same?"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from typing import Any

from benchmarks.filling import fill
from benchmarks.findings import Finding, Goal, finding
from benchmarks.pairs import compare
from benchmarks.running import a_peer, our_server, require_equal
from benchmarks.setting import Setting

_LOG = """SELECT agent_id, account_id, parcel_id, action, changed, categories, fields, basis, consent_id, claim_id
FROM access_log ORDER BY account_id, parcel_id"""


async def ask(setting: Setting) -> AsyncIterator[Finding]:
    """Pages and single reads, on a file of its own."""
    file = setting.folder / "bench.sqlite3"
    here = replace(setting, filled=await fill(f"sqlite://{file}"))

    async def take_log() -> list[Any]:
        with closing(sqlite3.connect(file, timeout=30)) as connection, connection:
            rows = connection.execute(_LOG).fetchall()
            connection.execute("DELETE FROM access_log")
            return rows

    async def clean() -> None:
        await take_log()

    url = here.filled.url
    async with our_server(url, here.folder) as server, a_peer("raw", url, here.folder) as port:
        for workload in [*here.pages(), *here.singles()]:
            ours, raw = here.our_side(server, workload), here.peer_side("raw", port, workload)
            await require_equal(ours, raw, take_log)
            for clients in (1, 32):
                ratio = await compare(ours, raw, clients, here.rounds, clean)
                yield finding("sqlite", workload.name, clients, "raw", ratio, Goal(least=0.5), database="sqlite")
