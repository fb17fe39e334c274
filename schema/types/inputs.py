"""What callers may send. In updates, absent means unchanged and null clears where a value may be missing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import strawberry

from models.enums import ClaimKind, ClaimType, InvestigationKind, LabelFormat, ParcelStatus
from policy.vocabulary import Basis, ClaimStatus, ConsentDuration
from resolvers import access_log, accounts, claims, parcels
from schema import ids
from schema.scalars import CountryCode
from schema.types.connections import given
from schema.types.enums import ClaimOutcome, OutsideChannel

_ACCOUNT = "The account."
_PARCEL = "The parcel."
_CLAIM = "The claim."
_VERSION = "The version that was read: if it is not the current one, the answer is CONFLICT."


def _field(description: str, *, name: str | None = None) -> Any:
    return strawberry.field(description=description, name=name, default=strawberry.UNSET)


def _required(description: str) -> Any:
    return strawberry.field(description=description)


@strawberry.input(description="Which accounts.")
class AccountFilter:
    """See `resolvers.accounts.AccountFilter`."""

    search: str | None = _field("A part of the company's name.")
    access: list[Basis] | None = _field("For agents: with a live consent, with an open claim, or either.")

    def read(self) -> accounts.AccountFilter:
        """As the resolvers take it."""
        return accounts.AccountFilter(search=given(self.search), access=given(self.access))


@strawberry.input(description="Which parcels.")
class ParcelFilter:
    """See `resolvers.parcels.ParcelFilter`."""

    status: list[ParcelStatus] | None = _field("In one of these statuses.")
    carrier: list[str] | None = _field("With one of these carriers.")
    country: list[CountryCode] | None = _field("To one of these countries.")
    created_from: datetime | None = _field("Created at this instant or later.")
    created_before: datetime | None = _field("Created before this instant.")
    has_open_claim: bool | None = _field("With, or without, an open claim or question.")
    order_number: str | None = _field("Looks at personal data: the whole order number.")
    tracking_number: str | None = _field("Looks at personal data: the whole tracking number.")
    search: str | None = _field(
        "Looks at personal data: the beginning of a name, e-mail or postal code, or a whole order or tracking number."
        " FORBIDDEN before anything is read, unless the caller may see all of the account."
    )

    def read(self) -> parcels.ParcelFilter:
        """As the resolvers take it."""
        return parcels.ParcelFilter(**{name: given(getattr(self, name)) for name in parcels.ParcelFilter.__dataclass_fields__})


@strawberry.input(description="Which claims.")
class ClaimFilter:
    """See `resolvers.claims.ClaimFilter`."""

    status: list[ClaimStatus] | None = _field("In one of these statuses.")
    kind: list[ClaimKind] | None = _field("Claims, or questions.")
    open: bool | None = _field("Open ones, or closed ones.")
    mine: bool | None = _field("For agents: those they handle. For merchants: those they filed.")

    def read(self) -> claims.ClaimFilter:
        """As the resolvers take it."""
        return claims.ClaimFilter(**{name: given(getattr(self, name)) for name in claims.ClaimFilter.__dataclass_fields__})


@strawberry.input(description="Which events of the access log.")
class AccessLogFilter:
    """See `resolvers.access_log.AccessLogFilter`."""

    from_: datetime | None = _field("At this instant or later.", name="from")
    before: datetime | None = _field("Before this instant.")
    agent: str | None = _field("A part of the agent's name.")
    parcel_id: strawberry.ID | None = _field("Of this parcel.")
    basis: Basis | None = _field("On this ground.")

    def read(self) -> access_log.AccessLogFilter:
        """As the resolvers take it. Raises BadInput for an id that is not a parcel's."""
        parcel_id = given(self.parcel_id)
        return access_log.AccessLogFilter(
            from_=given(self.from_),
            before=given(self.before),
            agent=given(self.agent),
            parcel_id=None if parcel_id is None else ids.key(parcel_id, "Parcel"),
            basis=given(self.basis),
        )


@strawberry.input(description="What to grant.")
class GrantConsentInput:
    """Of `grantConsent`."""

    account_id: strawberry.ID = _required(_ACCOUNT)
    duration: ConsentDuration = _required("For how long, counting from now.")


@strawberry.input(description="What to revoke.")
class RevokeConsentInput:
    """Of `revokeConsent`."""

    account_id: strawberry.ID = _required(_ACCOUNT)


@strawberry.input(description="A claim or question to file in the Support section.")
class FileClaimInput:
    """Of `fileClaim`."""

    parcel_id: strawberry.ID = _required(_PARCEL)
    kind: ClaimKind = _required("A claim or a question.")
    type: ClaimType = _required("What is the matter.")
    description: str = _required("What happened.")


@strawberry.input(description="An answer to what support asked.")
class AnswerClaimInput:
    """Of `answerClaim`."""

    claim_id: strawberry.ID = _required(_CLAIM)
    message: str = _required("The answer.")


@strawberry.input(description="A claim to take back.")
class WithdrawClaimInput:
    """Of `withdrawClaim`."""

    claim_id: strawberry.ID = _required(_CLAIM)


@strawberry.input(description="A claim that reached support another way.")
class RecordClaimInput:
    """Of `recordClaim`."""

    parcel_id: strawberry.ID = _required(_PARCEL)
    kind: ClaimKind = _required("A claim or a question.")
    type: ClaimType = _required("What is the matter.")
    channel: OutsideChannel = _required("How it reached support.")
    description: str = _required("What was said.")


@strawberry.input(description="A claim to take.")
class TakeClaimInput:
    """Of `takeClaim`."""

    claim_id: strawberry.ID = _required(_CLAIM)


@strawberry.input(description="An entry of an investigation.")
class LogInvestigationInput:
    """Of `logInvestigation`."""

    claim_id: strawberry.ID = _required(_CLAIM)
    kind: InvestigationKind = _required("What was done.")
    carrier_reference: str | None = _field("The carrier's reference.")
    note: str | None = _field("What was said.")


@strawberry.input(description="How to close a claim.")
class CloseClaimInput:
    """Of `closeClaim`."""

    claim_id: strawberry.ID = _required(_CLAIM)
    outcome: ClaimOutcome = _required("How it ends.")
    note: str | None = _field("Why.")


@strawberry.input(description="An address parcels are sent from.")
class SenderAddressInput:
    """Of `updateSettings`."""

    company_name: str | None = _field("The company.")
    contact_name: str | None = _field("Who to ask for.")
    street: str | None = _field("The street.")
    house_number: str | None = _field("The house number.")
    postal_code: str | None = _field("The postal code.")
    city: str | None = _field("The city.")
    country: CountryCode | None = _field("The country.")
    email: str | None = _field("The e-mail address.")
    phone: str | None = _field("The phone number.")


@strawberry.input(description="Settings to change.")
class UpdateSettingsInput:
    """Of `updateSettings`."""

    account_id: strawberry.ID = _required(_ACCOUNT)
    version: int = _required(_VERSION)
    locale: str | None = _field("The language, BCP 47.")
    timezone: str | None = _field("The time zone, IANA.")
    default_carrier: str | None = _field("The carrier's code; null for none.")
    label_format: LabelFormat | None = _field("The paper size of labels.")
    return_portal_enabled: bool | None = _field("May customers announce returns themselves?")
    tracking_notifications_enabled: bool | None = _field("Are customers told where their parcel is?")
    sender_addresses: list[SenderAddressInput] | None = _field("The addresses parcels are sent from, all of them; null for none.")
    notification_reply_to: str | None = _field("Protected: where answers to notifications go.")
    notification_bcc: str | None = _field("Protected: who gets a copy of each notification.")
    webhook_url: str | None = _field("Protected: where changes of parcels are posted; https.")


@strawberry.input(description="The person on the parcel, corrected.")
class RecipientInput:
    """Of `updateParcel`."""

    name: str | None = _field("First and last name.")
    company_name: str | None = _field("The company.")
    email: str | None = _field("The e-mail address.")
    phone: str | None = _field("The phone number.")
    street: str | None = _field("The street.")
    house_number: str | None = _field("The house number.")
    address_line2: str | None = _field("The second line of the address.")
    postal_code: str | None = _field("The postal code.")
    city: str | None = _field("The city.")
    region: str | None = _field("The state or province.")
    country: CountryCode | None = _field("The country; can't be cleared.")


@strawberry.input(description="A parcel, corrected.")
class UpdateParcelInput:
    """Of `updateParcel`."""

    parcel_id: strawberry.ID = _required(_PARCEL)
    version: int = _required(_VERSION)
    recipient: RecipientInput | None = _field("The person on the parcel.")
    order_number: str | None = _field("The shop's order number.")
    note: str | None = _field("A note.")
    weight_grams: int | None = _field("The weight in grams.")


@strawberry.input(description="A parcel to cancel.")
class CancelParcelInput:
    """Of `cancelParcel`."""

    parcel_id: strawberry.ID = _required(_PARCEL)


@strawberry.input(description="A parcel to delete.")
class DeleteParcelInput:
    """Of `deleteParcel`."""

    parcel_id: strawberry.ID = _required(_PARCEL)


@strawberry.input(description="What to export.")
class ExportParcelsInput:
    """Of `exportParcels`."""

    account_id: strawberry.ID = _required(_ACCOUNT)
    filter: ParcelFilter | None = _field("Which parcels; all by default.")


@strawberry.input(description="A direct debit mandate.")
class SetDirectDebitInput:
    """Of `setDirectDebit`."""

    account_id: strawberry.ID = _required(_ACCOUNT)
    account_holder: str = _required("Whose bank account it is.")
    iban: str = _required("The bank account, ISO 13616.")
    bic: str | None = _field("The bank, ISO 9362.")


@strawberry.input(description="A direct debit to remove.")
class RemoveDirectDebitInput:
    """Of `removeDirectDebit`."""

    account_id: strawberry.ID = _required(_ACCOUNT)


@strawberry.input(description="An account to delete.")
class DeleteAccountInput:
    """Of `deleteAccount`."""

    account_id: strawberry.ID = _required(_ACCOUNT)
    company_name: str = _required("The company's name, as confirmation.")
