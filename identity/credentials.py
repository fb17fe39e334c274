"""Secrets that say who is calling: sessions and tokens. The caller holds the secret, the database its SHA-256.

A secret has 256 bits of chance, so a plain hash is enough: there is nothing to guess.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from uuid import UUID

from models.database import Row, fetch, moment, optional_uuid, uuid
from models.together import Together
from policy.vocabulary import MerchantRole, Viewer, ViewerKind
from resolvers.live import announce


class Kept(StrEnum):
    """The table a credential's hash is kept in."""

    SESSIONS = "sessions"
    TOKENS = "tokens"


@dataclass(frozen=True, slots=True)
class Proof:
    """A credential that was good when the database was asked: its row's id, whose it is, and for how many seconds more it can be."""

    id: UUID
    viewer: Viewer
    remaining: float


IS_ACTIVE = "users.deactivated_at IS NULL AND accounts.deleted_at IS NULL"
ACTIVE_USERS = f"users LEFT JOIN accounts ON accounts.id = users.account_id WHERE {IS_ACTIVE}"
VIEWER_COLUMNS = "users.id, users.kind, users.name, users.locale, users.account_id, users.role"

_PROVE = {
    kept: f"""
    SELECT held.id AS held_id, held.token_hash, held.expires_at AS held_until, {{now}} AS now, {VIEWER_COLUMNS}
    FROM {kept.value} AS held JOIN users ON users.id = held.user_id LEFT JOIN accounts ON accounts.id = users.account_id
    WHERE held.token_hash IN :hashes AND held.ended_at IS NULL AND held.expires_at > {{now}} AND {IS_ACTIVE}
    """
    for kept in Kept
}
_END = {kept: f"UPDATE {kept.value} SET ended_at = {{now}} WHERE token_hash = :token_hash AND ended_at IS NULL RETURNING id" for kept in Kept}
_END_ALL = {kept: f"UPDATE {kept.value} SET ended_at = {{now}} WHERE user_id = :user_id AND ended_at IS NULL RETURNING id" for kept in Kept}
_LIVE = {kept: f"SELECT id FROM {kept.value} WHERE user_id = :user_id AND ended_at IS NULL AND expires_at > {{now}}" for kept in Kept}

_END_BY_PROVIDER = "UPDATE sessions SET ended_at = {now} WHERE provider_hash = :provider_hash AND ended_at IS NULL RETURNING id"
_END_ALL_BY_PROVIDER = "UPDATE sessions SET ended_at = {now} WHERE user_id = :user_id AND provider_hash IS NOT NULL AND ended_at IS NULL RETURNING id"
_IDENTITIES = "SELECT id FROM external_identities WHERE user_id = :user_id"


def new_secret() -> str:
    """256 bits, in characters that need no quoting in a cookie, a header or a URL."""
    return secrets.token_urlsafe(32)


def hash_of(secret: str) -> str:
    """The only form in which a secret is kept."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def identity_hash(issuer: str, subject: str) -> str:
    """The form in which a person at a provider is kept."""
    return hash_of(f"identity {len(issuer)} {issuer} {subject}")


async def prove(kept: Kept, token_hash: str) -> Proof | None:
    """Who holds this credential, if it is good now: not ended, not expired by the database's clock, of an active user.

    One statement, and nothing is remembered.
    """
    return (await _proofs(kept, [token_hash])).get(token_hash)


async def prove_again(kept: Kept, token_hash: str) -> Proof | None:
    """The same for what runs on a socket: one statement for all who ask at the same moment. Not inside a transaction."""
    return await _TOGETHER[kept].ask(token_hash)


async def _proofs(kept: Kept, hashes: Sequence[str]) -> dict[str, Proof]:
    rows = await fetch(_PROVE[kept], hashes=list(hashes))
    return {
        row["token_hash"]: Proof(uuid(row["held_id"]), viewer_from(row), (moment(row["held_until"]) - moment(row["now"])).total_seconds())
        for row in rows
    }


_TOGETHER = {kept: Together(partial(_proofs, kept)) for kept in Kept}


async def end(kept: Kept, token_hash: str) -> None:
    """End one credential, and tell the streams that were opened with it. Owed by the caller: a transaction."""
    await _announce(await fetch(_END[kept], token_hash=token_hash))


async def end_all(user_id: UUID) -> None:
    """End every session and token of a user, and tell their streams. Owed by the caller: a transaction."""
    for kept in Kept:
        await _announce(await fetch(_END_ALL[kept], user_id=user_id))
    await _announce(await fetch(_IDENTITIES, user_id=user_id))


async def end_by_provider(provider_hash: str | None, user_id: UUID | None = None) -> None:
    """End the sessions that came of a provider's session, or every one of a user by single sign-on. Owed by the caller: a transaction."""
    if provider_hash is not None:
        await _announce(await fetch(_END_BY_PROVIDER, provider_hash=provider_hash))
    else:
        await _announce(await fetch(_END_ALL_BY_PROVIDER, user_id=user_id))


async def announce_all(user_id: UUID) -> None:
    """Have the streams of a user find out anew who is calling. Owed by the caller: a transaction."""
    for kept in Kept:
        await _announce(await fetch(_LIVE[kept], user_id=user_id))
    await _announce(await fetch(_IDENTITIES, user_id=user_id))


async def _announce(credentials: list[Row]) -> None:
    for row in credentials:
        await announce("session", subject_id=uuid(row["id"]))


def viewer_from(row: Row) -> Viewer:
    """The Viewer in a row of VIEWER_COLUMNS."""
    return Viewer(
        id=uuid(row["id"]),
        kind=ViewerKind(row["kind"]),
        name=row["name"],
        locale=row["locale"],
        account_id=optional_uuid(row["account_id"]),
        roles=frozenset({MerchantRole(row["role"])} if row["role"] else ()),
    )
