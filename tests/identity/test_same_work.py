"""Who is known can't be found out by how long a refusal takes: the same statements and the same verification for each, and the same answer."""

from __future__ import annotations

import re
import statistics
import time

import pytest

from identity import passwords
from identity.sessions import SignInRefused, sign_in
from identity.users import deactivate
from models import database as db
from tests.identity.people import HERE, PASSWORD, a_merchant, an_account, an_agent, delete_account
from tests.wire import watched

WRONG = "not the password"


async def everybody() -> dict[str, tuple[str, str]]:
    """Who tries to sign in, and with what."""
    gone, closed = await a_merchant("gone@fietsen.example"), await an_account()
    await deactivate(gone)
    await a_merchant("closed@fietsen.example", closed)
    await delete_account(closed)
    await a_merchant("jan@fietsen.example")
    await a_merchant("token@fietsen.example", password=None)
    await an_agent()
    return {
        "a merchant's user": ("jan@fietsen.example", WRONG),
        "an agent": ("ana@support.example", WRONG),
        "nobody": ("nobody@fietsen.example", WRONG),
        "nobody, of no such domain": ("nobody@nowhere.invalid.example", PASSWORD),
        "one without a password": ("token@fietsen.example", PASSWORD),
        "one deactivated, with their password": ("gone@fietsen.example", PASSWORD),
        "one of a deleted account, with their password": ("closed@fietsen.example", PASSWORD),
    }


@pytest.mark.usefixtures("quick_passwords")
async def test_each_refusal_takes_the_same_statements_and_one_verification(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    verified: list[int] = []
    fits = passwords._fits

    def noted(kept: str, text: bytes) -> bool:
        verified.append(len(kept))
        return fits(kept, text)

    monkeypatch.setattr(passwords, "_fits", noted)
    work: dict[str, tuple[list[str], int, str]] = {}
    for who, (email, password) in (await everybody()).items():
        await db.execute("DELETE FROM sign_in_attempts")
        verified.clear()
        with watched() as wire, pytest.raises(SignInRefused) as refused:
            await sign_in(email, password, HERE)
        assert len(verified) == 1, who
        work[who] = ([re.sub(r"\s+", " ", sql) for sql in wire.statements], verified[0], str(refused.value))
    first = work["a merchant's user"]
    assert len(first[0]) >= 4
    assert [who for who, done in work.items() if done != first] == []


async def test_verifying_for_nobody_takes_as_long_as_for_somebody() -> None:
    """Measured on the real parameters, each in turn with the other: the medians are within half of each other. A look-up alone is a thousandth."""
    kept = await passwords.hash_new(PASSWORD)
    taken: dict[str, list[float]] = {"somebody": [], "nobody": []}
    for _ in range(7):
        for who, has in (("somebody", kept), ("nobody", None)):
            began = time.process_time()
            assert await passwords.is_right(WRONG, has) is False
            taken[who].append(time.process_time() - began)
    somebody, nobody = (statistics.median(each) for each in taken.values())
    assert 0.5 < somebody / nobody < 2
