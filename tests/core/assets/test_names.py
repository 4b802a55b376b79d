"""What people write where names are expected."""

from __future__ import annotations

import base58
import pytest

from streamcore.assets.instruments import read_pair, understand
from streamcore.assets.names import address_in, names_given, split_names
from streamcore.assets.tokens import TokenTable, check_address
from streamcore.errors import BadAddress, InputError

A = "GfyzVseYEHwAyo112KHFU31CVi4Thp2VJk7VpbQAeN6T"
B = "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU"
BONK = "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263"
PHRASE = "legal winner thank year wave sausage worth useful legal winner thank yellow"
TOKENS = TokenTable()


@pytest.mark.parametrize(
    "text",
    [
        "SOL,BTC",
        "SOL BTC",
        "SOL;BTC",
        "SOL, BTC;",
        "SOL\tBTC\n",
        " SOL\r\nBTC SOL",
        "SO\u200bL,\ufeffBTC",
        "SOL、BTC",
    ],
)
def test_row_21_names_are_separated_by_commas_semicolons_and_white_space(text: str) -> None:
    assert split_names(text) == ["SOL", "BTC"]


@pytest.mark.parametrize(
    ("text", "ticker"),
    [
        ("XDG", "DOGE"),
        ("XBT", "BTC"),
        ("xbt", "BTC"),
        ("XXBT", "BTC"),
        ("XETH", "ETH"),
        ("BTC/USD", "BTC"),
        ("SOL-USD", "SOL"),
        ("sol_usd", "SOL"),
        ("$SOL/USD", "SOL"),
        ("XBT/USD", "BTC"),
        ("XDGUSD", "DOGE"),
        ("XXBTZUSD", "BTC"),
        ("SOLUSD", "SOL"),
        ("KRAKEN:SOLUSD", "SOL"),
        ("COINBASE:ETH-USD", "ETH"),
        ('"SOL"', "SOL"),
        ("“SOL”", "SOL"),
        ('["SOL"', "SOL"),
        ("NEWCOIN/USD", "NEWCOIN"),
        ("NASDAQ:SOLUSD", "SOL"),
        ("BTC:USD", "BTC"),
        ("BTC/USDT", "BTC"),
        ("BTC-USDT", "BTC"),
        ("BTCUSDT", "BTC"),
        ("BINANCE:SOLUSDC", "SOL"),
    ],
)
def test_row_21_pairs_and_the_names_of_exchanges_are_read(text: str, ticker: str) -> None:
    instrument = understand(text, TOKENS, exchanges=True)
    assert instrument.symbol == ticker
    assert instrument == understand(ticker, TOKENS, exchanges=True)
    pair = read_pair(text, TOKENS)
    changes = "USDT" in text or "USDC" in text
    assert ("US dollars" in pair.hint if pair else False) == changes


@pytest.mark.parametrize("text", ["PYUSD", "USDT", "USDC", "WUSD", "FDUSD", "MEUSD", "SOL", "USD"])
def test_row_21_a_ticker_that_ends_like_a_pair_is_none(text: str) -> None:
    assert read_pair(text, TOKENS) is None
    assert understand(text, TOKENS, exchanges=True).symbol == text


def test_row_21_a_ticker_of_ones_own_is_never_taken_apart() -> None:
    tokens = TokenTable({"SOL/USDT": BONK, "XBT": BONK})
    for ticker in ("SOL/USDT", "XBT"):
        assert understand(ticker, tokens, exchanges=True).mint == BONK
        assert read_pair(ticker, tokens) is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("SOL/EUR", "is priced in EUR; prices here are in US dollars: for that write SOL"),
        ("ETH-BTC", "is priced in BTC"),
        ("SOL-PERP", "is a future"),
    ],
)
def test_row_21_a_pair_with_other_money_is_refused_with_what_to_write(text: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        understand(text, TOKENS, exchanges=True)


@pytest.mark.parametrize(
    "written",
    [
        f"https://solscan.io/account/{A}?cluster=mainnet#portfolio",
        f"https://explorer.solana.com/address/{A}/tokens",
        f"https://birdeye.so/profile/{A}?chain=solana",
        f"https://app.example.org/wallet?address={A}&tab=1",
        f"solscan.io/account/{A}",
        f"solana:{A}?amount=1.5&spl-token={BONK}&reference={B}",
        f"SOLANA:{A}",
        f"'{A}'",
        f"“{A}”",
        f"<{A}>,".rstrip(","),
        f"{A[:7]}\u200b{A[7:]}\ufeff",
    ],
)
def test_the_address_is_taken_out_of_links_requests_and_quotes(written: str) -> None:
    assert address_in(written) == A
    assert check_address(written) == A


def test_of_a_link_to_a_token_the_mint_is_taken() -> None:
    for page in (f"https://birdeye.so/token/{BONK}?chain=solana", f"https://solscan.io/token/{BONK}"):
        assert understand(page, TOKENS, exchanges=True) == understand(BONK, TOKENS, exchanges=True)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("/home/me/.config/solana/id.json", "name of a file, which was not read"),
        ("id.json", "name of a file"),
        ("~/wallets/main.json", "name of a file"),
        ("C:\\Users\\me\\id.json", "name of a file"),
        (f"./{A}.json", "name of a file"),
        (f"https://dexscreener.com/solana/{A}", "a link to a trading pair"),
        (f"https://www.geckoterminal.com/solana/pools/{A}?tab=1", "a link to a trading pair"),
        ("https://example.org/nothing", "a link without an address"),
        (f"https://example.org/{A}/{B}", "a link with several addresses"),
    ],
)
def test_a_file_or_a_link_that_names_nothing_is_said_to_be_one(text: str, reason: str) -> None:
    with pytest.raises(BadAddress, match=reason):
        check_address(text)
    with pytest.raises(InputError, match=reason):
        understand(text, TOKENS, exchanges=True)


@pytest.mark.parametrize("names", [PHRASE.split(), PHRASE, [str(byte) for byte in range(64)]])
def test_row_1_names_that_are_a_secret_together_are_refused(names: list[str] | str) -> None:
    with pytest.raises(InputError, match="looks like a wallet's secret") as caught:
        names_given(names)
    assert "sausage" not in f"{caught.value!r} {vars(caught.value)}"


def test_a_single_text_is_one_name() -> None:
    assert names_given("SOL") == ["SOL"]


def test_a_link_to_a_transaction_is_said_to_be_no_wallet() -> None:
    signature = base58.b58encode(bytes(range(1, 64)) + b"\x05").decode()
    for link in (f"https://solscan.io/tx/{signature}", f"solscan.io/tx/{signature}?cluster=devnet"):
        with pytest.raises(BadAddress, match="it is a transaction, not a wallet or a token") as caught:
            check_address(link)
        assert caught.value.value == link


@pytest.mark.parametrize("text", ["toly.sol", "my-name.sol", "TOLY.SOL", "toly.sns", "pay.toly.sns"])
def test_a_name_of_the_name_service_is_said_to_be_one(text: str) -> None:
    for ask in (check_address, lambda name: understand(name, TOKENS, exchanges=True)):
        with pytest.raises(InputError, match=rf"{text} is the name of a wallet; where wallets are expected"):
            ask(text)


def test_a_pair_of_a_known_ticker_with_sol_is_still_a_pair() -> None:
    with pytest.raises(InputError, match="is priced in SOL"):
        understand("BTC.SOL", TOKENS, exchanges=True)


@pytest.mark.parametrize("between", [":", "="])
def test_a_name_joined_to_an_address_is_said_to_belong_to_the_labels(between: str) -> None:
    with pytest.raises(BadAddress, match="give the address alone, and its name in \\[labels\\]"):
        check_address(f"{A}{between}main")


def test_of_an_exchanges_own_name_it_is_said_how_it_was_read() -> None:
    with pytest.raises(
        InputError, match=r"^'XDG' is read as DOGE, which is no Solana token but traded on exchanges"
    ):
        understand("XDG", TOKENS, exchanges=False)
    assert understand("XDG/USD", TOKENS, exchanges=True).symbol == "DOGE"
