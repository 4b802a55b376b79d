"""What streams report goes to the tracker of that kind of data, and to the consumers."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest
from manual_clock import ManualClock
from scripted_source import ScriptedSource

from streamcore import (
    DataKind,
    ErrorKind,
    Event,
    PriceUpdate,
    ProviderError,
    Source,
    StatusChange,
    StreamError,
)
from streamcore.assets.tokens import TokenTable
from streamcore.providers.reports import PriceReport, Refusal
from streamcore.status import Health
from streamcore.streams.checkpoints import Checkpoints
from streamcore.tracking.prices import PriceTracker
from streamcore.tracking.statuses import Statuses
from streamcore.tracking.trackers import Trackers
from streamcore.tracking.wallets import WalletTracker


class Table:
    """The sink of two exchanges and a provider of wallets; the first exchange serves SOL."""

    def __init__(self) -> None:
        self.first, self.second = ScriptedSource("first"), ScriptedSource("second", demo=True)
        self.wallets = ScriptedSource("wallets", kind=DataKind.WALLETS)
        self.seen: list[Event] = []
        clock, publish = ManualClock(), self.seen.append
        streams = {one.name: one for one in (self.first, self.second, self.wallets)}
        statuses = Statuses(streams, clock, dropped=Counter(), hint=lambda stream: "", publish=publish)
        self.sink = Trackers(statuses, clock, publish=publish)
        prices = PriceTracker([self.first, self.second], TokenTable(), clock, publish=publish)
        wallets = WalletTracker([self.wallets], TokenTable(), Checkpoints(), clock, publish=publish)  # type: ignore[list-item]
        self.sink.attach(prices, wallets)
        prices.subscribe(["SOL"])

    def fall(self) -> None:
        self.first.health = Health.DOWN
        self.sink.status_changed(self.first)  # type: ignore[arg-type]

    def prices(self) -> list[tuple[str, Decimal | None]]:
        return [(one.provider, one.price) for one in self.seen if isinstance(one, PriceUpdate)]


@pytest.fixture
def table() -> Table:
    return Table()


def test_prices_reach_consumers_from_a_stream_and_from_a_poll(table: Table) -> None:
    table.sink.prices(table.first, [PriceReport("SOL/USD", price=Decimal(150))], 1.0)  # type: ignore[arg-type]
    polled = PriceReport("SOL/USD", price=Decimal(151))
    assert table.sink.report(table.first, polled, Source.POLL, 2.0)  # type: ignore[arg-type]
    assert table.prices() == [("first", Decimal(150)), ("first", Decimal(151))]


def test_when_the_status_of_a_source_changes_it_is_told_and_another_takes_its_place(table: Table) -> None:
    table.fall()
    assert [one.provider for one in table.seen if isinstance(one, StatusChange)] == ["first"]
    assert table.second.topics == ("SOL/USD",)


def test_once_the_engine_ends_nothing_takes_the_place_of_what_is_closed(table: Table) -> None:
    table.sink.end()
    table.fall()
    assert [one.provider for one in table.seen if isinstance(one, StatusChange)] == ["first"]
    assert table.second.topics == ()


def test_trouble_is_told_with_who_has_it_and_whether_it_is_invented(table: Table) -> None:
    table.sink.trouble(table.second, ProviderError(ErrorKind.NETWORK, "it is gone"))  # type: ignore[arg-type]
    (told,) = [one for one in table.seen if isinstance(one, StreamError)]
    assert (told.provider, told.demo, told.kind) == ("second", True, ErrorKind.NETWORK)


def test_what_a_provider_has_refused_is_asked_of_it_again_when_a_person_wants_that(table: Table) -> None:
    refused = Refusal(ProviderError(ErrorKind.SUBSCRIPTION, "no such pair"), ("SOL/USD",))
    table.sink.report(table.first, refused, Source.STREAM, 1.0)  # type: ignore[arg-type]
    assert (table.first.topics, table.second.topics) == ((), ("SOL/USD",))
    table.sink.forgive(table.first)  # type: ignore[arg-type]
    assert (table.first.topics, table.second.topics) == (("SOL/USD",), ())


def test_after_a_new_start_the_next_price_is_a_snapshot(table: Table) -> None:
    for price in (150, 151):
        table.sink.prices(table.first, [PriceReport("SOL/USD", price=Decimal(price))], 1.0)  # type: ignore[arg-type]
    table.sink.restarted(table.first, ("SOL/USD",))  # type: ignore[arg-type]
    table.sink.prices(table.first, [PriceReport("SOL/USD", price=Decimal(152))], 1.0)  # type: ignore[arg-type]
    kinds = [str(one.kind) for one in table.seen if isinstance(one, PriceUpdate)]
    assert kinds == ["snapshot", "delta", "snapshot"]
