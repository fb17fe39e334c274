"""Agent login and the consents behind it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry
from strawberry.types import Info

from policy.vocabulary import Action, ConsentDuration, ConsentState, DataSubject, PiiCategory
from resolvers import consents as rows
from resolvers import paging, related
from resolvers.consents import AgentLoginState
from schema.context import Context
from schema.permissions import requires
from schema.privacy import pii
from schema.types.connections import After, Before, Connection, First, Last, asked_for, given
from schema.types.nodes import Node, id_of, shows

if TYPE_CHECKING:
    from schema.types.accounts import Account

MOST_A_PAGE = 100


@strawberry.type(description="A merchant's instruction that support may see personal data and help with settings, until `expiresAt` (exclusive).")
class Consent(Node):
    """Shows `resolvers.consents.Consent`."""

    is_type_of = shows(rows.Consent)

    id: strawberry.ID = id_of("Consent")
    account: Annotated[Account, strawberry.lazy("schema.types.accounts")] = strawberry.field(description="The merchant.")
    state: ConsentState = strawberry.field(description="Where it stands.")
    duration: ConsentDuration = strawberry.field(description="For how long it was granted.")
    granted_by: str | None = pii(PiiCategory.IDENTITY, "Who granted it.", subject=DataSubject.MERCHANT)
    granted_at: datetime = strawberry.field(description="When it was granted.")
    expires_at: datetime = strawberry.field(description="When it runs out; at this instant it is over.")
    ended_at: datetime | None = strawberry.field(description="When it was revoked or replaced; `expiresAt` once that has passed.")
    ended_by: str | None = pii(PiiCategory.IDENTITY, "Who revoked or replaced it.", subject=DataSubject.MERCHANT)


async def _history(
    root: strawberry.Parent[rows.AgentLogin],
    info: Info[Context, None],
    first: First = strawberry.UNSET,
    after: After = strawberry.UNSET,
    last: Last = strawberry.UNSET,
    before: Before = strawberry.UNSET,
) -> paging.Page[rows.Consent]:
    gate = info.context.gate
    window = paging.window("Consent", given(first), given(after), given(last), given(before), most=MOST_A_PAGE)
    selection, count = asked_for(info, "Consent")
    page = await rows.history(gate, root.account_id, window, selection, count=count)
    await related.complete_consents(gate, page.rows, selection)
    return page


def _durations() -> list[ConsentDuration]:
    return list(ConsentDuration)


@strawberry.type(description="Settings > Account > Agent login: may support log in to this account, and until when.")
class AgentLogin:
    """Shows `resolvers.consents.AgentLogin`."""

    account: Annotated[Account, strawberry.lazy("schema.types.accounts")] = strawberry.field(description="The merchant.")
    state: AgentLoginState = strawberry.field(description="On or off.")
    consent: Consent | None = strawberry.field(description="The live consent, else the latest.")
    durations: list[ConsentDuration] = strawberry.field(resolver=_durations, description="What may be granted.")
    history: Any = strawberry.field(
        resolver=_history,
        graphql_type=Connection[Consent] | None,
        extensions=[requires(Action.VIEW_ACCESS_LOG)],
        description="All consents there were, the newest first.",
    )
    now: datetime = strawberry.field(description="The server's clock, for countdowns.")
