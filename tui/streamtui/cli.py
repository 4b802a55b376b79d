"""The ``streamtui`` command. Thin: it starts what was asked for; what a command does is in a file of its own.

Exit status: 0 done or interrupted, 1 it ran and failed, 2 wrong usage or configuration. Nothing heavy is
imported before it is needed, so that ``--help`` and the first frame of the app come at once.
"""

from __future__ import annotations

import errno
import os
import sys
from contextlib import contextmanager, suppress

from streamtui.options import PORTS, WrongUsage
from streamtui.parsing import parse

TYPE_CHECKING = False  # the module typing takes as long to import as argparse
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import Any, NoReturn, TypeAlias

    from streamcore import Settings
    from streamcore.config import Loaded
    from streamcore.recording import Capture

    _Given: TypeAlias = Mapping[str, Any]
    """The options that were given, by name."""

DONE = 0
FAILED = 1
WRONG_USAGE = 2
LEAVE_WITHIN = 4.0
"""Seconds the app may take to shut down before it is ended; usually it takes half a second."""

_UNWRITABLE = (errno.EPIPE, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""Errors of writing to standard output: its reader is gone, or the disk is full or broken."""


def _streams(settings: Settings, count: int | None, duration: float | None, capture: Capture | None) -> int:
    from streamtui.commands.stream import run

    return run(settings, count=count, duration=duration, capture=capture)


def _examines(loaded: Loaded, capture: Capture | None) -> int:
    from streamtui.commands.doctor import run

    return run(loaded, capture=capture)


def _searches(settings: Settings, text: str, form: str) -> int:
    from streamtui.commands.search import run

    return run(settings, text, form=form)


def _looks_back(settings: Settings, symbol: str, span: str, form: str) -> int:
    from streamtui.commands.history import run

    return run(settings, symbol, span=span, form=form)


def _compares(settings: Settings, file: Path | None, duration: float, speed: float, form: str) -> int:
    from streamtui.commands.encodings import run

    return run(settings, file=file, duration=duration, speed=speed, form=form)


def _shows(loaded: Loaded, capture: Capture | None) -> int:
    import gc

    from streamtui import terminal

    if not terminal.has_screen(os.environ):
        name = os.environ.get("TERM", "")
        _refuse(f"this terminal (TERM={name!r}) has no screen for the app; there is: streamtui stream")
    terminal.prepare(os.environ)
    from streamtui.app import StreamTuiApp
    from streamtui.commands.settings import saved
    from streamtui.model.engine import real_engine_factory
    from streamtui.terminal import end_within

    settings = loaded.settings
    nothing_set = not (settings.symbols or settings.wallets or settings.watchlists)
    app = StreamTuiApp(
        settings,
        # without a capture the app makes it, and imports it only after the first frame
        engine_factory=None if capture is None else real_engine_factory(capture),
        config_path=loaded.path,
        saved=saved(loaded),
        starter=nothing_set,
        leaving=lambda: end_within(LEAVE_WITHIN),
        shown=gc.enable,
    )
    app.run()
    return app.return_code or DONE


def _is_terminal() -> bool:
    return os.isatty(0) and os.isatty(1)  # where the keys come from and the screen is


class Programs:
    """The functions that do the work of the commands, each returning the exit status; tests pass their own.

    The standard ones import their modules only when called. A `Capture`, if given, records the network
    traffic.
    """

    def __init__(
        self,
        *,
        app: Callable[[Loaded, Capture | None], int] = _shows,
        stream: Callable[[Settings, int | None, float | None, Capture | None], int] = _streams,
        doctor: Callable[[Loaded, Capture | None], int] = _examines,
        search: Callable[[Settings, str, str], int] = _searches,
        history: Callable[[Settings, str, str, str], int] = _looks_back,
        encodings: Callable[[Settings, Path | None, float, float, str], int] = _compares,
        has_terminal: Callable[[], bool] = _is_terminal,
    ) -> None:
        """Name the functions.

        Args:
            app: Takes the settings and where they came from.
            stream: Takes the settings, the largest number of lines, and the longest time in seconds.
            doctor: Takes the settings and where they came from.
            search: Takes the settings, what to look for, and the form in which to print it.
            history: Takes the settings, a symbol, how far back, and the form in which to print it.
            encodings: Takes the settings, a file or ``None``, seconds to listen without one, how much faster
                it is to be taken, and the form in which to print it.
            has_terminal: Returns whether there is one for the app.
        """
        self.app = app
        self.stream = stream
        self.doctor = doctor
        self.search = search
        self.history = history
        self.encodings = encodings
        self.has_terminal = has_terminal


STANDARD = Programs()


class _Ended(Exception):
    """Ends the command with this exit status; the reason has been printed already."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(status)


def main(arguments: Sequence[str] | None = None, programs: Programs = STANDARD) -> NoReturn:
    """Run the command line and exit.

    Args:
        arguments: What follows the program's name; ``None``: that of this process.
        programs: The functions that do the work of the commands.
    """
    try:
        sys.exit(_run(sys.argv[1:] if arguments is None else arguments, programs))
    except KeyboardInterrupt:  # before or after a command
        sys.exit(DONE)
    except Exception as error:
        _say_unexpected(error)
        sys.exit(FAILED)


def _run(arguments: Sequence[str], programs: Programs) -> int:
    """Run the command, and return the exit status."""
    _write_everywhere()
    if "_STREAMTUI_COMPLETE" in os.environ:
        from streamtui.completion import complete

        complete(*arguments)
    command: str | None = None
    given: dict[str, Any] = {}
    try:
        with _writing() as end:
            command, given = parse(arguments)
        if command is None:  # help or a version that nobody could read
            return end.status
        for wish in ("install", "show"):
            if given.pop(f"{wish}_completion", False):
                return _completion(wish)
    except WrongUsage as error:
        _say(str(error))
        return WRONG_USAGE
    with _ending() as end:
        _DOES[command](given, programs)
    return end.status


def _completion(wish: str) -> int:
    """Install completion, or show what it runs; returns only if that cannot be done."""
    from streamtui.completion import complete

    try:
        complete(f"--{wish}-completion")
    except OSError as error:
        reason = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
        _say(f"completion cannot be installed: {reason or type(error).__name__}")
        return FAILED


def _write_everywhere() -> None:
    """Make sure that printing never fails because the terminal's encoding lacks a character."""
    streams = (sys.stdout, sys.stderr, sys.__stderr__)
    if any(stream is not None and (stream.encoding or "").lower() != "utf-8" for stream in streams):
        from streamtui.format.ascii_signs import use_ascii_signs

        use_ascii_signs(streams)


class _End:
    status = DONE


@contextmanager
def _ending() -> Iterator[_End]:
    """Turn the ways in which a command ends into an exit status."""
    from streamcore import InputError, SettingsError

    with _writing() as end:
        try:
            yield end
        except _Ended as ended:
            end.status = ended.status
        except (SettingsError, InputError) as error:
            _say(str(error))
            end.status = WRONG_USAGE
        except KeyboardInterrupt:
            pass


@contextmanager
def _writing() -> Iterator[_End]:
    """Write out what was printed, also before an exit, and say so if it cannot be written."""
    end = _End()
    try:
        try:
            yield end
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()
    except OSError as error:
        if error.errno not in _UNWRITABLE:
            raise
        # nothing may be written any more when Python flushes at exit
        with suppress(ValueError):  # it is no file
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):  # whoever read a pipe has seen enough
            _say(f"the output cannot be written: {error.strerror}")
            end.status = FAILED


def _app(given: _Given, programs: Programs) -> None:
    import gc

    # nothing of what is imported and set up is garbage, but looking for it takes a fifth of the time to the
    # first frame, from which on the app looks for it again
    gc.disable()
    try:
        _start_app(given, programs)
    finally:
        gc.enable()


def _start_app(given: _Given, programs: Programs) -> None:
    from streamtui.commands.capture import capturing
    from streamtui.commands.open_files import check_open_files
    from streamtui.commands.settings import check_surroundings, check_watched, loaded

    effective = loaded(given)
    check_watched(effective)
    check_surroundings(effective)
    check_open_files()
    with _logging(given, effective, on_screen=False):
        if not programs.has_terminal():
            _refuse("the app needs a terminal; for a pipe or a file there is: streamtui stream")
        _check_theme(effective)
        with capturing(given.get("capture"), on_screen=False) as capture:
            raise _Ended(programs.app(effective, capture))


def _stream(given: _Given, programs: Programs) -> None:
    from streamtui.commands.capture import capturing
    from streamtui.commands.open_files import check_open_files
    from streamtui.commands.settings import check_surroundings, check_watched, loaded, without_symbols
    from streamtui.commands.shutdown import as_keyboard_interrupt

    with as_keyboard_interrupt():
        effective = loaded(given)
        unknown = check_watched(effective)
        check_surroundings(effective)
        check_open_files()
        settings = without_symbols(effective.settings, unknown)
        symbols_wanted = settings.symbols if settings.stream.enable_prices else ()
        wallets_wanted = settings.wallets if settings.stream.enable_wallets else ()
        if not symbols_wanted and not wallets_wanted:
            _refuse("nothing to watch; name symbols with --symbols or wallets with --wallets")
        if sys.stdout is None:  # and the next socket would get its number
            _refuse("standard output is closed, there is nowhere to write to")
        with (
            _logging(given, effective, on_screen=True),
            capturing(given.get("capture"), on_screen=True) as capture,
        ):
            raise _Ended(programs.stream(settings, given.get("count"), given.get("duration"), capture))


def _search(given: _Given, programs: Programs) -> None:
    from streamtui.commands.settings import check_surroundings, loaded
    from streamtui.commands.shutdown import as_keyboard_interrupt

    with as_keyboard_interrupt():
        effective = loaded(given)
        check_surroundings(effective)
        text = " ".join(given["text"])
        with _logging(given, effective, on_screen=True):
            raise _Ended(programs.search(effective.settings, text, given.get("format", "table")))


def _history(given: _Given, programs: Programs) -> None:
    from streamtui.commands.settings import check_surroundings, loaded
    from streamtui.commands.shutdown import as_keyboard_interrupt

    with as_keyboard_interrupt():
        effective = loaded(given)
        check_surroundings(effective)
        symbol = " ".join(given["symbol"])
        span, form = given.get("range", "24h"), given.get("format", "table")
        with _logging(given, effective, on_screen=True):
            raise _Ended(programs.history(effective.settings, symbol, span, form))


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
                _refuse("encodings of what? Name a file, or give --duration S for so long of live prices")
            if not settings.symbols:
                _refuse("nothing to watch; name symbols with --symbols")
        with _logging(given, effective, on_screen=True):
            form, speed = given.get("format", "table"), given.get("speed", 1.0)
            raise _Ended(programs.encodings(settings, file, given.get("duration", 0.0), speed, form))


def _doctor(given: _Given, programs: Programs) -> None:
    from streamtui.commands.capture import capturing
    from streamtui.commands.open_files import check_open_files
    from streamtui.commands.settings import check_surroundings, check_watched, loaded
    from streamtui.commands.shutdown import as_keyboard_interrupt

    with as_keyboard_interrupt():
        effective = loaded(given)
        check_watched(effective)
        check_surroundings(effective)
        check_open_files()
        with (
            _logging(given, effective, on_screen=True),
            capturing(given.get("capture"), on_screen=True) as capture,
        ):
            raise _Ended(programs.doctor(effective, capture))


def _emulator(given: _Given, programs: Programs) -> None:
    from streamtui.commands.shutdown import as_keyboard_interrupt

    with as_keyboard_interrupt(), _logging(given, None, on_screen=True):
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
            if error.errno in _UNWRITABLE:
                raise
            _fail(error.strerror or str(error))


def _relay(given: _Given, programs: Programs) -> None:
    from streamcore.relay import LogFailed, TokensFailed
    from streamtui.commands.open_files import check_open_files
    from streamtui.commands.relay import check, run
    from streamtui.commands.settings import check_surroundings, check_watched, loaded
    from streamtui.commands.shutdown import as_keyboard_interrupt

    with as_keyboard_interrupt():
        effective = loaded(given)
        check_watched(effective)
        check_surroundings(effective)
        check_open_files()
        with _logging(given, effective, on_screen=True):
            try:
                raise _Ended(check(effective) if given.get("check") else run(effective))
            except (LogFailed, TokensFailed) as error:
                _fail(str(error))
            except OSError as error:
                if error.errno in _UNWRITABLE:
                    raise
                listen = effective.settings.relay.listen
                _fail(f"{listen} cannot be listened on: {error.strerror or error}")


def _relay_token(given: _Given, programs: Programs) -> None:
    _refuse("relay token what? There are: relay token add, relay token list, relay token revoke")


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
        _refuse("name the file of tokens with --tokens FILE, or set relay.tokens")
    try:
        work(Path(file))
    except TokensFailed as error:
        _fail(str(error))


def _config(given: _Given, programs: Programs) -> None:
    _refuse("config what? There are: config path, config show, config init")


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
        _fail(f"{path} is there already, and was left alone")
    except OSError as error:
        _fail(f"{path} cannot be written: {error.strerror or type(error).__name__}")
    print(path)


def _config_file(given: _Given) -> Path:
    from streamcore.config import config_file

    path = given.get("config") or config_file()
    if path is None:
        _fail("this user has no home folder (HOME); name a file with --config FILE")
    return path


_DOES: Mapping[str, Callable[[_Given, Programs], None]] = {
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
    "config": _config,
    "config path": _config_path,
    "config show": _config_show,
    "config init": _config_init,
}
"""The function of each command, by its words."""


@contextmanager
def _logging(given: _Given, loaded: Loaded | None, *, on_screen: bool) -> Iterator[None]:
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
        except (_Ended, SettingsError, InputError):
            raise
        except Exception as error:
            if isinstance(error, OSError) and error.errno in _UNWRITABLE:
                raise
            logging.getLogger(__name__).critical("unexpected failure", exc_info=True, extra=FILE_ONLY)
            _say_unexpected(error, hidden)
            if file is None:
                _say("with --log-file FILE the details are kept")
            raise _Ended(FAILED) from error


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


def _refuse(sentence: str) -> NoReturn:
    _say(sentence)
    raise _Ended(WRONG_USAGE)


def _fail(sentence: str) -> NoReturn:
    _say(sentence)
    raise _Ended(FAILED)


def _say(sentence: str) -> None:
    from streamtui.commands.printing import say

    say(sentence)


def _say_unexpected(error: Exception, secrets: Iterable[str] = ()) -> None:
    from streamcore import Mask, without_secrets

    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    _say(f"unexpected failure: {without_secrets(Mask(secrets).apply(text))}")
