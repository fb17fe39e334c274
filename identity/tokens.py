"""Bearer tokens for API clients: opaque, with an end."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from identity.credentials import Kept, end, hash_of, new_secret, prove
from identity.users import UnknownUser
from models.database import clock, execute, transaction
from models.fields import new_id
from policy.vocabulary import Viewer

PREFIX = "lk_"  # secret scanners find it by this
TOKEN_LIFETIME = timedelta(days=90)

# An UPDATE that changes nothing holds the user still until the token is there: nobody deactivates it in between.
_HOLD = "UPDATE users SET deactivated_at = deactivated_at WHERE id = :user_id AND deactivated_at IS NULL"
_ADD = "INSERT INTO tokens (id, user_id, token_hash, created_at, expires_at) VALUES (:id, :user_id, :token_hash, {now}, :expires_at)"


async def create_token(user_id: UUID, lifetime: timedelta = TOKEN_LIFETIME) -> str:
    """A new token of a user. Only its hash is kept, so this is the one time to show it. Raises UnknownUser."""
    token = PREFIX + new_secret()
    expires_at = await clock() + lifetime
    async with transaction():
        if not await execute(_HOLD, user_id=user_id):
            raise UnknownUser(user_id)
        await execute(_ADD, id=new_id(), user_id=user_id, token_hash=hash_of(token), expires_at=expires_at)
    return token


async def viewer_of_token(token: str) -> Viewer | None:
    """Whose token this is, if it is good now by the database's clock. One statement, and nothing is remembered."""
    proof = await prove(Kept.TOKENS, hash_of(token))
    return proof.viewer if proof else None


async def end_token(token: str) -> None:
    """End a token. Ending none, or twice, is fine."""
    async with transaction():
        await end(Kept.TOKENS, hash_of(token))
