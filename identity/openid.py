"""Asking an OpenID provider who somebody is: the authorization code flow with PKCE.

OpenID Connect Core 1.0 and Discovery 1.0, RFC 7636 (PKCE), RFC 9207 (the issuer in the answer). A sign-in under way is kept by the browser
alone, in a cookie from which state, nonce and verifier are derived: who changes the cookie has another state.
"""

from __future__ import annotations

import asyncio
import math
import re
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from hmac import compare_digest
from typing import Any
from urllib.parse import quote_plus, urlencode

import httpx2
import orjson
import structlog

from identity.credentials import new_secret
from identity.jwts import BadToken, Claims, Keys, Unavailable, instant, require_time, text, texts, verified
from identity.providers import Provider
from policy.vocabulary import ViewerKind

PATIENCE_SECONDS = 5.0
UNDER_WAY_SECONDS = 600
_LONGEST_ANSWER = 512 * 1024
_OLD_SECONDS = 3600.0
_AGAIN_SECONDS = 60.0
_AGAIN_WITHOUT_SECONDS = 2.0
_RETURN = re.compile(r"(/[A-Za-z0-9_-]+)+|/", re.ASCII)
_INSTANT = re.compile(r"[0-9]{1,12}")
_LONGEST_RETURN = 200
_CONSOLE = "/console"
log = structlog.get_logger(__name__)
_LOGOUT = "http://schemas.openid.net/event/backchannel-logout"


class Refused(Exception):
    """A sign-in that comes to nothing. `reason` is a word for the sign-in page, and nothing of anybody."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the sign-in is refused: {reason}")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A sign-in that was begun here. `value` is what the browser keeps; the provider sees what is derived from it."""

    value: str = field(repr=False)
    kind: ViewerKind
    return_to: str = field(repr=False)
    old_session: str = field(repr=False)
    began_at: int

    def derived(self, what: str) -> str:
        """The state, nonce or verifier: 256 bits that tell nothing of the others."""
        return _base64(sha256(f"{what} {self.value}".encode()).digest())


def begin(kind: ViewerKind, return_to: str, old_session: str = "") -> UnderWay:
    """Begin a sign-in. `old_session` is the hash of the session that the new one replaces."""
    began_at = int(time.time())
    path = own_path(return_to, kind)
    value = ".".join([new_secret(), kind, str(began_at), old_session, _base64(path.encode())])
    return UnderWay(value, kind, path, old_session, began_at)


def resume(value: str, kind: ViewerKind, state: str) -> UnderWay:
    """The sign-in that a browser kept, if this is its provider and state. Raises Refused: it is another's, changed, or too old."""
    match value.split("."):
        case [secret, named, began, old, path] if len(secret) == 43 and named == kind and _INSTANT.fullmatch(began):
            found = UnderWay(value, kind, own_path(_text_of(path), kind), old, int(began))
        case _:
            raise Refused("failed")
    if not compare_digest(found.derived("state").encode(), state.encode("utf-8", "surrogatepass")):
        raise Refused("failed")
    if not -60 <= time.time() - found.began_at <= UNDER_WAY_SECONDS:
        raise Refused("failed")
    return found


def own_path(path: str, kind: ViewerKind) -> str:
    """Where to after signing in: an address of the app of this kind, without a query; its first page for anything else."""
    home = _CONSOLE if kind is ViewerKind.AGENT else "/"
    in_console = path == _CONSOLE or path.startswith(f"{_CONSOLE}/")
    fits = len(path) <= _LONGEST_RETURN and _RETURN.fullmatch(path) and in_console == (kind is ViewerKind.AGENT)
    return path if fits and not path.startswith("/auth") else home


@dataclass(frozen=True, slots=True, repr=False)
class Person:
    """Who the provider says it is."""

    issuer: str
    subject: str
    session: str
    claims: Claims


class OpenId:
    """One provider, asked over HTTP. What it publishes is remembered for an hour, and longer while it does not answer.

    However many begin to sign in, it is asked for that once at a time, and not at once again.
    """

    def __init__(self, provider: Provider, redirect_uri: str) -> None:
        self.provider = provider
        self.redirect_uri = redirect_uri
        self.keys = Keys(self._fetch_keys)
        self._published: dict[str, Any] = {}
        self._read_at = self._tried_at = -math.inf
        self._lock = asyncio.Lock()

    async def address(self, under_way: UnderWay) -> str:
        """Where to send the browser. Raises Unavailable."""
        published = await self._discovered()
        asked = {
            "response_type": "code",
            "client_id": self.provider.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": self.provider.scope,
            "state": under_way.derived("state"),
            "nonce": under_way.derived("nonce"),
            "code_challenge": _base64(sha256(under_way.derived("verifier").encode()).digest()),
            "code_challenge_method": "S256",
        }
        endpoint = published["authorization_endpoint"]
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}"

    async def person(self, under_way: UnderWay, code: str, issuer: str | None) -> Person:
        """Who has signed in, by the code the browser brought. Raises BadToken and Unavailable."""
        published = await self._discovered()
        if issuer != self.provider.issuer and (issuer is not None or published.get("authorization_response_iss_parameter_supported") is True):
            raise BadToken  # RFC 9207: the answer is another provider's
        answer = await self._exchange(published["token_endpoint"], code, under_way.derived("verifier"))
        claims = await self._of_id_token(str(answer.get("id_token")), under_way.derived("nonce"))
        subject = text(claims, "sub")
        if not self.provider.wanted() <= claims.keys() and "userinfo_endpoint" in published:
            more = await _brought("GET", published["userinfo_endpoint"], headers={"Authorization": f"Bearer {answer.get('access_token')}"})
            if more.get("sub") != subject:
                raise BadToken
            claims = {**more, **claims}
        session = claims.get("sid")
        return Person(self.provider.issuer, subject, session if isinstance(session, str) else "", claims)

    async def _of_id_token(self, token: str, nonce: str) -> Claims:
        """Core 1.0, section 3.1.3.7. Raises BadToken."""
        found = await verified(token, self.keys)
        claims, us = found.claims, self.provider.client_id
        require_time(claims, time.time())
        instant(claims, "iat")
        audience = texts(claims, "aud")
        if found.typ not in {"", "jwt"} or claims.get("iss") != self.provider.issuer or us not in audience:
            raise BadToken
        if claims.get("azp", us) != us or (len(audience) > 1 and "azp" not in claims):
            raise BadToken
        if not compare_digest(text(claims, "nonce").encode(), nonce.encode()):
            raise BadToken
        return claims

    async def logged_out(self, token: str) -> LoggedOut:
        """Whom the provider says it signed out. Back-Channel Logout 1.0, section 2.6; that it is new, the caller sees to. Raises BadToken."""
        found = await verified(token, self.keys)
        claims = found.claims
        require_time(claims, time.time())
        issued_at = instant(claims, "iat")
        if found.typ not in {"", "jwt", "logout+jwt"} or claims.get("iss") != self.provider.issuer:
            raise BadToken
        if self.provider.client_id not in texts(claims, "aud") or "nonce" in claims or time.time() - issued_at > UNDER_WAY_SECONDS:
            raise BadToken
        events = claims.get("events")
        if not isinstance(events, dict) or not isinstance(events.get(_LOGOUT), dict):
            raise BadToken
        subject, session = (text(claims, name) if name in claims else None for name in ("sub", "sid"))
        if subject is None and session is None:
            raise BadToken
        return LoggedOut(self.provider.issuer, subject, session, text(claims, "jti"))

    async def _exchange(self, endpoint: str, code: str, verifier: str) -> dict[str, Any]:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.redirect_uri, "code_verifier": verifier}
        secret = self.provider.secret()
        if secret is None:
            return await _brought("POST", endpoint, data=form | {"client_id": self.provider.client_id})
        # RFC 6749, section 2.3.1: both are form-encoded first.
        return await _brought("POST", endpoint, data=form, auth=(quote_plus(self.provider.client_id), quote_plus(secret.get_secret_value())))

    async def _discovered(self) -> dict[str, Any]:
        if time.monotonic() - self._read_at > _OLD_SECONDS and not (self._published and self._lock.locked()):
            await self._discover()
        if not self._published:
            raise Unavailable
        return self._published

    async def _discover(self) -> None:
        async with self._lock:
            if time.monotonic() - self._tried_at < (_AGAIN_SECONDS if self._published else _AGAIN_WITHOUT_SECONDS):
                return
            self._tried_at = time.monotonic()
            try:
                self._published = await _discover(self.provider.issuer)
                self._read_at = time.monotonic()
            except Unavailable:
                log.warning("what a provider publishes of itself can't be fetched")

    async def _fetch_keys(self) -> Any:
        return await _published((await self._discovered())["jwks_uri"])


@dataclass(frozen=True, slots=True, repr=False)
class LoggedOut:
    """What a logout token says: whose sessions end, or which one; and its own name, which is used once."""

    issuer: str
    subject: str | None
    session: str | None
    token_id: str


def keys_of(issuer: str) -> Keys:
    """The keys of an issuer of access tokens, found by its discovery document."""

    async def fetch() -> Any:
        return await _published((await _discover(issuer))["jwks_uri"])

    return Keys(fetch)


async def _discover(issuer: str) -> dict[str, Any]:
    """What a provider publishes of itself. Raises Unavailable, also when it is of another issuer or sends us where there is no TLS."""
    found = await _published(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
    safe = ("https://",) if issuer.startswith("https://") else ("https://", "http://")
    needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    if found.get("issuer") != issuer or not all(str(found.get(name)).startswith(safe) for name in needed):
        raise Unavailable
    if not str(found.get("userinfo_endpoint", safe[0])).startswith(safe):
        raise Unavailable
    return found


async def _published(address: str) -> dict[str, Any]:
    """What everybody may read. Raises Unavailable: we brought nothing that could be bad, so a refusal is an outage like any other."""
    status, found = await _asked("GET", address)
    if status != 200:
        raise Unavailable
    return found


async def _brought(method: str, address: str, **given: Any) -> dict[str, Any]:
    """The answer to what we bring. Raises BadToken when the provider says that it is not good, and Unavailable."""
    status, found = await _asked(method, address, **given)
    if status in {400, 401, 403}:
        raise BadToken
    if status != 200:
        raise Unavailable
    return found


async def _asked(method: str, address: str, **given: Any) -> tuple[int, dict[str, Any]]:
    """The status and the JSON object a provider answers with. Raises Unavailable."""
    try:
        async with (
            asyncio.timeout(2 * PATIENCE_SECONDS),  # the client's is for each read
            httpx2.AsyncClient(timeout=PATIENCE_SECONDS, follow_redirects=False, trust_env=False) as client,
            client.stream(method, address, **given) as answer,
        ):
            body = bytearray()
            async for chunk in answer.aiter_bytes():
                body += chunk
                if len(body) > _LONGEST_ANSWER:
                    raise Unavailable
            status = answer.status_code
        found = orjson.loads(body)
    except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, OSError, ValueError):
        raise Unavailable from None
    if not isinstance(found, dict):
        raise Unavailable
    return status, found


def _base64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


def _text_of(encoded: str) -> str:
    try:
        return urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
    except ValueError:
        return ""
