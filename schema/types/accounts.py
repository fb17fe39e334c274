"""Accounts, their settings and their direct debit."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import strawberry
from strawberry.types import Info

from models.enums import DirectDebitStatus, LabelFormat
from policy.decision import Decision
from policy.vocabulary import Action, DataSubject, PiiCategory
from resolvers import access_log as log_rows
from resolvers import account_settings, direct_debits, paging, related
from resolvers import accounts as rows
from resolvers import claims as claim_rows
from resolvers import parcels as parcel_rows
from resolvers.errors import Refused
from resolvers.parcels import ParcelOrder
from schema.context import Context
from schema.loaders import claims_of, parcels_of
from schema.permissions import requires
from schema.privacy import pii
from schema.scalars import CountryCode
from schema.types.access_log import AccessEvent
from schema.types.claims import Claim
from schema.types.connections import After, Before, Connection, First, Last, asked_for, given
from schema.types.consents import AgentLogin
from schema.types.decisions import decisions_of
from schema.types.inputs import AccessLogFilter, ClaimFilter, ParcelFilter
from schema.types.nodes import Node, id_of, shows
from schema.types.parcels import Parcel

_MERCHANT = DataSubject.MERCHANT
MOST_A_PAGE = 100


@strawberry.type(description="An address parcels are sent from.")
class SenderAddress:
    """Shows `resolvers.account_settings.SenderAddress`."""

    company_name: str | None = strawberry.field(description="The company.")
    contact_name: str | None = strawberry.field(description="Who to ask for.")
    street: str | None = strawberry.field(description="The street.")
    house_number: str | None = strawberry.field(description="The house number.")
    postal_code: str | None = strawberry.field(description="The postal code.")
    city: str | None = strawberry.field(description="The city.")
    country: CountryCode | None = strawberry.field(description="The country.")
    email: str | None = strawberry.field(description="The e-mail address.")
    phone: str | None = strawberry.field(description="The phone number.")


def _protected(description: str) -> Any:
    return pii(PiiCategory.CONTACT, f"Protected: {description}", subject=_MERCHANT, action=Action.VIEW_PROTECTED_SETTINGS)


@strawberry.type(description="A merchant's settings.")
class AccountSettings:
    """Shows `resolvers.account_settings.AccountSettings`."""

    locale: str = strawberry.field(description="The language, BCP 47.")
    timezone: str = strawberry.field(description="The time zone, IANA.")
    default_carrier: str | None = strawberry.field(description="The carrier's code.")
    label_format: LabelFormat = strawberry.field(description="The paper size of labels.")
    return_portal_enabled: bool = strawberry.field(description="May customers announce returns themselves?")
    tracking_notifications_enabled: bool = strawberry.field(description="Are customers told where their parcel is?")
    sender_addresses: list[SenderAddress] | None = pii(PiiCategory.ADDRESS, "The addresses parcels are sent from.", subject=_MERCHANT)
    notification_reply_to: str | None = _protected("where answers to notifications go. Agents never see it.")
    notification_bcc: str | None = _protected("who gets a copy of each notification. Agents never see it.")
    webhook_url: str | None = _protected("where changes of parcels are posted. Agents never see it.")
    version: int = strawberry.field(description="For `updateSettings`: counts every change.")


@strawberry.type(description="A direct debit mandate. Agents never learn whether there is one.")
class DirectDebit:
    """Shows `resolvers.direct_debits.DirectDebit`."""

    account_holder: str | None = strawberry.field(description="Whose bank account it is.")
    iban: str | None = strawberry.field(description="The last four characters, for anyone.")
    bic: str | None = strawberry.field(description="The bank.")
    mandate_reference: str | None = strawberry.field(description="Our reference of the mandate.")
    status: DirectDebitStatus = strawberry.field(description="Where it stands with the bank.")
    signed_at: datetime | None = strawberry.field(description="When it was given.")


def _settings(root: strawberry.Parent[rows.Account]) -> account_settings.AccountSettings | None:
    if isinstance(root.settings, Decision):
        raise Refused(root.settings)
    return root.settings


def _direct_debit(root: strawberry.Parent[rows.Account]) -> direct_debits.DirectDebit | None:
    return root.direct_debit


async def _parcels(
    root: strawberry.Parent[rows.Account],
    info: Info[Context, None],
    filter: Annotated[ParcelFilter | None, strawberry.argument(description="Which parcels.")] = strawberry.UNSET,
    order_by: Annotated[ParcelOrder | None, strawberry.argument(description="In which order; the newest first by default.")] = strawberry.UNSET,
    first: First = strawberry.UNSET,
    after: After = strawberry.UNSET,
    last: Last = strawberry.UNSET,
    before: Before = strawberry.UNSET,
) -> paging.Page[parcel_rows.Parcel]:
    return await parcels_of(info, root.id, given(filter), given(order_by), (given(first), given(after), given(last), given(before)))


async def _claims(
    root: strawberry.Parent[rows.Account],
    info: Info[Context, None],
    filter: Annotated[ClaimFilter | None, strawberry.argument(description="Which claims.")] = strawberry.UNSET,
    first: First = strawberry.UNSET,
    after: After = strawberry.UNSET,
    last: Last = strawberry.UNSET,
    before: Before = strawberry.UNSET,
) -> paging.Page[claim_rows.Claim]:
    return await claims_of(info, root.id, given(filter), (given(first), given(after), given(last), given(before)))


async def _access_log(
    root: strawberry.Parent[rows.Account],
    info: Info[Context, None],
    filter: Annotated[AccessLogFilter | None, strawberry.argument(description="Which events.")] = strawberry.UNSET,
    first: First = strawberry.UNSET,
    after: After = strawberry.UNSET,
    last: Last = strawberry.UNSET,
    before: Before = strawberry.UNSET,
) -> paging.Page[log_rows.AccessEvent]:
    gate = info.context.gate
    window = paging.window("AccessEvent", given(first), given(after), given(last), given(before), most=MOST_A_PAGE)
    selection, count = asked_for(info, "AccessEvent")
    asked = given(filter)
    page = await log_rows.page_of(gate, root.id, asked.read() if asked else log_rows.AccessLogFilter(), window, count=count)
    await related.complete_access_events(gate, page.rows, selection)
    return page


_ACTIONS = (
    Action.VIEW_SETTINGS,
    Action.CHANGE_SETTINGS,
    Action.CHANGE_PROTECTED_SETTINGS,
    Action.VIEW_PERSONAL_DATA,
    Action.SEARCH_PERSONAL_DATA,
    Action.CHANGE_PARCEL,
    Action.DELETE_PARCEL,
    Action.EXPORT_PARCELS,
    Action.VIEW_DIRECT_DEBIT,
    Action.CHANGE_DIRECT_DEBIT,
    Action.DELETE_ACCOUNT,
    Action.GRANT_CONSENT,
    Action.REVOKE_CONSENT,
    Action.VIEW_ACCESS_LOG,
    Action.FILE_CLAIM,
    Action.RECORD_CLAIM,
)


@strawberry.type(description="A merchant.")
class Account(Node):
    """Shows `resolvers.accounts.Account`."""

    is_type_of = shows(rows.Account)

    id: strawberry.ID = id_of("Account")
    company_name: str = strawberry.field(description="The company's name.")
    country: CountryCode = strawberry.field(description="Where it is established.")
    created_at: datetime = strawberry.field(description="Since when it is a customer.")
    settings: Any = strawberry.field(
        resolver=_settings,
        graphql_type=AccountSettings | None,
        extensions=[requires(Action.VIEW_SETTINGS)],
        description="The settings. For agents null with an error (NO_LIVE_CONSENT) unless a consent is live.",
    )
    direct_debit: DirectDebit | None = pii(
        PiiCategory.FINANCIAL,
        "The direct debit. For agents always null with an error (NEVER_FOR_AGENTS), whether there is one or not.",
        subject=_MERCHANT,
        action=Action.VIEW_DIRECT_DEBIT,
        refuses=True,
        resolver=_direct_debit,
        graphql_type=DirectDebit | None,
    )
    agent_login: AgentLogin = strawberry.field(description="Settings > Account > Agent login.")
    parcels: Any = strawberry.field(resolver=_parcels, graphql_type=Connection[Parcel] | None, description="The parcels, the newest first.")
    claims: Any = strawberry.field(resolver=_claims, graphql_type=Connection[Claim] | None, description="The claims and questions, the newest first.")
    access_log: Any = strawberry.field(
        resolver=_access_log,
        graphql_type=Connection[AccessEvent] | None,
        extensions=[requires(Action.VIEW_ACCESS_LOG)],
        description="For the merchant's owners and admins: who at support saw or changed what, when and why.",
    )
    decisions = decisions_of(_ACTIONS)
