"""What is left of a month of compute units, and how long each request makes the next one wait."""

from __future__ import annotations

from manual_clock import ManualClock

from streamcore.providers.birdeye.units import FREE_UNITS, MONTH, PRICE, VOLUME, UnitPlan, batch_cost

DAY = 86_400.0


def test_row_d_a_batch_costs_less_than_its_prices_one_by_one_as_documented() -> None:
    assert [batch_cost(count, PRICE) for count in (1, 10, 30, 100)] == [3, 19, 46, 120]
    assert batch_cost(1, VOLUME) == 15


async def test_row_d_what_is_spent_has_to_last_for_its_share_of_the_month() -> None:
    clock = ManualClock()
    plan = UnitPlan(clock)
    assert plan.is_due
    plan.spent(3)
    await clock.advance(MONTH * 3 / FREE_UNITS - 1)
    assert not plan.is_due
    await clock.advance(2)
    assert plan.is_due


async def test_row_d_what_birdeye_says_is_left_counts_before_what_was_assumed() -> None:
    clock = ManualClock()
    plan = UnitPlan(clock)
    plan.told(303, clock.time() + 300)
    plan.spent(3)
    await clock.advance(2.9)
    assert not plan.is_due
    await clock.advance(0.2)
    assert plan.is_due
    assert plan.words(PRICE).startswith("1 request in 3 s, 300 units left until")


async def test_row_d_with_nothing_left_nothing_is_due_before_the_month_ends() -> None:
    clock = ManualClock()
    plan = UnitPlan(clock)
    plan.told(0, clock.time() + 10 * DAY)
    plan.spent(3)
    await clock.advance(9 * DAY)
    assert not plan.is_due
    plan.forget()
    assert plan.is_due


async def test_row_d_requests_made_together_have_to_last_together() -> None:
    clock = ManualClock()
    plan = UnitPlan(clock)
    plan.told(1000, clock.time() + 1000)
    for _ in range(10):
        plan.spent(1)
    await clock.advance(9.9)
    assert not plan.is_due
    await clock.advance(0.3)
    assert plan.is_due


def test_row_d_what_is_only_assumed_is_said_to_be() -> None:
    plan = UnitPlan(ManualClock())
    words = plan.words(PRICE)
    assert words.startswith("1 request in 4 min, about 30,000 units left until 28 Nov"), words
