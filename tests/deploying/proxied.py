"""The nginx of Debian with the files of deploy/, and two servers of ours behind it, as on a machine in production."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.serving import HERE, PATIENCE_SECONDS, Server, free_port, until

DEPLOY = HERE / "deploy"
NAME = "localhost"
_MAIN = """{user}
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx.main.log;
events {{ worker_connections 512; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/latchkey.conf;
}}
"""


def nginx_or_skip() -> str:
    """Where nginx is. Without it the tests are skipped saying so; in CI they fail."""
    missing = [each for each in ("nginx", "openssl") if shutil.which(each, path=_PATH) is None]
    if missing:
        told = f"there is no {' and no '.join(missing)}: apt-get install nginx-light openssl"
        if os.environ.get("CI"):
            pytest.fail(told)
        pytest.skip(told)
    return str(shutil.which("nginx", path=_PATH))


_PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin"  # where Debian has it, and not everybody looks


class Upstream(Server):
    """A server in production that listens at a unix socket. It is asked through nginx, once it is ready."""

    def __init__(self, database_url: str, folder: Path, name: str, url: str) -> None:
        self._socket = folder / f"{name}.sock"
        host, documents = f"unix:{self._socket}", str(folder / "documents")
        super().__init__(
            database_url,
            folder,
            environment="production",
            allowed_hosts=NAME,
            host=host,
            trusted_documents=documents,
            operations_per_minute="0",
            cost_per_minute="0",
        )
        self.url = url
        self.trusted = ssl.create_default_context(cafile=folder / "fullchain.pem")

    def at_its_door(self) -> httpx2.AsyncClient:
        """A client at its own socket, past nginx."""
        transport = httpx2.AsyncHTTPTransport(uds=str(self._socket))
        return httpx2.AsyncClient(transport=transport, base_url=f"http://{NAME}", trust_env=False)

    def client(self, token: str | None = None, **options: Any) -> httpx2.AsyncClient:
        """A client that knows who made the certificate."""
        return super().client(token, **{"verify": self.trusted, **options})


@dataclass(frozen=True)
class Site:
    """nginx and two servers behind it."""

    folder: Path
    database_url: str
    url: str
    plain_url: str
    servers: list[Upstream]

    def another(self, number: int) -> Upstream:
        """A server in the place of one that was stopped."""
        self.servers[number] = Upstream(self.database_url, self.folder, str(number + 1), self.url)
        return self.servers[number]

    def logged(self) -> str:
        """What nginx wrote."""
        return "".join(file.read_text() for file in sorted(self.folder.glob("nginx*.log")))


@asynccontextmanager
async def proxied(database_url: str, folder: Path, documents: Sequence[str]) -> AsyncIterator[Site]:
    """All of it, ready; stopped at the end. Browsers may run these documents."""
    nginx, secure, plain = nginx_or_skip(), free_port(), free_port()
    (folder / "documents").mkdir()
    for number, text in enumerate(documents):
        (folder / "documents" / f"{number}.graphql").write_text(text)
    _certify(folder)
    _configure(folder, secure, plain)
    site = Site(folder, database_url, f"https://{NAME}:{secure}", f"http://{NAME}:{plain}", [])
    site.servers.extend(Upstream(database_url, folder, name, site.url) for name in ("1", "2"))
    process = _start(nginx, folder)
    try:
        await asyncio.gather(*(server.ready() for server in site.servers))
        await until(lambda: _listens(secure) or process.poll() is not None)
        assert process.poll() is None, site.logged()
        yield site
    finally:
        process.send_signal(signal.SIGQUIT)
        process.wait(PATIENCE_SECONDS)
        for server in site.servers:
            server.stop()


def _start(nginx: str, folder: Path) -> subprocess.Popen[bytes]:
    told = folder / "nginx.start.log"
    with told.open("wb") as log:
        return subprocess.Popen([nginx, "-e", str(told), "-c", str(folder / "nginx.conf")], stdout=log, stderr=log)


def _certify(folder: Path) -> None:
    given = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", f"/CN={NAME}"]
    names = ["-addext", f"subjectAltName=DNS:{NAME}", "-keyout", str(folder / "privkey.pem"), "-out", str(folder / "fullchain.pem")]
    subprocess.run(["openssl", *given, *names], check=True, capture_output=True)  # noqa: S607 (nginx_or_skip found it)


def _configure(folder: Path, secure: int, plain: int) -> None:
    """The files of deploy/, with our names, ports and paths for those of a machine in production."""
    ours = {
        "listen [::]:443 ssl http2;": "",
        "listen [::]:80;": "",
        "listen 443 ssl": f"listen 127.0.0.1:{secure} ssl",
        "listen 80;": f"listen 127.0.0.1:{plain};",
        "latchkey.example": NAME,
        "/etc/ssl/latchkey": str(folder),
        "/var/log/nginx/latchkey": str(folder / "nginx"),
        "/etc/nginx/latchkey_proxy.conf": str(folder / "latchkey_proxy.conf"),
        "/run/latchkey-1/http.sock": str(folder / "1.sock"),
        "/run/latchkey-2/http.sock": str(folder / "2.sock"),
    }
    text = (DEPLOY / "nginx.conf").read_text()
    for theirs, here in ours.items():
        assert theirs in text, theirs
        text = text.replace(theirs, here)
    (folder / "latchkey.conf").write_text(text)
    (folder / "latchkey_proxy.conf").write_text((DEPLOY / "latchkey_proxy.conf").read_text())
    user = "user root;" if os.geteuid() == 0 else ""  # its folder is not for others
    (folder / "nginx.conf").write_text(_MAIN.format(folder=folder, user=user))


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
