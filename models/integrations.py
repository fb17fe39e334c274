"""Where parcels come from and go to: webhooks in, CSV links out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tortoise import fields

from models.fields import Keyed

if TYPE_CHECKING:
    from models.accounts import Account
    from models.users import User


class Integration(Keyed):
    """A shipping platform that posts to `/webhooks/sendcloud/<id>`, signing with `secret`."""

    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("models.Account", related_name=False, on_delete=fields.OnDelete.RESTRICT)
    name = fields.CharField(255)
    secret = fields.CharField(128)
    created_at = fields.DatetimeField()
    ended_at = fields.DatetimeField(null=True)

    class Meta:
        table = "integrations"


class ExportLink(Keyed):
    """A CSV link for one user, good once until `expires_at`. `parcel_filter` may hold what somebody searched for: it goes when used."""

    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("models.Account", related_name=False, on_delete=fields.OnDelete.RESTRICT)
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField("models.User", related_name=False, on_delete=fields.OnDelete.RESTRICT)
    token_hash = fields.CharField(64, unique=True)
    parcel_filter: fields.Field[dict[str, Any] | None] = fields.JSONField(null=True)
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    used_at = fields.DatetimeField(null=True)

    class Meta:
        table = "export_links"
