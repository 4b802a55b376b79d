"""The way of events through a relay: from the bus into the log, and then to each group at its time."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable

from streamcore.clock import Clock
from streamcore.errors import UnknownProvider
from streamcore.events import PriceUpdate, StatusChange, StreamError, WalletTransaction
from streamcore.hub import Subscriber
from streamcore.relay.bus import Bus
from streamcore.relay.groups import Group
from streamcore.relay.limits import Close, RelayLimits
from streamcore.relay.log import Log
from streamcore.relay.log_trouble import held_back
from streamcore.relay.measures import Traffic
from streamcore.relay.status_board import StatusBoard
from streamcore.relay.terminal import Terminal
from streamcore.relay.upstream import Granted, Upstream
from streamcore.tasks import first_to_end

EVENTS_WAITING = 100_000
"""Events that may wait in one turn of the event loop: a transaction dropped here could be told to nobody."""

LONGEST_WAIT = 1.0
"""Seconds after which it looks for events whether it was woken or not."""

QUIET_INTERVAL = 0.25
"""Seconds between two looks at the events while no terminal is connected."""


class FanOut:
    """Passes on what the bus brings, as soon as a group may be told and no more often than it wants."""

    def __init__(
        self,
        bus: Bus,
        upstream: Upstream,
        transactions: Log,
        clock: Clock,
        limits: RelayLimits,
        *,
        close: Callable[[Terminal, int, str], None],
    ) -> None:
        """``close`` closes a terminal's connection with a code and a reason."""
        self.board = StatusBoard()
        self.traffic = Traffic()
        self.events: Counter[tuple[str, str]] = Counter()
        """Events taken in, by kind and the way they came."""
        self._bus = bus
        self._upstream = upstream
        self._log = transactions
        self._told_to = (transactions.epoch, transactions.offset)
        """Epoch, and the offset up to which the log has been handed to the groups."""
        self._clock = clock
        self._limits = limits
        self._close = close
        self._groups: dict[tuple[str, int], Group] = {}
        self._group_of: dict[Terminal, Group] = {}
        self._events: Subscriber = bus.consumer(EVENTS_WAITING)
        self._poked = asyncio.Event()
        self._collected_at = clock.monotonic()
        self.refresh_statuses(counters=True)

    @property
    def lagging(self) -> int:
        """How many terminals have been left behind until they take what was sent."""
        return sum(group.lagging for group in self._groups.values())

    def now(self) -> tuple[float, int]:
        """Return monotonic seconds and Unix milliseconds."""
        return self._clock.monotonic(), round(self._clock.time() * 1000)

    # --- terminals --------------------------------------------------------------------------------------

    def join(
        self, terminal: Terminal, interval: int, answer: Callable[[], bytes], *, before: Granted
    ) -> None:
        """Put a terminal into the group it belongs to, in one turn of the event loop.

        Args:
            terminal: With what was granted to it.
            interval: Milliseconds.
            before: What it had been granted until now.
            answer: Called when everything that the bus has brought so far is in the log and with the other
                terminals; returns what the terminal is sent first. It may move the terminal's position back.
        """
        now, t = self.now()
        self.collect()
        if terminal.closing:
            return  # the log was begun anew in this very moment
        terminal.position = self._leave(terminal, now, t)
        key = (terminal.encoding.name, interval)
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = Group(
                terminal.encoding,
                interval,
                self._log,
                self.board,
                self.traffic,
                self._limits,
                close=self._close,
                now=now,
            )
        self._group_of[terminal] = group
        group.flush(now, t)
        terminal.send(answer())
        rows = [row for _, row in terminal.granted.rows]
        troubles = self._upstream.troubles(terminal.granted, before)
        if self._log.trouble is not None and set(terminal.granted.wallets) - set(before.wallets):
            # it was not there when the others were told
            troubles.append((held_back(self._log.trouble, t / 1000), {}))
        group.join(terminal, rows, terminal.granted.wallets, troubles, now=now, t=t)
        self.poke()

    def leave(self, terminal: Terminal) -> None:
        """Remove a terminal from its group, and an empty group."""
        self._watch_log()  # else the others would be told the offset of a log that was begun anew just now
        self._leave(terminal, *self.now())

    def _leave(self, terminal: Terminal, now: float, t: int) -> int:
        """Remove a terminal, and return the offset up to which it has been sent the log."""
        group = self._group_of.pop(terminal, None)
        if group is None:
            return self._log.offset
        group.flush(now, t)  # it may be on its way to another group, which begins with what comes later
        was_behind = group.leave(terminal)
        if not group.terminals:
            self._groups = {key: one for key, one in self._groups.items() if one is not group}
        return terminal.position if was_behind else self._log.offset

    # --- events -----------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Pass on events until cancelled."""
        while True:
            now = self._clock.monotonic()
            groups = self._groups.values()
            free_at = min((group.free_at for group in groups), default=self._collected_at + QUIET_INTERVAL)
            self._poked.clear()
            if free_at > now:
                await first_to_end(self._poked.wait(), self._clock.sleep(free_at - now))
                continue
            due_at = min((group.due_at for group in groups), default=float("inf"))
            if due_at > now:
                wait = self._clock.sleep(min(due_at - now, LONGEST_WAIT))
                await first_to_end(self._news(), self._poked.wait(), wait)
            for _ in range(2):  # whatever held up the loop, first the pongs that have come meanwhile are read
                await asyncio.sleep(0)
            self.collect()
            self._flush_due()

    def flush(self) -> None:
        """Send everything that is new, whether it is time or not."""
        now, t = self.now()
        for group in tuple(self._groups.values()):
            group.flush(now, t)

    def poke(self) -> None:
        """Have the times looked at anew."""
        self._poked.set()

    def error(self, error: StreamError) -> None:
        """Tell about an error every terminal that it concerns."""
        named = self._upstream.note(error)
        for group in self._groups.values():
            group.error(error, named)

    def collect(self, *, save: bool = False) -> None:
        """Take everything that the bus has brought, write the log, and hand it to the groups.

        ``save``: write the checkpoints of the wallets in any case.
        """
        self._collected_at = self._clock.monotonic()
        transactions: list[WalletTransaction] = []
        groups = tuple(self._groups.values())
        for event in self._events.take_all():
            match event:
                case PriceUpdate():
                    self.events["price", event.source] += 1
                    for row in self._upstream.rows_of(event):
                        row.latest, row.trouble = event, None
                        for group in groups:
                            group.price(row.number, event)
                case WalletTransaction():
                    self.events["transaction", event.source] += 1
                    transactions.append(event)
                case StatusChange():
                    self._status_changed(event.provider)
                case StreamError():
                    self.events["error", ""] += 1
                    self.error(event)
        logged, trouble = self._log.write(transactions, save=save)
        self._watch_log()
        gone, self._upstream.gone = self._upstream.gone, []
        for group in groups:
            group.transactions(logged)
            group.forget(gone)
        for error in trouble:
            self.error(error)

    def _watch_log(self) -> None:
        """Have every terminal come back if the log was begun anew, or has lost what nobody was told."""
        epoch, offset = self._told_to
        self._told_to = (self._log.epoch, self._log.offset)
        if self._log.epoch != epoch or not self._log.pruned_to <= offset <= self._log.offset:
            for terminal, group in self._group_of.items():
                group.leave(terminal)  # without a last frame, which would move its position
                self._close(terminal, Close.RESTART, "the log was begun anew")
            self._group_of.clear()
            self._groups.clear()

    def refresh_statuses(self, *, counters: bool) -> None:
        """Look at the present statuses; ``counters``: also at what changes all the time."""
        for status in self._bus.statuses().values():
            self.board.update(status, counters=counters)

    def _status_changed(self, provider: str) -> None:
        try:
            self.board.update(self._bus.status(provider))
        except UnknownProvider:
            return
        for group in self._groups.values():
            group.statuses_changed()

    def _flush_due(self) -> None:
        now, t = self.now()
        for group in tuple(self._groups.values()):
            if group.due_at <= now:
                group.flush(now, t)
                after = self._clock.monotonic()
                self.traffic.ticks.observe(after - now)
                now = after

    async def _news(self) -> None:
        if not await self._events.wait():
            await asyncio.Event().wait()  # the bus has ended: nothing will ever come
