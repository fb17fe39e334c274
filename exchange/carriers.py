"""Fetching a carrier's document for somebody: from hosts we know, over TLS, a file of a kind and size that documents have."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

import httpx2

SECONDS: Final = 10
MOST_BYTES: Final = 20 * 1024 * 1024
MOST_REDIRECTS: Final = 3
MEDIA_TYPES: Final = frozenset({"application/pdf", "image/png", "image/jpeg", "application/zpl", "text/plain"})


class CarrierSilent(Exception):
    """There is nothing to pass on: unknown host, no answer, or not a document. It says no more, and holds no address."""


@dataclass(frozen=True, slots=True)
class File:
    """A document."""

    media_type: str
    content: bytes = field(repr=False)


class Carriers:
    """The carriers' hosts we fetch from. `transport` stands in for the network."""

    def __init__(self, hosts: Collection[str], transport: httpx2.AsyncBaseTransport | None = None) -> None:
        self._hosts = frozenset(host.strip().lower() for host in hosts if host.strip())
        self._transport = transport
        self._tls = ssl.create_default_context()
        for name in ("httpx2", "httpcore2"):  # they log the address of every request
            logging.getLogger(name).setLevel(logging.WARNING)

    async def fetch(self, url: str) -> File:
        """The file at `url`. Raises CarrierSilent, from nothing that holds the address."""
        file: File | None = None
        try:
            async with asyncio.timeout(SECONDS), self._client() as client:
                file = await self._followed(client, url)
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, OSError, ValueError):
            pass  # raised below, outside: these quote the address
        if file is None:
            raise CarrierSilent
        return file

    def _client(self) -> httpx2.AsyncClient:
        # No .netrc, no proxies from the environment: nothing that depends on where the server happens to run.
        return httpx2.AsyncClient(
            transport=self._transport,
            verify=self._tls,
            timeout=SECONDS,
            follow_redirects=False,
            trust_env=False,
            headers={"Accept-Encoding": "identity"},
        )

    async def _followed(self, client: httpx2.AsyncClient, url: str) -> File | None:
        here = httpx2.URL(url)
        for _ in range(MOST_REDIRECTS + 1):
            if not self._is_known(here):
                return None
            async with client.stream("GET", here) as answer:
                if not answer.has_redirect_location:
                    return await _file(answer)
                here = here.join(answer.headers["location"])
        return None

    def _is_known(self, url: httpx2.URL) -> bool:
        return url.scheme == "https" and url.host.lower() in self._hosts and url.port in {None, 443} and not url.userinfo


async def _file(answer: httpx2.Response) -> File | None:
    media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if answer.status_code != 200 or media_type not in MEDIA_TYPES or answer.headers.get("content-encoding", "identity") != "identity":
        return None
    content = bytearray()
    async for part in answer.aiter_bytes():
        content += part
        if len(content) > MOST_BYTES:
            return None
    return File(media_type, bytes(content))
