"""How often a sign-in may be tried, counted in the database so that every process shares the count."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from models.database import clock, execute, fetch, moment, transaction

_COUNT = """
INSERT INTO sign_in_attempts (subject, window_started_at, attempts) VALUES (:subject, {now}, 1)
ON CONFLICT (subject) DO UPDATE SET
    attempts = CASE WHEN sign_in_attempts.window_started_at > :before THEN sign_in_attempts.attempts + 1 ELSE 1 END,
    window_started_at = CASE WHEN sign_in_attempts.window_started_at > :before
        THEN sign_in_attempts.window_started_at ELSE excluded.window_started_at END
WHERE sign_in_attempts.window_started_at <= :before OR sign_in_attempts.attempts < :at_most
RETURNING subject
"""
_GIVE_BACK = "UPDATE sign_in_attempts SET attempts = attempts - 1 WHERE subject = :subject AND attempts > 0"
_FORGET = "DELETE FROM sign_in_attempts WHERE subject = :subject"


class TooManyAttempts(Exception):
    """Nothing was verified. Another attempt makes sense after so many seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"too many attempts to sign in: again in {retry_after} s")
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Limits:
    """How many failed sign-ins are allowed in a window.

    One address may fail `per_user_and_address` times on one user, and `per_address` times in all. What all addresses together
    may fail on one user is `per_user`, which is higher: a stranger at one address can't lock out a merchant who wants to take the
    key back from another. Guesses spread over many addresses stop at `per_user`, and then the real user waits too: that is the
    price, and it ends with the window, because refused attempts are not counted. Existing sessions and tokens are never touched.
    """

    per_user_and_address: int = 10
    per_address: int = 50
    per_user: int = 30
    window: timedelta = timedelta(minutes=15)


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt that was admitted, and what it was counted under. Transactions take these in this order: no deadlock."""

    user_here: str | None = field(repr=False)
    address: str = field(repr=False)
    user: str | None = field(repr=False)


async def require_attempt(email: str | None, address: str, limits: Limits = LIMITS) -> Attempt:
    """Count an attempt before its password is verified. `email` is a normal one, or None for what is none.

    It counts under all of its subjects or, when one is at its limit, under none, and raises TooManyAttempts.
    A user who doesn't exist is counted like one who does.
    """
    network = network_of(address)
    attempt = Attempt(
        user_here=_subject(f"user:{email} address:{network}") if email else None,
        address=_subject(f"address:{network}"),
        user=_subject(f"user:{email}") if email else None,
    )
    before = await clock() - limits.window
    async with transaction():
        await _count(attempt.user_here, limits.per_user_and_address, before, limits.window)
        await _count(attempt.address, limits.per_address, before, limits.window)
        await _count(attempt.user, limits.per_user, before, limits.window)
    return attempt


async def forgive(attempt: Attempt) -> None:
    """It succeeded: forget the user's failures, here and anywhere, and take this one off the address's.

    Owed by the caller: a transaction.
    """
    await execute(_FORGET, subject=attempt.user_here)
    await execute(_GIVE_BACK, subject=attempt.address)
    await execute(_FORGET, subject=attempt.user)


async def forget_old(window: timedelta = LIMITS.window) -> int:
    """Delete counts whose window is over; how many. Nothing depends on it but the size of the table."""
    before = await clock() - window
    return await execute("DELETE FROM sign_in_attempts WHERE window_started_at <= :before", before=before)


async def _count(subject: str | None, at_most: int, before: datetime, window: timedelta) -> None:
    if subject is None:
        return
    if not await fetch(_COUNT, subject=subject, at_most=at_most, before=before):
        raise TooManyAttempts(await _seconds_left(subject, window))


async def _seconds_left(subject: str, window: timedelta) -> int:
    sql = "SELECT window_started_at, {now} AS now FROM sign_in_attempts WHERE subject = :subject"
    row = (await fetch(sql, subject=subject))[0]
    over = moment(row["window_started_at"]) + window
    return max(1, math.ceil((over - moment(row["now"])).total_seconds()))


def network_of(address: str) -> str:
    """What one caller holds: an IPv4 address, or the /64 of an IPv6 one."""
    try:
        ip = ip_address(address)
    except ValueError:
        return address
    if ip.version == 4:
        return str(ip)
    return str(ip.ipv4_mapped or ip_network((int(ip), 64), strict=False))


def _subject(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
