from __future__ import annotations

from contextlib import suppress

import base58
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamcore.assets.tokens import (
    WRAPPED_SOL,
    TokenTable,
    check_address,
    short_address,
)
from streamcore.errors import BadAddress, SettingsError, UnknownSymbol

CBBTC = "cbbtcf3aa214zXHbiAZQwf4122FBYbraNdFqgw4iMij"
PORTAL_ETH = "7vfCXTUXx5WJV5JADk17DUJ4ksgau7utNKj4b963voxs"
USDC = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
SAMO = "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU"
STRANGER = "GfyzVseYEHwAyo112KHFU31CVi4Thp2VJk7VpbQAeN6T"
SIGNATURE = "5VvAJBE6JdVKpkJSnjsu9SDv9rYvdgiqa2rLEsVuss5Jtrg3tAf1RBHoD1x7rE5QbtsvowR6YhZfmTunvTQsjSWn"


@pytest.fixture(scope="module")
def table() -> TokenTable:
    return TokenTable()


@pytest.mark.parametrize(
    ("typed", "symbol", "mint", "decimals"),
    [
        ("SOL", "SOL", WRAPPED_SOL, 9),
        ("wsol", "SOL", WRAPPED_SOL, 9),
        ("$sol", "SOL", WRAPPED_SOL, 9),
        (" usdc ", "USDC", USDC, 6),
        ("BTC", "BTC", CBBTC, 8),
        ("cbbtc", "cbBTC", CBBTC, 8),
        ("eth", "ETH", PORTAL_ETH, 8),
        ("jitosol", "JitoSOL", "J1toso1uCk3RLmjorhTtrVwY9HJ7X8V9yYac6Y7kGCPn", 9),
        ("TRUMP", "TRUMP", "6p6xgHyF7AeE6TZkSmFsko444wqoP15icUSqi2jfGiPN", 6),
        ("GIGA", "GIGA", "63LfDmNb3MQ8mw9MtZ2To9bEA2M71kZUUGq5tiJxcqj9", 5),
        ("ore", "ORE", "oreoU2P8bN6jkk3jbaiVxYnG1dCXcYxwhwyK9jSybcp", 11),
    ],
)
def test_a_ticker_in_any_case_finds_its_pinned_token(
    table: TokenTable, typed: str, symbol: str, mint: str, decimals: int
) -> None:
    token = table.resolve(typed)
    assert (token.symbol, token.mint, token.decimals) == (symbol, mint, decimals)


def test_the_name_of_btc_says_which_wrapped_bitcoin_it_is(table: TokenTable) -> None:
    assert table.resolve("BTC").name == "Coinbase Wrapped BTC"


def test_every_pinned_mint_is_an_address_and_every_ticker_is_unique(table: TokenTable) -> None:
    tokens = table.complete("")
    assert len(tokens) == 74  # the pinned ones, and BTC
    assert all(check_address(token.mint) == token.mint for token in tokens)
    assert len({token.symbol.upper() for token in tokens}) == len(tokens)


def test_a_mint_of_the_table_is_shown_by_its_ticker(table: TokenTable) -> None:
    assert table.resolve(f" {USDC}\n").symbol == "USDC"
    assert table.resolve(CBBTC).symbol == "cbBTC"


def test_a_mint_outside_the_table_is_taken_as_it_is(table: TokenTable) -> None:
    token = table.resolve(STRANGER)
    assert (token.symbol, token.name, token.mint, token.decimals) == ("Gfyz…eN6T", "", STRANGER, None)
    assert table.by_mint(STRANGER) is None


def test_a_mint_in_the_wrong_case_is_not_found_by_ticker(table: TokenTable) -> None:
    with pytest.raises(BadAddress):
        table.resolve(USDC.lower())


@pytest.mark.parametrize(
    ("typed", "part"),
    [
        ("SOLL", "did you mean SOL"),
        ("FARTCOINN", "did you mean FARTCOIN?"),
        ("qqqq", "add it to [tokens]"),
        ("", "names no token"),
        ("$", "names no token"),
    ],
)
def test_an_unknown_ticker_is_refused_with_advice(table: TokenTable, typed: str, part: str) -> None:
    with pytest.raises(UnknownSymbol) as caught:
        table.resolve(typed)
    assert part in caught.value.reason
    assert caught.value.value == typed


def test_no_suggestion_is_made_twice(table: TokenTable) -> None:
    with pytest.raises(UnknownSymbol) as caught:
        table.resolve("WSOLL")
    assert caught.value.reason.count(" SOL") <= 1


def test_control_characters_in_a_ticker_are_harmless_in_the_message(table: TokenTable) -> None:
    with pytest.raises(UnknownSymbol) as caught:
        table.resolve("\x1b[31m\u202eX")
    assert str(caught.value).isprintable()


def test_a_ticker_from_the_configuration_is_known_and_says_so() -> None:
    token = TokenTable({"$Mine": STRANGER}).resolve("mine")
    assert (token.symbol, token.name, token.mint) == ("Mine", "from the configuration", STRANGER)


def test_the_configuration_wins_over_the_table_and_is_visible() -> None:
    table = TokenTable({"BTC": "3NZ9JMVBmGAqocybic2c7LQCJScmgsAZ6vQqTDzcqmJh"})
    token = table.resolve("btc")
    assert token.name == "Wrapped BTC (Portal), from the configuration"
    assert token.decimals == 8
    assert table.by_mint(token.mint) == token
    assert TokenTable().resolve("BTC").mint == CBBTC


@pytest.mark.parametrize("ticker", ["", "A B", "A,B", "x" * 25, "A\u202eB", "$"])
def test_a_malformed_ticker_in_the_configuration_is_an_error_that_names_the_key(ticker: str) -> None:
    with pytest.raises(SettingsError) as caught:
        TokenTable({ticker: USDC})
    assert caught.value.key == f"tokens.{ticker}"


def test_a_malformed_mint_in_the_configuration_is_an_error_that_says_why() -> None:
    with pytest.raises(SettingsError, match="'0', which base58 does not have") as caught:
        TokenTable({"MINE": "0" + USDC[1:]})
    assert caught.value.key == "tokens.MINE"


def test_completion_lists_tickers_first_and_then_names(table: TokenTable) -> None:
    symbols = [token.symbol for token in table.complete("jup")]
    assert symbols == ["JUP", "JupSOL", "JLP"]
    assert [token.symbol for token in table.complete("$wi")] == ["WIF"]
    assert table.complete("no such thing") == []


@pytest.mark.parametrize("address", ["1" * 32, USDC, f"\t{SAMO} \n"])
def test_an_address_is_returned_without_white_space(address: str) -> None:
    assert check_address(address) == address.strip()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it is empty"),
        ("O" + USDC[1:], "character 1 is 'O', which base58 does not have; 0, O, I and l are never used"),
        (USDC[:-1] + "l", "character 44 is 'l'"),
        ("abc-def", "character 4 is '-', which base58 does not have"),
        (USDC[:20], "it is too short: 20 characters, an address has 32 to 44"),
        (USDC + "1", "it is too long: 45 characters"),
        ("z" * 44, "it decodes to 33 bytes, an address has 32"),
        ("1" * 33, "it decodes to 33 bytes"),
        (USDC[:32], "it decodes to 24 bytes"),
        ("0x" + "ab" * 20, "it looks like an Ethereum address"),
    ],
)
def test_what_is_no_address_is_refused_with_the_first_thing_wrong(text: str, reason: str) -> None:
    with pytest.raises(BadAddress) as caught:
        check_address(text)
    assert caught.value.reason.startswith("is not a Solana address: ")
    assert reason in caught.value.reason


@given(st.binary(min_size=0, max_size=80))
def test_exactly_the_encodings_of_32_bytes_are_addresses(data: bytes) -> None:
    encoded = base58.b58encode(data).decode()
    if len(data) == 32:
        assert check_address(encoded) == encoded
    else:
        with pytest.raises(BadAddress):
            check_address(encoded)


@given(st.text(max_size=100))
def test_no_text_makes_the_address_check_fail_in_another_way(text: str) -> None:
    with suppress(BadAddress):
        assert len(base58.b58decode(check_address(text))) == 32


def test_a_short_address_keeps_both_ends() -> None:
    assert short_address(SAMO) == "7xKX…gAsU"
    assert short_address("short") == "short"


def test_a_signature_is_no_address_and_might_be_a_secret_key() -> None:
    with pytest.raises(BadAddress, match="a secret key as wallets export it") as caught:
        check_address(SIGNATURE)
    assert SIGNATURE not in str(caught.value)
