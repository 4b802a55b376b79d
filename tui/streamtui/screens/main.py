"""The main screen: prices, transactions, lamps, keys."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from streamcore.errors import StreamcoreError
from streamcore.events import DataKind
from streamcore.status import ProviderStatus
from streamcore.text import printable
from streamtui.ages import age, time_of_day
from streamtui.board import PriceRow, PriceSort
from streamtui.feed import Feed
from streamtui.journal import FeedSort, shortened
from streamtui.keys import COMMANDS
from streamtui.lamps import lamp
from streamtui.numbers import latency, rate
from streamtui.screens.dialog import Dialog
from streamtui.widgets.key_bar import KeyBar
from streamtui.widgets.line_table import LineTable
from streamtui.widgets.pane import Pane, Panes
from streamtui.widgets.price_table import COLUMNS, PriceTable
from streamtui.widgets.status_bar import ProviderLine, StatusBar
from streamtui.widgets.top_bar import TopBar
from streamtui.widgets.transaction_table import TransactionTable
from streamtui.wording import (
    count,
    demo_words,
    news,
    pane_info,
    provider_of,
    trouble,
    why_no_prices,
    why_no_transactions,
)

RESORT_EVERY = 3
"""Ticks between two sorts by a moving value: rows that jump ten times a second cannot be read."""


class MainScreen(Screen[None]):
    """Shows what a `Feed` has collected, and turns keys into what it is asked for.

    Call `paint` when something changed and `tick` once a second. The dialogs are imported when they are
    asked for: together they would delay the first frame noticeably.
    """

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (80, "-normal"), (170, "-side-by-side")]  # noqa: RUF012 - as Textual

    BINDINGS: ClassVar[list[BindingType]] = [
        *(command.binding() for command in COMMANDS if command.action not in ("quit", "command_palette")),
        Binding("q", "app.quit", "quit"),
        Binding("escape", "clear_filter", "Clear filter", show=False),
    ]

    def __init__(self, feed: Feed, restart: Callable[[], None]) -> None:
        """Make the screen; ``restart`` starts a failed engine again."""
        super().__init__()
        self._feed = feed
        self._restart = restart
        self._top = TopBar()
        self._prices = PriceTable(COLUMNS, id="price-table")
        self._transactions = TransactionTable(feed.label, shortened, id="transaction-table")
        self._price_pane = Pane("PRICES", self._prices, id="prices")
        self._feed_pane = Pane("TRANSACTIONS", self._transactions, id="transactions")
        self._status = StatusBar()
        self._ticks = 0

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
        self._draw(self._feed.board.due(self._feed.clock.monotonic()))

    def tick(self) -> None:
        """Let time pass: ages, trends, countdowns, rates."""
        board = self._feed.board
        self._ticks += 1
        if self._ticks % RESORT_EVERY == 0:
            self._arrange_prices()
        board.due(self._feed.clock.monotonic())
        self._draw(board.rows.values())

    def _draw(self, rows: Iterable[PriceRow]) -> None:
        feed, at = self._feed, self._feed.clock.time()
        if len(feed.board.rows) != len(self._prices.order) and not feed.board.filter:
            self._arrange_prices()
        for row in rows:
            if row.key in self._prices:
                self._prices.show(row, at, feed.board.ttl)
        if feed.journal.changed:
            self._transactions.show(feed.journal.ordered(), feed.journal.sort)
        self._show_surroundings(at)
        self._show_dialogs(at)

    def _arrange_prices(self) -> None:
        rows = self._feed.board.ordered()
        new = [row for row in rows if row.key not in self._prices]
        self._prices.set_order([row.key for row in rows])
        at = self._feed.clock.time()
        for row in new:
            self._prices.show(row, at, self._feed.board.ttl)

    def _show_surroundings(self, at: float) -> None:
        feed = self._feed
        board, journal = feed.board, feed.journal
        prices, wallets = provider_of(self._feed, DataKind.PRICES), provider_of(self._feed, DataKind.WALLETS)
        self._top.demo = demo_words(prices, wallets)
        self._top.summary = f"{count(len(board.rows), 'price')} · {count(len(feed.wallets), 'wallet')}"
        self._top.data_time = time_of_day(feed.last_data)
        stands_still = feed.last_data is not None and at - feed.last_data >= board.ttl
        self._top.data_age = age(at - (feed.last_data or at)) if stands_still else ""

        title = self._price_pane.title
        title.info = pane_info(len(board.rows), len(self._prices.order), board.sort, board.filter)
        title.demo = "DEMO" if prices and prices.demo else ""
        title = self._feed_pane.title
        title.info = pane_info(len(journal), len(self._transactions.order), journal.sort, journal.filter)
        title.demo = "DEMO" if wallets and wallets.demo else ""
        title.news = news(feed, self._transactions.unseen)
        self._prices.set_message(*why_no_prices(feed))
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
            trouble=trouble(status, at),
        )

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

    @on(LineTable.Chosen)
    def _row_chosen(self) -> None:
        self.action_details()

    # What the keys do

    def action_subscribe(self) -> None:
        """Ask for symbols."""
        from streamtui.screens.entry import EntryDialog

        self.app.push_screen(
            EntryDialog(
                "Subscribe symbols",
                "Tickers or mint addresses, several at once with commas or spaces:",
                "SOL, BTC, BONK",
                self._feed.subscribe,
                demo=self._demo,
                present=[row.token.symbol for row in self._feed.board.rows.values()],
                complete=lambda text: [(token.symbol, token.name) for token in self._feed.complete(text)],
            )
        )

    def action_watch(self) -> None:
        """Ask for wallets."""
        from streamtui.screens.entry import EntryDialog

        self.app.push_screen(
            EntryDialog(
                "Watch wallets",
                "Solana addresses, several at once with commas or spaces:",
                "an address of 32 to 44 characters",
                self._feed.watch,
                demo=self._demo,
                present=[self._feed.label(wallet) for wallet in self._feed.wallets],
            )
        )

    async def action_remove(self) -> None:
        """Stop watching what the selected row is about."""
        if self.pane is self._price_pane:
            row = self._feed.board.rows.get(self._prices.cursor or "")
            if row is None:
                self.tell("No row is selected.")
                return
            await self._ask(self._feed.unsubscribe(row.key), f"No longer watching {row.token.symbol}")
            self._arrange_prices()
            return
        transaction = self._feed.journal.get(self._transactions.cursor or "")
        if transaction is not None:
            await self._unwatch(transaction.wallet)
        elif self._feed.wallets:
            from streamtui.screens.choose_wallet import ChooseWallet

            self.app.push_screen(
                ChooseWallet(self._feed.wallets, self._feed.label, demo=self._demo), self._unwatch
            )
        else:
            self.tell("No wallet is watched.")

    async def _unwatch(self, wallet: str | None) -> None:
        if wallet in self._feed.wallets:
            await self._ask(self._feed.unwatch(wallet), f"No longer watching {self._feed.label(wallet)}")

    def action_details(self) -> None:
        """Show everything about the selected row."""
        from streamtui.screens.price_detail import PriceDetail
        from streamtui.screens.transaction_detail import TransactionDetail

        if self.pane is self._price_pane:
            row = self._feed.board.rows.get(self._prices.cursor or "")
            if row is not None:
                at, ttl = self._feed.clock.time(), self._feed.board.ttl
                self.app.push_screen(PriceDetail(row, at=at, ttl=ttl))
            return
        transaction = self._feed.journal.get(self._transactions.cursor or "")
        if transaction is not None:
            self.app.push_screen(TransactionDetail(transaction, self._feed.label))

    async def action_filter(self) -> None:
        """Type a filter for the pane."""
        pane = self.pane
        await pane.open_filter(self._filter_of(pane))

    async def action_clear_filter(self) -> None:
        """Show all rows of the pane again."""
        self._set_filter(self.pane, "")

    @on(Pane.FilterChanged)
    def _filter_changed(self, event: Pane.FilterChanged) -> None:
        self._set_filter(event.pane, event.text)

    def _filter_of(self, pane: Pane) -> str:
        return self._feed.board.filter if pane is self._price_pane else self._feed.journal.filter

    def _set_filter(self, pane: Pane, text: str) -> None:
        if pane is self._price_pane:
            self._feed.board.filter = text
            self._arrange_prices()
        else:
            self._feed.journal.filter = text
            self._transactions.show(self._feed.journal.ordered(), self._feed.journal.sort)
        self._show_surroundings(self._feed.clock.time())

    def action_sort(self) -> None:
        """Go to the next order of the pane."""
        if self.pane is self._price_pane:
            prices = list(PriceSort)
            self._feed.board.sort = prices[(prices.index(self._feed.board.sort) + 1) % len(prices)]
            self._arrange_prices()
        else:
            feeds, journal = list(FeedSort), self._feed.journal
            journal.sort = feeds[(feeds.index(journal.sort) + 1) % len(feeds)]
            self._transactions.show(journal.ordered(), journal.sort)
        self._show_surroundings(self._feed.clock.time())

    def action_pause(self) -> None:
        """Hold the feed still, or let it go on."""
        journal = self._feed.journal
        journal.set_paused(not journal.paused)
        self.paint()

    def action_connections(self) -> None:
        """Show the connections."""
        from streamtui.screens.connections import Connections

        screen = Connections(self._feed.health, self._feed.clock.time(), demo=self._demo)
        self.app.push_screen(screen, self._chosen)

    async def _chosen(self, provider: str | None) -> None:
        from streamtui.screens.connections import ALL

        if provider == ALL:
            await self.action_reconnect_all()
        elif provider is not None:
            await self._reconnect(provider)

    async def _reconnect(self, provider: str) -> None:
        await self._ask(self._feed.reconnect(provider), f"Reconnecting {provider}")

    def action_help(self) -> None:
        """Show the keys."""
        from streamtui.screens.help import HelpScreen

        self.app.push_screen(HelpScreen(COMMANDS, demo=self._demo))

    async def action_reconnect(self) -> None:
        """Reconnect the selected or only unhealthy provider; with several to choose from, ask."""
        if self._feed.failure is not None:
            self._restart()
            return
        unhealthy = self._feed.unhealthy()
        status = provider_of(
            self._feed, DataKind.PRICES if self.pane is self._price_pane else DataKind.WALLETS
        )
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
        if self._feed.failure is not None:
            self._restart()
        else:
            await self._ask(self._feed.reconnect_all(), "Reconnecting every provider")

    async def _ask(self, request: Awaitable[object], done: str) -> None:
        try:
            await request
        except StreamcoreError as error:
            self.tell(str(error), bad=True)
        else:
            self.tell(done)
            self.paint()

    def tell(self, text: str, *, bad: bool = False) -> None:
        """Tell the person something that passes."""
        self.notify(printable(text), severity="error" if bad else "information", markup=False, timeout=4)
