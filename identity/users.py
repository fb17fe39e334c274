"""People who sign in: added, found by e-mail, deactivated."""

from __future__ import annotations

import re
import unicodedata
from uuid import UUID

from email_validator import validate_email

from identity.credentials import ACTIVE_USERS, VIEWER_COLUMNS, announce_all, end_all, viewer_from
from identity.passwords import hash_new
from models.database import execute, fetch, lock_account, one, transaction, uuid
from models.fields import new_id
from policy.vocabulary import MerchantRole, Viewer, ViewerKind

_LONGEST_EMAIL, _LONGEST_NAME = 254, 255
_LOCALE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")

_FIND = f"SELECT {VIEWER_COLUMNS} FROM {ACTIVE_USERS} AND users.email = :email"
_ADD = """
INSERT INTO users (id, account_id, kind, role, email, name, locale, password_hash, created_at)
VALUES (:id, :account_id, :kind, :role, :email, :name, :locale, :password_hash, {now})
ON CONFLICT (email) DO NOTHING RETURNING id
"""


class InvalidUser(Exception):
    """What was said of a new user can't be. `field` names what, never its value."""

    def __init__(self, field: str) -> None:
        super().__init__(f"the user's {field} is not valid")
        self.field = field


class EmailTaken(Exception):
    """Another user, perhaps deactivated, has this e-mail."""

    def __init__(self, user_id: UUID) -> None:
        super().__init__(f"user {user_id} has this e-mail")
        self.user_id = user_id


class UnknownUser(Exception):
    """There is no such user, or not any more."""

    def __init__(self, user_id: UUID) -> None:
        super().__init__(f"there is no active user {user_id}")
        self.user_id = user_id


class UnknownAccount(Exception):
    """There is no such account, or not any more."""

    def __init__(self, account_id: UUID) -> None:
        super().__init__(f"there is no account {account_id}")
        self.account_id = account_id


def normal_email(email: str) -> str | None:
    """An e-mail as it is kept and looked up: lower case, Unicode NFC, domain decoded. None if it isn't one (RFC 5321, 6531)."""
    if len(email) > _LONGEST_EMAIL:
        return None
    try:
        normal = validate_email(email, check_deliverability=False).normalized
    except ValueError:  # EmailNotValidError is one, and so is what a lone surrogate causes
        return None
    normal = unicodedata.normalize("NFC", normal.lower())
    return normal if len(normal) <= _LONGEST_EMAIL else None


async def add_user(
    email: str,
    name: str,
    *,
    kind: ViewerKind,
    account_id: UUID | None = None,
    role: MerchantRole | None = None,
    password: str | None = None,
    locale: str = "en",
) -> UUID:
    """Add a merchant's user (of an account, with a role) or an agent (with neither), and return its id.

    Without a password the user has only tokens and single sign-on. Raises InvalidUser, UnusablePassword, UnknownAccount, EmailTaken.
    """
    normal = normal_email(email)
    if normal is None:
        raise InvalidUser("email")
    _require_valid(name, locale, kind, account_id, role)
    password_hash = None if password is None else await hash_new(password)
    async with transaction():
        if account_id is not None and not await lock_account(account_id):
            raise UnknownAccount(account_id)
        row = one(
            await fetch(
                _ADD,
                id=new_id(),
                account_id=account_id,
                kind=kind,
                role=role,
                email=normal,
                name=name.strip(),
                locale=locale,
                password_hash=password_hash,
            )
        )
        if row is None:
            raise EmailTaken(uuid((await fetch("SELECT id FROM users WHERE email = :email", email=normal))[0]["id"]))
    return uuid(row["id"])


async def find_user(email: str) -> Viewer | None:
    """The active user with this e-mail, however it is written."""
    normal = normal_email(email)
    row = one(await fetch(_FIND, email=normal)) if normal else None
    return viewer_from(row) if row else None


async def deactivate(user_id: UUID) -> None:
    """Sign a user out everywhere, for good. Doing it twice is fine. Raises UnknownUser if there never was one."""
    async with transaction():
        sql = "UPDATE users SET deactivated_at = COALESCE(deactivated_at, {now}) WHERE id = :user_id"
        if not await execute(sql, user_id=user_id):
            raise UnknownUser(user_id)
        await end_all(user_id)


async def change_role(user_id: UUID, role: MerchantRole) -> None:
    """Give a merchant's user another role. It counts from the next request on; what runs live ends, to be asked for anew.

    Sessions and tokens stay. Raises UnknownUser, also for a user who is no merchant's.
    """
    async with transaction():
        sql = "UPDATE users SET role = :role WHERE id = :user_id AND kind = :kind AND deactivated_at IS NULL"
        if not await execute(sql, role=role, user_id=user_id, kind=ViewerKind.MERCHANT):
            raise UnknownUser(user_id)
        await announce_all(user_id)


def _require_valid(name: str, locale: str, kind: ViewerKind, account_id: UUID | None, role: MerchantRole | None) -> None:
    if not 0 < len(name.strip()) <= _LONGEST_NAME or not name.isprintable():
        raise InvalidUser("name")
    if not _LOCALE.fullmatch(locale):
        raise InvalidUser("locale")
    if (kind is ViewerKind.MERCHANT) != (account_id is not None):
        raise InvalidUser("account")
    if (kind is ViewerKind.MERCHANT) != (role is not None):
        raise InvalidUser("role")
