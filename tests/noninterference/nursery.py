"""Workers, forked of a process that has read all the code already: to start Python anew for each world was a third of a run's work.

One nursery for each side of a pair: as two processes of their own they have two seeds of `hash`, so what came in the order of a set would differ.
"""

from __future__ import annotations

import asyncio
import atexit
import gc
import os
import signal
import socket
import subprocess
import sys
from functools import cache
from typing import Any, Self

import orjson

from tests.serving import HERE, environment

#: Of one line between a worker and who asks it: the answers to a batch.
LONGEST = 2**28
PATIENCE_SECONDS = 30
_MOST_SAID = 2**16


class Worker:
    """A process that serves one world, and the line to it."""

    def __init__(self, pid: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.pid = pid
        self.reader = reader
        self.writer = writer

    @classmethod
    async def start(cls, url: str, plant: str | None, *, engine: bool = True, side: int = 0) -> Self:
        """Of the nursery of this side."""
        ours, theirs = socket.socketpair()
        with theirs:
            said = orjson.dumps({"url": url, "plant": plant, "environment": environment(url, engine=str(engine))})
            socket.send_fds(_nursery(side), [said], [theirs.fileno()])
        reader, writer = await asyncio.open_connection(sock=ours, limit=LONGEST)
        pid = await asyncio.wait_for(reader.readline(), PATIENCE_SECONDS)
        if not pid:
            raise RuntimeError("a worker died")
        return cls(int(pid), reader, writer)

    async def answers(self, asks: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The answers to a batch, in order. Raises RuntimeError where it died."""
        self.writer.write(orjson.dumps(asks) + b"\n")
        await self.writer.drain()
        line = await self.reader.readline()
        if not line:
            raise RuntimeError("a worker died")
        found: list[dict[str, Any]] = orjson.loads(line)
        return found

    async def stop(self) -> None:
        """It ends when nothing more can be asked; one that does not is killed."""
        self.writer.write_eof()
        try:
            await asyncio.wait_for(self.reader.read(), 10)
        except TimeoutError:
            os.kill(self.pid, signal.SIGKILL)
            await self.reader.read()
        self.writer.close()


@cache
def _nursery(_side: int) -> socket.socket:
    """The line to a nursery. It ends with this process."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        command = [sys.executable, "-m", __name__, str(theirs.fileno())]
        process = subprocess.Popen(command, cwd=HERE, env=environment(""), stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()])

    @atexit.register
    def end() -> None:
        ours.close()
        process.wait()

    return ours


def main(line: socket.socket) -> None:
    """Fork a worker for each that is asked for, until the line is closed."""
    from tests.noninterference import planted, worker  # what is read here, no worker has to read

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    gc.collect()
    gc.freeze()
    while True:
        said, (*handed,), _, _ = socket.recv_fds(line, _MOST_SAID, 1)
        if not said:
            return
        if os.fork() == 0:
            line.close()
            given = orjson.loads(said)
            os.environ.clear()
            os.environ.update(given["environment"])
            if given["plant"] is not None:
                planted.PLANTS[given["plant"]].plant()
            worker.run(given["url"], socket.socket(fileno=handed[0]))
            os._exit(0)
        for each in handed:
            os.close(each)


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
