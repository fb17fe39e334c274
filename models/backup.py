"""A copy of an SQLite database, taken while servers write to it. PostgreSQL has tools of its own: docs/operations/backup.md."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import urlsplit

from models.database import config


class NoBackup(ValueError):
    """No copy was made. The message says why."""


def back_up(url: str, to: Path) -> None:
    """Copy the SQLite database at `url` into a new file that only its owner can read: all of one instant, whole, and on the disk.

    Nobody waits for it (WAL), and what was deleted is not in it. Raises NoBackup, sqlite3.Error and OSError, and leaves no file then.
    """
    if urlsplit(url).scheme != "sqlite":
        raise NoBackup("this copies SQLite databases: for PostgreSQL use pg_dump or pg_basebackup, see docs/operations/backup.md")
    source = Path(config(url)["connections"]["default"]["credentials"]["file_path"])
    if not source.is_file():
        raise NoBackup("there is no database to copy: check LATCHKEY_DATABASE_URL")
    if to.exists():
        raise NoBackup("there is such a file already: nothing is overwritten")
    partial = to.with_name(to.name + ".partial")
    partial.unlink(missing_ok=True)
    try:
        partial.touch(mode=0o600, exist_ok=False)
        _copy(source, partial)
        _keep(partial)
        partial.rename(to)
        _keep(to.parent)
    except BaseException:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise


def _copy(source: Path, to: Path) -> None:
    with closing(sqlite3.connect(source, isolation_level=None, timeout=30)) as connection:
        connection.execute("VACUUM INTO ?", (str(to),))
    with closing(sqlite3.connect(to, isolation_level=None)) as copy:
        if copy.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise NoBackup("the copy is not whole: is the disk failing?")


def _keep(path: Path) -> None:
    """On the disk, and not only on its way there."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
