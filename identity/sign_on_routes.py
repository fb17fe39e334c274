"""Single sign-on over HTTP: to the provider, back from it, and what it says of those who signed out there.

A sign-in that comes to nothing leads to the sign-in page, which says why in the reader's language. Nothing a provider or a browser sent is
sent back or logged.
"""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qsl

import structlog
from starlette.datastructures import QueryParams
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from identity import counted
from identity.attempts import TooManyAttempts, require_attempt
from identity.credentials import hash_of
from identity.external import log_out, open_session
from identity.jwts import BadToken, Unavailable
from identity.openid import UNDER_WAY_SECONDS, OpenId, Person, Refused, UnderWay, begin, own_path, resume
from identity.providers import SignOn
from identity.requests import cookie_values, require_own_site, session_token
from identity.routes import answering, set_cookie
from models import database
from policy.vocabulary import ViewerKind

_NAMES = {ViewerKind.AGENT: "agents", ViewerKind.MERCHANT: "merchants"}
_LONGEST_FORM = 32 * 1024
_NO_STORE = {"Cache-Control": "no-store"}
log = structlog.get_logger(__name__)


def sign_on_routes(sign_on: SignOn, secure: bool, lifetime: timedelta) -> list[Route]:
    """GET /auth/sign-on/{agents,merchants}, its /callback, and POST /auth/sign-on/…/logout, for each provider there is."""
    address = (sign_on.address or "").rstrip("/")
    return [
        route
        for kind, provider in sign_on.providers().items()
        for route in _Door(kind, OpenId(provider, f"{address}/auth/sign-on/{_NAMES[kind]}/callback"), secure, provider.lifetime(lifetime)).routes()
    ]


class _Door:
    """What browsers and one provider ask of us."""

    def __init__(self, kind: ViewerKind, openid: OpenId, secure: bool, lifetime: timedelta) -> None:
        self.kind = kind
        self.openid = openid
        self.secure = secure
        self.lifetime = lifetime
        # Of its own, so that two sign-ins, one of each kind, don't end each other; Lax, for the provider sends the browser back.
        self.cookie = f"{'__Host-' if secure else ''}latchkey-sign-on-{_NAMES[kind]}"

    def routes(self) -> list[Route]:
        """They stand under the provider's name."""
        here = f"/auth/sign-on/{_NAMES[self.kind]}"
        return [
            Route(here, answering(self.begin), methods=["GET"]),
            Route(f"{here}/callback", answering(self.callback), methods=["GET"]),
            Route(f"{here}/logout", answering(self.logout), methods=["POST"]),
        ]

    async def begin(self, request: Request) -> Response:
        """To the provider. A page of another site can't begin it."""
        require_own_site(request, self.secure, also_safe=True)
        old = session_token(request, self.secure)
        under_way = begin(self.kind, request.query_params.get("return", ""), hash_of(old) if old else "")
        try:
            answer = _to(await self.openid.address(under_way))
        except Unavailable:
            return self._nothing(Refused("unavailable"))
        return self._keep(answer, under_way.value, UNDER_WAY_SECONDS)

    async def callback(self, request: Request) -> Response:
        """Back from the provider: the session's cookie, and on to where the sign-in began."""
        try:
            under_way = self._under_way(request)
            session = await self._session(request, under_way)
        except Refused as refused:
            return self._nothing(refused)
        answer = set_cookie(_to(under_way.return_to), session, int(self.lifetime.total_seconds()), self.secure)
        return self._keep(answer, "", 0)

    async def logout(self, request: Request) -> Response:
        """The provider, not a browser, says whom it signed out. Back-Channel Logout 1.0, sections 2.5 to 2.8."""
        try:
            told = await self.openid.logged_out(await _logout_token(request))
            database.allow_anew()
            await log_out(told)
        except BadToken:
            return Response(status_code=400, headers=_NO_STORE)
        except Unavailable:
            return Response(status_code=503, headers=_NO_STORE)
        return Response(status_code=200, headers=_NO_STORE)

    def _under_way(self, request: Request) -> UnderWay:
        kept = cookie_values(request, self.cookie)
        if len(kept) != 1 or len(request.query_params.getlist("state")) != 1:
            raise Refused("failed")
        return resume(kept.pop(), self.kind, request.query_params["state"])

    async def _session(self, request: Request, under_way: UnderWay) -> str:
        given = request.query_params
        if any(len(given.getlist(name)) > 1 for name in ("code", "iss", "error")):
            raise Refused("failed")
        if "error" in given:
            raise Refused("cancelled")
        address = request.client.host if request.client else ""
        try:
            with counted.counting(refused=Refused, limited=TooManyAttempts):
                attempt = await require_attempt(None, address)  # before the provider is asked: anybody can make up a cookie and its state
                person = await self._person(under_way, given)
                database.allow_anew()
                return (await open_session(person, under_way, self.openid.provider, self.lifetime, attempt)).token
        except TooManyAttempts:
            raise Refused("limited") from None
        except Unavailable:
            raise Refused("unavailable") from None

    async def _person(self, under_way: UnderWay, given: QueryParams) -> Person:
        try:
            return await self.openid.person(under_way, given.get("code", ""), given.get("iss"))
        except BadToken:
            raise Refused("failed") from None

    def _nothing(self, refused: Refused) -> Response:
        log.info("sign-on refused", provider=_NAMES[self.kind], reason=refused.reason)
        return self._keep(_to(f"{own_path('', self.kind)}?sign-on={refused.reason}"), "", 0)

    def _keep(self, answer: Response, value: str, max_age: int) -> Response:
        answer.set_cookie(self.cookie, value, max_age=max_age, path="/", secure=self.secure, httponly=True, samesite="lax")
        return answer


def _to(address: str) -> Response:
    return RedirectResponse(address, 303, headers=_NO_STORE)


async def _logout_token(request: Request) -> str:
    """The only logout_token of a form. Raises BadToken."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > _LONGEST_FORM:
                raise BadToken
        form = parse_qsl(body.decode("ascii"), max_num_fields=20)
    except (ClientDisconnect, ValueError):
        raise BadToken from None
    tokens = [value for name, value in form if name == "logout_token"]
    if len(tokens) != 1:
        raise BadToken
    return tokens[0]
