"""When bid and ask are asked for, however many want them."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from manual_clock import ManualClock

from streamcore.tasks import Tasks
from streamcore.tracking.quote_turns import APART, EVERY, GIVEN_UP_AFTER, QuoteTurns


class Bench:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.asked: list[tuple[str, float]] = []
        """Each question, and the monotonic seconds at which it was asked."""
        self.tasks = Tasks("test", self.clock, failed=print)
        self.turns = QuoteTurns(self._ask, self.tasks, self.clock)

    async def _ask(self, symbol: str) -> None:
        self.asked.append((symbol, self.clock.monotonic()))

    async def wanted_for(self, seconds: int, *symbols: str) -> None:
        """Have all of them wanted every second."""
        for _ in range(seconds):
            for symbol in symbols:
                self.turns.want(symbol)
            await self.clock.settle()
            await self.clock.advance(1.0)

    def times(self) -> list[float]:
        return [at for _, at in self.asked]


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_the_first_question_is_asked_at_once(bench: Bench) -> None:
    bench.turns.want("SOL")
    await bench.clock.settle()
    assert [symbol for symbol, _ in bench.asked] == ["SOL"]


async def test_a_symbol_that_many_want_is_asked_for_once_in_four_seconds(bench: Bench) -> None:
    await bench.wanted_for(41, *["SOL"] * 100)
    assert len(bench.asked) == 11
    assert all(after - before == pytest.approx(EVERY) for before, after in pairwise(bench.times()))


async def test_one_that_is_wanted_a_little_early_is_asked_for_when_it_may_be(bench: Bench) -> None:
    bench.turns.want("SOL")
    await bench.clock.settle()
    await bench.clock.advance(EVERY - 0.1)
    bench.turns.want("SOL")
    await bench.clock.settle()
    assert len(bench.asked) == 1
    await bench.clock.advance(0.1)
    assert len(bench.asked) == 2


async def test_another_symbol_does_not_wait_for_one_that_has_just_been_asked_for(bench: Bench) -> None:
    bench.turns.want("SOL")
    await bench.clock.settle()
    bench.turns.want("SOL")
    await bench.clock.advance(1.0)
    bench.turns.want("BTC")
    await bench.clock.advance(APART - 1.0)
    assert [symbol for symbol, _ in bench.asked] == ["SOL", "BTC"]


async def test_many_symbols_share_what_may_be_asked(bench: Bench) -> None:
    symbols = [f"S{number}" for number in range(20)]
    await bench.wanted_for(120, *symbols)
    assert all(after - before >= APART for before, after in pairwise(bench.times()))
    asked = Counter(symbol for symbol, _ in bench.asked)
    assert len(asked) == 20
    assert max(asked.values()) - min(asked.values()) <= 1


async def test_what_nobody_looks_at_any_more_is_not_asked_for(bench: Bench) -> None:
    symbols = [f"S{number}" for number in range(20)]
    await bench.wanted_for(1, *symbols)
    await bench.clock.advance(GIVEN_UP_AFTER * 10)
    assert len(bench.asked) <= 1 + GIVEN_UP_AFTER / APART
    await bench.wanted_for(1, "S19")
    assert bench.asked[-1][0] == "S19"


async def test_after_the_end_nothing_is_asked_for(bench: Bench) -> None:
    await bench.tasks.close()
    bench.turns.want("SOL")
    await bench.clock.settle()
    assert bench.asked == []
