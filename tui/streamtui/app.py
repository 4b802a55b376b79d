"""The terminal app: it starts the engine after the first frame, shows a session, and shuts down in order."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
from collections.abc import Callable, Coroutine, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from rich.console import RenderableType
from textual import events
from textual.app import ScreenError, SystemCommand
from textual.binding import Binding, BindingType
from textual.notifications import SeverityLevel
from textual.screen import Screen
from textual.worker import Worker, WorkerState

from streamcore import Clock, Settings, SystemClock, printable
from streamtui import terminal
from streamtui.keys import COMMANDS, Target
from streamtui.model.config_merge import Watched
from streamtui.model.engine import EngineFactory
from streamtui.model.session import Session
from streamtui.model.updates import Updates
from streamtui.screens.dialog import Dialog
from streamtui.screens.main.screen import MainScreen
from streamtui.screens.main.session_pane import NOTIFICATION_SECONDS
from streamtui.screens.too_small import TooSmall, is_too_small
from streamtui.textual_internals import PaintsChanges, read_input_carefully, write_sequence
from streamtui.themes import DARK, OWN, variables

if TYPE_CHECKING:
    from streamtui.model.notifier import Notifier

logger = logging.getLogger(__name__)

ENGINE = "engine"
"""The group of the worker that runs the engine."""
NOTICES_SHOWN = 4
"""Lines of a notification that joins several notices."""
ALERT_SHOWN = 8.0
"""Seconds the notification of an alert stays; the top bar counts those nobody has looked at."""


class StreamTuiApp(PaintsChanges):
    """Shows live prices and wallet transactions.

    Run it with `run` or `run_async`; `return_code` is 0 when the person quit it, 1 when an error ended it.
    """

    TITLE = "streamtui"
    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q,ctrl+c", "quit", "Quit", show=False, priority=True),
        Binding("ctrl+z", "suspend_process", "Suspend", show=False, priority=True),
    ]

    def __init__(
        self,
        settings: Settings,
        *,
        engine_factory: EngineFactory | None = None,
        clock: Clock | None = None,
        config_path: Path | None = None,
        saved: Watched | None = None,
        starter: bool = False,
        in_browser: bool = False,
        leaving: Callable[[], None] | None = None,
        started: Callable[[], None] | None = None,
    ) -> None:
        """Make the app.

        Args:
            settings: The effective settings. ``ui.theme`` must be a theme that exists.
            engine_factory: Makes the engine from the settings; ``None`` makes a `streamcore.StreamManager`.
            clock: Time; the system's, unless a test brings its own.
            config_path: The file to save what is watched to; ``None``: saving is refused.
            saved: What that file holds; ``None``: unknown, and before something in it is replaced the person
                is asked.
            starter: Whether to show some well-known tokens when nothing is configured.
            in_browser: Whether a browser shows it: then it writes no file and starts no program, which would
                be on the machine of the server.
            leaving: Called when the app begins to leave, which may take some seconds: the connections are
                closed and the terminal is restored. The command line limits the time it takes.
            started: Called within a second after the engine has been started, or has failed to: everything
                that takes long at the start is done.
        """
        self._colours = settings.ui.colours
        read_input_carefully(self._is_typing)
        super().__init__(None if in_browser else terminal.driver_class(os.environ))
        for theme in OWN:
            self.register_theme(theme)
        self._begin_with_theme(settings.ui.theme or DARK.name)
        self._leaving = leaving
        self._engine_started = started
        self._notified: dict[str, float] = {}
        """The notifications that are shown, and until when, in seconds of the monotonic clock."""
        self._failed = False
        """Whether an error has ended it."""
        self._notifier: Notifier | None = None
        self._notices: list[tuple[str, bool]] = []
        """What is still to be told, and whether it is about a failure."""
        self._alarm_text = ""
        """The last alert that is still to be shown."""
        self.session = Session(settings, clock or SystemClock(), saved, in_browser=in_browser)
        """What is watched and shown."""
        self._updates = Updates(
            self.session,
            engine_factory=engine_factory,
            repaint=self._repaint,
            tick=self._tick,
            notice=self._notice,
            alarm=self._alarm,
            starter=starter,
        )
        self._main = MainScreen(self.session, self._start, config_path)
        self._watches_terminal = False
        self._settled = False
        """Whether everything that takes long at the start is done."""

    def _begin_with_theme(self, name: str) -> None:
        """Take a theme before anything is drawn. To assign it would have all styles parsed once more."""
        theme = self.get_theme(name)
        if theme is None or not theme.dark or theme.ansi:  # it takes more than new variables
            self.theme = name
            return
        self.set_reactive(StreamTuiApp.theme, name)
        self.update_classes({f"-theme-{name}": True, "-dark-mode": True, "-light-mode": False}, update=False)
        self.stylesheet.set_variables(self.get_css_variables())

    def _is_typing(self) -> bool:
        from textual.widgets import Input  # it would delay the first frame

        try:
            return isinstance(self.focused, Input)
        except ScreenError:  # it has none yet
            return True

    def get_default_screen(self) -> Screen[object]:
        """Return the main screen."""
        return self._main  # type: ignore[return-value]

    def on_mount(self) -> None:
        """Prepare for leaving, and start the engine when the first frame is on the screen."""
        self._watches_terminal = not self.is_headless and terminal.is_there()
        self._leave_on_signals()
        self.call_after_refresh(self._start)
        self.app_resume_signal.subscribe(self, lambda _: self.paint_anew())

    def _start(self) -> None:
        """Start the engine and the workers that draw, or restart those that are running."""
        self._work(self._updates.frames, "frames")
        self._work(self._updates.ticks, "ticks")
        self._work(self._updates.run, ENGINE)

    def _work(self, work: Callable[[], Coroutine[Any, Any, None]], group: str) -> None:
        # the function, not a coroutine: a worker that is replaced before it starts would leave one unawaited
        self.run_worker(work, group=group, exclusive=True, exit_on_error=False)  # type: ignore[arg-type]

    def panic(self, *renderables: RenderableType) -> None:
        """End because of an unexpected error, and say so with the return code, too."""
        self._failed = True
        super().panic(*renderables)

    @property
    def return_code(self) -> int | None:
        """0 when a person has left the app, 1 when an error ended it, ``None`` while it runs."""
        return 1 if self._failed else super().return_code

    def exit(self, *args: Any, **kwargs: Any) -> None:
        """Leave: stop drawing, close the engine, restore the terminal."""
        if self._leaving is not None and not self.is_leaving:
            self._leaving()
        super().exit(*args, **kwargs)

    def action_suspend_process(self) -> None:
        """Give the terminal back to the shell until it lets the app go on; without a shell say so."""
        if self.session.in_browser or terminal.has_shell():
            super().action_suspend_process()
        else:
            self._notice("there is no shell that could let it go on; q quits", True)

    def _leave_on_signals(self) -> None:
        # Textual has no handler for these: it would be killed with the terminal in application mode
        loop = asyncio.get_running_loop()
        for name in ("SIGTERM", "SIGHUP", "SIGINT"):
            number = getattr(signal, name, None)
            if number is None or self.is_headless:
                continue
            try:
                loop.add_signal_handler(number, self.exit)
            except (NotImplementedError, RuntimeError, ValueError) as error:
                logger.debug("no handler for %s: %s", name, error)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Show why the engine has stopped: a dead stream must not look like a quiet one."""
        if event.state is WorkerState.ERROR:
            error = event.worker.error
            logger.error("the %s failed", event.worker.group, exc_info=error)
            self.session.failure = f"the {event.worker.group} failed: {str(error) or type(error).__name__}"
        elif event.state is WorkerState.SUCCESS and event.worker.group == ENGINE:
            self.session.failure = "the engine has stopped"
        else:
            return
        self._main.tick()

    def _repaint(self) -> float:
        if self.terminal_is_behind:
            return 1.0
        # under a dialog once a second is enough: there each repaint makes Textual blend the whole screen
        if self.screen is self._main and self._main.is_mounted:
            return self._main.paint()
        return 1.0

    def terminal_caught_up(self) -> None:
        """Show how things stand now, after the terminal took nothing for a while."""
        self.session.mark_changed()
        super().terminal_caught_up()

    def _settle(self) -> None:
        """Exempt everything made at the start from garbage collection.

        It lives to the end anyway, and each full collection would stop the screen for tens of milliseconds.
        """
        self._settled = True
        if not self.is_headless:
            gc.collect()
            gc.freeze()
        if self._engine_started is not None:
            self._engine_started()

    def _tick(self) -> None:
        if not self._settled and (self.session.running or self.session.failure is not None):
            self._settle()
        if self._watches_terminal and not terminal.is_there():
            self.exit()
        elif self._main.is_mounted:
            self._main.tick()

    def _notice(self, text: str, bad: bool) -> None:
        if not self._notices:
            self.call_later(self._show_notices)
        self._notices.append((text, bad))

    def _show_notices(self) -> None:
        # one notification for a burst, such as nine unknown symbols at once
        notices, self._notices = self._notices, []
        texts = list(dict.fromkeys(printable(text) for text, _ in notices))
        lines = texts if len(texts) <= NOTICES_SHOWN else texts[: NOTICES_SHOWN - 1]
        more = [f"… and {len(texts) - len(lines)} more like these"] if len(texts) > len(lines) else []
        bad = any(bad for _, bad in notices)
        self.notify(
            "\n".join([*lines, *more]),
            severity="error" if bad else "information",
            markup=False,
            timeout=NOTIFICATION_SECONDS * (1 + len(lines) // 2),
        )

    def _alarm(self, text: str) -> None:
        if self._notifier is None:
            from streamtui.model.notifier import Notifier

            self._notifier = Notifier(
                self.session.settings.ui,
                bell=self.bell,
                write=partial(write_sequence, self),
                failed=lambda sentence: self._notice(sentence, True),
                runs_commands=not self.session.in_browser,
            )
        self._notifier.tell(text)
        if not self._alarm_text:
            self.call_later(self._show_alarm)
        self._alarm_text = text

    def _show_alarm(self) -> None:
        if isinstance(self.screen, Dialog) and self.screen.shows_alerts:
            self._alarm_text = ""
            return
        # one notification for a burst, in place of the one before: several would cover the whole screen
        self.clear_notifications()
        more = self.session.alerts.unseen - 1
        shown = f"Alert: {printable(self._alarm_text)}" + (f"\n{more} more; a shows them" if more > 0 else "")
        self._alarm_text = ""
        self.notify(shown, severity="warning", markup=False, timeout=ALERT_SHOWN)

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        """Show a notification, unless the same one stands there already.

        What is pasted into the main screen may come in many pieces, each answered with the same sentence.
        """
        seconds = self.NOTIFICATION_TIMEOUT if timeout is None else timeout
        now = self.session.clock.monotonic()
        self._notified = {text: until for text, until in self._notified.items() if until > now}
        if message not in self._notified:
            self._notified[message] = now + seconds
            super().notify(message, title=title, severity=severity, timeout=seconds, markup=markup)

    def clear_notifications(self) -> None:
        """Put all notifications away."""
        self._notified.clear()
        super().clear_notifications()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Return the colours for up, down and wallets that fit the theme and the settings."""
        return variables(dark=self.current_theme.dark, colours=self._colours)

    async def on_resize(self, event: events.Resize) -> None:
        """Say so when there is no room for anything else."""
        self.forget_shown()  # many terminals move or wipe it
        too_small = is_too_small(*event.size)
        if isinstance(self.screen, TooSmall):
            if too_small:
                self.screen.show(*event.size)
            else:
                await self.pop_screen()
        elif too_small:
            await self.push_screen(TooSmall(*event.size))

    def action_command_palette(self) -> None:
        """Show the command palette, unless it is open."""
        from streamtui.screens.palette import Palette

        if not isinstance(self.screen, Palette):
            self.push_screen(Palette(id="--command-palette"))

    def search_themes(self) -> None:
        """Show the themes, to be searched like commands."""
        from textual.theme import ThemeProvider

        from streamtui.screens.palette import Palette

        self.push_screen(Palette(providers=[ThemeProvider], placeholder="Search for themes…"))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Offer every key of the main screen by name, and the themes."""
        if screen is self._main:
            for command in COMMANDS:
                if command.target is not Target.APP:
                    callback = partial(self._main.perform, command)
                    yield SystemCommand(command.title, f"{command.help} ({command.shown})", callback)
            yield SystemCommand(
                "Clear filter", "show all rows of the pane again (esc)", self._main.action_clear_filter
            )
        elif isinstance(screen, Dialog):
            yield from screen.commands()
        yield SystemCommand("Change theme", "choose other colours", self.action_change_theme)
        yield SystemCommand("Quit", "close the connections and leave (q)", self.action_quit)
