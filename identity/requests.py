"""Who is behind an HTTP request or a WebSocket handshake."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from enum import auto
from urllib.parse import urlsplit
from uuid import UUID

from starlette.requests import HTTPConnection

from identity.bearers import AccessJwts, holder
from identity.credentials import Kept, hash_of, prove, prove_again
from identity.jwts import BadToken, Unavailable
from policy.vocabulary import Viewer, Word

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN_SITE = frozenset({"same-origin", "none"})
_DEFAULT_PORTS = {"http": 80, "https": 443}
_SESSION = re.compile(r"[A-Za-z0-9_-]{43}")
_BEARER = re.compile(r"(?i:bearer) +(lk_[A-Za-z0-9_-]{43})")
_JWT = re.compile(r"(?i:bearer) +([A-Za-z0-9_.-]{1,8192})")


class BadCredentials(Exception):
    """An Authorization header that isn't a good bearer token: malformed, unknown, expired or ended. HTTP 401, never anonymous."""

    def __init__(self) -> None:
        super().__init__("the bearer token is not valid")


class CrossSiteRequest(Exception):
    """A page of another site sent this with the user's cookie. HTTP 403."""

    def __init__(self) -> None:
        super().__init__("requests from other sites are refused")


class How(Word):
    """By what a caller is known."""

    SESSION = auto()
    TOKEN = auto()
    JWT = auto()
    NOBODY = auto()


_KEPT = {How.SESSION: Kept.SESSIONS, How.TOKEN: Kept.TOKENS}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is calling, and by what.

    `credential_id` is the session or token (for a JWT, the external identity), which `announce("session")` names when it ends.
    Its time is over in `remaining` seconds; `over_at` is when a JWT is.
    """

    viewer: Viewer | None
    how: How = How.NOBODY
    credential_id: UUID | None = None
    credential_hash: str = field(default="", repr=False)
    remaining: float = math.inf
    over_at: float = math.inf

    def name_at(self, network: str) -> str:
        """What the caller's budget is kept by: the token, the identity all of a user's JWTs are of, the user of a session, or the address of nobody.

        Not each JWT: a client may have as many as it likes. And not its user: a script that runs wild would keep them out of the panel.
        """
        if self.viewer is None:
            return f"address:{network}"
        return f"user:{self.viewer.id}" if self.how is How.SESSION else f"{self.how.lower()}:{self.credential_id}"

    async def again(self) -> Viewer | None:
        """Who is calling now: asked of the database anew. None once the session or token is over, and for nobody."""
        if self.how is How.NOBODY:
            return None
        if self.how is How.JWT:
            known = await holder(self.credential_hash)
            return known.viewer if known and known.now < self.over_at else None
        proof = await prove_again(_KEPT[self.how], self.credential_hash)
        return proof.viewer if proof else None


NOBODY = Caller(viewer=None)


def cookie_name(secure: bool) -> str:
    """On TLS no subdomain and no plain-HTTP page can set a `__Host-` cookie."""
    return "__Host-latchkey" if secure else "latchkey"


async def caller(connection: HTTPConnection, secure: bool, jwts: AccessJwts | None = None) -> Caller:
    """Who is calling. A bearer token goes before a cookie; an expired or unknown cookie is nobody. `jwts`: whose JWTs are taken too.

    Raises BadCredentials for an Authorization header that is no good bearer token, and CrossSiteRequest.
    """
    authorization = connection.headers.getlist("authorization")
    if authorization:
        return await _bearer(authorization, jwts)
    token = session_token(connection, secure)
    if token is None:
        return NOBODY
    require_own_site(connection, secure)
    return await _identified(How.SESSION, hash_of(token)) or NOBODY


def session_token(connection: HTTPConnection, secure: bool) -> str | None:
    """The session cookie, if there is one and it looks like one of ours. Two different ones are none: one of them was planted.

    Parsed by hand: Starlette's parser takes quadratic time for some quoted values on Python before 3.11.10 (CVE-2024-7592).
    """
    values = cookie_values(connection, cookie_name(secure))
    if len(values) != 1:
        return None
    value = values.pop()
    return value if _SESSION.fullmatch(value) else None


def cookie_values(connection: HTTPConnection, named: str) -> set[str]:
    """The different values of a cookie."""
    pairs = (pair.partition("=") for header in connection.headers.getlist("cookie") for pair in header.split(";"))
    return {value.strip() for name, _, value in pairs if name.strip() == named}


def require_own_site(connection: HTTPConnection, secure: bool, *, also_safe: bool = False) -> None:
    """Refuse what a page of another site may have sent: unsafe methods and WebSocket handshakes; if told so, also safe methods.

    Sec-Fetch-Site and Origin are set by the browser, out of a page's reach; what is there has to be right. Clients that are no
    browsers send neither. Raises CrossSiteRequest.
    """
    if connection.scope["type"] == "http" and connection.scope["method"] in SAFE_METHODS and not also_safe:
        return
    if not _OWN_SITE.issuperset(connection.headers.getlist("sec-fetch-site")):
        raise CrossSiteRequest
    origins, hosts = connection.headers.getlist("origin"), connection.headers.getlist("host")
    if origins and not (len(origins) == len(hosts) == 1 and _is_own(origins[0], hosts[0], secure)):
        raise CrossSiteRequest


async def _bearer(authorization: list[str], jwts: AccessJwts | None) -> Caller:
    match = _BEARER.fullmatch(authorization[0])
    if jwts is not None and match is None and len(authorization) == 1 and (token := _JWT.fullmatch(authorization[0])):
        return await _by_jwt(token[1], jwts)
    if match is None or len(authorization) > 1:
        raise BadCredentials
    found = await _identified(How.TOKEN, hash_of(match[1]))
    if found is None:
        raise BadCredentials
    return found


async def _by_jwt(token: str, jwts: AccessJwts) -> Caller:
    try:
        held = await jwts.held_by(token)
    except (BadToken, Unavailable):  # keys that can't be had prove nothing
        raise BadCredentials from None
    known = held.known
    return Caller(known.viewer, How.JWT, known.id, known.hash, held.over_at - known.now, held.over_at)


async def _identified(how: How, token_hash: str) -> Caller | None:
    proof = await prove(_KEPT[how], token_hash)
    return Caller(proof.viewer, how, proof.id, token_hash, proof.remaining) if proof else None


def _is_own(origin: str, host: str, secure: bool) -> bool:
    """A server behind a TLS proxy sees plain HTTP, so the scheme says nothing unless the cookie is a secure one."""
    try:
        page, server = urlsplit(origin), urlsplit(f"//{host}")
        default = _DEFAULT_PORTS[page.scheme]
        same = page.hostname == server.hostname and (page.port or default) == (server.port or default)
    except (KeyError, ValueError):
        return False
    return same and page.hostname is not None and (page.scheme == "https" or not secure)
