"""The words of Birdeye's WebSocket: subscriptions out, candles, statistics and errors in.

Birdeye keeps one subscription per message type and connection: a new ``SUBSCRIBE_PRICE`` replaces the
one before, so every change sends the whole list. It acknowledges nothing; a subscription has worked when
data flows. Source: docs.birdeye.so, "WebSocket" and "SUBSCRIBE_PRICE".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.transport import Frame
from streamcore.providers.base import Codec
from streamcore.providers.decoding import Undecodable, content, envelope, number
from streamcore.providers.figures import (
    ALL_OF_IT,
    LEAST,
    MAX_MAGNITUDE,
    MOST,
    MOST_TRADES,
    UNUSUAL,
    USUAL_LENGTH,
    believed,
    read_trades,
)
from streamcore.providers.reports import Alive, Malformed, Notice, PriceReport, Refusal, Report
from streamcore.providers.throttle import Throttle
from streamcore.text import printable

CHART_TYPE = "1m"
"""The candle a price comes in. Every price-moving trade pushes whatever the bucket, so any would do."""

STATS_SELECTION = {
    "price": False,
    "trade_data": {"volume": True, "trade": True, "price_change": True, "intervals": ["24h"]},
    "liquidity": False,
}
BUCKET = 60
"""Seconds of a candle of `CHART_TYPE`. One comes late by seconds, so by one bucket at most; if it is older
than that, the time of the last one was wrong."""
MILLISECONDS_FROM = 100_000_000_000
"""Candle times above this are milliseconds: as seconds they would lie beyond the year 5000."""

LATEST_MILLISECONDS = MILLISECONDS_FROM * 1000


class _Candle(msgspec.Struct, frozen=True):
    """``PRICE_DATA``: ``c`` is the price, ``unixTime`` the start of the candle's bucket."""

    address: str
    c: object = None
    unixTime: object = None  # noqa: N815 - Birdeye's spelling


class _Statistics(msgspec.Struct, frozen=True):
    """``TOKEN_STATS_DATA``, the groups that are selected. A missing key is unknown, not zero."""

    address: str
    price_change_24h_percent: object = None
    volume_24h_usd: object = None
    trade_24h: object = None


class _UsualCandle(msgspec.Struct, frozen=True, gc=False):
    """The fields are in the order of the stream, in which they are found the quickest."""

    c: Decimal
    unixTime: int  # noqa: N815
    address: str


class _UsualStatistics(msgspec.Struct, frozen=True, gc=False):
    address: str
    price_change_24h_percent: Decimal
    volume_24h_usd: Decimal
    trade_24h: int | None = None


class _CandleMessage(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="PRICE_DATA"):
    data: _UsualCandle


class _StatisticsMessage(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="TOKEN_STATS_DATA"):
    data: _UsualStatistics


_usual = msgspec.json.Decoder(_CandleMessage | _StatisticsMessage).decode
"""Reads nearly every frame at once; raises one of `UNUSUAL` for any other."""


class _Generic(msgspec.Struct, frozen=True):
    """The provider-neutral ``snapshot`` and ``delta`` frames."""

    symbol: str = ""
    address: str | None = None
    price: object = None
    change_24h: object = None
    volume_24h: object = None


class BirdeyeCodec(Codec):
    """One Birdeye connection; see `streamcore.providers.base.Codec`. Topics are mint addresses."""

    def __init__(
        self,
        statistics_refused: Callable[[], None] = lambda: None,
        stream_refused: Callable[[], None] = lambda: None,
    ) -> None:
        """Make a codec for a connection that is not open yet.

        Args:
            statistics_refused: Called when the stream will tell no statistics.
            stream_refused: Called when the key's plan has no stream.
        """
        self._statistics_refused = statistics_refused
        self._stream_refused = stream_refused
        self._open = False
        self._alive = False
        self._wanted: tuple[str, ...] = ()
        self._subscribed: tuple[str, ...] | None = ()
        """What was sent last; ``None``: it was denied."""
        self._throttle = Throttle()
        self._outgoing: list[Frame] = []
        self._bucket: dict[str, Decimal | int] = {}
        """Mint to the start of its last candle."""
        self._late: set[str] = set()
        """Mints whose last candle was left out as late."""
        self._refused: set[str] = set()
        """Mints that an error has named: they are left out of the subscription."""

    def opened(self) -> None:
        """Send what is wanted."""
        self._open = True
        self._subscribe()

    def set_topics(self, topics: Sequence[str]) -> None:
        """Make these mints the subscription, all of them; at most 100."""
        self._refused.intersection_update(topics)
        self._wanted = tuple(topic for topic in topics if topic not in self._refused)
        self._subscribe()

    def rested(self) -> None:
        """Send the whole subscription again."""
        self._throttle.rested()
        self._subscribe()

    def frames_to_send(self) -> list[Frame]:
        """Return the frames to send now, and forget them."""
        frames, self._outgoing = self._outgoing, []
        return frames

    def received(self, frame: Frame) -> list[Report]:
        """Return what one frame says."""
        reports: list[Report] = []
        self.received_together((frame,), reports)
        return reports

    def received_together(self, frames: Sequence[Frame], reports: list[Report]) -> None:
        """Add what frames say that came together, in order.

        The hot path of Birdeye's prices: a usual frame is one typed decode and one call of `_tell`.
        """
        tell, told = self._tell, False
        for frame in frames:
            try:
                if len(frame) <= USUAL_LENGTH and isinstance(frame, str) and tell(_usual(frame), reports):
                    told = True
                    continue
            except UNUSUAL:
                pass  # it is read again, by what tells what is wrong with it
            reports += self._read(frame)
        if told:
            self._throttle.granted()

    def _tell(self, message: _CandleMessage | _StatisticsMessage, reports: list[Report]) -> bool:
        """Add what a decoded frame says, if all of it is usual; return whether it is."""
        said = message.data
        mint = said.address
        since = self._bucket.get(mint)
        if since is None or not self._alive or (self._late and mint in self._late):
            return False
        if isinstance(said, _UsualStatistics):
            change, volume = said.price_change_24h_percent, said.volume_24h_usd
            trades = said.trade_24h
            usual = ALL_OF_IT <= change <= MOST and LEAST <= volume <= MOST
            usual = usual and (trades is None or 0 <= trades <= MOST_TRADES)
            if usual := usual and change.adjusted() >= -MAX_MAGNITUDE:
                reports.append(
                    PriceReport(mint, None, change, volume, None, None, False, None, None, None, trades)
                )
            return usual
        price, time = said.c, said.unixTime
        if not (LEAST <= price <= MOST and since <= time <= MILLISECONDS_FROM):
            return False
        if time - since >= BUCKET:
            self._bucket[mint] = time - time % BUCKET
        reports.append(PriceReport(mint, price))
        return True

    def _subscribe(self) -> None:
        if not self._open or self._throttle.resting:
            return
        if self._subscribed is not None and set(self._wanted) == set(self._subscribed):
            return
        self._subscribed = self._wanted
        if not self._wanted:
            self._send({"type": "UNSUBSCRIBE_PRICE"})
            self._send({"type": "UNSUBSCRIBE_TOKEN_STATS"})
            return
        query = " OR ".join(
            f"(address = {mint} AND chartType = {CHART_TYPE} AND currency = usd)" for mint in self._wanted
        )
        self._send({"type": "SUBSCRIBE_PRICE", "data": {"queryType": "complex", "query": query}})
        # the price stream has neither the change nor the volume over 24 hours
        selection = {"address": list(self._wanted), "select": STATS_SELECTION}
        self._send({"type": "SUBSCRIBE_TOKEN_STATS", "data": selection})

    def _send(self, message: dict[str, Any]) -> None:
        self._outgoing.append(msgspec.json.encode(message).decode())

    def _read(self, frame: Frame) -> list[Report]:
        try:
            message = envelope(frame)
            reports = self._said(message.type, message.data)
        except Undecodable as error:
            return [Malformed(str(error))]
        if not self._alive:
            self._alive = any(isinstance(report, Alive | PriceReport) for report in reports)
            if self._alive and not isinstance(reports[0], Alive):
                return [Alive(), *reports]
        return reports

    def _said(self, kind: str, data: object) -> list[Report]:
        match kind:
            case "PRICE_DATA":
                return self._candle(content(data, _Candle))
            case "TOKEN_STATS_DATA":
                return _statistics(content(data, _Statistics))
            case "snapshot" | "delta":
                items = content(data, _Generic | list[_Generic])  # type: ignore[arg-type]
                return [report for item in _listed(items) for report in _generic(item, kind == "snapshot")]
            case "WELCOME":
                return [Alive()]
            case "ERROR":
                return self._error(content(data, object))
            case _:
                return [Malformed(f"an unknown message type {printable(kind, limit=40)}")]

    def _error(self, data: object) -> list[Report]:
        """Return the meaning of an ``ERROR`` frame's text; Birdeye documents none, so it is matched loosely.

        What is not about the key or the connection, and names mints, is about these and no other.
        """
        text = data if isinstance(data, str) else _as_text(data)
        shown = printable(text, limit=120)
        folded = text.casefold()
        if "too many" in folded and "connection" not in folded:
            self._subscribed = None  # which of the two messages was denied is not said
            return self._throttle.denied(f"Birdeye asks for fewer messages: {shown}")
        if (refusal := _whole_refusal(shown, folded)) is not None:
            if refusal.error.kind is ErrorKind.PLAN:
                self._stream_refused()
            return [refusal]
        if named := [mint for mint in self._wanted if mint in text]:
            self._refused.update(named)
            self._wanted = tuple(mint for mint in self._wanted if mint not in self._refused)
            self._subscribe()
            error = ProviderError(ErrorKind.SUBSCRIPTION, f"Birdeye refused a token: {shown}")
            return [Refusal(error, (mint,)) for mint in named]
        if "select" in folded:
            self._statistics_refused()
        elif "query" in folded:
            text = f"Birdeye refused the price subscription: {shown}"
            return [Refusal(ProviderError(ErrorKind.SUBSCRIPTION, text))]
        return [Notice(ProviderError(ErrorKind.SERVER, f"Birdeye reported an error: {shown}"))]

    def _candle(self, candle: _Candle) -> list[Report]:
        self._throttle.granted()
        time = candle.unixTime
        bucket = time if type(time) is int else number(time)
        if bucket is not None:
            if not 0 <= bucket <= LATEST_MILLISECONDS:
                raise Undecodable("a candle of an impossible time")
            bucket = Decimal(bucket) / 1000 if bucket > MILLISECONDS_FROM else bucket
            if self._is_late(candle.address, bucket - bucket % BUCKET):
                return [Malformed("a candle older than the last one")]
        return _fields(candle.address, price=candle.c)

    def _is_late(self, mint: str, bucket: Decimal | int) -> bool:
        """Take note of a candle's time; return whether it was overtaken by a newer candle.

        What comes now is what is so now. The time only tells two candles apart that came in the wrong order,
        and never leaves out two in a row: then it was the time of the one before them that was wrong.
        """
        if mint not in self._wanted:
            return False
        if mint not in self._late and 0 < self._bucket.get(mint, bucket) - bucket <= BUCKET:
            self._late.add(mint)
            return True
        self._late.discard(mint)
        self._bucket[mint] = bucket
        return False


def _statistics(statistics: _Statistics) -> list[Report]:
    bad: list[str] = []
    trades = read_trades(statistics.trade_24h, bad)
    reports = _fields(
        statistics.address,
        change_24h=statistics.price_change_24h_percent,
        volume_24h=statistics.volume_24h_usd,
    )
    if trades is not None and isinstance(reports[0], PriceReport):
        reports[0] = msgspec.structs.replace(reports[0], trades_24h=trades)
    return [*reports, *map(Malformed, bad)]


def _listed(items: _Generic | list[_Generic]) -> list[_Generic]:
    if isinstance(items, _Generic):
        return [items]
    if not items:
        raise Undecodable("a list of nothing")
    return items


def _generic(item: _Generic, complete: bool) -> list[Report]:
    return _fields(
        item.address or item.symbol,
        complete=complete,
        price=item.price,
        change_24h=item.change_24h,
        volume_24h=item.volume_24h,
    )


def _fields(topic: str, *, complete: bool = False, **values: object) -> list[Report]:
    """Return a report of what can be read; one bad field takes no good one down."""
    if not topic:
        return [Malformed("values of no token")]
    numbers: dict[str, Any] = {}
    bad: list[str] = []
    for name, value in values.items():
        try:
            numbers[name] = believed(name, name, number(value), bad)
        except Undecodable as error:
            bad.append(f"{name}: {error}")
    return [PriceReport(topic, complete=complete, **numbers), *map(Malformed, bad)]


def _whole_refusal(shown: str, folded: str) -> Refusal | None:
    """Return what ends the connection: the key, its plan, or the pace is refused; ``None`` for any other."""
    if "compute units" in folded or "usage limit" in folded:
        return Refusal(ProviderError(ErrorKind.QUOTA, quota_text(shown)))
    if "api key" in folded or "unauthorized" in folded or "origin" in folded:
        text = f"Birdeye refused the API key: {shown}; check BIRDEYE_API_KEY"
        return Refusal(ProviderError(ErrorKind.AUTH, text))
    if "upgrade" in folded or "permission" in folded:
        return Refusal(ProviderError(ErrorKind.PLAN, f"this Birdeye plan has no stream: {shown}"))
    if "too many" in folded:
        return Refusal(ProviderError(ErrorKind.RATE_LIMIT, f"Birdeye asks for fewer requests: {shown}"))
    return None


def _as_text(data: object) -> str:
    try:
        return msgspec.json.encode(data).decode()
    except (TypeError, ValueError, RecursionError):
        return "of a kind that cannot be shown"  # MessagePack has values that JSON lacks


def quota_text(shown: str) -> str:
    """Return the sentence for a key whose compute units are used up."""
    return f"the Birdeye quota of this key is used up ({shown}); it returns with the next billing period"
