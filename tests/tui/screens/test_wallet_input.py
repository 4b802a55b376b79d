"""Wallets as people paste them."""

from __future__ import annotations

import pytest

from streamcore import address_in
from streamtui.screens.wallet_input import names_and_labels

A = "GfyzVseYEHwAyo112KHFU31CVi4Thp2VJk7VpbQAeN6T"
B = "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU"


@pytest.mark.parametrize(
    ("text", "wallets"),
    [
        (A, [A]),
        (f"{A},{B}", [A, B]),
        (f"{A} {B}", [A, B]),
        (f"{A}\r\n{B};", [A, B]),
        (f"{A} my treasury, {B}", [f"{A} my treasury", B]),
        (f"{A} treasury {B} cold", [f"{A} treasury", f"{B} cold"]),
        (f"{A}, {A}", [A]),
        ("toly.sns", ["toly.sns"]),
        ("toly.sns the boss", ["toly.sns the boss"]),
        (f"{A} toly.sns", [f"{A} toly.sns"]),
        (f"{A} mine toly.sns", [f"{A} mine", "toly.sns"]),
        (f"toly.sns {A} pay.toly.sol", ["toly.sns", f"{A} pay.toly.sol"]),
        ("toly.sns other.sol", ["toly.sns", "other.sol"]),
        ("abc", ["abc"]),
        ("", []),
        (" ,; \n", []),
    ],
)
def test_addresses_and_the_names_after_them(text: str, wallets: list[str]) -> None:
    assert names_and_labels(text) == wallets


@pytest.mark.parametrize(
    "written",
    [
        f'"{A}"',
        f"“{A}”",
        f"<{A}>",
        f"({A}).",
        f"`{A}`",
        f"solana:{A}",
        f"solana:{A}?amount=1.5&label=Shop",
        f"https://solscan.io/account/{A}",
        f"https://solscan.io/account/{A}?cluster=mainnet#transfers",
        f"explorer.solana.com/address/{A}/tokens",
        f"\u200b{A[:20]}\u200b{A[20:]}\ufeff",
    ],
)
def test_the_address_is_taken_out_of_what_stands_around_it(written: str) -> None:
    assert names_and_labels(written) == [A]
    assert names_and_labels(f"{written} treasury") == [f"{A} treasury"]


@pytest.mark.parametrize(
    "text", ["0x52908400098527886E0F7030069857D2E4169EE7", "https://example.org/nothing-here-at-all"]
)
def test_what_is_no_address_is_left_for_the_refusal(text: str) -> None:
    assert address_in(text) == text
