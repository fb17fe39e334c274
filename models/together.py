"""One statement for all who ask at the same moment, as when a revoke wakes two thousand subscriptions.

Nothing is remembered: a statement answers only those who asked before it began, and who asks while it runs waits for the next.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from typing import Generic, TypeVar

from models import database

Key = TypeVar("Key")
Found = TypeVar("Found")
MOST_KEYS = 512


class Together(Generic[Key, Found]):
    """Reads what belongs to keys. `read` gets at most MOST_KEYS of them, some twice, and gives what it found by key.

    Not for use inside a transaction: it is another task that asks, on a connection of its own.
    """

    def __init__(self, read: Callable[[Sequence[Key]], Awaitable[Mapping[Key, Found]]]) -> None:
        self._read = read
        self._waiting: dict[Key, list[asyncio.Future[Found | None]]] = {}
        self._asking = 0
        self._reader: asyncio.Task[None] | None = None

    async def ask(self, key: Key) -> Found | None:
        """What belongs to this key, as it is after this was called; None if nothing does. Raises what `read` raises."""
        answer: asyncio.Future[Found | None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, []).append(answer)
        self._asking += 1
        if self._reader is None or self._reader.done():
            self._reader = asyncio.create_task(self._read_all())
        try:
            return await answer
        finally:
            self._asking -= 1
            if not self._asking:
                self._give_up()

    def _give_up(self) -> None:
        """Nobody waits any more."""
        self._waiting.clear()
        if self._reader is not None:
            self._reader.cancel()
            self._reader = None  # whoever asks next does not wait for its end

    async def _read_all(self) -> None:
        database.allow_anew()
        while self._waiting:
            asked = {key: self._waiting.pop(key) for key in list(self._waiting)[:MOST_KEYS]}
            try:
                found = await self._read(_padded(list(asked)))
            except Exception as error:  # noqa: BLE001 (it is theirs who asked)
                for answer in _open(asked.values()):
                    answer.set_exception(error)
            else:
                for key, answers in asked.items():
                    for answer in _open([answers]):
                        answer.set_result(found.get(key))


def _open(answers: Iterable[list[asyncio.Future[Found | None]]]) -> Iterator[asyncio.Future[Found | None]]:
    """Those that somebody still waits for."""
    return (answer for answer in itertools.chain.from_iterable(answers) if not answer.done())


def _padded(keys: list[Key]) -> list[Key]:
    """As many as a power of two, so that there are few different statements to prepare."""
    return keys + keys[-1:] * ((1 << (len(keys) - 1).bit_length()) - len(keys))
