from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from streamcore.config.keys import keys, secrets, sections, value_of
from streamcore.config.loading import Loaded, load
from streamcore.config.model import Settings
from streamcore.errors import SettingsError

SOL = "So11111111111111111111111111111111111111112"
WALLET = "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU"


@pytest.fixture
def loaded(tmp_path: Path):
    """Load from a file with the given text, an environment and options; nothing comes from outside."""

    def load_from(text: str = "", environ: dict[str, str] | None = None, options: Any = None) -> Loaded:
        file = tmp_path / "config.toml"
        file.write_text(text, encoding="utf-8")
        file.chmod(0o600)
        return load(file, environ=environ or {}, options=options)

    return load_from


def refused(loaded, *args: Any, **kwargs: Any) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        loaded(*args, **kwargs)
    return caught.value


# Precedence


def test_an_option_wins_over_the_environment_that_over_the_file_and_the_file_over_the_default(loaded):
    text = 'symbols = ["SOL"]\n[stream]\nstale_after = 10\npoll_interval = 7'
    environ = {"STREAMTUI_SYMBOLS": "BTC", "STREAMTUI_STREAM_STALE_AFTER": "20"}

    result = loaded(text, environ, {"symbols": ["ETH"]})

    assert result.settings.symbols == ("ETH",)
    assert result.settings.stream.stale_after == 20.0
    assert result.settings.stream.poll_interval == 7.0
    assert result.settings.stream.pong_timeout == 10.0


def test_every_value_tells_where_it_came_from(loaded, tmp_path):
    result = loaded(
        "[stream]\npoll_interval = 7",
        {"HELIUS_API_KEY": "abcdefgh", "STREAMTUI_WALLETS": WALLET},
        {"demo": True, "stream.stale_after": 3},
    )

    assert result.origins["stream.poll_interval"] == f"file {tmp_path / 'config.toml'}"
    assert result.origins["helius.api_key"] == "environment variable HELIUS_API_KEY"
    assert result.origins["wallets"] == "environment variable STREAMTUI_WALLETS"
    assert result.origins["demo"] == "option --demo"
    assert result.origins["stream.stale_after"] == "option stream.stale_after"
    assert result.origins["stream.pong_timeout"] == "default"


def test_the_variable_with_our_prefix_wins_over_the_familiar_one(loaded):
    environ = {"STREAMTUI_BIRDEYE_API_KEY": "ours-1234", "BIRDEYE_API_KEY": "theirs-1234"}
    assert loaded(environ=environ).settings.birdeye.api_key == "ours-1234"


def test_settings_load_is_the_same_door(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert (
        Settings.load(environ={"STREAMTUI_STREAM_STALE_AFTER": "20"}, options={}).stream.stale_after == 20.0
    )


def test_without_a_file_in_the_users_folder_the_defaults_hold(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    result = load(environ={})
    assert not result.found
    assert result.settings == Settings()


def test_an_extra_ticker_of_the_environment_joins_those_of_the_file(loaded):
    result = loaded(f'[tokens]\nONE = "{SOL}"', {"STREAMTUI_TOKENS_TWO": SOL})
    assert result.settings.tokens == {"ONE": SOL, "TWO": SOL}
    assert result.origins["tokens.TWO"] == "environment variable STREAMTUI_TOKENS_TWO"


# Every key


def test_every_key_can_be_set_by_its_variable(loaded):
    given = {
        "int": "12",
        "float": "12.5",
        "bool": "false",
        "str": "some-text",
    }
    for key in keys().values():
        if key.is_table or key.is_array or key.name in ("prices", "chain", "ui.colours"):
            continue
        if key.schemes:
            text = f"{key.schemes[0]}://example.org"
        elif key.is_list:
            text = "one,two"
        elif key.optional:
            text = "12" if "frames" in key.name else "some-text"
        elif key.name == "backoff.jitter":
            text = "0.5"
        elif key.name == "stream.max_message_bytes":
            text = "4096"
        else:
            text = given[type(key.default).__name__]
        result = loaded(environ={key.variable: text})
        assert result.origins[key.name] == f"environment variable {key.variable}"
        assert value_of(result.settings, key) != "", key.name


def test_every_key_says_what_it_means_and_what_is_allowed():
    for key in keys().values():
        assert key.description, key.name
        assert key.allowed, key.name
    assert all(sections().values())


def test_the_defaults_are_the_promised_ones():
    settings = Settings()
    assert settings.stream.ping_interval == 30.0
    assert settings.stream.stale_after == 60.0
    assert settings.stream.max_message_bytes == 33_554_432
    assert settings.backoff.max_attempts == 100
    assert settings.ui.frames_per_second is None
    assert settings.birdeye.ws_url == "wss://public-api.birdeye.so/socket/solana"
    assert settings.kraken.ws_url == "wss://ws.kraken.com/v2"
    assert settings.coinbase.ws_url == "wss://ws-feed.exchange.coinbase.com"
    assert settings.jupiter.rest_url == "https://api.jup.ag"
    assert settings.dexscreener.rest_url == "https://api.dexscreener.com"
    assert settings.solana.rpc_url == "https://api.mainnet.solana.com"


def test_only_the_secret_values_are_secrets(loaded):
    result = loaded(environ={"BIRDEYE_API_KEY": "first-key", "HELIUS_API_KEY": "second-key"})
    assert secrets(result.settings) == ("first-key", "second-key")


# Unknown keys


@pytest.mark.parametrize(
    ("text", "key", "advice"),
    [
        ("[stream]\nstale_aftr = 3", "stream.stale_aftr", "did you mean stream.stale_after?"),
        ("stale_after = 3", "stale_after", "did you mean stream.stale_after?"),
        ("[ui]\nqqq = 3", "ui.qqq", "[ui] has: price_throttle, price_ttl, frames_per_second, theme"),
        ("[strem]\nstale_after = 3", "strem", "did you mean stream?"),
        ("symbol = []", "symbol", "did you mean symbols?"),
    ],
)
def test_an_unknown_key_of_the_file_is_named_with_what_was_probably_meant(loaded, text, key, advice):
    error = refused(loaded, text)
    assert error.key == key
    assert advice in str(error)
    assert "config.toml" in str(error)


@pytest.mark.parametrize(
    ("variable", "advice"),
    [
        ("STREAMTUI_STREAM_STALE_AFTR", "did you mean STREAMTUI_STREAM_STALE_AFTER?"),
        ("STREAMTUI_NONSENSE", "they are STREAMTUI_<SECTION>_<KEY>"),
        ("STREAMTUI_TOKENS", "they are STREAMTUI_<SECTION>_<KEY>"),
    ],
)
def test_an_unknown_variable_with_our_prefix_is_an_error(loaded, variable, advice):
    error = refused(loaded, environ={variable: "1"})
    assert error.key == variable
    assert advice in str(error)


def test_variables_of_other_programs_are_none_of_our_business(loaded):
    assert loaded(environ={"STREAM_X": "1", "_STREAMTUI_COMPLETE": "1", "PATH": "/"}).settings == Settings()


def test_an_unknown_option_is_an_error(loaded):
    assert refused(loaded, options={"stream.nope": 1}).key == "stream.nope"


# Bad values


@pytest.mark.parametrize(
    ("variable", "text", "allowed"),
    [
        ("STREAMTUI_STREAM_STALE_AFTER", "-5", "a number above 0, up to 86400"),
        ("STREAMTUI_STREAM_STALE_AFTER", "soon", "a number above 0, up to 86400"),
        ("STREAMTUI_STREAM_STALE_AFTER", "nan", "a number above 0, up to 86400"),
        ("STREAMTUI_STREAM_STALE_AFTER", "inf", "a number above 0, up to 86400"),
        ("STREAMTUI_STREAM_STALE_AFTER", "", "a number above 0, up to 86400"),
        ("STREAMTUI_BACKOFF_JITTER", "1.5", "a number from 0 to 1"),
        ("STREAMTUI_BACKOFF_MAX_ATTEMPTS", "2.5", "a whole number from 0 to 1000000"),
        ("STREAMTUI_UI_FRAMES_PER_SECOND", "100", "a whole number from 1 to 60"),
        ("STREAMTUI_DEMO", "perhaps", "true or false"),
        ("STREAMTUI_UI_COLOURS", "pink", "one of: default, colour-blind"),
        ("STREAMTUI_UI_ALERT_COMMAND", "say 'x", "a list of texts"),
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


def test_a_bad_value_is_refused_even_if_another_source_overrules_it(loaded):
    error = refused(loaded, "[stream]\nstale_after = -1", {"STREAMTUI_STREAM_STALE_AFTER": "20"})
    assert "config.toml" in error.origin


@pytest.mark.parametrize(
    ("text", "value"), [("yes", True), ("ON", True), ("1", True), ("no", False), ("False", False)]
)
def test_switches_of_the_environment_are_read_as_people_write_them(loaded, text, value):
    assert loaded(environ={"STREAMTUI_DEMO": text}).settings.demo is value


@pytest.mark.parametrize("given", [["SOL,BTC", "ETH"], "SOL, BTC,,ETH,SOL", ["SOL", "BTC", "ETH"]])
def test_lists_come_with_commas_or_repeated_and_without_doubles(loaded, given):
    assert loaded(options={"symbols": given}).settings.symbols == ("SOL", "BTC", "ETH")


def test_an_empty_variable_empties_a_list_of_the_file(loaded):
    assert loaded('symbols = ["SOL"]', {"STREAMTUI_SYMBOLS": ""}).settings.symbols == ()


def test_an_empty_key_is_no_key(loaded):
    result = loaded("[birdeye]\napi_key = ''", {"HELIUS_API_KEY": " ", "STREAMTUI_UI_THEME": ""})
    assert result.settings == Settings()
    assert result.origins["helius.api_key"] == "default"


# Secrets and URLs


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
        "wss://exa mple.org/",
        "wss://example.org/\x1b[31m",
        "example.org",
        "",
    ],
)
def test_any_other_url_must_be_encrypted_and_whole(loaded, url):
    error = refused(loaded, environ={"STREAMTUI_HELIUS_WS_URL": url})
    assert "a wss:// URL" in error.allowed


def test_a_rest_url_is_scheme_and_host(loaded):
    error = refused(loaded, environ={"STREAMTUI_JUPITER_REST_URL": "https://api.jup.ag/price/v3"})
    assert "scheme and host alone" in error.allowed
    assert loaded(environ={"STREAMTUI_HELIUS_RPC_URL": "https://node.example.org/path"})


# Tables of names


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


# Watchlists and alerts


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


def test_alerts_are_tables_and_come_from_a_file_alone(loaded):
    assert "[[alerts]]" in str(refused(loaded, "[alerts]\nx = 1"))
    assert "[[alerts]]" in str(refused(loaded, "alerts = [1]"))
    refused(loaded, environ={"STREAMTUI_ALERTS": "x"})


def test_the_command_of_an_alert_keeps_its_commas_and_knows_no_shell(loaded):
    command = ["notify-send", "a,b", "a,b", "{text}"]
    assert loaded(f"[ui]\nalert_command = {command}").settings.ui.alert_command == tuple(command)
    split = loaded(environ={"STREAMTUI_UI_ALERT_COMMAND": "say 'two words' {text}"}).settings.ui.alert_command
    assert split == ("say", "two words", "{text}")
    refused(loaded, '[ui]\nalert_command = "rm -rf $HOME"')


# The file


def test_broken_toml_is_reported_with_its_place(loaded, tmp_path):
    assert "line 2, column 15" in str(refused(loaded, "[stream]\nstale_after = \n"))
    assert "line 1, column 5" in str(refused(loaded, "a = "))
    assert str(tmp_path / "config.toml") in str(refused(loaded, "a = "))


def test_a_file_that_was_named_must_exist(tmp_path):
    with pytest.raises(SettingsError, match="no such file"):
        load(tmp_path / "missing.toml", environ={})


def test_what_cannot_be_read_as_text_is_reported(tmp_path):
    with pytest.raises(SettingsError, match="cannot be read"):
        load(tmp_path, environ={})
    file = tmp_path / "config.toml"
    file.write_bytes(b"symbols = ['\xff']")
    with pytest.raises(SettingsError, match="UTF-8"):
        load(file, environ={})


def test_a_byte_order_mark_at_the_start_does_no_harm(loaded):
    assert loaded("\ufeffdemo = true").settings.demo


@pytest.mark.skipif(os.name != "posix", reason="file modes")
def test_a_file_with_a_key_that_others_can_read_brings_a_warning(tmp_path):
    file = tmp_path / "config.toml"
    file.write_text("[birdeye]\napi_key = 'abcdefgh'")
    file.chmod(0o644)
    (warning,) = load(file, environ={}).warnings
    assert "chmod 600" in warning
    assert "abcdefgh" not in warning
    file.chmod(0o600)
    assert load(file, environ={}).warnings == ()
    file.write_text("demo = true")
    file.chmod(0o644)
    assert load(file, environ={}).warnings == ()


def test_control_characters_in_names_are_made_visible(loaded):
    assert "\x1b" not in str(refused(loaded, '"\\u001b[31m" = 1'))
    assert "\x1b" not in str(refused(loaded, environ={"STREAMTUI_\x1b[31m": "1"}))
    assert "\x1b" not in str(refused(loaded, f'[tokens]\n"\\u001b[31m" = "{SOL}"'))
