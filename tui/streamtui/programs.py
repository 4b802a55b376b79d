"""What the commands start; a test hands in its own in their place."""

from __future__ import annotations

import os

from streamtui.exit_status import DONE, refuse

TYPE_CHECKING = False  # the module typing takes as long to import as argparse
if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from streamcore import Settings
    from streamcore.config import Loaded
    from streamcore.recording import Capture

LEAVE_WITHIN = 4.0
"""Seconds the app may take to shut down before it is ended; usually it takes half a second."""


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

    in_browser = terminal.is_in_browser(os.environ)
    if not in_browser and not terminal.has_screen(os.environ):
        name = os.environ.get("TERM", "")
        refuse(f"this terminal (TERM={name!r}) has no screen for the app; there is: streamtui stream")
    if not in_browser:  # there the size comes with these variables
        terminal.prepare(os.environ)
        terminal.check_textual(os.environ)
    from streamtui.app import StreamTuiApp
    from streamtui.commands.settings import saved
    from streamtui.commands.shutdown import hear_no_more
    from streamtui.model.engine import real_engine_factory
    from streamtui.terminal import end_within

    restore = None if in_browser else terminal.restoring()

    def leaving() -> None:
        hear_no_more()
        end_within(LEAVE_WITHIN, restore)

    settings = loaded.settings
    nothing_set = not (settings.symbols or settings.wallets or settings.watchlists)
    app = StreamTuiApp(
        settings,
        # without a capture the app makes it, and imports it only after the first frame
        engine_factory=None if capture is None else real_engine_factory(capture),
        config_path=loaded.path,
        saved=saved(loaded),
        starter=nothing_set,
        in_browser=in_browser,
        leaving=leaving,
        started=gc.enable,
    )
    app.run()
    return app.return_code or DONE


def _is_terminal() -> bool:
    from streamtui.terminal import is_in_browser

    # where the keys come from and the screen is
    return (os.isatty(0) and os.isatty(1)) or is_in_browser(os.environ)


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
