from __future__ import annotations

from typing import Any

import pytest

from streamcore import TokenHit
from streamtui.format.hits import found_at, is_trusted, remarks, standing


def hit(**more: Any) -> TokenHit:
    return TokenHit(
        **{"symbol": "HATS", "name": "", "mint": "m", "provider": "jupiter", "verified": False} | more
    )


@pytest.mark.parametrize(
    ("more", "word", "trusted"),
    [
        ({"verified": True}, "verified", True),
        ({"verified": True, "mint": None}, "listed", True),
        ({}, "unverified", False),
        ({"lookalike_of": "USDC"}, "not USDC", False),
        ({"lookalike_of": "USDC", "verified": True}, "not USDC", False),
    ],
)
def test_how_far_a_hit_can_be_trusted_is_a_word(more: dict[str, Any], word: str, trusted: bool) -> None:
    assert (standing(hit(**more)), is_trusted(hit(**more))) == (word, trusted)


def test_what_speaks_against_a_hit_is_said_in_order() -> None:
    assert remarks(hit(verified=True)) == ""
    assert remarks(hit(lookalike_of="USDC", doubts=("2 days old",))) == (
        "looks like USDC and is another token; nobody has verified it; 2 days old"
    )


def test_every_source_is_named() -> None:
    assert found_at(hit(also_at=("kraken",))) == "jupiter, kraken"
