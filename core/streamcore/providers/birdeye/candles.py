"""Birdeye's candles, version 3: any Solana token, for a key; each request takes sixty of the key's units.

Volumes are in US dollars. Amounts of tokens that grow by a multiplier are asked for as wallets show them, so
that the prices are those of what a person holds.
Source: docs.birdeye.so, "OHLCV V3", "Compute unit cost" (2026-02).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

import msgspec

from streamcore.assets.instruments import Instrument
from streamcore.candles import Candle, CandleSeries, ChartRange, VolumeUnit
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.rate_limit import RateLimit
from streamcore.providers.decoding import Undecodable, content
from streamcore.providers.history_source import (
    ChartRateLimit,
    HistorySource,
    candle,
    candle_series,
    no_history,
    readable,
)
from streamcore.providers.http_errors import malformed_answer

PATH = "/defi/v3/ohlcv"

INTERVALS: Mapping[ChartRange, int] = MappingProxyType(
    {
        ChartRange.HOUR: 60,
        ChartRange.DAY: 900,
        ChartRange.WEEK: 900,
        ChartRange.MONTH: 3600,
        ChartRange.YEAR: 86_400,
    }
)
"""Seconds of a candle in each range; none has more than a thousand, which would take more units."""

_TYPES = {60: "1m", 900: "15m", 3600: "1H", 86_400: "1D"}

CANDLES = 60
"""Units of one request for less than a thousand candles."""

Get = Callable[[str, Mapping[str, str], RateLimit], Awaitable[msgspec.Raw]]
"""Makes a request with the key: path, query, limit; returns the ``data`` of the answer."""


class _Item(msgspec.Struct, frozen=True):
    unix_time: object = None
    o: object = None
    h: object = None
    l: object = None  # noqa: E741 - Birdeye's word
    c: object = None
    v_usd: object = None


class _Ohlcv(msgspec.Struct, frozen=True):
    items: list[_Item] = []


class BirdeyeCandles(HistorySource):
    """The past of Birdeye's prices."""

    name = "birdeye"
    intervals = INTERVALS

    def __init__(
        self,
        title: str,
        get: Get,
        rate_limit: ChartRateLimit,
        *,
        is_paid: Callable[[], bool],
        spent: Callable[[int], None],
    ) -> None:
        """Make one that has asked nothing yet.

        Args:
            title: Birdeye's name.
            get: Makes the requests.
            rate_limit: What the key's plan allows.
            is_paid: Whether the plan has been seen to be one that is paid for.
            spent: Told of the units of each request.
        """
        self.title = title
        self._get = get
        self._rate_limit = rate_limit
        self._is_paid = is_paid
        self._spent = spent
        self._on_plan = True

    @property
    def metered(self) -> bool:  # type: ignore[override]
        """Whether the plan may be the free one, whose units pay for five hundred charts a month."""
        return not self._is_paid()

    def has(self, instrument: Instrument) -> bool:
        """Return whether it is a Solana token, unless the key's plan does not serve candles."""
        return self._on_plan and instrument.mint is not None

    def forget(self) -> None:
        """Ask again although the plan did not serve it."""
        self._on_plan = True

    async def candles(self, instrument: Instrument, span: ChartRange, now: float) -> CandleSeries:
        """See `HistorySource.candles`."""
        mint = instrument.mint
        if mint is None:
            raise no_history(self.title, instrument)
        query = {
            "address": mint,
            "type": _TYPES[INTERVALS[span]],
            "currency": "usd",
            "time_from": str(int(now) - span.seconds),
            "time_to": str(int(now)),
            "mode": "range",
            "padding": "false",
            "ui_amount_mode": "scaled",
        }
        try:
            data = await self._get(PATH, query, self._rate_limit)
            self._spent(CANDLES)
            answer: _Ohlcv | None = content(data, _Ohlcv | None)  # type: ignore[arg-type]
        except Undecodable as error:
            raise malformed_answer(self.title, "a request for candles", error) from error
        except ProviderError as error:
            self._rate_limit.note(error)
            if error.kind is ErrorKind.PLAN:
                self._on_plan = False
            raise
        items = [] if answer is None else answer.items
        if not items and span is ChartRange.YEAR:
            raise no_history(self.title, instrument)
        candles = readable(self.title, items, _candle)
        return candle_series(
            self,
            instrument,
            span,
            now,
            candles,
            market=f"{instrument.symbol}/USD",
            volume_unit=VolumeUnit.USD,
        )


def _candle(item: _Item) -> Candle:
    return candle(item.unix_time, item.o, item.h, item.l, item.c, item.v_usd)
