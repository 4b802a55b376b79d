"""Which sources of candles to ask about an instrument, the preferred first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from streamcore.assets.instruments import Instrument, Venue
from streamcore.history.asked_source import AskedSource


class SourceOrder:
    """Orders the sources for each instrument: the one of its live prices, then the others as they are given.

    A ticker may be one thing on exchanges and a wrapped form of it on the chain. Only sources of what the
    live prices are of come into question.
    """

    def __init__(
        self,
        sources: Sequence[AskedSource],
        *,
        live_source: Callable[[Instrument], str | None],
        venues: Mapping[str, Venue],
    ) -> None:
        """Make one.

        Args:
            sources: The preferred first.
            live_source: Names the provider of an instrument's live prices; ``None``: there is none.
            venues: Where the prices of each such provider are made.
        """
        self.sources = sources
        self._live_source = live_source
        self._venues = venues

    def own(self, instrument: Instrument) -> str | None:
        """Return the provider of an instrument's live prices."""
        return self._live_source(instrument)

    def for_chart(self, instrument: Instrument) -> list[AskedSource]:
        """Return those to ask for any range."""
        own = self.own(instrument)
        # sorting is stable, so the others keep their order
        return sorted(self._able(instrument), key=lambda asked: asked.name != own or asked.metered)

    def for_trend(self, instrument: Instrument) -> list[AskedSource]:
        """Return those to ask for the last day of every row; after its own those that answer for many."""
        own = self.own(instrument)
        able = [asked for asked in self._able(instrument) if asked.source.for_trends]
        return sorted(able, key=lambda asked: (asked.name != own, asked.source.batch_size == 1))

    def _able(self, instrument: Instrument) -> list[AskedSource]:
        venue = self._venues.get(self.own(instrument) or "")
        priced = instrument.own_mint if venue is None else instrument.address_at(venue)
        return [
            asked
            for asked in self.sources
            if asked.has(instrument) and instrument.address_at(asked.source.venue) == priced
        ]
