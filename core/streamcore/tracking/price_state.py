"""What is known of one instrument from its present source, and what each report changes about it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
from msgspec.structs import astuple

from streamcore.events import MARKET_FIELDS, PRICE_FIELDS, PriceKind, PriceUpdate, Source
from streamcore.providers.figures import credible
from streamcore.providers.reports import PriceReport

_PRICE, _CHANGE, _VOLUME = 1, 2, 4
_BIT = dict(zip(PRICE_FIELDS, (_PRICE, _CHANGE, _VOLUME), strict=True))
_CHANGED = tuple(tuple(name for name, bit in _BIT.items() if bits & bit) for bits in range(8))
"""A sum of such bits to the names it stands for, in order."""

_MOMENT = {"price": "_price_at", "change_24h": "_change_at", "volume_24h": "_volume_at"}
_MOMENT |= dict.fromkeys(MARKET_FIELDS, "_market_at")
"""Field to the attribute that holds when the stream told it; the fields of the market come together."""

NEVER = float("-inf")
"""Monotonic seconds of what has not happened."""

_SNAPSHOT, _DELTA, _STREAM = PriceKind.SNAPSHOT, PriceKind.DELTA, Source.STREAM
"""For the hot path, where looking a member up in its enumeration would be a good part of the work."""


class PriceState:
    """The merged state of one instrument. A field that a report leaves out keeps its value."""

    __slots__ = (
        "_announced", "_change_at", "_held_back", "_market_at", "_price_at", "_source", "_volume_at", "known",
        "refused",
    )  # fmt: skip

    def __init__(self, provider: str, symbol: str, address: str | None, *, demo: bool) -> None:
        """``provider``: its source; the other arguments are those fields of its events."""
        self.known = PriceUpdate(
            provider=provider,
            ts=0.0,
            demo=demo,
            symbol=symbol,
            address=address,
            kind=PriceKind.SNAPSHOT,
            source=Source.STREAM,
            price=None,
            change_24h=None,
            volume_24h=None,
            changed=(),
        )
        """What is known, as the last event; see `latest`."""
        self._price_at = self._change_at = self._volume_at = self._market_at = NEVER
        self._announced = False
        self._source: Source | None = None
        """How the price came; ``None``: it is not known, or its stream is new."""
        self._held_back = 0
        """Bits of the fields that were told before there was a price."""
        self.refused: tuple[str, ...] = ()
        """Fields of the last report to `merge` that are not credible, so that the known ones stayed."""

    @property
    def latest(self) -> PriceUpdate | None:
        """The last event; ``None`` while there is no price."""
        return None if self.known.price is None else self.known

    @property
    def price_told_at(self) -> float:
        """Monotonic seconds at which a stream has told the price; minus infinity: never."""
        return self._price_at

    def stream(self, report: PriceReport, now: float, ts: float) -> PriceUpdate | None:
        """Merge what a codec has reported, whose figures are credible; return the event that it makes.

        This is the hot path: a second may bring thousands. It is `merge` without what cannot be here.

        Args:
            report: What was said.
            now: Monotonic seconds.
            ts: Unix seconds.
        """
        known, changed = self.known, 0
        # all fields in one call: to read one after the other takes half as long again
        _, price, change, volume, high, low, complete, bid, ask, average, trades = astuple(report)
        if high is low is bid is ask is average is None and trades is None:
            if price is change is volume is None:
                return None
        else:
            self._market_at = now
        if price is None:
            price = known.price
        else:
            self._price_at = now
            if price != known.price:
                changed = _PRICE
        if change is None:
            change = known.change_24h
        else:
            self._change_at = now
            if change is not known.change_24h and change != known.change_24h:
                changed |= _CHANGE
        if volume is None:
            volume = known.volume_24h
        else:
            self._volume_at = now
            if volume is not known.volume_24h and volume != known.volume_24h:
                changed |= _VOLUME
        if self._source is not _STREAM or self._held_back:
            kind = _DELTA if self._announced and not complete else _SNAPSHOT
            changed = self._publishable(changed, _STREAM, price)
        else:
            kind = _SNAPSHOT if complete else _DELTA
        # by position, in the order of the fields: by name it takes five times as long
        self.known = event = PriceUpdate(
            known.provider, ts, known.demo, known.symbol, known.address,
            kind, _STREAM,
            price, change, volume, _CHANGED[changed],
            known.high_24h if high is None else high,
            known.low_24h if low is None else low,
            known.bid if bid is None else bid,
            known.ask if ask is None else ask,
            known.vwap_24h if average is None else average,
            known.trades_24h if trades is None else trades,
        )  # fmt: skip
        return None if price is None else event

    def _publishable(self, changed: int, source: Source, price: Decimal | None) -> int:
        """Take note of the way a report came; return the bits of what the event for it changes.

        Figures of a day without a price are nothing to show; the first price brings them along.
        """
        if price is None:
            self._held_back |= changed
            return 0
        changed, self._held_back = changed | self._held_back, 0
        if source is Source.STREAM or self._source is None or changed & _PRICE:
            self._source = source
        self._announced = True
        return changed

    def merge(
        self, report: PriceReport, source: Source, *, now: float, as_of: float, ts: float
    ) -> PriceUpdate | None:
        """Merge a report; return the event that it makes, if a price is known and it had a credible figure.

        A figure that cannot be true is refused, see `refused`, and the known one stays.

        Args:
            report: What was said.
            source: How it came.
            now: Monotonic seconds.
            as_of: Monotonic seconds at which the figures can first have been true: for an answer to a
                request the time of asking. What the stream said since then is newer and stays.
            ts: Unix seconds.
        """
        changed = 0
        refused: list[str] = []
        figures: dict[str, Any] = {}
        confirmed = False
        for name, moment in _MOMENT.items():
            value, known = getattr(report, name), getattr(self.known, name)
            if value is None:
                continue
            if value is not known and not credible(name, value):
                refused.append(name)
                continue
            confirmed = True
            if source is Source.STREAM:
                setattr(self, moment, now)
            elif getattr(self, moment) >= as_of:
                continue
            if value != known:
                changed |= _BIT.get(name, 0)
            figures[name] = value
        self.refused = tuple(refused)
        if not confirmed:
            return None
        whole = report.complete and source is Source.STREAM
        kind = PriceKind.SNAPSHOT if whole or not self._announced else PriceKind.DELTA
        changed = self._publishable(changed, source, figures.get("price", self.known.price))
        if report.price is report.change_24h is report.volume_24h is None and source is not Source.STREAM:
            ts = self.known.ts  # bid and ask were asked for: that confirms no price
        self.known = msgspec.structs.replace(
            self.known, ts=ts, kind=kind, source=self._source or source, changed=_CHANGED[changed], **figures
        )
        return self.latest

    def is_streamed(self, name: str | None = None) -> bool:
        """Whether a stream has told something, or the field ``name``."""
        moments = _MOMENT.values() if name is None else (_MOMENT[name],)
        return any(getattr(self, moment) > NEVER for moment in moments)

    def restart(self) -> None:
        """Make the next event a snapshot, because the stream is new or has ended.

        What is known is kept, but for bid and ask, which age within seconds.
        """
        self._announced = False
        self._source = None
        self.known = msgspec.structs.replace(self.known, bid=None, ask=None)
