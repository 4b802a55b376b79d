"""Series that are kept for long and read rarely: the trends of a hundred rows are 10,000 candles.

A candle takes a quarter of a kilobyte, packed a tenth of that.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping

import msgspec

from streamcore.candles import CandleSeries

_write = msgspec.msgpack.Encoder().encode
_read = msgspec.msgpack.Decoder(CandleSeries).decode
QUICKLY = 1
"""The level of zlib."""


class PackedSeries:
    """A series, compressed until somebody wants it `unpacked`."""

    __slots__ = ("_packed", "fetched_at", "provider")

    def __init__(self, series: CandleSeries) -> None:
        self.provider = series.provider
        self.fetched_at = series.fetched_at
        self._packed = zlib.compress(_write(series), QUICKLY)

    def unpacked(self) -> CandleSeries:
        """Return the series, made anew; equal to that it was made of, to the last digit."""
        return _read(zlib.decompress(self._packed))


class Unpacking(Mapping[str, CandleSeries]):
    """Series by their keys, each unpacked when it is asked for, and not kept."""

    def __init__(self, packed: Mapping[str, PackedSeries]) -> None:
        self._packed = packed

    def __getitem__(self, key: str) -> CandleSeries:
        return self._packed[key].unpacked()

    def __iter__(self) -> Iterator[str]:
        return iter(self._packed)

    def __len__(self) -> int:
        return len(self._packed)

    def __contains__(self, key: object) -> bool:
        return key in self._packed

    def origin(self, key: str) -> tuple[str, float]:
        """See `origin_of`."""
        one = self._packed[key]
        return one.provider, one.fetched_at


def origin_of(series: Mapping[str, CandleSeries], key: str) -> tuple[str, float]:
    """Return the ``provider`` and the ``fetched_at`` of one of the series of `Engine.cached_trends`.

    Ask this before the series itself if all that counts is whether it is another one than last time: it may
    be kept packed, and a hundred are unpacked in 15 ms.

    Raises:
        KeyError: There is no series of that key.
    """
    if isinstance(series, Unpacking):
        return series.origin(key)
    one = series[key]
    return one.provider, one.fetched_at
