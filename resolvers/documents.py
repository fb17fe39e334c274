"""The links to a parcel's documents: ours, for one caller, deciding anew at each fetch. The carrier's own link never leaves."""

from __future__ import annotations

import binascii
import hashlib
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from models import database
from models.enums import DocumentKind
from policy.vocabulary import Viewer
from resolvers.errors import NotFound

_MAC_BYTES = 16
_SIGNS, _SIGNED_BEFORE = "documents", "documents-before"
_keys: dict[str, bytes] = {}


@dataclass(frozen=True, slots=True, repr=False)
class Document:
    """A document of a parcel, and the address where this caller may fetch it."""

    kind: DocumentKind
    url: str


async def prepare() -> None:
    """Load the keys all servers of this database sign with, making one if there is none: when the database is opened, and now and then."""
    await database.execute(
        "INSERT INTO server_secrets (name, value) VALUES (:name, :value) ON CONFLICT (name) DO NOTHING", name=_SIGNS, value=secrets.token_bytes(32)
    )
    rows = await database.fetch("SELECT name, value FROM server_secrets WHERE name IN :names", names=[_SIGNS, _SIGNED_BEFORE])
    _keys.clear()
    _keys.update({row["name"]: bytes(row["value"]) for row in rows})


async def rotate() -> None:
    """Sign with a new key from now on. Links signed with the last one stay good, those with the one before it do not.

    Other servers sign with the new key when they `prepare` again; until then they do not know its links. Nobody notices for long: a link is made
    anew whenever it is asked for.
    """
    async with database.transaction():
        await database.execute(
            """INSERT INTO server_secrets (name, value) SELECT :before, value FROM server_secrets WHERE name = :signs
            ON CONFLICT (name) DO UPDATE SET value = excluded.value""",
            before=_SIGNED_BEFORE,
            signs=_SIGNS,
        )
        await database.execute("DELETE FROM server_secrets WHERE name = :signs", signs=_SIGNS)
        await prepare()


def _mac(body: bytes, viewer_id: UUID, key: str = _SIGNS) -> bytes:
    return hmac.digest(_keys[key], body + viewer_id.bytes, hashlib.sha256)[:_MAC_BYTES]


def listed(viewer: Viewer, parcel_id: UUID, stored: list[dict[str, Any]]) -> list[Document]:
    """The documents of a parcel, with links for this caller."""
    return [Document(DocumentKind(document["kind"]), f"/documents/{_token(viewer, parcel_id, place)}") for place, document in enumerate(stored[:256])]


def _token(viewer: Viewer, parcel_id: UUID, place: int) -> str:
    body = parcel_id.bytes + bytes([place])
    return urlsafe_b64encode(body + _mac(body, viewer.id)).decode().rstrip("=")


def opened(token: str, viewer: Viewer) -> tuple[UUID, int]:
    """The parcel and the place of the document a link stands for. Raises NotFound unless it was made for this caller."""
    try:
        raw = urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
    except (ValueError, binascii.Error):
        raise NotFound("document") from None
    body, mac = raw[:17], raw[17:]
    if len(body) != 17 or not any(hmac.compare_digest(mac, _mac(body, viewer.id, key)) for key in _keys):
        raise NotFound("document")
    return UUID(bytes=body[:16]), body[16]
