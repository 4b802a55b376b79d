from __future__ import annotations

import pytest

from streamcore.assets.foreign_addresses import foreign_address
from streamcore.assets.instruments import understand
from streamcore.assets.tokens import TokenTable, check_address
from streamcore.errors import InputError

FOREIGN = [
    ("0x52908400098527886E0F7030069857D2E4169EE7", "an Ethereum address"),
    ("0x" + "ab" * 20, "an Ethereum address"),
    ("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "a Bitcoin address"),
    ("tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx", "a Bitcoin address"),
    ("1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2", "a Bitcoin address"),
    ("3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy", "a Bitcoin address"),
    ("TJRabPrwbZy45sbavfcjinPJC18kjpRTv8", "a Tron address"),
    ("vitalik.eth", "a name of Ethereum"),
    ("jesse.base.eth", "a name of Ethereum"),
    ("Binance.BNB", "a name of BNB Chain"),
    ("alice.sui", "a name of Sui"),
]


@pytest.mark.parametrize(("text", "what"), FOREIGN)
def test_what_belongs_to_another_chain_is_said_to_be_so(text: str, what: str) -> None:
    reason = f"it looks like {what}; only wallets and tokens of Solana can be watched"
    assert foreign_address(text) == reason
    for ask in (check_address, lambda name: understand(name, TokenTable(), exchanges=True)):
        with pytest.raises(InputError) as caught:
            ask(text)
        assert reason in caught.value.reason


@pytest.mark.parametrize("text", ["", "1INCH", "toly.sns", "eth", ".eth", "a/b.eth", "x" * 34, "1" * 26])
def test_anything_else_is_not(text: str) -> None:
    assert foreign_address(text) is None


@pytest.mark.parametrize(
    "address",
    ["1" * 32, "A1TMhSGzQxMr1TboBKtgixKz1sS6REASMxPo1qsyTSJd", "So11111111111111111111111111111111111111112"],
)
def test_an_address_of_solana_is_one_whatever_it_begins_with(address: str) -> None:
    assert check_address(address) == address
