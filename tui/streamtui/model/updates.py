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
from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec

from streamcore import (
    Clock,
    ErrorKind,
    Event,
    InputError,
    PriceUpdate,
    Settings,
    StatusChange,
    StreamError,
    WalletTransaction,
)
from streamtui.format.lamps import LIVE, lamp
from streamtui.model.engine import ManagerFactory, closed_in_time, engine_factory
from streamtui.model.price_list import SAMPLE_INTERVAL, SLACK
from streamtui.model.session import Session

logger = logging.getLogger(__name__)

TICK = 1.0
"""Seconds between two looks at what only time changes: ages, countdowns, rates."""
LOCAL_FRAMES, REMOTE_FRAMES = 10, 4
STARTER = ("SOL", "BTC", "ETH", "JUP", "BONK", "WIF")
"""What is watched when nobody has said anything, so that the first screen shows what this is."""


class Feed(Session):
    """Carries what the engine tells into what is shown, and lets the screen draw it in its own time.

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
        alarm: Callable[[str], None],
        starter: bool = False,
    ) -> None:
        """Make a feed that has not started.

        Args:
            settings: The effective settings.
            manager_factory: Makes the engine; ``None`` makes the real one, and imports it only then.
            clock: Time.
            repaint: Called when something is to be drawn.
            tick: Called once a second.
            notice: Called with a sentence for the person, and whether it is about a failure.
            alarm: Called with what an alert has to tell.
            starter: Whether to watch `STARTER` when the settings name no symbols.
        """
        super().__init__(settings, clock)
        self.last_data: float | None = None
        """Unix seconds of the newest price or transaction."""
        self._manager_factory = manager_factory
        self._repaint = repaint
        self._tick = tick
        self._notice = notice
        self._alarm = alarm
        self._starter = starter
        self._next_sample = clock.monotonic() + SAMPLE_INTERVAL

    async def run(self) -> None:
        """Start the engine, watch what the settings name, and take its events until it ends."""
        self.failure = None
        self._subscribed.clear()
        self._watched.clear()
        factory = self._manager_factory
        if factory is None:
            factory = await asyncio.to_thread(engine_factory)
        async with closed_in_time(factory(self.settings)) as manager:
            self._manager = manager
            self.alerts.bind(self._key_of_symbol)
            self.look()
            self.mark()
            opening = asyncio.create_task(self._open())
            try:
                async for event in manager.events():
                    self._take(event)
            finally:
                if self._manager is manager:  # another one may have taken its place
                    self._manager = None
                opening.cancel()

    async def _open(self) -> None:
        stream = self.settings.stream
        symbols, wallets = list(self.prices.rows), self.wallets
        if not self._opened:  # afterwards, what is on the screen is what is wanted
            symbols, wallets = list(self.settings.symbols), list(self.settings.wallets)
            if not symbols and self._starter and not self.settings.watchlists:
                symbols = list(STARTER)
        if stream.enable_prices:
            await self._watch_each(self.subscribe, symbols)
            if not self.prices.rows and self.settings.watchlists:
                await self.show_group(next(iter(self.settings.watchlists)))
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
            await self.clock.sleep(period)
            while not self._dirty.is_set() and (due_at := self.prices.due_at()) is not None:
                if self.clock.monotonic() >= due_at - SLACK:
                    self._dirty.set()
                else:
                    await self.clock.sleep(period)

    async def ticks(self) -> None:
        """Once a second look at the statuses, and let ages and countdowns move."""
        while True:
            self.look()
            now = self.clock.monotonic()
            if now >= self._next_sample:
                self._next_sample = now + SAMPLE_INTERVAL
                self.prices.sample(self.clock.time())
            self._tick()
            await self.clock.sleep(TICK)

    def look(self) -> None:
        """Take the present statuses from the engine."""
        if self._manager is not None:
            statuses = self._manager.statuses()
            self.health.update(statuses, self.clock.monotonic(), self.clock.time())
            self.prices.proving = {
                name for name, status in statuses.items() if status.heartbeats and lamp(status) is LIVE
            }
            self.prices.sources = self._manager.price_sources

    def _take(self, event: Event) -> None:
        match event:
            case PriceUpdate():
                self.last_data = max(self.last_data or 0.0, event.ts)
                rows = self.prices.apply(event)
                for row in rows:
                    self._sound(self.alerts.price(row.key, event))
                if not rows and self._asking:
                    self._early.append(event)  # the answer to a subscription that has not returned yet
            case WalletTransaction():
                self.last_data = max(self.last_data or 0.0, event.ts)
                if event.wallet in self.wallets or self._asking:
                    self.transactions.add(event)
                    self._sound(self.alerts.transaction(event))
            case StatusChange():
                self.health.changed(event)
                self.look()
            case StreamError():
                self.health.failed(event)
                if event.kind is ErrorKind.SUBSCRIPTION:
                    whose = f"{event.provider}: " if event.provider else ""
                    self._notice(whose + event.message, True)
        self.mark()

    def _sound(self, texts: Sequence[str]) -> None:
        for text in texts:
            self._alarm(text)

    def switch_demo(self) -> None:
        """Be about invented data from the next start of the engine on, or about real data again.

        What was known of the one is forgotten, so that it cannot be taken for the other. The caller must
        start the engine anew.
        """
        self.settings = msgspec.structs.replace(self.settings, demo=not self.settings.demo)
        self.prices.restart()
        self.transactions.clear()
        self.alerts.restart()
        self.health.restart()
        self.last_data = None
        self.mark()


def frames_per_second(settings: Settings, environ: Mapping[str, str] = os.environ) -> int:
    """Return how often the screen may be repainted in a second: fewer times over ssh, unless it is set."""
    if settings.ui.frames_per_second is not None:
        return settings.ui.frames_per_second
    return REMOTE_FRAMES if environ.get("SSH_CONNECTION") or environ.get("SSH_TTY") else LOCAL_FRAMES
