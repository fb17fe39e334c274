"""What callers were leased of a minute's budget, counted for all processes together."""

from __future__ import annotations

from tortoise import Model, fields


class BudgetLease(Model):
    """How many operations, and how much cost, were leased to processes for one caller in a minute. `subject` is a hash of the caller.

    `minute` is the database's clock in minutes; what was granted is what the last lease got.
    """

    subject = fields.CharField(64, primary_key=True)
    minute = fields.BigIntField()
    operations = fields.BigIntField()
    cost = fields.BigIntField()
    operations_granted = fields.BigIntField()
    cost_granted = fields.BigIntField()

    class Meta:
        table = "budget_leases"

    def __repr__(self) -> str:
        """Without the key, which may be made of somebody's address."""
        return "<BudgetLease>"
