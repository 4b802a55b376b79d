"""The messages of Kraken's WebSocket v2: subscriptions out; acknowledgements, tickers and states in.

Every ticker is a full object, so there is nothing to merge; none has a number, so that one was lost cannot be
known. Heartbeats come about every second while there is nothing else to say. Source: docs.kraken.com, "Spot
WebSocket v2", channels ticker, status, heartbeat.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec

from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.transport import Frame
from streamcore.providers.decoding import Undecodable, content, json_as
from streamcore.providers.exchange import CENT, MOST_TEXT, PairRequest, in_dollars, is_for_a_moment
from streamcore.providers.exchange_codec import ExchangeCodec
from streamcore.providers.figures import (
    ALL_OF_IT,
    LEAST,
    MAX_MAGNITUDE,
    MOST,
    MOST_TRADES,
    NULL,
    believed,
    exactly,
    read,
    read_trades,
)
from streamcore.providers.kraken.announcements import Announcements
from streamcore.providers.reports import Malformed, Notice, PriceReport, Refusal, Report
from streamcore.text import printable

PAIRS_PER_REQUEST = 100
"""No limit is documented; this keeps a frame small."""

MAINTENANCE_WAIT = 30.0
"""Seconds until the next try; maintenance takes minutes, and its end is not announced on a closed stream."""

_PAIR = re.compile(r"[^\s/]+/[^\s/]+")
_NO_SUCH_PAIR = ("currency pair not supported", "currency pair not in iso")
_SOFT_STATES = {
    "cancel_only": "Kraken only lets orders be cancelled at the moment (cancel_only): nothing is traded",
    "post_only": "Kraken only takes new orders at the moment (post_only): nothing is traded",
    "limit_only": "Kraken only takes limit orders at the moment (limit_only)",
}


class _Frame(msgspec.Struct, frozen=True):
    """Any frame: messages of a channel have ``channel`` and ``data``, answers have ``method``."""

    channel: object = None
    method: object = None
    type: object = None
    data: msgspec.Raw = NULL
    success: object = None
    error: object = None
    symbol: object = None
    result: msgspec.Raw = NULL


class _Ticker(msgspec.Struct, frozen=True, gc=False):
    """A usual ticker; ``change_pct`` is percent, ``volume`` in base units.

    All but ``last``, ``bid`` and ``ask`` are of the last 24 hours. What moves with most of the tickers is
    decoded at once; of the rest it costs less to see that it was written just as before: the average, told to
    the digits of the price, moves with a trade of twenty or of a thousand. The fields are in the order of the
    feed, in which they are found the quickest.
    """

    symbol: str
    bid: Decimal
    ask: Decimal
    last: Decimal
    volume: Decimal
    vwap: msgspec.Raw
    low: msgspec.Raw
    high: msgspec.Raw
    change_pct: Decimal
    trades: Annotated[int, msgspec.Meta(ge=0, le=MOST_TRADES)] | None = None


class _TickerMessage(msgspec.Struct, frozen=True, gc=False, tag_field="channel", tag="ticker"):
    """A frame of tickers, decoded in one step; any other, and a malformed one, is read as a `_Frame`."""

    type: Literal["snapshot", "update"]
    data: tuple[_Ticker]


class _AnyTicker(msgspec.Struct, frozen=True):
    """A ticker of whatever values, as it was written."""

    symbol: str
    last: msgspec.Raw = NULL
    change_pct: msgspec.Raw = NULL
    bid: msgspec.Raw = NULL
    ask: msgspec.Raw = NULL
    volume: msgspec.Raw = NULL
    vwap: msgspec.Raw = NULL
    high: msgspec.Raw = NULL
    low: msgspec.Raw = NULL
    trades: object = None


_HIGH = Decimal("1e15")
"""Above every price and every volume that is usual; what two such figures make is credible."""


@dataclass(slots=True)
class _Day:
    """The slower figures of one pair: as they were written last, and what that means."""

    told: tuple[msgspec.Raw, ...] = ()
    """Average, high and low."""
    average: Decimal = LEAST
    high: Decimal | None = None
    low: Decimal | None = None

    def is_read(self, told: tuple[msgspec.Raw, ...]) -> bool:
        """Read them anew, if they are usual; return whether they are."""
        self.told = ()
        average, high, low = map(exactly, told)
        if not (LEAST <= average <= _HIGH and LEAST <= low <= high <= MOST):
            return False
        self.average, self.high, self.low = average, high, low
        self.told = tuple(raw.copy() for raw in told)  # as decoded each would keep its whole frame in memory
        return True


class _Result(msgspec.Struct, frozen=True):
    symbol: object = None


class _Status(msgspec.Struct, frozen=True):
    """Of a status only what is read: ``connection_id`` exceeds 64 signed bits."""

    system: object = None
    upcoming_maintenance: object = None
    emergency: object = None


class KrakenCodec(ExchangeCodec):
    """One Kraken connection; see `streamcore.providers.base.Codec`. Topics are pairs such as ``SOL/USD``."""

    _usual = msgspec.json.Decoder(_TickerMessage, float_hook=Decimal)
    _title = "Kraken"

    def __init__(
        self,
        batch_size: int = PAIRS_PER_REQUEST,
        announcements: Announcements | None = None,
        passed_over: set[str] | None = None,
    ) -> None:
        """Make a codec for a connection that is not open yet.

        Args:
            batch_size: Pairs in one subscribe message at most.
            announcements: Those already reported by other connections; ``None``: none.
            passed_over: See `ExchangeCodec`.
        """
        super().__init__(min(batch_size, PAIRS_PER_REQUEST), passed_over)
        self._announcements = announcements or Announcements()
        self._requests = 0
        self._days: dict[str, _Day] = {}

    def set_topics(self, topics: Sequence[str]) -> None:
        """Make these the wanted pairs, all of them; only what changes is sent."""
        super().set_topics(topics)
        self._days = {pair: day for pair, day in self._days.items() if self._pairs.wants(pair)}

    def _worded(self, request: PairRequest) -> dict[str, Any]:
        self._requests += 1
        params: dict[str, Any] = {"channel": "ticker", "symbol": request.pairs}
        if request.subscribe:
            # by trade, so that the price moves with every one; changes of the book alone are not shown
            params |= {"event_trigger": "trades", "snapshot": True}
        method = "subscribe" if request.subscribe else "unsubscribe"
        return {"method": method, "params": params, "req_id": self._requests}

    def _tell(self, message: _TickerMessage, reports: list[Report]) -> bool:
        (now,) = message.data
        day = self._days.get(now.symbol)
        if day is None or self._pairs.waiting or not self._alive:
            return False
        told = (now.vwap, now.high, now.low)
        if told != day.told and not day.is_read(told):
            return False
        last, bid, ask, change, volume = now.last, now.bid, now.ask, now.change_pct, now.volume
        if not (
            LEAST <= last <= MOST
            and LEAST <= bid <= ask <= MOST
            and ALL_OF_IT <= change <= MOST
            and change.adjusted() >= -MAX_MAGNITUDE
            and LEAST <= volume <= _HIGH
        ):
            return False
        dollars = (volume * day.average).quantize(CENT)  # what `in_dollars` does, without its questions
        reports.append(
            PriceReport(  # by position: the names would cost as much as all of the above
                now.symbol, last, change, dollars, day.high, day.low, message.type == "snapshot",
                bid, ask, day.average, now.trades,
            )
        )  # fmt: skip
        return True

    def _read(self, frame: Frame) -> list[Report]:
        return self._said(json_as(frame, _Frame))

    def _said(self, frame: _Frame) -> list[Report]:
        match frame.channel:
            case "ticker":
                return self._tickers(frame)
            case "heartbeat":
                return self._proof()
            case "status":
                return self._status(frame.data)
            case None if frame.method is not None or frame.error is not None:
                return self._answer(frame)
            case None:
                raise Undecodable("a message of neither a channel nor a method")
            case _:
                raise Undecodable(f"an unknown channel {_shown(frame.channel)}")

    def _tickers(self, frame: _Frame) -> list[Report]:
        if frame.type not in ("snapshot", "update"):
            raise Undecodable(f"a ticker of an unknown type {_shown(frame.type)}")
        items = content(frame.data, list[msgspec.Raw])
        reports = self._proof()
        for item in items:
            try:
                ticker = content(item, _AnyTicker)
            except Undecodable as error:
                reports.append(Malformed(f"a ticker: {error}"))
            else:
                reports += self._ticker(ticker, complete=frame.type == "snapshot")
        return reports

    def _ticker(self, ticker: _AnyTicker, *, complete: bool) -> list[Report]:
        """Return what a ticker says that may be odd.

        Where nothing was traded for 24 hours Kraken sends 0 for price, change, volume and average. That means
        unknown, not a price of 0 or a change of 0 %, so the report is then one without any figure.
        """
        pair = ticker.symbol
        self._pairs.answered(pair)
        if not self._pairs.wants(pair):
            # one that is known was on its way when the pair was given back
            known = self._pairs.knows(pair)
            return [] if known else [Malformed("a ticker: a pair that was never asked for")]
        self._days.setdefault(pair, _Day())
        bad: list[str] = []
        price = read("price", "last", ticker.last, bad)
        if price is None and not bad and ticker.last != NULL:  # a zero, that is
            return [PriceReport(pair, complete=True)]
        volume = read("volume_24h", "volume", ticker.volume, bad)
        average = read("price", "vwap", ticker.vwap, bad)
        dollars = believed("volume_24h", "volume", in_dollars(volume, average), bad)
        change = read("change_24h", "change_pct", ticker.change_pct, bad)
        trades = read_trades(ticker.trades, bad)
        if volume is not None and not volume and not trades:
            change = dollars = None
        report = PriceReport(
            pair,
            price=price,
            change_24h=change,
            volume_24h=dollars,
            high_24h=read("price", "high", ticker.high, bad),
            low_24h=read("price", "low", ticker.low, bad),
            complete=complete,
            bid=read("price", "bid", ticker.bid, bad),
            ask=read("price", "ask", ticker.ask, bad),
            vwap_24h=average,
            trades_24h=trades,
        )
        return [report, *map(Malformed, bad)]

    def _status(self, data: msgspec.Raw) -> list[Report]:
        reports: list[Report] = []
        for status in content(data, list[_Status]):
            reports += self._announcements.news("maintenance", status.upcoming_maintenance)
            reports += self._announcements.news("an emergency", status.emergency)
            match status.system:
                case "online":
                    pass
                case "maintenance":
                    text = "Kraken is in maintenance; it is tried again every now and then"
                    error = ProviderError(ErrorKind.SERVER, text, retry_after=MAINTENANCE_WAIT)
                    return [*reports, Refusal(error)]
                case str() as system:
                    text = _SOFT_STATES.get(system, f"Kraken is in an unknown state: {_shown(system)}")
                    reports.append(Notice(ProviderError(ErrorKind.SERVER, text)))
                case _:
                    reports.append(Malformed("a status without a state"))
        return [*self._proof(), *reports]

    def _answer(self, frame: _Frame) -> list[Report]:
        match frame.method:
            case "pong":
                return self._proof()
            case "subscribe" | "unsubscribe" | None:
                pass
            case _:
                raise Undecodable(f"an answer to an unknown method {_shown(frame.method)}")
        if frame.success is True:
            pair = content(frame.result, _Result).symbol
            if not isinstance(pair, str):
                raise Undecodable("an acknowledgement of no pair")
            self._pairs.answered(pair)
            self._throttle.granted()
            return self._proof()
        return [*self._proof(), *self._refused(frame)]

    def _refused(self, frame: _Frame) -> list[Report]:
        text = frame.error if isinstance(frame.error, str) else ""
        shown = printable(text, limit=120) or "no reason given"
        folded = text.casefold()
        pair = self._pair_in(frame.symbol, text)
        if "msg rate" in folded or "rate limit" in folded:
            # it says so for each pair of the request; what it has subscribed all the same, it will say then
            self._pairs.ask_again()
            return self._throttle.denied(f"Kraken asks for fewer messages: {shown}")
        if "already subscribed" in folded:
            self._pairs.answered(*([pair] if pair else ()))
            return []
        if frame.method == "unsubscribe":
            self._pairs.answered(*([pair] if pair else ()))
            return [Notice(ProviderError(ErrorKind.SUBSCRIPTION, f"Kraken went on with a pair: {shown}"))]
        pairs = (pair,) if pair else self._pairs.under_way
        known = [one for one in pairs if self._pairs.knows(one)]
        if not known:
            return [Notice(ProviderError(ErrorKind.SERVER, f"Kraken reported an error: {shown}"))]
        if pair is None and is_for_a_moment(text):
            return [Refusal(_refusal(None, text, shown))]
        return [
            self._pairs.refuse(one, _refusal(one, text, shown))
            for one in known
            if not self._pairs.is_refused(one)
        ]

    def _pair_in(self, symbol: object, text: str) -> str | None:
        """Return the pair that an answer is about: by its field, or by name in the text."""
        if isinstance(symbol, str) and symbol:
            return symbol
        if named := self._pairs.named_in(text):
            return named[0]
        found = _PAIR.search(text[:MOST_TEXT])
        return found[0] if found else None


def _refusal(pair: str | None, text: str, shown: str) -> ProviderError:
    """Return what it means that a pair is refused, or with ``None`` a whole subscription."""
    if is_for_a_moment(text):
        what = pair or "any pair"
        return ProviderError(ErrorKind.SERVER, f"Kraken cannot subscribe {what} at the moment: {shown}")
    listed = not text.casefold().startswith(_NO_SUCH_PAIR)
    reason = f"Kraken refused {pair}: {shown}" if listed else f"Kraken does not list {pair}"
    return ProviderError(ErrorKind.SUBSCRIPTION, reason)


def _shown(value: object) -> str:
    return printable(value, limit=40) if isinstance(value, str) else "of a kind that cannot be shown"
