"""JWT access tokens of API clients (RFC 9068): whose they are. What those may is decided from the database, never from a claim."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from identity.credentials import IS_ACTIVE, VIEWER_COLUMNS, identity_hash, viewer_from
from identity.jwts import LEEWAY_SECONDS, BadToken, Claims, Keys, instant, require_time, text, texts, verified
from identity.openid import keys_of
from identity.providers import AccessTokens
from models.database import fetch, moment, one, uuid
from policy.vocabulary import Viewer

_HOLDER = f"""
SELECT {{now}} AS now, held.id AS held_id, {VIEWER_COLUMNS}
FROM external_identities AS held JOIN users ON users.id = held.user_id LEFT JOIN accounts ON accounts.id = users.account_id
WHERE {IS_ACTIVE} AND held.identity_hash = :identity
"""
#: What other tokens of the same provider hold, and an access token does not: an ID token, a logout token.
_OF_OTHERS = frozenset({"nonce", "at_hash", "c_hash", "s_hash", "events"})


@dataclass(frozen=True, slots=True)
class Known:
    """A user by who they are at the provider, and the database's time when it was asked (seconds since 1970)."""

    id: UUID
    viewer: Viewer
    hash: str = field(repr=False)
    now: float


@dataclass(frozen=True, slots=True)
class Held:
    """Who holds a token, and when it is over, leeway included."""

    known: Known
    over_at: float


async def holder(hashed: str) -> Known | None:
    """The active user who is linked to this, now. One statement, and nothing is remembered."""
    row = one(await fetch(_HOLDER, identity=hashed))
    return Known(uuid(row["held_id"]), viewer_from(row), hashed, moment(row["now"]).timestamp()) if row else None


class AccessJwts:
    """The access tokens that are taken: of one issuer, for us, got by clients that were named."""

    def __init__(self, taken: AccessTokens, keys: Keys | None = None) -> None:
        self.taken = taken
        self.keys = keys or keys_of(taken.issuer)

    async def held_by(self, token: str) -> Held:
        """Whose token this is, if it is good now, by the database's clock. Raises BadToken and Unavailable."""
        found = await verified(token, self.keys)
        claims = found.claims
        self._require_ours(claims, found.typ)
        known = await holder(identity_hash(self.taken.issuer, text(claims, self.taken.subject_claim)))
        if known is None:
            raise BadToken
        require_time(claims, known.now)
        return Held(known, instant(claims, "exp") + LEEWAY_SECONDS)

    def _require_ours(self, claims: Claims, typ: str) -> None:
        taken = self.taken
        if typ != "at+jwt" and (taken.require_type or typ not in {"", "jwt"}):
            raise BadToken
        if claims.get("iss") != taken.issuer or taken.audience not in texts(claims, "aud") or not _OF_OTHERS.isdisjoint(claims):
            raise BadToken
        if claims.get("client_id", claims.get("azp")) not in taken.clients:
            raise BadToken
