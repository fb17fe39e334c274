"""What callers were leased of a minute's budget."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0004_single_sign_on")]

    initial = False

    operations = [
        ops.CreateModel(
            name="BudgetLease",
            fields=[
                ("subject", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ("minute", fields.BigIntField()),
                ("operations", fields.BigIntField()),
                ("cost", fields.BigIntField()),
                ("operations_granted", fields.BigIntField()),
                ("cost_granted", fields.BigIntField()),
            ],
            options={
                "table": "budget_leases",
                "app": "models",
                "pk_attr": "subject",
                "table_description": "How many operations, and how much cost, were leased to processes for one caller in a minute."
                " `subject` is a hash of the caller.",
            },
            bases=["Model"],
        ),
    ]
