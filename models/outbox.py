"""What merchants are told: what happened, whom it is brought to, and what their webhooks are signed with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tortoise import fields

from models.enums import Channel, DeliveryState, Happening
from models.fields import Keyed

if TYPE_CHECKING:
    from models.accounts import Account


class OutboxEvent(Keyed):
    """Something a merchant is told, written in the transaction that did it. It holds no personal data: who did it is looked up when it is told.

    `subject_id` is the consent or the claim, `detail` the kind of an investigation's entry or a claim's outcome. `once` keeps what happens once,
    or again too soon, from being told twice. `follows` holds a granted consent until its end has been told.
    """

    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("models.Account", related_name=False, on_delete=fields.OnDelete.RESTRICT)
    kind = fields.CharEnumField(Happening, description="Happening", max_length=32)
    subject_id = fields.UUIDField()
    detail = fields.CharField(32, null=True)
    at = fields.DatetimeField()
    once = fields.CharField(64, null=True, unique=True)
    follows = fields.UUIDField(null=True, unique=True)
    spread_at = fields.DatetimeField(null=True)

    class Meta:
        table = "outbox_events"
        indexes = [("spread_at", "id")]


class OutboxDelivery(Keyed):
    """One message: an event on its way to a user's e-mail (`recipient_id` is the user) or to the account's webhook (the account).

    `due_at` is when it may be tried, also by another process than the one that tries it now: it is the lease. NULL when nobody has to try any more.
    """

    event_id = fields.UUIDField()
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("models.Account", related_name=False, on_delete=fields.OnDelete.RESTRICT)
    channel = fields.CharEnumField(Channel, description="Channel", max_length=16)
    recipient_id = fields.UUIDField()
    state = fields.CharEnumField(DeliveryState, description="DeliveryState", max_length=16)
    attempts = fields.IntField(default=0)
    due_at = fields.DatetimeField(null=True)
    ended_at = fields.DatetimeField(null=True)
    problem = fields.CharField(64, null=True)

    class Meta:
        table = "outbox_deliveries"
        indexes = [("due_at", "id"), ("recipient_id", "due_at", "id"), ("event_id",)]


class WebhookSecret(Keyed):
    """What an account's webhooks are signed with, until `ends_at`: two hold for a while when a new one is made."""

    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("models.Account", related_name=False, on_delete=fields.OnDelete.RESTRICT)
    secret = fields.CharField(128)
    created_at = fields.DatetimeField()
    ends_at = fields.DatetimeField(null=True)

    class Meta:
        table = "webhook_secrets"
        indexes = [("account_id",)]
