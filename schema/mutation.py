"""Changing. The whole operation was decided before the first of these ran; each decides again inside its transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry.types import Info

from policy.vocabulary import Action, ClaimChannel, ClaimStatus
from resolvers import account_settings, accounts, claims, consents, direct_debits, exports, parcel_changes, parcels, related, texts
from resolvers.errors import BadInput, NotFound
from resolvers.selection import Selection
from schema import ids
from schema.context import Context
from schema.permissions import requires
from schema.selection import selection
from schema.types.accounts import Account
from schema.types.claims import Claim
from schema.types.connections import given
from schema.types.consents import Consent
from schema.types.inputs import (
    AnswerClaimInput,
    CancelParcelInput,
    CloseClaimInput,
    DeleteAccountInput,
    DeleteParcelInput,
    ExportParcelsInput,
    FileClaimInput,
    GrantConsentInput,
    LogInvestigationInput,
    RecipientInput,
    RecordClaimInput,
    RemoveDirectDebitInput,
    RevokeConsentInput,
    SenderAddressInput,
    SetDirectDebitInput,
    TakeClaimInput,
    UpdateParcelInput,
    UpdateSettingsInput,
    WithdrawClaimInput,
)
from schema.types.parcels import Parcel


@dataclass(frozen=True, slots=True)
class Payload:
    """What a mutation answers: the rows it touched, read anew after it."""

    account: accounts.Account | None = None
    consent: consents.Consent | None = None
    claim: claims.Claim | None = None
    parcel: parcels.Parcel | None = None
    deleted_id: strawberry.ID | None = None


@strawberry.type(description="The consent granted.")
class GrantConsentPayload:
    """Of `grantConsent`."""

    consent: Consent = strawberry.field(description="The new consent.")
    account: Account = strawberry.field(description="The account.")


@strawberry.type(description="The consent revoked.")
class RevokeConsentPayload:
    """Of `revokeConsent`."""

    consent: Consent | None = strawberry.field(description="The latest consent; null if none was ever granted.")
    account: Account = strawberry.field(description="The account.")


@strawberry.type(description="The claim, as it is now.")
class ClaimPayload:
    """Of the mutations of claims."""

    claim: Claim = strawberry.field(description="The claim.")


@strawberry.type(description="The account, with its settings as they are now.")
class UpdateSettingsPayload:
    """Of `updateSettings`."""

    account: Account = strawberry.field(description="The account.")


@strawberry.type(description="The parcel, as it is now.")
class ParcelPayload:
    """Of `updateParcel` and `cancelParcel`."""

    parcel: Parcel = strawberry.field(description="The parcel.")


@strawberry.type(description="The parcel deleted.")
class DeleteParcelPayload:
    """Of `deleteParcel`."""

    deleted_id: strawberry.ID = strawberry.field(description="The id it had.")


@strawberry.type(description="Where the CSV can be fetched: once, within five minutes, by this caller.")
class ExportParcelsPayload:
    """Of `exportParcels`."""

    url: str = strawberry.field(description="The address, on this server.")
    expires_at: datetime = strawberry.field(description="Until when, exclusive.")


@strawberry.type(description="The account, with its direct debit as it is now.")
class DirectDebitPayload:
    """Of the mutations of direct debit."""

    account: Account = strawberry.field(description="The account.")


@strawberry.type(description="The account deleted.")
class DeleteAccountPayload:
    """Of `deleteAccount`."""

    deleted_id: strawberry.ID = strawberry.field(description="The id it had.")


GivenInput = strawberry.argument(description="What to do, and to what.")


async def _account(info: Info[Context, None], key: UUID, asked: Selection) -> accounts.Account:
    gate = info.context.gate
    found = await accounts.by_ids(gate, [key], asked)
    if key not in found:
        raise NotFound("account")
    await related.complete_accounts(gate, [found[key]], asked)
    return found[key]


async def _consent_payload(info: Info[Context, None], payload: str, account_id: UUID, consent_id: UUID | None) -> Payload:
    """Of the account and the consent what is asked for."""
    gate, asked = info.context.gate, selection(info)
    consent = account = None
    if consent_id is not None and asked.asks(payload, "consent"):
        below = asked.below(payload, "consent")
        consent = (await consents.by_ids(gate, [consent_id], below))[consent_id]
        await related.complete_consents(gate, [consent], below)
    if asked.asks(payload, "account"):
        account = await _account(info, account_id, asked.below(payload, "account"))
    return Payload(consent=consent, account=account)


async def _claim_payload(info: Info[Context, None], key: UUID) -> Payload:
    gate = info.context.gate
    asked = selection(info).below("ClaimPayload", "claim")
    found = (await claims.by_ids(gate, [key], asked))[key]
    await related.complete_claims(gate, [found], asked)
    return Payload(claim=found)


async def _parcel_payload(info: Info[Context, None], key: UUID) -> Payload:
    gate = info.context.gate
    asked = selection(info).below("ParcelPayload", "parcel")
    found = await parcels.one(gate, key, asked)
    await related.complete_parcels(gate, [found], asked)
    return Payload(parcel=found)


@strawberry.type(description="Changing. An operation is refused whole, before its first field runs, if any of its fields is refused.")
class Mutation:
    """The entry points of mutations."""

    @strawberry.field(
        graphql_type=GrantConsentPayload | None,
        extensions=[requires(Action.GRANT_CONSENT)],
        description="Owners and admins: grant agent login. Replaces a live consent, counting from now.",
    )
    async def grant_consent(self, info: Info[Context, None], input: Annotated[GrantConsentInput, GivenInput]) -> Payload:
        """Grant."""
        key = ids.key(input.account_id, "Account")
        return await _consent_payload(info, "GrantConsentPayload", key, await consents.grant(info.context.gate, key, input.duration))

    @strawberry.field(
        graphql_type=RevokeConsentPayload | None,
        extensions=[requires(Action.REVOKE_CONSENT)],
        description="Owners and admins: revoke agent login, everywhere at once. Revoking twice is fine.",
    )
    async def revoke_consent(self, info: Info[Context, None], input: Annotated[RevokeConsentInput, GivenInput]) -> Payload:
        """Revoke."""
        key = ids.key(input.account_id, "Account")
        return await _consent_payload(info, "RevokeConsentPayload", key, await consents.revoke(info.context.gate, key))

    @strawberry.field(
        graphql_type=ClaimPayload | None,
        extensions=[requires(Action.FILE_CLAIM)],
        description="Merchants: file a claim or question in the Support section. It lets agents see that parcel while it is open.",
    )
    async def file_claim(self, info: Info[Context, None], input: Annotated[FileClaimInput, GivenInput]) -> Payload:
        """File."""
        key = await claims.file(info.context.gate, ids.key(input.parcel_id, "Parcel"), input.kind, input.type, input.description)
        return await _claim_payload(info, key)

    @strawberry.field(
        graphql_type=ClaimPayload | None, extensions=[requires(Action.ANSWER_CLAIM)], description="Merchants: answer what support asked."
    )
    async def answer_claim(self, info: Info[Context, None], input: Annotated[AnswerClaimInput, GivenInput]) -> Payload:
        """Answer."""
        key = ids.key(input.claim_id, "Claim")
        await claims.answer(info.context.gate, key, input.message)
        return await _claim_payload(info, key)

    @strawberry.field(
        graphql_type=ClaimPayload | None,
        extensions=[requires(Action.WITHDRAW_CLAIM)],
        description="Merchants: take a claim back; the parcel is shut.",
    )
    async def withdraw_claim(self, info: Info[Context, None], input: Annotated[WithdrawClaimInput, GivenInput]) -> Payload:
        """Withdraw."""
        key = ids.key(input.claim_id, "Claim")
        await claims.withdraw(info.context.gate, key)
        return await _claim_payload(info, key)

    @strawberry.field(
        graphql_type=ClaimPayload | None,
        extensions=[requires(Action.RECORD_CLAIM)],
        description="Agents: write down a claim that reached support another way. It opens nothing and can't be investigated.",
    )
    async def record_claim(self, info: Info[Context, None], input: Annotated[RecordClaimInput, GivenInput]) -> Payload:
        """Record."""
        channel = ClaimChannel[input.channel.name]
        key = await claims.record(info.context.gate, ids.key(input.parcel_id, "Parcel"), input.kind, input.type, channel, input.description)
        return await _claim_payload(info, key)

    @strawberry.field(
        graphql_type=ClaimPayload | None,
        extensions=[requires(Action.INVESTIGATE_CLAIM)],
        description="Agents: take a claim that was filed in the Support section.",
    )
    async def take_claim(self, info: Info[Context, None], input: Annotated[TakeClaimInput, GivenInput]) -> Payload:
        """Take."""
        key = ids.key(input.claim_id, "Claim")
        await claims.take(info.context.gate, key)
        return await _claim_payload(info, key)

    @strawberry.field(
        graphql_type=ClaimPayload | None,
        extensions=[requires(Action.INVESTIGATE_CLAIM)],
        description="Agents: log what was done or heard. Each entry but a note moves the claim; the first takes it, if nobody did.",
    )
    async def log_investigation(self, info: Info[Context, None], input: Annotated[LogInvestigationInput, GivenInput]) -> Payload:
        """Log."""
        key = ids.key(input.claim_id, "Claim")
        await claims.log_investigation(info.context.gate, key, input.kind, given(input.carrier_reference), given(input.note))
        return await _claim_payload(info, key)

    @strawberry.field(
        graphql_type=ClaimPayload | None, extensions=[requires(Action.CLOSE_CLAIM)], description="Agents: close a claim; the parcel is shut."
    )
    async def close_claim(self, info: Info[Context, None], input: Annotated[CloseClaimInput, GivenInput]) -> Payload:
        """Close."""
        key = ids.key(input.claim_id, "Claim")
        await claims.close(info.context.gate, key, ClaimStatus[input.outcome.name], given(input.note))
        return await _claim_payload(info, key)

    @strawberry.field(
        graphql_type=UpdateSettingsPayload | None,
        extensions=[requires(Action.CHANGE_SETTINGS)],
        description="Owners and admins; agents under a live consent, but naming a protected setting refuses it whole.",
    )
    async def update_settings(self, info: Info[Context, None], input: Annotated[UpdateSettingsInput, GivenInput]) -> Payload:
        """Change settings."""
        key = ids.key(input.account_id, "Account")
        await account_settings.update(info.context.gate, key, input.version, _settings_named(input))
        return Payload(account=await _account(info, key, selection(info).below("UpdateSettingsPayload", "account")))

    @strawberry.field(
        graphql_type=ParcelPayload | None,
        extensions=[requires(Action.CHANGE_PARCEL)],
        description="Merchants; agents under a live consent: correct a parcel.",
    )
    async def update_parcel(self, info: Info[Context, None], input: Annotated[UpdateParcelInput, GivenInput]) -> Payload:
        """Correct."""
        key = ids.key(input.parcel_id, "Parcel")
        outline, personal = _parcel_named(input)
        await parcel_changes.update(info.context.gate, key, input.version, outline, personal)
        return await _parcel_payload(info, key)

    @strawberry.field(
        graphql_type=ParcelPayload | None,
        extensions=[requires(Action.CANCEL_PARCEL)],
        description="Cancel an announced parcel. One never announced would be deleted: CONFLICT for merchants, NEVER_FOR_AGENTS.",
    )
    async def cancel_parcel(self, info: Info[Context, None], input: Annotated[CancelParcelInput, GivenInput]) -> Payload:
        """Cancel."""
        key = ids.key(input.parcel_id, "Parcel")
        await parcel_changes.cancel(info.context.gate, key)
        return await _parcel_payload(info, key)

    @strawberry.field(
        graphql_type=DeleteParcelPayload | None,
        extensions=[requires(Action.DELETE_PARCEL)],
        description="Owners and admins: delete a parcel; its personal data is destroyed.",
    )
    async def delete_parcel(self, info: Info[Context, None], input: Annotated[DeleteParcelInput, GivenInput]) -> Payload:
        """Delete."""
        key = ids.key(input.parcel_id, "Parcel")
        await parcel_changes.delete(info.context.gate, key)
        return Payload(deleted_id=ids.global_id("Parcel", key))

    @strawberry.field(
        graphql_type=ExportParcelsPayload | None,
        extensions=[requires(Action.EXPORT_PARCELS)],
        description="Owners and admins: a CSV link that works once, within five minutes, for this caller.",
    )
    async def export_parcels(self, info: Info[Context, None], input: Annotated[ExportParcelsInput, GivenInput]) -> exports.ExportLink:
        """Export."""
        asked = given(input.filter)
        return await exports.create(info.context.gate, ids.key(input.account_id, "Account"), asked.read() if asked else parcels.ParcelFilter())

    @strawberry.field(
        graphql_type=DirectDebitPayload | None,
        extensions=[requires(Action.CHANGE_DIRECT_DEBIT)],
        description="Owners and admins: set the direct debit, in place of one there is.",
    )
    async def set_direct_debit(self, info: Info[Context, None], input: Annotated[SetDirectDebitInput, GivenInput]) -> Payload:
        """Set."""
        key = ids.key(input.account_id, "Account")
        await direct_debits.set_mandate(info.context.gate, key, input.account_holder, input.iban, given(input.bic))
        return Payload(account=await _account(info, key, selection(info).below("DirectDebitPayload", "account")))

    @strawberry.field(
        graphql_type=DirectDebitPayload | None,
        extensions=[requires(Action.CHANGE_DIRECT_DEBIT)],
        description="Owners and admins: remove the direct debit.",
    )
    async def remove_direct_debit(self, info: Info[Context, None], input: Annotated[RemoveDirectDebitInput, GivenInput]) -> Payload:
        """Remove."""
        key = ids.key(input.account_id, "Account")
        await direct_debits.remove(info.context.gate, key)
        return Payload(account=await _account(info, key, selection(info).below("DirectDebitPayload", "account")))

    @strawberry.field(
        graphql_type=DeleteAccountPayload | None,
        extensions=[requires(Action.DELETE_ACCOUNT)],
        description="Owners: delete the account; takes the company's name as confirmation.",
    )
    async def delete_account(self, info: Info[Context, None], input: Annotated[DeleteAccountInput, GivenInput]) -> Payload:
        """Delete."""
        key = ids.key(input.account_id, "Account")
        await accounts.delete(info.context.gate, key, input.company_name)
        return Payload(deleted_id=ids.global_id("Account", key))


def _named(given_input: Any, names: tuple[str, ...]) -> dict[str, Any]:
    """The fields that were named, with their values, null included."""
    return {name: value for name in names if (value := getattr(given_input, name)) is not strawberry.UNSET}


_SETTINGS = tuple(name for name in UpdateSettingsInput.__annotations__ if name not in {"account_id", "version"})
_SENDER = tuple(SenderAddressInput.__annotations__)


def _settings_named(given_input: UpdateSettingsInput) -> dict[str, Any]:
    named = _named(given_input, _SETTINGS)
    addresses = named.get("sender_addresses")
    if addresses is not None:
        named["sender_addresses"] = [_named(address, _SENDER) for address in addresses]
    return named


_RECIPIENT = tuple(RecipientInput.__annotations__)


def _parcel_named(given_input: UpdateParcelInput) -> tuple[dict[str, Any], dict[str, Any]]:
    """The columns of the outline and of the personal row that an update names, checked. Raises BadInput."""
    recipient = given(given_input.recipient)
    if given_input.recipient is None:
        raise BadInput("recipient can't be cleared")
    named = _named(recipient, _RECIPIENT) if recipient is not None else {}
    outline: dict[str, Any] = {}
    if "country" in named:
        country = named.pop("country")
        if country is None:
            raise BadInput("recipient.country can't be cleared")
        outline["country"] = country
    personal = {name: _checked_recipient(name, value, outline.get("country")) for name, value in named.items()}
    personal |= {name: _optional_text(name, value) for name, value in _named(given_input, ("order_number", "note")).items()}
    outline |= {name: _checked_weight(value) for name, value in _named(given_input, ("weight_grams",)).items()}
    return outline, personal


def _checked_recipient(name: str, value: str | None, country: str | None) -> str | None:
    if value is None:
        return None
    if name == "email":
        return texts.email(value, "recipient.email")
    if name == "phone":
        return texts.phone(value, "recipient.phone", country)
    return texts.checked_text(value, f"recipient.{_camel(name)}", parcel_changes.RECIPIENT_INPUTS[name])


def _optional_text(name: str, value: str | None) -> str | None:
    most = {"order_number": 255, "note": claims.LONGEST_TEXT}[name]
    return None if value is None else texts.checked_text(value, _camel(name), most)


def _checked_weight(value: int | None) -> int | None:
    if value is not None and not 0 < value <= parcel_changes.HEAVIEST_GRAMS:
        raise BadInput(f"weightGrams must be between 1 and {parcel_changes.HEAVIEST_GRAMS}")
    return value


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)
