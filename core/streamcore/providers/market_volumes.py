"""What was traded in 24 hours on some markets of an exchange, for the hits of a search."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from decimal import Decimal

from streamcore.clock import Clock, wait_for
from streamcore.errors import ProviderError
from streamcore.providers.base import Rest
from streamcore.providers.reports import PriceReport

PATIENCE = 1.5
"""Seconds that a search waits for volumes at most; a hit is worth showing without."""
FRESH_FOR = 600.0
"""Seconds for which a volume stands."""
REST = 60.0
"""Seconds without asking after volumes could not be had."""
MOST_KEPT = 512
"""Markets whose volumes are remembered."""

_LOGGER = logging.getLogger(__name__)


class MarketVolumes:
    """Asks an exchange for the volumes of a few markets, and remembers them for a while."""

    def __init__(self, name: str, rest: Rest, clock: Clock, *, most: int) -> None:
        """Make one that knows nothing yet.

        Args:
            name: The exchange's, for the log.
            rest: Its HTTP side.
            clock: Time.
            most: Markets that one search may ask about, those that matter most.
        """
        self._name = name
        self._rest = rest
        self._clock = clock
        self._most = most
        self._known: dict[str, tuple[float, Decimal | None]] = {}
        """By pair: monotonic seconds of asking, and US dollars."""
        self._rests_until = float("-inf")

    async def of(self, pairs: Sequence[str]) -> Mapping[str, Decimal]:
        """Return US dollars by pair; of what cannot be had in time there is none."""
        now = self._clock.monotonic()
        missing = [pair for pair in pairs[: self._most] if not self._is_fresh(pair, now)]
        if missing and now >= self._rests_until:
            try:
                await wait_for(self._clock, self._fetch(missing), PATIENCE)
            except (ProviderError, TimeoutError) as error:
                self._rests_until = self._clock.monotonic() + REST
                reason = error.message if isinstance(error, ProviderError) else f"none within {PATIENCE:g} s"
                _LOGGER.info("volumes for a search of %s cannot be had: %s", self._name, reason)
        known = ((pair, self._known[pair][1]) for pair in pairs if self._is_fresh(pair, now))
        return {pair: volume for pair, volume in known if volume is not None}

    def _is_fresh(self, pair: str, now: float) -> bool:
        known = self._known.get(pair)
        return known is not None and now - known[0] < FRESH_FOR

    async def _fetch(self, pairs: Sequence[str]) -> None:
        async for report in self._rest.fetch(pairs, {}):
            if isinstance(report, PriceReport):
                self._known.pop(report.topic, None)
                self._known[report.topic] = self._clock.monotonic(), report.volume_24h
                if len(self._known) > MOST_KEPT:
                    del self._known[next(iter(self._known))]
