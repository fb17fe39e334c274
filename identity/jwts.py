"""JSON Web Tokens of others: whose signature is good, by the keys their issuer publishes. What they claim is looked at elsewhere.

RFC 7515, 7517, 7519, and the advice of RFC 8725: one list of asymmetric algorithms, no key from inside a token, nothing that is not expected.
Nothing of a token, nor of what a library said of it, is in an error.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
import time
import warnings
from base64 import urlsafe_b64decode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

import structlog
from joserfc import jws
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import ECKey, JWKRegistry, Key, OKPKey, RSAKey

LONGEST = 8 * 1024
LEEWAY_SECONDS = 30
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA")
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
#: All a header may hold. `jku`, `x5u`, `x5c` and `jwk` bring a key, `crit`, `b64`, `zip`, `enc` and `cty` another meaning: refused, not passed over.
_HEADER = frozenset({"alg", "kid", "typ", "x5t", "x5t#S256"})
_SMALLEST_RSA = 2048
_OLD_SECONDS = 600.0
_AGAIN_SECONDS = 60.0
_AGAIN_WITHOUT_SECONDS = 2.0

log = structlog.get_logger(__name__)
Claims = Mapping[str, Any]


class BadToken(Exception):
    """A token is not what it has to be. Which rule it broke is in the code, and nothing of the token is here."""

    def __init__(self) -> None:
        super().__init__("the token is not valid")


class Unavailable(Exception):
    """The provider does not answer, or not as one."""

    def __init__(self) -> None:
        super().__init__("the provider does not answer")


@dataclass(frozen=True, slots=True, repr=False)
class Verified:
    """What a token says, and of what kind it says it is. Its signature is good; its time, issuer and audience nobody looked at yet."""

    claims: Claims
    typ: str


class Keys:
    """The keys an issuer publishes, fetched by `fetch` (a JWK Set) when they are wanted, and again for a `kid` nobody knows.

    Once there are keys they are fetched at most once a minute, and while the provider is down those there are go on counting: one caller waits to
    find that out, and no other whose key is known.
    """

    def __init__(self, fetch: Callable[[], Awaitable[Any]]) -> None:
        self._fetch = fetch
        self._keys: list[Key] = []
        self._fetched_at = self._tried_at = -math.inf
        self._lock = asyncio.Lock()

    async def named(self, kid: str | None) -> Key:
        """The key of this name; without one, the only key there is. Raises BadToken, and Unavailable when there are no keys at all."""
        now = time.monotonic()
        found = self._find(kid)
        if found is None or (now - self._fetched_at > _OLD_SECONDS and not self._lock.locked()):
            await self._refresh()
            found = self._find(kid)
        if not self._keys:
            raise Unavailable
        if found is None:
            raise BadToken
        return found

    def _find(self, kid: str | None) -> Key | None:
        found = self._keys if kid is None else [key for key in self._keys if key.kid == kid]
        return found[0] if len(found) == 1 else None

    async def _refresh(self) -> None:
        async with self._lock:
            if time.monotonic() - self._tried_at < (_AGAIN_SECONDS if self._keys else _AGAIN_WITHOUT_SECONDS):
                return
            self._tried_at = time.monotonic()
            try:
                self._keys = usable(await self._fetch())
                self._fetched_at = time.monotonic()
            except Unavailable:
                log.warning("the keys of a provider can't be fetched")


def usable(key_set: Any) -> list[Key]:
    """The public keys of a JWK Set that may verify a signature. Raises Unavailable for what is no key set."""
    if not isinstance(key_set, dict) or not isinstance(key_set.get("keys"), list):
        raise Unavailable
    found: list[Key] = []
    for given in key_set["keys"]:
        if not isinstance(given, dict) or given.get("use", "sig") != "sig" or given.get("kty") not in {"RSA", "EC", "OKP"}:
            continue
        try:
            with warnings.catch_warnings():  # of weak keys, which are left out
                warnings.simplefilter("ignore", SecurityWarning)
                key = JWKRegistry.import_key(given)
            weak = isinstance(key, RSAKey) and key.raw_value.key_size < _SMALLEST_RSA
        except (JoseError, ValueError, TypeError, KeyError):  # one we don't know does not spoil the others
            continue
        if not weak:
            found.append(key)
    return found


async def verified(token: str, keys: Keys) -> Verified:
    """The token, if its signature is its issuer's. Raises BadToken and Unavailable."""
    header = _header(token)
    key = await keys.named(header.get("kid"))
    algorithm = header["alg"]
    if key.get("alg") not in {None, algorithm} or not _fits(key, algorithm):
        raise BadToken
    try:
        signed = jws.deserialize_compact(token, key, [algorithm])
    except (JoseError, ValueError, TypeError):
        raise BadToken from None
    return Verified(_object(signed.payload), str(header.get("typ", "")).lower().removeprefix("application/"))


def require_time(claims: Claims, now: float, *, leeway: float = LEEWAY_SECONDS) -> None:
    """Raises BadToken for a token that is over, not yet valid, from the future, or that never ends. `now`: seconds since 1970."""
    if instant(claims, "exp") + leeway <= now:
        raise BadToken
    for name in ("nbf", "iat"):
        if name in claims and instant(claims, name) - leeway > now:
            raise BadToken


def instant(claims: Claims, name: str) -> float:
    """A NumericDate. Raises BadToken."""
    found = claims.get(name)
    if isinstance(found, bool) or not isinstance(found, int | float) or not 0 <= found < 2**53:
        raise BadToken
    return float(found)


def text(claims: Claims, name: str, *, longest: int = 255) -> str:
    """A text that has to be there. Raises BadToken."""
    found = claims.get(name)
    if not isinstance(found, str) or not 0 < len(found) <= longest or not found.isprintable():
        raise BadToken
    return found


def texts(claims: Claims, name: str) -> frozenset[str]:
    """One text, or a list of texts; none for what is neither."""
    found = claims.get(name)
    listed = [found] if isinstance(found, str) else found
    return frozenset(each for each in listed if isinstance(each, str)) if isinstance(listed, list) else frozenset()


def _header(token: str) -> dict[str, Any]:
    if len(token) > LONGEST or not _COMPACT.fullmatch(token):
        raise BadToken
    try:
        first = jws.extract_compact(token.encode())
    except (JoseError, ValueError, TypeError, RecursionError):
        raise BadToken from None
    header = _object(_decoded(first.segments["header"]))
    if not _HEADER.issuperset(header) or header.get("alg") not in ALGORITHMS:
        raise BadToken
    if not all(isinstance(value, str) for value in header.values()):
        raise BadToken
    return header


def _decoded(segment: bytes) -> bytes:
    try:
        return urlsafe_b64decode(segment + b"=" * (-len(segment) % 4))
    except ValueError:
        raise BadToken from None


def _object(raw: bytes) -> dict[str, Any]:
    """A JSON object that says nothing twice: two readers may take a different one."""
    try:
        found = json.loads(raw, object_pairs_hook=_once, parse_constant=_refused)
    except (ValueError, RecursionError):
        raise BadToken from None
    if not isinstance(found, dict):
        raise BadToken
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadToken
    return found


def _refused(_: str) -> NoReturn:
    raise BadToken


def _fits(key: Key, algorithm: str) -> bool:
    """Is it a key of this kind of algorithm? The curve and size are looked at by the library."""
    kind = {"RS": RSAKey, "PS": RSAKey, "ES": ECKey, "Ed": OKPKey}[algorithm[:2]]
    return isinstance(key, kind)
