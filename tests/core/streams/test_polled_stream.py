from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
from manual_clock import ManualClock
from scripted_connection import PaperProvider
from scripted_rest import ScriptedRest, ScriptedSink

from streamcore.config.model import Settings
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind, Source, State
from streamcore.providers.reports import Malformed, PriceReport, Refusal
from streamcore.status import BreakerState, Health
from streamcore.streams.checkpoints import Checkpoints
from streamcore.streams.polled_stream import POLLED, PolledStream

BROKEN = ProviderError(ErrorKind.SERVER, "trouble of its own")
REFUSED = ProviderError(ErrorKind.AUTH, "refused the API key")


def price(topic: str) -> PriceReport:
    return PriceReport(topic, price=Decimal(1))


class Bench:
    """One provider without a stream at work; it is polled every five seconds."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.rest = ScriptedRest(self.clock)
        self.rest.on_fetch = lambda topics: map(price, topics)
        self.provider = PaperProvider(self.rest, streams=False)
        self.sink = ScriptedSink()
        self.stream = PolledStream(
            self.provider,  # type: ignore[arg-type]
            Settings(),
            self.clock,
            Checkpoints(),
            self.sink,
            demo=False,
        )


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    yield bench
    await bench.stream.close()


async def test_it_asks_at_once_and_then_in_turn_and_marks_all_as_polled(bench: Bench) -> None:
    bench.stream.set_topics(["SOL"])
    await bench.clock.advance(11)
    assert bench.rest.fetched_at == [0, 5, 10]
    assert set(bench.sink.reports) == {(price("SOL"), Source.POLL)}


async def test_a_new_topic_is_asked_for_at_once(bench: Bench) -> None:
    bench.stream.set_topics(["SOL"])
    await bench.clock.advance(1)
    bench.stream.set_topics(["SOL", "BTC"])
    await bench.clock.advance(1)
    assert bench.rest.fetches == [(0, ("SOL",)), (1, ("BTC",))]
    assert bench.sink.reports[-1] == (price("BTC"), Source.POLL)


async def test_a_new_topic_that_could_not_be_had_is_left_to_the_next_poll(bench: Bench) -> None:
    """A metered source must not be asked twice for the same."""
    bench.stream.set_topics(["SOL"])
    await bench.clock.advance(1)
    bench.rest.on_fetch = lambda topics: [ProviderError(ErrorKind.RATE_LIMIT, "slow down")]
    bench.stream.set_topics(["SOL", "BTC"])
    await bench.clock.advance(3)
    bench.rest.on_fetch = lambda topics: map(price, topics)
    await bench.clock.advance(60)
    assert bench.rest.fetches[:3] == [(0, ("SOL",)), (1, ("BTC",)), (5, ("SOL", "BTC"))]
    assert {topics for _, topics in bench.rest.fetches[2:]} == {("SOL", "BTC")}


async def test_its_state_is_fallback_while_it_is_polled_and_failed_while_that_fails(bench: Bench) -> None:
    assert bench.stream.status(0).state is State.DISCONNECTED
    bench.stream.set_topics(["SOL"])
    await bench.clock.advance(1)
    status = bench.stream.status(0)
    assert (status.state, status.reason, bench.stream.health) == (State.FALLBACK, POLLED, Health.UP)
    bench.rest.on_fetch = lambda topics: [BROKEN]
    await bench.clock.advance(5)
    status = bench.stream.status(0)
    assert (status.state, status.reason, bench.stream.health) == (
        State.FAILED,
        "trouble of its own",
        Health.DOWN,
    )
    bench.stream.set_topics([])
    assert bench.stream.status(0).state is State.DISCONNECTED


async def test_every_change_is_told(bench: Bench) -> None:
    told: list[Health] = []
    bench.sink.on_status = lambda: told.append(bench.stream.health)
    bench.stream.set_topics(["SOL"])
    await bench.clock.advance(6)
    bench.rest.on_fetch = lambda topics: [BROKEN]
    await bench.clock.advance(5)
    bench.stream.set_topics([])
    await bench.clock.settle()
    assert told == [Health.UP, Health.DOWN, Health.STARTING]


async def test_a_parked_source_does_not_wake_on_a_jump_of_time(bench: Bench) -> None:
    """Fault 14."""
    bench.rest.on_fetch = lambda topics: [REFUSED]
    bench.stream.set_topics(["SOL"])
    await bench.clock.advance(100)
    bench.stream.check()
    bench.stream.set_topics(["SOL", "BTC"])
    bench.stream.refresh(["SOL"])
    await bench.clock.advance(100)
    assert bench.rest.fetched_at == [0]
    assert (bench.stream.status(0).parked, bench.provider.forgotten) == (True, 0)


async def test_a_source_that_is_well_asks_at_once_after_a_jump_of_time(bench: Bench) -> None:
    bench.stream.set_topics(["SOL"])
    await bench.clock.advance(1)
    bench.stream.check()
    await bench.clock.advance(1)
    assert bench.rest.fetched_at == [0, 1]
    assert bench.provider.forgotten == 0


async def test_a_person_wakes_a_parked_source(bench: Bench) -> None:
    bench.rest.on_fetch = lambda topics: [REFUSED]
    bench.stream.set_topics(["SOL"])
    await bench.clock.advance(100)
    bench.rest.on_fetch = lambda topics: map(price, topics)
    bench.stream.reconnect()
    await bench.clock.advance(1)
    assert (bench.rest.fetched_at, bench.provider.forgotten) == ([0, 100], 1)
    assert bench.stream.health is Health.UP


async def test_a_person_who_asks_to_reconnect_is_not_kept_waiting_by_the_breaker(bench: Bench) -> None:
    """Row c of issue 11: it said "Reconnecting" and asked nothing for 25 s."""
    bench.rest.on_fetch = lambda topics: [BROKEN]
    bench.stream.set_topics(["SOL"])
    await bench.clock.advance(30)
    assert bench.stream.status(0).breaker is BreakerState.OPEN
    bench.rest.on_fetch = lambda topics: map(price, topics)
    bench.stream.reconnect()
    await bench.clock.settle()
    assert bench.rest.fetched_at[-1] == 30
    assert bench.stream.health is Health.UP


async def test_an_answer_that_is_a_web_page_is_not_taken_for_health(bench: Bench) -> None:
    """Row 6 of issue 11: with a login page in place of every answer the lamp said polling."""
    bench.rest.on_fetch = lambda topics: [Malformed("no JSON")]
    bench.stream.set_topics(["SOL"])
    await bench.clock.advance(1)
    assert bench.stream.health is Health.DOWN
    assert not bench.stream.is_well


async def test_a_refusal_of_one_topic_is_passed_on_and_nothing_fails(bench: Bench) -> None:
    refusal = Refusal(ProviderError(ErrorKind.SUBSCRIPTION, "unknown"), ("XYZ",))
    bench.rest.on_fetch = lambda topics: [price("SOL"), refusal]
    bench.stream.set_topics(["SOL", "XYZ"])
    await bench.clock.advance(1)
    assert (refusal, Source.POLL) in bench.sink.reports
    assert (bench.stream.health, bench.stream.status(0).messages_received) == (Health.UP, 1)


async def test_an_error_that_comes_and_goes_is_told_once_a_minute(bench: Bench) -> None:
    bench.stream.set_topics(["SOL"])
    for _ in range(24):
        bench.rest.on_fetch = lambda topics: [BROKEN]
        await bench.clock.advance(5)
        bench.rest.on_fetch = lambda topics: map(price, topics)
        await bench.clock.advance(5)
    assert 3 <= bench.sink.texts.count("trouble of its own") <= 4


async def test_damaged_data_is_counted_and_told_once_a_minute_whatever_it_says(bench: Bench) -> None:
    bench.rest.on_fetch = lambda topics: [
        price("SOL"),
        Malformed(f"nonsense at {bench.clock.monotonic()}"),
    ]
    bench.stream.set_topics(["SOL"])
    await bench.clock.advance(119)
    assert len(bench.sink.texts) == 2
    assert bench.stream.status(0).malformed == 24


async def test_set_topics_never_calls_back_before_it_returns(bench: Bench) -> None:
    """Fault 16: whoever routes was entered again through a source that lost its last topic."""
    depth = deepest = 0
    wanted: list[list[str]] = [["SOL"], [], ["SOL"], []]

    def route() -> None:
        nonlocal depth, deepest
        depth += 1
        deepest = max(deepest, depth)
        if wanted:
            bench.stream.set_topics(wanted.pop(0))
        depth -= 1

    bench.sink.on_status = route
    route()
    await bench.clock.advance(30)
    assert (wanted, deepest) == ([], 1)
    assert bench.sink.status_changes >= 3


async def test_closing_leaves_no_task_behind() -> None:
    bench = Bench()
    bench.rest.on_fetch = lambda topics: [5.0]
    bench.stream.set_topics(["SOL"])
    await bench.clock.advance(1)
    bench.stream.set_topics(["SOL", "BTC"])
    await bench.clock.advance(1)
    await bench.stream.close()
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_when_nothing_is_wanted_any_more_it_is_neither_well_nor_down(bench: Bench) -> None:
    for steps, health in (([price("SOL")], Health.UP), ([BROKEN], Health.DOWN)):
        bench.rest.on_fetch = lambda topics, steps=steps: steps  # type: ignore[misc]
        bench.stream.set_topics(["SOL"])
        await bench.clock.advance(1)
        assert bench.stream.health is health
        bench.stream.set_topics([])
        await bench.clock.settle()
        assert (bench.stream.health, bench.stream.is_well) == (Health.STARTING, True)


async def test_a_source_that_was_refused_stays_so_when_nothing_is_wanted_any_more(bench: Bench) -> None:
    bench.rest.on_fetch = lambda topics: [REFUSED]
    bench.stream.set_topics(["SOL"])
    await bench.clock.advance(1)
    bench.stream.set_topics([])
    await bench.clock.settle()
    assert bench.stream.health is Health.DOWN
    asked = len(bench.rest.fetches)
    bench.stream.set_topics(["SOL"])
    await bench.clock.advance(60)
    assert len(bench.rest.fetches) == asked
