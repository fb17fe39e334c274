"""The access log by consent: when one was used first is looked up for each that is followed, every few seconds."""

from tortoise import migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0005_budget_leases")]

    initial = False

    operations = [
        ops.AddIndex(model_name="AccessEvent", index=Index(fields=["consent_id", "at"])),
    ]
