from __future__ import annotations

import errno
import gc
import os
import stat
import sys
import tomllib
from types import SimpleNamespace

import pytest

from streamcore.config.loading import Loaded, load
from streamcore.config.model import Settings
from streamtui.cli import main
from streamtui.programs import Programs

WALLET = "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU"


@pytest.fixture(autouse=True)
def no_configuration_of_this_computer(tmp_path, monkeypatch):
    for name in list(os.environ):
        if name.startswith("STREAMTUI_") or name in ("BIRDEYE_API_KEY", "HELIUS_API_KEY"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def run(capsys):
    def run_main(*arguments: str, **programs: object) -> SimpleNamespace:
        with pytest.raises(SystemExit) as end:
            main(arguments, Programs(**programs))
        out, err = capsys.readouterr()
        return SimpleNamespace(status=end.value.code, out=out, err=err)

    return run_main


@pytest.fixture
def streamed():
    """What the stream command would have run with."""
    return []


@pytest.fixture
def stream(run, streamed):
    """Runs the command line with a stream command that only notes what it was started with."""

    def record(settings: Settings, count: int | None, duration: float | None, capture: object) -> int:
        streamed.append(SimpleNamespace(settings=settings, count=count, duration=duration, capture=capture))
        return 0

    return lambda *arguments: run(*arguments, stream=record)


# Names of wallets


def test_a_name_of_a_wallet_is_taken_and_looked_up_later(stream, streamed):
    assert stream("stream", "-w", "toly.sns,pay.toly.sol").status == 0
    assert streamed[0].settings.wallets == ("toly.sns", "pay.toly.sol")


def test_a_name_in_other_letters_is_warned_of(stream, streamed):
    told = stream("stream", "-w", "t\u043ely.sns").err
    assert "has letters besides a to z, which may be doubles of others" in told


@pytest.mark.parametrize("name", ["vitalik.eth", "0x" + "ab" * 20, "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"])
def test_a_wallet_of_another_chain_is_refused_as_such(stream, streamed, name):
    result = stream("stream", "-w", name)
    assert result.status == 2
    assert "only wallets and tokens of Solana can be watched" in result.err
    assert streamed == []


# Usage


def test_garbage_is_not_looked_for_before_the_app_shows_and_always_after_it(run):
    enabled = []

    def show(loaded, capture):
        enabled.append(gc.isenabled())
        return 0

    assert run("--symbols", "SOL", app=show, has_terminal=lambda: True).status == 0
    assert enabled == [False]
    assert gc.isenabled()
    assert run("--symbols", "SOL", has_terminal=lambda: False).status == 2
    assert gc.isenabled()


def test_version_and_help_are_at_hand_everywhere(run):
    assert run("--version").out.startswith("streamtui ")
    assert run("stream", "--version").out == run("--version").out == run("doctor", "--version").out
    for arguments in ([], ["stream"], ["doctor"], ["emulator"], ["config"], ["config", "init"]):
        result = run(*arguments, "--help")
        assert result.status == 0
        assert "usage: streamtui" in result.out
    assert "--install-completion" in run("--help").out


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["strem"], "there is no command 'strem'; did you mean stream?"),
        (["--nope"], "--nope"),
        (["stream", "-s", "SOL", "--count", "0"], "--count = '0': expected a whole number from 1 up"),
        (["stream", "-s", "SOL", "--count", "2.5"], "--count = '2.5': expected a whole number from 1 up"),
        (["stream", "-s", "SOL", "--duration", "soon"], "--duration = 'soon': expected a number from 0 up"),
        (["stream", "-s", "SOL", "--duration", "nan"], "--duration = 'nan': expected a number from 0 up"),
        (["search", "x", "--format", "xml"], "--format = 'xml': expected one of: table, csv, json"),
        (["search"], "TEXT"),
        (["history"], "SYMBOL"),
        (["history", "SOL", "--range", "2h"], "--range = '2h': expected one of: 1h, 24h, 7d, 30d, 1y"),
        (["history", "NO/EUR", "--demo"], "'NO/EUR' is priced in EUR"),
        (["search", "x" * 200], "is too long to search for"),
        (["--demo-rate", "1e9"], "--demo-rate = '1e9': expected a number from 0 to 100000"),
        (["stream", "-s"], "--symbols"),
        (["--sym", "SOL"], "there is no option --sym; did you mean --symbols?"),
        (["stream", "--demo", "-s", "NOPE"], "'NOPE' (option --symbols)"),
        (["stream", "-w", "NOPE"], "'NOPE' (option --wallets)"),
        (["doctor", "--demo", "-s", "NOPE"], "'NOPE' (option --symbols)"),
        (["--demo", "-s", "NOPE"], "'NOPE' (option --symbols)"),
        (["stream", "-s", "NO/EUR"], "'NO/EUR' (option --symbols)"),
        (["stream", "-s", "SOL", "--prices", "birdeye"], "BIRDEYE_API_KEY"),
        (["--chain", "helius"], "HELIUS_API_KEY"),
        (["stream", "-s", "SOL", "--prices", "x"], "auto, public, birdeye"),
        (["stream", "-s", "SOL", "--config", "/nowhere.toml"], "/nowhere.toml"),
        (["stream", "-s", "SOL", "--log-level", "loud"], "'loud' (option --log-level)"),
        (["stream", "-s", "SOL", "--log-file", "/nowhere/log"], "'/nowhere/log' (option --log-file)"),
        (["stream"], "--symbols"),
        (
            ["emulator", "--birdeye-port", "70000"],
            "--birdeye-port = '70000': expected a whole number from 0 to 65534",
        ),
        (["config"], "config show"),
    ],
)
def test_wrong_usage_is_status_2_with_a_sentence_that_names_it(run, arguments, named):
    result = run(*arguments)
    assert result.status == 2
    assert named in result.err
    assert result.err.count("\n") == 1
    assert "Traceback" not in result.err
    assert result.out == ""


SECRET_KEY = "2PaScuqSuAzbxAh8KkYezizTra2HJLSw2zrhUCTmwHGBqqGHFPMZjtWEdHw5dWWmSDp35rUmToscBsbohZCToaih"
NUMBERS = str(list(range(64, 128)))
PHRASE = "legal winner thank year wave sausage worth useful legal winner thank yellow"


@pytest.mark.parametrize(
    "secret", [SECRET_KEY, NUMBERS, PHRASE, "ab" * 32], ids=["base58", "numbers", "words", "hex"]
)
@pytest.mark.parametrize(
    "arguments",
    [
        ["--wallets", "{}"],
        ["-s{}"],
        ["stream", "-s", "SOL,{}"],
        ["stream", "-w", "{} savings"],
        ["--prices", "{}"],
        ["doctor", "--chain={}"],
        ["--config", "{}"],
        ["stream", "-s", "SOL", "--log-file", "{}"],
        ["stream", "-s", "SOL", "--log-level", "{}"],
        ["stream", "-s", "SOL", "--count", "{}"],
        ["emulator", "--fault", "{}"],
        ["{}"],
        ["--{}"],
        ["config", "{}"],
        ["config", "show", "--config", "{}"],
    ],
    ids=" ".join,
)
def test_a_wallets_secret_is_refused_at_every_door_of_the_command_line_and_never_repeated(
    run, arguments, secret
):
    result = run(*(argument.format(secret) for argument in arguments))
    assert result.status == 2
    assert "treat it as known to others" in result.err
    for piece in (secret[:12], secret[20:32]):
        assert piece not in result.err + result.out


def test_a_phrase_whose_words_come_one_by_one_is_recognised(run):
    result = run("--wallets", *PHRASE.split())
    assert "treat it as known to others" in result.err
    assert "sausage" not in result.err


def test_a_mistake_in_the_environment_is_status_2(run, monkeypatch):
    monkeypatch.setenv("STREAMTUI_STREAM_STALE_AFTER", "never")
    result = run("config", "show")
    assert result.status == 2
    assert result.err == (
        "streamtui: stream.stale_after = 'never' (environment variable STREAMTUI_STREAM_STALE_AFTER): "
        "expected a number from 0.1 to 86400\n"
    )


def test_without_a_terminal_the_app_points_to_the_stream_command(run):
    result = run("-s", "SOL")
    assert result.status == 2
    assert "streamtui stream" in result.err


def test_nothing_to_watch_is_wrong_usage_also_when_it_is_switched_off(stream, monkeypatch, streamed):
    monkeypatch.setenv("STREAMTUI_STREAM_ENABLE_PRICES", "false")
    assert stream("stream", "-s", "SOL").status == 2
    assert stream("stream", "-s", "SOL", "-w", WALLET).status == 0


# Options


def test_lists_are_separated_by_commas_or_repeated(stream, streamed):
    assert stream("stream", "-s", "SOL,$btc", "--symbols", "eth", "-w", WALLET).status == 0
    assert streamed[0].settings.symbols == ("SOL", "$btc", "eth")
    assert streamed[0].settings.wallets == (WALLET,)
    assert (streamed[0].count, streamed[0].duration) == (None, None)


def test_options_before_the_command_hold_unless_it_has_its_own(stream, streamed):
    stream(
        "--demo", "-s", "SOL", "--wallets", WALLET, "stream", "-s", "BTC", "--count", "3", "--duration", "1.5"
    )
    (call,) = streamed
    assert call.settings.demo
    assert call.settings.symbols == ("BTC",)
    assert call.settings.wallets == (WALLET,)
    assert (call.count, call.duration) == (3, 1.5)


def test_the_demo_moves_as_often_as_asked(stream, streamed):
    stream("stream", "--demo", "-s", "SOL", "--demo-rate", "1000")
    stream("stream", "--demo", "-s", "SOL")
    assert [call.settings.demo_rate for call in streamed] == [1000.0, 4.0]
    assert "--demo-rate" in stream("stream", "--demo-rate", "fast").err


def test_an_option_can_switch_off_the_demo_of_the_file(stream, streamed, tmp_path):
    file = tmp_path / "config.toml"
    file.write_text("demo = true\nsymbols = ['SOL']")
    stream("stream", "--config", str(file))
    stream("stream", "--config", str(file), "--no-demo")
    assert [call.settings.demo for call in streamed] == [True, False]


# Ends


def test_interrupted_is_status_0(run):
    def interrupted(settings, count, duration, capture):
        raise KeyboardInterrupt

    assert run("stream", "-s", "SOL", stream=interrupted).status == 0


def test_an_unexpected_failure_is_status_1_in_one_line_and_its_traceback_is_in_the_log(
    run, monkeypatch, tmp_path
):
    def broken(settings, count, duration, capture):
        raise RuntimeError("cannot go on with geheim-1234\x1b[2J")

    monkeypatch.setenv("BIRDEYE_API_KEY", "geheim-1234")
    result = run("stream", "-s", "SOL", "--log-file", str(tmp_path / "log"), stream=broken)
    assert result.status == 1
    assert result.err == "streamtui: unexpected failure: RuntimeError: cannot go on with ***␛[2J\n"
    log = (tmp_path / "log").read_text()
    assert "Traceback" in log
    assert "geheim" not in log
    assert "--log-file" in run("stream", "-s", "SOL", stream=broken).err


@pytest.mark.parametrize(
    "arguments",
    [
        ["config", "show"],
        ["config", "path"],
        ["emulator", "--fault", "list"],
        ["--version"],
        ["stream", "--version"],
        ["--help"],
        ["config", "show", "--help"],
    ],
)
def test_a_full_disk_is_a_sentence_and_status_1(monkeypatch, capsys, arguments):
    with open("/dev/full", "w") as full:  # noqa: PTH123
        monkeypatch.setattr(sys, "stdout", full)
        with pytest.raises(SystemExit) as end:
            main(arguments)
    assert end.value.code == 1
    assert capsys.readouterr().err == "streamtui: the output cannot be written: No space left on device\n"


def test_help_that_nobody_reads_ends_quietly(monkeypatch, capsys):
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w") as pipe:  # noqa: PTH123
        monkeypatch.setattr(sys, "stdout", pipe)
        with pytest.raises(SystemExit) as end:
            main(["--help"])
    assert end.value.code == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "text",
    [
        "symbols = ['SOL', 'XMR']",
        "symbols = ['SOL']\n[watchlists]\na = ['XMR', 'SOL']",
        "symbols = ['SOL']\n[[alerts]]\nsymbol = 'XMR'\nabove = 1",
    ],
)
def test_the_demo_starts_with_a_file_that_names_what_only_an_exchange_knows(stream, streamed, tmp_path, text):
    file = tmp_path / "config.toml"
    file.write_text(text)
    result = stream("stream", "--demo", "--config", str(file))
    assert result.status == 0
    assert streamed[0].settings.symbols == ("SOL",)
    assert "warning: XMR: not in the token table, and the demo has no exchange" in result.err


def test_a_full_disk_ends_the_stream_with_a_sentence(run):
    def full(settings, count, duration, capture):
        raise OSError(errno.ENOSPC, "No space left on device")

    result = run("stream", "-s", "SOL", stream=full)
    assert (result.status, result.err) == (
        1,
        "streamtui: the output cannot be written: No space left on device\n",
    )


def test_the_status_of_the_stream_is_the_status_of_the_command(run):
    assert run("stream", "-s", "SOL", stream=lambda settings, count, duration, capture: 1).status == 1


# The app


@pytest.fixture
def app(run):
    """Runs the command line at a terminal, with an app that only notes what it was started with."""
    started: list[Settings] = []
    made = SimpleNamespace(started=started, status=0)

    def start(loaded: Loaded, capture: object) -> int:
        started.append(loaded.settings)
        return made.status

    made.run = lambda *arguments: run(*arguments, app=start, has_terminal=lambda: True)
    return made


def test_without_a_command_the_app_starts(app):
    assert app.run("--demo", "-s", "SOL").status == 0
    (settings,) = app.started
    assert settings.demo
    assert settings.symbols == ("SOL",)


def test_the_app_needs_nothing_to_watch_to_start(app):
    assert app.run().status == 0


def test_the_status_of_the_app_is_the_status_of_the_command(app):
    app.status = 1
    assert app.run().status == 1


def test_a_theme_that_does_not_exist_is_named_before_the_app_starts(app, monkeypatch):
    monkeypatch.setenv("STREAMTUI_UI_THEME", "bright-pink")
    result = app.run()
    assert result.status == 2
    assert "textual-dark" in result.err
    assert app.started == []
    monkeypatch.setenv("STREAMTUI_UI_THEME", "nord")
    assert app.run().status == 0


# config


def test_config_path_is_in_the_users_folder_or_where_the_option_says(run, tmp_path):
    assert run("config", "path").out == f"{tmp_path}/config/streamtui/config.toml\n"
    assert run("config", "path", "--config", "other.toml").out == "other.toml\n"
    assert run("--config", "other.toml", "config", "path").out == "other.toml\n"


def test_config_show_tells_each_value_and_its_origin_and_masks_secrets(run, monkeypatch, tmp_path):
    monkeypatch.setenv("BIRDEYE_API_KEY", "geheim-1234")
    monkeypatch.setenv("STREAMTUI_STREAM_STALE_AFTER", "20")
    file = tmp_path / "config.toml"
    file.write_text(f"symbols = ['SOL']\n[labels]\n{WALLET} = 'my \"savings\"'")
    out = run("--demo", "config", "show", "--config", str(file)).out
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert f'symbols = ["SOL"] # file {file}' in lines
    assert "demo = true # option --demo" in lines
    assert "stale_after = 20.0 # environment variable STREAMTUI_STREAM_STALE_AFTER" in lines
    assert "poll_interval = 5.0 # default" in lines
    assert 'api_key = "***" # environment variable BIRDEYE_API_KEY' in lines
    assert f'{WALLET} = "my \\"savings\\"" # file {file}' in lines
    assert "geheim" not in out
    tomllib.loads(out)


def test_config_init_writes_a_file_that_sets_nothing_and_explains_everything(run, tmp_path):
    result = run("config", "init")
    path = tmp_path / "config" / "streamtui" / "config.toml"
    assert (result.status, result.out) == (0, f"{path}\n")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = path.read_text()
    assert load(path, environ={}).settings == Settings()
    assert "BIRDEYE_API_KEY" in text
    assert max(map(len, text.splitlines())) <= 120


def test_everything_the_starter_file_shows_can_be_switched_on(run, tmp_path):
    path = tmp_path / "new.toml"
    run("config", "init", "--config", str(path))
    lines = [
        line.removeprefix("# ")
        if (" = " in line or "[[" in line) and "example" not in line and "extra" not in line
        else line
        for line in path.read_text().splitlines()
        if "name to show for it" not in line
    ]
    path.write_text("\n".join(lines))
    settings = load(path, environ={}).settings
    assert settings.symbols == ("SOL", "BTC")
    assert settings.labels
    assert settings.tokens
    assert settings.watchlists == {"memes": ("BONK", "WIF")}
    assert len(settings.alerts) == 3
    assert settings.ui.alert_command[-1] == "{text}"
    assert settings.stream == Settings().stream


def test_config_init_never_overwrites(run, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("demo = true")
    result = run("config", "init", "--config", str(path))
    assert result.status == 1
    assert "left alone" in result.err
    assert path.read_text() == "demo = true"


def test_config_init_under_a_file_says_what_is_no_folder(run, tmp_path):
    (tmp_path / "file").touch()
    result = run("config", "init", "--config", str(tmp_path / "file" / "config.toml"))
    assert result.status == 1
    assert f"cannot be written: {tmp_path / 'file'} is not a folder" in result.err


def test_config_init_leaves_no_part_of_a_file_behind(run, tmp_path, monkeypatch):
    def full() -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("streamtui.commands.config.starter", full)
    result = run("config", "init", "--config", str(tmp_path / "config.toml"))
    assert result.status == 1
    assert "No space left on device" in result.err
    assert not (tmp_path / "config.toml").exists()


def test_config_init_says_why_it_could_not_write(run):
    result = run("config", "init", "--config", "/proc/nowhere/config.toml")
    assert result.status == 1
    assert "cannot be written" in result.err


def test_a_key_in_a_file_that_others_can_read_brings_a_warning(run, tmp_path):
    path = tmp_path / "config.toml"
    path.write_text("[helius]\napi_key = 'abcdefgh'")
    path.chmod(0o644)
    result = run("config", "show", "--config", str(path))
    assert result.status == 0
    assert result.err.startswith("streamtui: warning: ")
    assert "abcdefgh" not in result.err + result.out


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["SOL"], "to watch it: --symbols SOL"),
        (["--demo", "SOL", "BTC"], "to watch them: --symbols SOL,BTC"),
        (["stream", "SOL"], "to watch it: --symbols SOL"),
        (["doctor", "--demo", "SOL"], "to watch it: --symbols SOL"),
        ([WALLET], f"to watch it: --wallets {WALLET}"),
        (["strem"], "did you mean stream?"),
    ],
)
def test_a_word_that_no_option_takes_gets_a_hint(run, arguments, hint):
    result = run(*arguments)
    assert result.status == 2
    assert hint in result.err
    assert result.err.count("\n") == 1


def test_row_21_what_is_read_as_something_else_is_told_once(stream, streamed):
    result = stream("stream", "-s", "SOL/USDT SOL/USDT;BTC-USD")
    assert result.status == 0
    assert result.err.count("prices here are in US dollars, which USDT is not quite") == 1
    assert result.err.count("\n") == 1


@pytest.mark.parametrize("option", ["--wallets", "--symbols"])
def test_row_1_the_name_of_a_keypair_file_is_said_to_be_one_and_it_is_not_read(run, tmp_path, option):
    file = tmp_path / "id.json"
    file.write_text(NUMBERS)
    result = run("stream", option, str(file))
    assert result.status == 2
    assert "name of a file, which was not read" in result.err
    assert "65, 66" not in result.err


def test_row_1_a_keypair_file_as_configuration_is_not_repeated(run, tmp_path):
    file = tmp_path / "id.json"
    file.write_text(NUMBERS)
    for arguments in (["stream"], ["config", "show"], ["doctor"], []):
        result = run(*arguments, "--config", str(file))
        assert result.status == 2
        assert "looks like a wallet's secret" in result.err
        assert "65, 66" not in result.err + result.out


def test_row_15_without_a_home_the_paths_are_asked_for(run, monkeypatch):
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setenv("HOME", "nowhere")
    monkeypatch.setattr("pwd.getpwuid", lambda uid: (_ for _ in ()).throw(KeyError(uid)))
    for words in (["config", "path"], ["config", "init"]):
        result = run(*words)
        assert result.status == 1
        assert "--config FILE" in result.err
    shown = run("config", "show")
    assert shown.status == 0
    assert "# file: none (not there)" in shown.out
    assert "the defaults are used" in shown.err


def test_row_15_completion_that_cannot_be_installed_in_an_odd_home_is_a_sentence(run, monkeypatch):
    monkeypatch.setenv("HOME", "/dev/null")
    monkeypatch.setenv("SHELL", "/bin/bash")
    monkeypatch.setattr("shellingham.detect_shell", lambda *_: ("bash", "/bin/bash"))
    result = run("--install-completion")
    assert result.status == 1
    assert "completion cannot be installed" in result.err
    assert "unexpected" not in result.err


def test_row_21_all_that_cannot_be_watched_is_told_in_one_message(run):
    result = run("stream", "--demo", "-s", "NOPE,SOL;NEVER NOPE", "-w", f"{WALLET},nobody")
    assert result.status == 2
    assert result.err.count("\n") == 1
    assert "'NOPE' (option --symbols): is not a ticker" in result.err
    assert "nor can these be watched: 'NEVER', 'nobody'" in result.err
