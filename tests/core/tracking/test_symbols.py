"""What symbols stand for, with the sources in use."""

from __future__ import annotations

import pytest
from scripted_source import TrackedProvider

from streamcore import DataKind, InputError
from streamcore.assets.instruments import Venue
from streamcore.assets.tokens import TokenTable
from streamcore.tracking.routing import Router
from streamcore.tracking.symbols import Symbols

BONK = "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263"


def reading(*venues: Venue) -> Symbols:
    providers = [TrackedProvider(str(venue), DataKind.PRICES, venue, streams=True) for venue in venues]
    return Symbols(providers, TokenTable(), Router(providers))  # type: ignore[arg-type]


def test_a_ticker_of_no_token_is_understood_where_an_exchange_is_in_use() -> None:
    assert reading(Venue.EXCHANGE).describe("BTC").symbol == "BTC"
    assert reading(Venue.EXCHANGE, Venue.CHAIN).instrument("XMR").mint is None
    with pytest.raises(InputError):
        reading(Venue.CHAIN).instrument("XMR")


def test_it_is_described_by_the_name_that_it_has_where_it_would_be_served() -> None:
    assert reading(Venue.CHAIN).describe("BONK").mint == BONK
    names = [reading(venue).describe("BTC").name for venue in (Venue.EXCHANGE, Venue.CHAIN)]
    assert names == ["Bitcoin", "Coinbase Wrapped BTC"]


def test_a_single_text_is_one_symbol_and_a_list_keeps_its_order() -> None:
    symbols = reading(Venue.CHAIN)
    assert [one.symbol for one in symbols.instruments("BONK")] == ["BONK"]
    assert [one.symbol for one in symbols.instruments(["SOL", "bonk", "SOL"])] == ["SOL", "BONK", "SOL"]


def test_one_that_nobody_can_know_refuses_them_all() -> None:
    with pytest.raises(InputError):
        reading(Venue.CHAIN).instruments(["SOL", "NOSUCHTOKEN"])


def test_what_a_prefix_may_become_includes_the_tickers_of_exchanges_where_one_is_in_use() -> None:
    chain = {token.symbol for token in reading(Venue.CHAIN).complete("x")}
    both = {token.symbol for token in reading(Venue.CHAIN, Venue.EXCHANGE).complete("x")}
    assert "XMR" in both - chain
