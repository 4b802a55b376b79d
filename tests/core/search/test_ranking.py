from __future__ import annotations

from decimal import Decimal
from itertools import permutations

import base58
from found_tokens import DOG, HATS, USDC, hit

from streamcore.assets.tokens import TokenTable
from streamcore.search.lookalikes import KnownNames
from streamcore.search.ranking import MOST_HITS, ranked
from streamcore.token_hits import TokenHit

OTHER = "FAb1w1X5YzQo53Lvv4CfRRSS4Brbm6NBKk2Fs8gLpiJ1"


def order(text: str, *found: TokenHit) -> list[str]:
    return [one.wanted for one in ranked(text, found, KnownNames(TokenTable()))]


def test_a_scam_with_a_famous_ticker_never_comes_first_whatever_it_claims() -> None:
    scam = hit("USDC", DOG, liquidity=Decimal("1.6e9"), volume_24h=Decimal("1e12"))
    real = hit("USDC", USDC, name="USD Coin", verified=True)
    longer = hit("USDCx", OTHER, verified=True)
    for found in permutations([scam, real, longer]):
        assert order("usdc", *found) == [USDC, OTHER, DOG]
        assert order("USD\u0421", *found)[-1] == DOG


def test_a_scam_alone_stands_below_a_stranger_that_imitates_nothing() -> None:
    scam = hit("USDC", DOG, volume_24h=Decimal("1e12"))
    stranger = hit("USDCAT", HATS)
    for found in permutations([scam, stranger]):
        assert order("usdc", *found) == [HATS, DOG]


def test_of_what_is_vouched_for_the_best_match_comes_first() -> None:
    named = hit("AAA", OTHER, name="Hats for cats", verified=True, volume_24h=Decimal(9))
    begins = hit("HATSX", HATS, verified=True, volume_24h=Decimal(5))
    exact = hit("HATS", DOG, verified=True)
    market = hit("HAT", None, verified=True)
    for found in permutations([named, begins, exact]):
        assert order("hats", *found) == [DOG, HATS, OTHER]
    assert order("hat", exact, market) == ["HAT", DOG]


def test_figures_decide_only_between_equals() -> None:
    small, large = hit("HATS", HATS, volume_24h=Decimal(1)), hit("HATS", DOG, volume_24h=Decimal(2))
    unknown = hit("HATS", OTHER)
    for found in permutations([small, large, unknown]):
        assert order("hats", *found) == [DOG, HATS, OTHER]


def test_what_several_sources_list_is_one_hit_with_what_each_knows() -> None:
    table = hit("USDC", USDC, name="USD Coin", provider="table", verified=True)
    chain = hit("usdc", USDC, name="Usd", provider="a", liquidity=Decimal(7), doubts=("young",))
    market = hit("USDC", USDC, provider="b", verified=True, volume_24h=Decimal(9))
    (one,) = ranked("usdc", [table, chain, market], KnownNames(TokenTable()))
    assert one == TokenHit(
        symbol="USDC",
        name="USD Coin",
        mint=USDC,
        provider="table",
        verified=True,
        liquidity=Decimal(7),
        volume_24h=Decimal(9),
        also_at=("a", "b"),
    )


def test_nobody_reads_more_than_a_page() -> None:
    mints = [base58.b58encode(bytes([9] * 31 + [number])).decode() for number in range(100)]
    assert len(order("hats", *(hit("HATS", mint) for mint in mints))) == MOST_HITS
