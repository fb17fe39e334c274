"""E-mail: handed to one SMTP server, over TLS, within seconds."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Final, Self
from urllib.parse import unquote, urlsplit

import aiosmtplib

from outbox.deliveries import Undelivered

SECONDS: Final = 30
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_PORTS: Final = {"smtp": 587, "smtps": 465}


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where e-mail is handed in. `smtps` speaks TLS from the start; `smtp` must be able to STARTTLS, but on this machine."""

    host: str = field(repr=False)
    port: int
    tls: bool
    starttls: bool
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, url: str) -> Self:
        """From `smtp(s)://USER:PASSWORD@HOST:PORT`; `?tls=none` lets `smtp` go without TLS. Raises ValueError, without the URL."""
        parts = urlsplit(url)
        try:
            port = parts.port
        except ValueError:
            port = -1
        if parts.scheme not in _PORTS or not parts.hostname or parts.path.strip("/") or port == -1 or parts.query not in {"", "tls=none"}:
            raise ValueError("must be smtp://USER:PASSWORD@HOST:PORT or smtps://…, with ?tls=none to go without TLS")
        tls = parts.scheme == "smtps"
        return cls(
            host=parts.hostname,
            port=port or _PORTS[parts.scheme],
            tls=tls,
            starttls=not tls and parts.hostname not in LOOPBACK and parts.query != "tls=none",
            user=None if parts.username is None else unquote(parts.username),
            password=None if parts.password is None else unquote(parts.password),
        )


class Mail:
    """Hands e-mails to a server. `trust` makes what its certificate is held against."""

    def __init__(self, server: MailServer, *, seconds: float = SECONDS, trust: Callable[[], ssl.SSLContext] = ssl.create_default_context) -> None:
        self._server = server
        self._seconds = seconds
        self._trust = trust()

    async def send(self, message: EmailMessage) -> None:
        """Hand one e-mail in. Raises Undelivered, with a code or the name of what went wrong; its cause, which quotes addresses, is cut off."""
        problem, for_good = "", False
        try:
            async with asyncio.timeout(self._seconds):
                await self._hand_in(message)
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            problem, for_good = _problem(error)
        if problem:
            raise Undelivered(problem, for_good=for_good)

    async def _hand_in(self, message: EmailMessage) -> None:
        server, sender = self._server, str(message["From"])
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            use_tls=server.tls,
            start_tls=server.starttls,
            tls_context=self._trust,
            username=server.user,
            password=server.password,
            timeout=self._seconds,
            local_hostname=sender.rpartition("@")[2],
        )
        try:
            await client.connect()
            await client.send_message(message)
            await client.quit()
        finally:
            client.close()


def _problem(error: Exception) -> tuple[str, bool]:
    """A word for what went wrong, and whether this message was refused for good. What concerns us, not the message, passes some day."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        codes = [each.code for each in error.recipients]
        return f"SMTP {max(codes)}", min(codes) >= 500
    if isinstance(error, aiosmtplib.SMTPSenderRefused | aiosmtplib.SMTPRecipientRefused | aiosmtplib.SMTPDataError):
        return f"SMTP {error.code}", error.code >= 500
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return f"SMTP {error.code}", False
    return type(error).__name__, False
