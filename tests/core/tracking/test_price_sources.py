"""Rows between sources: which one has a price, what a new list of markets changes."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from manual_clock import ManualClock

from streamcore.assets.instruments import Instrument, Venue
from streamcore.assets.tokens import TokenTable
from streamcore.errors import ProviderError
from streamcore.events import PriceUpdate, Source
from streamcore.providers.base import PriceReport
from streamcore.status import Health
from streamcore.tracking.prices import PriceTracker


class Exchange:
    """A provider and its stream, as far as the tracker knows them."""

    venue = Venue.EXCHANGE
    demo = False

    def __init__(self, name: str, *listed: str) -> None:
        self.name = name
        self.listed = dict.fromkeys(listed)
        self.health = Health.UP
        self.topics: list[str] = []
        self.refreshed: list[str] = []

    @property
    def provider(self) -> Exchange:
        return self

    def topic(self, instrument: Instrument) -> str | None:
        pair = f"{instrument.ticker}/USD"
        return pair if pair in self.listed else None

    def endpoint(self) -> object:
        return object()

    def set_topics(self, topics: Sequence[str]) -> None:
        self.topics = [*topics]

    def refresh(self, topics: Sequence[str]) -> None:
        self.refreshed += topics

    def malformed(self, text: str) -> None:
        raise AssertionError(text)


class Table:
    def __init__(self, *exchanges: Exchange) -> None:
        self.told: list[PriceUpdate] = []
        self.troubles: list[str] = []
        self.tracker = PriceTracker(
            exchanges,  # type: ignore[arg-type]
            TokenTable(),
            ManualClock(),
            publish=self.told.append,
            trouble=self._trouble,
        )

    def _trouble(self, stream: object, error: ProviderError) -> None:
        self.troubles.append(error.message)

    def say(self, exchange: Exchange, pair: str, price: str | None) -> None:
        report = PriceReport(pair, None if price is None else Decimal(price), complete=True)
        self.tracker.report(exchange, report, Source.STREAM, 0.0)  # type: ignore[arg-type]

    @property
    def prices(self) -> list[tuple[str, Decimal | None]]:
        return [(event.provider, event.price) for event in self.told]


async def test_a_row_without_a_known_price_moves_on_and_comes_back_with_the_first_trade() -> None:
    first, second = Exchange("first", "CORN/USD"), Exchange("second", "CORN/USD")
    table = Table(first, second)
    table.tracker.subscribe(["CORN"])
    assert (first.topics, second.topics) == (["CORN/USD"], [])
    table.say(first, "CORN/USD", None)
    assert (first.topics, second.topics) == (["CORN/USD"], ["CORN/USD"])
    table.say(second, "CORN/USD", "5")
    table.say(first, "CORN/USD", "6")
    table.say(second, "CORN/USD", "7")
    assert table.prices == [("second", 5), ("first", 6)]
    assert second.topics == []
    assert table.troubles == []


async def test_a_price_that_nobody_knows_is_told_once_and_is_no_protocol_error() -> None:
    only = Exchange("only", "CORN/USD")
    table = Table(only)
    table.tracker.subscribe(["CORN"])
    for _ in range(3):
        table.say(only, "CORN/USD", None)
    assert table.told == []
    assert table.troubles == ["only lists CORN, but knows no price of it at present"]
    table.say(only, "CORN/USD", "5")
    assert table.prices == [("only", 5)]


async def test_a_new_list_moves_a_row_at_once_to_a_source_that_has_it() -> None:
    first, second = Exchange("first", "NEW/USD"), Exchange("second", "NEW/USD")
    table = Table(first, second)
    table.tracker.subscribe(["NEW"])
    first.listed.clear()
    table.tracker.markets_changed()
    assert (first.topics, second.topics) == ([], ["NEW/USD"])


async def test_a_new_listing_gives_a_row_that_nobody_had_its_source() -> None:
    first = Exchange("first")
    table = Table(first)
    table.tracker.subscribe(["NEW"])
    (told,) = table.troubles
    assert told.startswith("no source in use has NEW at the moment")
    first.listed["NEW/USD"] = None
    table.tracker.markets_changed()
    assert first.topics == ["NEW/USD"]
    table.say(first, "NEW/USD", "1")
    assert table.prices == [("first", 1)]
    first.listed.clear()
    table.tracker.markets_changed()
    assert table.tracker.sources == {"NEW": None}
