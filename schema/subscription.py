"""Live. Each event finds out anew who is calling, and decides from the database as it is then."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry.types import Info

from resolvers import claims, consents, related
from resolvers import facts as facts_of
from resolvers.gate import Gate
from resolvers.live import MISSED, Change
from resolvers.selection import Selection
from schema import ids
from schema.context import Context
from schema.selection import selection
from schema.types.claims import Claim
from schema.types.connections import given
from schema.types.consents import AgentLogin

#: How long a silent subscription goes without finding out whether its session still stands, and its state is still the same.
RECHECK_SECONDS = 15.0
_SOON = 0.002


async def _gate_again(context: Context) -> Gate:
    """The door for whoever is calling now. Raises Refused once the session has ended."""
    context.viewer = await context.again()
    gate = context.gate
    gate.require_viewer()
    return gate


async def _account_key(gate: Gate, account_id: str | None) -> UUID | None:
    viewer = gate.require_viewer()
    if account_id is None:
        return viewer.account_id
    key = ids.key(account_id, "Account")
    gate.require_sight(await facts_of.of_account(key), "account")
    return key


def _wanted(context: Context, topic: str, account: UUID | None) -> Any:
    own = context.viewer.account_id if context.viewer else None

    def wanted(change: Change) -> bool:
        if change.topic == "session":
            return change.subject_id == context.session_id or (change.account_id is not None and change.account_id == own)
        return change.topic == topic and (account is None or change.account_id == account)

    return wanted


async def _login(gate: Gate, account: UUID, asked: Selection) -> consents.AgentLogin | None:
    found = (await consents.agent_logins(gate, [account], asked)).get(account)
    if found is not None:
        await related.complete_agent_logins(gate, [found], asked)
    return found


async def _agent_logins(context: Context, account: UUID | None, asked: Selection) -> AsyncIterator[consents.AgentLogin]:
    """The state of one account at once and at each change, or the changes of all; also at the moment a consent runs out."""
    last: tuple[Any, ...] | None = None
    async with context.changes.heard(_wanted(context, "consent", account)) as queue:
        if account is not None and (login := await _login(context.gate, account, asked)) is not None:
            last = _state(login)
            yield login
        while True:
            expiring = await consents.next_expiry(account)
            wait = RECHECK_SECONDS if expiring is None else min(expiring[1] + _SOON, RECHECK_SECONDS)
            change = await _next(queue, wait)
            gate = await _gate_again(context)
            changed = account
            if account is None and change is not None:
                changed = change.account_id
            elif account is None and expiring is not None and expiring[1] < wait:
                changed = expiring[0]
            if changed is None or (login := await _login(gate, changed, asked)) is None:
                continue
            if account is not None and _state(login) == last:
                continue
            last = _state(login)
            yield login


async def _next(queue: asyncio.Queue[Change], seconds: float) -> Change | None:
    """The next change, or None when so many seconds have passed."""
    try:
        return await asyncio.wait_for(queue.get(), seconds)
    except TimeoutError:
        return None


def _state(login: consents.AgentLogin) -> tuple[Any, ...]:
    consent = login.consent
    return (login.state, consent and (consent.id, consent.state, consent.expires_at, consent.ended_at))


async def _changed_claims(context: Context, account: UUID | None, asked: Selection) -> AsyncIterator[claims.Claim]:
    async with context.changes.heard(_wanted(context, "claim", account)) as queue:
        while True:
            change = await _next(queue, RECHECK_SECONDS)
            gate = await _gate_again(context)
            if change is None or change is MISSED or change.topic != "claim" or change.subject_id is None:
                continue
            found = (await claims.by_ids(gate, [change.subject_id], asked)).get(change.subject_id)
            if found is not None:
                await related.complete_claims(gate, [found], asked)
                yield found


AccountId = Annotated[strawberry.ID | None, strawberry.argument(description="Only this account.")]


@strawberry.type(description="Live.")
class Subscription:
    """The entry points of subscriptions. Each raises before it starts if the caller may not have it."""

    @strawberry.subscription(
        graphql_type=AgentLogin,
        description="With an account: its state at once, then on grant, revoke, replacement and at the very moment of expiry."
        " Without one (agents): the changes of all accounts.",
    )
    async def agent_login_changed(self, info: Info[Context, None], account_id: AccountId = strawberry.UNSET) -> AsyncIterator[consents.AgentLogin]:
        """The state of Agent login."""
        account = await _account_key(info.context.gate, given(account_id))
        async for login in _agent_logins(info.context, account, selection(info)):
            yield login

    @strawberry.subscription(graphql_type=Claim, description="The claims of an account as they change, or for agents every claim.")
    async def claim_changed(self, info: Info[Context, None], account_id: AccountId = strawberry.UNSET) -> AsyncIterator[claims.Claim]:
        """Claims."""
        account = await _account_key(info.context.gate, given(account_id))
        async for claim in _changed_claims(info.context, account, selection(info)):
            yield claim
