from __future__ import annotations

from pathlib import Path

import pytest
from loading_settings import loader, refused

from streamcore.config.model import Settings
from streamcore.config.screen import PriceColumn
from streamcore.wire.messages import DEFAULT_INTERVAL, INTERVALS

SOL = "So11111111111111111111111111111111111111112"
WALLET = "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU"


@pytest.fixture
def loaded(tmp_path: Path):
    """Load from a file with the given text, an environment and options; nothing comes from outside."""
    return loader(tmp_path)


@pytest.mark.parametrize(
    ("variable", "text", "allowed"),
    [
        ("STREAMTUI_STREAM_STALE_AFTER", "-5", "a number from 0.1 to 86400"),
        ("STREAMTUI_STREAM_STALE_AFTER", "soon", "a number from 0.1 to 86400"),
        ("STREAMTUI_STREAM_STALE_AFTER", "nan", "a number from 0.1 to 86400"),
        ("STREAMTUI_STREAM_STALE_AFTER", "inf", "a number from 0.1 to 86400"),
        ("STREAMTUI_BACKOFF_JITTER", "1.5", "a number from 0 to 1"),
        ("STREAMTUI_BACKOFF_MAX_ATTEMPTS", "2.5", "a whole number from 0 to 1000000"),
        ("STREAMTUI_UI_FRAMES_PER_SECOND", "100", "a whole number from 1 to 60"),
        ("STREAMTUI_DEMO", "perhaps", "true or false"),
        ("STREAMTUI_UI_COLOURS", "pink", "one of: default, colour-blind"),
        ("STREAMTUI_UI_ALERT_COMMAND", "say 'x", "a list of texts"),
        ("STREAMTUI_UI_COLUMNS", "symbol,colour", "a list of one or more of: symbol, price, change"),
        ("STREAMTUI_PRICES", "yahoo", "one of: auto, public, birdeye"),
    ],
)
def test_a_bad_value_is_named_with_what_is_allowed_and_where_it_stands(loaded, variable, text, allowed):
    error = refused(loaded, environ={variable: text})
    assert error.value == text
    assert error.key.replace(".", "_").upper() == variable.removeprefix("STREAMTUI_")
    assert allowed in error.allowed
    assert variable in error.origin


@pytest.mark.parametrize(
    "text",
    [
        "[stream]\nstale_after = nan",
        "[stream]\nstale_after = inf",
        "[stream]\nstale_after = '5'",
        "[stream]\nstale_after = true",
        "[stream]\nenable_prices = 1",
        "[backoff]\nmax_attempts = 1.5",
        "stream = 3",
        "[[tokens]]\nx = 1",
        "symbols = [1]",
        "symbols = 1",
        "symbols = [['SOL']]",
        "demo = 'yes'\n[stream]\nstale_after = 0",
    ],
)
def test_a_value_of_the_wrong_type_in_the_file_is_refused(loaded, text):
    refused(loaded, text)


@pytest.mark.parametrize(
    ("text", "value"), [("yes", True), ("ON", True), ("1", True), ("no", False), ("False", False)]
)
def test_switches_of_the_environment_are_read_as_people_write_them(loaded, text, value):
    assert loaded(environ={"STREAMTUI_DEMO": text}).settings.demo is value


@pytest.mark.parametrize("given", [["SOL,BTC", "ETH"], "SOL, BTC,,ETH,SOL", ["SOL", "BTC", "ETH"]])
def test_lists_come_with_commas_or_repeated_and_without_doubles(loaded, given):
    assert loaded(options={"symbols": given}).settings.symbols == ("SOL", "BTC", "ETH")


def test_an_empty_key_is_no_key(loaded):
    result = loaded("[birdeye]\napi_key = ''", {"HELIUS_API_KEY": " ", "STREAMTUI_UI_THEME": ""})
    assert result.settings == Settings()
    assert result.origins["helius.api_key"] == "default"


@pytest.mark.parametrize("key", ["two words", "line\nbreak", "schlüssel"])
def test_a_bad_key_is_refused_without_being_shown(loaded, key):
    error = refused(loaded, environ={"BIRDEYE_API_KEY": key})
    assert key not in str(error)
    assert error.value == "***"


def test_a_key_pasted_into_a_url_is_refused_without_being_shown(loaded):
    for url in ("wss://mainnet.helius-rpc.com/?api-key=geheim", "wss://geheim@mainnet.helius-rpc.com/"):
        error = refused(loaded, environ={"STREAMTUI_HELIUS_WS_URL": url})
        assert "geheim" not in str(error)
        assert error.key == "helius.ws_url"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1.2.3", "[::1]"])
def test_a_plain_url_may_lead_to_this_machine(loaded, host):
    result = loaded(
        environ={
            "STREAMTUI_BIRDEYE_WS_URL": f"ws://{host}:8901/socket",
            "STREAMTUI_BIRDEYE_REST_URL": f"http://{host}:8901/",
        }
    )
    assert result.settings.birdeye.ws_url == f"ws://{host}:8901/socket"
    assert result.settings.birdeye.rest_url == f"http://{host}:8901"


@pytest.mark.parametrize(
    "url",
    [
        "ws://example.org/",
        "ws://127.0.0.1.example.org/",
        "ws://localhost.example.org/",
        "ws://0.0.0.0/",
        "http://127.0.0.1/",
        "https://example.org/",
        "wss://",
        "wss:///path",
        "wss://example.org:port/",
        "wss://example.org:99999/",
        "wss://example.org/#part",
        "wss://[::1/",
        "wss://example..org",
        f"wss://{'a' * 64}.org",
        "wss://exa mple.org/",
        "wss://example.org/\x1b[31m",
        "example.org",
    ],
)
def test_any_other_url_must_be_encrypted_and_whole(loaded, url):
    error = refused(loaded, environ={"STREAMTUI_HELIUS_WS_URL": url})
    assert "a wss:// URL" in error.allowed


def test_a_rest_url_is_scheme_and_host(loaded):
    error = refused(loaded, environ={"STREAMTUI_JUPITER_REST_URL": "https://api.jup.ag/price/v3"})
    assert "scheme and host alone" in error.allowed
    assert loaded(environ={"STREAMTUI_HELIUS_RPC_URL": "https://node.example.org/path"})


def test_labels_belong_to_addresses(loaded):
    assert loaded(f'[labels]\n{WALLET} = "savings"').settings.labels == {WALLET: "savings"}
    error = refused(loaded, '[labels]\nsavings = "mine"')
    assert error.key == "labels.savings"
    assert "not a Solana address" in str(error)
    refused(loaded, f'[labels]\n{WALLET} = " "')
    refused(loaded, f"[labels]\n{WALLET} = 3")


def test_an_extra_ticker_needs_a_mint_address(loaded):
    error = refused(loaded, '[tokens]\nFOO = "nonsense"')
    assert error.key == "tokens.FOO"
    assert error.value == "nonsense"
    assert "config.toml" in error.origin
    refused(loaded, f'[tokens]\n"two words" = "{SOL}"')


def test_a_watchlist_is_a_list_of_symbols_with_a_name(loaded):
    lists = loaded('[watchlists]\nmemes = ["BONK", "WIF"]\nmajors = "SOL, BTC"').settings.watchlists
    assert lists == {"memes": ("BONK", "WIF"), "majors": ("SOL", "BTC")}
    for wrong in ("memes = 3", "memes = []", "memes = [1]"):
        assert refused(loaded, f"[watchlists]\n{wrong}").key == "watchlists.memes"


def test_an_alert_names_a_symbol_or_a_wallet_and_a_limit(loaded):
    above, change, wallet = loaded(
        '[[alerts]]\nsymbol = "BONK"\nabove = 0.00001234\n'
        '[[alerts]]\nsymbol = "SOL"\nchange = 5\nminutes = 30\n'
        f'[[alerts]]\nwallet = "{WALLET}"'
    ).settings.alerts
    assert (above.symbol, str(above.above)) == ("BONK", "0.00001234")
    assert (change.change, change.minutes) == (5, 30.0)
    assert (wallet.wallet, wallet.above) == (WALLET, None)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("above = 1", "name either a symbol or a wallet"),
        (f'symbol = "SOL"\nwallet = "{WALLET}"', "name either a symbol or a wallet"),
        ('symbol = "SOL"', "a symbol needs one of above, below and change"),
        ('symbol = "SOL"\nabove = 1\nbelow = 2', "a symbol needs one of above, below and change"),
        (f'wallet = "{WALLET}"\nbelow = 1', "no other limit than above"),
        ('wallet = "me"\nabove = 1', "not a Solana address"),
        ('symbol = "SOL"\nabove = -1', "number above 0"),
        ('symbol = "SOL"\nabove = "lots"', "number above 0"),
        ('symbol = "SOL"\nabov = 1', "there are: symbol, wallet, above"),
        ("symbol = 1\nabove = 1", "expected a text"),
    ],
)
def test_a_wrong_alert_is_named_by_its_number_and_what_is_wrong(loaded, text, reason):
    error = refused(loaded, f'[[alerts]]\nsymbol = "SOL"\nabove = 1\n[[alerts]]\n{text}')
    assert error.key.startswith("alerts, number 2")
    assert reason in str(error)


def test_the_command_of_an_alert_keeps_its_commas_and_knows_no_shell(loaded):
    command = ["notify-send", "a,b", "a,b", "{text}"]
    assert loaded(f"[ui]\nalert_command = {command}").settings.ui.alert_command == tuple(command)
    split = loaded(environ={"STREAMTUI_UI_ALERT_COMMAND": "say 'two words' {text}"}).settings.ui.alert_command
    assert split == ("say", "two words", "{text}")
    refused(loaded, '[ui]\nalert_command = "rm -rf $HOME"')


@pytest.mark.parametrize("key", ["stale_after", "poll_interval", "ping_interval", "connect_timeout"])
def test_a_time_too_short_for_any_provider_is_refused(loaded, key):
    assert "expected a number from 0.1" in str(refused(loaded, f"[stream]\n{key} = 0.000001"))
    assert getattr(loaded(f"[stream]\n{key} = 0.1").settings.stream, key) == 0.1


def test_columns_keep_their_order_and_their_names_are_no_recovery_phrase(loaded):
    names = [column.value for column in PriceColumn]
    assert loaded(f"[ui]\ncolumns = {names[::-1]}").settings.ui.columns == tuple(PriceColumn)[::-1]
    assert loaded(environ={"STREAMTUI_UI_COLUMNS": "price, symbol price"}).settings.ui.columns == (
        PriceColumn.PRICE,
        PriceColumn.SYMBOL,
    )


@pytest.mark.parametrize("text", ["columns = []", "columns = ['symbol', 'Price']", "columns = 1"])
def test_columns_that_are_not_there_are_refused_with_those_that_are(loaded, text):
    error = refused(loaded, f"[ui]\n{text}")
    assert error.key == "ui.columns"
    assert error.allowed == f"expected a list of one or more of: {', '.join(PriceColumn)}"


def test_a_relay_is_asked_for_no_other_pace_than_it_has(loaded):
    assert loaded("").settings.relay.interval == DEFAULT_INTERVAL
    for interval in INTERVALS:
        assert loaded(f"[relay]\ninterval = {interval}").settings.relay.interval == interval
        given = loaded(environ={"STREAMTUI_RELAY_INTERVAL": str(interval)})
        assert given.settings.relay.interval == interval
    for text in ("333", "0", "250.5", "'250'", "true"):
        error = refused(loaded, f"[relay]\ninterval = {text}")
        assert error.allowed == f"expected one of: {', '.join(map(str, INTERVALS))}"


@pytest.mark.parametrize(
    "key", ["UI_COLUMNS", "UI_COLOURS", "RELAY_ENCODING", "STREAM_TRANSPORT", "STREAM_STALE_AFTER"]
)
def test_a_variable_that_is_no_text_is_refused(loaded, key):
    error = refused(loaded, environ={f"STREAMTUI_{key}": "\udcff"})
    assert error.allowed.startswith("expected ")
