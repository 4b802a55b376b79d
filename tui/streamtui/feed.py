"""The one place where the app touches the engine.

Three coroutines, each run as a worker by the app: `Feed.run` carries events from the engine into what the
screen shows and marks it dirty, `Feed.frames` asks for a repaint when something is dirty and never more
often than the frame rate, `Feed.ticks` lets time pass on the screen once a second. Nobody draws because a
message came: a thousand messages between two frames cost one repaint.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from importlib import import_module
from typing import Any, Protocol, TypeAlias

from streamcore.clock import Clock
from streamcore.errors import InputError, StreamcoreError
from streamcore.events import (
    ErrorKind,
    Event,
    PriceUpdate,
    StatusChange,
    StreamError,
    WalletTransaction,
)
from streamcore.settings import Settings
from streamcore.status import ProviderStatus
from streamtui.board import SAMPLE_INTERVAL, PriceBoard, PriceRow, WatchedToken, key_of
from streamtui.health import Health
from streamtui.journal import Journal, labeller
from streamtui.lamps import healthy

logger = logging.getLogger(__name__)

CLOSE_TIMEOUT = 1.5
"""Seconds the engine gets to close its connections when the app ends."""
TICK = 1.0
"""Seconds between two looks at what only time changes: ages, countdowns, rates."""
LOCAL_FRAMES, REMOTE_FRAMES = 10, 4


class Completions(Protocol):
    """What knows tickers by their beginning; `streamcore.tokens.TokenTable` does."""

    def complete(self, prefix: str) -> Sequence[WatchedToken]:
        """Return the tokens that begin like this."""
        ...


class Engine(Protocol):
    """The part of `streamcore.StreamManager` the app uses."""

    @property
    def tokens(self) -> Completions:
        """The tickers it knows."""
        ...

    async def subscribe_prices(self, symbols: Iterable[str]) -> Sequence[WatchedToken]:
        """Watch these, or raise `InputError` and change nothing."""
        ...

    async def unsubscribe_prices(self, symbols: Iterable[str]) -> object:
        """Take back one subscription of each."""
        ...

    async def subscribe_wallets(self, addresses: Iterable[str]) -> Sequence[str]:
        """Watch these, or raise `InputError` and change nothing."""
        ...

    async def unsubscribe_wallets(self, addresses: Iterable[str]) -> object:
        """Take back one subscription of each."""
        ...

    def events(self) -> AsyncIterator[Event]:
        """What happens from now on."""
        ...

    def statuses(self) -> Mapping[str, ProviderStatus]:
        """How every provider is doing."""
        ...

    async def reconnect(self, name: str) -> object:
        """Try again now."""
        ...

    async def reconnect_all(self) -> object:
        """Try everything again now."""
        ...


ManagerFactory: TypeAlias = Callable[[Settings], AbstractAsyncContextManager[Engine]]


class NotRunning(StreamcoreError):
    """The engine is not there: it has not started yet, or it has failed."""


class Feed:
    """What the engine has told, ready to be shown, and the ways to ask it for something.

    Whoever makes one must run `run`, `frames` and `ticks`; `repaint` and `tick` are then called on the same
    event loop.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        manager_factory: ManagerFactory | None,
        clock: Clock,
        repaint: Callable[[], None],
        tick: Callable[[], None],
        notice: Callable[[str, bool], None],
    ) -> None:
        """Make a feed that has not started.

        Args:
            settings: The effective settings.
            manager_factory: Makes the engine; ``None`` makes the real one, and imports it only then.
            clock: Time.
            repaint: Called when something is to be drawn.
            tick: Called once a second.
            notice: Called with a sentence for the person, and whether it is about a failure.
        """
        self.settings = settings
        self.clock = clock
        self.label = labeller(settings.labels)
        self.board = PriceBoard(throttle=settings.ui.price_throttle, ttl=settings.ui.price_ttl)
        self.journal = Journal(self.label)
        self.health = Health()
        self.wallets: list[str] = []
        self.last_data: float | None = None
        """Unix seconds of the newest price or transaction."""
        self.failure: str | None = None
        """Why the engine has stopped, when it has."""
        self._manager_factory = manager_factory
        self._repaint = repaint
        self._tick = tick
        self._notice = notice
        self._dirty = asyncio.Event()
        self._manager: Engine | None = None
        self._asking = 0
        self._early: list[PriceUpdate] = []
        self._opened = False
        self._subscribed: set[str] = set()
        """Keys the running engine watches for us; a new engine watches nothing yet."""
        self._watched: set[str] = set()
        self._next_sample = clock.monotonic() + SAMPLE_INTERVAL

    @property
    def running(self) -> bool:
        """Whether the engine can be asked for something."""
        return self._manager is not None

    # What runs

    async def run(self) -> None:
        """Start the engine, watch what the settings name, and take its events until it ends."""
        self.failure = None
        self._subscribed.clear()
        self._watched.clear()
        factory = self._manager_factory
        if factory is None:
            factory = await asyncio.to_thread(_engine_factory)
        async with _closed_in_time(factory(self.settings)) as manager:
            self._manager = manager
            self.look()
            self.mark()
            opening = asyncio.create_task(self._open())
            try:
                async for event in manager.events():
                    self._take(event)
            finally:
                self._manager = None
                opening.cancel()

    async def _open(self) -> None:
        stream = self.settings.stream
        symbols, wallets = list(self.board.rows), self.wallets
        if not self._opened:  # afterwards, what is on the screen is what is wanted
            symbols, wallets = list(self.settings.symbols), list(self.settings.wallets)
        if stream.enable_prices:
            await self._watch_each(self.subscribe, symbols)
        if stream.enable_wallets:
            await self._watch_each(self.watch, wallets)
        self._opened = True
        self.look()
        self.mark()

    async def _watch_each(self, ask: Callable[[Sequence[str]], Awaitable[object]], names: list[str]) -> None:
        if not names:
            return
        try:
            await ask(names)
        except InputError:
            for name in names:  # one unknown name must not keep the others away
                try:
                    await ask([name])
                except InputError as error:
                    self._notice(str(error), True)

    async def frames(self) -> None:
        """Repaint when something is dirty: at once after a quiet spell, then at most at the frame rate."""
        period = 1 / frames_per_second(self.settings)
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            self._repaint()
            if self.board.restless:
                self._dirty.set()
            await self.clock.sleep(period)

    async def ticks(self) -> None:
        """Once a second look at the statuses, and let ages and countdowns move."""
        while True:
            self.look()
            now = self.clock.monotonic()
            if now >= self._next_sample:
                self._next_sample = now + SAMPLE_INTERVAL
                self.board.sample(self.clock.time())
            self._tick()
            await self.clock.sleep(TICK)

    def look(self) -> None:
        """Take the present statuses from the engine."""
        if self._manager is not None:
            self.health.update(self._manager.statuses(), self.clock.monotonic())

    def mark(self) -> None:
        """Something is to be drawn with the next frame."""
        self._dirty.set()

    def _take(self, event: Event) -> None:
        match event:
            case PriceUpdate():
                self.last_data = max(self.last_data or 0.0, event.ts)
                if not self.board.apply(event) and self._asking:
                    self._early.append(event)  # the answer to a subscription that has not returned yet
            case WalletTransaction():
                self.last_data = max(self.last_data or 0.0, event.ts)
                if event.wallet in self.wallets or self._asking:
                    self.journal.add(event)
            case StatusChange():
                self.health.changed(event)
                self.look()
            case StreamError():
                self.health.failed(event)
                if event.kind is ErrorKind.SUBSCRIPTION:
                    self._notice(f"{event.provider}: {event.message}", True)
        self.mark()

    # What a person asks for

    def _engine(self) -> Engine:
        if self._manager is None:
            raise NotRunning(self.failure or "the engine is still starting; try again in a moment")
        return self._manager

    async def subscribe(self, symbols: Sequence[str]) -> list[PriceRow]:
        """Watch these tickers or mints; return the rows that are new.

        Raises:
            InputError: One of them cannot be watched; nothing has changed.
            NotRunning: There is no engine to ask.
        """
        engine = self._engine()
        new = []
        self._asking += 1
        try:
            for token in await engine.subscribe_prices(symbols):
                key = key_of(token)
                if key in self._subscribed:
                    await engine.unsubscribe_prices([key])  # once is enough, or removing it takes two
                    continue
                self._subscribed.add(key)
                if self.board.add(token):
                    new.append(self.board.rows[key])
            for update in self._early:
                self.board.apply(update)
        finally:
            self._asking -= 1
            if not self._asking:
                self._early.clear()
            self.mark()
        return new

    async def unsubscribe(self, key: str) -> None:
        """Stop watching the token of a row, and drop the row.

        Raises:
            NotRunning: There is no engine to ask.
        """
        engine = self._engine()
        self.board.remove(key)
        self._subscribed.discard(key)
        await engine.unsubscribe_prices([key])
        self.mark()

    async def watch(self, addresses: Sequence[str]) -> list[str]:
        """Watch these wallets; return those that are new.

        Raises:
            InputError: One of them is no address; nothing has changed.
            NotRunning: There is no engine to ask.
        """
        engine = self._engine()
        new = []
        self._asking += 1
        try:
            for address in await engine.subscribe_wallets(addresses):
                if address in self._watched:
                    await engine.unsubscribe_wallets([address])
                    continue
                self._watched.add(address)
                if address not in self.wallets:
                    self.wallets.append(address)
                    new.append(address)
        finally:
            self._asking -= 1
            self.mark()
        return new

    async def unwatch(self, address: str) -> None:
        """Stop watching a wallet, and drop its transactions.

        Raises:
            NotRunning: There is no engine to ask.
        """
        engine = self._engine()
        self.wallets.remove(address)
        self._watched.discard(address)
        self.journal.forget(address)
        await engine.unsubscribe_wallets([address])
        self.mark()

    async def reconnect(self, provider: str) -> None:
        """Let one provider try again now.

        Raises:
            NotRunning: There is no engine to ask.
        """
        await self._engine().reconnect(provider)

    async def reconnect_all(self) -> None:
        """Let every provider try again now.

        Raises:
            NotRunning: There is no engine to ask.
        """
        await self._engine().reconnect_all()

    def unhealthy(self) -> list[str]:
        """Return the providers that could do with a reconnect."""
        return [name for name, status in self.health.statuses.items() if not healthy(status)]

    def complete(self, prefix: str) -> Sequence[WatchedToken]:
        """Return the tokens whose ticker or name begins like this; none while the engine is not there."""
        return self._manager.tokens.complete(prefix) if self._manager else ()


def frames_per_second(settings: Settings, environ: Mapping[str, str] = os.environ) -> int:
    """Return how often the screen may be repainted in a second: fewer times over ssh, unless it is set."""
    if settings.ui.frames_per_second is not None:
        return settings.ui.frames_per_second
    return REMOTE_FRAMES if environ.get("SSH_CONNECTION") or environ.get("SSH_TTY") else LOCAL_FRAMES


@asynccontextmanager
async def _closed_in_time(manager: AbstractAsyncContextManager[Engine]) -> AsyncIterator[Engine]:
    # a connection that hangs while closing must not keep a person from leaving
    async with AsyncExitStack() as stack:
        engine = await manager.__aenter__()

        async def close(*error: Any) -> bool | None:
            try:
                async with asyncio.timeout(CLOSE_TIMEOUT):
                    return await manager.__aexit__(*error)
            except TimeoutError:
                logger.warning("the engine did not close within %s s", CLOSE_TIMEOUT)
                return None

        stack.push_async_exit(close)
        yield engine


def _engine_factory() -> ManagerFactory:
    # importing the engine takes as long as drawing the first frame, so it comes after it, in a thread
    factory: ManagerFactory = import_module("streamcore.manager").StreamManager
    return factory
