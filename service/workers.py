"""Several processes behind one port, as uvicorn keeps them: a dead one is replaced, SIGHUP replaces each in turn, SIGTERM stops all."""

from __future__ import annotations

import os
import signal
import socket
import threading
from multiprocessing.connection import Connection, wait
from pathlib import Path

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import multiprocess

from service import metrics
from service.stopping import Config, Server

#: One that does not answer for so long, at start or later, is given up.
PATIENCE_SECONDS = 60


class Worker(multiprocess.Process):
    """One process. It stops as a server alone does, and does not outlive the process that began it."""

    def target(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve, in the new process."""
        self.parent_conn.close()  # a copy of the parent's end: held open here, its death would go by unheard
        threading.Thread(target=_answer, args=(self.child_conn, self.server), daemon=True).start()
        self.server.run(sockets)

    def join(self) -> None:
        """Wait for its end. What it counted stays, what it was doing is over."""
        super().join()
        if self.pid is not None:
            metrics.forget(self.pid)

    def ping(self, timeout: float = 5) -> bool:
        """Does it answer in time? One that dies is not waited for: uvicorn's would be, as its end of the pipe stays open here."""
        try:
            self.parent_conn.send(b"ping")
            answered = self.parent_conn in wait([self.parent_conn, self.process.sentinel], timeout)
            if answered:
                self.parent_conn.recv()
        except (OSError, EOFError):
            return False
        return answered

    @property
    def server(self) -> Server:
        """uvicorn's, stopping as ours do."""
        if not isinstance(self._server, Server):
            self._server = Server(self.config)
        return self._server


def _answer(parent: Connection, server: uvicorn.Server) -> None:
    """Say whether we serve, as often as we are asked. Nobody left to ask: nobody left to serve for."""
    try:
        while parent.recv():
            parent.send(server.started)
    except (OSError, EOFError):
        os.kill(os.getpid(), signal.SIGTERM)


class Workers(multiprocess.Multiprocess):
    """`config.workers` processes."""

    def terminate_all(self) -> None:
        """Tell all to stop. Whoever comes from now on is refused, not kept waiting for nobody."""
        for each in self.sockets:
            each.close()
        super().terminate_all()


def serve(config: Config, door: socket.socket) -> None:
    """Serve at a bound socket until stopped, by one process or several. Raises SystemExit where it can't start."""
    if config.workers > 1:
        multiprocess.Process = Worker  # type: ignore[misc] # uvicorn makes its workers of this class, in four places
        Workers(config, [door]).run()
        return
    server = Server(config)
    server.run([door])
    if not server.started:
        raise SystemExit(STARTUP_FAILURE)


def bound(config: Config) -> socket.socket:
    """The socket of this configuration. One that a killed server left behind in a folder gives way. Raises SystemExit where there is none to have."""
    if config.uds is not None:
        _forget_dead(Path(config.uds))
    return config.bind_socket()


def _forget_dead(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:  # nobody listens
            path.unlink()
        except OSError:  # there is none; or it is not ours to judge, and binding says why it fails
            pass
