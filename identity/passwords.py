"""Passwords: argon2id, in threads of its own, and as slow for nobody as for somebody."""

from __future__ import annotations

import asyncio
import unicodedata
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from secrets import token_bytes
from typing import TypeVar, TypeVarTuple

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

Args = TypeVarTuple("Args")
Result = TypeVar("Result")

SHORTEST, LONGEST = 8, 1024

_HASHER = PasswordHasher()  # argon2id, RFC 9106 section 4, the low-memory choice: 64 MiB, 3 passes
_THREADS = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")  # each takes 64 MiB and all the processor it gets


class UnusablePassword(Exception):
    """A new password is too short, too long or no text."""

    def __init__(self) -> None:
        super().__init__(f"a password has {SHORTEST} to {LONGEST} characters")


def _hash_of_nothing() -> str:
    """Costs as much to verify as anyone's, and no password fits it."""
    salt, tag = (b64encode(token_bytes(size)).decode().rstrip("=") for size in (_HASHER.salt_len, _HASHER.hash_len))
    return f"$argon2id$v=19$m={_HASHER.memory_cost},t={_HASHER.time_cost},p={_HASHER.parallelism}${salt}${tag}"


_NOBODYS = _hash_of_nothing()


async def hash_new(password: str) -> str:
    """What to keep of a new password. Raises UnusablePassword."""
    text = _text(password)
    if text is None or len(password) < SHORTEST:
        raise UnusablePassword
    return await _in_thread(_HASHER.hash, text)


async def is_right(password: str, kept: str | None) -> bool:
    """Is this the password whose hash is kept? With None (no such user, or no password) it is not, and takes as long to say."""
    text = _text(password)
    return text is not None and await _in_thread(_fits, kept or _NOBODYS, text)


async def renewed(password: str, kept: str) -> str | None:
    """A new hash of a password that was right, if it was kept with other parameters than today's."""
    text = _text(password)
    if text is None or not _HASHER.check_needs_rehash(kept):
        return None
    return await _in_thread(_HASHER.hash, text)


def _text(password: str) -> bytes | None:
    """The same bytes from every keyboard (RFC 8265, OpaqueString: NFC)."""
    if len(password) > LONGEST:
        return None
    try:
        return unicodedata.normalize("NFC", password).encode()
    except UnicodeEncodeError:
        return None


def _fits(kept: str, text: bytes) -> bool:
    try:
        return _HASHER.verify(kept, text)
    except (VerifyMismatchError, InvalidHashError):
        return False


async def _in_thread(work: Callable[[*Args], Result], *args: *Args) -> Result:
    return await asyncio.get_running_loop().run_in_executor(_THREADS, work, *args)
