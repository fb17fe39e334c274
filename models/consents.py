"""Agent login: the merchant's consent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint

from models.fields import Keyed
from policy.vocabulary import ConsentDuration, ConsentState

if TYPE_CHECKING:
    from models.accounts import Account
    from models.users import User


class Consent(Keyed):
    """A merchant's consent, from `granted_at` until `expires_at` (exclusive) or `ended_at`, whichever comes first.

    `live_for` holds the account while nobody ended the consent, and is unique: two open consents of one account cannot exist,
    on either database (a CHECK ties it to `ended_at`). An open consent may have run out; nothing has to happen for that.
    `ended_as` is REVOKED, REPLACED, or EXPIRED when a later grant found it run out.
    """

    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("models.Account", related_name=False, on_delete=fields.OnDelete.RESTRICT)
    live_for = fields.UUIDField(null=True, unique=True)
    duration = fields.CharEnumField(ConsentDuration, description="ConsentDuration", max_length=16)
    granted_by: fields.ForeignKeyRelation[User] = fields.ForeignKeyField("models.User", related_name=False, on_delete=fields.OnDelete.RESTRICT)
    granted_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    ended_at = fields.DatetimeField(null=True)
    ended_as = fields.CharEnumField(ConsentState, description="ConsentState", max_length=16, null=True)
    ended_by: fields.ForeignKeyNullableRelation[User] = fields.ForeignKeyField(
        "models.User", null=True, related_name=False, on_delete=fields.OnDelete.RESTRICT
    )

    class Meta:
        table = "consents"
        indexes = [("account_id", "granted_at", "id")]
        constraints = [
            CheckConstraint(
                name="consents_live_while_not_ended",
                check="(ended_at IS NULL) = (live_for IS NOT NULL) AND (ended_at IS NULL) = (ended_as IS NULL)"
                " AND (live_for IS NULL OR live_for = account_id) AND expires_at > granted_at",
            )
        ]
