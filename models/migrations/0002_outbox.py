"""What merchants are told: new tables only, so that an older server works on beside it."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from models.enums import Channel, DeliveryState, Happening
from models.fields import new_id
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    dependencies = [("models", "0001_initial")]

    initial = False

    operations = [
        ops.CreateModel(
            name="OutboxDelivery",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("event_id", fields.UUIDField()),
                (
                    "account",
                    fields.ForeignKeyField(
                        "models.Account",
                        source_field="account_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("channel", fields.CharEnumField(description="Channel", enum_type=Channel, max_length=16)),
                ("recipient_id", fields.UUIDField()),
                ("state", fields.CharEnumField(description="DeliveryState", enum_type=DeliveryState, max_length=16)),
                ("attempts", fields.IntField(default=0)),
                ("due_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("ended_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("problem", fields.CharField(null=True, max_length=64)),
            ],
            options={
                "table": "outbox_deliveries",
                "app": "models",
                "indexes": [Index(fields=["due_at", "id"]), Index(fields=["recipient_id", "due_at", "id"]), Index(fields=["event_id"])],
                "pk_attr": "id",
                "table_description": "One message: an event on its way to a user's e-mail (`recipient_id` is the user) or to the account's webhook (the account).",
            },
            bases=["Keyed"],
        ),
        ops.CreateModel(
            name="OutboxEvent",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "account",
                    fields.ForeignKeyField(
                        "models.Account",
                        source_field="account_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("kind", fields.CharEnumField(description="Happening", enum_type=Happening, max_length=32)),
                ("subject_id", fields.UUIDField()),
                ("detail", fields.CharField(null=True, max_length=32)),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("once", fields.CharField(null=True, unique=True, max_length=64)),
                ("follows", fields.UUIDField(null=True, unique=True)),
                ("spread_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "outbox_events",
                "app": "models",
                "indexes": [Index(fields=["spread_at", "id"])],
                "pk_attr": "id",
                "table_description": "Something a merchant is told, written in the transaction that did it. It holds no personal data: who did it is looked up when it is told.",
            },
            bases=["Keyed"],
        ),
        ops.CreateModel(
            name="WebhookSecret",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "account",
                    fields.ForeignKeyField(
                        "models.Account",
                        source_field="account_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("secret", fields.CharField(max_length=128)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("ends_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "webhook_secrets",
                "app": "models",
                "indexes": [Index(fields=["account_id"])],
                "pk_attr": "id",
                "table_description": "What an account's webhooks are signed with, until `ends_at`: two hold for a while when a new one is made.",
            },
            bases=["Keyed"],
        ),
    ]
