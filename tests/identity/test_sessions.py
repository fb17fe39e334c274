"""A session is good while its row says so: it ends at sign-out, on expiry, with its user and with its account."""

from datetime import timedelta

import pytest

from identity.credentials import hash_of
from identity.sessions import SESSION_LIFETIME, SignInRefused, sign_in, sign_out, viewer_of_session
from identity.users import deactivate
from models.database import clock, execute, fetch, moment, uuid
from tests.identity.people import (
    HERE,
    PASSWORD,
    a_merchant,
    an_account,
    an_agent,
    delete_account,
    expire_sessions,
    heard,
    hearing,
    live_sessions,
)

pytestmark = pytest.mark.usefixtures("quick_passwords")


async def test_signing_in_says_who_it_is(database: str) -> None:
    user_id = await a_merchant()
    session = await sign_in("Jan@Fietsen.example", PASSWORD, HERE)
    assert session.viewer.id == user_id
    assert await viewer_of_session(session.token) == session.viewer


async def test_only_the_hash_of_the_token_is_kept(database: str) -> None:
    await an_agent()
    session = await sign_in("ana@support.example", PASSWORD, HERE)
    row = (await fetch("SELECT * FROM sessions"))[0]
    assert row["token_hash"] == hash_of(session.token)
    assert session.token not in str(row)
    assert len(session.token) == 43
    assert session.token not in repr(session)


async def test_a_session_lasts_twelve_hours_by_the_databases_clock(database: str) -> None:
    await an_agent()
    before = await clock()
    session = await sign_in("ana@support.example", PASSWORD, HERE)
    assert before + SESSION_LIFETIME <= session.expires_at <= await clock() + SESSION_LIFETIME
    assert moment((await fetch("SELECT expires_at FROM sessions"))[0]["expires_at"]) == session.expires_at
    assert timedelta(hours=12) == SESSION_LIFETIME


async def test_a_session_is_over_at_its_last_instant(database: str) -> None:
    await an_agent()
    session = await sign_in("ana@support.example", PASSWORD, HERE)
    await expire_sessions()
    assert await viewer_of_session(session.token) is None


async def test_signing_out_ends_the_session_once_and_is_announced(database: str) -> None:
    await an_agent()
    session, other = [await sign_in("ana@support.example", PASSWORD, HERE) for _ in range(2)]
    ended = (await fetch("SELECT id FROM sessions WHERE token_hash = :hash", hash=hash_of(session.token)))[0]["id"]
    async with hearing() as queue:
        await sign_out(session.token)
        assert await heard(queue, 1) == {uuid(ended)}
    first = await fetch("SELECT ended_at FROM sessions ORDER BY id")
    await sign_out(session.token)
    assert await fetch("SELECT ended_at FROM sessions ORDER BY id") == first
    assert await viewer_of_session(session.token) is None
    assert await viewer_of_session(other.token) is not None


async def test_signing_in_again_gives_a_new_token_and_ends_the_old_session(database: str) -> None:
    await an_agent()
    old = await sign_in("ana@support.example", PASSWORD, HERE)
    async with hearing() as queue:
        new = await sign_in("ana@support.example", PASSWORD, HERE, old.token)
        assert len(await heard(queue, 1)) == 1
    assert new.token != old.token
    assert await viewer_of_session(old.token) is None
    assert await viewer_of_session(new.token) is not None


async def test_a_refused_sign_in_leaves_the_old_session_alone(database: str) -> None:
    await an_agent()
    old = await sign_in("ana@support.example", PASSWORD, HERE)
    with pytest.raises(SignInRefused):
        await sign_in("ana@support.example", "wrong", HERE, old.token)
    assert await viewer_of_session(old.token) is not None


async def test_a_planted_token_is_never_adopted(database: str) -> None:
    await an_agent()
    planted = "A" * 43
    session = await sign_in("ana@support.example", PASSWORD, HERE, planted)
    assert session.token != planted
    assert await viewer_of_session(planted) is None


async def test_a_users_other_sessions_end_with_the_user(database: str) -> None:
    user_id = await an_agent()
    session = await sign_in("ana@support.example", PASSWORD, HERE)
    await deactivate(user_id)
    assert await viewer_of_session(session.token) is None
    with pytest.raises(SignInRefused):
        await sign_in("ana@support.example", PASSWORD, HERE)


async def test_a_session_left_live_gives_no_deactivated_user(database: str) -> None:
    await an_agent()
    session = await sign_in("ana@support.example", PASSWORD, HERE)
    await execute("UPDATE users SET deactivated_at = {now}")
    assert await live_sessions() == 1
    assert await viewer_of_session(session.token) is None


async def test_nobody_of_a_deleted_account_is_signed_in_or_can_be(database: str) -> None:
    account_id = await an_account()
    await a_merchant(account_id=account_id)
    session = await sign_in("jan@fietsen.example", PASSWORD, HERE)
    await delete_account(account_id)
    assert await viewer_of_session(session.token) is None
    with pytest.raises(SignInRefused):
        await sign_in("jan@fietsen.example", PASSWORD, HERE)


REFUSED = [
    pytest.param("ana@support.example", "wrong password", id="wrong-password"),
    pytest.param("ana@support.example", "", id="no-password"),
    pytest.param("ana@support.example", PASSWORD + " ", id="nearly"),
    pytest.param("ana@support.example", PASSWORD.upper(), id="case"),
    pytest.param("ana@support.example", PASSWORD + "\x00", id="nul"),
    pytest.param("ana@support.example", "\ud800", id="lone-surrogate"),
    pytest.param("ana@support.example", "x" * 1_000_000, id="a-million"),
    pytest.param("nobody@support.example", PASSWORD, id="nobody"),
    pytest.param("token@support.example", PASSWORD, id="user-without-password"),
    pytest.param("", PASSWORD, id="no-email"),
    pytest.param("ana", PASSWORD, id="no-email-at-all"),
    pytest.param("ana@support.example\x00", PASSWORD, id="nul-in-email"),
    pytest.param("\udfffana@support.example", PASSWORD, id="surrogate-in-email"),
    pytest.param("x" * 1_000_000, PASSWORD, id="a-million-in-email"),
    pytest.param("' OR 1=1 --", PASSWORD, id="sql"),
]


@pytest.mark.parametrize(("email", "password"), REFUSED)
async def test_every_refusal_is_the_same(database: str, email: str, password: str) -> None:
    await an_agent()
    await an_agent("token@support.example", password=None)
    with pytest.raises(SignInRefused) as refused:
        await sign_in(email, password, HERE)
    assert str(refused.value) == "the e-mail and the password don't belong together"
    assert refused.value.__context__ is None
    assert await live_sessions() == 0


@pytest.mark.parametrize("token", ["", "x", "\x00", "\ud800", "ÿ" * 43, "A" * 1_000_000, "' OR 1=1 --"])
async def test_what_is_no_token_is_nobodys(database: str, token: str) -> None:
    assert await viewer_of_session(token) is None
    await sign_out(token)


async def test_a_hash_of_the_database_is_no_token(database: str) -> None:
    await an_agent()
    session = await sign_in("ana@support.example", PASSWORD, HERE)
    assert await viewer_of_session(hash_of(session.token)) is None
