"""A closer look: details, connections, help; and taking something away: copies, files, pictures."""

from __future__ import annotations

import asyncio
from pathlib import Path

from textual import on

from streamcore import DataKind, StreamcoreError
from streamtui.format.texts import provider_of
from streamtui.keys import COMMANDS
from streamtui.screens.main_view import MainView
from streamtui.widgets.line_table import LineTable


class Looking(MainView):
    """The keys that show more, or carry what is shown elsewhere."""

    @on(LineTable.Chosen)
    def _row_chosen(self) -> None:
        self.action_details()

    def action_details(self) -> None:
        """Show everything about the selected row."""
        from streamtui.screens.price_detail import PriceDetail
        from streamtui.screens.transaction_detail import TransactionDetail

        if self.pane is self._price_pane:
            row = self._feed.prices.rows.get(self._prices.cursor or "")
            if row is not None:
                at, board = self._feed.clock.time(), self._feed.prices
                self.app.push_screen(PriceDetail(row, at=at, freshness=board.freshness))
            return
        transaction = self._feed.transactions.get(self._transactions.cursor or "")
        if transaction is not None:
            self.app.push_screen(TransactionDetail(transaction, self._feed.label))

    def action_copy(self) -> None:
        """Copy what names the selected row everywhere: the mint address, or the signature."""
        if self.pane is self._price_pane:
            row = self._feed.prices.rows.get(self._prices.cursor or "")
            text = (row.mint or row.token.symbol) if row is not None else ""
            what = f"the mint of {row.token.symbol}" if row is not None and row.mint else "the ticker"
        else:
            transaction = self._feed.transactions.get(self._transactions.cursor or "")
            text, what = (transaction.signature if transaction is not None else ""), "the signature"
        if text:
            self.app.copy_to_clipboard(text)
            self.tell(f"Copied {what}: {text}")
        else:
            self.tell("No row is selected.")

    async def action_export_csv(self) -> None:
        """Write the rows of the pane to a CSV file."""
        await self._export("csv")

    async def action_export_json(self) -> None:
        """Write the rows of the pane to a JSON file."""
        await self._export("json")

    async def _export(self, form: str) -> None:
        from streamtui.model.exporting import Format, export

        if self.pane is self._price_pane:
            what = "prices"
            events = [row.update for row in self._feed.prices.ordered() if row.update is not None]
        else:
            what = "transactions"
            events = list(self._feed.transactions.ordered())  # type: ignore[arg-type]
        if not events:
            self.tell(f"There are no {what} to export.")
            return
        try:
            path = await asyncio.to_thread(export, events, what, Format(form), Path.cwd(), self._now())
        except StreamcoreError as error:
            self.tell(str(error), bad=True)
        else:
            self.tell(f"{len(events)} {what} written to {path}")

    async def action_take_screenshot(self) -> None:
        """Save the screen as a picture."""
        from streamtui.model.exporting import stamp, write_new

        picture = self.app.export_screenshot(title="streamtui")
        name = f"streamtui-{stamp(self._now())}"
        try:
            path = await asyncio.to_thread(write_new, Path.cwd(), name, ".svg", picture)
        except StreamcoreError as error:
            self.tell(str(error), bad=True)
        else:
            self.tell(f"Picture written to {path}")

    def action_connections(self) -> None:
        """Show the connections."""
        from streamtui.screens.connections import Connections

        screen = Connections(
            self._feed.health,
            self._now(),
            reconnect=self._chosen,
            called=self._feed.called,
            poll_interval=self._feed.settings.stream.poll_interval,
            demo=self._demo,
        )
        self.app.push_screen(screen)

    async def _chosen(self, provider: str) -> None:
        from streamtui.screens.connections import ALL

        if provider == ALL:
            await self.action_reconnect_all()
        else:
            await self._reconnect(provider)

    async def _reconnect(self, provider: str) -> None:
        await self._ask(self._feed.reconnect(provider), f"Reconnecting {provider}")

    def action_help(self) -> None:
        """Show the keys."""
        from streamtui.screens.help import HelpScreen

        self.app.push_screen(HelpScreen(COMMANDS, demo=self._demo))

    def action_switch_demo(self) -> None:
        """Show invented data, or real data again."""
        self._feed.switch_demo()
        self._arrange_prices()
        self._restart()
        demo = self._feed.settings.demo
        self.tell("Everything is invented now. D brings the real data back." if demo else "Real data again.")
        self.paint()

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
