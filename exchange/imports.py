"""Importing a file of parcels into an account, in constant memory and in batches, with a line in the rejects file for each bad row.

A second run of the same file imports nothing and changes nothing. `updated` counts parcels of which something was written; a parcel of
which newer news is known already is left alone and is counted nowhere.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self
from uuid import UUID

import orjson

from exchange.input_files import Position, UnreadableFile
from exchange.parcel_rows import ParcelRow
from exchange.readers import Rejection, chunks
from exchange.stored_parcels import analyze, checkpoint, store, writing_much
from models import database
from models.database import Engine

__all__ = ["Counts", "PartlyImported", "UnreadableFile", "import_file"]

_FEWEST, _MOST = 10, 500
_ANALYZE_AT: Final = 1_000
# On SQLite one writer shuts out all others, and none may hold the lock for 50 ms: a third of that, for a slow moment of the disk. Whoever
# waits for it is in no queue but asks again, after 25 ms at most in the first 100: for so long the lock is left free between two batches.
_SECONDS: Final = {Engine.SQLITE: 0.015, Engine.POSTGRES: 0.25}
_PAUSE: Final = {Engine.SQLITE: 0.025, Engine.POSTGRES: 0.0}
_CHECKPOINT_EVERY: Final = 4


@dataclass(slots=True)
class Counts:
    """What became of a file's parcels."""

    imported: int = 0
    updated: int = 0
    rejected: int = 0


class PartlyImported(UnreadableFile):
    """The rest of the file can't be read. What came before it is imported: `counts`."""

    def __init__(self, reason: str, counts: Counts) -> None:
        super().__init__(reason)
        self.counts = counts


class _Rejects:
    """The rejects file: NDJSON, made at the first reject. One of an earlier run is removed."""

    def __init__(self, imported: Path, path: Path | None) -> None:
        self.path = path or imported.with_name(f"{imported.name}.rejects.ndjson")
        if self.path.resolve() == imported.resolve():
            raise ValueError("the rejects file can't be the file that is imported")
        self.count = 0
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        self.path.unlink(missing_ok=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, rejection: Rejection) -> None:
        if self._file is None:
            self._file = self.path.open("wb")
        at = rejection.at
        told = {at.unit: at.number, "field": rejection.field, "reason": rejection.reason}
        self._file.write(orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE))
        self.count += 1


class _Batches:
    """Writes parcels in batches that hold the lock no longer than they should: as many as the last ones had time for."""

    def __init__(self, account_id: UUID, rejects: _Rejects, counts: Counts) -> None:
        self._account_id = account_id
        self._rejects = rejects
        self._counts = counts
        self._waiting: list[tuple[Position, ParcelRow]] = []
        self._size = _FEWEST
        self._written, self._batches, self._analyze_at = 0, 0, _ANALYZE_AT
        self._seconds, self._pause = _SECONDS[database.engine()], _PAUSE[database.engine()]
        self._free_since = 0.0

    async def add(self, parcels: list[tuple[Position, ParcelRow]]) -> None:
        self._waiting += parcels
        while len(self._waiting) >= self._size:
            await self._store(self._size)

    async def finish(self) -> None:
        while self._waiting:
            await self._store(self._size)

    async def _store(self, size: int) -> None:
        batch, self._waiting = self._waiting[:size], self._waiting[size:]
        await asyncio.sleep(max(0.0, self._free_since + self._pause - time.monotonic()))
        stored = await store(self._account_id, [parcel for _, parcel in batch])
        self._free_since = time.monotonic()
        self._counts.imported += stored.imported
        self._counts.updated += stored.updated
        for at, parcel in batch:
            if parcel.platform_id in stored.deleted:
                self._rejects.add(Rejection(at, "was deleted here", "id"))
        self._written += len(batch)
        self._batches += 1
        if self._written >= self._analyze_at:
            self._analyze_at *= 10
            await analyze()
        if self._batches % _CHECKPOINT_EVERY == 0:
            await checkpoint()
        fitting = int(len(batch) * self._seconds / max(stored.seconds, 0.001))
        self._size = max(_FEWEST, min(_MOST, fitting, 2 * len(batch)))


async def import_file(path: Path, account_id: UUID, *, rejects_path: Path | None = None, progress: Callable[[int], None] | None = None) -> Counts:
    """Import a file. `progress` is told, now and then, how many parcels were read.

    Raises OSError, ValueError (the rejects file is the file itself), NotFound when there is no such account (any more), and PartlyImported
    when the file is broken somewhere in the middle.
    """
    counts = Counts()
    fault: str | None = None
    with _Rejects(path, rejects_path) as rejects:
        async with writing_much():
            batches = _Batches(account_id, rejects, counts)
            try:
                await _import_chunks(path, batches, rejects, progress or (lambda _: None))
            except UnreadableFile as broken:
                fault = str(broken)
            await batches.finish()
        counts.rejected = rejects.count
    if fault is not None:
        raise PartlyImported(fault, counts)
    return counts


async def _import_chunks(path: Path, batches: _Batches, rejects: _Rejects, progress: Callable[[int], None]) -> None:
    read = 0
    async with aclosing(chunks(path)) as found:
        async for chunk in found:
            for rejection in chunk.rejections:
                rejects.add(rejection)
            await batches.add(chunk.parcels)
            read += len(chunk.parcels) + len(chunk.rejections)
            progress(read)
