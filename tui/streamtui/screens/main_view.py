"""What the main screen shows: prices, transactions, lamps, keys."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.screen import Screen

from streamcore import DataKind, ProviderStatus, StreamcoreError, printable
from streamtui.format.ages import age, time_of_day
from streamtui.format.lamps import lamp
from streamtui.format.numbers import latency, rate
from streamtui.format.texts import (
    count,
    demo_words,
    feed_info,
    news,
    no_source,
    prices_info,
    provider_of,
    trouble,
    why_no_prices,
    why_no_transactions,
    why_waiting,
)
from streamtui.keys import COMMANDS
from streamtui.model.price_list import PriceRow
from streamtui.model.transaction_list import shortened
from streamtui.model.updates import Feed
from streamtui.screens.dialog import Dialog
from streamtui.widgets.key_bar import KeyBar
from streamtui.widgets.line_table import LineTable
from streamtui.widgets.pane import Pane, Panes
from streamtui.widgets.price_table import COLUMNS, PriceTable
from streamtui.widgets.status_bar import ProviderLine, StatusBar
from streamtui.widgets.top_bar import TopBar
from streamtui.widgets.transaction_table import TransactionTable

RESORT_EVERY = 3
"""Ticks between two sorts by a moving value: rows that jump ten times a second cannot be read."""


class MainView(Screen[None]):
    """Shows what a `Feed` has collected.

    Call `paint` when something changed and `tick` once a second. What keys do is in the classes made of this
    one, and together they are `streamtui.screens.main.MainScreen`.
    """

    BLANK = True  # its parts cover it: what it would draw is never seen
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (80, "-normal"), (170, "-side-by-side")]  # noqa: RUF012 - as Textual

    def __init__(self, feed: Feed, restart: Callable[[], None], config_path: Path | None) -> None:
        """Make the screen.

        Args:
            feed: What is shown, and what is asked.
            restart: Starts a failed engine again.
            config_path: The file that what is watched can be saved to.
        """
        super().__init__()
        self._config_path = config_path
        self._feed = feed
        self._restart = restart
        self._top = TopBar()
        self._prices = PriceTable(COLUMNS, id="price-table")
        self._transactions = TransactionTable(feed.label, feed.number_of, shortened, id="transaction-table")
        self._price_pane = Pane("PRICES", self._prices, id="prices")
        self._feed_pane = Pane("TRANSACTIONS", self._transactions, id="transactions")
        self._status = StatusBar()
        self._ticks = 0
        self._unshown: set[str] = set()
        """Keys of prices whose row does not show their last value yet."""

    def compose(self) -> ComposeResult:
        """Yield the parts, from the top."""
        yield self._top
        with Panes():
            yield self._price_pane
            yield self._feed_pane
        yield self._status
        yield KeyBar(COMMANDS)

    def on_mount(self) -> None:
        """Say why everything is empty."""
        self._prices.focus()
        self.tick()

    # What is shown

    def paint(self) -> None:
        """Draw what has changed since the last time."""
        self._draw(self._feed.prices.due(self._feed.clock.monotonic()))

    def tick(self) -> None:
        """Let time pass: ages, trends, countdowns, rates."""
        board = self._feed.prices
        self._ticks += 1
        if self._ticks % RESORT_EVERY == 0:
            self._arrange_prices()
        board.due(self._feed.clock.monotonic())
        self._draw(board.rows.values())

    def _draw(self, rows: Iterable[PriceRow]) -> None:
        feed, at = self._feed, self._feed.clock.time()
        if feed.prices.changed:
            self._arrange_prices()
        self._unshown.update(row.key for row in rows)
        self._show_prices(at)
        if feed.transactions.changed:
            self._arrange_feed()
        self._show_surroundings(at)
        self._show_dialogs(at)

    def _arrange_prices(self) -> None:
        rows = self._feed.prices.ordered()
        self._unshown.update(row.key for row in rows if row.key not in self._prices)
        self._prices.set_order([row.key for row in rows])
        self._prices.mark_sort(self._feed.prices.sort, self._feed.prices.backwards)
        self._show_prices(self._now())

    def _show_prices(self, at: float) -> None:
        # what is out of view is not made into text: of a hundred rows that is most of the work
        board = self._feed.prices
        with self._prices.together():
            for key in self._prices.in_view():
                if key in self._unshown and key in board.rows:
                    row = board.rows[key]
                    self._prices.show(row, at, board.freshness(row, at))
                    self._unshown.discard(key)

    @on(LineTable.Uncovered, "#price-table")
    def _rows_uncovered(self) -> None:
        self._unshown.update(self._feed.prices.rows)  # a trend is as wide as its column is now
        self._show_prices(self._now())

    def _arrange_feed(self, *, anew: bool = False, other: bool = False) -> None:
        journal = self._feed.transactions
        self._transactions.show(journal.ordered(), journal.sort, anew=anew, other=other)

    def _show_surroundings(self, at: float) -> None:
        feed = self._feed
        board = feed.prices
        prices, wallets = provider_of(self._feed, DataKind.PRICES), provider_of(self._feed, DataKind.WALLETS)
        self._top.demo = demo_words(prices, wallets)
        self._top.summary = f"{count(len(board.rows), 'price')} · {count(len(feed.wallets), 'wallet')}"
        self._top.unsaved = feed.unsaved and self._config_path is not None
        self._top.alerts = feed.alerts.unseen
        self._top.data_time = time_of_day(feed.last_data)
        stands_still = feed.last_data is not None and at - feed.last_data >= board.ttl
        self._top.data_age = age(at - (feed.last_data or at)) if stands_still else ""

        title = self._price_pane.title
        title.info = prices_info(feed, len(self._prices.order))
        title.totals = board.totals()
        title.news = no_source(feed)
        title.demo = "DEMO" if prices and prices.demo else ""
        title = self._feed_pane.title
        title.info = feed_info(feed, len(self._transactions.order))
        title.demo = "DEMO" if wallets and wallets.demo else ""
        title.news = news(feed, self._transactions.unseen)
        self._prices.set_message(*why_no_prices(feed))
        self._prices.set_note(*why_waiting(feed))
        self._transactions.set_message(*why_no_transactions(feed))

        self._status.failed = feed.failure is not None
        if feed.failure is not None:
            self._status.message = f"R starts again · {feed.failure}"
        elif feed.health.statuses:
            self._status.message = ""
            self._status.lines = tuple(self._line(status, at) for status in feed.health.statuses.values())

    def _line(self, status: ProviderStatus, at: float) -> ProviderLine:
        return ProviderLine(
            name=status.provider,
            kind=status.kind,
            lamp=lamp(status),
            demo=status.demo and self._demo != "DEMO",
            rate=rate(self._feed.health.rates(status.provider).messages),
            latency=latency(status.latency_ms),
            subscriptions=status.subscriptions,
            served=self._served(status),
            trouble=trouble(status, at),
            hint=status.hint,
        )

    def _served(self, status: ProviderStatus) -> int | None:
        sources = self._feed.prices.sources
        if status.kind is not DataKind.PRICES or not sources:
            return None
        return sum(source == status.provider for source in sources.values())

    def _show_dialogs(self, at: float) -> None:
        for screen in self.app.screen_stack:
            if isinstance(screen, Dialog) and screen.is_mounted:
                screen.pass_time(at)

    @property
    def _demo(self) -> str:
        return demo_words(provider_of(self._feed, DataKind.PRICES), provider_of(self._feed, DataKind.WALLETS))

    # Where the keys go

    @property
    def pane(self) -> Pane:
        """The pane the keys go to."""
        return self._feed_pane if self._feed_pane.has_focus_within else self._price_pane

    def action_next_pane(self) -> None:
        """Go to the other pane."""
        other = self._feed_pane if self.pane is self._price_pane else self._price_pane
        other.table.focus()

    @on(LineTable.CursorMoved, "#transaction-table")
    def _feed_cursor(self, event: LineTable.CursorMoved) -> None:
        self._transactions.moved(event.row)
        self._show_surroundings(self._feed.clock.time())

    def tell(self, text: str, *, bad: bool = False) -> None:
        """Tell the person something that passes."""
        self.notify(printable(text), severity="error" if bad else "information", markup=False, timeout=4)

    async def _ask(self, request: Awaitable[object], done: str) -> None:
        try:
            await request
        except StreamcoreError as error:
            self.tell(str(error), bad=True)
        else:
            self.tell(done)
            self.paint()

    def _now(self) -> float:
        return self._feed.clock.time()
