"""Issue 11, row 1: a wallet's secret in the place of a setting is refused, and nothing of it is repeated."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from loading_settings import loader, refused

from streamcore.config.loading import load
from streamcore.errors import SettingsError

WALLET = "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU"
BASE58 = "2PaScuqSuAzbxAh8KkYezizTra2HJLSw2zrhUCTmwHGBqqGHFPMZjtWEdHw5dWWmSDp35rUmToscBsbohZCToaih"
PHRASE = "legal winner thank year wave sausage worth useful legal winner thank yellow"
NUMBERS = list(range(64, 128))
HEXADECIMAL = "5e" * 64
TEXTS = {"base58": BASE58, "words": PHRASE, "numbers": str(NUMBERS), "hexadecimal": HEXADECIMAL}


@pytest.fixture
def loaded(tmp_path: Path):
    return loader(tmp_path)


def check(error: SettingsError) -> None:
    text = f"{error} {error!r} {vars(error)} {error.__cause__!r} {error.__context__!r}"
    assert "looks like a wallet's secret" in str(error)
    assert "treat it as known to others" in str(error)
    for piece in (BASE58[:12], "sausage", "65, 66", "5e5e5e"):
        assert piece not in text


@pytest.mark.parametrize("secret", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize(
    "line",
    [
        "symbols = [{}]",
        "symbols = {}",
        "wallets = ['SOL', {}]",
        "wallets = {}",
        "prices = {}",
        "chain = {}",
        "demo = {}",
        "[tokens]\nFOO = {}",
        "[labels]\n" + WALLET + " = {}",
        "[watchlists]\nmine = [{}]",
        "[[alerts]]\nsymbol = {}\nabove = 1",
        "[[alerts]]\nwallet = {}",
        "[ui]\ntheme = {}",
        "[ui]\nalert_command = ['say', {}]",
        "[birdeye]\napi_key = {}",
        "[helius]\napi_key = {}",
        "[solana]\nrpc_url = {}",
        "nonsense = {}",
        "[nonsense]\nmore = {}",
        "[stream]\nnonsense = {}",
        "[stream]\nstale_after = {}",
        "{} = 1",
        "[{}]\nx = 1",
        "[tokens]\n{} = '" + WALLET + "'",
        "[labels]\n{} = 'savings'",
        "[stream]\n{} = 1",
        "[[alerts]]\n{} = 1",
    ],
)
def test_row_1_a_secret_anywhere_in_the_file_is_refused_and_not_repeated(loaded, line, secret):
    check(refused(loaded, line.format(json.dumps(secret))))


@pytest.mark.parametrize(
    "line",
    [
        f"wallets = {NUMBERS}",
        f"wallets = {json.dumps(PHRASE.split())}",
        f"symbols = {json.dumps(PHRASE.replace(' ', ', '))}",
        f"symbols = {json.dumps([str(number) for number in NUMBERS])}",
        "[labels]\n" + "\n".join(f"{at} = {byte}" for at, byte in enumerate(NUMBERS)),
        f"[[alerts]]\nsymbol = {NUMBERS}",
    ],
)
def test_row_1_a_secret_that_is_written_as_a_list_is_one_still(loaded, line):
    check(refused(loaded, line))


@pytest.mark.parametrize("secret", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize(
    "variable",
    [
        "STREAMTUI_SYMBOLS",
        "STREAMTUI_WALLETS",
        "STREAMTUI_PRICES",
        "STREAMTUI_UI_THEME",
        "STREAMTUI_UI_ALERT_COMMAND",
        "STREAMTUI_TOKENS_FOO",
        f"STREAMTUI_LABELS_{WALLET}",
        "STREAMTUI_WATCHLISTS_mine",
        "STREAMTUI_HELIUS_API_KEY",
        "BIRDEYE_API_KEY",
        "HELIUS_API_KEY",
        "STREAMTUI_SOLANA_RPC_URL",
        "STREAMTUI_NONSENSE",
    ],
)
def test_row_1_a_secret_in_a_variable_is_refused_and_not_repeated(loaded, variable, secret):
    check(refused(loaded, environ={variable: secret}))


@pytest.mark.parametrize(
    "variable",
    [f"STREAMTUI_{BASE58}", f"STREAMTUI_TOKENS_{BASE58}", "STREAMTUI_" + PHRASE.upper().replace(" ", "_")],
)
def test_row_1_a_secret_in_the_name_of_a_variable_is_not_repeated(loaded, variable):
    error = refused(loaded, environ={variable: WALLET})
    check(error)
    assert "SAUSAGE" not in str(error)


@pytest.mark.parametrize("options", [{"wallets": [BASE58]}, {"symbols": PHRASE.split()}, {BASE58: 1}])
def test_row_1_a_secret_in_an_option_is_refused_and_not_repeated(loaded, options):
    check(refused(loaded, options=options))


@pytest.mark.parametrize(
    "text",
    [
        str(NUMBERS),
        BASE58,
        PHRASE,
        json.dumps({"secretKey": NUMBERS}),
        f"PRIVATE_KEY={BASE58}",
        f"a = '{PHRASE}",
    ],
)
def test_row_1_a_keypair_file_that_is_named_as_the_configuration_is_not_repeated(tmp_path, text):
    file = tmp_path / "id.json"
    file.write_text(text)
    with pytest.raises(SettingsError) as caught:
        load(file, environ={})
    check(caught.value)
    assert "id.json" in str(caught.value)


def test_the_token_of_a_node_in_its_url_is_no_secret_of_a_wallet(loaded):
    url = f"https://rpc.example.org/solana/{'5e' * 32}"
    assert loaded(f"[solana]\nrpc_url = '{url}'").settings.solana.rpc_url == url
    assert loaded(environ={"STREAMTUI_SOLANA_RPC_URL": url}).settings.solana.rpc_url == url
    check(refused(loaded, f"[solana]\nrpc_url = 'https://rpc.example.org/{BASE58}'"))


@pytest.mark.parametrize(
    "text",
    [
        f"{BASE58[:50]}\n{BASE58[50:]}",
        f"{BASE58[:50]} {BASE58[50:]}",
        BASE58[:-3],
        BASE58 + "z",
        "0" + BASE58[1:],
    ],
    ids=["two lines", "two pieces", "too short", "too long", "a digit for a letter"],
)
def test_row_1_a_damaged_secret_is_refused_and_not_repeated(loaded, text):
    for error in (
        refused(loaded, environ={"STREAMTUI_WALLETS": text}),
        refused(loaded, f"wallets = {json.dumps(text.split())}"),
        refused(loaded, options={"symbols": [text]}),
    ):
        check(error)
        assert BASE58[50:62] not in f"{error}"


def test_a_long_key_of_a_provider_is_no_damaged_secret(loaded):
    key = BASE58[:60]
    assert loaded(f"[birdeye]\napi_key = '{key}'").settings.birdeye.api_key == key
    assert loaded(environ={"HELIUS_API_KEY": key}).settings.helius.api_key == key
