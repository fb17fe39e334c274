"""Somebody to sign in, and what the database has of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

from identity.users import add_user
from models.database import clock, current, execute, fetch
from models.fields import new_id
from policy.vocabulary import MerchantRole, ViewerKind
from resolvers.live import Change, Changes

PASSWORD = "correct horse battery"
HERE, ELSEWHERE = "203.0.113.7", "198.51.100.9"


async def an_account() -> UUID:
    account_id = new_id()
    sql = "INSERT INTO accounts (id, company_name, country, created_at) VALUES (:id, 'Fietsen BV', 'NL', {now})"
    await execute(sql, id=account_id)
    return account_id


async def a_merchant(email: str = "jan@fietsen.example", account_id: UUID | None = None, password: str | None = PASSWORD) -> UUID:
    return await add_user(
        email,
        "Jan Bakker",
        kind=ViewerKind.MERCHANT,
        account_id=account_id or await an_account(),
        role=MerchantRole.OWNER,
        password=password,
        locale="nl",
    )


async def an_agent(email: str = "ana@support.example", password: str | None = PASSWORD) -> UUID:
    return await add_user(email, "Ana", kind=ViewerKind.AGENT, password=password)


async def delete_account(account_id: UUID) -> None:
    await execute("UPDATE accounts SET deleted_at = {now} WHERE id = :id", id=account_id)


async def expire_sessions() -> None:
    """Their last instant is this one: the end is exclusive."""
    await execute("UPDATE sessions SET expires_at = :now", now=await clock())


async def expire_tokens() -> None:
    await execute("UPDATE tokens SET expires_at = :now", now=await clock())


async def age_attempts(age: timedelta) -> None:
    """As if the counts had begun that long ago."""
    await execute("UPDATE sign_in_attempts SET window_started_at = :then", then=await clock() - age)


async def live_sessions() -> int:
    return int((await fetch("SELECT count(*) AS n FROM sessions WHERE ended_at IS NULL"))[0]["n"])


@asynccontextmanager
async def hearing() -> AsyncIterator[asyncio.Queue[Change]]:
    """What any process would hear of sessions from now on."""
    changes = Changes()
    await changes.start(_url())
    try:
        async with changes.heard(lambda change: change.topic == "session") as queue:
            yield queue
    finally:
        await changes.stop()


async def heard(queue: asyncio.Queue[Change], count: int) -> set[UUID | None]:
    """The subjects of the next changes, which have to come."""
    return {(await asyncio.wait_for(queue.get(), 5)).subject_id for _ in range(count)}


def _url() -> str:
    open_now: Any = current()
    if hasattr(open_now, "filename"):
        return f"sqlite://{open_now.filename}"
    url: str = open_now.servers.urls[0]
    return url
