"""A fake report source for tests of trackers: it keeps its topics, and has the health that a test sets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from fake_manager import status as provider_status

from streamcore.assets.instruments import Instrument, Venue
from streamcore.events import DataKind, State
from streamcore.status import Health, ProviderStatus


class TrackedProvider:
    """The part of a provider that a tracker uses: an exchange knows tickers, any other one mints."""

    def __init__(self, name: str, kind: DataKind, venue: Venue, *, streams: bool) -> None:
        self.name = name
        self.kind = kind
        self.venue = venue
        self._streams = streams
        self.streams_change = False
        self.metered = False
        self.tells_gaps = False
        self.listed: set[str] | None = None
        """The tickers that an exchange lists; ``None``: every one."""

    def topic(self, instrument: Instrument) -> str | None:
        if self.venue is Venue.EXCHANGE:
            ticker = instrument.ticker
            unlisted = ticker is None or (self.listed is not None and ticker not in self.listed)
            return None if unlisted else f"{ticker}/USD"
        return instrument.mint

    def endpoint(self) -> object:
        return object() if self._streams else None


class ScriptedSource:
    """A fake `streamcore.streams.reporting.ReportSource`."""

    def __init__(
        self,
        name: str,
        *,
        kind: DataKind = DataKind.PRICES,
        venue: Venue = Venue.EXCHANGE,
        streams: bool = True,
        demo: bool = False,
    ) -> None:
        self.provider: Any = TrackedProvider(name, kind, venue, streams=streams)
        self.name = name
        self.demo = demo
        self.health = Health.UP
        self.state = State.DISCONNECTED
        self.is_well = True
        self.topics: tuple[str, ...] = ()
        self.wishes: list[tuple[str, ...]] = []
        """Its topics after each change."""
        self.refreshed: list[tuple[str, ...]] = []
        self.quoted: list[str] = []
        self.complaints: list[str] = []
        self.on_topics: Callable[[], None] = lambda: None
        """Called by `set_topics`; a test may change the state there, as a real stream does."""

    def set_topics(self, topics: Sequence[str]) -> None:
        if tuple(topics) != self.topics:
            self.wishes.append(tuple(topics))
        self.topics = tuple(topics)
        self.on_topics()

    def refresh(self, topics: Sequence[str]) -> None:
        self.refreshed.append(tuple(topics))

    def ask_quote(self, topic: str) -> None:
        self.quoted.append(topic)

    def malformed(self, text: str) -> None:
        self.complaints.append(text)

    def status(self, dropped: int) -> ProviderStatus:
        return provider_status(
            self.name,
            kind=self.provider.kind,
            demo=self.demo,
            state=self.state,
            idle=not self.topics,
            topics=self.topics,
            subscriptions=len(self.topics),
            dropped=dropped,
        )
