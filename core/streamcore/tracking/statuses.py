"""How the providers in use are, and the events about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from streamcore.clock import Clock
from streamcore.events import Event, StatusChange
from streamcore.status import ProviderStatus
from streamcore.streams.reporting import ReportSource

STATUS_EVERY = 10.0
"""Seconds between the status events that come without a change."""


class Statuses:
    """Looks at every provider's status and publishes it: what is news at once, and all of it now and then."""

    def __init__(
        self,
        streams: Mapping[str, ReportSource],
        clock: Clock,
        *,
        dropped: Mapping[str, int],
        hint: Callable[[ReportSource], str],
        publish: Callable[[Event], None],
    ) -> None:
        """Take what is looked at; nothing is published yet.

        Args:
            streams: The providers at work by name, the most wanted of each kind of data first; more may come.
            clock: Time.
            dropped: Events of each provider that gave way in consumers' buffers.
            hint: What a person may do for more of a provider; empty for nothing.
            publish: Passes an event on to the consumers.
        """
        self._streams = streams
        self._clock = clock
        self._dropped = dropped
        self._hint = hint
        self._publish = publish
        self._told: dict[str, tuple[object, ...]] = {}
        """What the last event about each provider said that is worth one of its own."""

    def of(self, stream: ReportSource) -> ProviderStatus:
        """Return the status of a provider at this moment."""
        status = stream.status(self._dropped[stream.name])
        if hint := self._hint(stream):
            status = msgspec.structs.replace(status, hint=hint)
        if status.idle and (stream.provider.metered or self._first(stream) is not stream):
            status = msgspec.structs.replace(status, standby=True)
        return status

    def _first(self, stream: ReportSource) -> ReportSource:
        kind = stream.provider.kind
        return next(one for one in self._streams.values() if one.provider.kind is kind)

    def all(self) -> dict[str, ProviderStatus]:
        """Return the status of every provider by name."""
        return {name: self.of(stream) for name, stream in self._streams.items()}

    def known(self) -> list[StatusChange]:
        """Return what somebody must be told who has heard nothing yet.

        That is an event about each provider there has ever been news of: of the others nothing was wanted.
        """
        now = self._clock.time()
        return [self.of(self._streams[name]).event(now) for name in self._told]

    def changed(self, stream: ReportSource) -> None:
        """Publish the status of a provider if there is news in it."""
        event = self.of(stream).event(self._clock.time())
        news = (event.state, event.reason, event.attempt, event.fallback, event.stale)
        if self._told.get(stream.name) != news:
            self._told[stream.name] = news
            self._publish(event)

    def publish_all(self) -> None:
        """Publish the status of every provider, but of those that only wait to step in."""
        now = self._clock.time()
        for status in self.all().values():
            if not status.standby:
                self._publish(status.event(now))
