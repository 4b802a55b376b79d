"""What of the rows is shown, and in which order."""

from __future__ import annotations

from textual import on

from streamcore import StreamcoreError
from streamtui.model.price_list import PriceSort
from streamtui.model.transaction_list import FeedSort
from streamtui.screens.main_view import MainView
from streamtui.widgets.line_table import LineTable
from streamtui.widgets.pane import Pane
from streamtui.widgets.price_table import SORTS


class Arranging(MainView):
    """The keys that sort, move, filter and group rows."""

    async def action_filter(self) -> None:
        """Type a filter for the pane."""
        pane = self.pane
        await pane.open_filter(self._filter_of(pane))

    async def action_clear_filter(self) -> None:
        """Show all rows of the pane again, and put away what was told."""
        self.app.clear_notifications()
        self._set_filter(self.pane, "")

    @on(Pane.FilterChanged)
    def _filter_changed(self, event: Pane.FilterChanged) -> None:
        self._set_filter(event.pane, event.text)

    def _filter_of(self, pane: Pane) -> str:
        return self._feed.prices.filter if pane is self._price_pane else self._feed.transactions.filter

    def _set_filter(self, pane: Pane, text: str) -> None:
        if pane is self._price_pane:
            self._feed.prices.filter = text
            self._arrange_prices()
        else:
            self._feed.transactions.filter = text
            if not text:
                self._feed.transactions.wallet = self._feed.transactions.type = None
            self._arrange_feed(other=True)
        self._show_surroundings(self._now())

    def action_sort(self) -> None:
        """Go to the next order of the pane."""
        if self.pane is self._price_pane:
            prices = list(PriceSort)
            self._sort_prices(prices[(prices.index(self._feed.prices.sort) + 1) % len(prices)])
        else:
            feeds, journal = list(FeedSort), self._feed.transactions
            journal.sort = feeds[(feeds.index(journal.sort) + 1) % len(feeds)]
            self._arrange_feed(other=True)
            self._show_surroundings(self._now())

    def action_turn_round(self) -> None:
        """Turn the order of the pane round."""
        if self.pane is self._price_pane:
            self._sort_prices(self._feed.prices.sort, backwards=not self._feed.prices.backwards)
        else:
            journal = self._feed.transactions
            newest_first = journal.sort is FeedSort.NEWEST_LAST
            journal.sort = FeedSort.NEWEST_FIRST if newest_first else FeedSort.NEWEST_LAST
            self._arrange_feed(other=True)
            self._show_surroundings(self._now())

    @on(LineTable.TitleClicked, "#price-table")
    def _price_title_clicked(self, event: LineTable.TitleClicked) -> None:
        board, sort = self._feed.prices, SORTS[event.column]
        self._sort_prices(sort, backwards=board.sort is sort and not board.backwards)

    @on(LineTable.TitleClicked, "#transaction-table")
    def _feed_title_clicked(self, event: LineTable.TitleClicked) -> None:
        if event.column == "wallet":
            self._feed.transactions.sort = FeedSort.WALLET
            self._arrange_feed(other=True)
            self._show_surroundings(self._now())
        elif event.column == "time":
            self.action_turn_round()

    def _sort_prices(self, sort: PriceSort, *, backwards: bool = False) -> None:
        board = self._feed.prices
        board.sort, board.backwards = sort, backwards
        self._arrange_prices()
        self._show_surroundings(self._now())

    def action_move_up(self) -> None:
        """Put the selected price before the one above it."""
        self._move(-1)

    def action_move_down(self) -> None:
        """Put the selected price after the one below it."""
        self._move(1)

    def _move(self, by: int) -> None:
        key = self._prices.cursor
        if self.pane is not self._price_pane:
            self.tell("Transactions stand in the order of the chain; only prices can be moved.")
        elif key is not None:
            before = self._feed.prices.sort
            if not self._feed.prices.move(key, by):
                return
            if before is not PriceSort.OWN:
                self.tell(f"Sorted by {before} before; the rows keep this order as your own now.")
            self._feed.unsaved = True
            self._arrange_prices()
            self._prices.select(key)
            self._show_surroundings(self._now())

    async def action_next_group(self) -> None:
        """Show the next watchlist."""
        await self._show_group(1)

    async def action_previous_group(self) -> None:
        """Show the watchlist before."""
        await self._show_group(-1)

    async def _show_group(self, by: int) -> None:
        name = self._feed.next_group(by)
        if name is None:
            self.tell("There are no watchlists; put some into [watchlists] of the configuration file.")
            return
        try:
            await self._feed.show_group(name)
        except StreamcoreError as error:
            self.tell(str(error), bad=True)
        self._arrange_prices()
        self._show_surroundings(self._now())

    # The feed

    def action_pause(self) -> None:
        """Hold the feed still, or let it go on."""
        journal = self._feed.transactions
        journal.set_paused(not journal.paused)
        self.paint()

    def action_next_wallet(self) -> None:
        """Show the transactions of the next wallet, or of all."""
        journal = self._feed.transactions
        choices = [None, *self._feed.wallets]
        at = choices.index(journal.wallet) if journal.wallet in choices else 0
        journal.wallet = choices[(at + 1) % len(choices)]
        self._arrange_feed(other=True)
        self._show_surroundings(self._now())

    def action_next_type(self) -> None:
        """Show the next type of transaction, or all."""
        journal = self._feed.transactions
        choices = [None, *journal.types()]
        at = choices.index(journal.type) if journal.type in choices else 0
        journal.type = choices[(at + 1) % len(choices)]
        self._arrange_feed(other=True)
        self._show_surroundings(self._now())

    def action_hide_dust(self) -> None:
        """Leave out dust and spam, or show it again."""
        journal = self._feed.transactions
        journal.hides_dust = not journal.hides_dust
        self._arrange_feed(other=True)
        self._show_surroundings(self._now())
