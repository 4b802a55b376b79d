"""The engine of the leader as every relay has it, the leader's own included: fed by the bus alone."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Protocol

from streamcore.assets.instruments import Instrument, Venue, understand
from streamcore.assets.names import names_given
from streamcore.assets.tokens import Token, TokenTable, check_address
from streamcore.candles import CandleSeries, ChartRange
from streamcore.clock import Clock
from streamcore.cluster.messages import Live, Wants
from streamcore.errors import ProviderError, UnknownProvider
from streamcore.events import Event, PriceKind, PriceUpdate
from streamcore.history.live import with_present
from streamcore.hub import Hub, Subscriber
from streamcore.relay.bus import Bus
from streamcore.relay_client.lookups import Asking
from streamcore.relay_client.past import Past
from streamcore.relay_client.search import RelaySearch
from streamcore.relay_client.subscriptions import asked_as
from streamcore.status import ProviderStatus
from streamcore.streams.subscriptions import References
from streamcore.token_hits import SearchResult, TokenHit

LEADER_SILENT = 3.0
"""Seconds without a sign of life of the leader after which there is none, as far as anybody knows."""

NO_LEADER = "no relay leads at present"

_CAPACITY = 100_000


class Questions(Asking, Protocol):
    """The way of questions to the leader."""

    async def reconnect(self, provider: str | None) -> None:
        """Have a provider started over, or all of them; see `Engine.reconnect`.

        Raises:
            ProviderError: Nobody did.
        """
        ...

    def ask_quote(self, key: str) -> None:
        """Have bid and ask of a price asked for; returns at once, and nothing is said if nobody can do it."""
        ...


class SharedEngine:
    """A `Bus`: what the leader tells, as far as the terminals of this relay want it."""

    def __init__(
        self, tokens: Mapping[str, str], questions: Questions, clock: Clock, *, exchanges: bool
    ) -> None:
        """Make one that has heard of nothing.

        Args:
            tokens: The tickers of the settings, the same at every relay.
            questions: The way of questions to the leader.
            clock: Time.
            exchanges: Whether a source may know tickers that are in no table.
        """
        self.wants_changed = asyncio.Event()
        """Set when `wants` is another; whoever looks at it clears it."""
        self.term = 0
        """That of the newest leader heard."""
        self.heard_at = float("-inf")
        """Monotonic seconds of the last sign of life of a leader."""
        self._tokens = TokenTable(tokens)
        self._exchanges = exchanges
        self._questions = questions
        self._clock = clock
        self._hub = Hub(_CAPACITY)
        self._symbols = References()
        """Keys of what is wanted here."""
        self._wallets = References()
        self._instruments: dict[str, Instrument] = {}
        self._names = References()
        """The symbols of these instruments, as events have them."""
        self._latest: dict[tuple[str, str | None], PriceUpdate] = {}
        """All that is known of every price on the bus, by symbol and address."""
        self._sources: dict[str, str | None] = {}
        self._statuses: dict[str, ProviderStatus] = {}
        """As the leader told them last."""
        self._trouble: str | None = "NATS has not been reached yet"
        """Why nothing is known of the providers at present."""
        self._past = Past(questions, clock, shift=lambda: 0.0)
        self._search = RelaySearch(questions)

    # --- from the bus -----------------------------------------------------------------------------------

    def live(self, message: Live) -> None:
        """Take in what a leader tells; what one tells that is not the newest any more is passed over.

        As soon as the newest has fallen silent, others are heard again: whoever has said a term that nobody
        has must not silence every leader to come.
        """
        if message.term < self.term and self.is_led:
            return
        self.term = message.term
        self.heard_at = float("-inf") if message.leaves else self._clock.monotonic()
        if message.sources is not None:
            self._sources = message.sources
            self._forget_prices()
        if message.statuses is not None:
            self._take_statuses({status.provider: status for status in message.statuses})
        wanted: list[PriceUpdate] = []
        for event in message.events:
            if not isinstance(event, PriceUpdate):
                self._hub.publish(event)
                continue
            known = self._latest.get((event.symbol, event.address))
            if known is None or not _is_repeated(known, event):
                self._latest[event.symbol, event.address] = event
                if event.symbol in self._names:
                    wanted.append(event)
        for _, prices in groupby(wanted, attrgetter("provider")):
            self._hub.publish_together(list(prices))

    def tell(self, event: Event) -> None:
        """Pass an event on that has come another way."""
        self._hub.publish(event)

    def set_trouble(self, reason: str | None) -> None:
        """Take note why nothing is known of the providers at present; ``None``: it is."""
        if reason != self._trouble:
            before = self.statuses()
            self._trouble = reason
            self._publish_changes(before)

    @property
    def is_led(self) -> bool:
        """Whether a leader has given a sign of life lately."""
        return self._clock.monotonic() - self.heard_at < LEADER_SILENT

    def _take_statuses(self, statuses: dict[str, ProviderStatus]) -> None:
        before = self.statuses()
        self._statuses = statuses
        self._publish_changes(before)

    def _publish_changes(self, before: Mapping[str, ProviderStatus]) -> None:
        now = self._clock.time()
        for name, status in self.statuses().items():
            old = before.get(name)
            if old is None or _news_of(old) != _news_of(status):
                self._hub.publish(status.event(now))

    def _forget_prices(self) -> None:
        """Drop the prices of what is not subscribed any more."""
        gone = [
            (symbol, address)
            for symbol, address in self._latest
            if address not in self._sources and symbol.upper() not in self._sources
        ]
        for key in gone:
            del self._latest[key]

    def close(self) -> None:
        """End every consumer's iteration."""
        self._hub.close()

    # --- what is wanted ---------------------------------------------------------------------------------

    @property
    def wants(self) -> Wants:
        """Everything that the terminals of this relay want."""
        symbols = tuple(asked_as(self._instruments[key]) for key in self._symbols)
        return Wants(symbols, tuple(self._wallets))

    async def subscribe_prices(self, symbols: Iterable[str]) -> list[Token]:
        """See `Engine.subscribe_prices`; what is known of a price already is told at once."""
        instruments = [self._understood(symbol) for symbol in names_given(symbols)]
        for instrument in instruments:
            if self._symbols.add(instrument.key):
                self._instruments[instrument.key] = instrument
                self._names.add(instrument.symbol)
                self.wants_changed.set()
                self._tell_latest(instrument.symbol)
        return [self._described(instrument) for instrument in instruments]

    async def unsubscribe_prices(self, symbols: Iterable[str]) -> None:
        """See `Engine.unsubscribe_prices`."""
        for instrument in [self._understood(symbol) for symbol in names_given(symbols)]:
            if self._symbols.remove(instrument.key):
                del self._instruments[instrument.key]
                self._names.remove(instrument.symbol)
                self.wants_changed.set()

    async def subscribe_wallets(self, addresses: Iterable[str]) -> list[str]:
        """See `Engine.subscribe_wallets`."""
        wallets = [check_address(address) for address in names_given(addresses)]
        for wallet in wallets:
            if self._wallets.add(wallet):
                self.wants_changed.set()
        return wallets

    async def unsubscribe_wallets(self, addresses: Iterable[str]) -> None:
        """See `Engine.unsubscribe_wallets`."""
        for wallet in [check_address(address) for address in names_given(addresses)]:
            if self._wallets.remove(wallet):
                self.wants_changed.set()

    def describe(self, symbol: str) -> Token:
        """See `Engine.describe`."""
        return self._described(self._understood(symbol))

    def _understood(self, symbol: str) -> Instrument:
        return understand(symbol, self._tokens, exchanges=self._exchanges)

    def _described(self, instrument: Instrument) -> Token:
        return instrument.described(Venue.EXCHANGE if self._exchanges else Venue.CHAIN)

    def _tell_latest(self, symbol: str) -> None:
        for (name, _), event in self._latest.items():
            if name == symbol:
                self._hub.publish(event.as_snapshot())

    # --- what is known ----------------------------------------------------------------------------------

    def consumer(self, capacity: int | None = None) -> Subscriber:
        """See `Bus.consumer`."""
        now = self._clock.time()
        prices = [event.as_snapshot() for event in self._latest.values() if event.symbol in self._names]
        known = [status.event(now) for status in self.statuses().values()]
        return self._hub.subscribe([*known, *prices], capacity=capacity)

    @property
    def price_sources(self) -> Mapping[str, str | None]:
        """See `Engine.price_sources`."""
        return self._sources

    def ask_quote(self, symbol: str) -> None:
        """See `Engine.ask_quote`."""
        key = self._understood(symbol).key
        if key in self._symbols:
            self._questions.ask_quote(key)

    def statuses(self) -> dict[str, ProviderStatus]:
        """See `Engine.statuses`; without a leader every provider is cut off, whatever it was last."""
        if self._trouble is None:
            return dict(self._statuses)
        return {name: status.as_cut_off(self._trouble) for name, status in self._statuses.items()}

    def status(self, name: str) -> ProviderStatus:
        """See `Engine.status`."""
        statuses = self.statuses()
        if name not in statuses:
            raise UnknownProvider(name, statuses)
        return statuses[name]

    # --- what is asked ----------------------------------------------------------------------------------

    async def history(self, symbol: str, span: ChartRange) -> CandleSeries:
        """See `Engine.history`."""
        instrument = self._understood(symbol)
        series = await self._past.series(instrument.key, asked_as(instrument), span)
        return with_present(series, self._latest.get((series.symbol, series.address)))

    async def trends(self) -> Mapping[str, CandleSeries]:
        """See `Engine.trends`."""
        return await self._past.trends(lambda: self._symbols)

    def cached_trends(self) -> Mapping[str, CandleSeries]:
        """See `Engine.cached_trends`."""
        return self._past.cached_trends(self._symbols)

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of what is wanted here."""
        return tuple(self._symbols)

    async def search(self, text: str) -> SearchResult:
        """See `Engine.search`."""
        return await self._search.search(text)

    async def name_tokens(self, mints: Iterable[str]) -> Mapping[str, TokenHit]:
        """See `Engine.name_tokens`."""
        return await self._search.name(mints)

    async def resolve_wallet(self, name: str) -> str:
        """See `Engine.resolve_wallet`."""
        return await self._search.resolve(name)

    async def reconnect(self, name: str) -> None:
        """See `Engine.reconnect`; without a leader there is nothing to start over."""
        self.status(name)
        await self._reconnect(name)

    async def reconnect_all(self) -> None:
        """See `Engine.reconnect_all`."""
        await self._reconnect(None)

    async def _reconnect(self, name: str | None) -> None:
        try:
            await self._questions.reconnect(name)
        except ProviderError as error:
            self._hub.publish(error.event("", self._clock.time(), demo=False))


def _is_repeated(known: PriceUpdate, event: PriceUpdate) -> bool:
    """Whether an event only says once more what is known, because another relay may have missed it."""
    return (
        event.kind is PriceKind.SNAPSHOT
        and event.ts == known.ts
        and (event.price, event.bid, event.ask) == (known.price, known.bid, known.ask)
        and event.provider == known.provider
    )


def _news_of(status: ProviderStatus) -> tuple[object, ...]:
    """Return what of a status is told at once when it changes."""
    return (
        status.state,
        status.reason,
        status.attempt,
        status.fallback,
        status.stale,
        status.cut_off,
        status.topics,
    )


if TYPE_CHECKING:
    _BUS: type[Bus] = SharedEngine  # so that the type checker compares it with the protocol
