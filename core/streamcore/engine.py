"""The interface between whatever produces events and the programs that use them: the `Engine`.

`streamcore.StreamManager` is the engine that talks to providers. A program that takes an `Engine` also works
with any other, such as one that is fed by a relay or a recording.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Protocol

import msgspec

from streamcore.assets.tokens import Token
from streamcore.candles import CandleSeries, ChartRange
from streamcore.events import Event, PriceUpdate
from streamcore.status import ProviderStatus
from streamcore.token_hits import SearchResult, TokenHit


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The present state of an engine.

    It has no transactions: they are events of a moment, not state.
    """

    ts: float
    """When it was taken, Unix seconds."""
    prices: Mapping[str, PriceUpdate]
    """Each watched symbol's key (see `Engine.describe`) to all that is known of its price.

    Each is a ``snapshot`` event whose ``ts`` is that of the last message about it. A symbol without any
    message yet is not here.
    """
    statuses: Mapping[str, ProviderStatus]
    """Every provider in use by name."""


class Engine(Protocol):
    """Takes subscriptions and offers events, the present state, and the status of its providers.

    It is an asynchronous context manager: entering starts it, once; leaving ends it, and with it every
    iteration over `events`. Subscriptions and reconnects before or after that raise `NotRunning`.
    """

    async def __aenter__(self) -> Engine:
        """Start.

        Raises:
            AlreadyStarted: It has been started before.
            SettingsError: The settings ask for something that cannot be used.
        """
        ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End: close what is open, and end every consumer's iteration."""
        ...

    async def subscribe_prices(self, symbols: Iterable[str]) -> Sequence[Token]:
        """Watch the price of tokens; every call adds one reference to each.

        Args:
            symbols: Tickers in any case, with or without ``$``, or mint addresses.

        Returns:
            What each symbol stands for, in order.

        Raises:
            InputError: One of them is no token that is known; nothing has been changed.
        """
        ...

    async def unsubscribe_prices(self, symbols: Iterable[str]) -> None:
        """Undo one `subscribe_prices` for each.

        Raises:
            InputError: One of them is no token that is known; nothing has been changed.
        """
        ...

    async def subscribe_wallets(self, addresses: Iterable[str]) -> Sequence[str]:
        """Watch the transactions of wallets; every call adds one reference to each.

        Returns:
            The addresses, stripped of white space.

        Raises:
            InputError: One of them is no Solana address; nothing has been changed.
        """
        ...

    async def unsubscribe_wallets(self, addresses: Iterable[str]) -> None:
        """Undo one `subscribe_wallets` for each.

        Raises:
            InputError: One of them is no Solana address; nothing has been changed.
        """
        ...

    async def resolve_wallet(self, name: str) -> str:
        """Return the address of the wallet that a name such as ``toly.sns`` stands for.

        Who owns the name may change that at any time: show the address, and keep that, not the name. A name
        is looked up once; it is sent to the name service and nowhere else.

        Args:
            name: One or two labels and ``.sns`` or ``.sol``, in any case.

        Raises:
            InputError: It is no such name, or leads nowhere; the text says why.
            ProviderError: It could not be looked up.
            NotRunning: The engine does not run.
        """
        ...

    def describe(self, symbol: str) -> Token:
        """Return what a symbol stands for with the sources in use, whether it is watched or not.

        ``mint`` is empty for an asset that is no Solana token, or not the same everywhere: ``BTC`` is bitcoin
        on an exchange and a wrapped token on the chain. The key of such an asset, in `snapshot` and
        `price_sources`, is its ``symbol``, of every other its ``mint``.

        Raises:
            InputError: It is no token that is known.
        """
        ...

    def complete(self, prefix: str) -> Sequence[Token]:
        """Return what a ticker or name that begins with ``prefix`` may become, each as `describe` has it.

        Tickers that begin so come first; an empty prefix returns everything that has a name.
        """
        ...

    async def search(self, text: str) -> SearchResult:
        """Return the tokens and markets that the sources list by a ticker, a name or a mint.

        A name never picks a token: show what was found, and subscribe to `TokenHit.wanted` of the hit that a
        person has chosen. One source that cannot be asked leaves what the others found. An answer is kept for
        some minutes. May be cancelled at any time.

        Args:
            text: What was typed; of a link, the address in it counts.

        Raises:
            InputError: It is empty, too long, or looks like a wallet's secret; nothing has been sent.
            NotRunning: The engine does not run.
        """
        ...

    async def name_tokens(self, mints: Iterable[str]) -> Mapping[str, TokenHit]:
        """Return what the sources call some tokens, by mint; those that nobody knows are left out.

        Args:
            mints: Mint addresses, as many as there are: up to a hundred are asked for together.

        Raises:
            BadAddress: One of them is no address; nothing has been sent.
            ProviderError: No source could be asked.
            NotRunning: The engine does not run.
        """
        ...

    @property
    def price_sources(self) -> Mapping[str, str | None]:
        """Each watched symbol's key (see `describe`) to the provider that serves it now.

        ``None``: no provider in use has it. Empty while the engine does not run.
        """
        ...

    def ask_quote(self, symbol: str) -> None:
        """Have the source of a watched price asked for bid and ask as they are now; returns at once.

        A stream tells them with each trade: where little is traded they are old. What the source says comes
        as a price event. Nothing happens where it has no order book, or where the symbol is not watched. It
        takes part of what the source allows, so ask every few seconds for what a person looks at, and for no
        more. A relay asks about a symbol every four seconds at most, and a source every two, for all its
        terminals together; one that is too old to know the question asks nothing.

        Raises:
            InputError: It is no token that is known.
            NotRunning: The engine does not run.
        """
        ...

    def snapshot(self) -> Snapshot:
        """Return the present state; after the end, the last one."""
        ...

    async def history(self, symbol: str, span: ChartRange) -> CandleSeries:
        """Return the past of a price, whether it is watched or not; from one market of one source.

        What was fetched a moment ago (for as long as one of its candles lasts, an hour at most) is returned
        at once, with the present price of the same market as its last close. Otherwise a source is asked,
        which may first have to wait its turn. Show `cached_history` meanwhile. Cancelling the one who waits
        cancels the request, unless somebody else waits for it, too.

        Live prices go on from there with `streamcore.with_price`.

        Args:
            symbol: As for `subscribe_prices`.
            span: How far back.

        Raises:
            InputError: It is no token that is known.
            ProviderError: No source has it, or none can be asked at the moment; the text says why. What
                `cached_history` returns stays as it was.
        """
        ...

    def cached_history(self, symbol: str, span: ChartRange) -> CandleSeries | None:
        """Return what is remembered of a price's past, however old, without asking anybody.

        ``fetched_at`` tells its age. ``None``: nothing is remembered, or it was dropped for newer ones. Where
        only a longer range is, its end is returned, in candles of that range's ``interval``.

        Raises:
            InputError: It is no token that is known.
        """
        ...

    async def trends(self) -> Mapping[str, CandleSeries]:
        """Fetch the last 24 hours of every watched symbol, as far as due; return what is known then.

        Made for a column: few requests, which wait for those of `history`. Call it when something new is
        watched, and every 15 minutes: what is younger than ten is not asked for again. With many symbols it
        takes a second for each; `cached_trends` has those that have come so far.

        Returns:
            Each watched symbol's key (see `describe`) to its series. One that no source has, or that could
            not be had so far, is not here; no failure is raised.
        """
        ...

    def cached_trends(self) -> Mapping[str, CandleSeries]:
        """Return what is known of the last 24 hours of the watched symbols, without asking anybody."""
        ...

    def events(self) -> AsyncIterator[Event]:
        """Attach a consumer and return its events, in a bounded buffer of its own.

        First comes what is known at this moment: the state of each provider that has ever done something, and
        a ``snapshot`` of each symbol that has a price. Then comes what happens from now on; nothing is missed
        in between, and nothing comes twice. A consumer may attach before the start.

        A consumer that falls behind gets the newest price of each token and every transaction that the
        buffer could keep; what was dropped is counted in ``dropped`` of the status, and a token whose price
        was dropped comes as a snapshot the next time. The iteration ends when the engine does.

        Raises:
            NotRunning: The engine has ended: nothing would ever come.
        """
        ...

    def drain(self, name: str) -> Sequence[Event]:
        """Return a provider's events since the last drain that its buffer still holds, oldest first.

        The first time, those since the start, and of prices the present one of each token.

        Args:
            name: The provider; empty for what is not about a single one.

        Raises:
            UnknownProvider: No such provider is in use.
        """
        ...

    def statuses(self) -> Mapping[str, ProviderStatus]:
        """Return the status of every provider in use, by name; after the end, the last ones."""
        ...

    def status(self, name: str) -> ProviderStatus:
        """Return the status of one provider.

        Raises:
            UnknownProvider: No such provider is in use.
        """
        ...

    @property
    def is_any_connected(self) -> bool:
        """Whether at least one provider streams."""
        ...

    @property
    def is_fallback_active(self) -> bool:
        """Whether polling stands in for at least one provider's stream."""
        ...

    async def reconnect(self, name: str) -> None:
        """Start a provider's stream over at once, also a parked one; waits for nothing.

        Raises:
            UnknownProvider: No such provider is in use.
            ProviderError: It is a relay's, which lets this terminal only read.
        """
        ...

    async def reconnect_all(self) -> None:
        """`reconnect` every provider in use.

        Raises:
            ProviderError: They are a relay's, which lets this terminal only read.
        """
        ...
