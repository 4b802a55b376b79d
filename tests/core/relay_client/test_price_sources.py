from __future__ import annotations

from decimal import Decimal
from typing import Any

from manual_clock import ManualClock
from scripted_relay import SOL, hello, provider

from streamcore.relay_client.price_sources import SETTLED, PriceSources
from streamcore.relay_client.subscriptions import Subscriptions
from streamcore.wire.messages import Frame, Price, Refusal, Row, Wanted
from streamcore.wire.mirror import Mirror
from streamcore.wire.numbers import pack


class Terminal:
    """What a terminal has been told by a relay with these topics of its providers."""

    def __init__(self, *statuses: dict[str, Any]) -> None:
        self.clock, self.mirror = ManualClock(), Mirror()
        self.subscriptions = Subscriptions({})
        self.sources = PriceSources(self.clock, self.subscriptions, self.mirror)
        self.statuses = statuses
        self.connect()

    def connect(self) -> None:
        self.mirror.hello(hello(statuses=self.statuses))
        self.sources.restart()

    def want(self, *rows: Row) -> None:
        self.subscriptions.add_symbols([row.asked for row in rows])
        self.mirror.wanted(Wanted(1, rows))
        self.sources.rows_changed()


SOL_ROW, BTC_ROW = Row(1, "SOL", "SOL", SOL, "Solana"), Row(2, "BTC", "BTC", None, "Bitcoin")


async def test_a_row_that_no_provider_is_asked_for_has_no_source_once_all_have_told() -> None:
    terminal = Terminal(
        provider("kraken", topics=("BTC/USD",)), provider("helius", kind="wallets", topics=("SOL",))
    )
    terminal.want(SOL_ROW, BTC_ROW)
    assert terminal.sources.find() == {SOL: "relay", "BTC": "relay"}
    await terminal.clock.advance(SETTLED)
    assert terminal.sources.find() == {SOL: None, "BTC": "relay"}


async def test_a_source_that_comes_later_is_one() -> None:
    terminal = Terminal(provider("jupiter", topics=()))
    terminal.want(SOL_ROW)
    await terminal.clock.advance(SETTLED)
    assert terminal.sources.find() == {SOL: None}
    terminal.mirror.frame(Frame(0, statuses=({"provider": "jupiter", "topics": [SOL]},)))
    assert terminal.sources.find() == {SOL: "relay"}
    price = Price(1, 0, pack(Decimal(171)), snapshot=1, provider="jupiter", source="poll")
    terminal.mirror.frame(Frame(0, (price,)))
    assert terminal.sources.find() == {SOL: "jupiter"}


async def test_on_a_new_connection_nothing_is_said_before_all_have_told_again() -> None:
    terminal = Terminal(provider("kraken"))
    terminal.want(SOL_ROW)
    await terminal.clock.advance(SETTLED)
    assert terminal.sources.find() == {SOL: None}
    terminal.connect()
    assert terminal.sources.find() == {SOL: "relay"}
    terminal.mirror.wanted(Wanted(2, (SOL_ROW,)))
    terminal.sources.rows_changed()
    assert terminal.sources.find() == {SOL: "relay"}


def test_what_the_relay_refuses_has_no_source_at_once() -> None:
    terminal = Terminal(provider("kraken"))
    terminal.want(SOL_ROW)
    terminal.subscriptions.refuse([Refusal("SOL", "limit", "full")])
    assert terminal.sources.find() == {SOL: None}
