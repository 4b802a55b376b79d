"""The words of the Coinbase Exchange feed: subscriptions out; tickers, heartbeats and errors in.

Every ticker is a full object, one a match. Tickers have gaps in their sequence by design, since other
messages are counted in it; what was missed shows in the heartbeats instead, which name the last trade.
Source: docs.cdp.coinbase.com, "Exchange WebSocket", channels ticker and heartbeat.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.transport import Frame
from streamcore.providers.base import (
    Alive,
    Codec,
    Malformed,
    Notice,
    PriceReport,
    PriceRequest,
    Refusal,
    Report,
)
from streamcore.providers.decoding import Figures, Undecodable, json_as, message_reader
from streamcore.providers.exchange import MOST_TEXT, Pairs, in_dollars, percent_since
from streamcore.providers.throttle import Throttle
from streamcore.text import printable

CHANNELS = ("ticker", "heartbeat")
PRODUCTS_PER_REQUEST = 100
"""No limit is documented; this keeps a frame small."""

RESTARTED_BY = 100_000
"""A sequence that is back by more than this has begun anew: it is minutes even of the busiest product."""

LEFT_OUT_AFTER = 5
"""Heartbeats of one product, one a second, after which a product that the feed neither subscribed nor refused
will not come any more."""

_PRODUCT = re.compile(r"[A-Z0-9]+-[A-Z]{3,}")
"""What looks like a product, whether it is known or not."""

_REASONS = {
    "is not a valid product": "Coinbase does not list {product}",
    "delisted": "Coinbase has delisted {product}",
}
"""Known wordings of a refusal, to be told in our own words; source: captures of the live feed."""


class _Frame(msgspec.Struct, frozen=True):
    """Any frame that is no ticker, with the fields of all that are read."""

    type: str
    product_id: str = ""
    last_trade_id: object = None
    message: object = None
    reason: object = None
    channels: object = None


_NULL = msgspec.Raw(b"null")


class _Ticker(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="ticker"):
    """The usual frame, read at once; ``volume_24h`` is in base units."""

    product_id: str = ""
    sequence: object = None
    price: msgspec.Raw = _NULL
    open_24h: msgspec.Raw = _NULL
    volume_24h: msgspec.Raw = _NULL
    high_24h: msgspec.Raw = _NULL
    low_24h: msgspec.Raw = _NULL
    best_bid: msgspec.Raw = _NULL
    best_ask: msgspec.Raw = _NULL
    trade_id: object = None


_read_ticker = message_reader(_Ticker, binary=True)


@dataclass(slots=True)
class _Progress:
    """How far the feed of one product has come."""

    begun: bool = False
    """There has been a ticker."""
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
    figures: Figures = field(
        default_factory=lambda: Figures(
            "price", "open_24h", "volume_24h", "high_24h", "low_24h", "best_bid", "best_ask"
        )
    )


class CoinbaseCodec(Codec):
    """One Coinbase connection; see `streamcore.providers.base.Codec`. Topics are products: ``SOL-USD``."""

    def __init__(self, batch_size: int = PRODUCTS_PER_REQUEST) -> None:
        """``batch_size``: products in one subscribe message at most."""
        self._pairs = Pairs(min(batch_size, PRODUCTS_PER_REQUEST))
        self._throttle = Throttle()
        self._alive = False
        self._progress: dict[str, _Progress] = {}
        self._left_out: frozenset[str] = frozenset()
        """Products that the last acknowledgement lacked."""
        self._pulse: tuple[str, int] | None = None
        """The product whose heartbeats are counted since then, and how many have come."""
        self._outgoing: list[Frame] = []

    def opened(self) -> None:
        """Send what is wanted: the feed is closed unless something is subscribed within five seconds."""
        self._pairs.open()
        self._ask()

    def set_topics(self, topics: Sequence[str]) -> None:
        """Make these the wanted products, all of them; only what changes is sent."""
        self._pairs.set_topics(topics)
        self._ask()

    @property
    def unanswered(self) -> object:
        """The products of the last request that have had no answer; ``None`` when there are none."""
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
            ticker = _read_ticker(frame)
            if ticker is None:
                reports += self._read(json_as(frame, _Frame))
            else:
                told = self._ticker(ticker)  # if it makes no sense, it is no proof of life
                reports = told if self._alive else [*self._proof(), *told]
        except Undecodable as error:
            reports.append(Malformed(str(error)))
        self._ask()
        return reports

    def _ask(self) -> None:
        request = None if self._throttle.resting else self._pairs.request()
        if request is None:
            return
        message = {
            "type": "subscribe" if request.subscribe else "unsubscribe",
            "product_ids": request.pairs,
            "channels": CHANNELS,
        }
        for product in request.pairs:
            self._progress.pop(product, None)
        self._outgoing.append(msgspec.json.encode(message).decode())

    def _proof(self) -> list[Report]:
        if self._alive:
            return []
        self._alive = True
        return [Alive()]

    def _read(self, frame: _Frame) -> list[Report]:
        match frame.type:
            case "heartbeat":
                reports = self._heartbeat(frame)
                return [*self._proof(), *reports]
            case "subscriptions":
                self._subscribed(frame.channels)
                self._throttle.granted()
                return self._proof()
            case "error":
                return self._error(frame)
            case _:
                raise Undecodable(f"an unknown message type {printable(frame.type, limit=40)}")

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
        left_out = frozenset(product for product in self._pairs.under_way if self._pairs.wants(product))
        if left_out != self._left_out:
            self._left_out, self._pulse = left_out, None

    def _ticker(self, frame: _Ticker) -> list[Report]:
        product = frame.product_id
        if not self._is_live(product):
            return []
        progress = self._progress_of(product)
        sequence, trade = _count(frame.sequence), _count(frame.trade_id)
        if sequence is not None:
            older = 0 < (progress.sequence or sequence) - sequence <= RESTARTED_BY
            # two in a row are never left out: then it was the number of the one before them that was wrong
            progress.late = older and not progress.late
            if progress.late:
                return [Malformed("a ticker older than the last one")]
            progress.sequence = sequence
        progress.trade = progress.trade if trade is None else trade
        first, progress.begun = not progress.begun, True
        figures = progress.figures
        bad = figures.read(
            (
                frame.price, frame.open_24h, frame.volume_24h, frame.high_24h, frame.low_24h,
                frame.best_bid, frame.best_ask,
            )
        )  # fmt: skip
        last, opened, volume, high, low, bid, ask = figures.values
        price = last or None
        report = PriceReport(
            product,
            price,
            percent_since(price, opened),
            in_dollars(volume, price),
            high or None,
            low or None,
            first,
            bid or None,
            ask or None,
        )
        return [report, *map(Malformed, bad)] if bad else [report]

    def _heartbeat(self, frame: _Frame) -> list[Report]:
        product = frame.product_id
        if not self._is_live(product):
            return []
        progress = self._progress_of(product)
        trade, promised = progress.trade, progress.promised
        progress.promised = _count(frame.last_trade_id)
        reports = self._give_up_left_out(product) if self._left_out else []
        if trade is None or promised is None or promised <= trade:
            progress.behind = False
            return reports
        if not progress.behind:
            progress.behind = True
            text = f"Coinbase left out trades of {product}: its price is asked for over HTTP"
            reports.append(Notice(ProviderError(ErrorKind.GAP, text)))
        if promised > progress.asked:
            progress.asked = promised
            reports.append(PriceRequest(product, promised))
        return reports

    def _give_up_left_out(self, product: str) -> list[Report]:
        """Refuse what the feed passes over in silence, after enough heartbeats of one ``product``.

        To wait longer would end the connection, and with it the prices of all the others.
        """
        beating, beats = self._pulse or (product, 0)
        if beating == product:
            self._pulse = product, beats + 1
        if self._pulse is None or self._pulse[1] < LEFT_OUT_AFTER:
            return []
        left_out, self._left_out, self._pulse = self._left_out, frozenset(), None
        reports: list[Report] = []
        for one in self._pairs.under_way:
            if one in left_out:
                text = f"Coinbase did not subscribe {one}, and did not say why"
                reports.append(self._pairs.refuse(one, ProviderError(ErrorKind.SUBSCRIPTION, text)))
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
        if named := self._pairs.named_in(whole):
            return [*self._proof(), *self._refused(named, shown)]
        if "authentication" in folded or "unauthorized" in folded:
            text = f"Coinbase does not stream prices without an account any more: {shown}"
            return [Refusal(ProviderError(ErrorKind.AUTH, text))]
        if "rate limit" in folded or "too many" in folded:
            self._pairs.ask_again()
            return self._throttle.denied(f"Coinbase asks for fewer messages: {shown}")
        if folded.startswith("failed to subscribe") and not _PRODUCT.search(whole[:MOST_TEXT].upper()):
            text = f"Coinbase refused the subscription: {shown}"
            return [Refusal(ProviderError(ErrorKind.SUBSCRIPTION, text))]
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
            reports.append(self._pairs.refuse(product, ProviderError(ErrorKind.SUBSCRIPTION, text)))
        if new:
            self._pairs.ask_again()
        return reports


def _count(value: object) -> int | None:
    """Return a number of a sequence; ``None`` where the feed left it out, as it may in a first ticker."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None
