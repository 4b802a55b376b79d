"""Candles of Solana tokens from the pool that stands for each: found by one source, asked of another.

One source lists the pools of a token readily, but has no past; another has it, but answers rarely. The
address of a pool is the same at both. A range is always that of one pool: the deepest, unless that is younger
than the range and another one is not. Candles of two pools are never joined.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Collection, Sequence
from decimal import Decimal

import msgspec

from streamcore.assets.instruments import Instrument
from streamcore.candles import CandleSeries, ChartRange, VolumeUnit
from streamcore.clock import Clock
from streamcore.errors import ProviderError
from streamcore.providers.history_source import HistorySource, candle_series, no_history
from streamcore.providers.pools import Pool, PoolHistory, PoolLister, UnknownPool

KEPT_FOR = 86_400.0
"""Seconds for which the pools of a token are believed: the deepest one rarely changes."""

NONE_KEPT_FOR = 900.0
"""Seconds for which it is believed that a token has no pool: one that is launched gets it any moment."""

MOST_TOKENS = 256
"""Tokens whose pools are remembered."""

OLDEST_CANDLES = 180 * 86_400
"""Seconds that candles of pools go back without a key: no pool need be older."""

SHALLOW = Decimal("0.1")
"""An older pool stands for a token only if it holds this share of what the deepest one does."""

_LOGGER = logging.getLogger(__name__)


class _Known(msgspec.Struct, frozen=True):
    pools: Sequence[Pool]
    asked_at: float
    """Monotonic."""
    own: bool
    """It is the list of the source that has the candles."""


class PoolCandles(HistorySource):
    """The candles of the pool that stands for a token."""

    def __init__(self, history: PoolHistory, lister: PoolLister | None, clock: Clock) -> None:
        """Make one that knows no pool yet.

        Args:
            history: Asked for candles, and for pools if nobody else lists them.
            lister: Asked for pools; ``None``: nobody is.
            clock: Time.
        """
        self.name = history.name
        self.title = history.title
        self.intervals = history.intervals
        self._history = history
        self._lister = lister
        self._clock = clock
        self._known: OrderedDict[str, _Known] = OrderedDict()

    def has(self, instrument: Instrument) -> bool:
        """Return whether there is a Solana token of it, wrapped or not."""
        return instrument.mint is not None

    def forget(self) -> None:
        """Look for pools anew."""
        self._known.clear()

    async def candles(self, instrument: Instrument, span: ChartRange, now: float) -> CandleSeries:
        """See `HistorySource.candles`."""
        mint = instrument.mint
        if mint is None:
            raise no_history(self.title, instrument)
        try:
            return await self._candles(instrument, mint, span, now)
        except UnknownPool as error:
            raise no_history(self.title, instrument, reason="it has no pool of it") from error
        except ProviderError as error:
            self._history.rate_limit.note(error)
            raise

    async def _candles(self, instrument: Instrument, mint: str, span: ChartRange, now: float) -> CandleSeries:
        known = await self._pools(mint)
        pool = best_pool(known.pools, now - span.seconds, now)
        if pool is None:
            raise no_history(self.title, instrument, reason="there is no pool of it")
        try:
            candles = await self._history.candles(pool.address, mint, span)
        except UnknownPool:
            if known.own:
                raise
            known = await self._own_pools(mint)
            others = [one for one in known.pools if one.address != pool.address]
            pool = best_pool(others, now - span.seconds, now)
            if pool is None:
                raise
            candles = await self._history.candles(pool.address, mint, span)
        return candle_series(
            self, instrument, span, now, candles, market=pool.name, volume_unit=VolumeUnit.USD
        )

    async def _pools(self, mint: str) -> _Known:
        known = self._known.get(mint)
        age = float("inf") if known is None else self._clock.monotonic() - known.asked_at
        if known is not None and age < (KEPT_FOR if known.pools else NONE_KEPT_FOR):
            return known
        if self._lister is not None:
            try:
                return self._remember(mint, await self._lister.pools(mint), own=False)
            except ProviderError as error:
                self._lister.rate_limit.note(error)
                _LOGGER.info("the pools of a token are asked of %s instead: %s", self.title, error.message)
        return await self._own_pools(mint)

    async def _own_pools(self, mint: str) -> _Known:
        return self._remember(mint, await self._history.pools(mint), own=True)

    def _remember(self, mint: str, pools: Sequence[Pool], *, own: bool) -> _Known:
        known = self._known[mint] = _Known(pools, self._clock.monotonic(), own)
        self._known.move_to_end(mint)
        while len(self._known) > MOST_TOKENS:
            self._known.popitem(last=False)
        return known


def best_pool(pools: Collection[Pool], begin: float, now: float) -> Pool | None:
    """Return the pool whose candles to show from ``begin`` until ``now`` (Unix seconds), if there is any.

    That is the deepest one; but if it was made later, the deepest of those that are old enough and hold at
    least `SHALLOW` of what it does.
    """
    if not pools:
        return None
    deepest = max(pools, key=lambda pool: pool.depth)
    latest = max(begin, now - OLDEST_CANDLES)
    old = [
        pool
        for pool in pools
        if pool.created_at is not None and pool.created_at <= latest and pool.depth >= deepest.depth * SHALLOW
    ]
    return max(old, key=lambda pool: pool.depth, default=deepest)
