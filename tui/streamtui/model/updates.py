"""From the engine to the screen: events go into a `Session`, and the screen is asked to draw.

Drawing goes by frames, not by messages: a thousand messages between two frames cost one repaint.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from contextlib import suppress

from streamcore import (
    ErrorKind,
    Event,
    InputError,
    PriceUpdate,
    ProviderStatus,
    State,
    StatusChange,
    StreamError,
    WalletTransaction,
)
from streamtui.format.lamps import LIVE, lamp
from streamtui.model.engine import EngineFactory, closed_in_time, real_engine_factory
from streamtui.model.event_log import log_failure
from streamtui.model.frame_rate import frame_rate
from streamtui.model.naming import Naming
from streamtui.model.price_list import SLACK
from streamtui.model.price_row import SAMPLE_INTERVAL, key_of
from streamtui.model.session import Session
from streamtui.model.trends import Trends

logger = logging.getLogger(__name__)

PRICES_FIRST = 3.0
"""Seconds the first price may take before the past is asked for without it."""
TICK = 1.0
"""Seconds between two updates of what changes with time alone: ages, countdowns, rates."""
SET_BACK = 2.0
"""Seconds by which the wall clock must go back within a tick to count as set back; less is correction."""
STARTER = ("SOL", "BTC", "ETH", "JUP", "BONK", "WIF")
"""Symbols watched when nothing is configured, so that the first screen shows something."""


class Updates:
    """Runs the engine for a session, and tells the screen when to draw.

    The app runs three coroutines, each as a worker: `run` carries events from the engine into the session,
    `frames` asks for a repaint when something has changed, at the pace of `FrameRate`, `ticks`
    lets time pass on the screen once a second.
    """

    def __init__(
        self,
        session: Session,
        *,
        engine_factory: EngineFactory | None,
        repaint: Callable[[], float],
        tick: Callable[[], None],
        notice: Callable[[str, bool], None],
        alarm: Callable[[str], None],
        starter: bool = False,
    ) -> None:
        """Prepare; nothing starts before `run`, `frames` and `ticks` are run.

        Args:
            session: What the engine is to watch, and where its events go.
            engine_factory: Makes the engine; ``None``: `run` imports and makes the real one.
            repaint: Called when something is to be drawn; returns the share of the rows in view that was,
                from 0 to 1.
            tick: Called once a second.
            notice: Called with a sentence to show, and whether it is about a failure.
            alarm: Called with the text of an alert that fires.
            starter: Whether to watch `STARTER` when the settings name no symbols.
        """
        self._session = session
        self._engine_factory = engine_factory
        self._repaint = repaint
        self._tick = tick
        self._notice = notice
        self._alarm = alarm
        self._starter = starter
        self._naming = Naming(session, notice)
        self._all_opened = False
        """Whether everything the settings name has been opened once. From then on a restart of the engine
        subscribes to what is on the screen, not to what the settings name."""
        self._trends = Trends(session)
        self._prices_first_until: float | None = None
        """Monotonic seconds until which the past of the prices is not asked for before the first price."""
        self._next_sample = session.clock.monotonic() + SAMPLE_INTERVAL

    async def run(self) -> None:
        """Start the engine, watch what the settings name, and take its events until it ends.

        If something cannot be opened, `Session.failure` says what and why, and the rest goes on. To try
        again, run this again.
        """
        session = self._session
        session.failure = None
        factory = self._engine_factory
        if factory is None:
            factory = await asyncio.to_thread(real_engine_factory)
        async with closed_in_time(factory(session.settings)) as engine:
            session.attach(engine)
            self.read_statuses()
            session.mark_changed()
            opening = asyncio.create_task(self._open())
            naming = asyncio.create_task(self._run_quietly(self._naming.name_tokens()))
            try:
                async for event in engine.events():
                    self._take(event)
            finally:
                session.detach(engine)
                self._trends.stop()
                for task in (opening, naming):
                    task.cancel()
                    with suppress(asyncio.CancelledError):
                        await task

    async def _open(self) -> None:
        session, stream = self._session, self._session.settings.stream
        opened = True
        if stream.enable_prices:
            opened &= await self._succeeds(self._open_prices(), "prices")
        if stream.enable_wallets:
            opened &= await self._succeeds(self._watch_each(session.watch, self._wallets_wanted()), "wallets")
        self._all_opened = self._all_opened or opened
        session.opened = True
        self.read_statuses()
        session.mark_changed()
        if stream.enable_wallets:
            await self._run_quietly(self._naming.watch_named_wallets())

    async def _run_quietly(self, work: Coroutine[object, object, None]) -> None:
        """Run what nothing else depends on; an unexpected failure is logged and ends only that."""
        try:
            await work
        except Exception:
            logger.exception("looking names up failed")

    async def _succeeds(self, work: Awaitable[None], what: str) -> bool:
        """Return whether something succeeded; if not, `Session.failure` says what failed and why."""
        try:
            await work
        except Exception as error:
            logger.exception("opening the %s failed", what)
            self._session.failure = f"opening the {what} failed: {str(error) or type(error).__name__}"
            return False
        return True

    async def _open_prices(self) -> None:
        session = self._session
        await self._watch_each(session.subscribe, self._symbols_wanted())
        if not session.prices.rows and session.settings.watchlists:
            try:
                await session.show_watchlist(next(iter(session.settings.watchlists)))
            except InputError as error:
                self._notice(str(error), True)

    def _symbols_wanted(self) -> list[str]:
        """Return what is on the screen, and until all of it was opened once, also what the settings name."""
        settings, shown = self._session.settings, list(self._session.prices.rows)
        if self._all_opened:
            return shown
        named = list(settings.symbols)
        if not named and not shown and self._starter and not settings.watchlists:
            named = list(STARTER)
        named_keys = {key_of(token) for name in named if (token := self._session.token(name)) is not None}
        return [*named, *(key for key in shown if key not in named_keys)]

    def _wallets_wanted(self) -> list[str]:
        if self._all_opened:
            return list(self._session.wallets)
        from streamcore import wallet_name  # not needed for the first frame

        given = [wallet for wallet in self._session.settings.wallets if wallet_name(wallet) is None]
        return list(dict.fromkeys([*given, *self._session.wallets]))

    async def _watch_each(self, ask: Callable[[Sequence[str]], Awaitable[object]], names: list[str]) -> None:
        if not names:
            return
        try:
            await ask(names)
        except InputError:
            for name in names:  # one by one, so that an unknown name does not stop the others
                try:
                    await ask([name])
                except InputError as error:
                    self._notice(str(error), True)

    async def frames(self) -> None:
        """Repaint when something has changed: at once, unless the last repaint was too short ago."""
        session, clock = self._session, self._session.clock
        rate = frame_rate(session.settings)
        while True:
            await session.changed.wait()
            session.changed.clear()
            await clock.sleep(rate.pause_after(self._repaint()))
            while not session.changed.is_set() and (due_at := session.prices.due_at()) is not None:
                lacking = due_at - clock.monotonic()
                if lacking <= SLACK:
                    session.changed.set()
                else:
                    await self._changed_within(lacking)

    async def _changed_within(self, seconds: float) -> None:
        """Wait until something has changed, but not longer than that."""
        waits = [
            asyncio.ensure_future(self._session.changed.wait()),
            asyncio.ensure_future(self._session.clock.sleep(seconds)),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def ticks(self) -> None:
        """Once a second read the statuses, and let ages and countdowns move."""
        clock = self._session.clock
        ahead = clock.time() - clock.monotonic()
        while True:
            before, ahead = ahead, clock.time() - clock.monotonic()
            if before - ahead >= SET_BACK:
                self._session.set_back(before - ahead)
            self.read_statuses()
            now = clock.monotonic()
            if now >= self._next_sample:
                self._next_sample = now + SAMPLE_INTERVAL
                self._session.prices.sample(clock.time())
            if self._session.engine is not None and self._may_ask_for_the_past(now):
                self._trends.tick(self._session.engine)
            self._tick()
            await clock.sleep(TICK)

    def _may_ask_for_the_past(self, now: float) -> bool:
        """Whether the first price is there, or late: what one waits for comes first."""
        session = self._session
        if self._prices_first_until is None and session.opened:
            self._prices_first_until = now + PRICES_FIRST
        is_late = self._prices_first_until is not None and now >= self._prices_first_until
        return is_late or any(row.update is not None for row in session.prices.rows.values())

    def read_statuses(self) -> None:
        """Take the present statuses from the engine, if it is there."""
        session, engine = self._session, self._session.engine
        if engine is not None:
            statuses = engine.statuses()
            was_lost = _is_relay_lost(session.health.statuses.values())
            session.health.update(statuses, session.clock.monotonic(), session.clock.time())
            if was_lost and not _is_relay_lost(statuses.values()) and session.chart is not None:
                session.chart.relay_is_back()
            session.prices.heartbeating = {
                # of several sockets one may be new, which says nothing about the rows of the others
                name: status.since if status.connections <= 1 else float("-inf")
                for name, status in statuses.items()
                if status.heartbeats and lamp(status) is LIVE
            }
            session.prices.cut_off = {name for name, status in statuses.items() if status.cut_off}
            session.prices.sources = engine.price_sources

    def _take(self, event: Event) -> None:
        session = self._session
        match event:
            case PriceUpdate():
                session.last_data = max(session.last_data or 0.0, event.ts)
                rows = session.prices.apply(event)
                if session.chart is not None:
                    session.chart.take(event, rows)
                for row in rows:
                    self._raise_alarms(session.alerts.price(row.key, event))
                if not rows and session.requesting:
                    session.keep_early(event)
            case WalletTransaction():
                session.last_data = max(session.last_data or 0.0, event.ts)
                if event.wallet in session.wallets or session.requesting:
                    session.transactions.add(event)
                    self._raise_alarms(session.alerts.transaction(event))
            case StatusChange():
                session.health.changed(event)
                self.read_statuses()
            case StreamError():
                log_failure(event)
                session.health.failed(event)
                if event.kind is ErrorKind.SUBSCRIPTION:
                    whose = f"{event.provider}: " if event.provider else ""
                    self._notice(whose + event.message, True)
        session.mark_changed()

    def _raise_alarms(self, texts: Sequence[str]) -> None:
        for text in texts:
            self._alarm(text)


def _is_relay_lost(statuses: Iterable[ProviderStatus]) -> bool:
    return any(status.is_relay and status.state is not State.CONNECTED for status in statuses)
