"""What is watched: adding to it, taking from it, alerts on it, and keeping it for the next start."""

from __future__ import annotations

from collections.abc import Sequence

from streamtui.screens.main_view import MainView
from streamtui.screens.wallet_input import names_and_labels
from streamtui.themes import DARK


class Watching(MainView):
    """The keys that change what is watched. Dialogs are imported when asked for, to be drawn sooner."""

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
                present=[row.token.symbol for row in self._feed.prices.rows.values()],
                tokens=self._feed,
            )
        )

    def action_watch(self) -> None:
        """Ask for wallets."""
        from streamtui.screens.entry import EntryDialog

        self.app.push_screen(
            EntryDialog(
                "Watch wallets",
                "Solana addresses, several at once with commas; a name may follow each:",
                "7xKXtg2C…gAsU treasury",
                self._watch_wallets,
                demo=self._demo,
                present=[self._feed.label(wallet) for wallet in self._feed.wallets],
                split=names_and_labels,
            )
        )

    async def _watch_wallets(self, entries: Sequence[str]) -> None:
        labels: dict[str, str] = {}
        addresses = []
        for entry in entries:
            address, _, label = entry.partition(" ")
            addresses.append(address)
            if label:
                labels[address] = label
        await self._feed.watch(addresses)
        if labels:
            self._feed.name_wallets(labels)
            self._arrange_feed(anew=True)

    async def action_remove(self) -> None:
        """Stop watching what the selected row is about."""
        if self.pane is self._price_pane:
            row = self._feed.prices.rows.get(self._prices.cursor or "")
            if row is None:
                self.tell("No row is selected.")
                return
            await self._ask(self._feed.unsubscribe(row.key), f"No longer watching {row.token.symbol}")
            self._unshown.discard(row.key)
            self._arrange_prices()
            return
        if not self._feed.wallets:
            self.tell("No wallet is watched.")
            return
        from streamtui.screens.choose_wallet import ChooseWallet

        # asked, not done: all that is shown of the wallet goes with it, and the newest row moves on
        transaction = self._feed.transactions.get(self._transactions.cursor or "")
        self.app.push_screen(
            ChooseWallet(
                self._feed.wallets,
                self._feed.label,
                demo=self._demo,
                selected=None if transaction is None else transaction.wallet,
            ),
            self._unwatch,
        )

    async def _unwatch(self, wallet: str | None) -> None:
        if wallet in self._feed.wallets:
            await self._ask(self._feed.unwatch(wallet), f"No longer watching {self._feed.label(wallet)}")

    def action_alerts(self) -> None:
        """Show the alerts, and let one add and remove some."""
        from streamtui.screens.alerts import AlertsDialog

        row = self._feed.prices.rows.get(self._prices.cursor or "")
        transaction = self._feed.transactions.get(self._transactions.cursor or "")
        about = ""
        if self.pane is self._price_pane:
            about = row.token.symbol if row is not None else ""
        elif transaction is not None:
            about = self._feed.label(transaction.wallet)
        self.app.push_screen(AlertsDialog(self._feed, about, demo=self._demo))

    async def action_save(self) -> None:
        """Keep what is watched for the next start."""
        path = self._config_path
        if path is None:
            self.tell("There is no configuration file to save to.", bad=True)
            return
        configured = self._feed.settings.ui.theme or DARK.name
        theme = self.app.theme if self.app.theme != configured else None
        await self._ask(self._feed.save(path, theme), f"Saved to {path}")
