"""Who at support saw or changed what. Rows are added and never changed; they hold the names of fields, never values."""

from __future__ import annotations

from tortoise import fields

from models.fields import Keyed
from policy.vocabulary import Action, Basis


class AccessEvent(Keyed):
    """One answer to an agent that held personal data of one parcel (or of the account), or one change an agent made.

    No foreign keys: the log outlives what it tells of.
    """

    at = fields.DatetimeField()
    agent_id = fields.UUIDField()
    account_id = fields.UUIDField()
    parcel_id = fields.UUIDField(null=True)
    action = fields.CharEnumField(Action, description="Action", max_length=32)
    changed: fields.Field[list[str]] = fields.JSONField(default=list)
    categories: fields.Field[list[str]] = fields.JSONField(default=list)
    fields_: fields.Field[list[str]] = fields.JSONField(default=list, source_field="fields")
    basis = fields.CharEnumField(Basis, description="Basis", max_length=16)
    consent_id = fields.UUIDField(null=True)
    claim_id = fields.UUIDField(null=True)
    operation = fields.CharField(255, null=True)
    request_id = fields.CharField(36)

    class Meta:
        table = "access_log"
        indexes = [("account_id", "at", "id"), ("account_id", "agent_id", "at", "parcel_id"), ("consent_id", "at")]
