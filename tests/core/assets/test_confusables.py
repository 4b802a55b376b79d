from __future__ import annotations

import pytest

from streamcore.assets.confusables import skeletons


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("USDC", "usdc"),
        ("USDC", "$USDC"),
        ("USDC", "USD\u0421"),
        ("USDC", "U\u200bS\u202eDC"),
        ("USDC", "U S D C"),
        ("USDC", "\uff35\uff33\uff24\uff23"),
        ("USDC", "\U0001d414\U0001d412\U0001d403\U0001d402"),
        ("USDC", "USD.C"),
        ("SOL", "S0L"),
        ("SOL", "\u0405\u041eL"),
        ("SOL", "S\u039fL"),
        ("BONK", "\u0412\u041eNK"),
        ("BONK", "B\u00f6nk"),
        ("WIF", "WlF"),
        ("WIF", "W1F"),
        ("JitoSOL", "JITOSOL"),
        ("TRUMP", "\u0422RUM\u0420"),
        ("PUMP", "\u03a1UMP"),
        ("USD Coin", "USD\u202eCoin\u200b"),
    ],
)
def test_names_that_a_reader_takes_for_each_other_share_a_form(one: str, other: str) -> None:
    assert skeletons(one) & skeletons(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("USDC", "USDT"),
        ("SOL", "mSOL"),
        ("WIF", "WLF"),
        ("JUP", "JLP"),
        ("W", "ME"),
        ("BTC", "cbBTC"),
        ("RAY", "RAV"),
    ],
)
def test_names_that_differ_to_a_reader_share_none(one: str, other: str) -> None:
    assert not skeletons(one) & skeletons(other)


@pytest.mark.parametrize("name", ["", " ", "\U0001f438", "\u200b\u202e", "$"])
def test_what_has_no_letter_is_like_nothing(name: str) -> None:
    assert skeletons(name) == frozenset()
