"""What everything is: each column, field, argument and input, by name. What is not listed here does not build.

Sources of the categories: GDPR art. 4(1) and recital 30 (identifiers), read for parcels in docs/privacy.md.
A column, field or input that carries personal data names its category, whose data it is, and the action that shows it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from policy.vocabulary import Action, DataSubject, PiiCategory

_C = PiiCategory


@dataclass(frozen=True, slots=True)
class Outline:
    """Not personal: whoever sees the row sees it."""


@dataclass(frozen=True, slots=True)
class Inside:
    """Part of a value that is withheld or shown as a whole: reachable only through a field that is guarded itself."""


@dataclass(frozen=True, slots=True)
class Secret:
    """Never leaves the server, for anybody."""


@dataclass(frozen=True, slots=True)
class Guarded:
    """Not personal, but only for those allowed `action` (`@requires`)."""

    action: Action


@dataclass(frozen=True, slots=True)
class Personal:
    """Personal data (`@pii`): null unless the caller is allowed `action` on it now."""

    category: PiiCategory
    subject: DataSubject = DataSubject.RECIPIENT
    action: Action = Action.VIEW_PERSONAL_DATA


@dataclass(frozen=True, slots=True)
class Carries:
    """An input that brings personal data in: never echoed, never logged."""

    category: PiiCategory


@dataclass(frozen=True, slots=True)
class Searches:
    """An input that looks at personal data: refused before anything is read unless the caller may see all it could find."""

    category: PiiCategory


@dataclass(frozen=True, slots=True)
class Protected:
    """An input that sets where data goes: naming it takes CHANGE_PROTECTED_SETTINGS."""

    category: PiiCategory


Class = Outline | Inside | Secret | Guarded | Personal | Carries | Searches | Protected
Classes = dict[str, Class]


def _outline(names: str) -> Classes:
    return dict.fromkeys(names.split(), Outline())


def _inside(names: str) -> Classes:
    return dict.fromkeys(names.split(), Inside())


def _secret(names: str) -> Classes:
    return dict.fromkeys(names.split(), Secret())


def _personal(category: PiiCategory, names: str) -> Classes:
    return dict.fromkeys(names.split(), Personal(category))


def _merchants(category: PiiCategory, names: str, action: Action = Action.VIEW_PERSONAL_DATA) -> Classes:
    return dict.fromkeys(names.split(), Personal(category, DataSubject.MERCHANT, action))


def _carries(category: PiiCategory, names: str) -> Classes:
    return dict.fromkeys(names.split(), Carries(category))


_RECIPIENT_COLUMNS: Classes = {
    **_personal(_C.IDENTITY, "name company_name"),
    **_personal(_C.CONTACT, "email phone"),
    **_personal(_C.ADDRESS, "street house_number address_line2 postal_code city region"),
    **_personal(_C.OFFICIAL_ID, "tax_number"),
}

COLUMNS: Mapping[str, Classes] = {
    "accounts": _outline("id company_name country created_at deleted_at"),
    "account_settings": _outline(
        "account_id locale timezone default_carrier label_format return_portal_enabled tracking_notifications_enabled version"
    ),
    "account_personal_data": {
        **_outline("account_id"),
        **_merchants(_C.ADDRESS, "sender_addresses"),
        **_merchants(_C.CONTACT, "notification_reply_to notification_bcc webhook_url", Action.VIEW_PROTECTED_SETTINGS),
    },
    "direct_debits": {
        **_outline("account_id"),
        **_merchants(_C.FINANCIAL, "account_holder iban bic mandate_reference status signed_at", Action.VIEW_DIRECT_DEBIT),
    },
    "users": {
        **_outline("id account_id kind role locale created_at deactivated_at"),
        **_merchants(_C.IDENTITY, "name"),
        **_merchants(_C.CONTACT, "email"),
        **_secret("password_hash"),
    },
    "sessions": {**_outline("id user_id created_at expires_at ended_at"), **_secret("token_hash provider_hash")},
    "external_identities": {**_outline("id user_id created_at"), **_secret("identity_hash")},
    "spent_once": {**_outline("expires_at"), **_secret("used_hash")},
    "tokens": {**_outline("id user_id created_at expires_at ended_at"), **_secret("token_hash")},
    "sign_in_attempts": {**_outline("window_started_at attempts"), **_secret("subject")},
    "budget_leases": {**_outline("minute operations cost operations_granted cost_granted"), **_secret("subject")},
    "consents": {
        **_outline("id account_id live_for duration granted_at expires_at ended_at ended_as"),
        **_merchants(_C.IDENTITY, "granted_by_id ended_by_id"),
    },
    "parcels": _outline(
        "id account_id platform_id status carrier shipping_method direction country weight_grams length_mm width_mm height_mm"
        " collo_number collo_count shipment_group created_at announced_at updated_at platform_changed_at deleted_at"
    ),
    "parcel_personal_data": {
        **_outline("parcel_id account_id"),
        **_RECIPIENT_COLUMNS,
        **_personal(_C.CONTENT, "version items total_value_amount total_value_currency"),
        **_personal(_C.ORDER, "order_number external_reference order_key"),
        **_personal(_C.TRACKING, "tracking_number tracking_url tracking_key"),
        **_personal(_C.LOCATION, "service_point"),
        **_personal(_C.FREE_TEXT, "note"),
        **_personal(_C.DOCUMENT, "documents"),
        **_personal(_C.IDENTITY, "name_key surname_key"),
        **_personal(_C.CONTACT, "email_key"),
        **_personal(_C.ADDRESS, "postal_code_key"),
    },
    "parcel_events": {
        **_outline("id account_id parcel_id"),
        **_personal(_C.LOCATION, "status occurred_at location"),
        **_personal(_C.FREE_TEXT, "message"),
    },
    "parcel_files": {**_outline("id account_id parcel_id"), **_personal(_C.DOCUMENT, "media_type content")},
    "claims": _outline("id account_id parcel_id kind type channel status handled_by_id filed_by_id opened_at closed_at"),
    "claim_personal_data": {**_outline("claim_id account_id"), **_personal(_C.FREE_TEXT, "description")},
    "investigation_entries": _outline("id account_id claim_id at by_id kind"),
    "investigation_personal_data": {
        **_outline("entry_id account_id"),
        **_personal(_C.TRACKING, "carrier_reference"),
        **_personal(_C.FREE_TEXT, "note"),
    },
    "access_log": _outline("id at agent_id account_id parcel_id action changed categories fields basis consent_id claim_id operation request_id"),
    "integrations": {**_outline("id account_id name created_at ended_at"), **_secret("secret")},
    "export_links": {
        **_outline("id account_id user_id created_at expires_at used_at"),
        **_secret("token_hash"),
        **_personal(_C.IDENTITY, "parcel_filter"),
    },
    "changes": _outline("id topic account_id subject_id"),
    "outbox_events": _outline("id account_id kind subject_id detail at once follows spread_at"),
    "outbox_deliveries": _outline("id event_id account_id channel recipient_id state attempts due_at ended_at problem"),
    "webhook_secrets": {**_outline("id account_id created_at ends_at"), **_secret("secret")},
    "server_secrets": {**_outline("name"), **_secret("value")},
}

#: The tables of personal data: their rows are selected for nobody but those who may see them, and go when what they belong to is deleted.
PERSONAL_TABLES = frozenset(
    {
        "account_personal_data",
        "direct_debits",
        "parcel_personal_data",
        "parcel_events",
        "parcel_files",
        "claim_personal_data",
        "investigation_personal_data",
    }
)

#: Personal columns that stand in other tables, because something else needs the row: each is selected by name, where it may be shown.
PERSONAL_ELSEWHERE = frozenset({"users.name", "users.email", "consents.granted_by_id", "consents.ended_by_id", "export_links.parcel_filter"})

_CONNECTION = _outline("edges nodes pageInfo totalCount")
_EDGE = _outline("cursor node")

FIELDS: Mapping[str, Classes] = {
    "Query": _outline("viewer node nodes account accounts parcel parcels claim claims explain"),
    "Mutation": {
        "grantConsent": Guarded(Action.GRANT_CONSENT),
        "revokeConsent": Guarded(Action.REVOKE_CONSENT),
        "fileClaim": Guarded(Action.FILE_CLAIM),
        "answerClaim": Guarded(Action.ANSWER_CLAIM),
        "withdrawClaim": Guarded(Action.WITHDRAW_CLAIM),
        "recordClaim": Guarded(Action.RECORD_CLAIM),
        "takeClaim": Guarded(Action.INVESTIGATE_CLAIM),
        "logInvestigation": Guarded(Action.INVESTIGATE_CLAIM),
        "closeClaim": Guarded(Action.CLOSE_CLAIM),
        "updateSettings": Guarded(Action.CHANGE_SETTINGS),
        "updateParcel": Guarded(Action.CHANGE_PARCEL),
        "cancelParcel": Guarded(Action.CANCEL_PARCEL),
        "deleteParcel": Guarded(Action.DELETE_PARCEL),
        "exportParcels": Guarded(Action.EXPORT_PARCELS),
        "setDirectDebit": Guarded(Action.CHANGE_DIRECT_DEBIT),
        "removeDirectDebit": Guarded(Action.CHANGE_DIRECT_DEBIT),
        "deleteAccount": Guarded(Action.DELETE_ACCOUNT),
    },
    "Subscription": _outline("agentLoginChanged claimChanged"),
    "PageInfo": _outline("hasNextPage hasPreviousPage startCursor endCursor"),
    **{f"{noun}Connection": _CONNECTION for noun in ("Account", "Parcel", "Claim", "Consent", "AccessEvent")},
    **{f"{noun}Edge": _EDGE for noun in ("Account", "Parcel", "Claim", "Consent", "AccessEvent")},
    "Node": _outline("id"),
    "Viewer": _outline("id kind name locale account roles"),
    "Decision": _outline("action allowed reason basis until"),
    "Disclosure": _outline("shown basis reason until"),
    "Account": {
        **_outline("id companyName country createdAt agentLogin parcels claims decisions"),
        "settings": Guarded(Action.VIEW_SETTINGS),
        "directDebit": Personal(_C.FINANCIAL, DataSubject.MERCHANT, Action.VIEW_DIRECT_DEBIT),
        "accessLog": Guarded(Action.VIEW_ACCESS_LOG),
    },
    "AccountSettings": {
        **_inside("locale timezone defaultCarrier labelFormat returnPortalEnabled trackingNotificationsEnabled version"),
        **_merchants(_C.ADDRESS, "senderAddresses"),
        **_merchants(_C.CONTACT, "notificationReplyTo notificationBcc webhookUrl", Action.VIEW_PROTECTED_SETTINGS),
    },
    "DirectDebit": _inside("accountHolder iban bic mandateReference status signedAt"),
    "SenderAddress": _inside("companyName contactName street houseNumber postalCode city country email phone"),
    "AgentLogin": {**_outline("account state consent durations now"), "history": Guarded(Action.VIEW_ACCESS_LOG)},
    "Consent": {
        **_outline("id account state duration grantedAt expiresAt endedAt"),
        **_merchants(_C.IDENTITY, "grantedBy endedBy"),
    },
    "Parcel": {
        **_outline(
            "id account status carrier shippingMethod direction weightGrams lengthMm widthMm heightMm colloNumber colloCount"
            " createdAt announcedAt updatedAt disclosure recipient claims decisions"
        ),
        **_personal(_C.CONTENT, "version items totalValue"),
        **_personal(_C.ORDER, "orderNumber externalReference"),
        **_personal(_C.TRACKING, "trackingNumber trackingUrl"),
        **_personal(_C.LOCATION, "servicePoint events"),
        **_personal(_C.FREE_TEXT, "note"),
        **_personal(_C.DOCUMENT, "documents"),
    },
    "Recipient": {
        **_outline("country"),
        **_personal(_C.IDENTITY, "name companyName"),
        **_personal(_C.CONTACT, "email phone"),
        **_personal(_C.ADDRESS, "street houseNumber addressLine2 postalCode city region"),
        **_personal(_C.OFFICIAL_ID, "taxNumber"),
    },
    "ParcelItem": _inside("description quantity weightGrams value sku hsCode originCountry"),
    "ParcelDocument": _inside("kind url"),
    "TrackingEvent": {
        **_inside("status occurredAt"),
        **_personal(_C.LOCATION, "location"),
        **_personal(_C.FREE_TEXT, "message"),
    },
    "Money": _inside("amount currency"),
    "Claim": {
        **_outline("id account parcel kind type channel status opensParcel decisions handledBy openedAt closedAt investigation"),
        **_personal(_C.FREE_TEXT, "description"),
    },
    "InvestigationEntry": {
        **_outline("id at by kind"),
        **_personal(_C.TRACKING, "carrierReference"),
        **_personal(_C.FREE_TEXT, "note"),
    },
    "AccessEvent": _outline("id at agentId agent account parcel action changed categories fields basis consent claim operation requestId"),
    "GrantConsentPayload": _outline("consent account"),
    "RevokeConsentPayload": _outline("consent account"),
    "ClaimPayload": _outline("claim"),
    "UpdateSettingsPayload": _outline("account"),
    "ParcelPayload": _outline("parcel"),
    "DeleteParcelPayload": _outline("deletedId"),
    "ExportParcelsPayload": _outline("url expiresAt"),
    "DirectDebitPayload": _outline("account"),
    "DeleteAccountPayload": _outline("deletedId"),
}

_WINDOW = _outline("first after last before")
_INPUT = _outline("input")

ARGUMENTS: Mapping[str, Classes] = {
    "Query.node": _outline("id"),
    "Query.nodes": _outline("ids"),
    "Query.account": _outline("id"),
    "Query.accounts": _WINDOW | _outline("filter"),
    "Query.parcel": _outline("id"),
    "Query.parcels": _WINDOW | _outline("accountId filter orderBy"),
    "Query.claim": _outline("id"),
    "Query.claims": _WINDOW | _outline("accountId filter"),
    "Query.explain": _outline("action id"),
    "Account.parcels": _WINDOW | _outline("filter orderBy"),
    "Account.claims": _WINDOW | _outline("filter"),
    "Account.accessLog": _WINDOW | _outline("filter"),
    "Account.decisions": _outline("actions"),
    "Parcel.decisions": _outline("actions"),
    "Claim.decisions": _outline("actions"),
    "AgentLogin.history": _WINDOW,
    **{f"Mutation.{name}": _INPUT for name in FIELDS["Mutation"]},
    "Subscription.agentLoginChanged": _outline("accountId"),
    "Subscription.claimChanged": _outline("accountId"),
}

_ADDRESS_INPUT: Classes = {
    **_carries(_C.IDENTITY, "companyName"),
    **_carries(_C.CONTACT, "email phone"),
    **_carries(_C.ADDRESS, "street houseNumber postalCode city country"),
}

INPUTS: Mapping[str, Classes] = {
    "AccountFilter": _outline("search access"),
    "ParcelFilter": {
        **_outline("status carrier country createdFrom createdBefore hasOpenClaim"),
        "orderNumber": Searches(_C.ORDER),
        "trackingNumber": Searches(_C.TRACKING),
        "search": Searches(_C.IDENTITY),
    },
    "ClaimFilter": _outline("status kind open mine"),
    "AccessLogFilter": _outline("from before agent parcelId basis"),
    "GrantConsentInput": _outline("accountId duration"),
    "RevokeConsentInput": _outline("accountId"),
    "FileClaimInput": {**_outline("parcelId kind type"), **_carries(_C.FREE_TEXT, "description")},
    "AnswerClaimInput": {**_outline("claimId"), **_carries(_C.FREE_TEXT, "message")},
    "WithdrawClaimInput": _outline("claimId"),
    "RecordClaimInput": {**_outline("parcelId kind type channel"), **_carries(_C.FREE_TEXT, "description")},
    "TakeClaimInput": _outline("claimId"),
    "LogInvestigationInput": {
        **_outline("claimId kind"),
        **_carries(_C.TRACKING, "carrierReference"),
        **_carries(_C.FREE_TEXT, "note"),
    },
    "CloseClaimInput": {**_outline("claimId outcome"), **_carries(_C.FREE_TEXT, "note")},
    "UpdateSettingsInput": {
        **_outline("accountId version locale timezone defaultCarrier labelFormat returnPortalEnabled trackingNotificationsEnabled"),
        **_carries(_C.ADDRESS, "senderAddresses"),
        "notificationReplyTo": Protected(_C.CONTACT),
        "notificationBcc": Protected(_C.CONTACT),
        "webhookUrl": Protected(_C.CONTACT),
    },
    "SenderAddressInput": _ADDRESS_INPUT | _carries(_C.IDENTITY, "contactName"),
    "UpdateParcelInput": {
        **_outline("parcelId version weightGrams recipient"),
        **_carries(_C.ORDER, "orderNumber"),
        **_carries(_C.FREE_TEXT, "note"),
    },
    "RecipientInput": _ADDRESS_INPUT | _carries(_C.IDENTITY, "name") | _carries(_C.ADDRESS, "addressLine2 region"),
    "CancelParcelInput": _outline("parcelId"),
    "DeleteParcelInput": _outline("parcelId"),
    "ExportParcelsInput": _outline("accountId filter"),
    "SetDirectDebitInput": {**_outline("accountId"), **_carries(_C.FINANCIAL, "accountHolder iban bic")},
    "RemoveDirectDebitInput": _outline("accountId"),
    "DeleteAccountInput": _outline("accountId companyName"),
}


class Unclassified(TypeError):
    """Something nobody classified: a developer's mistake, told at start-up with how to mend it."""

    def __init__(self, coordinate: str, mapping: str) -> None:
        super().__init__(f"{coordinate} is not classified: add it to {mapping} in policy/classification.py")


def column_class(table: str, column: str) -> Class:
    """What `table.column` is. Raises Unclassified."""
    try:
        return COLUMNS[table][column]
    except KeyError:
        raise Unclassified(f"{table}.{column}", "COLUMNS") from None


def field_class(type_name: str, field_name: str) -> Class:
    """What `Type.field` is. Raises Unclassified."""
    try:
        return FIELDS[type_name][field_name]
    except KeyError:
        raise Unclassified(f"{type_name}.{field_name}", "FIELDS") from None
