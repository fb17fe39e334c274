"""Claims and questions about one parcel, and what support did about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tortoise import Model, fields

from models.enums import ClaimKind, ClaimType, InvestigationKind
from models.fields import Keyed
from policy.vocabulary import ClaimChannel, ClaimStatus

if TYPE_CHECKING:
    from models.accounts import Account
    from models.parcels import Parcel
    from models.users import User


class Claim(Keyed):
    """One claim. `channel` is set by the server from who is calling, and decides whether the parcel opens."""

    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("models.Account", related_name=False, on_delete=fields.OnDelete.RESTRICT)
    parcel: fields.ForeignKeyRelation[Parcel] = fields.ForeignKeyField("models.Parcel", related_name=False, on_delete=fields.OnDelete.RESTRICT)
    kind = fields.CharEnumField(ClaimKind, description="ClaimKind", max_length=16)
    type = fields.CharEnumField(ClaimType, description="ClaimType", max_length=32)
    channel = fields.CharEnumField(ClaimChannel, description="ClaimChannel", max_length=16)
    status = fields.CharEnumField(ClaimStatus, description="ClaimStatus", max_length=32)
    handled_by: fields.ForeignKeyNullableRelation[User] = fields.ForeignKeyField(
        "models.User", null=True, related_name=False, on_delete=fields.OnDelete.RESTRICT
    )
    filed_by: fields.ForeignKeyNullableRelation[User] = fields.ForeignKeyField(
        "models.User", null=True, related_name=False, on_delete=fields.OnDelete.RESTRICT
    )
    opened_at = fields.DatetimeField()
    closed_at = fields.DatetimeField(null=True)

    class Meta:
        table = "claims"
        indexes = [("account_id", "opened_at", "id"), ("opened_at", "id"), ("parcel_id",), ("handled_by_id", "opened_at", "id")]


class ClaimPersonalData(Model):
    """What the merchant wrote: it may name anybody."""

    claim: fields.OneToOneRelation[Claim] = fields.OneToOneField(
        "models.Claim", primary_key=True, related_name=False, on_delete=fields.OnDelete.RESTRICT
    )
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("models.Account", related_name=False, on_delete=fields.OnDelete.RESTRICT)
    description = fields.TextField(null=True)

    class Meta:
        table = "claim_personal_data"


class InvestigationEntry(Keyed):
    """That something was done in an investigation, when, by whom."""

    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("models.Account", related_name=False, on_delete=fields.OnDelete.RESTRICT)
    claim: fields.ForeignKeyRelation[Claim] = fields.ForeignKeyField("models.Claim", related_name=False, on_delete=fields.OnDelete.RESTRICT)
    at = fields.DatetimeField()
    by: fields.ForeignKeyRelation[User] = fields.ForeignKeyField("models.User", related_name=False, on_delete=fields.OnDelete.RESTRICT)
    kind = fields.CharEnumField(InvestigationKind, description="InvestigationKind", max_length=32)

    class Meta:
        table = "investigation_entries"
        indexes = [("claim_id", "at", "id")]


class InvestigationPersonalData(Model):
    """What was written in it, and the carrier's reference."""

    entry: fields.OneToOneRelation[InvestigationEntry] = fields.OneToOneField(
        "models.InvestigationEntry", primary_key=True, related_name=False, on_delete=fields.OnDelete.RESTRICT
    )
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("models.Account", related_name=False, on_delete=fields.OnDelete.RESTRICT)
    carrier_reference = fields.CharField(255, null=True)
    note = fields.TextField(null=True)

    class Meta:
        table = "investigation_personal_data"
