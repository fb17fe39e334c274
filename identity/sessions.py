"""Signed-in browsers: a session on the server, its secret in a cookie."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from identity import counted
from identity.attempts import LIMITS, Attempt, Limits, TooManyAttempts, forgive, require_attempt
from identity.credentials import ACTIVE_USERS, Kept, end, hash_of, new_secret, prove
from identity.passwords import is_right, renewed
from identity.users import normal_email
from models.database import clock, execute, fetch, meanwhile, one, transaction, uuid
from models.fields import new_id
from policy.vocabulary import Viewer

SESSION_LIFETIME = timedelta(hours=12)

_FIND = f"SELECT users.id, users.password_hash FROM {ACTIVE_USERS} AND users.email = :email"
_ADD = """
INSERT INTO sessions (id, user_id, token_hash, created_at, expires_at) VALUES (:id, :user_id, :token_hash, {now}, :expires_at)
"""
_REHASH = "UPDATE users SET password_hash = :new WHERE id = :id AND password_hash = :old"


class SignInRefused(Exception):
    """The e-mail and the password don't belong together. Whether there is such a user, nobody is told."""

    def __init__(self) -> None:
        super().__init__("the e-mail and the password don't belong together")


@dataclass(frozen=True, slots=True)
class NewSession:
    """What a sign-in made. `token` goes into the cookie and nowhere else; only its hash is kept."""

    token: str = field(repr=False)
    expires_at: datetime
    viewer: Viewer


@dataclass(frozen=True, slots=True)
class _Found:
    id: UUID
    password_hash: str = field(repr=False)
    better_hash: str | None = field(repr=False)


async def sign_in(
    email: str,
    password: str,
    address: str,
    old_token: str | None = None,
    *,
    lifetime: timedelta = SESSION_LIFETIME,
    limits: Limits = LIMITS,
) -> NewSession:
    """Open a session, always under a new token, and end the one the browser had (`old_token`, whatever the cookie said).

    `address` is the caller's, from the server and not from a header. `lifetime` is absolute: use doesn't prolong it.
    Raises TooManyAttempts before anything is verified, and SignInRefused in the same words and time for every other reason.
    """
    with counted.counting(refused=SignInRefused, limited=TooManyAttempts):
        normal = normal_email(email)
        attempt = await require_attempt(normal, address, limits)
        found = await _user_with(normal, password)
        if found is None:
            raise SignInRefused
        return await _open(found, attempt, old_token, lifetime)


async def viewer_of_session(token: str) -> Viewer | None:
    """Whose session this is, if it is good now by the database's clock. One statement, and nothing is remembered."""
    proof = await prove(Kept.SESSIONS, hash_of(token))
    return proof.viewer if proof else None


async def sign_out(token: str) -> None:
    """End a session. Ending none, or twice, is fine."""
    async with transaction():
        await end(Kept.SESSIONS, hash_of(token))


async def _user_with(email: str | None, password: str) -> _Found | None:
    row = one(await fetch(_FIND, email=email)) if email else None
    kept = row["password_hash"] if row else None
    with meanwhile():
        right = await is_right(password, kept)
        if not right or row is None or kept is None:
            return None
        return _Found(uuid(row["id"]), kept, await renewed(password, kept))


async def _open(user: _Found, attempt: Attempt, old_token: str | None, lifetime: timedelta) -> NewSession:
    token = new_secret()
    expires_at = await clock() + lifetime
    async with transaction():
        await forgive(attempt)
        if old_token is not None:
            await end(Kept.SESSIONS, hash_of(old_token))
        if user.better_hash is not None:
            await execute(_REHASH, id=user.id, old=user.password_hash, new=user.better_hash)
        await execute(_ADD, id=new_id(), user_id=user.id, token_hash=hash_of(token), expires_at=expires_at)
        proof = await prove(Kept.SESSIONS, hash_of(token))
        if proof is None:  # deactivated while we verified
            raise SignInRefused
    return NewSession(token, expires_at, proof.viewer)
