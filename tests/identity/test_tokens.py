"""A bearer token is good until it expires or is ended, or its user or account goes."""

import re
from datetime import timedelta

import pytest

from identity.credentials import hash_of
from identity.sessions import viewer_of_session
from identity.tokens import TOKEN_LIFETIME, create_token, end_token, viewer_of_token
from identity.users import UnknownUser, deactivate
from models.database import clock, execute, fetch, moment, uuid
from models.fields import new_id
from tests.identity.people import a_merchant, an_account, an_agent, delete_account, expire_tokens, heard, hearing


async def test_a_token_says_whose_it_is(database: str) -> None:
    account_id = await an_account()
    user_id = await a_merchant(account_id=account_id, password=None)
    viewer = await viewer_of_token(await create_token(user_id))
    assert viewer is not None
    assert (viewer.id, viewer.account_id) == (user_id, account_id)


async def test_a_token_is_random_recognisable_and_kept_as_a_hash(database: str) -> None:
    user_id = await an_agent(password=None)
    tokens = [await create_token(user_id) for _ in range(2)]
    assert len(set(tokens)) == 2
    assert all(re.fullmatch(r"lk_[A-Za-z0-9_-]{43}", token) for token in tokens)
    rows = await fetch("SELECT * FROM tokens")
    assert {row["token_hash"] for row in rows} == {hash_of(token) for token in tokens}
    assert not any(token in str(rows) for token in tokens)


async def test_a_token_lasts_ninety_days_by_the_databases_clock(database: str) -> None:
    user_id = await an_agent(password=None)
    before = await clock()
    await create_token(user_id)
    expires_at = moment((await fetch("SELECT expires_at FROM tokens"))[0]["expires_at"])
    assert before + TOKEN_LIFETIME <= expires_at <= await clock() + TOKEN_LIFETIME
    assert timedelta(days=90) == TOKEN_LIFETIME


async def test_a_token_is_over_at_its_last_instant(database: str) -> None:
    token = await create_token(await an_agent(password=None))
    await expire_tokens()
    assert await viewer_of_token(token) is None


async def test_a_token_of_no_time_is_never_good(database: str) -> None:
    token = await create_token(await an_agent(password=None), timedelta(0))
    assert await viewer_of_token(token) is None


async def test_an_ended_token_is_over_and_announced(database: str) -> None:
    user_id = await an_agent(password=None)
    token, other = await create_token(user_id), await create_token(user_id)
    ended = (await fetch("SELECT id FROM tokens WHERE token_hash = :hash", hash=hash_of(token)))[0]["id"]
    async with hearing() as queue:
        await end_token(token)
        assert await heard(queue, 1) == {uuid(ended)}
    await end_token(token)
    assert await viewer_of_token(token) is None
    assert await viewer_of_token(other) is not None


async def test_a_token_goes_with_its_user(database: str) -> None:
    user_id = await an_agent(password=None)
    token = await create_token(user_id)
    await execute("UPDATE users SET deactivated_at = {now}")
    assert await viewer_of_token(token) is None
    await deactivate(user_id)
    assert (await fetch("SELECT ended_at FROM tokens"))[0]["ended_at"] is not None


async def test_a_token_goes_with_its_account(database: str) -> None:
    account_id = await an_account()
    token = await create_token(await a_merchant(account_id=account_id, password=None))
    await delete_account(account_id)
    assert await viewer_of_token(token) is None


async def test_nobody_gets_no_token(database: str) -> None:
    with pytest.raises(UnknownUser):
        await create_token(new_id())
    assert await fetch("SELECT id FROM tokens") == []


async def test_a_token_is_no_session(database: str) -> None:
    assert await viewer_of_session(await create_token(await an_agent(password=None))) is None


@pytest.mark.parametrize("token", ["", "lk_", "lk_" + "\x00" * 43, "lk_\ud800", "ÿ" * 46, "A" * 1_000_000])
async def test_what_is_no_token_is_nobodys(database: str, token: str) -> None:
    assert await viewer_of_token(token) is None
    await end_token(token)
