"""A PostgreSQL that archives its write-ahead log, and another brought back from it as it was at an instant: what docs/operations/backup.md says."""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg

from tests.databases import KEEPER, PATIENCE_SECONDS, SETTINGS, Postgres, PostgresDidNotStart, _binaries, _free_port, _give_to_nobody

#: Beside the data folder, in which PostgreSQL runs these.
ARCHIVE = "mkdir -p ../archive && test ! -f ../archive/%f && cp %p ../archive/%f"
FETCH = "cp ../archive/%f %p"


class Archiving(Postgres):
    """Each full segment of its log is copied away."""

    def __init__(self) -> None:
        super().__init__(durable=True)
        self._settings |= {"archive_mode": "on", "archive_command": ARCHIVE}

    def tool(self, name: str, *arguments: str) -> None:
        """Run one of PostgreSQL's own programs on this server, as the user it runs as. Raises CalledProcessError."""
        copied = self._folder / "wheel" / "pginstall18" / "bin"
        program = (copied if copied.exists() else _binaries(self._folder, copy=False)) / name
        where = ["--host=127.0.0.1", f"--port={self._port}", "--username=postgres"]
        subprocess.run([str(program), *where, *arguments], check=True, stdin=subprocess.DEVNULL, **self._as_owner())

    def base_backup(self) -> None:
        """Copy the whole cluster, while it runs."""
        self.tool("pg_basebackup", "--checkpoint=fast", "--wal-method=none", "--no-sync", f"--pgdata={self._folder / 'restored'}")

    async def archived(self) -> None:
        """Wait until all that was written so far is in the archive."""
        connection = await asyncpg.connect(self._url("postgres"))
        try:
            segment = await connection.fetchval("SELECT pg_walfile_name(pg_current_wal_lsn())")
            await connection.execute("SELECT pg_switch_wal()")
            deadline = time.monotonic() + PATIENCE_SECONDS
            while not (self._folder / "archive" / segment).exists():
                assert time.monotonic() < deadline, "nothing was archived"
                await asyncio.sleep(0.05)
        finally:
            await connection.close()

    @asynccontextmanager
    async def brought_back(self, database: str, at: datetime) -> AsyncIterator[str]:
        """The URL of a database in another cluster: the base backup, and what the archive holds until that instant."""
        data, port = self._folder / "restored", _free_port()
        (data / "recovery.signal").touch()
        settings = SETTINGS | {"restore_command": FETCH, "recovery_target_time": at.isoformat(" "), "recovery_target_action": "promote"}
        copied = self._folder / "wheel" / "pginstall18" / "bin"
        program = (copied if copied.exists() else _binaries(self._folder, copy=False)) / "postgres"
        command = [str(program), "-D", str(data), "-p", str(port), *(f"--{name}={value}" for name, value in settings.items())]
        keeper = self._kept(command)
        try:
            url = f"postgres://postgres@127.0.0.1:{port}/{database}"
            await _until_promoted(url, keeper, self._folder / "log-restored")
            yield url
        finally:
            keeper.communicate()

    def _kept(self, command: list[str]) -> subprocess.Popen[bytes]:
        with (self._folder / "log-restored").open("wb") as log:
            return subprocess.Popen(
                ["/bin/sh", "-c", KEEPER, "keeper", "true", *command],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **self._as_owner(),
            )

    def _as_owner(self) -> dict[str, Any]:
        if os.geteuid() != 0:
            return {}
        owner = _give_to_nobody(self._folder)
        return {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}


async def _until_promoted(url: str, keeper: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and keeper.poll() is None:
        try:
            connection = await asyncpg.connect(url)
        except (OSError, asyncpg.PostgresError):
            await asyncio.sleep(0.05)
            continue
        recovering = await connection.fetchval("SELECT pg_is_in_recovery()")
        await connection.close()
        if not recovering:
            return
        await asyncio.sleep(0.05)
    raise PostgresDidNotStart(log.read_text(errors="replace"))  # noqa: ASYNC240 (the test is over)
