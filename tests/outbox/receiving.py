"""What messages are brought to: a real SMTP server and a real HTTPS receiver, on this machine."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import trustme
from aiosmtpd.smtp import SMTP, Envelope, Session

from models.fields import new_id
from outbox.letters import Letterhead
from outbox.mail import Mail, MailServer
from outbox.webhooks import Webhooks
from policy.vocabulary import Viewer
from resolvers.gate import Gate
from resolvers.ledger import Request

HEAD = Letterhead("latchkey@example.com", "https://panel.example.com")
AUTHORITY = trustme.CA()


def gate_of(viewer: Viewer) -> Gate:
    """A request of this viewer's."""
    return Gate(viewer, Request(str(new_id())), 500)


def trusting() -> ssl.SSLContext:
    """A client that trusts the tests' authority, and nobody else."""
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    return context


def serving_tls(*names: str) -> ssl.SSLContext:
    """A server with a certificate for these names."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    AUTHORITY.issue_cert(*names).configure_cert(context)
    return context


def content_of(envelope: Envelope) -> bytes:
    """An e-mail as it travelled."""
    content = envelope.content
    assert isinstance(content, bytes)
    return content


@dataclass
class Mailbox:
    """An SMTP server. `says` is what it answers to a message; None takes it, and `held` is waited for first."""

    port: int = 0
    says: str | None = None
    held: asyncio.Event | None = None
    envelopes: list[Envelope] = field(default_factory=list)
    secured: list[bool] = field(default_factory=list)
    after: Callable[[], Awaitable[None]] | None = None

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 (aiosmtpd's name)
        if self.held is not None:
            await self.held.wait()
        if self.says is not None:
            return self.says
        self.envelopes.append(envelope)
        self.secured.append(session.ssl is not None)
        if self.after is not None:
            await self.after()
        return "250 OK"

    @property
    def messages(self) -> list[EmailMessage]:
        """The e-mails it took."""
        found: list[Any] = [message_from_bytes(content_of(each), policy=default) for each in self.envelopes]
        return found

    def texts(self) -> list[str]:
        """All that was in them, as it travelled and as it is read."""
        return [content_of(each).decode() + message.get_content() for each, message in zip(self.envelopes, self.messages, strict=True)]

    def mail(self, **options: Any) -> Mail:
        """The way there."""
        return Mail(MailServer("127.0.0.1", self.port, tls=False, starttls=False), **options)


@asynccontextmanager
async def a_mailbox(**options: Any) -> AsyncIterator[Mailbox]:
    """A running one. Options are aiosmtpd's: `tls_context`, `require_starttls`."""
    box = Mailbox()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(box, hostname="mail.example.com", loop=loop, enable_SMTPUTF8=True, **options), "127.0.0.1", 0)
    box.port = server.sockets[0].getsockname()[1]
    try:
        yield box
    finally:
        server.close()
        if box.held is not None:
            box.held.set()


@dataclass
class Hook:
    """An HTTPS receiver of `https://hooks.example.com`. `status` is what it answers; it hangs while `held` is not set."""

    port: int = 0
    status: str = "204 No Content"
    headers: str = ""
    held: asyncio.Event | None = None
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"https://hooks.example.com:{self.port}/latchkey"

    def webhooks(self, **options: Any) -> Webhooks:
        """The way there, past the guard: on the internet of this test the name is here."""
        return Webhooks(**{"allowed": lambda _: True, "looked_up": found_here, "trust": trusting, **options})

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
            self.requests.append((headers, await reader.readexactly(int(headers["content-length"]))))
            if self.held is not None:
                await self.held.wait()
            writer.write(f"HTTP/1.1 {self.status}\r\n{self.headers}Content-Length: 0\r\nConnection: close\r\n\r\n".encode())
            await writer.drain()
        writer.close()


async def found_here(host: str, port: int) -> list[str]:
    """Every name is on this machine."""
    return ["127.0.0.1"]


@asynccontextmanager
async def a_hook() -> AsyncIterator[Hook]:
    """A running one."""
    hook = Hook()
    server = await asyncio.start_server(hook.answer, "127.0.0.1", 0, ssl=serving_tls("hooks.example.com"))
    hook.port = server.sockets[0].getsockname()[1]
    try:
        yield hook
    finally:
        server.close()
        if hook.held is not None:
            hook.held.set()
