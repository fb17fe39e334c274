"""Claims and what support did about them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from models.enums import ClaimKind, ClaimType, InvestigationKind
from policy.vocabulary import Action, ClaimChannel, ClaimStatus, PiiCategory
from resolvers import claims as rows
from schema.privacy import pii
from schema.types.decisions import decisions_of
from schema.types.nodes import Node, id_of, shows

if TYPE_CHECKING:
    from schema.types.accounts import Account
    from schema.types.parcels import Parcel


@strawberry.type(description="Something done in the investigation of a claim.")
class InvestigationEntry:
    """Shows `resolvers.claims.InvestigationEntry`."""

    id: strawberry.ID = id_of("InvestigationEntry")
    at: datetime = strawberry.field(description="When.")
    by: str = strawberry.field(description="Who: the agent, or the merchant's company.")
    kind: InvestigationKind = strawberry.field(description="What was done.")
    carrier_reference: str | None = pii(PiiCategory.TRACKING, "The carrier's reference.")
    note: str | None = pii(PiiCategory.FREE_TEXT, "What was written.")


_ACTIONS = (Action.VIEW_PERSONAL_DATA, Action.ANSWER_CLAIM, Action.WITHDRAW_CLAIM, Action.INVESTIGATE_CLAIM, Action.CLOSE_CLAIM)


@strawberry.type(
    description="A claim or a question about one parcel. Only one that a merchant's user files through the Support section lets agents see it."
)
class Claim(Node):
    """Shows `resolvers.claims.Claim`."""

    is_type_of = shows(rows.Claim)

    id: strawberry.ID = id_of("Claim")
    account: Annotated[Account, strawberry.lazy("schema.types.accounts")] = strawberry.field(description="The merchant.")
    parcel: Annotated[Parcel, strawberry.lazy("schema.types.parcels")] | None = strawberry.field(description="The parcel; null once it is deleted.")
    kind: ClaimKind = strawberry.field(description="A claim or a question.")
    type: ClaimType = strawberry.field(description="What is the matter.")
    channel: ClaimChannel = strawberry.field(description="How it reached support; set by the server.")
    status: ClaimStatus = strawberry.field(description="Where it stands.")
    opens_parcel: bool = strawberry.field(description="Does it let agents see the parcel now?")
    description: str | None = pii(PiiCategory.FREE_TEXT, "What the merchant wrote.")
    decisions = decisions_of(_ACTIONS)
    handled_by: str | None = strawberry.field(description="The agent who took it.")
    opened_at: datetime = strawberry.field(description="When it was filed.")
    closed_at: datetime | None = strawberry.field(description="When it was closed.")
    investigation: list[InvestigationEntry] = strawberry.field(description="What support did, the oldest first.")
