"""Who is behind a request: a bearer token before a cookie, never another site, and never an error 500."""

import pytest
from starlette.requests import HTTPConnection

from identity.requests import NOBODY, BadCredentials, Caller, CrossSiteRequest, How, caller
from identity.sessions import sign_in, sign_out
from identity.tokens import create_token, end_token
from identity.users import deactivate
from models.database import fetch, uuid
from models.fields import new_id
from tests.identity.people import HERE, PASSWORD, a_merchant, an_agent, expire_sessions, expire_tokens
from tests.wire import watched

pytestmark = pytest.mark.usefixtures("quick_passwords")
Header = tuple[str, str]
HOST = ("host", "latchkey.example")


def a_connection(*headers: Header, method: str | None = "POST") -> HTTPConnection:
    """A request, or with no method a WebSocket handshake."""
    raw = [(name.encode(), value.encode("utf-8", "surrogateescape")) for name, value in (HOST, *headers)]
    scope = {"type": "http" if method else "websocket", "headers": raw} | ({"method": method} if method else {})
    return HTTPConnection(scope)


@pytest.fixture
async def session(database: str) -> str:
    await an_agent()
    return (await sign_in("ana@support.example", PASSWORD, HERE)).token


@pytest.fixture
async def token(database: str) -> str:
    return await create_token(await a_merchant(password=None))


async def test_nobody(database: str) -> None:
    found = await caller(a_connection(), secure=True)
    assert found == NOBODY
    assert (found.viewer, found.how, found.credential_id) == (None, How.NOBODY, None)
    assert await found.again() is None


@pytest.mark.parametrize("method", ["GET", "POST", None])
async def test_a_cookie_says_who_it_is(session: str, method: str | None) -> None:
    found = await caller(a_connection(("cookie", f"a=b; __Host-latchkey={session}; c=d"), method=method), secure=True)
    assert found.viewer is not None
    assert found.viewer.is_agent
    assert found.how is How.SESSION
    assert found.credential_id == uuid((await fetch("SELECT id FROM sessions"))[0]["id"])
    assert session not in repr(found)
    assert found.credential_hash not in repr(found)


async def test_a_session_is_read_again_and_ends(session: str) -> None:
    found = await caller(a_connection(("cookie", f"latchkey={session}")), secure=False)
    assert await found.again() == found.viewer
    await sign_out(session)
    assert await found.again() is None


async def test_a_token_is_read_again_and_ends(token: str) -> None:
    found = await caller(a_connection(("authorization", f"Bearer {token}")), secure=True)
    assert found.how is How.TOKEN
    assert found.viewer is not None
    assert await found.again() == found.viewer
    await end_token(token)
    assert await found.again() is None


async def test_a_budget_is_of_a_token_of_all_of_ones_jwts_of_a_user_or_of_an_address(session: str, token: str) -> None:
    by_cookie = await caller(a_connection(("cookie", f"latchkey={session}")), secure=False)
    by_token = await caller(a_connection(("authorization", f"Bearer {token}")), secure=True)
    assert by_cookie.viewer is not None
    identity = new_id()
    jwts = [Caller(by_cookie.viewer, How.JWT, identity, "hash", over_at=at) for at in (1.0, 2.0)]
    names = [each.name_at("192.0.2.7") for each in (by_cookie, by_token, *jwts, NOBODY)]
    assert names[2] == names[3]
    assert names == [
        f"user:{by_cookie.viewer.id}",
        f"token:{by_token.credential_id}",
        f"jwt:{identity}",
        f"jwt:{identity}",
        "address:192.0.2.7",
    ]


async def test_a_deactivated_user_is_gone_at_the_next_reading(token: str) -> None:
    found = await caller(a_connection(("authorization", f"bearer {token}")), secure=True)
    assert found.viewer is not None
    await deactivate(found.viewer.id)
    assert await found.again() is None


async def test_an_expired_cookie_is_nobody(session: str) -> None:
    await expire_sessions()
    assert await caller(a_connection(("cookie", f"latchkey={session}")), secure=False) == NOBODY


async def test_a_plain_cookie_is_not_read_on_tls_nor_the_other_way_round(session: str) -> None:
    assert await caller(a_connection(("cookie", f"latchkey={session}")), secure=True) == NOBODY
    assert await caller(a_connection(("cookie", f"__Host-latchkey={session}")), secure=False) == NOBODY


async def test_two_different_cookies_are_none(session: str) -> None:
    both = f"latchkey={session}; latchkey={'A' * 43}"
    assert await caller(a_connection(("cookie", both)), secure=False) == NOBODY
    same = await caller(a_connection(("cookie", f"latchkey={session}"), ("cookie", f"latchkey={session}")), secure=False)
    assert same.how is How.SESSION


STRANGE = [
    pytest.param("", id="empty"),
    pytest.param("x", id="short"),
    pytest.param("A" * 1_000_000, id="a-million"),
    pytest.param("ÿ" * 43, id="not-ascii"),
    pytest.param("\udcff\udcfe" * 20, id="not-utf-8"),
    pytest.param("\x00" * 43, id="nul"),
    pytest.param('"' + "\\" * 100_000 + '"', id="backslashes"),
    pytest.param("=" * 100_000 + ";" * 100_000, id="separators"),
]


@pytest.mark.parametrize("value", STRANGE)
async def test_a_strange_cookie_is_nobody(value: str) -> None:
    assert await caller(a_connection(("cookie", f"latchkey={value}")), secure=False) == NOBODY
    assert await caller(a_connection(("cookie", value)), secure=False) == NOBODY


@pytest.mark.parametrize("value", STRANGE)
async def test_a_strange_authorization_is_refused(value: str) -> None:
    for header in (value, f"Bearer {value}", f"Bearer lk_{value}"):
        with pytest.raises(BadCredentials):
            await caller(a_connection(("authorization", header)), secure=True)


@pytest.mark.parametrize(
    "written",
    [
        pytest.param("Bearer lk_" + "A" * 43, id="unknown"),
        pytest.param("Basic {token}", id="another-scheme"),
        pytest.param("{token}", id="no-scheme"),
        pytest.param("Bearer", id="no-token"),
        pytest.param("Bearer  {token} ", id="space-after"),
        pytest.param("Bearer {token}, Bearer {token}", id="two-in-one"),
        pytest.param("Bearer {session}", id="a-session"),
    ],
)
async def test_a_bad_bearer_is_never_anonymous_nor_the_cookies_user(session: str, token: str, written: str) -> None:
    header = written.format(token=token, session=session)
    with pytest.raises(BadCredentials) as refused:
        await caller(a_connection(("authorization", header), ("cookie", f"latchkey={session}")), secure=False)
    assert token not in str(refused.value)


async def test_two_authorizations_are_refused(token: str) -> None:
    twice = ("authorization", f"Bearer {token}")
    with pytest.raises(BadCredentials):
        await caller(a_connection(twice, twice), secure=True)


async def test_an_expired_bearer_is_refused(token: str) -> None:
    await expire_tokens()
    with pytest.raises(BadCredentials):
        await caller(a_connection(("authorization", f"Bearer {token}")), secure=True)


async def test_an_ended_bearer_is_refused(token: str) -> None:
    await end_token(token)
    with pytest.raises(BadCredentials):
        await caller(a_connection(("authorization", f"Bearer {token}")), secure=True)


async def test_a_bearer_goes_before_a_cookie_and_no_page_can_send_it(session: str, token: str) -> None:
    headers = ("authorization", f"Bearer {token}"), ("cookie", f"latchkey={session}"), ("sec-fetch-site", "cross-site")
    found = await caller(a_connection(*headers), secure=False)
    assert found.how is How.TOKEN
    assert found.viewer is not None
    assert not found.viewer.is_agent


async def test_a_hash_from_the_database_is_no_credential(session: str) -> None:
    kept = (await fetch("SELECT token_hash FROM sessions"))[0]["token_hash"]
    assert await caller(a_connection(("cookie", f"latchkey={kept}")), secure=False) == NOBODY


def fetched(site: str) -> Header:
    return ("sec-fetch-site", site)


def origin(value: str) -> Header:
    return ("origin", value)


OWN = [
    pytest.param([], id="no-browser"),
    pytest.param([fetched("same-origin")], id="same-origin"),
    pytest.param([fetched("none")], id="typed-by-the-user"),
    pytest.param([origin("https://latchkey.example")], id="origin"),
    pytest.param([origin("https://latchkey.example:443")], id="default-port"),
    pytest.param([origin("https://LATCHKEY.example")], id="case"),
    pytest.param([fetched("same-origin"), origin("https://latchkey.example")], id="both"),
]
OTHERS = [
    pytest.param([fetched("cross-site")], id="cross-site"),
    pytest.param([fetched("same-site")], id="a-sister-domain"),
    pytest.param([fetched("")], id="empty-fetch-site"),
    pytest.param([fetched("Same-Origin")], id="unknown-fetch-site"),
    pytest.param([fetched("same-origin"), fetched("cross-site")], id="two-fetch-sites"),
    pytest.param([fetched("cross-site"), origin("https://latchkey.example")], id="cross-site-with-our-origin"),
    pytest.param([fetched("same-origin"), origin("https://evil.example")], id="same-origin-with-another-origin"),
    pytest.param([origin("https://evil.example")], id="another-origin"),
    pytest.param([origin("https://latchkey.example.evil.example")], id="our-name-as-prefix"),
    pytest.param([origin("https://evil.latchkey.example")], id="subdomain"),
    pytest.param([origin("https://latchkey.example:8443")], id="another-port"),
    pytest.param([origin("http://latchkey.example")], id="plain-http-on-tls"),
    pytest.param([origin("null")], id="null"),
    pytest.param([origin("")], id="empty-origin"),
    pytest.param([origin("file://")], id="file"),
    pytest.param([origin("chrome-extension://latchkey.example")], id="extension"),
    pytest.param([origin("https://[::1")], id="broken-origin"),
    pytest.param([origin("https://latchkey.example:99999")], id="impossible-port"),
    pytest.param([origin("https://latchkey.examplé")], id="not-ascii"),
    pytest.param([origin("\udcff" * 100_000)], id="huge-and-not-utf-8"),
    pytest.param([origin("https://latchkey.example"), origin("https://evil.example")], id="two-origins"),
    pytest.param([origin("https://evil.example"), ("host", "evil.example")], id="two-hosts"),
]
METHODS = ["POST", "PUT", "PATCH", "DELETE", "QUERY", "post", None]


@pytest.mark.parametrize("headers", OWN)
async def test_our_own_pages_may_use_the_cookie(session: str, headers: list[Header]) -> None:
    for method in METHODS:
        found = await _with_cookie(session, headers, method)
        assert found.how is How.SESSION


@pytest.mark.parametrize("headers", OTHERS)
async def test_other_sites_may_not(headers: list[Header]) -> None:
    for method in METHODS:
        with pytest.raises(CrossSiteRequest):
            await _with_cookie("A" * 43, headers, method)


async def test_a_link_may_be_followed_and_there_is_nothing_to_refuse_without_a_cookie(session: str) -> None:
    for method in ("GET", "HEAD", "OPTIONS"):
        assert (await _with_cookie(session, [fetched("cross-site")], method)).how is How.SESSION
    assert await caller(a_connection(fetched("cross-site"), origin("https://evil.example")), secure=True) == NOBODY


async def test_behind_a_tls_proxy_the_scheme_says_nothing(session: str) -> None:
    for own in ("http://latchkey.example:8000", "http://127.0.0.1:8000", "http://[::1]:8000"):
        host = own.removeprefix("http://")
        scope = {"type": "http", "method": "POST", "headers": [(b"host", host.encode()), (b"origin", own.encode())]}
        scope["headers"].append((b"cookie", f"latchkey={session}".encode()))  # type: ignore[attr-defined]  # the list above
        assert (await caller(HTTPConnection(scope), secure=False)).how is How.SESSION


async def test_who_is_calling_costs_one_statement(session: str, token: str) -> None:
    with watched() as wire:
        found = await _with_cookie(session, [], "POST")
        assert len(wire.statements) == 1
        await found.again()
        assert len(wire.statements) == 2
        await caller(a_connection(("authorization", f"Bearer {token}")), secure=True)
        assert len(wire.statements) == 3
        await caller(a_connection(), secure=True)
        assert len(wire.statements) == 3


async def _with_cookie(session: str, headers: list[Header], method: str | None) -> Caller:
    return await caller(a_connection(("cookie", f"__Host-latchkey={session}"), *headers, method=method), secure=True)
