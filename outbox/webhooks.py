"""Webhooks: a POST to the address the merchant set, signed as Standard Webhooks says (https://www.standardwebhooks.com), to public addresses only.

The name is looked up here, and what is connected to is the address that was found and looked at: a name that answers otherwise a moment later
changes nothing. Nobody is followed elsewhere, and of the answer only the status is read.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import ipaddress
import secrets
import socket
import ssl
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

import httpcore2
import orjson

from models import database
from models.enums import Happening
from models.fields import new_id
from outbox.deliveries import Delivery, Undelivered
from outbox.letters import CLAIMS, global_id
from resolvers.errors import NotFound

SECONDS: Final = 10
OVERLAP: Final = timedelta(hours=24)
IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
#: All that is given out. Outside stand those that hold an IPv4 address (compatible, translated, NAT64), site-local ones, and what has no use yet.
_GLOBAL_UNICAST: Final = ipaddress.IPv6Network("2000::/3")


# Secrets.


async def new_secret(account_id: UUID) -> str:
    """A new secret of an account, never shown again; the one before it holds for OVERLAP yet. Raises NotFound."""
    secret = "whsec_" + b64encode(secrets.token_bytes(32)).decode()
    async with database.transaction():
        if not await database.lock_account(account_id):
            raise NotFound("account")
        ends_at = await database.clock() + OVERLAP
        await database.execute(
            "UPDATE webhook_secrets SET ends_at = :ends WHERE account_id = :account AND ends_at IS NULL", ends=ends_at, account=account_id
        )
        await database.execute("DELETE FROM webhook_secrets WHERE account_id = :account AND ends_at <= {now}", account=account_id)
        await database.execute(
            "INSERT INTO webhook_secrets (id, account_id, secret, created_at) VALUES (:id, :account, :secret, {now})",
            id=new_id(),
            account=account_id,
            secret=secret,
        )
    return secret


def signed(message_id: str, at: int, body: bytes, given: Iterable[str]) -> str:
    """The `webhook-signature`: one for each secret that holds."""
    text = f"{message_id}.{at}.".encode() + body
    macs = (hmac.digest(b64decode(secret.removeprefix("whsec_")), text, hashlib.sha256) for secret in given)
    return " ".join(f"v1,{b64encode(mac).decode()}" for mac in macs)


# What is posted.


@dataclass(frozen=True, slots=True)
class Post:
    """A webhook to be posted."""

    id: str
    url: str = field(repr=False)
    at: int
    body: bytes = field(repr=False)
    signature: str = field(repr=False)


_READ = """
SELECT d.webhook_url, s.secret, {now} AS now, c.granted_at, c.expires_at
FROM accounts a JOIN account_personal_data d ON d.account_id = a.id AND d.webhook_url IS NOT NULL
JOIN webhook_secrets s ON s.account_id = a.id AND (s.ends_at IS NULL OR s.ends_at > {now})
LEFT JOIN consents c ON c.id = :subject AND c.account_id = a.id
WHERE a.id = :account AND a.deleted_at IS NULL ORDER BY s.created_at DESC, s.id DESC"""


async def post(delivery: Delivery) -> Post | None:
    """The webhook of a delivery, or None where the account has no address or no secret any more."""
    rows = await database.fetch(_READ, account=delivery.account_id, subject=delivery.subject_id)
    if not rows:
        return None
    body = orjson.dumps(
        {"type": _type(delivery.kind), "timestamp": _text(delivery.at), "data": _data(delivery, rows[0])},
    )
    key, at = f"msg_{delivery.event_id}", int(database.moment(rows[0]["now"]).timestamp())
    return Post(key, rows[0]["webhook_url"], at, body, signed(key, at, body, (row["secret"] for row in rows)))


def _data(delivery: Delivery, row: database.Row) -> dict[str, str | None]:
    if delivery.kind in CLAIMS:
        return {
            "accountId": global_id("Account", delivery.account_id),
            "claimId": global_id("Claim", delivery.subject_id),
            "detail": delivery.detail,
        }
    return {
        "accountId": global_id("Account", delivery.account_id),
        "consentId": global_id("Consent", delivery.subject_id),
        "grantedAt": _text(row["granted_at"]),
        "expiresAt": _text(row["expires_at"]),
    }


def _type(kind: Happening) -> str:
    return kind.lower().replace("_", ".")


def _text(at: Any) -> str:
    return database.moment(at).isoformat(timespec="milliseconds").replace("+00:00", "Z")


# Posting.


def is_public(address: IPAddress) -> bool:
    """May a webhook go there? Not to this machine or its neighbours, also not by an IPv6 address that holds one of theirs."""
    if isinstance(address, ipaddress.IPv6Address):
        inside = address.ipv4_mapped or address.sixtofour
        if inside is not None:
            return is_public(inside)
        if address.teredo is not None or address not in _GLOBAL_UNICAST:
            return False
    return address.is_global and not address.is_multicast


async def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


class NotPublic(Exception):
    """A name led to an address webhooks do not go to. It says no more."""


class _Guarded(httpcore2.AnyIOBackend):
    """Connects to addresses that may be connected to: what is looked at is what is connected to."""

    def __init__(self, allowed: Callable[[IPAddress], bool], looked_up: Callable[[str, int], Any]) -> None:
        self._allowed = allowed
        self._looked_up = looked_up

    async def connect_tcp(self, host: str, port: int, *args: Any, **options: Any) -> httpcore2.AsyncNetworkStream:
        addresses = await self._looked_up(host, port)
        if not addresses or not all(self._allowed(ipaddress.ip_address(address)) for address in addresses):
            raise NotPublic
        return await super().connect_tcp(addresses[0], port, *args, **options)

    async def connect_unix_socket(self, *_: Any, **__: Any) -> httpcore2.AsyncNetworkStream:
        raise NotPublic


class Webhooks:
    """Posts webhooks. `allowed`, `looked_up` and `trust` are the internet's: which addresses, which names, whose certificates."""

    def __init__(
        self,
        *,
        allowed: Callable[[IPAddress], bool] = is_public,
        looked_up: Callable[[str, int], Any] = resolve,
        trust: Callable[[], ssl.SSLContext] = ssl.create_default_context,
        seconds: float = SECONDS,
    ) -> None:
        self._backend = _Guarded(allowed, looked_up)
        self._trust = trust()
        self._seconds = seconds

    async def send(self, given: Post) -> None:
        """Post it. Raises Undelivered for anything but a 2xx; its cause, which quotes the address, is cut off."""
        problem = ""
        try:
            async with asyncio.timeout(self._seconds):
                problem = await self._posted(given)
        except NotPublic:
            problem = "NotPublic"
        except (httpcore2.ConnectError, httpcore2.TimeoutException, httpcore2.NetworkError, httpcore2.ProtocolError, OSError, ValueError) as error:
            problem = type(error).__name__
        if problem:
            raise Undelivered(problem, for_good=problem == "HTTP 410")

    async def _posted(self, given: Post) -> str:
        if urlsplit(given.url).scheme != "https":
            return "NotHttps"
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Latchkey",
            "webhook-id": given.id,
            "webhook-timestamp": str(given.at),
            "webhook-signature": given.signature,
        }
        async with (
            httpcore2.AsyncConnectionPool(ssl_context=self._trust, network_backend=self._backend, max_connections=1) as pool,
            pool.stream("POST", given.url, headers=list(headers.items()), content=given.body) as answer,
        ):
            status: int = answer.status
            return "" if 200 <= status < 300 else f"HTTP {status}"
