"""Parcels: the outline every agent sees, and the personal data of the person on the label."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tortoise import Model, fields

from models.enums import ParcelDirection, ParcelStatus
from models.fields import Keyed

if TYPE_CHECKING:
    from models.accounts import Account


class Parcel(Keyed):
    """The operational outline. Nothing here tells who the parcel is for.

    `platform_id` is the shipping platform's id and unique in the account. `platform_changed_at` is the time of the newest change
    the platform told of: older news is not applied. `updated_at` moves with the outline only.
    """

    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("models.Account", related_name=False, on_delete=fields.OnDelete.RESTRICT)
    platform_id = fields.CharField(64, null=True)
    status = fields.CharEnumField(ParcelStatus, description="ParcelStatus", max_length=32)
    carrier = fields.CharField(64, null=True)
    shipping_method = fields.CharField(255, null=True)
    direction = fields.CharEnumField(ParcelDirection, description="ParcelDirection", max_length=16)
    country = fields.CharField(2, null=True)
    weight_grams = fields.IntField(null=True)
    length_mm = fields.IntField(null=True)
    width_mm = fields.IntField(null=True)
    height_mm = fields.IntField(null=True)
    collo_number = fields.IntField(default=1)
    collo_count = fields.IntField(default=1)
    shipment_group = fields.CharField(64, null=True)
    created_at = fields.DatetimeField()
    announced_at = fields.DatetimeField(null=True)
    updated_at = fields.DatetimeField()
    platform_changed_at = fields.DatetimeField(null=True)
    deleted_at = fields.DatetimeField(null=True)

    class Meta:
        table = "parcels"
        indexes = [("account_id", "created_at", "id")]
        unique_together = (("account_id", "platform_id"),)


class ParcelPersonalData(Model):
    """The person on the parcel, and what tells about them. One row a parcel, destroyed with it.

    The `…_key` columns are what search looks up: normalised UTF-8 bytes, so that a prefix is a range on both databases whatever their
    collation. They die with the row. `version` counts every change of the parcel, personal or not.
    """

    parcel: fields.OneToOneRelation[Parcel] = fields.OneToOneField(
        "models.Parcel", primary_key=True, related_name=False, on_delete=fields.OnDelete.RESTRICT
    )
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("models.Account", related_name=False, on_delete=fields.OnDelete.RESTRICT)
    version = fields.IntField(default=1)
    name = fields.CharField(255, null=True)
    company_name = fields.CharField(255, null=True)
    email = fields.CharField(254, null=True)
    phone = fields.CharField(64, null=True)
    street = fields.CharField(255, null=True)
    house_number = fields.CharField(64, null=True)
    address_line2 = fields.CharField(255, null=True)
    postal_code = fields.CharField(32, null=True)
    city = fields.CharField(255, null=True)
    region = fields.CharField(255, null=True)
    tax_number = fields.CharField(64, null=True)
    order_number = fields.CharField(255, null=True)
    external_reference = fields.CharField(255, null=True)
    tracking_number = fields.CharField(255, null=True)
    tracking_url = fields.CharField(2048, null=True)
    service_point = fields.CharField(255, null=True)
    note = fields.TextField(null=True)
    total_value_amount = fields.CharField(32, null=True)
    total_value_currency = fields.CharField(3, null=True)
    items: fields.Field[list[dict[str, Any]]] = fields.JSONField(default=list)
    documents: fields.Field[list[dict[str, Any]]] = fields.JSONField(default=list)
    name_key = fields.BinaryField(null=True)
    surname_key = fields.BinaryField(null=True)
    email_key = fields.BinaryField(null=True)
    postal_code_key = fields.BinaryField(null=True)
    order_key = fields.BinaryField(null=True)
    tracking_key = fields.BinaryField(null=True)

    class Meta:
        table = "parcel_personal_data"
        indexes = [("account_id", key) for key in ("name_key", "surname_key", "email_key", "postal_code_key", "order_key", "tracking_key")]


class ParcelEvent(Keyed):
    """What the carrier reported: where the parcel was and what was written about it. Personal as a whole (the contract's LOCATION)."""

    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("models.Account", related_name=False, on_delete=fields.OnDelete.RESTRICT)
    parcel: fields.ForeignKeyRelation[Parcel] = fields.ForeignKeyField("models.Parcel", related_name=False, on_delete=fields.OnDelete.RESTRICT)
    status = fields.CharEnumField(ParcelStatus, description="ParcelStatus", max_length=32)
    occurred_at = fields.DatetimeField()
    location = fields.CharField(255, null=True)
    message = fields.TextField(null=True)

    class Meta:
        table = "parcel_events"
        unique_together = (("parcel_id", "occurred_at", "status"),)


class ParcelFile(Keyed):
    """The bytes of a document that is kept here. Most are fetched from the carrier's link when asked for, and have no row."""

    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("models.Account", related_name=False, on_delete=fields.OnDelete.RESTRICT)
    parcel: fields.ForeignKeyRelation[Parcel] = fields.ForeignKeyField("models.Parcel", related_name=False, on_delete=fields.OnDelete.RESTRICT)
    media_type = fields.CharField(64)
    content = fields.BinaryField()

    class Meta:
        table = "parcel_files"
        indexes = [("parcel_id",)]
