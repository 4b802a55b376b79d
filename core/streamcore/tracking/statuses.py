"""The statuses of the providers in use, and the events that publish them."""

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
    """Publishes the status of each provider: at once when it changes, and all of them when told to."""

    def __init__(
        self,
        streams: Mapping[str, ReportSource],
        clock: Clock,
        *,
        dropped: Mapping[str, int],
        hint: Callable[[ReportSource], str],
        publish: Callable[[Event], None],
    ) -> None:
        """Make one that has published nothing yet.

        Args:
            streams: The providers by name, the preferred of each kind of data first; may grow afterwards.
            clock: Time.
            dropped: Events of each provider that were dropped from consumers' buffers.
            hint: Returns the ``hint`` of `ProviderStatus`.
            publish: Passes an event on to the consumers.
        """
        self._streams = streams
        self._clock = clock
        self._dropped = dropped
        self._hint = hint
        self._publish = publish
        self._published: dict[str, tuple[object, ...]] = {}
        """By provider, those fields of its last event whose change is published at once."""

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
        """Return what a new consumer needs: the status of each provider that has ever published one."""
        now = self._clock.time()
        return [self.of(self._streams[name]).event(now) for name in self._published]

    def changed(self, stream: ReportSource) -> None:
        """Publish the status of a provider if state, reason, attempt, fallback or stale have changed."""
        event = self.of(stream).event(self._clock.time())
        news = (event.state, event.reason, event.attempt, event.fallback, event.stale)
        if self._published.get(stream.name) != news:
            self._published[stream.name] = news
            self._publish(event)

    def publish_all(self) -> None:
        """Publish the status of every provider but those on standby."""
        now = self._clock.time()
        for status in self.all().values():
            if not status.standby:
                self._publish(status.event(now))
