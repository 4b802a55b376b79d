from __future__ import annotations

from typing import Any

import pytest

from streamcore.assets.tokens import TokenTable
from streamcore.search.lookalikes import KnownNames, marked, well_known
from streamcore.token_hits import TokenHit

USDC = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
DOG = "8cmK4vWFRPMttT49MuDG5p6c2zMnr4xg9eVE8DgMpump"
HATS = "Hu6xf6bNiJ5ErRaG7Yhos89jgfAdCG1tu8DCips2pump"


def hit(symbol: str = "HATS", name: str = "", mint: str | None = DOG, **more: Any) -> TokenHit:
    return TokenHit(
        **{"symbol": symbol, "name": name, "mint": mint, "provider": "x", "verified": False} | more
    )


def original(one: TokenHit, *found: TokenHit, **tokens: str) -> str:
    known = KnownNames(TokenTable(tokens))
    known.add([one, *found])
    return marked([one], known)[0].lookalike_of


@pytest.mark.parametrize(
    ("symbol", "name", "shown"),
    [
        ("USDC", "United States Dog Coin", "USDC"),
        ("usdc", "", "USDC"),
        ("USD\u0421", "", "USDC"),
        ("$USDC", "", "USDC"),
        ("DOG", "USD Coin", "USDC"),
        ("DOG", "usd-coin", "USDC"),
        ("BTC", "", "BTC"),
        ("BITCOIN", "", "BTC"),
        ("XRP", "", "XRP"),
        ("JITOSOL", "", "JitoSOL"),
    ],
)
def test_a_token_with_the_ticker_or_name_of_a_known_one_is_marked(symbol: str, name: str, shown: str) -> None:
    assert original(hit(symbol, name)) == shown


@pytest.mark.parametrize(
    ("symbol", "name"), [("HATS", "Hats"), ("USDCX", ""), ("", ""), ("\U0001f438", "\U0001f438")]
)
def test_a_token_with_a_name_of_its_own_is_not_marked(symbol: str, name: str) -> None:
    assert original(hit(symbol, name)) == ""


def test_a_token_of_the_table_looks_like_nothing_else() -> None:
    assert original(hit("USDC", "USD Coin", USDC)) == ""
    assert original(hit("USDT", "Solana", USDC)) == ""


def test_what_a_source_vouches_for_may_not_be_imitated_either() -> None:
    real = hit("HATS", "Hats for cats", HATS, verified=True)
    assert original(hit("HATS"), real) == "HATS"
    assert original(hit("X", "hats for cats"), real) == "HATS"
    assert original(real) == ""


def test_what_an_exchange_lists_may_not_be_imitated_either() -> None:
    assert original(hit("ACME"), hit("ACME", "", None, verified=True)) == "ACME"


def test_two_tokens_that_are_vouched_for_may_have_one_ticker() -> None:
    one, other = hit("CAT", "", HATS, verified=True), hit("CAT", "", DOG, verified=True)
    assert (original(one, other), original(other, one)) == ("", "")


def test_against_the_table_no_source_can_vouch() -> None:
    assert original(hit("USDC", "", HATS, verified=True)) == "USDC"


def test_what_is_verified_may_have_the_ticker_of_what_only_an_exchange_has() -> None:
    assert original(hit("PEPE", "Pepe", HATS, verified=True)) == ""
    assert original(hit("PEPE", "Pepe", HATS)) == "PEPE"


def test_a_persons_own_ticker_is_known_as_well_and_the_well_known_token_stays_itself() -> None:
    assert original(hit("MINE"), MINE=HATS) == "MINE"
    assert original(hit("MINE", "", HATS), MINE=HATS) == ""
    assert original(hit("USDC", "USD Coin", USDC), USDC=HATS) == ""


def test_a_double_that_was_saved_under_another_name_stays_one() -> None:
    assert original(hit("USDC", "", DOG), **{"USDC-pump": DOG}) == "USDC"


@pytest.mark.parametrize(
    ("name", "ticker"), [("usdc", "USDC"), ("USD\u0421", "USDC"), ("XRP", "XRP"), ("HATS", ""), ("", "")]
)
def test_what_is_well_known_is_known_in_every_spelling(name: str, ticker: str) -> None:
    assert well_known(name) == ticker
