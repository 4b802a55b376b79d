"""An emulated Coinbase Exchange: its public REST API, over the same market as its socket."""

from __future__ import annotations

from typing import Any, Protocol

from streamcore.clock import Clock
from streamsim.coinbase.messages import Progress
from streamsim.servers.exchange import Figures, asset_key
from streamsim.servers.http11 import HttpReply, HttpRequest
from streamsim.servers.limits import TokenBucket
from streamsim.wire import rfc3339
from streamsim.world.catalog import listing_of
from streamsim.world.market import Token

RATE = 10.0
"""Requests a second."""

DELISTED = "Not allowed for delisted products"
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
                return self._about(product, what)
            case _:
                return _message(404, "NotFound")

    def _about(self, product: str, what: list[str]) -> HttpReply:
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
