from __future__ import annotations

import pytest
from relay_bench import WALLETS
from wire_messages import SIGNATURE

from streamcore.relay.discretion import anonymous, discreet, own_addresses, without_symbols

MINE, OTHER = WALLETS[:2]
SHORT = f"{OTHER[:4]}…{OTHER[-4:]}"
OWN = own_addresses([MINE])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("the host fails", "the host fails"),
        (f"{MINE} is a mint", f"{MINE} is a mint"),
        (f"{MINE[:4]}…{MINE[-4:]} is a mint", f"{MINE[:4]}…{MINE[-4:]} is a mint"),
        (f"{OTHER} is a mint", None),
        (f"{SHORT} is a mint", None),
        (f"({OTHER}),{MINE}", f"(another address),{MINE}"),
        (f"asked for the transaction {SIGNATURE}", "asked for the transaction a transaction"),
        (f"{OTHER} did {SIGNATURE}", None),
    ],
)
def test_a_text_has_only_what_is_a_terminals_own(text: str, shown: str | None) -> None:
    assert discreet(text, OWN) == shown


def test_a_text_for_everybody_names_no_address_at_all() -> None:
    text = anonymous(f"{MINE} and {SHORT}: {SIGNATURE}")
    assert text == "an address and an address: a transaction"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Kraken reported an error: BTC/USD is halted", "Kraken reported an error: another symbol is halted"),
        ("Coinbase went on with BTC-USD", "Coinbase went on with another symbol"),
        ("BTC, SOL and BTCX are late", "another symbol, SOL and BTCX are late"),
        ("SOL/BTC is halted", "SOL/BTC is halted"),
        ("nothing is wrong", "nothing is wrong"),
    ],
)
def test_a_text_has_no_ticker_of_somebody_else(text: str, shown: str) -> None:
    assert without_symbols(text, ["BTC"]) == shown
