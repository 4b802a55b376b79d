from __future__ import annotations

import pytest

from streamcore.assets.listings import NATIVE, Listing, exchange_name, exchange_tickers, listing_of
from streamcore.assets.tokens import Token, TokenTable, pinned_mint

TOKENS = TokenTable({})


@pytest.mark.parametrize("ticker", sorted(NATIVE))
def test_every_ticker_that_means_the_same_everywhere_has_a_pinned_mint(ticker: str) -> None:
    assert pinned_mint(ticker) is not None
    assert listing_of(ticker, TOKENS.resolve(ticker)) is Listing.SAME


@pytest.mark.parametrize("ticker", ["BTC", "ETH"])
def test_an_asset_that_is_only_wrapped_on_solana_is_another_thing_on_an_exchange(ticker: str) -> None:
    assert TOKENS.resolve(ticker).mint
    assert listing_of(ticker, TOKENS.resolve(ticker)) is Listing.OTHER


def test_a_ticker_that_is_no_solana_token_can_only_be_what_an_exchange_calls_so() -> None:
    assert listing_of("XMR", None) is Listing.OTHER
    assert listing_of("NOSUCH", None) is Listing.OTHER


def test_a_solana_token_of_which_no_listing_is_known_may_be_anything_there() -> None:
    assert listing_of("NOSUCH", Token(symbol="NOSUCH", name="", mint="x" * 44)) is Listing.NONE


def test_another_mint_under_a_known_ticker_is_not_what_exchanges_list() -> None:
    assert listing_of("SOL", Token(symbol="SOL", name="mine", mint="x" * 44)) is Listing.NONE


def test_no_ticker_means_both_the_very_token_and_something_else() -> None:
    assert not NATIVE & set(exchange_tickers())


def test_an_asset_has_a_name_or_at_least_says_where_it_is_from() -> None:
    assert exchange_name("btc") == "Bitcoin"
    assert exchange_name("NOSUCH") == "NOSUCH as exchanges list it"
