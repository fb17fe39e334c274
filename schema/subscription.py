"""Live. Each event finds out anew who is calling, and decides from the database as it is then."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry.types import Info

from models import database
from policy.decision import Decision
from policy.vocabulary import Action, Reason
from resolvers import claims, consents, related
from resolvers import facts as facts_of
from resolvers.errors import Refused
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
#: The same while this process knows that it hears of nothing.
DEAF_RECHECK_SECONDS = 2.0
_SOON = 0.002
#: A change that was missed may have taken its time before it was committed.
_IN_FLIGHT = timedelta(seconds=30)


async def _gate_again(context: Context) -> Gate:
    """The door for whoever is calling now. Raises Refused once the session has ended, or the caller has another role."""
    before = context.viewer
    database.allow_anew()
    context.viewer = await context.again()
    gate = context.gate
    viewer = gate.require_viewer()
    if before is not None and viewer.roles != before.roles:
        raise Refused(Decision(Action.VIEW_SETTINGS, allowed=False, reason=Reason.MERCHANT_ROLE))
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


async def _completed(gate: Gate, login: consents.AgentLogin, asked: Selection) -> consents.AgentLogin | None:
    """With what was asked for: read anew where that is personal."""
    if asked.below("AgentLogin", "consent").personal("Consent"):
        return await _login(gate, login.account_id, asked)
    await related.complete_agent_logins(gate, [login], asked)
    return login


async def _agent_login(context: Context, account: UUID, asked: Selection) -> AsyncIterator[consents.AgentLogin]:
    """The state of one account at once, at each change, and at the moment its consent runs out."""
    last: tuple[Any, ...] | None = None
    async with context.changes.heard(_wanted(context, "consent", account)) as queue:
        gate = await _gate_again(context)  # it may have ended before anybody listened
        while True:
            read_at = asyncio.get_running_loop().time()
            now = await consents.agent_login(gate, account)  # nothing personal, so nothing is written to the access log while nothing changes
            if now is not None and _state(now) != last and (login := await _completed(gate, now, asked)) is not None:
                last, now = _state(login), login
                yield login
            over_at = read_at + now.remaining + _SOON if now is not None and now.remaining is not None else math.inf
            await _next(context, queue, over_at)
            gate = await _gate_again(context)


async def _agent_logins(context: Context, asked: Selection) -> AsyncIterator[consents.AgentLogin]:
    """The state of every account that changes from now on, or whose consent runs out."""
    async with context.changes.heard(_wanted(context, "consent", None)) as queue:
        await _gate_again(context)  # it may have ended before anybody listened
        since = await database.clock()  # listening already: what changes while the clock is read is told
        told: dict[UUID, datetime] = {}
        while True:
            soonest = await consents.next_expiry(since)
            change = await _next(context, queue, await _loop_time(soonest) + _SOON if soonest else math.inf)
            gate = await _gate_again(context)
            now = await database.clock()
            changed = await consents.ran_out(since, now)
            if change is MISSED:
                missed = await consents.changed_since(since - _IN_FLIGHT)
                changed += _not_in(told, missed)
                told = missed
            elif change is not None and change.topic == "consent" and change.account_id is not None:
                changed.append(change.account_id)
            since = now
            for key in dict.fromkeys(changed):
                if (login := await _login(gate, key, asked)) is not None:
                    yield login
                    gate = await _gate_again(context)


async def _loop_time(moment: datetime) -> float:
    """When an instant of the database's clock is, by the event loop's."""
    return asyncio.get_running_loop().time() + (moment - await database.clock()).total_seconds()


async def _next(context: Context, queue: asyncio.Queue[Change], until: float) -> Change | None:
    """The next change, or None at `until` by the event loop's clock, at the end of the session, and when it is time to look again.
    Who hears nothing may have MISSED any.

    What was missed is looked for once the database answers: until then nothing is told, and the stream stays.
    """
    now, missed = asyncio.get_running_loop().time, False
    if context.session_ends_at + _SOON > now():
        until = min(until, context.session_ends_at + _SOON)
    while True:
        patience = DEAF_RECHECK_SECONDS if missed or context.changes.is_deaf else RECHECK_SECONDS
        change = await _heard(queue, min(until, now() + patience))
        missed = missed or change is MISSED or context.changes.is_deaf
        if not missed:
            return change
        if now() >= until or await _answers():
            return MISSED


async def _heard(queue: asyncio.Queue[Change], until: float) -> Change | None:
    try:
        async with asyncio.timeout_at(until):
            return await queue.get()
    except TimeoutError:
        return None


async def _answers() -> bool:
    """Does the database answer?"""
    database.allow_anew()
    try:
        await database.clock()
    except database.UNREACHABLE:
        return False
    return True


def _not_in(told: dict[UUID, datetime], missed: dict[UUID, datetime]) -> list[UUID]:
    """What changed again since it was told: who is deaf looks every time at all that may have been under way."""
    return [key for key, at in missed.items() if told.get(key) != at]


def _state(login: consents.AgentLogin) -> tuple[Any, ...]:
    consent = login.consent
    return (login.state, consent and (consent.id, consent.state, consent.expires_at, consent.ended_at))


async def _changed_claims(context: Context, account: UUID | None, asked: Selection) -> AsyncIterator[claims.Claim]:
    async with context.changes.heard(_wanted(context, "claim", account)) as queue:
        await _gate_again(context)  # it may have ended before anybody listened
        since = await database.clock()  # listening already
        told: dict[UUID, datetime] = {}
        while True:
            change = await _next(context, queue, math.inf)
            gate = await _gate_again(context)
            now = await database.clock()
            if change is MISSED:
                missed = await claims.changed_since(since - _IN_FLIGHT, account)
                changed = _not_in(told, missed)
                told = missed
            else:
                changed = [change.subject_id] if change is not None and change.topic == "claim" and change.subject_id is not None else []
            since = now
            for key in changed:
                found = (await claims.by_ids(gate, [key], asked)).get(key)
                if found is not None:
                    await related.complete_claims(gate, [found], asked)
                    yield found
                    gate = await _gate_again(context)


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
        if account is None:
            return _agent_logins(info.context, selection(info))
        return _agent_login(info.context, account, selection(info))

    @strawberry.subscription(graphql_type=Claim, description="The claims of an account as they change, or for agents every claim.")
    async def claim_changed(self, info: Info[Context, None], account_id: AccountId = strawberry.UNSET) -> AsyncIterator[claims.Claim]:
        """Claims."""
        account = await _account_key(info.context.gate, given(account_id))
        return _changed_claims(info.context, account, selection(info))
