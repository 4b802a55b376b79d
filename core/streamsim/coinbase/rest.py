"""An emulated Coinbase Exchange: its public REST API, over the same market as its socket."""

from __future__ import annotations

from typing import Any

from streamcore.clock import Clock
from streamsim.coinbase.messages import Progress, moment
from streamsim.servers.exchange import ExchangeServer, Figures
from streamsim.servers.http_wire import HttpReply, HttpRequest
from streamsim.servers.limits import TokenBucket

RATE = 10.0
"""Requests a second."""


class CoinbaseRest:
    """Answers requests about what an exchange lists."""

    def __init__(self, clock: Clock, exchange: ExchangeServer[Any], progress: dict[str, Progress]) -> None:
        """``progress``: how far each product has come, kept by the socket's side."""
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
        parts = request.path.strip("/").split("/")
        if request.method != "GET" or parts[0] != "products":
            return _message(404, "NotFound")
        if len(parts) == 1:
            return HttpReply.json([_product(ticker) for ticker in sorted(self._exchange.listed)])
        ticker = parts[1].removesuffix("-USD")
        token = self._exchange.token(ticker) if parts[1] == f"{ticker}-USD" else None
        if token is None:
            return _message(404, "NotFound")
        self._exchange.attend([ticker])
        match parts[2:]:
            case []:
                return HttpReply.json(_product(ticker))
            case ["stats"]:
                return HttpReply.json(_stats(Figures.of(token)))
            case ["ticker"]:
                return HttpReply.json(self._ticker(ticker, Figures.of(token)))
            case _:
                return _message(404, "NotFound")

    def _ticker(self, ticker: str, figures: Figures) -> dict[str, Any]:
        progress = self._progress.get(ticker, Progress(unix=self._clock.time()))
        return {
            "ask": format(figures.ask, "f"),
            "bid": format(figures.bid, "f"),
            "volume": format(figures.volume, "f"),
            "trade_id": progress.trade,
            "price": format(figures.price, "f"),
            "size": format(progress.size, "f"),
            "time": moment(progress.unix),
        }


def _product(ticker: str) -> dict[str, Any]:
    return {
        "id": f"{ticker}-USD",
        "base_currency": ticker,
        "quote_currency": "USD",
        "display_name": f"{ticker}-USD",
        "status": "online",
        "status_message": "",
        "trading_disabled": False,
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
