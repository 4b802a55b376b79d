"""The pane of the prices: what it shows, and what keys do in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual import on

from streamcore import DataKind, PriceColumn, PriceUpdate, StreamcoreError, UiSettings
from streamtui.model.price_order import PriceSort
from streamtui.model.price_row import PriceRow
from streamtui.model.session import Session
from streamtui.screens.main.price_texts import no_source, prices_info, why_no_prices, why_waiting
from streamtui.screens.main.session_pane import SessionPane
from streamtui.widgets.line_table import LineTable
from streamtui.widgets.price_columns import SORTS
from streamtui.widgets.price_table import PriceTable


class PricePane(SessionPane):
    """Shows the watched tokens. Dialogs are imported only when opened, for an earlier first frame."""

    kind = DataKind.PRICES

    def __init__(self, session: Session) -> None:
        """Make the pane of a session."""
        self._table = PriceTable(session.view.columns, id="price-table")
        super().__init__("PRICES", self._table, session, id="prices")
        self._prices = session.prices
        self._outdated: set[str] = set()
        """Keys of the rows that must be drawn again when they are in view."""

    # What it shows

    def draw(self, rows: Iterable[PriceRow]) -> float:
        """Draw these rows, and all of them in another order if some came or went.

        Returns:
            The share of the rows in view that was drawn, from 0 to 1.
        """
        self._outdated.update(row.key for row in rows)
        if self._prices.changed:
            self.show_rows()
            return 1.0
        return self._draw_rows_in_view()

    def show_rows(self) -> None:
        """Show the rows that are wanted, in the order that is wanted."""
        rows = self._prices.ordered()
        self._outdated.update(row.key for row in rows if row.key not in self._table)
        self._table.set_order([row.key for row in rows])
        self._table.mark_sort(self._prices.sort, self._prices.backwards)
        self._draw_rows_in_view()

    def _draw_rows_in_view(self) -> float:
        # rows out of view are not formatted: with a hundred rows that would be most of the work
        at, in_view, drawn = self.session.clock.time(), self._table.in_view(), 0
        with self._table.batched_refresh():
            for key in in_view:
                if key in self._outdated and key in self._prices.rows:
                    row = self._prices.rows[key]
                    self._table.show(row, at, self._prices.freshness(row, at))
                    self._outdated.discard(key)
                    drawn += 1
        return drawn / max(1, len(in_view))

    @on(LineTable.Uncovered)
    def _rows_uncovered(self, event: LineTable.Uncovered) -> None:
        event.stop()
        self._outdated.update(self._prices.rows)  # all of them: the trend column may have another width
        self._draw_rows_in_view()

    def describe(self) -> None:
        """Say in the title what is shown, and in an empty table why there is nothing."""
        serving = self.session.health.serving(DataKind.PRICES)
        self.title.info = prices_info(self.session, self._table.row_count)
        self.title.totals = self._prices.totals()
        self.title.news = no_source(self.session)
        self.title.demo = "DEMO" if serving and serving.demo else ""
        self._table.set_message(*why_no_prices(self.session))
        self._table.set_note(*why_waiting(self.session))

    @property
    def selected(self) -> PriceRow | None:
        """The row of the cursor."""
        return self._prices.rows.get(self._table.cursor or "")

    @property
    def alert_subject(self) -> str:
        """The ticker of the selected row."""
        return self.selected.token.symbol if self.selected is not None else ""

    def exported(self) -> tuple[str, Sequence[PriceUpdate]]:
        """Return the last price of each row that is shown."""
        return "prices", [row.update for row in self._prices.ordered() if row.update is not None]

    # What keys do

    def action_details(self) -> None:
        """Show everything about the selected price, with a chart."""
        from streamtui.screens.price_detail import PriceDetail

        row = self.selected
        if row is not None:
            self.app.push_screen(PriceDetail(self.session, row, self._go))

    def _go(self, by: int) -> PriceRow | None:
        self._table.action_move(by)
        return self.selected

    def copied(self) -> tuple[str, str]:
        """Return the mint address, or the ticker of what has none."""
        row = self.selected
        if row is None:
            return "", ""
        return (row.mint, f"the mint of {row.token.symbol}") if row.mint else (row.token.symbol, "the ticker")

    def action_subscribe(self) -> None:
        """Ask for symbols."""
        from streamtui.model.lookups import Lookups
        from streamtui.screens.symbol_dialog import SymbolDialog

        present = [row.token.symbol for row in self._prices.rows.values()]
        self.app.push_screen(
            SymbolDialog(
                self._subscribe,
                Lookups(self.session),
                self.session.clock,
                demo=self.session.demo,
                present=present,
            )
        )

    async def _subscribe(self, symbols: Sequence[str]) -> None:
        new = await self.session.subscribe(symbols)
        said = list(self.session.hints(symbols))
        if not new:
            tokens = [token for symbol in symbols if (token := self.session.token(symbol)) is not None]
            said.append(f"Watched already: {', '.join(token.symbol for token in tokens)}")
        if said:
            self.tell("\n".join(said))

    async def action_remove(self) -> None:
        """Stop watching the token of the selected row."""
        row = self.selected
        if row is None:
            self.tell("No row is selected.")
            return
        await self.ask(self.session.unsubscribe(row.key), f"No longer watching {row.token.symbol}")
        self._outdated.discard(row.key)
        self.show_rows()

    # In which order

    @property
    def filter_text(self) -> str:
        """The text that ticker or name must contain."""
        return self._prices.filter

    def filter_by(self, text: str) -> None:
        """Show only rows whose ticker or name contains a text."""
        self._prices.filter = text
        self.show_rows()
        self.changed()

    def action_sort(self) -> None:
        """Go to the next order: one's own, then that of each column."""
        sorts = [PriceSort.OWN, *(SORTS[column] for column in self.session.view.columns)]
        at = sorts.index(self._prices.sort) if self._prices.sort in sorts else -1
        self._sort(sorts[(at + 1) % len(sorts)])

    def action_turn_round(self) -> None:
        """Turn the order round."""
        self._sort(self._prices.sort, backwards=not self._prices.backwards)

    @on(LineTable.TitleClicked)
    def _title_clicked(self, event: LineTable.TitleClicked) -> None:
        event.stop()
        sort = SORTS[event.column]
        self._sort(sort, backwards=self._prices.sort is sort and not self._prices.backwards)

    def _sort(self, sort: PriceSort, *, backwards: bool = False) -> None:
        self._prices.sort, self._prices.backwards = sort, backwards
        self.show_rows()
        self.changed()

    def action_columns(self) -> None:
        """Let the person choose the columns."""
        from streamtui.screens.choose_columns import ChooseColumns

        def decided(columns: tuple[PriceColumn, ...] | None) -> None:
            if columns is not None:
                self.session.choose_columns(columns)
            self._show_columns(self.session.view.columns)
            self.changed()

        session = self.session
        self.app.push_screen(
            ChooseColumns(session.view.columns, UiSettings().columns, self._show_columns, demo=session.demo),
            decided,
        )

    def _show_columns(self, columns: Sequence[PriceColumn]) -> Sequence[str]:
        self._table.choose_columns(columns)
        self._table.mark_sort(self._prices.sort, self._prices.backwards)
        return [column for column in columns if self._table.width_of(column)]

    def action_move_up(self) -> None:
        """Put the selected price before the one above it."""
        self._move(-1)

    def action_move_down(self) -> None:
        """Put the selected price after the one below it."""
        self._move(1)

    def _move(self, by: int) -> None:
        key, before = self._table.cursor, self._prices.sort
        if key is None or not self._prices.move(key, by):
            return
        if before is not PriceSort.OWN:
            self.tell(f"Sorted by {before} before; the rows keep this order as your own now.")
        self.session.unsaved = True
        self.show_rows()
        self._table.select(key)
        self.changed()

    async def action_next_watchlist(self) -> None:
        """Show the next watchlist."""
        await self._show_watchlist(1)

    async def action_previous_watchlist(self) -> None:
        """Show the watchlist before."""
        await self._show_watchlist(-1)

    async def _show_watchlist(self, by: int) -> None:
        name = self.session.next_watchlist(by)
        if name is None:
            self.tell("There are no watchlists; put some into [watchlists] of the configuration file.")
            return
        try:
            await self.session.show_watchlist(name)
        except StreamcoreError as error:
            self.tell(str(error), bad=True)
        self.show_rows()
        self.changed()
