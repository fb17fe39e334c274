"""One statement for all who ask at the same moment, and none that began before somebody asked."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from models.together import MOST_KEYS, Together


class Reading:
    """What was read, in which order; each reading waits until it is let go."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.answered: list[list[str]] = []
        self.now = "at first"
        self.began = asyncio.Event()
        self.go = asyncio.Event()
        self.go.set()

    async def __call__(self, keys: Sequence[str]) -> Mapping[str, str]:
        self.asked.append(list(keys))
        self.began.set()
        found = {key: f"{key} {self.now}" for key in keys if key != "nobody"}
        await self.go.wait()
        self.answered.append(list(keys))
        if "bad" in keys:
            raise LookupError("bad")
        return found


async def test_all_who_ask_at_once_are_answered_by_one_reading() -> None:
    reading = Reading()
    together = Together(reading)
    assert await asyncio.gather(*(together.ask(key) for key in ("a", "b", "a", "nobody"))) == ["a at first", "b at first", "a at first", None]
    assert [sorted(set(keys)) for keys in reading.asked] == [["a", "b", "nobody"]]
    assert len(reading.asked[0]) == 4  # a power of two


async def test_who_asks_while_it_reads_is_answered_by_the_next_reading() -> None:
    reading = Reading()
    together = Together(reading)
    reading.go.clear()
    first = asyncio.create_task(together.ask("a"))
    await reading.began.wait()
    reading.now = "later"
    second = asyncio.create_task(together.ask("a"))
    await asyncio.sleep(0)
    reading.go.set()
    assert (await first, await second) == ("a at first", "a later")


async def test_a_reading_that_fails_fails_for_who_asked_and_nobody_else() -> None:
    reading = Reading()
    together = Together(reading)
    failed = await asyncio.gather(together.ask("bad"), together.ask("a"), return_exceptions=True)
    assert [type(each) for each in failed] == [LookupError, LookupError]
    assert await together.ask("a") == "a at first"


async def test_who_has_gone_keeps_nobody_waiting() -> None:
    reading = Reading()
    together = Together(reading)
    reading.go.clear()
    gone, stays = asyncio.create_task(together.ask("a")), asyncio.create_task(together.ask("a"))
    await reading.began.wait()
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    reading.go.set()
    assert await stays == "a at first"


async def test_what_nobody_waits_for_any_more_is_given_up() -> None:
    reading = Reading()
    together = Together(reading)
    reading.go.clear()
    gone = asyncio.create_task(together.ask("a"))
    await reading.began.wait()
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    reading.go.set()
    assert await together.ask("b") == "b at first"
    assert (reading.asked, reading.answered) == ([["a"], ["b"]], [["b"]])


async def test_no_reading_gets_more_keys_than_it_may() -> None:
    reading = Reading()
    together = Together(reading)
    keys = [str(number) for number in range(MOST_KEYS + 1)]
    assert await asyncio.gather(*map(together.ask, keys)) == [f"{key} at first" for key in keys]
    assert [len(keys) for keys in reading.asked] == [MOST_KEYS, 1]
