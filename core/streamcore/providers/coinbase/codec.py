"""The words of the Coinbase Exchange feed: subscriptions out; tickers, heartbeats and errors in.

Every ticker is a full object, one a match. Tickers have gaps in their sequence by design, since other
messages are counted in it; what was missed shows in the heartbeats instead, which name the last trade.
Source: docs.cdp.coinbase.com, "Exchange WebSocket", channels ticker and heartbeat.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec

from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.transport import Frame
from streamcore.providers.decoding import Undecodable, json_as
from streamcore.providers.exchange import (
    CENT,
    MOST_TEXT,
    PERCENT,
    PairRequest,
    in_dollars,
    is_for_a_moment,
    percent_since,
)
from streamcore.providers.exchange_codec import ExchangeCodec
from streamcore.providers.figures import LEAST, MOST, NULL, believed, read
from streamcore.providers.reports import Malformed, Notice, PriceReport, PriceRequest, Refusal, Report
from streamcore.text import printable

CHANNELS = ("ticker", "heartbeat")
PRODUCTS_PER_REQUEST = 100
"""No limit is documented; this keeps a frame small."""

FIRST_TICKER_WITHIN = 3
"""Heartbeats, one a second, by which a first ticker is here: it comes with the subscription, however long ago
the last trade was."""

RESTARTED_BY = 100_000
"""A sequence that is back by more than this has begun anew: it is minutes even of the busiest product."""

_PRODUCT = re.compile(r"[A-Z0-9]+-[A-Z]{3,}")
"""What looks like a product, whether it is known or not."""

_REASONS = {
    "is not a valid product": "Coinbase does not list {product}",
    "delisted": "Coinbase has delisted {product}",
}
"""Known wordings of a refusal, to be told in our own words; source: captures of the live feed."""


class _Frame(msgspec.Struct, frozen=True):
    """Any frame, with the fields of all that are read but tickers."""

    type: str
    product_id: str = ""
    last_trade_id: object = None
    message: object = None
    reason: object = None
    channels: object = None


class _Ticker(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="ticker"):
    """A usual ticker; ``volume_24h`` is in base units.

    To read a number costs more than to see that it is written just like one that was read: the slower
    figures are those of the ticker before, and a trade was made at the bid or at the ask. So they are taken
    as they are written; only the volume is another after every trade. The fields are in the order of the
    feed, in which they are found the quickest.
    """

    sequence: int
    product_id: str
    price: str
    open_24h: str
    volume_24h: Decimal
    low_24h: str
    high_24h: str
    best_bid: str
    best_ask: str
    trade_id: int


class _AnyTicker(msgspec.Struct, frozen=True):
    """A ticker of whatever values, as it was written."""

    product_id: str = ""
    sequence: object = None
    trade_id: object = None
    price: msgspec.Raw = NULL
    best_bid: msgspec.Raw = NULL
    best_ask: msgspec.Raw = NULL
    open_24h: msgspec.Raw = NULL
    volume_24h: msgspec.Raw = NULL
    high_24h: msgspec.Raw = NULL
    low_24h: msgspec.Raw = NULL


_LOW, _HIGH = Decimal("1e-12"), Decimal("1e12")
"""Between these is nearly every price, and what is computed of two such prices is credible."""


@dataclass(slots=True)
class _Progress:
    """How far the feed of one product has come, and its slower figures as they were written last."""

    begun: bool = False
    """There has been a ticker."""
    awaited: bool = True
    """There must be one soon: it is not asked for a second time because of another product's refusal."""
    beats: int = 0
    """Heartbeats before it."""
    sequence: int | None = None
    """That of the last ticker."""
    late: bool = False
    """The last ticker was left out, as older than the one before it."""
    trade: int | None = None
    """The trade of the last ticker."""
    promised: int | None = None
    """The trade that the last heartbeat named: by the next heartbeat its ticker must be here."""
    behind: bool = False
    """That it is not has been told."""
    asked: int = 0
    """The trade because of which the price was asked for last."""
    told: tuple[str, ...] = ()
    """The price of a day ago, high and low."""
    opened: Decimal = LEAST
    hundredth: Decimal = LEAST
    """One percent of that."""
    high: Decimal | None = None
    low: Decimal | None = None

    def is_read(self, told: tuple[str, ...]) -> bool:
        """Read the slower figures anew, if they are usual; return whether they are."""
        self.told = ()
        opened, high, low = map(Decimal, told)
        if not (_LOW <= opened <= _HIGH and LEAST <= low <= high <= MOST):
            return False
        self.opened, self.high, self.low, self.told = opened, high, low, told
        self.hundredth = opened.scaleb(-2)
        return True


class CoinbaseCodec(ExchangeCodec):
    """One Coinbase connection; see `streamcore.providers.base.Codec`. Topics are products: ``SOL-USD``.

    When it is open it must subscribe within five seconds, or the feed is closed.
    """

    _usual = msgspec.json.Decoder(_Ticker)
    _title = "Coinbase"

    def __init__(self, batch_size: int = PRODUCTS_PER_REQUEST, passed_over: set[str] | None = None) -> None:
        """``batch_size``: products in one subscribe message at most; ``passed_over``: see `ExchangeCodec`."""
        super().__init__(min(batch_size, PRODUCTS_PER_REQUEST), passed_over)
        self._progress: dict[str, _Progress] = {}

    def set_topics(self, topics: Sequence[str]) -> None:
        """Make these the wanted products, all of them; only what changes is sent."""
        super().set_topics(topics)
        self._progress = {name: known for name, known in self._progress.items() if self._pairs.wants(name)}

    def _worded(self, request: PairRequest) -> dict[str, Any]:
        for product in request.pairs:
            known = self._progress.pop(product, None)
            if known is not None and known.begun and request.subscribe:
                self._progress[product] = _Progress(awaited=False)
        kind = "subscribe" if request.subscribe else "unsubscribe"
        return {"type": kind, "product_ids": request.pairs, "channels": CHANNELS}

    def _tell(self, message: _Ticker, reports: list[Report]) -> bool:
        product, written = message.product_id, message.price
        progress = self._progress.get(product)
        if progress is None or progress.sequence is None or message.sequence < progress.sequence:
            return False
        told = (message.open_24h, message.high_24h, message.low_24h)
        if told != progress.told and not progress.is_read(told):
            return False
        price, volume = Decimal(written), message.volume_24h
        bid = price if message.best_bid == written else Decimal(message.best_bid)
        ask = price if message.best_ask == written else Decimal(message.best_ask)
        if not (
            bid >= _LOW
            and (bid is price or bid <= price)
            and (ask is price or price <= ask)
            and ask <= _HIGH
            and LEAST <= volume <= _HIGH
        ):
            return False
        # what `percent_since` and `in_dollars` do, without their questions
        change = PERCENT.divide(price - progress.opened, progress.hundredth)
        dollars = (volume * price).quantize(CENT)
        progress.sequence, progress.trade, progress.late = message.sequence, message.trade_id, False
        reports.append(
            PriceReport(  # by position: the names would cost as much as all of the above
                product, price, change, dollars,
                progress.high, progress.low, False, bid, ask,
            )
        )  # fmt: skip
        return True

    def _read(self, frame: Frame) -> list[Report]:
        said = json_as(frame, _Frame)
        match said.type:
            case "ticker":
                reports = self._ticker(json_as(frame, _AnyTicker))
                return [*self._proof(), *reports]  # if it makes no sense, it is no proof of life
            case "heartbeat":
                reports = self._heartbeat(said)
                return [*self._proof(), *reports]
            case "subscriptions":
                self._subscribed(said.channels)
                self._throttle.granted()
                return self._proof()
            case "error":
                return self._error(said)
            case _:
                raise Undecodable(f"an unknown message type {printable(said.type, limit=40)}")

    def _subscribed(self, channels: object) -> None:
        """Take note of the whole set that is subscribed; what it lacks of a request is still unanswered."""
        listed: set[object] = set()
        for channel in channels if isinstance(channels, list) else ():
            if isinstance(channel, dict) and channel.get("name") == "ticker":
                products = channel.get("product_ids")
                listed.update(products if isinstance(products, list) else ())
        for product in self._pairs.under_way:
            if (product in listed) == self._pairs.wants(product):
                self._pairs.answered(product)

    def _ticker(self, ticker: _AnyTicker) -> list[Report]:
        """Return what a ticker says that may be odd, or late."""
        product = ticker.product_id
        if not self._is_live(product):
            return []
        progress = self._progress_of(product)
        sequence, trade = _count(ticker.sequence), _count(ticker.trade_id)
        if sequence is not None:
            older = 0 < (progress.sequence or sequence) - sequence <= RESTARTED_BY
            # two in a row are never left out: then it was the number of the one before them that was wrong
            progress.late = older and not progress.late
            if progress.late:
                return [Malformed("a ticker older than the last one")]
            progress.sequence = sequence
        progress.trade = progress.trade if trade is None else trade
        first, progress.begun = not progress.begun, True
        bad: list[str] = []
        price = read("price", "price", ticker.price, bad)
        opened = read("price", "open_24h", ticker.open_24h, bad)
        volume = read("volume_24h", "volume_24h", ticker.volume_24h, bad)
        report = PriceReport(
            product,
            price=price,
            change_24h=believed("change_24h", "change", percent_since(price, opened), bad),
            volume_24h=believed("volume_24h", "volume", in_dollars(volume, price), bad),
            high_24h=read("price", "high_24h", ticker.high_24h, bad),
            low_24h=read("price", "low_24h", ticker.low_24h, bad),
            complete=first,
            bid=read("price", "best_bid", ticker.best_bid, bad),
            ask=read("price", "best_ask", ticker.best_ask, bad),
        )
        return [report, *map(Malformed, bad)]

    def _heartbeat(self, frame: _Frame) -> list[Report]:
        product = frame.product_id
        if not self._is_live(product):
            return []
        progress = self._progress_of(product)
        trade, promised = progress.trade, progress.promised
        progress.promised = _count(frame.last_trade_id)
        if progress.awaited and not progress.begun:
            progress.beats += 1
            if progress.beats > FIRST_TICKER_WITHIN:
                trade = 0
        if trade is None or promised is None or promised <= trade:
            progress.behind = False
            return []
        reports: list[Report] = []
        if not progress.behind:
            progress.behind = True
            text = f"Coinbase left out trades of {product}: its price is asked for over HTTP"
            reports.append(Notice(ProviderError(ErrorKind.GAP, text)))
        if promised > progress.asked:
            progress.asked = promised
            reports.append(PriceRequest(product, promised))
        return reports

    def _progress_of(self, product: str) -> _Progress:
        progress = self._progress.get(product)
        if progress is None:
            progress = self._progress[product] = _Progress()
        return progress

    def _is_live(self, product: str) -> bool:
        """Whether something about a product is of interest; ``False`` just after it was given back.

        Raises:
            Undecodable: It was never asked for.
        """
        if not self._pairs.wants(product) and not self._pairs.knows(product):
            raise Undecodable("a product that was never asked for")
        return self._pairs.wants(product)

    def _error(self, frame: _Frame) -> list[Report]:
        """Return what an error means; the feed has no codes, and names products in its texts.

        An error that names products is about these, whatever its wording: the feed goes on with the others.
        """
        texts = [text for text in (frame.message, frame.reason) if isinstance(text, str) and text]
        whole = ": ".join(texts)
        shown = printable(whole, limit=160) or "no reason given"
        folded = shown.casefold()
        if "rate limit" in folded or "too many" in folded:
            self._pairs.ask_again()
            return self._throttle.denied(f"Coinbase asks for fewer messages: {shown}")
        if named := self._pairs.named_in(whole):
            return [*self._proof(), *self._refused(named, shown)]
        if "authentication" in folded or "unauthorized" in folded:
            text = f"Coinbase does not stream prices without an account any more: {shown}"
            return [Refusal(ProviderError(ErrorKind.AUTH, text))]
        if folded.startswith("failed to subscribe") and not _PRODUCT.search(whole[:MOST_TEXT].upper()):
            text = f"Coinbase refused the subscription: {shown}"
            return [Refusal(ProviderError(_kind_of(shown), text))]
        return [Notice(ProviderError(ErrorKind.SERVER, f"Coinbase reported an error: {shown}"))]

    def _refused(self, products: Sequence[str], shown: str) -> list[Report]:
        """Drop products, and ask for the rest of their request again.

        The feed may or may not have subscribed the rest; asking twice does no harm. It says no once a
        channel, so what it has refused already is no news.
        """
        new = [product for product in products if not self._pairs.is_refused(product)]
        wording = next((ours for theirs, ours in _REASONS.items() if theirs in shown.casefold()), None)
        reports: list[Report] = []
        for product in new:
            text = (
                f"Coinbase refused {product}: {shown}" if wording is None else wording.format(product=product)
            )
            reports.append(self._pairs.refuse(product, ProviderError(_kind_of(shown), text)))
        if new:
            self._pairs.ask_again()
        return reports


def _kind_of(refusal: str) -> ErrorKind:
    return ErrorKind.SERVER if is_for_a_moment(refusal) else ErrorKind.SUBSCRIPTION


def _count(value: object) -> int | None:
    """Return a number of a sequence; ``None`` where the feed left it out, as it may in a first ticker."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None
