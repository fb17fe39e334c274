"""Reading. A refused or unknown field is null with an error, and costs the others nothing."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry.types import Info

from policy import decision as policy
from policy.vocabulary import Action, MerchantRole, Viewer, ViewerKind
from resolvers import access_log, consents, paging, related
from resolvers import accounts as account_rows
from resolvers import claims as claim_rows
from resolvers import facts as facts_of
from resolvers import parcels as parcel_rows
from resolvers.errors import BadInput, NotFound
from resolvers.gate import Gate
from resolvers.parcels import ParcelOrder
from resolvers.selection import Selection
from schema import ids
from schema.context import Context
from schema.loaders import claims_of, parcels_of
from schema.selection import selection
from schema.types.accounts import MOST_A_PAGE, Account
from schema.types.claims import Claim
from schema.types.connections import After, Before, Connection, First, Last, asked_for, given
from schema.types.decisions import Decision
from schema.types.inputs import AccountFilter, ClaimFilter, ParcelFilter
from schema.types.nodes import Node
from schema.types.parcels import Parcel

MOST_NODES = 100


def _viewer_id(root: strawberry.Parent[Viewer]) -> strawberry.ID:
    return ids.global_id("Viewer", root.id)


def _roles(root: strawberry.Parent[Viewer]) -> list[MerchantRole]:
    return sorted(root.roles)


async def _account_of(root: strawberry.Parent[Viewer], info: Info[Context, None]) -> account_rows.Account | None:
    if root.account_id is None:
        return None
    return (await _accounts(info.context.gate, [root.account_id], selection(info))).get(root.account_id)


@strawberry.type(name="Viewer", description="Who is calling.")
class ViewerType:
    """Shows `policy.vocabulary.Viewer`."""

    id: strawberry.ID = strawberry.field(resolver=_viewer_id, description="The id of the user.")
    kind: ViewerKind = strawberry.field(description="A merchant's user, or an agent.")
    name: str = strawberry.field(description="The name of the user.")
    locale: str = strawberry.field(description="The language of the user, BCP 47.")
    account: Any = strawberry.field(resolver=_account_of, graphql_type=Account | None, description="The merchant's account; null for agents.")
    roles: list[MerchantRole] = strawberry.field(resolver=_roles, description="The roles in that account; none for agents.")


Id = Annotated[strawberry.ID, strawberry.argument(description="The global id.")]
OptionalAccountId = Annotated[
    strawberry.ID | None, strawberry.argument(description="The account. Agents must name it; for merchants it is their own.")
]


async def _accounts(gate: Gate, keys: list[UUID], asked: Selection) -> dict[UUID, account_rows.Account]:
    found = await account_rows.by_ids(gate, keys, asked)
    await related.complete_accounts(gate, list(found.values()), asked)
    return found


async def _parcels(gate: Gate, keys: list[UUID], asked: Selection) -> dict[UUID, parcel_rows.Parcel]:
    found = await parcel_rows.by_ids(gate, keys, asked)
    await related.complete_parcels(gate, list(found.values()), asked)
    return found


async def _claims(gate: Gate, keys: list[UUID], asked: Selection) -> dict[UUID, claim_rows.Claim]:
    found = await claim_rows.by_ids(gate, keys, asked)
    await related.complete_claims(gate, list(found.values()), asked)
    return found


async def _consents(gate: Gate, keys: list[UUID], asked: Selection) -> dict[UUID, consents.Consent]:
    found = await consents.by_ids(gate, keys, asked)
    await related.complete_consents(gate, list(found.values()), asked)
    return found


async def _access_events(gate: Gate, keys: list[UUID], asked: Selection) -> dict[UUID, access_log.AccessEvent]:
    found = await access_log.by_ids(gate, keys)
    await related.complete_access_events(gate, list(found.values()), asked)
    return found


#: What `node` finds, by the type name in the id. An id of another type finds nothing.
_NODES: dict[str, Any] = {
    "Account": _accounts,
    "Parcel": _parcels,
    "Claim": _claims,
    "Consent": _consents,
    "AccessEvent": _access_events,
}


def _parsed(id: str) -> tuple[str, UUID] | BadInput:
    """The type name and key, or the error that stands in this id's place alone."""
    try:
        return ids.parsed(id)
    except BadInput as error:
        return error


async def _found(gate: Gate, wanted: list[tuple[str, UUID]], asked: Selection) -> list[Any]:
    """The rows of these ids, in their order, None where there is none for the caller; one load for each type."""
    gate.require_viewer()
    rows: dict[tuple[str, UUID], Any] = {}
    for type_name, load in _NODES.items():
        keys = [key for name, key in wanted if name == type_name]
        if keys:
            rows |= {(type_name, key): row for key, row in (await load(gate, keys, asked)).items()}
    return [rows.get(each) for each in wanted]


@strawberry.type(description="Reading.")
class Query:
    """The entry points of queries."""

    @strawberry.field(graphql_type=ViewerType | None, description="Who is calling; null when nobody is signed in.")
    def viewer(self, info: Info[Context, None]) -> Viewer | None:
        """The caller."""
        return info.context.viewer

    @strawberry.field(graphql_type=Node | None, description="Anything by its global id; null for what does not exist, or not for the caller.")
    async def node(self, info: Info[Context, None], id: Id) -> Any:
        """Relay's `node`."""
        return (await _found(info.context.gate, [ids.parsed(id)], selection(info)))[0]

    @strawberry.field(graphql_type=list[Node | None], description="Several by their global ids, in their order; at most 100.")
    async def nodes(
        self,
        info: Info[Context, None],
        ids_: Annotated[list[strawberry.ID], strawberry.argument(name="ids", description="The global ids.")],
    ) -> list[Any]:
        """Relay's `nodes`."""
        if len(ids_) > MOST_NODES:
            raise BadInput(f"ids must be at most {MOST_NODES}")
        gate = info.context.gate
        gate.require_viewer()
        parsed = [_parsed(each) for each in ids_]
        rows = iter(await _found(gate, [each for each in parsed if not isinstance(each, BadInput)], selection(info)))
        return [each if isinstance(each, BadInput) else next(rows) for each in parsed]

    @strawberry.field(graphql_type=Account | None, description="An account: the merchant's own, or for agents any.")
    async def account(self, info: Info[Context, None], id: Id) -> Any:
        """One account."""
        return await _one(_accounts, info, id, "Account")

    @strawberry.field(
        graphql_type=Connection[Account] | None, description="For agents the directory, with what each has open; for a merchant their own."
    )
    async def accounts(
        self,
        info: Info[Context, None],
        first: First = strawberry.UNSET,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
        filter: Annotated[AccountFilter | None, strawberry.argument(description="Which accounts.")] = strawberry.UNSET,
    ) -> paging.Page[account_rows.Account]:
        """A page of accounts."""
        gate = info.context.gate
        gate.require_viewer()
        window = paging.window("Account", given(first), given(after), given(last), given(before), most=MOST_A_PAGE, descending=False)
        asked, count = asked_for(info, "Account")
        asked_filter: AccountFilter | None = given(filter)
        page = await account_rows.page_of(gate, asked_filter.read() if asked_filter else account_rows.AccountFilter(), window, asked, count=count)
        await related.complete_accounts(gate, page.rows, asked)
        return page

    @strawberry.field(graphql_type=Parcel | None, description="A parcel.")
    async def parcel(self, info: Info[Context, None], id: Id) -> Any:
        """One parcel."""
        return await _one(_parcels, info, id, "Parcel")

    @strawberry.field(
        graphql_type=Connection[Parcel] | None,
        description="The parcels of an account. `first` or `last` is at most 100 for agents and 500 for merchants; more is BAD_USER_INPUT.",
    )
    async def parcels(
        self,
        info: Info[Context, None],
        account_id: OptionalAccountId = strawberry.UNSET,
        filter: Annotated[ParcelFilter | None, strawberry.argument(description="Which parcels.")] = strawberry.UNSET,
        order_by: Annotated[ParcelOrder | None, strawberry.argument(description="In which order; the newest first by default.")] = strawberry.UNSET,
        first: First = strawberry.UNSET,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
    ) -> paging.Page[parcel_rows.Parcel]:
        """A page of parcels."""
        gate = info.context.gate
        key = _named(gate, given(account_id))
        if key is None:
            raise BadInput("accountId must name the account")
        found = await parcels_of(info, key, given(filter), given(order_by), (given(first), given(after), given(last), given(before)))
        if not found.rows:  # where there are parcels there is an account: only of an empty page it has to be asked
            gate.require_sight(await facts_of.of_account(key), "account")
        return found

    @strawberry.field(graphql_type=Claim | None, description="A claim or question.")
    async def claim(self, info: Info[Context, None], id: Id) -> Any:
        """One claim."""
        return await _one(_claims, info, id, "Claim")

    @strawberry.field(
        graphql_type=Connection[Claim] | None, description="Claims and questions, the newest first: of an account, or for agents of all."
    )
    async def claims(
        self,
        info: Info[Context, None],
        account_id: Annotated[strawberry.ID | None, strawberry.argument(description="Only of this account.")] = strawberry.UNSET,
        filter: Annotated[ClaimFilter | None, strawberry.argument(description="Which claims.")] = strawberry.UNSET,
        first: First = strawberry.UNSET,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
    ) -> paging.Page[claim_rows.Claim]:
        """A page of claims."""
        key = await _scope(info.context.gate, given(account_id))
        return await claims_of(info, key, given(filter), (given(first), given(after), given(last), given(before)))

    @strawberry.field(
        graphql_type=Decision | None, description="Why is this action allowed or refused to the caller, on this account, parcel or claim?"
    )
    async def explain(
        self,
        info: Info[Context, None],
        action: Annotated[Action, strawberry.argument(description="What is asked about.")],
        id: Id,
    ) -> policy.Decision:
        """The decision, from the same table that enforces it."""
        gate = info.context.gate
        gate.require_viewer()
        type_name, key = ids.parsed(id)
        read = {"Account": facts_of.of_account, "Parcel": facts_of.of_parcel, "Claim": facts_of.of_claim}.get(type_name)
        if read is None:
            raise BadInput("The id is not one of an account, parcel or claim")
        return gate.ask(action, gate.require_sight(await read(key), type_name.lower()))


async def _one(load: Any, info: Info[Context, None], id: str, type_name: str) -> Any:
    gate = info.context.gate
    gate.require_viewer()
    key = ids.key(id, type_name)
    found = await load(gate, [key], selection(info))
    if key not in found:
        raise NotFound(type_name.lower())
    return found[key]


def _named(gate: Gate, account_id: str | None) -> UUID | None:
    """The account a list is of: the one named, else the merchant's own, else None. Raises NotFound for another merchant's."""
    viewer = gate.require_viewer()
    if account_id is None:
        return viewer.account_id
    key = ids.key(account_id, "Account")
    if not gate.sees_account(key):
        raise NotFound("account")
    return key


async def _scope(gate: Gate, account_id: str | None) -> UUID | None:
    """The same, of an account that is there. Raises NotFound also where there is none."""
    key = _named(gate, account_id)
    if account_id is not None and key is not None:
        gate.require_sight(await facts_of.of_account(key), "account")
    return key
