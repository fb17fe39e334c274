"""What one caller may ask in a minute, in all processes together.

A process leases a part of the minute's budget from the database and spends it in memory: a small write now and then, none for most requests.
What all were leased in a minute of the database's clock never is more than the budget, so neither is what they spend. What a process did not
spend by the end of the minute is gone. Costs are counted from documents and their variables, never from what was found.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
import time
from dataclasses import dataclass, field

import structlog

from models import database
from models.database import Engine
from resolvers.errors import RateLimited

WINDOW_SECONDS = 60
#: A lease is one part in so many of what is left of the budget, or as much more as an operation needs: however many processes there are, there is
#: something left for the next.
PARTS = 10
#: So many callers are remembered before those whose minute is over are looked for.
MANY_CALLERS = 1_000
log = structlog.get_logger(__name__)

_MINUTE = {
    Engine.SQLITE: "(CAST(strftime('%s', 'now') AS INTEGER) / 60)",
    Engine.POSTGRES: "CAST(floor(extract(epoch FROM statement_timestamp()) / 60) AS bigint)",
}
_SECONDS_LEFT = {
    Engine.SQLITE: "(60 - CAST(strftime('%f', 'now') AS REAL))",
    Engine.POSTGRES: "CAST(60 - extract(second FROM statement_timestamp()) AS double precision)",
}
# Whoever waited for the row may find it in the minute after the one it asked in, and goes on there. A row from farther ahead tells that the
# clock was set back: it begins anew.
_GOES_ON = "held.minute BETWEEN excluded.minute AND excluded.minute + 1"
_LEASED = {what: f"(CASE WHEN {_GOES_ON} THEN held.{what} ELSE 0 END)" for what in ("operations", "cost")}
_REST = {what: f"(CAST(:most_{what} AS bigint) - {leased})" for what, leased in _LEASED.items()}
_GRANTED = {
    what: f"""(CASE WHEN CAST(:{what} AS bigint) = 0 OR {rest} < CAST(:{what} AS bigint) THEN 0
        WHEN {rest} > {PARTS} * CAST(:{what} AS bigint) THEN ({rest} + {PARTS - 1}) / {PARTS} ELSE CAST(:{what} AS bigint) END)"""
    for what, rest in _REST.items()
}
_LEASE = f"""
INSERT INTO budget_leases AS held (subject, minute, operations, cost, operations_granted, cost_granted)
VALUES (:subject, {{minute}}, :first_operations, :first_cost, :first_operations, :first_cost)
ON CONFLICT (subject) DO UPDATE SET
    operations_granted = {_GRANTED["operations"]}, operations = {_LEASED["operations"]} + {_GRANTED["operations"]},
    cost_granted = {_GRANTED["cost"]}, cost = {_LEASED["cost"]} + {_GRANTED["cost"]},
    minute = CASE WHEN {_GOES_ON} THEN held.minute ELSE excluded.minute END
RETURNING minute, operations, cost, operations_granted, cost_granted, {{seconds_left}} AS seconds_left
"""


class OverBudget(RateLimited):
    """The caller used up what one may ask in a minute."""

    def __init__(self, what: str, retry_after: int) -> None:
        super().__init__(f"Too many {what} in a minute: again in {retry_after} s", retry_after)


class NotHeld(OverBudget):
    """This process does not hold what the operation costs, and may be leased it: `pay` it, and begin again."""

    def __init__(self, cost: int, retry_after: int) -> None:
        super().__init__("fields", retry_after)
        self.cost = cost


@dataclass(frozen=True, slots=True)
class Rates:
    """What one caller may ask in a minute: operations, and what they could cost together, in fields. 0 is as many as they like.

    One operation costs at most `largest`, and the budget of costs must be as much. Raises ValueError.
    """

    operations: int
    cost: int
    largest: int

    def __post_init__(self) -> None:
        if 0 < self.cost < self.largest:
            raise ValueError(f"LATCHKEY_COST_PER_MINUTE must be 0, or at least {self.largest}: what one operation may cost")


@dataclass(frozen=True, slots=True)
class Left:
    """What a caller may still ask, as far as this process knows, and the seconds until the minute is over. None has no limit."""

    operations: int | None
    cost: int | None
    seconds: int


@dataclass(slots=True)
class _Lease:
    """What this process holds for one caller of a minute, until `ends_at` by its own clock. `more_…` is what nobody had been leased then."""

    minute: int | None = None
    ends_at: float = -math.inf
    operations: int = 0
    cost: int = 0
    more_operations: int = 0
    more_cost: int = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    @property
    def seconds(self) -> int:
        """Until it ends, at least 1."""
        return 1 if self.ends_at == -math.inf else max(1, math.ceil(self.ends_at - time.monotonic()))

    @property
    def is_over(self) -> bool:
        """Has its minute ended?"""
        return self.ends_at <= time.monotonic()

    def begin_anew(self, minute: int | None, ends_at: float) -> None:
        """Hold nothing yet, of another minute."""
        self.minute, self.ends_at = minute, ends_at
        self.operations = self.cost = self.more_operations = self.more_cost = 0


@dataclass(slots=True)
class Budgets:
    """The leases this process holds, by caller."""

    rates: Rates
    _leases: dict[str, _Lease] = field(default_factory=dict, repr=False)
    _look_through_at: int = MANY_CALLERS

    def of(self, caller: str) -> Budget | None:
        """The budget of a caller; None if nothing is limited."""
        return Budget(self, caller) if self.rates.operations or self.rates.cost else None

    async def begin(self, caller: str) -> None:
        """Take one operation. Raises OverBudget."""
        lease = self._lease(caller)
        if lease.is_over or (self.rates.operations and not lease.operations):
            async with lease.lock:
                while lease.is_over or (self.rates.operations and not lease.operations and lease.more_operations):
                    await self._renew(caller, lease)
        if not self.rates.operations:
            return
        if lease.operations < 1:
            raise OverBudget("operations", lease.seconds)
        lease.operations -= 1

    def spend(self, caller: str, cost: int) -> None:
        """Take what an operation could cost. Raises NotHeld and OverBudget."""
        if not self.rates.cost:
            return
        lease = self._lease(caller)
        if lease.cost >= cost:
            lease.cost -= cost
        elif lease.is_over or lease.cost + lease.more_cost >= cost:
            raise NotHeld(cost, lease.seconds)
        else:
            raise OverBudget("fields", lease.seconds)

    async def pay(self, caller: str, cost: int) -> None:
        """Take what an operation could cost, from another lease. Raises OverBudget."""
        lease = self._lease(caller)
        async with lease.lock:
            while lease.is_over or lease.cost < cost <= lease.cost + lease.more_cost:
                await self._renew(caller, lease, cost)
        if lease.cost < cost:
            raise OverBudget("fields", lease.seconds)
        lease.cost -= cost

    def left(self, caller: str) -> Left:
        """What is left. Other processes may have been leased more since."""
        lease = self._lease(caller)
        return Left(
            lease.operations + lease.more_operations if self.rates.operations else None,
            lease.cost + lease.more_cost if self.rates.cost else None,
            lease.seconds,
        )

    def _lease(self, caller: str) -> _Lease:
        found = self._leases.get(caller)
        if found is None:
            self._forget_ended()
            found = self._leases[caller] = _Lease()
        return found

    def _forget_ended(self) -> None:
        if len(self._leases) < self._look_through_at:
            return
        now = time.monotonic()
        self._leases = {caller: lease for caller, lease in self._leases.items() if lease.ends_at > now or lease.lock.locked()}
        self._look_through_at = max(MANY_CALLERS, 2 * len(self._leases))

    async def _renew(self, caller: str, lease: _Lease, cost: int = 1) -> None:
        """Lease more of what is used up, and as much as an operation of this cost needs.

        Where the database does not write, a part is let through for as large a part of the minute. The minute is counted from before the
        database was asked: the lease never outlives it.
        """
        asked_at = time.monotonic()
        held_operations, held_cost = (0, 0) if lease.is_over else (lease.operations, lease.cost)
        try:
            row = await _leased(caller, self.rates, max(0, 1 - held_operations), max(0, cost - held_cost))
        except Exception as error:  # noqa: BLE001 (whatever hinders the count, it is no reason to refuse what the database can still answer)
            log.warning("budget not leased", error=type(error).__name__)
            lease.begin_anew(minute=None, ends_at=time.monotonic() + WINDOW_SECONDS / PARTS)
            lease.operations = math.ceil(self.rates.operations / PARTS)
            lease.cost = max(math.ceil(self.rates.cost / PARTS), self.rates.largest)
            return
        ends_at = asked_at + row["seconds_left"]
        if row["minute"] == lease.minute:
            lease.ends_at = max(lease.ends_at, ends_at)
        else:
            lease.begin_anew(row["minute"], ends_at)
        lease.operations += row["operations_granted"]
        lease.cost += row["cost_granted"]
        lease.more_operations = max(0, self.rates.operations - row["operations"])
        lease.more_cost = max(0, self.rates.cost - row["cost"])


@dataclass(frozen=True, slots=True)
class Budget:
    """One caller's, as `Budgets` keeps it."""

    budgets: Budgets
    caller: str = field(repr=False)

    async def begin(self) -> None:
        """Take one operation. Raises OverBudget."""
        await self.budgets.begin(self.caller)

    def spend(self, cost: int) -> None:
        """Take what an operation could cost. Raises NotHeld and OverBudget."""
        self.budgets.spend(self.caller, cost)

    async def pay(self, cost: int) -> None:
        """Take what an operation could cost, from another lease. Raises OverBudget."""
        await self.budgets.pay(self.caller, cost)

    @property
    def rates(self) -> Rates:
        """What a caller may ask in a minute."""
        return self.budgets.rates

    @property
    def left(self) -> Left:
        """What is left of it."""
        return self.budgets.left(self.caller)


async def _leased(caller: str, rates: Rates, operations: int, cost: int) -> database.Row:
    """What was granted, where this much is needed: more, or nothing. What is not limited is not counted."""
    which = database.engine()
    operations, cost = min(operations, rates.operations), cost if rates.cost else 0
    rows = await database.fetch(
        _LEASE.format(minute=_MINUTE[which], seconds_left=_SECONDS_LEFT[which]),
        subject=hashlib.sha256(caller.encode("utf-8", "surrogatepass")).hexdigest(),
        operations=operations,
        cost=cost,
        first_operations=operations and math.ceil(rates.operations / PARTS),
        first_cost=cost and max(cost, math.ceil(rates.cost / PARTS)),
        most_operations=rates.operations,
        most_cost=rates.cost,
    )
    return rows[0]


async def forget_old() -> int:
    """Delete the leases of minutes that are over; how many. Nothing depends on it but the size of the table."""
    return await database.execute(f"DELETE FROM budget_leases WHERE minute < {_MINUTE[database.engine()]} - 1")
