"""Reading a file of parcels: what is whole as rows, what is not as rejections. A long file is read by processes of its own.

Reading a record takes a hundred times less than making a row of it. So each of several processes reads the whole file and makes
rows of every n-th chunk only; taken in turns, the chunks come in the file's order. A process waits when its pipe is full: nobody
holds more than a chunk, however long the file is.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
from collections.abc import AsyncGenerator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Final

from exchange.input_files import BadRecord, Position, Record, UnreadableFile, records
from exchange.parcel_rows import ParcelRow, row
from exchange.sendcloud import RejectedRecord, parcels_of

CHUNK: Final = 100
"""Records."""
SHORT: Final = 8 * 1024 * 1024
"""Bytes. A file up to this length is read before a process could have started."""
MOST_READERS: Final = 4


@dataclass(frozen=True, slots=True)
class Rejection:
    """A parcel that is not imported: where it is, and why. `field` and `reason` hold nothing of it."""

    at: Position
    reason: str
    field: str | None = None


@dataclass(slots=True, repr=False)
class Chunk:
    """What some records next to each other hold."""

    parcels: list[tuple[Position, ParcelRow]] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Unreadable:
    """The rest of the file can't be read."""

    reason: str


class ReaderDied(RuntimeError):
    """A process that read the file ended too early: it was killed, or out of memory."""


async def chunks(path: Path) -> AsyncGenerator[Chunk]:
    """The chunks of a file, in its order. Raises UnreadableFile after those before the fault, and OSError."""
    readers = _readers_for(path)
    if readers == 0:
        for chunk in _share(path, 0, 1):
            yield chunk
            await asyncio.sleep(0)
        return
    started = [_start(path, number, readers) for number in range(readers)]
    try:
        for number in count():
            told = await asyncio.to_thread(_receive, started[number % readers].pipe)
            if isinstance(told, _Unreadable):
                raise UnreadableFile(told.reason)
            if told is None:
                return
            yield told
    finally:
        for reader in started:
            reader.stop()


def _readers_for(path: Path) -> int:
    """How many processes are to read a file: none for a short one, and one core is left for writing."""
    return 0 if path.stat().st_size <= SHORT else min(MOST_READERS, (os.cpu_count() or 1) - 1)


def _share(path: Path, number: int, readers: int) -> Iterator[Chunk]:
    """Every chunk that is this reader's. Raises UnreadableFile after those before the fault."""
    chunk: Chunk | None = None
    fault: str | None = None
    try:
        for place, record in enumerate(records(path)):
            if chunk and place % CHUNK == 0:
                yield chunk
                chunk = None
            if place // CHUNK % readers == number:
                chunk = chunk or Chunk()
                _read(record, chunk)
    except UnreadableFile as broken:
        fault = str(broken)
    if chunk:
        yield chunk
    if fault is not None:
        raise UnreadableFile(fault)


def _read(record: Record, chunk: Chunk) -> None:
    at = record.position
    if isinstance(record.value, BadRecord):
        chunk.rejections.append(Rejection(at, record.value.reason))
        return
    try:
        for parcel in parcels_of(record.value):
            if isinstance(parcel, RejectedRecord):
                chunk.rejections.append(Rejection(at, parcel.reason, parcel.field))
            else:
                chunk.parcels.append((at, row(parcel)))
    except Exception:  # noqa: BLE001 (whatever is wrong with one record, the others are imported; the exception may quote it)
        chunk.rejections.append(Rejection(at, "could not be read"))


@dataclass(frozen=True, slots=True)
class _Reader:
    process: SpawnProcess
    pipe: Connection

    def stop(self) -> None:
        """At the end, or before it: nobody may be reading from the pipe when it is closed, so its other end goes first."""
        self.process.terminate()
        self.process.join()
        self.pipe.close()


def _start(path: Path, number: int, readers: int) -> _Reader:
    context = get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_send, args=(theirs, path, number, readers), daemon=True, name=f"latchkey-reader-{number}")
    process.start()
    theirs.close()
    return _Reader(process, ours)


def _send(pipe: Connection, path: Path, number: int, readers: int) -> None:
    """What a reader does. It ends when nobody listens any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end: _Unreadable | None = None
    with suppress(BrokenPipeError):
        try:
            for chunk in _share(path, number, readers):
                pipe.send_bytes(pickle.dumps(chunk, pickle.HIGHEST_PROTOCOL))
        except UnreadableFile as fault:
            end = _Unreadable(str(fault))
        pipe.send_bytes(pickle.dumps(end))


def _receive(pipe: Connection) -> Chunk | _Unreadable | None:
    try:
        told: Chunk | _Unreadable | None = pickle.loads(pipe.recv_bytes())  # noqa: S301 (from our own process)
    except EOFError:
        raise ReaderDied from None
    return told
