from __future__ import annotations

from typing import Any

import pytest

from streamcore import Token, TokenHit
from streamtui.model.token_names import (
    CONFIGURED,
    NamedToken,
    TokenNames,
    is_unnamed,
    means_something,
    names_for,
    without_found_name,
)

DOG = "8cmK4vWFRPMttT49MuDG5p6c2zMnr4xg9eVE8DgMpump"
HATS = "Hu6xf6bNiJ5ErRaG7Yhos89jgfAdCG1tu8DCips2pump"
BARE = Token(symbol="Hu6x…pump", name="", mint=HATS)


def hit(symbol: str = "HATS", mint: str = HATS, **more: Any) -> TokenHit:
    return TokenHit(
        **{"symbol": symbol, "name": "Hats", "mint": mint, "provider": "jupiter", "verified": False} | more
    )


def test_a_bare_mint_gets_the_name_that_was_found_for_it() -> None:
    names = TokenNames()
    assert names.named(BARE) is BARE
    names.add([hit()])
    assert names.named(BARE) == NamedToken("HATS", "Hats", HATS, BARE)
    assert names.tickers([HATS, DOG]) == {HATS: "HATS"}


def test_a_name_that_only_looks_like_another_says_so() -> None:
    names = TokenNames()
    names.add([hit("USDC", lookalike_of="USDC")])
    assert names.named(BARE) == NamedToken("≠USDC", "not USDC: Hats", HATS, BARE)


def test_what_has_a_name_keeps_it_and_a_ticker_of_ones_own_stays() -> None:
    names = TokenNames()
    names.add([hit("SCAM", HATS)])
    sol = Token(symbol="SOL", name="Solana", mint=HATS)
    assert names.named(sol) is sol
    mine = Token(symbol="MINE", name=CONFIGURED, mint=HATS)
    assert names.named(mine) == NamedToken("MINE", "Hats", HATS, mine)
    assert without_found_name(names.named(mine)) is mine
    assert without_found_name(mine) is mine
    assert names.tickers([HATS]) == {}
    assert not is_unnamed(Token(symbol="XMR", name="", mint=""))


def test_each_name_is_asked_for_once() -> None:
    names = TokenNames()
    names.want(BARE)
    names.want(BARE)
    names.want(Token(symbol="SOL", name="Solana", mint=DOG))
    assert names.wanted.is_set()
    assert names.to_ask() == [HATS]
    assert not names.wanted.is_set()
    names.add([hit()])
    names.want(BARE)
    assert names.to_ask() == []


@pytest.mark.parametrize(
    "name", ["USDC", "usdc", "USD\u0421", "BTC", "XRP", "XBT", "SOLUSD", "BTC-EUR", "SOL.P"]
)
def test_what_means_something_is_no_name_for_another_token(name: str) -> None:
    assert means_something(name) is (name != "SOL.P")


@pytest.mark.parametrize(
    ("ticker", "name"),
    [
        ("HATS", "HATS"),
        ("USDC", "USDC-pump"),
        ("usd\u0441", "TOKEN-pump"),
        ("\u9a6c", "\u9a6c"),
        ("\U0001f438", "TOKEN-pump"),
        ("a b,c='\"#$", "abc"),
        ("SOL-USD", "SOL-USD-pump"),
        ("X" * 24, "X" * 16),
        ("taken", "taken-pump"),
    ],
)
def test_a_token_is_kept_under_a_name_that_means_nothing_else(ticker: str, name: str) -> None:
    assert names_for({HATS: ticker}, ["TAKEN"], means_something) == {name: HATS}


def test_two_tokens_of_one_ticker_do_not_collide() -> None:
    assert names_for({HATS: "HATS", DOG: "hats"}, [], means_something) == {"HATS": HATS, "hats-pump": DOG}
    third = DOG[:-5] + "Xpump"
    names = names_for({HATS: "HATS", DOG: "HATS", third: "HATS"}, [], means_something)
    assert sorted(names.values()) == sorted([HATS, DOG, third])
    assert len({name.casefold() for name in names}) == 3
