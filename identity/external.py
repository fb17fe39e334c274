"""Users by who they are at a provider. A provider says who somebody is; whether there is such a user, and what they may, is ours to say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from identity.attempts import Attempt, forgive
from identity.credentials import (
    ACTIVE_USERS,
    VIEWER_COLUMNS,
    Kept,
    end,
    end_all,
    end_by_provider,
    hash_of,
    identity_hash,
    new_secret,
    prove,
    viewer_from,
)
from identity.jwts import texts
from identity.openid import LoggedOut, Person, Refused, UnderWay
from identity.providers import Provider
from identity.sessions import NewSession
from identity.users import EmailTaken, InvalidUser, UnknownAccount, UnknownUser, add_user, change_role, normal_email
from models.database import clock, execute, fetch, one, transaction, uuid
from models.fields import new_id
from policy.vocabulary import MerchantRole, Viewer, ViewerKind
from resolvers.live import announce

_HELD = "external_identities AS held JOIN users ON users.id = held.user_id LEFT JOIN accounts ON accounts.id = users.account_id"
_FIND = f"SELECT held.id AS held_id, {VIEWER_COLUMNS}, users.deactivated_at, accounts.deleted_at FROM {_HELD} WHERE held.identity_hash = :identity"
_FIND_BY_EMAIL = f"SELECT {VIEWER_COLUMNS} FROM {ACTIVE_USERS} AND users.email = :email AND users.kind = :kind"
_LINK = """
INSERT INTO external_identities (id, user_id, identity_hash, created_at) VALUES (:id, :user_id, :identity, {now})
ON CONFLICT DO NOTHING RETURNING id
"""
_HOLD = "UPDATE users SET deactivated_at = deactivated_at WHERE id = :user_id AND deactivated_at IS NULL"
_UNLINK = "DELETE FROM external_identities WHERE user_id = :user_id RETURNING id"
_SPEND = "INSERT INTO spent_once (used_hash, expires_at) VALUES (:used, :expires_at) ON CONFLICT DO NOTHING RETURNING used_hash"
_ADD_SESSION = """
INSERT INTO sessions (id, user_id, token_hash, provider_hash, created_at, expires_at)
VALUES (:id, :user_id, :token_hash, :provider_hash, {now}, :expires_at)
"""
#: How long what was used once is remembered: longer than it would be good for.
_REMEMBERED = timedelta(hours=1)


class AlreadyLinked(Exception):
    """Another user is this person."""

    def __init__(self) -> None:
        super().__init__("another user is linked to this person already")


def session_hash(issuer: str, session: str) -> str:
    """The form in which a provider's session is kept; `session` is empty for one without an id."""
    return hash_of(f"session {len(issuer)} {issuer} {session}")


async def link(user_id: UUID, issuer: str, subject: str) -> None:
    """Say who a user is at a provider. Who they were before is nobody, and their sessions end. Raises UnknownUser, AlreadyLinked."""
    async with transaction():
        if not await execute(_HOLD, user_id=user_id):
            raise UnknownUser(user_id)
        await _forget(user_id)
        if not await _linked(user_id, identity_hash(issuer, subject)):
            raise AlreadyLinked


async def unlink(user_id: UUID) -> None:
    """Nobody at a provider is this user any more: their sessions and tokens end. Raises UnknownUser."""
    async with transaction():
        if not await execute(_HOLD, user_id=user_id):
            raise UnknownUser(user_id)
        await _forget(user_id)


async def open_session(person: Person, under_way: UnderWay, provider: Provider, lifetime: timedelta, attempt: Attempt | None = None) -> NewSession:
    """Sign in whom the provider named. A sign-in under way opens one session, and the one the browser had ends; its `attempt` was no failure.

    Raises Refused: `failed` for one that was used already, `unknown` for whoever is no user of ours, or not by what the provider claims.
    """
    token, now = new_secret(), await clock()
    try:
        async with transaction():
            if not await spend(under_way.value, now):
                raise Refused("failed")
            if attempt is not None:
                await forgive(attempt)
            viewer = await _user(person, under_way.kind, provider)
            if under_way.old_session:
                await end(Kept.SESSIONS, under_way.old_session)
            await execute(
                _ADD_SESSION,
                id=new_id(),
                user_id=viewer.id,
                token_hash=hash_of(token),
                provider_hash=session_hash(person.issuer, person.session),
                expires_at=now + lifetime,
            )
            proof = await prove(Kept.SESSIONS, hash_of(token))
            if proof is None:
                raise Refused("unknown")
    except (EmailTaken, InvalidUser, UnknownAccount, UnknownUser):
        raise Refused("unknown") from None
    return NewSession(token, now + lifetime, proof.viewer)


async def log_out(told: LoggedOut) -> None:
    """End the sessions that a provider ended, and their subscriptions. A logout token that was used already does nothing."""
    now = await clock()
    async with transaction():
        if not await spend(f"logout {told.issuer} {told.token_id}", now):
            return
        if told.session is not None:
            await end_by_provider(session_hash(told.issuer, told.session))
        else:
            row = one(await fetch(_FIND, identity=identity_hash(told.issuer, told.subject or "")))
            if row is not None:
                await end_by_provider(None, uuid(row["id"]))


async def spend(what: str, now: datetime) -> bool:
    """Is this its first use? Owed by the caller: a transaction."""
    return bool(await fetch(_SPEND, used=hash_of(what), expires_at=now + _REMEMBERED))


async def forget_spent() -> int:
    """Delete what would be refused for its age; how many."""
    return await execute("DELETE FROM spent_once WHERE expires_at <= {now}")


async def _user(person: Person, kind: ViewerKind, provider: Provider) -> Viewer:
    """The user this person is: linked, or now linked or made if that is configured. Raises Refused."""
    if provider.groups and texts(person.claims, provider.groups_claim).isdisjoint(provider.groups):
        raise Refused("unknown")
    identity = identity_hash(person.issuer, person.subject)
    row = one(await fetch(_FIND, identity=identity))
    if row is not None:
        if row["deactivated_at"] is not None or row["deleted_at"] is not None:
            raise Refused("unknown")
        found: Viewer | None = viewer_from(row)
    else:
        found = await _by_email(person, kind, provider, identity) or await _made(person, kind, provider, identity)
    if found is None or found.kind is not kind:
        raise Refused("unknown")
    return await _as_claimed(found, person, provider)


async def _by_email(person: Person, kind: ViewerKind, provider: Provider, identity: str) -> Viewer | None:
    email = _verified_email(person.claims) if provider.link_by_email else None
    row = one(await fetch(_FIND_BY_EMAIL, email=email, kind=kind)) if email else None
    if row is None or not _is_of_account(viewer_from(row), person, provider) or not await _linked(uuid(row["id"]), identity):
        return None
    return viewer_from(row)


async def _made(person: Person, kind: ViewerKind, provider: Provider, identity: str) -> Viewer | None:
    email, name = _verified_email(person.claims), person.claims.get("name")
    if not provider.create or email is None or not isinstance(name, str):
        return None
    account_id, role = None, None
    if kind is ViewerKind.MERCHANT:
        account_id, role = _account(person, provider), _role(person, provider)
    user_id = await add_user(email, name, kind=kind, account_id=account_id, role=role)
    if not await _linked(user_id, identity):
        raise Refused("failed")
    return Viewer(user_id, kind, name, "en", account_id, frozenset({role} if role else ()))


async def _as_claimed(found: Viewer, person: Person, provider: Provider) -> Viewer:
    """The user, with the role the provider claims if it is the one to say. Of another account than it claims, they are refused."""
    if not _is_of_account(found, person, provider):
        raise Refused("unknown")
    if provider.role_claim is not None:
        role = _role(person, provider)
        if role not in found.roles:
            await change_role(found.id, role)
    return found


def _is_of_account(found: Viewer, person: Person, provider: Provider) -> bool:
    return provider.account_claim is None or found.account_id == _account(person, provider)


def _account(person: Person, provider: Provider) -> UUID:
    try:
        return UUID(person.claims[provider.account_claim or ""])
    except (KeyError, ValueError, TypeError, AttributeError):
        raise Refused("unknown") from None


def _role(person: Person, provider: Provider) -> MerchantRole:
    """The one role the claim maps to. None, or two different ones, is none."""
    claimed = {provider.roles[each] for each in texts(person.claims, provider.role_claim or "") if each in provider.roles}
    if len(claimed) != 1:
        raise Refused("unknown")
    return claimed.pop()


def _verified_email(claims: Mapping[str, Any]) -> str | None:
    email = claims.get("email")
    return normal_email(email) if claims.get("email_verified") is True and isinstance(email, str) else None


async def _linked(user_id: UUID, identity: str) -> bool:
    return bool(await fetch(_LINK, id=new_id(), user_id=user_id, identity=identity))


async def _forget(user_id: UUID) -> None:
    for row in await fetch(_UNLINK, user_id=user_id):
        await announce("session", subject_id=uuid(row["id"]))
        await end_all(user_id)
