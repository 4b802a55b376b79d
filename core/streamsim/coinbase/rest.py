"""An emulated Coinbase Exchange: its public REST API, over the same market as its socket."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Protocol

from streamcore.clock import Clock
from streamsim.coinbase.messages import Progress
from streamsim.servers.exchange import Figures, asset_key, encode_numbers
from streamsim.servers.http11 import HttpReply, HttpRequest
from streamsim.servers.limits import TokenBucket
from streamsim.wire import rfc3339
from streamsim.world.candles import Candle, bucket_start
from streamsim.world.catalog import listing_of
from streamsim.world.market import Token

RATE = 10.0
"""Requests a second."""

GRANULARITIES = (60, 300, 900, 3600, 21_600, 86_400)
"""Seconds of the candles there are."""
MOST_CANDLES = 300
"""So many intervals may lie between the start of the first and the start of the last candle."""
UNASKED_CANDLES = 350
"""The newest ones that come without a range; as reported."""

DELISTED = "Not allowed for delisted products"
_LOT = Decimal("1E-8")
_IN_EUROS = ("BTC", "SOL")


class Exchange(Protocol):
    """What the answers are made from: the server of the same exchange's WebSocket."""

    in_maintenance: bool
    listed: set[str]
    base_names: dict[str, str]
    delisted: set[str]
    delisted_status: int

    def token(self, ticker: str) -> Token | None:
        """Return an asset as the market has it; ``None`` for what is not listed or has no price."""
        ...

    def watch(self, tickers: list[str]) -> None:
        """Let the market trade these from now on."""
        ...

    def product_of(self, ticker: str) -> str:
        """Return the id of an asset's product in US dollars."""
        ...

    def ticker_of(self, product: str) -> str | None:
        """Return the ticker of a product that is listed and has a price."""
        ...

    def is_delisted(self, product: str) -> bool:
        """Return whether a product was listed once."""
        ...


class CoinbaseRest:
    """Answers requests about what an exchange lists."""

    def __init__(self, clock: Clock, exchange: Exchange, progress: dict[str, Progress]) -> None:
        """``progress``: the last trade of each product, kept up to date by the WebSocket server."""
        self._clock = clock
        self._exchange = exchange
        self._progress = progress
        self._limit = TokenBucket(clock, RATE)

    def answer(self, request: HttpRequest) -> HttpReply:
        """Return the answer to one request."""
        if self._exchange.in_maintenance:
            return _message(503, "Service Unavailable")
        if not self._limit.take():
            return _message(429, "Public rate limit exceeded")
        match [request.method, *request.path.strip("/").split("/")]:
            case ["GET", "currencies"]:
                return HttpReply.json([self._currency(ticker) for ticker in sorted(self._exchange.listed)])
            case ["GET", "products"]:
                return HttpReply.json(self._products())
            case ["GET", "products", product, *what]:
                return self._about(product, what, request.query)
            case _:
                return _message(404, "NotFound")

    def _about(self, product: str, what: list[str], query: Mapping[str, str]) -> HttpReply:
        if self._exchange.is_delisted(product):
            if not what:
                return HttpReply.json(_described(product, "delisted"))
            return _message(self._exchange.delisted_status, DELISTED)
        ticker = self._exchange.ticker_of(product)
        token = None if ticker is None else self._exchange.token(ticker)
        if ticker is None or token is None:
            return _message(404, "NotFound")
        self._exchange.watch([ticker])
        match what:
            case []:
                return HttpReply.json(_described(product, "online"))
            case ["candles"]:
                return _candles(token, query)
            case ["stats"]:
                return HttpReply.json(_stats(Figures.of(token)))
            case ["ticker"]:
                return HttpReply.json(self._ticker(product, Figures.of(token)))
            case _:
                return _message(404, "NotFound")

    def _products(self) -> list[dict[str, Any]]:
        exchange = self._exchange
        listed = [exchange.product_of(ticker) for ticker in exchange.listed]
        products = [_described(product, "online") for product in listed if not exchange.is_delisted(product)]
        products += [_described(f"{base}-USD", "delisted") for base in exchange.delisted]
        products += [_described(f"{base}-EUR", "online") for base in _IN_EUROS if base in exchange.listed]
        return sorted(products, key=lambda product: str(product["id"]))

    def _currency(self, ticker: str) -> dict[str, Any]:
        name = self._exchange.base_names.get(ticker, ticker)
        return {
            "id": name,
            "name": listing_of(asset_key(ticker)).name,
            "min_size": "0.00000001",
            "status": "online",
            "message": "",
            "max_precision": "0.00000001",
            "convertible_to": [],
            "details": {"type": "crypto", "symbol": None, "display_name": name},
            "default_network": "",
            "supported_networks": [],
            "display_name": name,
        }

    def _ticker(self, product: str, figures: Figures) -> dict[str, Any]:
        progress = self._progress.get(product, Progress(unix=self._clock.time()))
        return {
            "ask": format(figures.ask, "f"),
            "bid": format(figures.bid, "f"),
            "volume": format(figures.volume, "f"),
            "trade_id": progress.trade,
            "price": format(figures.price, "f"),
            "size": format(progress.size, "f"),
            "time": rfc3339(progress.unix),
        }


def _candles(token: Token, query: Mapping[str, str]) -> HttpReply:
    granularity = query.get("granularity", "60")
    if not granularity.isdecimal() or int(granularity) not in GRANULARITIES:
        return _message(400, "Unsupported granularity")
    length = int(granularity)
    start, end = token.now() - (UNASKED_CANDLES - 1) * length, token.now()
    if query.get("start") and query.get("end"):  # one of them alone is ignored
        try:
            start, end = _moment(query["start"]), _moment(query["end"])
        except ValueError as error:
            return _message(400, str(error))
        if end < start:
            return _message(400, "start must be before end")
        if end - start > MOST_CANDLES * length:
            return _message(
                400,
                "granularity too small for the requested time range."
                f" Count of aggregations requested exceeds {MOST_CANDLES}",
            )
    # both ends are included, and so is the candle in which the range begins
    known = token.candles(length, bucket_start(length, start), bucket_start(length, end) + length)
    return HttpReply(200, encode_numbers([_row(candle) for candle in reversed(known)]))


def _moment(text: str) -> float:
    """Return Unix seconds.

    Raises:
        ValueError: It is neither a number nor ISO 8601; the message is what the exchange says.
    """
    with suppress(ValueError):
        return float(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("invalid timestamp") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _row(candle: Candle) -> list[Any]:
    volume = candle.volume.quantize(_LOT)
    return [candle.start, candle.low, candle.high, candle.open, candle.close, volume]


def _described(product: str, status: str) -> dict[str, Any]:
    base, _, quote = product.rpartition("-")
    return {
        "id": product,
        "base_currency": base,
        "quote_currency": quote,
        "quote_increment": "0.0001",
        "base_increment": "0.00000001",
        "display_name": product,
        "min_market_funds": "1",
        "margin_enabled": False,
        "post_only": False,
        "limit_only": False,
        "cancel_only": False,
        "status": status,
        "status_message": "",
        "trading_disabled": status != "online",
        "fx_stablecoin": False,
        "max_slippage_percentage": "0.03000000",
        "auction_mode": False,
        "high_bid_limit_percentage": "",
    }


def _stats(figures: Figures) -> dict[str, str]:
    numbers = {
        "open": figures.open,
        "high": figures.high,
        "low": figures.low,
        "last": figures.price,
        "volume": figures.volume,
        "volume_30day": figures.volume * 30,
    }
    return {name: format(figure, "f") for name, figure in numbers.items()}


def _message(status: int, message: str) -> HttpReply:
    return HttpReply.json({"message": message}, status)
