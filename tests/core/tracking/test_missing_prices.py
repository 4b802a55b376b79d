"""What is said of instruments that have no price, and how often."""

from __future__ import annotations

import pytest
from manual_clock import ManualClock

from streamcore import Event, StreamError
from streamcore.assets.instruments import Instrument, understand
from streamcore.assets.tokens import TokenTable
from streamcore.tracking.missing_prices import MissingPrices

TOKENS = TokenTable()


class Table:
    """What has been told of missing prices."""

    def __init__(self) -> None:
        self.seen: list[Event] = []
        self.missing = MissingPrices(TOKENS, ManualClock(), demo=True, publish=self.seen.append)

    def texts(self) -> list[tuple[str, str]]:
        return [(one.provider, one.message) for one in self.seen if isinstance(one, StreamError)]


def named(symbol: str) -> Instrument:
    return understand(symbol, TOKENS, exchanges=True)


@pytest.fixture
def table() -> Table:
    return Table()


def test_each_is_told_once_whatever_the_reason(table: Table) -> None:
    table.missing.no_source(named("SOL"))
    table.missing.refused("kraken", named("SOL"), "kraken does not have SOL/USD")
    table.missing.unpriced("birdeye", named("SOL"))
    table.missing.no_source(named("BONK"))
    assert table.texts() == [
        ("", "no source in use has SOL at the moment"),
        ("", "no source in use has BONK at the moment"),
    ]


def test_what_was_found_and_is_missing_again_is_told_again(table: Table) -> None:
    table.missing.unpriced("birdeye", named("SOL"))
    table.missing.forget(named("SOL").key)
    table.missing.unpriced("birdeye", named("SOL"))
    assert table.texts() == [("birdeye", "birdeye lists SOL, but knows no price of it at present")] * 2


def test_of_a_ticker_nobody_knows_similar_ones_are_named(table: Table) -> None:
    table.missing.refused("kraken", named("BONKK"), "kraken does not have BONKK/USD")
    ((provider, text),) = table.texts()
    assert provider == "kraken"
    assert text.startswith("kraken does not have BONKK/USD, and no other source in use has BONKK; ")
    assert "BONK" in text.partition("; ")[2]


def test_it_says_whether_what_is_told_is_invented(table: Table) -> None:
    table.missing.no_source(named("SOL"))
    assert [(one.demo, one.retryable) for one in table.seen if isinstance(one, StreamError)] == [
        (True, False)
    ]
