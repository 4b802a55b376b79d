from __future__ import annotations

import pytest

from streamcore.assets.instruments import Venue, understand
from streamcore.assets.listings import Listing
from streamcore.assets.tokens import TokenTable
from streamcore.errors import InputError, UnknownSymbol

SOL = "So11111111111111111111111111111111111111112"
BONK = "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263"
WBTC = "3NZ9JMVBmGAqocybic2c7LQCJScmgsAZ6vQqTDzcqmJh"
TOKENS = TokenTable({})


@pytest.mark.parametrize("text", ["SOL", "sol", "$SOL", " sol ", SOL])
def test_a_token_that_is_the_same_everywhere_is_one_row_however_it_is_named(text: str) -> None:
    instrument = understand(text, TOKENS, exchanges=True)
    assert (instrument.key, instrument.ticker, instrument.mint, instrument.own_mint) == (SOL, "SOL", SOL, SOL)


def test_a_ticker_that_is_only_wrapped_on_solana_is_named_by_its_ticker() -> None:
    instrument = understand("btc", TOKENS, exchanges=True)
    assert instrument.listing is Listing.OTHER
    assert (instrument.key, instrument.ticker, instrument.own_mint) == ("BTC", "BTC", None)
    assert instrument.mint  # the token that a chain source would price


def test_the_mint_of_a_wrapped_token_means_that_token_and_is_on_no_exchange() -> None:
    instrument = understand(WBTC, TOKENS, exchanges=True)
    assert instrument.by_mint
    assert (instrument.key, instrument.ticker, instrument.own_mint) == (WBTC, None, WBTC)


def test_a_ticker_nobody_knows_may_be_one_of_an_exchange_in_use() -> None:
    instrument = understand("$nosuch", TOKENS, exchanges=True)
    assert (instrument.key, instrument.ticker, instrument.mint) == ("NOSUCH", "NOSUCH", None)
    with pytest.raises(UnknownSymbol):
        understand("nosuch", TOKENS, exchanges=False)


@pytest.mark.parametrize("text", ["", "a b", "TOOLONGFORATICKER", "ÄÖÜ", "x" * 44])
def test_what_can_be_no_ticker_is_refused_even_if_exchanges_are_in_use(text: str) -> None:
    with pytest.raises(InputError):
        understand(text, TOKENS, exchanges=True)


def test_a_ticker_that_was_given_another_mint_means_that_mint_and_not_what_exchanges_list() -> None:
    instrument = understand("BTC", TokenTable({"BTC": WBTC}), exchanges=True)
    assert (instrument.key, instrument.ticker) == (WBTC, None)
    moved = understand("SOL", TokenTable({"SOL": BONK}), exchanges=True)
    assert (moved.key, moved.ticker) == (BONK, None)


def test_a_price_is_the_price_of_a_token_only_where_that_token_is_traded() -> None:
    same, wrapped = (understand(text, TOKENS, exchanges=True) for text in ("SOL", "BTC"))
    assert same.address_at(Venue.EXCHANGE) == same.address_at(Venue.CHAIN) == SOL
    assert wrapped.address_at(Venue.CHAIN) == wrapped.mint
    assert wrapped.address_at(Venue.EXCHANGE) is None


def test_it_is_described_by_the_name_it_has_where_its_price_is_from() -> None:
    wrapped = understand("BTC", TOKENS, exchanges=True)
    exchange, chain = wrapped.described(Venue.EXCHANGE), wrapped.described(Venue.CHAIN)
    assert (exchange.name, exchange.mint, chain.mint) == ("Bitcoin", "", "")
    assert chain.name != exchange.name
    assert understand("SOL", TOKENS, exchanges=True).described(Venue.EXCHANGE).mint == SOL
    assert understand("NOSUCH", TOKENS, exchanges=True).described(Venue.CHAIN).mint == ""


@pytest.mark.parametrize("text", ["XMR", "ada", "$DOT"])
def test_what_only_exchanges_have_is_refused_without_one_and_no_mint_is_asked_for(text: str) -> None:
    with pytest.raises(UnknownSymbol, match="traded on exchanges, none of which is in use") as refused:
        understand(text, TOKENS, exchanges=False)
    assert "mint address" not in str(refused.value)
