"""The chart of one row: which past it shows, how old that is, and what is being done to get it.

Nothing here draws. `PriceChart.load` waits for the engine; the caller runs it in a task and cancels that when
something else is to be shown.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

from streamcore import (
    CandleSeries,
    ChartRange,
    Clock,
    InputError,
    NotRunning,
    PriceUpdate,
    StreamcoreError,
    with_price,
)
from streamtui.model.price_row import PriceRow
from streamtui.model.session_candles import INTERVAL

if TYPE_CHECKING:
    from streamcore import Engine

logger = logging.getLogger(__name__)

REST = 0.3
"""Seconds a person must stay on a row before a source is asked: an arrow key may be held down."""
LEAST_AGE = 60.0
"""Seconds after which a past is asked for again at the earliest."""
LEAST_SESSION = 900.0
"""Seconds that this session must have seen to stand for a range of an hour before another range does."""
LONGEST_AGE = 3600.0
"""Seconds after which a past is asked for again, however long its candles are."""
RETRY = 60.0
"""Seconds after a failure before it is tried again."""


class PriceChart:
    """What is known of the past of one row in one range."""

    def __init__(self, row: PriceRow, span: ChartRange, clock: Clock) -> None:
        """Begin with nothing; `look` must be called before `load`."""
        self.row = row
        self.span = span
        self.series: CandleSeries | None = None
        """From a source; ``None`` while none has come."""
        self.failure = ""
        """Why the past is not there, or not the present one; empty without a failure."""
        self.loading = False
        """Whether a source is being asked, or is about to be."""
        self._clock = clock
        self._asked_at = float("-inf")

    def look(self, row: PriceRow, span: ChartRange, engine: Engine | None) -> None:
        """Go to a row and a range, and show what is remembered of them; `load` must be called next."""
        self.row, self.span = row, span
        self.failure, self.loading, self.series = "", True, None
        if engine is not None:
            try:
                self.series = engine.cached_history(row.key, span)
            except (InputError, NotRunning):
                return  # `load` says so

    async def load(self, engine: Engine | None, *, rest: float = 0.0) -> None:
        """Ask for the past after so many seconds; a failure is told, and leaves what is known as it is.

        Cancelling it takes the request back.
        """
        self.loading = True
        if rest:
            await self._clock.sleep(rest)
        self._asked_at = self._clock.time()
        if engine is None:
            self.failure, self.loading = "the engine is not running", False
            return
        try:
            self.series = await engine.history(self.row.key, self.span)
        except StreamcoreError as error:
            self.failure = str(error)
        except Exception as error:
            logger.exception("asking for the history of %s failed", self.row.key)
            self.failure = f"the history failed: {str(error) or type(error).__name__}"
        else:
            self.failure = ""
            self.row.take_past(self.series, self._clock.time())
        if self.failure and self.series is None:
            self.series = self._other_range(engine)
        self.loading = False

    def _other_range(self, engine: Engine) -> CandleSeries | None:
        """Return what is remembered of the next longer range, else of the next shorter one."""
        since = self.row.candles.since
        seen = 0.0 if since is None else self._clock.time() - since
        if self.span is ChartRange.HOUR and seen >= LEAST_SESSION:
            return None
        longer = [one for one in ChartRange if one.seconds > self.span.seconds]
        shorter = [one for one in ChartRange if one.seconds < self.span.seconds]
        for span in (*longer, *reversed(shorter)):
            try:
                found = engine.cached_history(self.row.key, span)
            except (InputError, NotRunning):
                return None
            if found is not None and found.candles:
                return found
        return None

    def take(self, update: PriceUpdate, rows: Iterable[PriceRow]) -> None:
        """Take a price that is for some rows: it moves the last candle if it is from the same market."""
        if self.series is not None and any(row is self.row for row in rows):
            self.series = with_price(self.series, update)

    def set_back(self, at: float) -> None:
        """Note that the wall clock was set back, to Unix seconds ``at``."""
        self._asked_at = min(self._asked_at, at)

    def relay_is_back(self) -> None:
        """Note that whoever could not be asked can be now: a failed request is due at once."""
        if self.failure:
            self._asked_at = float("-inf")

    def is_due(self) -> bool:
        """Return whether the past should be asked for again: its last candles lack volumes, or it failed."""
        if self.loading:
            return False
        since = self._clock.time() - self._asked_at
        if self.failure or self.series is None:
            return since >= RETRY
        return since >= min(max(LEAST_AGE, float(self.series.interval)), LONGEST_AGE)

    def is_outdated(self) -> bool:
        """Return whether what is shown is older than one of its candles, so that its age is to be told."""
        return (
            self.series is not None
            and self._clock.time() - self.series.fetched_at >= max(LEAST_AGE, self.series.interval) + 1
        )

    @property
    def retry_in(self) -> float:
        """The seconds until a failed request is made again."""
        return max(0.0, self._asked_at + RETRY - self._clock.time())

    @property
    def is_other_range(self) -> bool:
        """Whether `shown` is of another range, because the one that was chosen cannot be had."""
        return self.series is not None and self.series.range is not self.span

    @property
    def is_session(self) -> bool:
        """Whether `shown` is what this session has seen, because no source has a past of it."""
        return self.series is None and bool(self.failure) and len(self.row.candles) > 1

    @property
    def nothing_to_draw(self) -> str:
        """What to say where no candles are `shown`: whether there will be some of what this session sees."""
        if self.failure and self.row.update is not None:
            return "nothing to draw yet: what this session sees, from its second minute on"
        return "there is nothing to draw"

    @property
    def shown(self) -> CandleSeries | None:
        """The candles to draw: from a source, or else what this session has seen."""
        return self._of_session() if self.is_session else self.series

    def _of_session(self) -> CandleSeries | None:
        update, candles = self.row.update, self.row.candles.candles()
        if update is None:
            return None
        return CandleSeries(
            symbol=self.row.token.symbol,
            address=update.address,
            range=ChartRange.HOUR,
            provider=update.provider,
            market="",
            interval=INTERVAL,
            candles=candles,
            running=True,
            begin=candles[0].start,
            fetched_at=update.ts,
            demo=update.demo,
        )
