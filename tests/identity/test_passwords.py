"""Passwords are verified slowly, two at a time, and as slowly for nobody as for somebody."""

import asyncio
import threading
from time import perf_counter

import pytest
from argon2 import PasswordHasher

from identity.passwords import LONGEST, SHORTEST, UnusablePassword, hash_new, is_right, renewed
from identity.sessions import sign_in
from models.database import execute, fetch
from tests.identity.people import HERE, an_agent

PASSWORD = "correct horse battery"
PASSWORDS = [
    pytest.param("x" * SHORTEST, id="shortest"),
    pytest.param("x" * LONGEST, id="longest"),
    pytest.param("contraseña ñandú 🔑", id="unicode"),
    pytest.param("nul\x00in the middle", id="nul"),
    pytest.param("        ", id="spaces"),
]


@pytest.mark.parametrize("password", PASSWORDS)
async def test_only_the_password_itself_is_right(password: str) -> None:
    kept = await hash_new(password)
    assert len(kept) <= 255
    assert await is_right(password, kept)
    assert not await is_right(password + "x", kept)
    assert not await is_right(password[:-1], kept)


async def test_nul_does_not_end_a_password() -> None:
    assert not await is_right("password\x00two", await hash_new("password\x00one"))


async def test_composed_and_decomposed_letters_are_the_same_password() -> None:
    assert await is_right("contrasen\u0303a", await hash_new("contrase\u00f1a"))


@pytest.mark.parametrize("password", ["", "x" * 7, "x" * 1025, "x" * 8 + "\ud800"], ids=["empty", "short", "long", "surrogate"])
async def test_what_can_be_no_password_is_refused_and_never_right(password: str) -> None:
    with pytest.raises(UnusablePassword):
        await hash_new(password)
    assert not await is_right(password, await hash_new(PASSWORD))


@pytest.mark.parametrize("kept", [None, "", "no hash"])
async def test_nothing_kept_is_never_right(kept: str | None) -> None:
    assert not await is_right(PASSWORD, kept)


async def test_nobody_takes_as_long_as_somebody() -> None:
    kept = await hash_new(PASSWORD)
    assert await _quickest(None) > 0.5 * await _quickest(kept)


async def test_an_old_hash_is_renewed_and_a_new_one_is_not() -> None:
    old = PasswordHasher(time_cost=1, memory_cost=8192).hash(PASSWORD)
    new = await renewed(PASSWORD, old)
    assert new is not None
    assert await is_right(PASSWORD, new)
    assert await renewed(PASSWORD, new) is None


async def test_two_threads_at_most() -> None:
    await asyncio.gather(*(is_right(PASSWORD, None) for _ in range(6)))
    assert sum(thread.name.startswith("argon2") for thread in threading.enumerate()) <= 2


async def _quickest(kept: str | None) -> float:
    async def once() -> float:
        start = perf_counter()
        await is_right("wrong password", kept)
        return perf_counter() - start

    return min([await once() for _ in range(4)])


async def test_an_old_hash_is_renewed_at_sign_in(database: str) -> None:
    await an_agent()
    old = PasswordHasher(time_cost=1, memory_cost=8192).hash(PASSWORD)
    await execute("UPDATE users SET password_hash = :old", old=old)
    await sign_in("ana@support.example", PASSWORD, HERE)
    assert (await fetch("SELECT password_hash FROM users"))[0]["password_hash"].startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    await sign_in("ana@support.example", PASSWORD, HERE)
