"""What one caller may ask in a minute: never more than the budget in all processes together, and no statement for a request."""

from __future__ import annotations

import asyncio
import math

import pytest

import models
from models import database as tables
from resolvers import budgets
from resolvers.budgets import PARTS, Budgets, NotHeld, OverBudget, Rates
from tests.wire import watched

LARGEST = 100
RATES = Rates(operations=100, cost=1_000, largest=LARGEST)
CALLER = "address:203.0.113.7"


async def ask(process: Budgets, caller: str = CALLER, cost: int = 0) -> None:
    """Begin an operation as the API does."""
    await process.begin(caller)
    try:
        process.spend(caller, cost)
    except NotHeld as owed:
        await process.pay(caller, owed.cost)


async def begun(process: Budgets, caller: str = CALLER, cost: int = 0, at_most: int = 10_000) -> int:
    """How many operations of this cost begin before one is refused."""
    for count in range(at_most):
        try:
            await ask(process, caller, cost)
        except OverBudget:
            return count
    return at_most


async def leased() -> models.BudgetLease:
    """What the caller was leased."""
    return await models.BudgetLease.get()


async def minutes() -> int:
    """The database's clock."""
    return int((await tables.clock()).timestamp() // 60)


CLOCK = budgets._MINUTE, budgets._SECONDS_LEFT


@pytest.fixture(autouse=True)
async def within_one_minute(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The minute lasts as long as the test: the database's clock is read, and its minute kept."""
    now = await minutes()
    monkeypatch.setattr(budgets, "_MINUTE", dict.fromkeys(budgets._MINUTE, f"CAST({now} AS bigint)"))
    monkeypatch.setattr(budgets, "_SECONDS_LEFT", dict.fromkeys(budgets._SECONDS_LEFT, "CAST(60 AS double precision)"))


async def test_the_minute_is_the_database_s(database: str) -> None:
    minute, left = (sql[tables.engine()] for sql in CLOCK)
    row = (await tables.fetch(f"SELECT {minute} AS minute, {left} AS seconds_left, {{now}} AS now"))[0]
    now = tables.moment(row["now"])
    assert row["minute"] == now.timestamp() // 60
    assert row["seconds_left"] == pytest.approx(60 - now.second - now.microsecond / 1e6, abs=0.002)


async def test_as_many_begin_as_the_budget_says(database: str) -> None:
    process = Budgets(RATES)
    assert await begun(process) == RATES.operations
    assert await begun(process) == 0
    assert await begun(process, "user:another", at_most=5) == 5
    with pytest.raises(OverBudget, match="Too many operations in a minute: again in") as refused:
        await process.begin(CALLER)
    assert 1 <= refused.value.retry_after <= 60


async def test_what_they_could_cost_is_counted(database: str) -> None:
    assert await begun(Budgets(RATES), cost=LARGEST) == RATES.cost // LARGEST
    assert await begun(Budgets(Rates(0, 1_000, LARGEST)), "user:dear", cost=7) == 1_000 // 7


async def test_what_costs_too_much_now_leaves_room_for_what_does_not(database: str) -> None:
    process = Budgets(RATES)
    assert await begun(process, cost=60) == RATES.cost // 60
    await ask(process, cost=RATES.cost % 60)


async def test_nothing_is_limited_where_nothing_is_said(database: str) -> None:
    assert Budgets(Rates(0, 0, LARGEST)).of(CALLER) is None
    assert await begun(Budgets(Rates(0, 1_000, LARGEST)), at_most=500) == 500
    assert await begun(Budgets(Rates(100, 0, LARGEST)), "user:rich", cost=10**9) == 100
    with pytest.raises(ValueError, match="LATCHKEY_COST_PER_MINUTE must be 0, or at least 100"):
        Rates(0, LARGEST - 1, LARGEST)


async def test_processes_together_never_begin_more(database: str) -> None:
    processes = [Budgets(RATES) for _ in range(7)]
    each = await asyncio.gather(*(begun(process, cost=1) for process in processes for _ in range(3)))
    assert sum(each) == RATES.operations  # each was asked until it refused: nothing is left anywhere
    assert (await leased()).operations == RATES.operations


async def test_processes_together_never_cost_more(database: str) -> None:
    processes = [Budgets(Rates(0, 1_000, LARGEST)) for _ in range(7)]
    each = await asyncio.gather(*(begun(process, cost=cost) for process in processes for cost in (7, 30, 1)))
    assert sum(count * cost for count, cost in zip(each, 7 * (7, 30, 1), strict=True)) == 1_000


async def test_who_asks_one_process_only_misses_what_the_others_hold(database: str) -> None:
    """The unfairness there is: each holds a part of what was left when it was asked."""
    others = [Budgets(RATES) for _ in range(3)]
    for other in others:
        await ask(other)
    assert await begun(Budgets(RATES)) == RATES.operations - (10 + 9 + 9)


async def test_there_is_something_left_for_each_of_many_processes(database: str) -> None:
    for _ in range(40):
        await ask(Budgets(Rates(1_000, 100_000, LARGEST)), cost=LARGEST)


async def test_within_a_lease_nothing_is_asked_of_the_database(database: str) -> None:
    """With production's budget, and the dearest document of our own web apps."""
    process = Budgets(Rates(1_200, 3_000_000, 150_000))
    with watched() as wire:
        assert await begun(process, cost=1_452, at_most=120) == 120
        assert len(wire.statements) == 1
        wire.clear()
        assert await begun(process, cost=1_452) == 1_200 - 120
        assert len(wire.statements) < 70
        wire.clear()
        for _ in range(100):
            assert await begun(process, at_most=1) == 0  # that nothing is left is known, too
        assert wire.statements == []


async def test_operations_at_once_lease_once(database: str) -> None:
    process = Budgets(RATES)
    with watched() as wire:
        await asyncio.gather(*(ask(process, cost=1) for _ in range(10)))
        assert len(wire.statements) == 1
    assert (await leased()).operations == 10


async def test_another_minute_is_another_budget_and_what_was_not_spent_is_gone(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    process = Budgets(RATES)
    await process.begin(CALLER)
    process._leases[CALLER].ends_at = -math.inf
    monkeypatch.setattr(budgets, "_MINUTE", dict.fromkeys(budgets._MINUTE, f"CAST({await minutes() + 9} AS bigint)"))
    assert await begun(process) == RATES.operations
    assert (await leased()).operations == RATES.operations


async def test_a_lease_that_ends_early_goes_on_in_its_minute(database: str) -> None:
    """Its end is counted from before the database was asked: asked again, it may still be the same minute."""
    process = Budgets(RATES)
    await process.begin(CALLER)
    process._leases[CALLER].ends_at = -math.inf
    assert await begun(process) == RATES.operations - 1


@pytest.mark.parametrize(
    ("ahead", "begin"),
    [
        pytest.param(1, 0, id="somebody-asked-a-moment-later"),
        pytest.param(60, RATES.operations, id="the-clock-was-set-back"),
    ],
)
async def test_a_row_from_ahead(database: str, ahead: int, begin: int) -> None:
    await begun(Budgets(RATES))
    await tables.execute("UPDATE budget_leases SET minute = minute + :ahead", ahead=ahead)
    assert await begun(Budgets(RATES)) == begin


async def test_a_budget_that_was_made_smaller_counts_at_once(database: str) -> None:
    await begun(Budgets(RATES))
    assert await begun(Budgets(Rates(50, 500, LARGEST))) == 0


async def test_where_the_count_can_t_be_kept_a_process_lets_a_part_through_at_a_time(database: str) -> None:
    process = Budgets(RATES)
    await tables.execute("ALTER TABLE budget_leases RENAME TO away")
    assert await begun(process) == RATES.operations // PARTS
    assert process.left(CALLER).seconds <= 60 // PARTS
    await tables.execute("ALTER TABLE away RENAME TO budget_leases")
    assert await begun(process) == 0  # until those seconds are over
    process._leases[CALLER].ends_at = -math.inf
    assert await begun(process) == RATES.operations


async def test_what_is_left_is_told(database: str) -> None:
    process = Budgets(RATES)
    budget = process.of(CALLER)
    assert budget is not None
    await budget.begin()
    budget.spend(42)
    assert (budget.left.operations, budget.left.cost) == (99, 958)
    assert 1 <= budget.left.seconds <= 60


async def test_callers_whose_minute_is_over_are_forgotten(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budgets, "MANY_CALLERS", 10)
    process = Budgets(RATES, _look_through_at=10)
    for number in range(25):
        await process.begin(f"address:{number}")
        process._leases[f"address:{number}"].ends_at = -math.inf
    assert len(process._leases) <= 11
    assert await budgets.forget_old() == 0
    await tables.execute("UPDATE budget_leases SET minute = minute - 2")
    assert await budgets.forget_old() == 25


async def test_nobody_can_be_read_from_a_lease(database: str) -> None:
    await Budgets(RATES).begin(CALLER)
    row = await leased()
    assert "203.0.113.7" not in str({name: getattr(row, name) for name in row._meta.db_fields})
    assert repr(row) == "<BudgetLease>"
    assert "203.0.113.7" not in repr(Budgets(RATES).of(CALLER))
