"""Prices that were long on their way: what a terminal reads first when it has not read for a while."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from streamcore.events import Event, PriceUpdate

LATE = 1.0
"""Seconds on the way from which on a frame's prices are old news."""

HELD_FOR = 1.0
"""Seconds for which they are kept back at most: on a slow line, old prices are better than none."""


class LatePrices:
    """Keeps back the prices of late frames until a frame that is in time has brought what is true now.

    A terminal that goes on after a pause first reads frames that were sent before it, and then from the relay
    whole rows of what has changed since. Consumers hear of each row once, as it is then.
    """

    def __init__(self) -> None:
        self._before: dict[str, PriceUpdate] | None = None
        """The rows as consumers know them; ``None``: as they are."""
        self._began = 0.0

    def arrived(self, age: float, prices: Mapping[str, PriceUpdate], now: float) -> None:
        """Take note of a frame before it is merged.

        Args:
            age: Seconds that it was on the way.
            prices: The present event of each row by its key.
            now: Monotonic seconds.
        """
        if self._before is None and age > LATE:
            self._before, self._began = dict(prices), now

    def to_tell(
        self, events: Sequence[Event], age: float, prices: Mapping[str, PriceUpdate], now: float
    ) -> Sequence[Event]:
        """Return what consumers are to be told after a frame has been merged, prices first.

        Args:
            events: What the frame tells, prices first.
            age: See `arrived`, as the rest.
            prices: Likewise.
            now: Likewise.
        """
        before = self._before
        if before is None:
            return events
        if age > LATE and now - self._began < HELD_FOR:
            return [event for event in events if not isinstance(event, PriceUpdate)]
        self._before = None
        told = {id(event) for event in events}
        held = [
            event.as_snapshot()
            for key, event in prices.items()
            if id(event) not in told and before.get(key) is not event
        ]
        return [*held, *events]
