"""What other processes must hear of, and the secrets the servers of one database share."""

from __future__ import annotations

from tortoise import Model, fields


class Change(Model):
    """SQLite's stand-in for NOTIFY: a row in the same transaction as what changed. Old rows are pruned."""

    id = fields.BigIntField(primary_key=True)
    topic = fields.CharField(32)
    account_id = fields.UUIDField(null=True)
    subject_id = fields.UUIDField(null=True)

    class Meta:
        table = "changes"


class ServerSecret(Model):
    """A random key that every server of this database uses, made by the first."""

    name = fields.CharField(32, primary_key=True)
    value = fields.BinaryField()

    class Meta:
        table = "server_secrets"
