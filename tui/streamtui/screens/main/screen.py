"""The main screen: prices, transactions, provider states, keys."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widget import Widget

from streamcore import StreamcoreError
from streamtui.format.texts import NO_FILES
from streamtui.keys import COMMANDS, Command, Target
from streamtui.model.session import Session
from streamtui.screens.dialog import Dialog
from streamtui.screens.main.price_pane import PricePane
from streamtui.screens.main.provider_lines import provider_lines
from streamtui.screens.main.session_pane import SessionPane
from streamtui.screens.main.summary import show_summary
from streamtui.screens.main.transaction_pane import TransactionPane
from streamtui.textual_internals import PaintsDirtyLines
from streamtui.themes import DARK
from streamtui.widgets.key_bar import KeyBar
from streamtui.widgets.pane import Panes
from streamtui.widgets.status_bar import StatusBar
from streamtui.widgets.top_bar import TopBar

if TYPE_CHECKING:
    from streamtui.model.config_writer import Conflict, OnConflict

DESCRIBED_EVERY = 0.2
"""Seconds between two changes of what counts and describes, on average: nobody could read them faster."""
DESCRIBED_AT_ONCE = 4 * DESCRIBED_EVERY
"""So much may be described in advance: a few changes that come together are all seen at once."""
RESORT_EVERY = 3
"""Ticks (seconds) between two sorts of the prices: rows that jump with every update cannot be read."""


class MainScreen(PaintsDirtyLines):
    """Shows a session; it stays open as long as the app runs, and dialogs open above it.

    Call `paint` when something changed and `tick` once a second. Each command of `COMMANDS` names its target:
    the pane with the focus, one particular pane, or the screen itself; see `perform`.
    """

    BLANK = True  # its parts cover it: what it would draw is never seen
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (80, "-normal"), (170, "-side-by-side")]  # noqa: RUF012 - as Textual

    BINDINGS: ClassVar[list[BindingType]] = [
        *(command.binding() for command in COMMANDS if command.target is not Target.APP),
        Binding("q", "app.quit", "quit"),
        Binding("escape", "clear_filter", "Clear filter", show=False),
    ]

    def __init__(self, session: Session, restart: Callable[[], None], config_path: Path | None) -> None:
        """Make the screen.

        Args:
            session: What is shown.
            restart: Starts the engine again, and the workers that draw.
            config_path: The file to save to; ``None``: saving is refused.
        """
        super().__init__()
        self.add_class("-normal", update=False)  # most are; added later, all styles would be applied anew
        self._config_path = config_path
        self._session = session
        self._restart = restart
        self._top = TopBar()
        self._prices = PricePane(session)
        self._transactions = TransactionPane(session)
        self._panes = Panes()
        self._status = StatusBar()
        self._ticks = 0
        self._described_until = float("-inf")
        """Monotonic seconds; see `DESCRIBED_EVERY`."""

    def compose(self) -> ComposeResult:
        """Yield the parts, from the top."""
        yield self._top
        with self._panes:
            yield self._prices
            yield self._transactions
        yield self._status
        yield KeyBar(COMMANDS)

    def on_mount(self) -> None:
        """Show the state at the start, when everything is empty."""
        self._prices.table.focus()
        self.tick()

    # What is shown

    def paint(self) -> float:
        """Draw what has changed since the last time; return the share of the rows in view, from 0 to 1."""
        share = self._prices.draw(self._session.prices.due(self._session.clock.monotonic()))
        now = self._session.clock.monotonic()
        # what was described in advance is counted back to a time that has not come yet
        in_advance = self._described_until - now
        return 1.0 if self._draw_the_rest(describe=in_advance < DESCRIBED_AT_ONCE) else share

    def tick(self) -> None:
        """Draw what changes with time alone: ages, trends, countdowns, rates."""
        prices = self._session.prices
        self._ticks += 1
        if self._ticks % RESORT_EVERY == 0:
            self._prices.show_rows()
        prices.due(self._session.clock.monotonic())
        self._prices.draw(prices.rows.values())
        self._draw_the_rest(describe=True)

    def _draw_the_rest(self, *, describe: bool) -> bool:
        """Draw all but the prices; return whether there were new transactions.

        ``describe``: whether to draw the lines that count and describe, too.
        """
        has_new = self._transactions.draw()
        self._panes.share_room(self._transactions.table.lines_wanted)
        if not describe:
            return has_new
        now = self._session.clock.monotonic()
        self._described_until = max(self._described_until, now) + DESCRIBED_EVERY
        self._prices.describe()
        self._transactions.describe()
        self._update_bars()
        at = self._session.clock.time()
        for screen in self.app.screen_stack:
            if isinstance(screen, Dialog) and screen.is_mounted:
                screen.pass_time(at)
        return has_new

    @on(SessionPane.Changed)
    def _update_bars(self) -> None:
        session = self._session
        show_summary(self._top, session, can_save=self._config_path is not None and not session.in_browser)
        self._status.failed = session.failure is not None
        if session.failure is not None:
            self._status.message = f"R starts again · {session.failure}"
        elif session.health.statuses:
            self._status.message = ""
            self._status.lines = provider_lines(session)

    def tell(self, text: str, *, bad: bool = False) -> None:
        """Show a notification; ``bad`` marks it as an error."""
        self._prices.tell(text, bad=bad)

    # Where the keys go

    @property
    def pane(self) -> SessionPane:
        """The pane with the focus; the prices when neither has it."""
        return self._transactions if self._transactions.has_focus_within else self._prices

    def perform(self, command: Command) -> object:
        """Run the action of a command on its target; the result may be a coroutine to be awaited."""
        targets: dict[Target, Widget] = {
            Target.PANE: self.pane,
            Target.PRICES: self._prices,
            Target.TRANSACTIONS: self._transactions,
            Target.SCREEN: self,
        }
        return getattr(targets[command.target], f"action_{command.action}")()

    async def action_command(self, name: str) -> None:
        """Run the command of that name."""
        found = self.perform(next(command for command in COMMANDS if command.action == name))
        if asyncio.iscoroutine(found):
            await found

    def action_next_pane(self) -> None:
        """Go to the other pane."""
        panes: list[SessionPane] = [self._prices, self._transactions]
        panes[(panes.index(self.pane) + 1) % len(panes)].table.focus()

    def on_paste(self, event: events.Paste) -> None:
        """Say where text can be pasted, and do not take its letters for keys."""
        event.stop()
        self.tell("Nothing is typed here. s takes symbols, w takes wallets; paste it there.")

    def action_clear_filter(self) -> None:
        """Show all rows of the pane again, and close the notifications."""
        self.app.clear_notifications()
        self.pane.action_clear_filter()

    # What the session is asked for

    async def action_save(self) -> None:
        """Keep what is watched for the next start."""
        if self._session.in_browser:
            self.tell(NO_FILES, bad=True)
            return
        path = self._config_path
        if path is None:
            self.tell("There is no configuration file to save to.", bad=True)
            return
        await self._save(path)

    async def _save(self, path: Path, on_conflict: OnConflict | None = None) -> None:
        # only now: few people save, and fewer are asked before
        from streamtui.model.config_writer import Conflict, NotSaved, OnConflict
        from streamtui.model.saving import save_session

        configured = self._session.settings.ui.theme or DARK.name
        theme = self.app.theme if self.app.theme != configured else None
        try:
            await save_session(self._session, path, theme, on_conflict or OnConflict.ASK)
        except Conflict as conflict:
            self._ask_about(path, conflict)
        except NotSaved as error:
            self.tell(str(error), bad=True)
        else:
            self.tell(f"Saved to {path}")
        self.pane.changed()

    def _ask_about(self, path: Path, conflict: Conflict) -> None:
        from streamtui.screens.save_conflict import SaveConflict

        async def decided(choice: OnConflict | None) -> None:
            if choice is not None:
                await self._save(path, choice)

        self.app.push_screen(SaveConflict(conflict.conflicts, demo=self._session.demo), decided)

    def action_switch_demo(self) -> None:
        """Show invented data, or real data again; before real data is lost, ask."""
        if self._session.in_browser:
            self.tell("Not in a browser: every tab shows what its server shows.", bad=True)
            return
        prices, transactions = self._session.real_data()
        if not prices and not transactions:
            self._switch_demo()
            return
        from streamtui.screens.leave_real_data import LeaveRealData

        def decided(agreed: bool | None) -> None:
            if agreed:
                self._switch_demo()

        self.app.push_screen(LeaveRealData(prices, transactions), decided)

    def _switch_demo(self) -> None:
        self._session.switch_demo()
        self._prices.show_rows()
        self._restart()
        settings = self._session.settings
        self.app.clear_notifications()  # they are about the other data, and say what is no longer true
        # what a relay tells may be invented as well
        other = "relay's" if settings.relay.url else "real"
        if settings.demo:
            self.tell(f"Everything is invented now. D brings the {other} data back.")
        else:
            self.tell(f"This is the {other} data.")
        self.paint()

    async def action_reconnect(self) -> None:
        """Reconnect the pane's provider if it is unhealthy, else the only unhealthy one; of several, ask."""
        if self._session.failure is not None:
            self._restart()
            return
        unhealthy = self._session.health.unhealthy()
        status = self._session.health.serving(self.pane.kind)
        if status is not None and status.provider in unhealthy:
            unhealthy = [status.provider]
        if len(unhealthy) == 1:
            await self._reconnect(unhealthy[0])
        elif unhealthy:
            self.action_connections()
        else:
            self.tell("Every provider is well. R reconnects all the same.")

    async def action_reconnect_all(self) -> None:
        """Reconnect every provider, or start a failed engine again."""
        if self._session.failure is not None:
            self._restart()
        else:
            await self.pane.ask(self._session.reconnect_all(), "Reconnecting every provider")

    async def _reconnect(self, provider: str) -> None:
        await self.pane.ask(self._session.reconnect(provider), f"Reconnecting {provider}")

    # Dialogs

    def action_connections(self) -> None:
        """Show the connections."""
        from streamtui.screens.connections import Connections

        session = self._session
        screen = Connections(
            session.health,
            session.clock.time(),
            reconnect=self._reconnect,
            reconnect_all=self.action_reconnect_all,
            topic_name=session.name_of_topic,
            poll_interval=session.settings.stream.poll_interval,
            demo=session.demo,
        )
        self.app.push_screen(screen)

    def action_help(self) -> None:
        """Show the keys."""
        from streamtui.screens.help import HelpScreen

        self.app.push_screen(HelpScreen(COMMANDS, demo=self._session.demo))

    async def action_take_screenshot(self) -> None:
        """Save the screen as a picture."""
        if self._session.in_browser:
            self.tell(NO_FILES, bad=True)
            return
        from streamtui.model.exporting import stamp, write_new

        picture = self.app.export_screenshot(title="streamtui")
        name = f"streamtui-{stamp(self._session.clock.time())}"
        try:
            path = await asyncio.to_thread(write_new, Path(), name, ".svg", picture)
        except StreamcoreError as error:
            self.tell(str(error), bad=True)
        else:
            self.tell(f"Picture written to {path}")
