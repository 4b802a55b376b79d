from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
from manual_clock import START, ManualClock
from scripted_connection import PaperProvider, PaperTransport
from scripted_rest import ScriptedRest, ScriptedSink

from streamcore.config.model import Settings, StreamSettings
from streamcore.errors import ProviderError
from streamcore.events import DataKind, ErrorKind, Source, State
from streamcore.providers.reports import (
    Checkpoint,
    Notice,
    PriceReport,
    QuoteRequest,
    SignatureSeen,
    TransactionReport,
)
from streamcore.solana.interpretation import SolanaTransaction
from streamcore.status import BreakerState, Health
from streamcore.streams.checkpoints import Checkpoints
from streamcore.streams.omissions import LATE
from streamcore.streams.provider_stream import ProviderStream

LOST = ProviderError(ErrorKind.NETWORK, "connection lost: no close frame")
BROKEN = ProviderError(ErrorKind.SERVER, "trouble of its own")
NO_TRANSACTION: SolanaTransaction = None  # type: ignore[assignment]  # what it was does not matter here


def price(topic: str) -> PriceReport:
    return PriceReport(topic, price=Decimal(1))


class Bench:
    """One provider of paper at work."""

    def __init__(
        self, *, kind: DataKind = DataKind.PRICES, sweep: bool = False, **stream: float | bool
    ) -> None:
        self.clock = ManualClock()
        self.rest = ScriptedRest(self.clock)
        self.provider = PaperProvider(self.rest, kind=kind, sweep=sweep)
        self.transport = PaperTransport(self.clock)
        self.sink = ScriptedSink()
        self.checkpoints = Checkpoints()
        self.stream = ProviderStream(
            self.provider,  # type: ignore[arg-type]
            Settings(stream=StreamSettings(stale_after=3600.0, **stream)),  # type: ignore[arg-type]
            self.clock,
            self.checkpoints,
            self.sink,
            transport=self.transport,  # type: ignore[arg-type]
            demo=False,
        )

    @property
    def state(self) -> State:
        return self.stream.status(0).state

    async def connected(self, *topics: str) -> None:
        self.stream.set_topics(topics)
        await self.clock.settle()
        await self.transport.live()
        assert self.state is State.CONNECTED

    async def lose(self, error: ProviderError = LOST) -> None:
        self.transport.sockets[-1].break_off(error)
        await self.clock.settle()

    def say(self, *reports: object) -> None:
        """Have the stream say something no word of the paper codec stands for."""
        self.stream.connection_reports(self.stream._connections[0], reports)  # type: ignore[arg-type]

    def transaction(self, slot: int, *, age: float = 0.0) -> TransactionReport:
        happened_at = int(START + self.clock.monotonic() - age)
        return TransactionReport(f"w {slot}", slot, NO_TRANSACTION, happened_at, ("w",))

    def transactions(self) -> list[tuple[int, Source]]:
        return [
            (report.slot, source)
            for report, source in self.sink.reports
            if isinstance(report, TransactionReport)
        ]


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    yield bench
    await bench.stream.close()


@pytest.fixture
async def wallets() -> AsyncIterator[Bench]:
    bench = Bench(kind=DataKind.WALLETS, sweep=True, sweep_interval=60.0)
    bench.checkpoints.watch("w", START)
    bench.checkpoints.begin("w", Checkpoint("", 100), ())
    bench.sink.is_news = lambda report: (
        not isinstance(report, TransactionReport)
        or bench.checkpoints.record("w", report.signature, report.slot, streamed=False)
    )
    yield bench
    await bench.stream.close()


# Live before past


async def test_live_transactions_do_not_wait_for_what_is_fetched_of_the_past(wallets: Bench) -> None:
    """Fault 3: after a reconnect they came a median of 10 s late, and all were marked as backfill."""
    await wallets.connected("w")
    await wallets.lose()
    wallets.rest.on_fetch = lambda topics: [20.0, wallets.transaction(110), wallets.transaction(120)]
    await wallets.clock.advance(1)
    await wallets.transport.live()
    wallets.sink.reports.clear()
    wallets.say(wallets.transaction(120))
    assert wallets.transactions() == [(120, Source.STREAM)]
    await wallets.clock.advance(25)
    assert wallets.transactions() == [
        (120, Source.STREAM),
        (110, Source.BACKFILL),
        (120, Source.BACKFILL),  # which the checkpoints tell from news by its signature
    ]
    assert wallets.stream.status(0).recovered == 1


async def test_a_status_tells_that_something_known_cannot_be_fetched_and_when_that_is_over(
    wallets: Bench,
) -> None:
    await wallets.connected("w")
    await wallets.clock.advance(1)
    told: list[str | None] = []
    wallets.sink.on_status = lambda: told.append(wallets.stream.status(0).reason)
    wallets.rest.on_answer = lambda question: [BROKEN]
    wallets.say(SignatureSeen("w", "w 110", 110))
    await wallets.clock.advance(15)
    wallets.rest.on_answer = lambda question: [wallets.transaction(110)]
    await wallets.clock.advance(15)
    assert told == ["1 transaction known but not fetched: trouble of its own", None]
    assert wallets.transactions() == [(110, Source.STREAM)]


async def test_a_stream_that_ended_in_silence_is_in_doubt_although_it_is_connected_again(
    bench: Bench,
) -> None:
    assert bench.stream.is_well
    await bench.connected("SOL")
    assert bench.stream.is_well
    assert bench.stream.health is Health.UP
    bench.stream._connections[0].give_up(LOST)
    await bench.clock.settle()
    await bench.clock.advance(1)
    await bench.transport.live()
    assert (bench.state, bench.stream.is_well, bench.stream.health) == (State.CONNECTED, False, Health.DOWN)


# Polling stands in


async def test_the_first_state_of_a_topic_is_fetched_at_once_whether_the_stream_is_there_or_not(
    bench: Bench,
) -> None:
    bench.stream.set_topics(("SOL",))
    await bench.clock.advance(1.0)
    assert bench.state is State.CONNECTING
    assert bench.rest.fetches == [(0.0, ("SOL",))]
    await bench.transport.live()
    await bench.clock.advance(1.0)
    del bench.rest.fetches[:]
    bench.stream.set_topics(("SOL", "BTC"))
    await bench.clock.settle()
    assert bench.rest.fetches == [(2.0, ("BTC",))]


async def test_a_person_who_reconnects_is_not_kept_waiting_by_the_breaker(bench: Bench) -> None:
    bench.rest.on_fetch = lambda topics: [BROKEN]
    bench.stream.set_topics(("SOL",))
    while bench.stream.status(0).breaker is not BreakerState.OPEN:
        await bench.clock.advance(0.5)
    bench.rest.on_fetch = lambda topics: map(price, topics)
    bench.stream.reconnect()
    assert bench.stream.status(0).breaker is BreakerState.CLOSED
    await bench.clock.settle()
    assert bench.sink.reports == [(price("SOL"), Source.BACKFILL)]


async def test_the_latency_is_that_of_the_last_pong_in_milliseconds(bench: Bench) -> None:
    await bench.connected("SOL")
    assert bench.stream.status(0).latency_ms is None
    await bench.clock.advance(1)
    assert bench.stream.status(0).latency_ms == 50.0


async def test_while_the_stream_is_down_it_is_polled(bench: Bench) -> None:
    bench.rest.on_fetch = lambda topics: map(price, topics)
    bench.transport.refusals = [BROKEN] * 100
    bench.stream.set_topics(["SOL"])
    await bench.clock.advance(12)
    assert (bench.state, bench.stream.health) == (State.FALLBACK, Health.POLLED)
    assert (price("SOL"), Source.POLL) in bench.sink.reports
    assert bench.sink.restarts[0] == ("SOL",)


async def test_a_quote_is_asked_for_once_at_a_time_where_the_provider_has_such(bench: Bench) -> None:
    await bench.connected("A")
    bench.rest.on_answer = lambda question: [1.0, PriceReport("A", bid=Decimal(1), ask=Decimal(2))]
    bench.stream.ask_quote("A")
    bench.stream.ask_quote("A")
    await bench.clock.advance(2.0)
    assert [question for _, question in bench.rest.answers] == [QuoteRequest("A")]
    assert (PriceReport("A", bid=Decimal(1), ask=Decimal(2)), Source.BACKFILL) in bench.sink.reports
    bench.provider.has_quotes = False
    bench.stream.ask_quote("A")
    await bench.clock.advance(2.0)
    assert len(bench.rest.answers) == 1


async def test_polling_stops_when_the_stream_is_back(bench: Bench) -> None:
    bench.rest.on_fetch = lambda topics: map(price, topics)
    bench.transport.refusals = [BROKEN]
    bench.stream.set_topics(["SOL"])
    await bench.clock.advance(1)
    await bench.transport.live()
    asked = len(bench.rest.fetches)
    await bench.clock.advance(25)
    assert (bench.stream.health, bench.stream.status(0).fallback) == (Health.UP, False)
    assert len(bench.rest.fetches) <= asked + 1


async def test_a_stream_that_is_back_closes_the_breaker_and_catches_up_at_once(bench: Bench) -> None:
    """Row a of issue 11: the stream was back after 2.4 s, the price after 104 s."""
    await bench.connected("SOL")
    bench.rest.on_fetch = lambda topics: [BROKEN]
    bench.transport.refusals = [BROKEN] * 8
    await bench.lose()
    await bench.clock.advance(130)
    assert bench.stream.status(0).breaker is not BreakerState.CLOSED
    bench.sink.reports.clear()
    bench.rest.on_fetch = lambda topics: map(price, topics)
    bench.transport.refusals.clear()
    bench.stream.reconnect()
    await bench.clock.settle()
    await bench.transport.live()
    assert (price("SOL"), Source.BACKFILL) in bench.sink.reports
    assert bench.stream.status(0).breaker is BreakerState.CLOSED


# Errors


async def test_a_notice_that_comes_back_while_the_stream_stays_up_is_told_again(bench: Bench) -> None:
    """Fault 4: an error told once was never told again while the stream stayed up."""
    await bench.connected("SOL")
    bench.rest.on_fetch = lambda topics: [BROKEN]
    bench.stream.refresh(["SOL"])
    await bench.clock.advance(1)
    assert bench.sink.texts == ["trouble of its own"]
    bench.rest.on_fetch = lambda topics: map(price, topics)
    await bench.clock.advance(90)
    bench.rest.on_fetch = lambda topics: [BROKEN]
    bench.stream.refresh(["SOL"])
    await bench.clock.advance(1)
    assert bench.sink.texts == ["trouble of its own", "trouble of its own"]


async def test_a_stream_lost_again_and_again_for_one_reason_is_told_once_a_minute(bench: Bench) -> None:
    await bench.connected("SOL")
    for _ in range(12):
        await bench.lose()
        bench.stream.reconnect()
        await bench.clock.settle()
        await bench.transport.live()
        await bench.clock.advance(10)
    assert bench.sink.texts == [LOST.message] * 2


async def test_ever_new_texts_are_not_remembered_for_ever(bench: Bench) -> None:
    await bench.connected("SOL")
    for number in range(1000):
        bench.say(Notice(ProviderError(ErrorKind.SERVER, f"request {number} failed")))
    assert len(bench.stream._reporting.errors._reported) <= 100


# Sweeps


async def test_what_the_stream_left_out_is_found_and_it_is_subscribed_anew(wallets: Bench) -> None:
    await wallets.connected("w")
    await wallets.clock.advance(30)
    left_out = wallets.transaction(110)
    wallets.rest.on_fetch = lambda topics: [left_out]
    wallets.sink.errors.clear()
    await wallets.clock.advance(36)
    assert (110, Source.BACKFILL) in wallets.transactions()
    assert "streamed on but left out 1 transaction; subscribing anew" in wallets.sink.texts[-1]
    assert len(wallets.transport.sockets) == 2


async def test_with_frequent_sweeps_a_dead_subscription_is_mended_too() -> None:
    """Row l of issue 11: with sweeps below 20 s every line came from sweeps, for ever."""
    bench = Bench(kind=DataKind.WALLETS, sweep=True, sweep_interval=5.0)
    bench.checkpoints.watch("w", START)
    bench.checkpoints.begin("w", Checkpoint("", 100), ())
    bench.sink.is_news = lambda report: (
        isinstance(report, TransactionReport)
        and bench.checkpoints.record("w", report.signature, report.slot, streamed=False)
    )
    await bench.connected("w")
    await bench.clock.advance(22)
    fresh = [bench.transaction(110)]
    bench.rest.on_fetch = lambda topics: fresh
    await bench.clock.advance(LATE - 2)
    assert len(bench.transport.sockets) == 1
    await bench.clock.advance(10)
    assert "left out 1 transaction" in bench.sink.texts[-1]
    assert len(bench.transport.sockets) == 2
    await bench.stream.close()


@pytest.mark.parametrize("hinted", [True, False])
async def test_what_the_stream_tells_soon_after_the_sweep_was_not_left_out(
    wallets: Bench, hinted: bool
) -> None:
    await wallets.connected("w")
    await wallets.clock.advance(59)
    fresh = wallets.transaction(110)
    wallets.rest.on_fetch = lambda topics: [fresh]
    await wallets.clock.advance(2)
    wallets.say(SignatureSeen("w", "w 110", 110) if hinted else fresh)
    await wallets.clock.advance(120)
    assert len(wallets.transport.sockets) == 1


async def test_what_happened_before_the_subscription_is_not_held_against_it(wallets: Bench) -> None:
    """Row a of issue 11: after an outage it said falsely that the stream had left something out."""
    await wallets.clock.advance(300)
    await wallets.connected("w")
    missed = wallets.transaction(110, age=100)
    await wallets.clock.advance(30)
    wallets.rest.on_fetch = lambda topics: [missed]
    await wallets.clock.advance(100)
    assert (110, Source.BACKFILL) in wallets.transactions()
    assert len(wallets.transport.sockets) == 1


# Time jumps, calls back, closing


async def test_a_parked_stream_is_not_woken_nor_asked_over_http_by_a_jump_of_time(bench: Bench) -> None:
    refusal = ProviderError(ErrorKind.AUTH, "refused the API key")
    bench.rest.on_fetch = lambda topics: [refusal]
    bench.transport.refusals = [refusal] * 9
    bench.stream.set_topics(["SOL"])
    await bench.clock.advance(100)
    dialled, asked = len(bench.transport.connected_at), len(bench.rest.fetches)
    bench.stream.check()
    await bench.clock.advance(100)
    assert (len(bench.transport.connected_at), len(bench.rest.fetches)) == (dialled, asked)
    assert bench.stream.status(0).parked


async def test_nobody_is_called_back_within_a_call(bench: Bench) -> None:
    """Fault 16: whoever routes must not be entered again by what it does."""
    calls = 0

    def called() -> None:
        assert not within

    bench.sink.on_status = called
    within = False
    await bench.connected("SOL", "BTC")
    for act in (
        lambda: bench.stream.set_topics(["SOL"]),
        bench.stream.check,
        bench.stream.reconnect,
        lambda: bench.stream.refresh(["SOL"]),
        lambda: bench.stream.set_topics([]),
        lambda: bench.stream.set_topics(["SOL"]),
    ):
        within = True
        act()
        within = False
        calls += 1
        await bench.clock.advance(3)
    assert calls == 6


async def test_closing_leaves_no_task_behind() -> None:
    bench = Bench(sweep=True)
    bench.rest.on_fetch = lambda topics: [5.0]
    bench.transport.refusals = [BROKEN]
    bench.stream.set_topics(["SOL", "BTC"])
    await bench.clock.advance(1)
    await bench.transport.live()
    bench.stream.refresh(["SOL"])
    bench.say(SignatureSeen("SOL", "s", 1))
    await bench.clock.advance(1)
    await bench.stream.close()
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert bench.transport.sockets[-1].closed
    assert bench.state is State.DISCONNECTED
