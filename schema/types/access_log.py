"""The access log, as the merchant reads it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from policy.vocabulary import Action, Basis, PiiCategory
from resolvers import access_log as rows
from schema.ids import global_id
from schema.types.consents import Consent
from schema.types.nodes import Node, id_of, shows

if TYPE_CHECKING:
    from schema.types.accounts import Account
    from schema.types.claims import Claim
    from schema.types.parcels import Parcel


def _agent_id(root: strawberry.Parent[rows.AccessEvent]) -> strawberry.ID:
    return global_id("Viewer", root.agent_id)


@strawberry.type(
    description="One answer to an agent that held personal data (of one parcel, or of the account), or one change an agent made. "
    "It names fields, never values."
)
class AccessEvent(Node):
    """Shows `resolvers.access_log.AccessEvent`."""

    is_type_of = shows(rows.AccessEvent)

    id: strawberry.ID = id_of("AccessEvent")
    at: datetime = strawberry.field(description="When.")
    agent_id: strawberry.ID = strawberry.field(resolver=_agent_id, description="Which agent.")
    agent: str = strawberry.field(description="The agent's name.")
    account: Annotated[Account, strawberry.lazy("schema.types.accounts")] = strawberry.field(description="The merchant.")
    parcel: Annotated[Parcel, strawberry.lazy("schema.types.parcels")] | None = strawberry.field(
        description="Which parcel; null for the account as a whole, and once the parcel is deleted."
    )
    action: Action = strawberry.field(description="What the agent did.")
    changed: list[str] = strawberry.field(description="The fields the agent changed.")
    categories: list[PiiCategory] = strawberry.field(description="The kinds of personal data shown or searched.")
    fields: list[str] = strawberry.field(description='The fields shown or searched by, such as "Recipient.email".')
    basis: Basis = strawberry.field(description="On what ground.")
    consent: Consent | None = strawberry.field(description="The consent it stood on.")
    claim: Annotated[Claim, strawberry.lazy("schema.types.claims")] | None = strawberry.field(description="The claim it stood on.")
    operation: str | None = strawberry.field(description="The name of a trusted document, else null.")
    request_id: str = strawberry.field(description="Our id of the request, for questions to support.")
