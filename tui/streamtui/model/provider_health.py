"""The state of the providers: their last status, rates over the last seconds, and a log of changes."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

import msgspec

from streamcore import DataKind, ProviderStatus, State, StatusChange, StreamError
from streamtui.format.lamps import Lamp, healthy, lamp

WINDOW = 5.0
"""Seconds a rate is averaged over."""
LOG_LENGTH = 200


class LogEntry(msgspec.Struct, frozen=True):
    """One thing that happened to a provider."""

    ts: float
    provider: str
    text: str
    bad: bool


class Rates(msgspec.Struct, frozen=True):
    """Messages and bytes received in one second; ``None`` until there is something to compare."""

    messages: float | None = None
    received: float | None = None


class Health:
    """Collects the statuses, errors and rates of all providers."""

    def __init__(self) -> None:
        self.statuses: dict[str, ProviderStatus] = {}
        self.log: deque[LogEntry] = deque(maxlen=LOG_LENGTH)
        self._counted: dict[str, deque[tuple[float, int, int]]] = {}
        """For each provider: monotonic seconds, and its totals of messages and bytes received by then."""
        self._reported: dict[str, tuple[State, str | None]] = {}
        """The state and the reason of each provider as of the last `StatusChange`."""
        self._lamps: dict[str, tuple[Lamp, float]] = {}
        """The lamp of each provider, and since when it has been that one (Unix seconds)."""

    @property
    def demo(self) -> bool:
        """Whether any provider serves invented data."""
        return any(status.demo for status in self.statuses.values())

    def serving(self, kind: DataKind) -> ProviderStatus | None:
        """Return the status of the first provider of a kind of data; ``None`` when there is none."""
        return next((status for status in self.statuses.values() if status.kind is kind), None)

    def unhealthy(self) -> list[str]:
        """Return the names of the providers that a reconnect might help."""
        statuses = self.statuses.items()
        return [name for name, status in statuses if not healthy(status) and not status.cut_off]

    def update(self, statuses: Mapping[str, ProviderStatus], now: float, at: float) -> None:
        """Take the present statuses; sources on standby are left out.

        Args:
            statuses: By name.
            now: Monotonic seconds.
            at: The same moment in Unix seconds.
        """
        statuses = {name: status for name, status in statuses.items() if not status.standby}
        self.statuses = dict(statuses)
        for name, status in statuses.items():
            shown = lamp(status)
            before = self._lamps.get(name)
            if before is None or before[0] is not shown:
                self._lamps[name] = (shown, status.since if before is None else at)
        for name, status in statuses.items():
            counted = self._counted.setdefault(name, deque())
            if counted and status.messages_received < counted[-1][1]:
                counted.clear()  # its counters have begun anew: the relay that keeps them was restarted
            counted.append((now, status.messages_received, status.bytes_received))
            while len(counted) > 2 and now - counted[1][0] >= WINDOW:
                counted.popleft()

    def restart(self) -> None:
        """Forget how the providers were doing; the log stays."""
        self.statuses = {}
        self._counted.clear()
        self._reported.clear()
        self._lamps.clear()

    def set_back(self, at: float, by: float) -> None:
        """Date the lamps back after the wall clock was set back by ``by`` seconds, to Unix seconds ``at``."""
        for name, (shown, since) in self._lamps.items():
            if since > at:
                self._lamps[name] = (shown, since - by)

    def since(self, provider: str) -> float:
        """Return since when a provider's lamp has been the same, Unix seconds; attempts do not change it."""
        return self._lamps[provider][1]

    def rates(self, provider: str) -> Rates:
        """Return the rates of a provider over the last `WINDOW` seconds."""
        counted = self._counted.get(provider)
        if not counted or counted[-1][0] <= counted[0][0]:
            return Rates()
        (start, messages, received), (end, messages_now, received_now) = counted[0], counted[-1]
        span = end - start
        return Rates((messages_now - messages) / span, (received_now - received) / span)

    def changed(self, event: StatusChange) -> None:
        """Log a change of state, unless it repeats the last one or is a step between two equal failures.

        A connection that keeps failing leaves a line for each failure, but none for each attempt between.
        """
        before = self._reported.get(event.provider)
        news = (event.state, event.reason)
        if before == news:
            return
        self._reported[event.provider] = news
        steps = (State.CONNECTING, State.FALLBACK)
        if event.reason and before is not None and before[1] == event.reason and event.state in steps:
            return
        state = "stale" if event.stale and event.state is State.CONNECTED else str(event.state)
        text = f"{state}: {event.reason}" if event.reason else str(event.state)
        if event.state is State.FAILED and event.attempt > 1:
            text = f"try {event.attempt - 1} {text}"
        bad = event.state in (State.FAILED, State.FALLBACK)
        self.log.append(LogEntry(event.ts, event.provider, text, bad))

    def failed(self, event: StreamError) -> None:
        """Log an error, unless the last line about the provider says the same."""
        of_it = (entry.text for entry in reversed(self.log) if entry.provider == event.provider)
        if next(of_it, "").endswith(event.message):
            return
        self.log.append(LogEntry(event.ts, event.provider, f"{event.kind}: {event.message}", bad=True))
