"""The messages of Kraken's WebSocket v2: subscriptions out; acknowledgements, tickers and states in.

Every ticker is a full object, so there is nothing to merge; none has a number, so that one was lost cannot be
known. Heartbeats come about every second while there is nothing else to say. Source: docs.kraken.com, "Spot
WebSocket v2", channels ticker, status, heartbeat.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Literal

import msgspec

from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.transport import Frame
from streamcore.providers.base import Alive, Codec, Malformed, Notice, PriceReport, Refusal, Report
from streamcore.providers.decoding import (
    Figures,
    Undecodable,
    content,
    json_as,
    message_reader,
    whole_number,
)
from streamcore.providers.exchange import MOST_TEXT, Pairs, in_dollars
from streamcore.providers.kraken.announcements import Announcements
from streamcore.providers.throttle import Throttle
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
    data: msgspec.Raw = msgspec.Raw(b"null")
    success: object = None
    error: object = None
    symbol: object = None
    result: msgspec.Raw = msgspec.Raw(b"null")


_NULL = msgspec.Raw(b"null")


class _Ticker(msgspec.Struct, frozen=True, gc=False):
    """``change_pct`` is percent, ``volume`` in base units; all but ``last`` are of the last 24 hours."""

    symbol: str
    last: msgspec.Raw = _NULL
    volume: msgspec.Raw = _NULL
    vwap: msgspec.Raw = _NULL
    change_pct: msgspec.Raw = _NULL
    high: msgspec.Raw = _NULL
    low: msgspec.Raw = _NULL
    bid: msgspec.Raw = _NULL
    ask: msgspec.Raw = _NULL
    trades: object = None


class _TickerMessage(msgspec.Struct, frozen=True, gc=False, tag_field="channel", tag="ticker"):
    """A frame of tickers, decoded in one step; any other, and a malformed one, is read as a `_Frame`."""

    type: Literal["snapshot", "update"]
    data: list[_Ticker]


_read_tickers = message_reader(_TickerMessage)


class _PairFigures(Figures):
    """The numbers in the last ticker of one pair, and the report they make."""

    __slots__ = ("_dollars",)

    def __init__(self) -> None:
        super().__init__("last", "volume", "vwap", "change_pct", "high", "low", "bid", "ask")
        self._dollars: tuple[Decimal | None, Decimal | None, Decimal | None] = (None, None, None)

    def report(self, pair: str, trades: int | None, *, complete: bool) -> PriceReport:
        """Return what the last ticker says. ``trades``: how many there were in the last 24 hours.

        Where nothing was traded for 24 hours Kraken sends 0 for price, change, volume and average. That means
        unknown, not a price of 0 or a change of 0 %, so the report is then one without any figure.
        """
        last, volume, vwap, change, high, low, bid, ask = self.values
        price = last or None
        if price is None and last is not None:
            return PriceReport(pair, complete=True)
        if volume is not None and not volume and not trades:
            change = dollars = None
        else:
            dollars = self._in_dollars(volume, vwap or None)
        return PriceReport(
            pair, price, change, dollars, high or None, low or None, complete,
            bid or None, ask or None, vwap or None, trades,
        )  # fmt: skip

    def _in_dollars(self, volume: Decimal | None, average: Decimal | None) -> Decimal | None:
        of, at, dollars = self._dollars
        if volume is not of or average is not at:
            dollars = in_dollars(volume, average)
            self._dollars = volume, average, dollars
        return dollars


class _Result(msgspec.Struct, frozen=True):
    symbol: object = None


class _Status(msgspec.Struct, frozen=True):
    """Of a status only what is read: ``connection_id`` exceeds 64 signed bits."""

    system: object = None
    upcoming_maintenance: object = None
    emergency: object = None


class KrakenCodec(Codec):
    """One Kraken connection; see `streamcore.providers.base.Codec`. Topics are pairs such as ``SOL/USD``."""

    def __init__(
        self, batch_size: int = PAIRS_PER_REQUEST, announcements: Announcements | None = None
    ) -> None:
        """Make a codec for a connection that is not open yet.

        Args:
            batch_size: Pairs in one subscribe message at most.
            announcements: Those already reported by other connections; ``None``: none.
        """
        self._pairs = Pairs(min(batch_size, PAIRS_PER_REQUEST))
        self._announcements = announcements or Announcements()
        self._throttle = Throttle()
        self._alive = False
        self._requests = 0
        self._figures: dict[str, _PairFigures] = {}
        self._outgoing: list[Frame] = []

    def opened(self) -> None:
        """Send what is wanted."""
        self._pairs.open()
        self._ask()

    def set_topics(self, topics: Sequence[str]) -> None:
        """Make these the wanted pairs, all of them; only what changes is sent."""
        self._pairs.set_topics(topics)
        self._figures = {pair: figures for pair, figures in self._figures.items() if self._pairs.wants(pair)}
        self._ask()

    @property
    def unanswered(self) -> object:
        """The pairs of the last request that have had no answer; ``None`` when there are none."""
        return self._pairs.under_way or None

    def rested(self) -> None:
        """Ask again for what was denied."""
        self._throttle.rested()
        self._ask()

    def frames_to_send(self) -> list[Frame]:
        """Return the frames to send now, and forget them."""
        frames, self._outgoing = self._outgoing, []
        return frames

    def received(self, frame: Frame) -> list[Report]:
        """Return what one frame says."""
        reports: list[Report] = []
        try:
            message = _read_tickers(frame)
            if message is None:
                reports += self._read(json_as(frame, _Frame))
            else:
                reports += self._proof()
                complete = message.type == "snapshot"
                for ticker in message.data:
                    self._ticker(ticker, reports, complete=complete)
        except Undecodable as error:
            reports.append(Malformed(str(error)))
        self._ask()
        return reports

    def _ask(self) -> None:
        request = None if self._throttle.resting else self._pairs.request()
        if request is None:
            return
        self._requests += 1
        params: dict[str, Any] = {"channel": "ticker", "symbol": request.pairs}
        if request.subscribe:
            # by trade, so that the price moves with every one; changes of the book alone are not shown
            params |= {"event_trigger": "trades", "snapshot": True}
        method = "subscribe" if request.subscribe else "unsubscribe"
        message = {"method": method, "params": params, "req_id": self._requests}
        self._outgoing.append(msgspec.json.encode(message).decode())

    def _proof(self) -> list[Report]:
        if self._alive:
            return []
        self._alive = True
        return [Alive()]

    def _read(self, frame: _Frame) -> list[Report]:
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
                ticker = content(item, _Ticker)
            except Undecodable as error:
                reports.append(Malformed(f"a ticker: {error}"))
            else:
                self._ticker(ticker, reports, complete=frame.type == "snapshot")
        return reports

    def _ticker(self, ticker: _Ticker, reports: list[Report], *, complete: bool) -> None:
        pair = ticker.symbol
        self._pairs.answered(pair)
        figures = self._figures.get(pair)
        if figures is None:
            if not self._pairs.wants(pair):
                if not self._pairs.knows(pair):
                    reports.append(Malformed("a ticker: a pair that was never asked for"))
                return  # or it was on its way when the pair was given back
            figures = self._figures[pair] = _PairFigures()
        bad = figures.read(
            (
                ticker.last, ticker.volume, ticker.vwap, ticker.change_pct, ticker.high, ticker.low,
                ticker.bid, ticker.ask,
            )
        )  # fmt: skip
        try:
            trades = ticker.trades if type(ticker.trades) is int else whole_number(ticker.trades)
        except Undecodable as error:
            trades = None
            bad.append(f"trades: {error}")
        reports.append(figures.report(pair, trades, complete=complete))
        if bad:
            reports += map(Malformed, bad)

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
        listed = not folded.startswith(_NO_SUCH_PAIR)
        return [
            self._pairs.refuse(one, _no_pair(one, shown if listed else None))
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


def _no_pair(pair: str, reason: str | None) -> ProviderError:
    text = f"Kraken does not list {pair}" if reason is None else f"Kraken refused {pair}: {reason}"
    return ProviderError(ErrorKind.SUBSCRIPTION, text)


def _shown(value: object) -> str:
    return printable(value, limit=40) if isinstance(value, str) else "of a kind that cannot be shown"
