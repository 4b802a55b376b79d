"""Rows between sources: which one has a price, what a new list of markets changes."""

from __future__ import annotations

from decimal import Decimal

from manual_clock import ManualClock
from scripted_source import ScriptedSource

from streamcore.assets.tokens import TokenTable
from streamcore.events import Event, PriceUpdate, Source, StreamError
from streamcore.providers.reports import PriceReport
from streamcore.tracking.prices import PriceTracker


def exchange(name: str, *listed: str) -> ScriptedSource:
    """Return an exchange at work that lists just these tickers."""
    source = ScriptedSource(name)
    source.provider.listed = set(listed)
    return source


class Table:
    def __init__(self, *exchanges: ScriptedSource) -> None:
        self.told: list[PriceUpdate] = []
        self.troubles: list[str] = []
        self.tracker = PriceTracker(
            exchanges,
            TokenTable(),
            ManualClock(),
            publish=self._take,
        )

    def _take(self, event: Event) -> None:
        if isinstance(event, PriceUpdate):
            self.told.append(event)
        elif isinstance(event, StreamError):
            self.troubles.append(event.message)

    def say(self, exchange: ScriptedSource, pair: str, price: str | None) -> None:
        report = PriceReport(pair, None if price is None else Decimal(price), complete=True)
        self.tracker.report(exchange, report, Source.STREAM, 0.0)

    @property
    def prices(self) -> list[tuple[str, Decimal | None]]:
        return [(event.provider, event.price) for event in self.told]


async def test_a_row_without_a_known_price_moves_on_and_comes_back_with_the_first_trade() -> None:
    first, second = exchange("first", "CORN"), exchange("second", "CORN")
    table = Table(first, second)
    table.tracker.subscribe(["CORN"])
    assert (first.topics, second.topics) == (("CORN/USD",), ())
    table.say(first, "CORN/USD", None)
    assert (first.topics, second.topics) == (("CORN/USD",), ("CORN/USD",))
    table.say(second, "CORN/USD", "5")
    table.say(first, "CORN/USD", "6")
    table.say(second, "CORN/USD", "7")
    assert table.prices == [("second", 5), ("first", 6)]
    assert second.topics == ()
    assert table.troubles == []


async def test_a_price_that_nobody_knows_is_told_once_and_is_no_protocol_error() -> None:
    only = exchange("only", "CORN")
    table = Table(only)
    table.tracker.subscribe(["CORN"])
    for _ in range(3):
        table.say(only, "CORN/USD", None)
    assert table.told == []
    assert table.troubles == ["only lists CORN, but knows no price of it at present"]
    table.say(only, "CORN/USD", "5")
    assert table.prices == [("only", 5)]


async def test_a_new_list_moves_a_row_at_once_to_a_source_that_has_it() -> None:
    first, second = exchange("first", "NEW"), exchange("second", "NEW")
    table = Table(first, second)
    table.tracker.subscribe(["NEW"])
    first.provider.listed.clear()
    table.tracker.markets_changed()
    assert (first.topics, second.topics) == ((), ("NEW/USD",))


async def test_a_new_listing_gives_a_row_that_nobody_had_its_source() -> None:
    first = exchange("first")
    table = Table(first)
    table.tracker.subscribe(["NEW"])
    (told,) = table.troubles
    assert told.startswith("no source in use has NEW at the moment")
    first.provider.listed.add("NEW")
    table.tracker.markets_changed()
    assert first.topics == ("NEW/USD",)
    table.say(first, "NEW/USD", "1")
    assert table.prices == [("first", 1)]
    first.provider.listed.clear()
    table.tracker.markets_changed()
    assert table.tracker.sources == {"NEW": None}


async def test_what_is_listed_no_more_is_told_once_each_time_that_happens() -> None:
    first = exchange("first", "NEW")
    table = Table(first)
    table.tracker.subscribe(["NEW"])
    assert table.troubles == []
    for times in (1, 2):
        first.provider.listed.clear()
        table.tracker.markets_changed()
        table.tracker.markets_changed()
        assert [text.startswith("no source in use has NEW") for text in table.troubles] == [True] * times
        first.provider.listed.add("NEW")
        table.tracker.markets_changed()


async def test_a_price_that_is_missing_beside_other_figures_moves_no_row() -> None:
    first, second = exchange("first", "CORN"), exchange("second", "CORN")
    table = Table(first, second)
    table.tracker.subscribe(["CORN"])
    table.say(first, "CORN/USD", "5")
    odd = PriceReport("CORN/USD", change_24h=Decimal(1), complete=True)
    table.tracker.report(first, odd, Source.STREAM, 0.0)
    assert second.topics == ()
