from __future__ import annotations

import os
from pathlib import Path

import pytest
from loading_settings import loader, refused

from streamcore.config.keys import setting_keys, value_of
from streamcore.config.loading import load
from streamcore.config.model import Settings
from streamcore.errors import SettingsError

SOL = "So11111111111111111111111111111111111111112"
WALLET = "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU"


@pytest.fixture
def loaded(tmp_path: Path):
    """Load from a file with the given text, an environment and options; nothing comes from outside."""
    return loader(tmp_path)


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


def test_a_bad_value_is_refused_even_if_another_source_overrules_it(loaded):
    error = refused(loaded, "[stream]\nstale_after = -1", {"STREAMTUI_STREAM_STALE_AFTER": "20"})
    assert "config.toml" in error.origin


def test_an_empty_variable_is_as_good_as_none(loaded):
    environ = {
        "STREAMTUI_SYMBOLS": "",
        "STREAMTUI_STREAM_STALE_AFTER": " ",
        "STREAMTUI_DEMO": "",
        "STREAMTUI_TOKENS_FOO": "",
        "STREAMTUI_NONSENSE": "",
        "STREAMTUI_BIRDEYE_API_KEY": "",
        "BIRDEYE_API_KEY": "theirs-1234",
    }
    settings = loaded('symbols = ["SOL"]\ndemo = true', environ).settings
    assert (settings.symbols, settings.demo, settings.tokens) == (("SOL",), True, {})
    assert settings.stream.stale_after == Settings().stream.stale_after
    assert settings.birdeye.api_key == "theirs-1234"


def test_an_empty_option_empties_a_list_of_the_file(loaded):
    assert loaded('symbols = ["SOL"]', options={"symbols": [""]}).settings.symbols == ()


def test_alerts_are_tables_and_come_from_a_file_alone(loaded):
    assert "[[alerts]]" in str(refused(loaded, "[alerts]\nx = 1"))
    assert "[[alerts]]" in str(refused(loaded, "alerts = [1]"))
    refused(loaded, environ={"STREAMTUI_ALERTS": "x"})


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


# Variables of others (issue 11, row 14)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("STREAMTUI_PORT", "tcp://10.0.0.1:80"),
        ("STREAMTUI_PORT", "udp://10.0.0.1:53"),
        ("STREAMTUI_SERVICE_HOST", "10.0.0.1"),
        ("STREAMTUI_SERVICE_PORT", "80"),
        ("STREAMTUI_SERVICE_PORT_HTTP", "80"),
        ("STREAMTUI_PORT_8787_TCP", "tcp://10.0.0.1:8787"),
        ("STREAMTUI_PORT_8787_TCP_ADDR", "10.0.0.1"),
        ("STREAMTUI_PORT_8787_TCP_PORT", "8787"),
        ("STREAMTUI_PORT_53_UDP_PROTO", "udp"),
        ("STREAMTUI_RELAY_SERVICE_HOST", "fd00::1"),
        ("STREAMTUI_RELAY_PORT", "tcp://[fd00::1]:8787"),
        ("STREAMTUI_TOKENS_SERVICE_HOST", "10.0.0.1"),
        ("STREAMTUI_TOKENS_PORT_80_TCP_ADDR", "10.0.0.1"),
        ("STREAMTUI_NAME", "/web/streamtui"),
        ("STREAMTUI_DB_ENV_POSTGRES_VERSION", "16"),
    ],
)
def test_row_14_what_containers_are_told_of_services_is_passed_over(loaded, variable, value):
    assert loaded(environ={variable: value}).settings == Settings()


@pytest.mark.parametrize(("variable", "value"), [("STREAMTUI_PORT", "8787"), ("STREAMTUI_SERVICES", "x")])
def test_row_14_other_unknown_variables_are_still_told(loaded, variable, value):
    assert refused(loaded, environ={variable: value}).key == variable


# An odd home (issue 11, row 15)


@pytest.mark.parametrize("variable", ["HOME", "XDG_CONFIG_HOME"])
def test_row_15_a_home_that_is_no_folder_is_a_word_and_the_defaults(monkeypatch, variable):
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv(variable, "/dev/null")
    result = load(environ={})
    assert result.settings == Settings()
    (warning,) = result.warnings
    assert "/dev/null" in warning
    assert "cannot be read: Not a directory; the defaults are used" in warning


def test_row_15_a_user_whom_the_system_does_not_know_has_the_defaults(monkeypatch):
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.delenv("HOME", raising=False)

    def unknown(path: str) -> str:
        return path

    monkeypatch.setattr(os.path, "expanduser", unknown)
    result = load(environ={})
    assert (result.settings, result.path) == (Settings(), None)
    (warning,) = result.warnings
    assert "HOME" in warning


def test_row_15_a_relative_home_depends_on_where_one_stands_and_is_none(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", "config")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    folder = tmp_path / "config" / "streamtui"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text("demo = true")
    monkeypatch.chdir(tmp_path)
    assert load(environ={}).settings == Settings()


@pytest.mark.parametrize("kind", ["a folder", "a loop", "unreadable"])
def test_row_15_a_default_file_that_cannot_be_read_is_a_word_and_with_config_an_error(
    monkeypatch, tmp_path, kind
):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    file = tmp_path / "streamtui" / "config.toml"
    file.parent.mkdir()
    if kind == "a folder":
        file.mkdir()
    elif kind == "a loop":
        file.symlink_to(file)
    else:

        def denied(self: Path, *more: object) -> str:
            raise PermissionError(13, "Permission denied", str(self))

        monkeypatch.setattr(Path, "open", denied)
        file.touch()
    result = load(environ={})
    assert (result.settings, result.found) == (Settings(), False)
    (warning,) = result.warnings
    assert str(file) in warning
    with pytest.raises(SettingsError, match="cannot be read"):
        load(file, environ={})


# What word processors and env files leave (issue 11, near misses)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("symbols = [“SOL”]", 1),
        ("demo = true\nsymbols = [‘SOL’]", 2),
        ("# “fine here”\n\n[ui]\ntheme = «nord»", 4),
        ("“symbols” = ['SOL']", 1),
    ],
)
def test_curly_quotes_are_named_with_their_line(loaded, text, line):
    assert f"line {line} has curly quotes" in str(refused(loaded, text))


def test_typographic_quotes_in_a_comment_are_not_blamed_for_something_else(loaded):
    assert "curly quotes" not in str(refused(loaded, "# “fine here”\ndemo = \nsymbols = ['SOL']"))


@pytest.mark.parametrize("quoted", ['"abcdefgh-1234"', "'abcdefgh-1234'", ' "abcdefgh-1234" '])
@pytest.mark.parametrize("variable", ["BIRDEYE_API_KEY", "STREAMTUI_BIRDEYE_API_KEY"])
def test_quotes_that_an_env_file_kept_are_left_out_and_told(loaded, variable, quoted):
    result = loaded(environ={variable: quoted})
    assert result.settings.birdeye.api_key == "abcdefgh-1234"
    (warning,) = result.warnings
    assert variable in warning
    assert "quotes" in warning
    assert "abcdefgh" not in warning


def test_quotes_around_other_variables_are_left_out_as_well(loaded):
    result = loaded(environ={"STREAMTUI_STREAM_STALE_AFTER": '"20"', "STREAMTUI_SYMBOLS": "'SOL BTC'"})
    assert (result.settings.stream.stale_after, result.settings.symbols) == (20.0, ("SOL", "BTC"))
    command = loaded(environ={"STREAMTUI_UI_ALERT_COMMAND": "'say' 'it'"}).settings.ui.alert_command
    assert command == ("say", "it")


def test_quotes_within_the_quotes_of_the_file_are_told(loaded):
    (warning,) = loaded("[helius]\napi_key = '\"abcdefgh-1234\"'").warnings
    assert "quotes within its quotes" in warning
    assert "abcdefgh" not in warning


# Lists (issue 11, row 21)


@pytest.mark.parametrize("text", ["SOL BTC", "SOL;BTC", "SOL, BTC", "SOL\nBTC", '"SOL" "BTC"'])
def test_row_21_the_same_separators_in_options_variables_and_file(loaded, text):
    for settings in (
        loaded(options={"symbols": [text]}).settings,
        loaded(environ={"STREAMTUI_SYMBOLS": text}).settings,
        loaded(f"symbols = '''{text}'''").settings,
        loaded(f"symbols = ['''{text}''']").settings,
    ):
        assert [name.strip('"') for name in settings.symbols] == ["SOL", "BTC"]
    lists = loaded(f"[watchlists]\nmine = '''{text}'''").settings.watchlists
    assert len(lists["mine"]) == 2


def test_the_address_of_a_wallet_is_taken_out_of_what_stands_around_it(loaded):
    text = f"https://solscan.io/account/{WALLET}#portfolio; “{WALLET}” solana:{WALLET}"
    assert loaded(environ={"STREAMTUI_WALLETS": text}).settings.wallets == (WALLET,)
    (alert,) = loaded(f"[[alerts]]\nwallet = 'solana:{WALLET}'").settings.alerts
    assert alert.wallet == WALLET
    assert loaded(f"[labels]\n'solana:{WALLET}' = 'mine'").settings.labels == {WALLET: "mine"}


def test_a_pipe_a_device_and_a_folder_are_no_configuration_file(tmp_path):
    pipe = tmp_path / "pipe.toml"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/zero"), tmp_path):
        with pytest.raises(SettingsError, match=r"cannot be read: it is (not a file|a folder)"):
            load(path, environ={})


def test_the_null_device_is_an_empty_configuration_file():
    assert load(Path(os.devnull), environ={}).settings == Settings()


def test_a_pipe_in_the_place_of_the_default_file_is_told_and_not_waited_for(tmp_path, monkeypatch):
    pipe = tmp_path / "config.toml"
    os.mkfifo(pipe)
    monkeypatch.setattr("streamcore.config.loading.config_file", lambda: pipe)
    (warning,) = load(environ={}).warnings
    assert "cannot be read: it is not a file; the defaults are used" in warning


def test_a_ticker_of_the_token_table_that_is_given_another_mint_is_warned_about(loaded):
    usdc = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
    (warning,) = loaded(f'[tokens]\nSOL = "{usdc}"').warnings
    assert "makes SOL another token than the well-known one" in warning
    assert usdc in warning
    assert loaded(f'[tokens]\nUSDC = "{usdc}"\nMINE = "{usdc}"').warnings == ()


# Secrets in files


@pytest.mark.parametrize("variable", ["BIRDEYE_API_KEY_FILE", "STREAMTUI_BIRDEYE_API_KEY_FILE"])
def test_a_secret_may_be_in_a_file_that_a_variable_names(loaded, tmp_path, variable):
    (tmp_path / "secret").write_text("from-a-file-1234\n")
    result = loaded(environ={variable: str(tmp_path / "secret")})
    assert result.settings.birdeye.api_key == "from-a-file-1234"
    assert result.origins["birdeye.api_key"] == f"the file that {variable} names"


def test_a_secret_in_a_variable_wins_over_one_in_a_file(loaded, tmp_path):
    (tmp_path / "secret").write_text("from-a-file-1234")
    environ = {"STREAMTUI_BIRDEYE_API_KEY_FILE": str(tmp_path / "secret"), "BIRDEYE_API_KEY": "direct-1234"}
    assert loaded(environ=environ).settings.birdeye.api_key == "direct-1234"


def test_every_secret_may_be_in_a_file(loaded, tmp_path):
    (tmp_path / "secret").write_text("from-a-file-1234")
    secret_keys = [key for key in setting_keys().values() if key.secret]
    assert {key.name for key in secret_keys} >= {"birdeye.api_key", "helius.api_key", "relay.token"}
    for key in secret_keys:
        result = loaded(environ={f"{key.variable}_FILE": str(tmp_path / "secret")})
        assert value_of(result.settings, key) == "from-a-file-1234"


@pytest.mark.parametrize("name", ["missing", "folder", "binary"])
def test_a_file_of_a_secret_that_cannot_be_read_is_named_with_its_variable(loaded, tmp_path, name):
    (tmp_path / "folder").mkdir()
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="HELIUS_API_KEY_FILE") as raised:
        loaded(environ={"HELIUS_API_KEY_FILE": str(tmp_path / name)})
    assert "cannot be read" in str(raised.value)


def test_a_file_is_only_for_secrets(loaded, tmp_path):
    with pytest.raises(SettingsError, match="unknown variable"):
        loaded(environ={"STREAMTUI_STREAM_STALE_AFTER_FILE": str(tmp_path)})
