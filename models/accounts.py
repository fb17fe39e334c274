"""Merchants, their settings and their direct debit."""

from __future__ import annotations

from tortoise import Model, fields

from models.enums import DirectDebitStatus, LabelFormat
from models.fields import Keyed


class Account(Keyed):
    """A merchant. Its row stays after deletion, for the history of consents and the access log."""

    company_name = fields.CharField(255)
    country = fields.CharField(2)
    created_at = fields.DatetimeField()
    deleted_at = fields.DatetimeField(null=True)

    class Meta:
        table = "accounts"
        indexes = [("created_at", "id")]


class AccountSettings(Model):
    """The outline of a merchant's settings. `version` counts every change, also of the personal ones."""

    account: fields.OneToOneRelation[Account] = fields.OneToOneField(
        "models.Account", primary_key=True, related_name=False, on_delete=fields.OnDelete.RESTRICT
    )
    locale = fields.CharField(35)
    timezone = fields.CharField(64)
    default_carrier = fields.CharField(64, null=True)
    label_format = fields.CharEnumField(LabelFormat, description="LabelFormat", max_length=8)
    return_portal_enabled = fields.BooleanField()
    tracking_notifications_enabled = fields.BooleanField()
    version = fields.IntField(default=1)

    class Meta:
        table = "account_settings"


class AccountPersonalData(Model):
    """What in a merchant's settings is personal data of the merchant, or carries data out (reply-to, BCC, webhook)."""

    account: fields.OneToOneRelation[Account] = fields.OneToOneField(
        "models.Account", primary_key=True, related_name=False, on_delete=fields.OnDelete.RESTRICT
    )
    sender_addresses: fields.Field[list[dict[str, str | None]] | None] = fields.JSONField(null=True)
    notification_reply_to = fields.CharField(254, null=True)
    notification_bcc = fields.CharField(254, null=True)
    webhook_url = fields.CharField(2048, null=True)

    class Meta:
        table = "account_personal_data"


class DirectDebit(Model):
    """A merchant's mandate. No agent ever learns anything of it, not even whether the row exists."""

    account: fields.OneToOneRelation[Account] = fields.OneToOneField(
        "models.Account", primary_key=True, related_name=False, on_delete=fields.OnDelete.RESTRICT
    )
    account_holder = fields.CharField(255)
    iban = fields.CharField(34)
    bic = fields.CharField(11, null=True)
    mandate_reference = fields.CharField(35)
    status = fields.CharEnumField(DirectDebitStatus, description="DirectDebitStatus", max_length=16)
    signed_at = fields.DatetimeField(null=True)

    class Meta:
        table = "direct_debits"
