"""Who a user is at a provider of sign-ins, which sessions came of it, and what may be used once."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from models.fields import new_id


class Migration(migrations.Migration):
    dependencies = [("models", "0002_outbox")]

    operations = [
        ops.CreateModel(
            name="ExternalIdentity",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "user",
                    fields.OneToOneField(
                        "models.User",
                        source_field="user_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("identity_hash", fields.CharField(unique=True, max_length=64)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "external_identities",
                "app": "models",
                "pk_attr": "id",
                "table_description": "Who a user is elsewhere: the SHA-256 of a provider's issuer and of its subject.",
            },
            bases=["Keyed"],
        ),
        ops.CreateModel(
            name="SpentOnce",
            fields=[
                ("used_hash", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "spent_once",
                "app": "models",
                "pk_attr": "used_hash",
                "table_description": "What may be used once: a sign-in under way, a logout token.",
            },
            bases=["Model"],
        ),
        ops.AddField(model_name="Session", name="provider_hash", field=fields.CharField(null=True, max_length=64)),
        ops.AddIndex(model_name="Session", index=Index(fields=["provider_hash"])),
    ]
