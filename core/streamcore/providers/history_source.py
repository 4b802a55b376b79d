"""The past of prices behind the seam: what a source of candles must offer, and what all of them share.

Some providers of live prices have candles too; other sources have nothing else. Every source writes its rows
in its own order and may repeat some; `candle_series` makes one series of them, and never of two markets.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TypeVar

from streamcore.assets.instruments import Instrument, Venue
from streamcore.candles import Candle, CandleSeries, ChartRange, VolumeUnit
from streamcore.clock import Clock
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.rate_limit import RateLimit
from streamcore.providers.decoding import Undecodable, number
from streamcore.providers.http_errors import malformed_answer

REST_AFTER_REFUSAL = 60.0
"""Seconds without a request for candles after a source has asked for fewer requests."""

Row = TypeVar("Row")

_LOGGER = logging.getLogger(__name__)


class HistorySource(ABC):
    """One source of the past of prices.

    It keeps to its own rate limit, and when it is told to ask less, it refuses to ask at all for a while: see
    `ChartRateLimit`.
    """

    name: str
    """The name in series and settings."""
    title: str
    """The name as a person writes it."""
    venue: Venue = Venue.CHAIN
    """Where its prices are made."""
    intervals: Mapping[ChartRange, int]
    """Seconds of a candle in each range. Ranges of the same interval are served by the same request."""
    for_trends: bool = False
    """Its last day may be asked for with every row, not only with the one that a person looks at."""
    batch_size: int = 1
    """How many instruments `many` may be asked for at once."""
    metered: bool = False
    """Every request uses up part of a monthly allowance: it is asked when no other source has candles."""

    @abstractmethod
    def has(self, instrument: Instrument) -> bool:
        """Return whether it has exactly that, as far as is known without asking it."""

    @abstractmethod
    async def candles(self, instrument: Instrument, span: ChartRange, now: float) -> CandleSeries:
        """Return the candles of the last ``span`` before ``now`` (Unix seconds).

        Raises:
            ProviderError: It could not be asked, or refused. Of the kind ``subscription``: it has no such
                market, or none that goes back that far; asking again soon is of no use.
        """

    async def many(
        self, instruments: Sequence[Instrument], span: ChartRange, now: float
    ) -> dict[str, CandleSeries]:
        """Return the series of several instruments by their keys; one that it does not have is left out.

        Here: asks for one after the other; ``batch_size`` must then be one.

        Raises:
            ProviderError: As of `candles`.
        """
        return {instrument.key: await self.candles(instrument, span, now) for instrument in instruments}

    def forget(self) -> None:  # noqa: B027 - most remember nothing
        """Forget what refusals have taught: a person asked to try again. Here: they teach nothing.

        A rest that the source has asked for goes on.
        """


class ChartRateLimit:
    """When a source may be asked for candles; a `streamcore.net.rate_limit.RateLimit` that can refuse.

    What a host allows may be shared with its live prices. A rest after a refusal concerns the candles alone.
    """

    def __init__(self, title: str, clock: Clock, *limits: RateLimit) -> None:
        """``title`` is the source's name for people; all of ``limits`` must grant a request."""
        self._title = title
        self._clock = clock
        self._limits = limits
        self._rests_until = float("-inf")

    async def take(self) -> None:
        """Return when a request may be made.

        Raises:
            ProviderError: The source has asked for fewer requests less than a minute ago.
        """
        self._check()
        for limit in self._limits:
            await limit.take()
        self._check()  # the refusal of another request may have come meanwhile

    def pause(self, seconds: float) -> None:
        """Refuse requests for that long, and for `REST_AFTER_REFUSAL` at least."""
        until = self._clock.monotonic() + max(seconds, REST_AFTER_REFUSAL)
        self._rests_until = max(self._rests_until, until)

    def note(self, error: ProviderError) -> None:
        """Take note of a failure: one that asks for fewer requests is the beginning of a rest."""
        if error.kind is ErrorKind.RATE_LIMIT:
            self.pause(error.retry_after or 0.0)

    def _check(self) -> None:
        rest = self._rests_until - self._clock.monotonic()
        if rest > 0:
            text = f"{self._title} asked for fewer requests: its candles are left alone for {rest:.0f} s"
            raise ProviderError(ErrorKind.RATE_LIMIT, text, retry_after=rest)


def candle(
    start: object, open_: object, high: object, low: object, close: object, volume: object = None
) -> Candle:
    """Return one candle from figures however they were sent; ``start`` is Unix seconds.

    Raises:
        Undecodable: One of them is missing, no number, or a price that is not above zero.
    """
    prices = [number(value) for value in (open_, high, low, close)]
    if any(price is None or price <= 0 for price in prices):
        raise Undecodable("a price that is missing or not above zero")
    moment, amount = number(start), number(volume)
    if moment is None or (amount is not None and amount < 0):
        raise Undecodable("no time, or a volume below zero")
    first, highest, lowest, last = (price or Decimal(0) for price in prices)
    return Candle(start=int(moment), open=first, high=highest, low=lowest, close=last, volume=amount)


def readable(title: str, rows: Sequence[Row], read: Callable[[Row], Candle]) -> list[Candle]:
    """Return the candles of those rows that can be read; the others are told to the log.

    Raises:
        ProviderError: There are rows, and none of them can be read.
    """
    found: list[Candle] = []
    reason = ""
    for row in rows:
        try:
            found.append(read(row))
        except (Undecodable, TypeError) as error:
            reason = str(error)
    if rows and not found:
        raise malformed_answer(title, "a request for candles", reason)
    if len(found) < len(rows):
        left_out = len(rows) - len(found)
        _LOGGER.info("%d of %d candles of %s cannot be read: %s", left_out, len(rows), title, reason)
    return found


def candle_series(
    source: HistorySource,
    instrument: Instrument,
    span: ChartRange,
    now: float,
    candles: Iterable[Candle],
    *,
    market: str,
    volume_unit: VolumeUnit | None,
    line: bool = False,
) -> CandleSeries:
    """Return a source's candles as a series: oldest first, none twice, none from outside the range.

    Args:
        source: Where they are from.
        instrument: What was asked for.
        span: Its range, which ends ``now``.
        now: Unix seconds.
        candles: In any order. Of two that begin together the last one counts.
        market: Its name for people.
        volume_unit: What their volume counts.
        line: They are single prices.
    """
    interval = source.intervals[span]
    begin = int(now) - span.seconds
    by_start = {one.start: one for one in candles if begin <= one.start <= now + interval}
    ordered = tuple(by_start[start] for start in sorted(by_start))
    return CandleSeries(
        symbol=instrument.symbol,
        address=instrument.address_at(source.venue),
        range=span,
        provider=source.name,
        market=market,
        interval=interval,
        candles=ordered,
        running=bool(ordered) and not line and ordered[-1].start + interval > now,
        begin=begin,
        fetched_at=now,
        line=line,
        volume_unit=volume_unit,
        title=source.title,
    )


def no_history(title: str, instrument: Instrument, *, reason: str = "") -> ProviderError:
    """Return the error that a source has no past of an instrument; ``reason`` is a clause for a person."""
    tail = f": {reason}" if reason else ""
    return ProviderError(ErrorKind.SUBSCRIPTION, f"{title} has no history of {instrument.symbol}{tail}")
