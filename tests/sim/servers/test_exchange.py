"""What the emulated exchanges have in common: assets, and the figures of one."""

from __future__ import annotations

from decimal import Decimal

from manual_clock import ManualClock

from streamsim.servers.exchange import COINBASE_LISTED, KRAKEN_LISTED, Figures, asset_key
from streamsim.world.catalog import SOL, listing_of
from streamsim.world.market import Market


def test_a_ticker_is_the_token_of_solana_or_an_asset_of_its_own() -> None:
    assert asset_key("SOL") == SOL
    assert asset_key("BTC") == "exchange:BTC"
    assert all(listing_of(asset_key(ticker)).price > 0 for ticker in KRAKEN_LISTED | COINBASE_LISTED)


def test_figures_belong_together_and_those_of_nobodys_trades_are_zeros() -> None:
    market = Market(ManualClock(), 7)
    market.trade(SOL, price=Decimal(200), volume_usd=Decimal(1000))
    token = market.token(SOL)
    assert token is not None
    figures = Figures.of(token)
    assert figures.low <= figures.average <= figures.high == 200
    assert figures.bid < figures.price < figures.ask
    assert figures.change == figures.price - figures.open
    truth = market.truth(SOL)
    assert truth is not None
    assert round(figures.volume * figures.average, 0) == round(truth.volume_24h, 0)
    nothing = figures.untraded
    assert (nothing.bid, nothing.ask) == (figures.bid, figures.ask)
    assert {nothing.price, nothing.low, nothing.high, nothing.volume, nothing.change, nothing.trades} == {0}
