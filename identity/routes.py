"""Signing in and out over HTTP. Nothing of what was sent is ever sent back, or logged."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from identity.attempts import LIMITS, Limits, TooManyAttempts
from identity.requests import BadCredentials, CrossSiteRequest, cookie_name, require_own_site, session_token
from identity.sessions import SESSION_LIFETIME, NewSession, SignInRefused, sign_in, sign_out

LONGEST_BODY = 16 * 1024  # the longest e-mail and password, every character escaped
_NO_STORE = {"Cache-Control": "no-store"}
_Endpoint = Callable[[Request], Awaitable[Response]]


class _Unreadable(Exception):
    """The request is no sign-in: the status says why."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True, slots=True)
class _SignIn:
    email: str = field(repr=False)
    password: str = field(repr=False)


def auth_routes(secure: bool, limits: Limits = LIMITS, lifetime: timedelta = SESSION_LIFETIME, *, passwords: bool = True) -> list[Route]:
    """POST /auth/sign-in (with `passwords`) and POST /auth/sign-out. `secure`: browsers reach us by TLS, so the cookie is a `__Host-` one.

    `lifetime` is how long a session lasts.
    """

    async def sign_in_(request: Request) -> Response:
        require_own_site(request, secure)
        given = await _read(request)
        address = request.client.host if request.client else ""
        session = await sign_in(given.email, given.password, address, session_token(request, secure), lifetime=lifetime, limits=limits)
        return _signed_in(session, secure, lifetime)

    async def sign_out_(request: Request) -> Response:
        require_own_site(request, secure)
        token = session_token(request, secure)
        if token is not None:
            await sign_out(token)
        return set_cookie(Response(status_code=204, headers=_NO_STORE), "", 0, secure)

    signing_in = [Route("/auth/sign-in", answering(sign_in_), methods=["POST"])]
    return [
        *(signing_in if passwords else []),
        Route("/auth/sign-out", answering(sign_out_), methods=["POST"]),
    ]


async def refusal(_: Request, error: Exception) -> Response:
    """The answer to what identity refused: an exception handler for each of REFUSALS."""
    match error:
        case TooManyAttempts():
            return _error(429, "RATE_LIMITED", "Too many attempts. Try again later.", {"Retry-After": str(error.retry_after)})
        case SignInRefused():
            return _error(401, "UNAUTHENTICATED", "The e-mail and the password don't belong together.")
        case BadCredentials():
            return _error(401, "UNAUTHENTICATED", "The bearer token is not valid.", {"WWW-Authenticate": 'Bearer error="invalid_token"'})
        case CrossSiteRequest():
            return _error(403, "FORBIDDEN", "Requests from other sites are refused.")
        case _Unreadable():
            return _error(error.status, "BAD_USER_INPUT", error.message)
    raise error


REFUSALS = (TooManyAttempts, SignInRefused, BadCredentials, CrossSiteRequest, _Unreadable)


def answering(endpoint: _Endpoint) -> _Endpoint:
    """The endpoint, and the answer to what it refuses."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except REFUSALS as error:
            return await refusal(request, error)

    return answer


async def _read(request: Request) -> _SignIn:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise _Unreadable(415, "The content type has to be application/json.")
    try:
        given = orjson.loads(await _body(request))
    except orjson.JSONDecodeError:  # its text and its `doc` are the body
        given = None
    match given:
        case {"email": str(email), "password": str(password)} if len(given) == 2:
            return _SignIn(email, password)
    raise _Unreadable(400, 'The body has to be JSON: {"email": "…", "password": "…"}.')


async def _body(request: Request) -> bytes:
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > LONGEST_BODY:
                raise _Unreadable(413, f"The body is over {LONGEST_BODY} bytes.")
    except ClientDisconnect:
        raise _Unreadable(400, "The body is not whole.") from None
    return bytes(body)


def _signed_in(session: NewSession, secure: bool, lifetime: timedelta) -> Response:
    viewer = {"kind": session.viewer.kind, "name": session.viewer.name}
    answer = JSONResponse({"viewer": viewer, "expiresAt": _instant(session.expires_at)}, headers=_NO_STORE)
    return set_cookie(answer, session.token, int(lifetime.total_seconds()), secure)


def set_cookie(answer: Response, token: str, max_age: int, secure: bool) -> Response:
    """The answer, with the session's cookie for `max_age` seconds."""
    answer.set_cookie(cookie_name(secure), token, max_age=max_age, path="/", secure=secure, httponly=True, samesite="strict")
    return answer


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _error(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> Response:
    errors = [{"message": message, "extensions": {"code": code}}]
    return JSONResponse({"errors": errors}, status, headers=_NO_STORE | (headers or {}))
