"""What is known of one instrument from its present source, and what each report changes about it."""

from __future__ import annotations

from decimal import Decimal

from streamcore.events import MARKET_FIELDS, PRICE_FIELDS, PriceKind, PriceUpdate, Source
from streamcore.providers.base import PriceReport
from streamcore.providers.figures import credible

_PRICE, _CHANGE, _VOLUME = 1, 2, 4
_BIT = dict(zip(PRICE_FIELDS, (_PRICE, _CHANGE, _VOLUME), strict=True))
_CHANGED = tuple(tuple(name for name, bit in _BIT.items() if bits & bit) for bits in range(8))
"""A sum of such bits to the names it stands for, in order."""

_MOMENT = {"price": "_price_at", "change_24h": "_change_at", "volume_24h": "_volume_at"}
_MOMENT |= dict.fromkeys(MARKET_FIELDS, "_market_at")
"""Field to the attribute that holds when the stream told it; the fields of the market come together."""

_NEVER = float("-inf")


class PriceState:
    """The merged state of one instrument. A field that a report leaves out keeps its value."""

    __slots__ = (
        "_address", "_announced", "_change_at", "_demo", "_held_back", "_market_at", "_price_at", "_provider",
        "_source", "_symbol", "_volume_at", "ask", "bid", "change_24h", "high_24h", "latest", "low_24h",
        "price", "refused", "trades_24h", "volume_24h", "vwap_24h",
    )  # fmt: skip

    def __init__(self, provider: str, symbol: str, address: str | None, *, demo: bool) -> None:
        """``provider``: its source; the other arguments are those fields of its events."""
        self._provider = provider
        self._symbol = symbol
        self._address = address
        self._demo = demo
        self._price_at = self._change_at = self._volume_at = self._market_at = _NEVER
        self._announced = False
        self._source: Source | None = None
        """How the price came; ``None``: it is not known, or its stream is new."""
        self._held_back = 0
        """Bits of the fields that were told before there was a price."""
        self.price: Decimal | None = None
        self.change_24h: Decimal | None = None
        self.volume_24h: Decimal | None = None
        self.high_24h: Decimal | None = None
        self.low_24h: Decimal | None = None
        self.bid: Decimal | None = None
        self.ask: Decimal | None = None
        self.vwap_24h: Decimal | None = None
        self.trades_24h: int | None = None
        self.latest: PriceUpdate | None = None
        """The last event."""
        self.refused: tuple[str, ...] = ()
        """Fields of the last report to `merge` that are not credible, so that the known ones stayed."""

    def stream(self, report: PriceReport, now: float, ts: float) -> PriceUpdate | None:
        """Merge what a codec has reported, whose figures are credible; return the event that it makes.

        This is the hot path: a second may bring thousands. It is `merge` without what cannot be here.

        Args:
            report: What was said.
            now: Monotonic seconds.
            ts: Unix seconds.
        """
        changed = 0
        price, change, volume = report.price, report.change_24h, report.volume_24h
        if price is not None:
            if price != self.price:
                changed = _PRICE
            self.price, self._price_at = price, now
        if change is not None:
            if change is not self.change_24h and change != self.change_24h:
                changed |= _CHANGE
            self.change_24h, self._change_at = change, now
        if volume is not None:
            if volume is not self.volume_24h and volume != self.volume_24h:
                changed |= _VOLUME
            self.volume_24h, self._volume_at = volume, now
        if not self._market(report, now) and price is change is volume is None:
            return None
        return self._event(changed, Source.STREAM, ts, complete=report.complete)

    def _market(self, report: PriceReport, now: float) -> bool:
        """Merge what a codec has reported of the market; return whether there was anything."""
        told = False
        if report.high_24h is not None:
            self.high_24h, told = report.high_24h, True
        if report.low_24h is not None:
            self.low_24h, told = report.low_24h, True
        if report.bid is not None:
            self.bid, told = report.bid, True
        if report.ask is not None:
            self.ask, told = report.ask, True
        if report.vwap_24h is not None:
            self.vwap_24h, told = report.vwap_24h, True
        if report.trades_24h is not None:
            self.trades_24h, told = report.trades_24h, True
        if told:
            self._market_at = now
        return told

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
        confirmed = False
        for name, moment in _MOMENT.items():
            value = getattr(report, name)
            if value is None:
                continue
            known = getattr(self, name)
            if value is not known and not credible(name, value):
                refused.append(name)
                continue
            confirmed = True
            if source is not Source.STREAM:
                if getattr(self, moment) >= as_of:
                    continue
            else:
                setattr(self, moment, now)
            if value != known:
                changed |= _BIT.get(name, 0)
            setattr(self, name, value)
        self.refused = tuple(refused)
        if not confirmed:
            return None
        return self._event(changed, source, ts, complete=report.complete and source is Source.STREAM)

    def _event(self, changed: int, source: Source, ts: float, *, complete: bool) -> PriceUpdate | None:
        if self.price is None:
            # figures of a day without a price are nothing to show; the first price brings them along
            self._held_back |= changed
            return None
        if self._held_back:
            changed |= self._held_back
            self._held_back = 0
        if source is Source.STREAM or self._source is None or changed & _PRICE:
            self._source = source
        kind = PriceKind.DELTA if self._announced and not complete else PriceKind.SNAPSHOT
        self._announced = True
        # by position, in the order of the fields: by name it takes five times as long
        self.latest = event = PriceUpdate(
            self._provider, ts, self._demo, self._symbol, self._address, kind, self._source,
            self.price, self.change_24h, self.volume_24h, _CHANGED[changed],
            self.high_24h, self.low_24h, self.bid, self.ask, self.vwap_24h, self.trades_24h,
        )  # fmt: skip
        return event

    def is_streamed(self, name: str | None = None) -> bool:
        """Whether a stream has told something, or the field ``name``."""
        moments = _MOMENT.values() if name is None else (_MOMENT[name],)
        return any(getattr(self, moment) > _NEVER for moment in moments)

    def restart(self) -> None:
        """Make the next event a snapshot, because the stream is new or has ended.

        What is known is kept, but for bid and ask, which age within seconds.
        """
        self._announced = False
        self._source = None
        self.bid = self.ask = None
