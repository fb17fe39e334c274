"""Sign-ins are counted before a password is verified; at a limit nothing is verified."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from identity.attempts import LIMITS, Limits, TooManyAttempts, forget_old, require_attempt
from identity.sessions import SignInRefused, sign_in
from models.database import fetch
from tests.identity.people import ELSEWHERE, HERE, PASSWORD, age_attempts, an_agent
from tests.wire import watched

pytestmark = pytest.mark.usefixtures("quick_passwords")
ANA = "ana@support.example"
FEW = Limits(per_user_and_address=3, per_user=5, per_address=4)


async def fail(email: str = ANA, address: str = HERE, limits: Limits = FEW) -> None:
    with pytest.raises(SignInRefused):
        await sign_in(email, "wrong password", address, limits=limits)


async def is_shut(email: str = ANA, address: str = HERE, limits: Limits = FEW) -> int:
    with pytest.raises(TooManyAttempts) as refused:
        await sign_in(email, PASSWORD, address, limits=limits)
    return refused.value.retry_after


async def test_one_address_has_so_many_guesses_of_one_user(database: str) -> None:
    await an_agent()
    for _ in range(3):
        await fail()
    assert 0 < await is_shut() <= 15 * 60


async def test_a_stranger_does_not_lock_a_user_out_elsewhere(database: str) -> None:
    await an_agent()
    for _ in range(3):
        await fail(address=ELSEWHERE)
    await is_shut(address=ELSEWHERE)
    assert (await sign_in(ANA, PASSWORD, HERE, limits=FEW)).viewer.is_agent


async def test_many_addresses_together_have_so_many_guesses_of_one_user(database: str) -> None:
    await an_agent()
    for number in range(5):
        await fail(address=f"203.0.113.{number}")
    await is_shut(address="203.0.113.99")


async def test_one_address_has_so_many_guesses_in_all(database: str) -> None:
    await an_agent()
    for number in range(4):
        await fail(f"user{number}@support.example")
    await is_shut()
    assert (await sign_in(ANA, PASSWORD, ELSEWHERE, limits=FEW)).viewer.is_agent


async def test_an_unknown_user_and_a_malformed_one_count_too(database: str) -> None:
    for _ in range(3):
        await fail("nobody@support.example")
    await is_shut("nobody@support.example")
    await fail("no e-mail")
    await is_shut("no e-mail")


async def test_spelling_is_no_way_around(database: str) -> None:
    await an_agent()
    for spelling in (ANA, ANA.upper(), "Ana@Support.EXAMPLE"):
        await fail(spelling)
    await is_shut()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param("2001:db8::1", "2001:db8:0:0:ffff::2", id="one-ipv6-network"),
        pytest.param("203.0.113.7", "::ffff:203.0.113.7", id="ipv4-in-ipv6"),
        pytest.param("", "", id="unknown"),
        pytest.param("\ud800", "\ud800", id="nonsense"),
    ],
)
async def test_one_caller_has_one_count(database: str, first: str, second: str) -> None:
    for _ in range(3):
        await require_attempt(ANA, first, FEW)
    with pytest.raises(TooManyAttempts):
        await require_attempt(ANA, second, FEW)


async def test_two_ipv6_networks_are_two_callers(database: str) -> None:
    for _ in range(3):
        await require_attempt(ANA, "2001:db8::1", FEW)
    await require_attempt(ANA, "2001:db8:0:1::1", FEW)


async def test_a_window_ends_and_refused_attempts_do_not_prolong_it(database: str) -> None:
    await an_agent()
    for _ in range(3):
        await fail()
    await age_attempts(FEW.window - timedelta(seconds=30))
    for _ in range(3):
        assert await is_shut() <= 30
    await age_attempts(FEW.window)
    await fail()
    assert {row["attempts"] for row in await fetch("SELECT attempts FROM sign_in_attempts")} == {1}


async def test_at_a_limit_the_user_is_not_even_looked_up(database: str) -> None:
    await an_agent()
    for _ in range(3):
        await fail()
    with watched() as wire:
        await is_shut()
    assert wire.statements
    assert not any("password_hash" in statement for statement in wire.statements)


async def test_success_forgets_the_users_failures_but_not_the_addresses(database: str) -> None:
    await an_agent()
    await fail()
    await fail()
    await fail("nobody@support.example")
    await sign_in(ANA, PASSWORD, HERE, limits=FEW)
    await fail()
    assert sorted(row["attempts"] for row in await fetch("SELECT attempts FROM sign_in_attempts")) == [1, 1, 1, 1, 4]
    await is_shut()


async def test_signing_in_often_is_no_failure(database: str) -> None:
    await an_agent()
    for _ in range(6):
        await sign_in(ANA, PASSWORD, HERE, limits=FEW)


async def test_sixteen_at_once_never_pass_the_limit(database: str) -> None:
    await an_agent()
    results = await asyncio.gather(
        *(sign_in(ANA, "wrong password", f"203.0.113.{n}" if n % 2 else HERE, limits=FEW) for n in range(16)),
        return_exceptions=True,
    )
    assert Counter(map(type, results)) == {SignInRefused: FEW.per_user, TooManyAttempts: 16 - FEW.per_user}


async def test_sixteen_at_once_from_one_address(database: str) -> None:
    await an_agent()
    results = await asyncio.gather(*(sign_in(ANA, "wrong password", HERE) for _ in range(16)), return_exceptions=True)
    assert Counter(map(type, results)) == {SignInRefused: LIMITS.per_user_and_address, TooManyAttempts: 6}


async def test_successes_and_failures_at_once_do_not_deadlock(database: str) -> None:
    await an_agent()
    passwords = [PASSWORD, "wrong password"] * 8
    results = await asyncio.gather(*(sign_in(ANA, password, f"203.0.113.{n % 4}") for n, password in enumerate(passwords)), return_exceptions=True)
    assert Counter(type(result).__name__ for result in results) == {"NewSession": 8, "SignInRefused": 8}


async def test_what_is_counted_is_kept_as_hashes(database: str) -> None:
    await fail()
    rows = str(await fetch("SELECT * FROM sign_in_attempts"))
    assert "ana" not in rows
    assert HERE not in rows


async def test_old_counts_are_forgotten(database: str) -> None:
    await fail()
    assert await forget_old() == 0
    await age_attempts(LIMITS.window)
    assert await forget_old() == 3
