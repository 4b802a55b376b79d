"""From what providers of prices report to events: who is asked, whose word counts, what is known."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from manual_clock import ManualClock
from properties import quick
from scripted_source import ScriptedSource

from streamcore import (
    ErrorKind,
    Event,
    InputError,
    PriceKind,
    PriceUpdate,
    ProviderError,
    Source,
    StreamError,
    UnknownSymbol,
)
from streamcore.assets.instruments import Venue
from streamcore.assets.tokens import TokenTable
from streamcore.events import PRICE_FIELDS
from streamcore.hub import Hub, Subscriber
from streamcore.providers.reports import PriceReport, Refusal
from streamcore.status import Health
from streamcore.tracking.prices import PriceTracker

SOL = "So11111111111111111111111111111111111111112"


class Table:
    """A tracker, the sources it follows, and what it has published."""

    def __init__(self, *sources: ScriptedSource) -> None:
        self.clock = ManualClock()
        self.seen: list[Event] = []
        self.tracker = PriceTracker(sources, TokenTable(), self.clock, publish=self.seen.append)

    def report(self, source: ScriptedSource, topic: str, price: str, how: Source = Source.STREAM) -> bool:
        report = PriceReport(topic, price=Decimal(price))
        return self.tracker.report(source, report, how, self.clock.monotonic())  # type: ignore[arg-type]

    def together(self, source: ScriptedSource, *reports: PriceReport) -> None:
        self.tracker.prices(source, reports, self.clock.monotonic())  # type: ignore[arg-type]

    def refuse(self, source: ScriptedSource, topic: str) -> None:
        error = ProviderError(ErrorKind.SUBSCRIPTION, f"{source.name} does not have {topic}")
        refusal = Refusal(error, (topic,))
        self.tracker.report(source, refusal, Source.STREAM, self.clock.monotonic())  # type: ignore[arg-type]

    def prices(self) -> list[PriceUpdate]:
        return [event for event in self.seen if isinstance(event, PriceUpdate)]

    def errors(self) -> list[StreamError]:
        return [event for event in self.seen if isinstance(event, StreamError)]


@pytest.fixture
def first() -> ScriptedSource:
    return ScriptedSource("first")


@pytest.fixture
def second() -> ScriptedSource:
    return ScriptedSource("second")


@pytest.fixture
def table(first: ScriptedSource, second: ScriptedSource) -> Table:
    return Table(first, second)


def test_a_row_is_wanted_until_the_last_who_asked_for_it_has_gone(
    table: Table, first: ScriptedSource
) -> None:
    table.tracker.subscribe(["SOL", "$btc"])
    table.tracker.subscribe(["sol"])
    table.tracker.unsubscribe(["SOL", "BTC"])
    assert first.topics == ("SOL/USD",)
    table.tracker.unsubscribe([SOL])
    assert first.topics == ()
    table.tracker.unsubscribe(["SOL"])  # one too many is left alone


async def test_a_price_that_a_living_stream_has_not_told_for_long_is_asked_for_over_http(
    table: Table, first: ScriptedSource
) -> None:
    table.tracker.subscribe(["SOL", "BTC"])
    table.report(first, "SOL/USD", "150")
    table.tracker.pass_time()
    for _ in range(12):
        await table.clock.advance(10)
        table.report(first, "SOL/USD", "150")
        table.tracker.pass_time()
    assert first.refreshed == [("BTC/USD",)]
    await table.clock.advance(119)
    table.tracker.pass_time()
    assert first.refreshed == [("BTC/USD",)]
    await table.clock.advance(1)
    table.tracker.pass_time()
    assert first.refreshed[1:] == [("SOL/USD", "BTC/USD")]


async def test_quiet_prices_of_a_source_that_is_polled_or_tells_its_gaps_are_not_asked_for(
    first: ScriptedSource,
) -> None:
    for source in (ScriptedSource("polled", streams=False), ScriptedSource("sure"), ScriptedSource("down")):
        source.provider.tells_gaps = source.name == "sure"
        source.health = Health.POLLED if source.name == "down" else Health.UP
        table = Table(source)
        table.tracker.subscribe(["SOL"])
        for _ in range(30):
            await table.clock.advance(10)
            table.tracker.pass_time()
        assert source.refreshed == []


async def test_a_price_that_moves_over_http_alone_is_subscribed_anew_and_comes_from_the_next_source(
    table: Table, first: ScriptedSource, second: ScriptedSource
) -> None:
    table.tracker.subscribe(["SOL", "BTC"])
    table.report(first, "SOL/USD", "150")
    table.report(first, "BTC/USD", "60000")
    table.tracker.pass_time()
    await table.clock.advance(121)
    table.tracker.pass_time()
    assert first.refreshed == [("SOL/USD", "BTC/USD")]
    table.report(first, "SOL/USD", "155", Source.POLL)
    table.report(first, "BTC/USD", "60000", Source.POLL)
    await table.clock.advance(9)
    table.tracker.pass_time()
    assert table.errors() == []
    await table.clock.advance(1)
    table.tracker.pass_time()
    (told,) = table.errors()
    assert (told.kind, told.provider) == (ErrorKind.GAP, "first")
    assert "SOL/USD" in told.message
    assert (first.topics, second.topics) == (("BTC/USD",), ("SOL/USD",))
    await table.clock.advance(30)
    table.tracker.pass_time()
    assert (first.topics, second.topics) == (("SOL/USD", "BTC/USD"), ())


async def test_a_stream_that_is_a_moment_later_than_http_is_as_good(
    table: Table, first: ScriptedSource
) -> None:
    table.tracker.subscribe(["SOL"])
    table.report(first, "SOL/USD", "150")
    table.tracker.pass_time()
    await table.clock.advance(121)
    table.tracker.pass_time()
    table.report(first, "SOL/USD", "155", Source.POLL)
    await table.clock.advance(2)
    table.report(first, "SOL/USD", "155")
    await table.clock.advance(30)
    table.tracker.pass_time()
    assert table.errors() == []


def sol(price: str | None, *, complete: bool = False) -> PriceReport:
    return PriceReport("SOL/USD", None if price is None else Decimal(price), complete=complete)


def test_prices_that_came_together_are_events_in_their_order_and_none_is_left_out(
    table: Table, first: ScriptedSource
) -> None:
    table.tracker.subscribe(["SOL", "BTC"])
    btc = PriceReport("BTC/USD", Decimal(60000))
    for _ in range(2):
        table.together(first, sol("150"), sol("151"), btc, sol("151"))
    assert [(event.symbol, event.price, event.changed) for event in table.prices()] == [
        ("SOL", 150, ("price",)),
        ("SOL", 151, ("price",)),
        ("BTC", 60000, ("price",)),
        ("SOL", 151, ()),
        ("SOL", 150, ("price",)),
        ("SOL", 151, ("price",)),
        ("BTC", 60000, ()),
        ("SOL", 151, ()),
    ]


def test_a_topic_that_is_given_back_while_its_prices_come_makes_no_event_any_more(
    table: Table, first: ScriptedSource
) -> None:
    table.tracker.subscribe(["SOL"])
    table.together(first, sol("150"), sol("151"))
    table.tracker.unsubscribe(["SOL"])
    table.together(first, sol("152"))
    assert [event.price for event in table.prices()] == [150, 151]
    assert table.tracker.snapshot() == {}


def test_of_two_that_stream_the_same_only_the_source_makes_events(
    table: Table, first: ScriptedSource, second: ScriptedSource
) -> None:
    table.tracker.subscribe(["SOL"])
    table.together(first, sol("150"), sol("151"))
    first.health = Health.DOWN
    table.tracker.reroute()
    table.together(second, sol("149"), sol("148"))
    table.together(first, sol("152"))
    first.health = Health.UP
    table.tracker.reroute()
    table.together(second, sol("147"))
    table.together(first, sol("153"))
    told = [(event.provider, event.price, event.kind) for event in table.prices()]
    assert told == [
        ("first", 150, PriceKind.SNAPSHOT),
        ("first", 151, PriceKind.DELTA),
        ("second", 149, PriceKind.SNAPSHOT),
        ("second", 148, PriceKind.DELTA),
        ("first", 153, PriceKind.SNAPSHOT),
    ]


def test_a_source_that_says_in_the_midst_of_prices_that_it_knows_none_gives_the_row_away(
    table: Table, first: ScriptedSource, second: ScriptedSource
) -> None:
    table.tracker.subscribe(["SOL"])
    table.together(first, sol("150"), sol("151"), sol(None, complete=True))
    assert second.topics == ("SOL/USD",)
    table.together(second, sol("149"))
    table.together(first, sol("152"), sol("153"))
    assert [(event.provider, event.price) for event in table.prices()] == [
        ("first", 150),
        ("first", 151),
        ("second", 149),
        ("first", 152),
        ("first", 153),
    ]


def test_a_quote_is_asked_of_the_present_source_alone_and_for_what_is_watched(
    table: Table, first: ScriptedSource, second: ScriptedSource
) -> None:
    table.tracker.ask_quote("SOL")
    assert (first.quoted, second.quoted) == ([], [])
    table.tracker.subscribe(["SOL"])
    table.tracker.ask_quote("SOL")
    assert (first.quoted, second.quoted) == ([*first.topics], [])


def test_bid_and_ask_that_were_asked_for_change_nothing_else_and_confirm_no_price(
    table: Table, first: ScriptedSource
) -> None:
    table.tracker.subscribe(["SOL"])
    (topic,) = first.topics
    table.report(first, topic, "150")
    before = table.prices()[-1]
    table.clock.wall_offset = 30.0
    quote = PriceReport(topic, bid=Decimal(149), ask=Decimal(151))
    table.tracker.report(first, quote, Source.BACKFILL, table.clock.monotonic())  # type: ignore[arg-type]
    after = table.prices()[-1]
    assert (after.bid, after.ask) == (149, 151)
    assert (after.price, after.ts, after.source, after.changed) == (150, before.ts, Source.STREAM, ())


def test_one_unknown_symbol_changes_nothing(first: ScriptedSource) -> None:
    chain = ScriptedSource("chain", venue=Venue.CHAIN)
    table = Table(chain)
    with pytest.raises(UnknownSymbol):
        table.tracker.subscribe(["SOL", "NOSUCHTICKER"])
    assert chain.wishes == []
    assert table.tracker.sources == {}


def test_without_any_source_the_reason_is_said() -> None:
    with pytest.raises(InputError, match=r"stream\.enable_prices is off"):
        Table().tracker.subscribe(["SOL"])


def test_the_first_price_is_a_snapshot_and_the_next_a_delta(table: Table, first: ScriptedSource) -> None:
    table.tracker.subscribe(["SOL"])
    assert table.report(first, "SOL/USD", "150")
    assert table.report(first, "SOL/USD", "151")
    assert not table.report(first, "SOL/USD", "151")
    assert [event.kind for event in table.prices()] == [PriceKind.SNAPSHOT, PriceKind.DELTA, PriceKind.DELTA]
    assert [event.changed for event in table.prices()] == [("price",), ("price",), ()]


def test_what_a_stand_in_says_that_is_not_needed_is_not_published(
    table: Table, first: ScriptedSource, second: ScriptedSource
) -> None:
    table.tracker.subscribe(["SOL"])
    assert not table.report(second, "SOL/USD", "149")
    assert table.prices() == []


def test_a_row_moves_to_the_next_source_with_a_snapshot_and_nothing_of_the_old_one(
    table: Table, first: ScriptedSource, second: ScriptedSource
) -> None:
    table.tracker.subscribe(["SOL"])
    table.report(first, "SOL/USD", "150")
    first.health = Health.DOWN
    table.tracker.reroute()
    assert second.topics == ("SOL/USD",)
    assert table.tracker.sources == {SOL: "second"}
    assert table.tracker.snapshot() == {}
    table.report(second, "SOL/USD", "149")
    assert [(event.provider, event.kind) for event in table.prices()] == [
        ("first", PriceKind.SNAPSHOT),
        ("second", PriceKind.SNAPSHOT),
    ]


def test_an_impossible_price_is_left_out_and_complained_of(table: Table, first: ScriptedSource) -> None:
    table.tracker.subscribe(["SOL"])
    assert not table.report(first, "SOL/USD", "-1")
    assert table.prices() == []
    assert "impossible price for SOL" in first.complaints[0]


def test_the_snapshot_is_the_whole_state_of_every_row_that_has_a_price(
    table: Table, first: ScriptedSource
) -> None:
    table.tracker.subscribe(["SOL", "BTC", "ETH"])
    table.report(first, "SOL/USD", "150")
    table.report(first, "BTC/USD", "60000")
    table.clock.chance = 0.1
    table.report(first, "SOL/USD", "151")
    report = PriceReport("SOL/USD", change_24h=Decimal("2.5"))
    table.tracker.report(first, report, Source.STREAM, 0.0)  # type: ignore[arg-type]
    known = table.tracker.snapshot()
    assert set(known) == {SOL, "BTC"}
    sol = known[SOL]
    assert (sol.kind, sol.price, sol.change_24h) == (PriceKind.SNAPSHOT, Decimal(151), Decimal("2.5"))
    assert sol.changed == ("price", "change_24h")
    assert table.prices()[-1].kind is PriceKind.DELTA
    table.tracker.unsubscribe(["SOL"])
    assert set(table.tracker.snapshot()) == {"BTC"}


def test_a_snapshot_keeps_the_time_of_what_it_tells(table: Table, first: ScriptedSource) -> None:
    table.tracker.subscribe(["SOL"])
    table.report(first, "SOL/USD", "150")
    told = table.prices()[0].ts
    table.clock._now = 500.0
    assert table.tracker.snapshot()[SOL].ts == told


def test_what_was_refused_goes_to_the_next_who_has_it_and_is_asked_for_again_in_time(
    table: Table, first: ScriptedSource, second: ScriptedSource
) -> None:
    table.tracker.subscribe(["JUP"])
    table.refuse(first, "JUP/USD")
    assert (first.topics, second.topics) == ((), ("JUP/USD",))
    assert table.errors() == []
    table.clock._now = 31.0
    table.tracker.pass_time()
    assert first.topics == ("JUP/USD",)


def test_what_nobody_has_is_an_error_of_who_refused_it_last(
    table: Table, first: ScriptedSource, second: ScriptedSource
) -> None:
    table.tracker.subscribe(["NOSUCH"])
    table.refuse(first, "NOSUCH/USD")
    table.refuse(second, "NOSUCH/USD")
    (error,) = table.errors()
    assert (error.provider, error.kind, error.retryable) == ("second", ErrorKind.SUBSCRIPTION, False)
    assert "no other source in use has NOSUCH" in error.message


def test_fault_18_that_no_source_has_a_symbol_is_not_an_error_of_the_first_provider(
    table: Table, first: ScriptedSource, second: ScriptedSource
) -> None:
    table.tracker.subscribe(["NOSUCH"])
    table.refuse(first, "NOSUCH/USD")
    table.refuse(second, "NOSUCH/USD")
    table.tracker.unsubscribe(["NOSUCH"])
    table.seen.clear()
    table.tracker.subscribe(["NOSUCH"])
    (error,) = table.errors()
    assert error.provider == ""
    assert error.message.startswith("no source in use has NOSUCH at the moment")
    assert not error.demo


def test_fault_18_that_no_demo_has_a_symbol_is_demo_data_as_well() -> None:
    chain = ScriptedSource("chain", venue=Venue.CHAIN, demo=True)
    table = Table(chain)
    table.tracker.subscribe(["BONK"])
    table.refuse(chain, table.tracker.symbols.describe("BONK").mint)
    table.tracker.unsubscribe(["BONK"])
    table.seen.clear()
    table.tracker.subscribe(["BONK"])
    assert [(error.provider, error.demo) for error in table.errors()] == [("", True)]


def test_fault_16_a_polled_source_that_is_not_needed_any_more_does_not_reroute_in_the_middle(
    first: ScriptedSource,
) -> None:
    polled = ScriptedSource("polled", streams=False)
    table = Table(first, polled)
    depth = 0

    def emptied() -> None:
        nonlocal depth
        depth += 1
        assert depth == 1, "rerouting began in the middle of another"
        if not polled.topics and polled.health is Health.UP:
            polled.health = Health.STARTING  # as a polled stream does, and tells at once
            table.tracker.reroute()
        depth -= 1

    polled.on_topics = emptied
    first.health = Health.DOWN
    table.tracker.subscribe(["SOL"])
    assert table.tracker.sources == {SOL: "polled"}
    first.health = Health.UP
    table.tracker.reroute()
    assert polled.health is Health.STARTING
    assert (first.topics, polled.topics) == (("SOL/USD",), ())
    assert table.tracker.sources == {SOL: "first"}


def test_fault_16_what_a_stream_becomes_while_it_is_given_topics_counts_in_the_end(
    table: Table, first: ScriptedSource, second: ScriptedSource
) -> None:
    def refused() -> None:
        if first.topics and first.health is Health.UP:
            first.health = Health.DOWN
            table.tracker.reroute()

    first.on_topics = refused
    table.tracker.subscribe(["SOL"])
    assert second.topics == ("SOL/USD",)
    assert table.tracker.sources == {SOL: "second"}


TICKERS = ("SOL", "BTC")
reports = st.tuples(
    st.just("report"),
    st.sampled_from((0, 0, 0, 1)),
    st.sampled_from(TICKERS),
    st.dictionaries(st.sampled_from(PRICE_FIELDS), st.integers(1, 3).map(Decimal), min_size=1),
    st.booleans(),
)
steps = st.one_of(
    reports,
    reports,
    reports,
    st.tuples(st.just("attach")),
    st.tuples(st.just("read"), st.integers(0, 5)),
    st.tuples(st.sampled_from(("subscribe", "unsubscribe")), st.sampled_from(TICKERS))
    | st.tuples(st.just("health"), st.sampled_from((0, 1)), st.sampled_from(Health))
    | st.tuples(st.just("restart"), st.sampled_from((0, 1))),
)


class Reader:
    """A consumer that keeps of every row what it was told, and believes ``changed``."""

    def __init__(self, consumer: Subscriber) -> None:
        self.consumer = consumer
        self.rows: dict[str, dict[str, Decimal | None]] = {}
        self.providers: dict[str, str] = {}

    async def read(self) -> None:
        with suppress(TimeoutError):
            while True:
                async with asyncio.timeout(0):
                    event = await anext(self.consumer)
                if isinstance(event, PriceUpdate):
                    self._take(event)

    def _take(self, event: PriceUpdate) -> None:
        whole = {name: getattr(event, name) for name in PRICE_FIELDS}
        if event.kind is PriceKind.SNAPSHOT:
            self.rows[event.symbol] = whole
            self.providers[event.symbol] = event.provider
        else:
            assert event.symbol in self.rows, "a change came before the state it changes"
            assert event.provider == self.providers[event.symbol]
            self.rows[event.symbol].update({name: whole[name] for name in event.changed})
        assert self.rows[event.symbol] == whole, "a change was missed"


@settings(quick, max_examples=80)
@given(st.lists(steps, min_size=5, max_size=40), st.sampled_from((1, 2, 100)))
def test_whoever_attaches_whenever_ends_up_knowing_what_is_known(
    steps: list[tuple[Any, ...]], capacity: int
) -> None:
    asyncio.run(play(steps, capacity))


async def play(steps: list[tuple[Any, ...]], capacity: int) -> None:
    hub = Hub(capacity)
    sources = (ScriptedSource("first"), ScriptedSource("second"))
    tracker = PriceTracker(sources, TokenTable(), ManualClock(), publish=hub.publish)
    readers = [Reader(hub.subscribe())]
    tracker.subscribe(TICKERS)
    for step in steps:
        match step:
            case ("subscribe", ticker):
                tracker.subscribe([ticker])
            case ("unsubscribe", ticker):
                tracker.unsubscribe([ticker])
            case ("report", at, ticker, fields, complete):
                report = PriceReport(f"{ticker}/USD", **fields, complete=complete)
                tracker.prices(sources[at], [report], 0.0)  # type: ignore[arg-type]
            case ("health", at, health):
                sources[at].health = health
                tracker.reroute()
            case ("restart", at):
                tracker.restarted(sources[at], sources[at].topics)
            case ("attach",):
                readers.append(Reader(hub.subscribe(tracker.snapshot().values())))
            case ("read", at):
                await readers[at % len(readers)].read()
    known = {event.symbol: event for event in tracker.snapshot().values()}
    for reader in readers:
        await reader.read()
        if capacity == 100:  # else the last word on a row may have had to give way
            for symbol, event in known.items():
                assert reader.rows[symbol] == {name: getattr(event, name) for name in PRICE_FIELDS}
