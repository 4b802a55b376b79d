"""What is watched, what is shown of it, and the requests a person can make.

The methods here send requests to the engine and wait for its answers. Events from the engine come through
`streamtui.model.updates`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from streamcore import (
    Clock,
    DataKind,
    InputError,
    NotRunning,
    PriceColumn,
    PriceUpdate,
    Settings,
)
from streamtui.format.texts import demo_words
from streamtui.model.alerts import AlertBook
from streamtui.model.config_merge import UNKNOWN, Watched
from streamtui.model.labels import labeller, shortened
from streamtui.model.price_list import PriceList
from streamtui.model.price_row import PriceRow, WatchedToken, key_of
from streamtui.model.provider_health import Health
from streamtui.model.token_names import TokenNames, without_found_name
from streamtui.model.transaction_list import TransactionList
from streamtui.model.view import View

if TYPE_CHECKING:
    from streamcore import Engine
    from streamtui.model.price_chart import PriceChart


class Session:
    """What the screen shows, and the ways to change what is watched.

    `streamtui.model.updates.Updates` connects it to an engine with `attach`, and ends that with `detach`.
    """

    def __init__(
        self, settings: Settings, clock: Clock, saved: Watched | None = None, *, in_browser: bool = False
    ) -> None:
        """Make a session that watches nothing yet.

        Args:
            settings: The effective settings.
            clock: Time.
            saved: What the configuration file holds, the base for saving; ``None``: unknown.
            in_browser: Whether a browser shows it.
        """
        self.settings = settings
        self.clock = clock
        self.in_browser = in_browser
        """Whether a browser shows it: a file would be written on the machine of the server."""
        self.saved = saved or UNKNOWN
        """What was in the configuration file when it was read or written last."""
        self.labels = dict(settings.labels)
        """Names of wallets; `watch` adds to them."""
        self.label = labeller(self.labels)
        self.names = TokenNames()
        """What tokens are called that have no name in the table."""
        self.invented_labels: set[str] = set()
        """Wallets with a label that was looked up in the demo."""
        self.alerts = AlertBook(settings.alerts, self.label)
        self.chart: PriceChart | None = None
        """The chart that is open, which is told of the prices of its row."""
        self.view = View(settings.ui.columns)
        self.watchlist = ""
        """The name of the watchlist that is shown; empty for everything."""
        self.prices = PriceList(throttle=settings.ui.price_throttle, ttl=settings.ui.price_ttl)
        self.prices.name_of = self._name_of
        self.transactions = TransactionList(self.label)
        self.health = Health()
        self.wallets: list[str] = []
        self.failure: str | None = None
        """Why the engine has stopped, or what could not be opened at the start; a restart may help."""
        self.last_data: float | None = None
        """Unix seconds of the newest price or transaction."""
        self.opened = False
        """Whether everything the settings name has been requested, with or without success."""
        self.unsaved = False
        """Whether a person has changed what is watched since it was last saved."""
        self.changed = asyncio.Event()
        """Set when something must be drawn in the next frame; whoever draws clears it."""
        self.engine: Engine | None = None
        """The running engine; ``None`` while it starts, and after it has stopped."""
        self.only_in_watchlist: set[str] = set()
        """Keys of rows that are there because a watchlist was shown, and for no other reason."""
        self._requests = 0
        """How many subscriptions have not returned yet."""
        self._early: list[PriceUpdate] = []
        """Prices that came before the subscription they answer had returned."""
        self._subscribed: set[str] = set()
        """Keys subscribed to with the running engine; empty for a new one."""
        self._watched: set[str] = set()
        """The same for wallets."""

    @property
    def running(self) -> bool:
        """Whether an engine is running that takes requests."""
        return self.engine is not None

    @property
    def requesting(self) -> bool:
        """Whether a subscription has not returned yet: what comes now may be the answer to it."""
        return self._requests > 0

    @property
    def demo(self) -> str:
        """The text of the badge for invented data: ``DEMO``, which kind is invented, or nothing."""
        return demo_words(self.health.serving(DataKind.PRICES), self.health.serving(DataKind.WALLETS))

    def attach(self, engine: Engine) -> None:
        """Send requests to this engine from now on; it watches nothing yet."""
        self.engine = engine
        self._subscribed.clear()
        self._watched.clear()
        self.alerts.bind(self.key_of_symbol)

    def detach(self, engine: Engine) -> None:
        """Send no more requests to this engine; if another one is attached already, that one stays."""
        if self.engine is engine:
            self.engine = None

    def mark_changed(self) -> None:
        """Note that something is to be drawn with the next frame."""
        self.changed.set()

    def keep_early(self, update: PriceUpdate) -> None:
        """Keep a price that no row wants yet, until the subscription it answers has returned."""
        self._early.append(update)

    def running_engine(self) -> Engine:
        """Return the engine that takes requests.

        Raises:
            NotRunning: There is none.
        """
        if self.engine is None:
            raise NotRunning(self.failure or "the engine is still starting; try again in a moment")
        return self.engine

    async def subscribe(self, symbols: Sequence[str]) -> list[PriceRow]:
        """Watch these tickers or mints; return the rows that are new.

        Raises:
            InputError: One of them cannot be watched; nothing has changed.
            NotRunning: There is no engine to ask.
        """
        engine = self.running_engine()
        new = []
        self._requests += 1
        try:
            for subscribed in await engine.subscribe_prices(symbols):
                token = self.names.named(subscribed)
                key = key_of(token)
                if key in self._subscribed:
                    # the engine counts subscriptions, and `unsubscribe` takes back one
                    await engine.unsubscribe_prices([key])
                    continue
                self._subscribed.add(key)
                self.prices.rename(key, token.name)
                self.names.want(subscribed)
                if self.prices.add(token):
                    new.append(self.prices.rows[key])
                    self.unsaved = self.unsaved or self.opened
                    if self.prices.watchlist is not None and key not in self.prices.watchlist:
                        self.watchlist, self.prices.watchlist = "", None  # or the new row would be hidden
            for update in self._early:
                self.prices.apply(update)
        finally:
            self._requests -= 1
            if not self._requests:
                self._early.clear()
            self.mark_changed()
        return new

    def hints(self, symbols: Sequence[str]) -> list[str]:
        """Return what a person should know of how these symbols were read, as sentences."""
        from streamcore import TokenTable, read_pair

        tokens = TokenTable(self.settings.tokens)
        pairs = [read_pair(symbol, tokens) for symbol in symbols]
        return [pair.hint for pair in pairs if pair is not None and pair.hint]

    async def unsubscribe(self, key: str) -> None:
        """Stop watching the token of a row, and drop the row.

        Raises:
            NotRunning: There is no engine to ask.
        """
        engine = self.running_engine()
        self.prices.remove(key)
        self.unsaved = True
        self.only_in_watchlist.discard(key)
        self._subscribed.discard(key)
        await engine.unsubscribe_prices([key])
        self.mark_changed()

    async def show_watchlist(self, name: str) -> None:
        """Show one watchlist, and watch what is in it; an empty name shows everything.

        Raises:
            InputError: A symbol of the list cannot be watched.
            NotRunning: There is no engine to ask.
        """
        engine = self.running_engine()
        self.watchlist, self.prices.watchlist = name, None
        if name:
            symbols = self.settings.watchlists[name]
            keys = [key_of(engine.describe(symbol)) for symbol in symbols]
            missing = [
                symbol
                for symbol, key in zip(symbols, keys, strict=True)
                if key not in self.prices.rows or key not in self._subscribed
            ]
            self.prices.watchlist = frozenset(keys)
            self.only_in_watchlist |= {key for key in keys if key not in self.prices.rows}
            if missing:
                unsaved = self.unsaved
                await self.subscribe(missing)
                self.unsaved = unsaved  # a watchlist is in the file already
        self.prices.changed = True
        self.mark_changed()

    def next_watchlist(self, by: int) -> str | None:
        """Return the name of the next (1) or previous (-1) watchlist, ``None`` when there is none."""
        names = ["", *self.settings.watchlists]
        return names[(names.index(self.watchlist) + by) % len(names)] if len(names) > 1 else None

    async def watch(self, addresses: Sequence[str]) -> list[str]:
        """Watch these wallets; return those that are new.

        Raises:
            InputError: One of them is no address; nothing has changed.
            NotRunning: There is no engine to ask.
        """
        engine = self.running_engine()
        new = []
        self._requests += 1
        try:
            for address in await engine.subscribe_wallets(addresses):
                if address in self._watched:
                    await engine.unsubscribe_wallets([address])
                    continue
                self._watched.add(address)
                if address not in self.wallets:
                    self.wallets.append(address)
                    new.append(address)
                    self.unsaved = self.unsaved or self.opened
        finally:
            self._requests -= 1
            self.mark_changed()
        return new

    async def unwatch(self, address: str) -> None:
        """Stop watching a wallet, and drop its transactions.

        Raises:
            NotRunning: There is no engine to ask.
        """
        engine = self.running_engine()
        self.wallets.remove(address)
        self.unsaved = True
        self._watched.discard(address)
        self.transactions.forget(address)
        await engine.unsubscribe_wallets([address])
        self.mark_changed()

    def name_wallets(self, labels: Mapping[str, str], *, by_hand: bool = True) -> None:
        """Call wallets by these names from now on; ``by_hand``: a person has said so just now."""
        from streamcore import wallet_name  # not needed for the first frame

        self.labels.update(labels)
        if self.settings.demo:
            self.invented_labels |= {
                address for address, name in labels.items() if wallet_name(name) is not None
            }
        self.unsaved = self.unsaved or by_hand
        self.transactions.relabel()
        self.mark_changed()

    def key_of_symbol(self, symbol: str) -> str:
        """Return the key of what a symbol stands for; of an unknown one, the symbol in small letters."""
        try:
            return key_of(self.running_engine().describe(symbol))
        except (InputError, NotRunning):
            return symbol.casefold()

    def choose_columns(self, columns: Sequence[PriceColumn]) -> None:
        """Have these columns from now on."""
        self.unsaved = self.view.choose_columns(columns) or self.unsaved

    async def reconnect(self, provider: str) -> None:
        """Let one provider try again now.

        Raises:
            NotRunning: There is no engine to ask.
        """
        await self.running_engine().reconnect(provider)

    async def reconnect_all(self) -> None:
        """Let every provider try again now.

        Raises:
            NotRunning: There is no engine to ask.
        """
        await self.running_engine().reconnect_all()

    def set_back(self, by: float) -> None:
        """Date everything back, because the wall clock has been set back by so many seconds.

        Otherwise prices would count as fresh, and charts would stand still, until the clock has caught up.
        """
        at = self.clock.time()
        if self.last_data is not None and self.last_data > at:
            self.last_data -= by
        for row in self.prices.rows.values():
            row.set_back(at, by)
        if self.chart is not None:
            self.chart.set_back(at)
        self.alerts.set_back(by)
        self.health.set_back(at, by)

    def real_data(self) -> tuple[int, int]:
        """Return how many prices and transactions `switch_demo` would lose that are not invented."""
        if self.settings.demo:
            return 0, 0
        updates = (row.update for row in self.prices.rows.values())
        return sum(update is not None and not update.demo for update in updates), self.transactions.real

    def switch_demo(self) -> None:
        """Show invented data from the next start of the engine on, or real data again.

        All prices, transactions and statuses are forgotten, so that invented data cannot be taken for real.
        The caller must restart the engine.
        """
        self.settings = msgspec.structs.replace(self.settings, demo=not self.settings.demo)
        self.names.forget()
        for row in self.prices.rows.values():
            self.prices.set_token(row.key, without_found_name(row.token))
        for address in self.invented_labels:
            self.labels.pop(address, None)
        self.invented_labels.clear()
        self.prices.restart()
        self.transactions.clear()
        self.alerts.restart()
        self.health.restart()
        self.last_data = None
        self.mark_changed()

    def _name_of(self, update: PriceUpdate) -> str:
        if update.address is None:
            from streamcore import exchange_name  # not needed for the first frame

            return exchange_name(update.symbol)
        token = self.token(update.address)
        return "" if token is None else token.name

    def name_of_topic(self, topic: str) -> str:
        """Return the name shown for a topic of a provider: a ticker, or the label of a wallet."""
        if topic in self.wallets:
            return self.label(topic)
        row = self.prices.rows.get(topic)
        if row is None:
            row = next((one for one in self.prices.rows.values() if one.mint == topic), None)
        if row is not None:
            return row.token.symbol
        # a row that moved to an exchange has no mint, and its former source goes on for a while
        token = self.token(topic)
        return token.symbol if token is not None else shortened(topic)

    def number_of(self, wallet: str) -> int:
        """Return the index of a wallet among those watched, from 0, which decides its colour."""
        return self.wallets.index(wallet) if wallet in self.wallets else 0

    def complete(self, prefix: str) -> Sequence[WatchedToken]:
        """Return the tokens whose ticker or name begins like this; none while the engine is not there."""
        return self.engine.complete(prefix) if self.engine else ()

    def token(self, text: str) -> WatchedToken | None:
        """Return the token a person means by a ticker or mint, if there is one."""
        try:
            return self.names.named(self.engine.describe(text)) if self.engine else None
        except InputError:
            return None
