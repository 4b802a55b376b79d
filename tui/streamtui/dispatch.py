"""What each command checks, and what it starts then. What a command does is in a file of its own."""

from __future__ import annotations

import sys
from contextlib import contextmanager

from streamtui.exit_status import FAILED, UNWRITABLE, Ended, fail, refuse
from streamtui.options import PORTS
from streamtui.stderr import say, say_unexpected

TYPE_CHECKING = False  # the module typing takes as long to import as argparse
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path
    from typing import Any, TypeAlias

    from streamcore.config import Loaded
    from streamtui.programs import Programs

    _Given: TypeAlias = Mapping[str, Any]
    """The options that were given, by name."""

_NOT_FOR_OUTPUT = ("", "emulator", "relay", "serve")
"""Commands that are run for something else than what they print."""
_WITHOUT_CONNECTIONS = ("config", "relay token")
"""How the commands begin that open none."""
_TOO_LITTLE = (
    "there is too little memory, or there are too many processes, for what is allowed; see ulimit -a"
)


def run(command: str, given: _Given, programs: Programs) -> None:
    """Run a command.

    Args:
        command: Its words; empty for the app.
        given: The options that were given, by name.
        programs: The functions that do the work.

    Raises:
        Ended: It has ended with another exit status than that of success.
        SettingsError: Something that is configured cannot be used.
        InputError: Something that was given makes no sense.
    """
    if sys.stdout is None and command not in _NOT_FOR_OUTPUT:
        refuse("standard output is closed, there is nowhere to write to")
    if not command.startswith(_WITHOUT_CONNECTIONS):
        from streamtui.commands.open_files import check_open_files

        check_open_files()
    _COMMANDS[command](given, programs)


def _app(given: _Given, programs: Programs) -> None:
    import gc

    from streamtui.commands.shutdown import as_keyboard_interrupt

    # nothing of what is imported and set up is garbage, but looking for it takes a fifth of the time to the
    # first frame and to the first price, from which on the app looks for it again
    gc.disable()
    try:
        with as_keyboard_interrupt():
            _start_app(given, programs)
    finally:
        gc.enable()


def _start_app(given: _Given, programs: Programs) -> None:
    from streamtui.commands.capture import capturing
    from streamtui.commands.settings import check_surroundings, check_watched, loaded

    effective = loaded(given)
    check_watched(effective)
    check_surroundings(effective)
    with logging_set_up(given, effective, on_screen=False):
        if not programs.has_terminal():
            refuse("the app needs a terminal; for a pipe or a file there is: streamtui stream")
        _check_theme(effective)
        with capturing(given.get("capture"), on_screen=False) as capture:
            raise Ended(programs.app(effective, capture))


def _stream(given: _Given, programs: Programs) -> None:
    from streamtui.commands.capture import capturing
    from streamtui.commands.settings import check_surroundings, check_watched, loaded, without_symbols
    from streamtui.commands.shutdown import as_keyboard_interrupt

    with as_keyboard_interrupt():
        effective = loaded(given)
        unknown = check_watched(effective)
        check_surroundings(effective)
        settings = without_symbols(effective.settings, unknown)
        symbols_wanted = settings.symbols if settings.stream.enable_prices else ()
        wallets_wanted = settings.wallets if settings.stream.enable_wallets else ()
        if not symbols_wanted and not wallets_wanted:
            refuse("nothing to watch; name symbols with --symbols or wallets with --wallets")
        with (
            logging_set_up(given, effective, on_screen=True),
            capturing(given.get("capture"), on_screen=True) as capture,
        ):
            raise Ended(programs.stream(settings, given.get("count"), given.get("duration"), capture))


def _search(given: _Given, programs: Programs) -> None:
    from streamtui.commands.settings import check_surroundings, loaded
    from streamtui.commands.shutdown import as_keyboard_interrupt

    with as_keyboard_interrupt():
        effective = loaded(given)
        check_surroundings(effective)
        text = " ".join(given["text"])
        with logging_set_up(given, effective, on_screen=True):
            raise Ended(programs.search(effective.settings, text, given.get("format", "table")))


def _history(given: _Given, programs: Programs) -> None:
    from streamtui.commands.settings import check_surroundings, loaded
    from streamtui.commands.shutdown import as_keyboard_interrupt

    with as_keyboard_interrupt():
        effective = loaded(given)
        check_surroundings(effective)
        symbol = " ".join(given["symbol"])
        span, form = given.get("range", "24h"), given.get("format", "table")
        with logging_set_up(given, effective, on_screen=True):
            raise Ended(programs.history(effective.settings, symbol, span, form))


def _encodings(given: _Given, programs: Programs) -> None:
    from pathlib import Path

    from streamtui.commands.settings import check_surroundings, check_watched, loaded, without_symbols
    from streamtui.commands.shutdown import as_keyboard_interrupt

    with as_keyboard_interrupt():
        effective = loaded(given)
        words = given.get("file") or []
        file = Path(" ".join(words)) if words else None
        settings = effective.settings
        if file is None:
            settings = without_symbols(settings, check_watched(effective))
            check_surroundings(effective)
            if not given.get("duration"):
                refuse("encodings of what? Name a file, or give --duration S for so long of live prices")
            if not settings.symbols:
                refuse("nothing to watch; name symbols with --symbols")
        with logging_set_up(given, effective, on_screen=True):
            form, speed = given.get("format", "table"), given.get("speed", 1.0)
            raise Ended(programs.encodings(settings, file, given.get("duration", 0.0), speed, form))


def _doctor(given: _Given, programs: Programs) -> None:
    from streamtui.commands.capture import capturing
    from streamtui.commands.settings import check_surroundings, check_watched, loaded
    from streamtui.commands.shutdown import as_keyboard_interrupt

    with as_keyboard_interrupt():
        effective = loaded(given)
        check_watched(effective)
        check_surroundings(effective)
        with (
            logging_set_up(given, effective, on_screen=True),
            capturing(given.get("capture"), on_screen=True) as capture,
        ):
            raise Ended(programs.doctor(effective, capture))


def _emulator(given: _Given, programs: Programs) -> None:
    from streamtui.commands.shutdown import as_keyboard_interrupt

    with as_keyboard_interrupt(), logging_set_up(given, None, on_screen=True):
        from streamtui.commands.simulate import list_faults, planned_faults, run

        faults = given.get("fault", [])
        if faults == ["list"]:
            list_faults()
            return
        try:
            run(
                ports={option.name.removesuffix("_port"): given.get(option.name, 0) for option in PORTS},
                seed=given.get("seed"),
                market_rate=given.get("market_rate"),
                wallet_rate=given.get("wallet_rate"),
                faults=planned_faults(faults),
            )
        except OSError as error:
            if error.errno in UNWRITABLE:
                raise
            fail(error.strerror or str(error))


def _relay(given: _Given, programs: Programs) -> None:
    from streamcore.relay import ListenFailed, LogFailed, TokensFailed
    from streamtui.commands.relay import check, run
    from streamtui.commands.settings import check_surroundings, check_watched, loaded
    from streamtui.commands.shutdown import as_keyboard_interrupt

    with as_keyboard_interrupt():
        effective = loaded(given)
        check_watched(effective)
        check_surroundings(effective)
        with logging_set_up(given, effective, on_screen=True):
            try:
                raise Ended(check(effective) if given.get("check") else run(effective))
            except (ListenFailed, LogFailed, TokensFailed) as error:
                fail(str(error))


def _relay_token(given: _Given, programs: Programs) -> None:
    refuse("relay token what? There are: relay token add, relay token list, relay token revoke")


def _relay_token_add(given: _Given, programs: Programs) -> None:
    from streamtui.commands.relay import add_token

    name, control = " ".join(given["name"]), bool(given.get("control"))
    _with_tokens(given, lambda path: add_token(path, name, control=control))


def _relay_token_list(given: _Given, programs: Programs) -> None:
    from streamtui.commands.relay import list_tokens

    _with_tokens(given, list_tokens)


def _relay_token_revoke(given: _Given, programs: Programs) -> None:
    from streamtui.commands.relay import revoke_token

    _with_tokens(given, lambda path: revoke_token(path, " ".join(given["name"])))


def _with_tokens(given: _Given, work: Callable[[Path], None]) -> None:
    from pathlib import Path

    from streamcore.relay import TokensFailed
    from streamtui.commands.settings import loaded

    file = loaded(given).settings.relay.tokens
    if file is None:
        refuse("name the file of tokens with --tokens FILE, or set relay.tokens")
    try:
        work(Path(file))
    except TokensFailed as error:
        fail(str(error))


def _serve(given: _Given, programs: Programs) -> None:
    from streamcore.extras import lacking

    if (reason := lacking("web")) is not None:
        refuse(f"serve needs a library: {reason}")
    from streamcore.relay import ListenFailed, LogFailed, TokensFailed
    from streamtui.commands.serve import run
    from streamtui.commands.settings import check_surroundings, check_watched, loaded
    from streamtui.commands.shutdown import as_keyboard_interrupt
    from streamtui.options import SERVING_BROWSERS

    with as_keyboard_interrupt():
        effective = loaded(given, SERVING_BROWSERS)
        check_watched(effective)
        check_surroundings(effective)
        with logging_set_up(given, effective, on_screen=True):
            try:
                raise Ended(run(effective))
            except (ListenFailed, LogFailed, TokensFailed) as error:
                fail(str(error))


def _config(given: _Given, programs: Programs) -> None:
    refuse("config what? There are: config path, config show, config init")


def _config_path(given: _Given, programs: Programs) -> None:
    print(_config_file(given))


def _config_show(given: _Given, programs: Programs) -> None:
    from streamtui.commands.config import shown
    from streamtui.commands.settings import loaded

    print(shown(loaded(given)), end="")


def _config_init(given: _Given, programs: Programs) -> None:
    from streamtui.commands.config import write_starter

    path = _config_file(given)
    try:
        write_starter(path)
    except FileExistsError:
        fail(f"{path} is there already, and was left alone")
    except OSError as error:
        fail(f"{path} cannot be written: {error.strerror or type(error).__name__}")
    print(path)


def _config_file(given: _Given) -> Path:
    from streamcore.config import config_file

    path = given.get("config") or config_file()
    if path is None:
        fail("this user has no home folder (HOME); name a file with --config FILE")
    return path


_COMMANDS: Mapping[str, Callable[[_Given, Programs], None]] = {
    "": _app,
    "stream": _stream,
    "encodings": _encodings,
    "doctor": _doctor,
    "search": _search,
    "history": _history,
    "emulator": _emulator,
    "relay": _relay,
    "relay token": _relay_token,
    "relay token add": _relay_token_add,
    "relay token list": _relay_token_list,
    "relay token revoke": _relay_token_revoke,
    "serve": _serve,
    "config": _config,
    "config path": _config_path,
    "config show": _config_show,
    "config init": _config_init,
}
"""The function of each command, by its words."""


@contextmanager
def logging_set_up(given: _Given, loaded: Loaded | None, *, on_screen: bool) -> Iterator[None]:
    """Set up logging, and turn an unexpected failure into one line here and a traceback in the log file."""
    import logging

    from streamcore import InputError, SettingsError
    from streamcore.config import secrets
    from streamtui.commands.logging import FILE_ONLY, log_lines

    hidden = () if loaded is None else secrets(loaded.settings)
    file = given.get("log_file")
    with log_lines(level=given.get("log_level"), file=file, on_screen=on_screen, secrets=hidden):
        try:
            yield
        except (Ended, SettingsError, InputError):
            raise
        except Exception as error:
            if isinstance(error, OSError) and error.errno in UNWRITABLE:
                raise
            if isinstance(error, MemoryError) or "can't start new thread" in str(error):
                fail(_TOO_LITTLE)
            logging.getLogger(__name__).critical("unexpected failure", exc_info=True, extra=FILE_ONLY)
            say_unexpected(error, hidden)
            if file is None:
                say("with --log-file FILE the details are kept")
            raise Ended(FAILED) from error


def _check_theme(loaded: Loaded) -> None:
    theme = loaded.settings.ui.theme
    if theme is None:
        return
    from textual.theme import BUILTIN_THEMES

    from streamcore import SettingsError
    from streamtui.themes import OWN

    known = sorted([*BUILTIN_THEMES, *(one.name for one in OWN)])
    if theme not in known:
        allowed = f"expected one of: {', '.join(known)}"
        raise SettingsError("ui.theme", theme, allowed, loaded.origins["ui.theme"])
