"""An emulated Kraken: its public REST API, over the same market as its socket."""

from __future__ import annotations

from typing import Any

from streamcore.clock import Clock
from streamsim.kraken.messages import moment
from streamsim.servers.exchange import ExchangeServer, Figures
from streamsim.servers.http_wire import HttpReply, HttpRequest
from streamsim.servers.limits import SlidingWindow

REQUESTS = 5
WINDOW = 5.0
"""Seconds; one request a second on average."""

_OLD_KEYS = {"BTC": "XXBTZUSD", "ETH": "XETHZUSD", "XRP": "XXRPZUSD", "LTC": "XLTCZUSD", "DOGE": "XDGUSD"}
_OLD_NAMES = {"BTC": "XBTUSD", "DOGE": "XDGUSD"}


class KrakenRest:
    """Answers requests about what an exchange lists; whatever goes wrong, the status is 200."""

    def __init__(self, clock: Clock, exchange: ExchangeServer[Any]) -> None:
        self._clock = clock
        self._exchange = exchange
        self._limit = SlidingWindow(clock, REQUESTS, WINDOW)

    def answer(self, request: HttpRequest) -> HttpReply:
        """Return the answer to one request."""
        if not self._limit.take():
            return _failed("EGeneral:Too many requests")
        match request.method, request.path:
            case "GET", "/0/public/SystemStatus":
                status = "maintenance" if self._exchange.in_maintenance else "online"
                return _succeeded({"status": status, "timestamp": moment(self._clock.time())})
            case "GET", "/0/public/Ticker":
                if self._exchange.in_maintenance:
                    return _failed("EService:Unavailable")
                return self._tickers(request.query.get("pair", ""))
            case _:
                return _failed("EGeneral:Unknown method")

    def _tickers(self, listed: str) -> HttpReply:
        names = {name: ticker for ticker in self._exchange.listed for name in _names(ticker)}
        result = {}
        for asked in listed.split(","):
            ticker = names.get(asked)
            token = None if ticker is None else self._exchange.token(ticker)
            if ticker is None or token is None:
                return _failed("EQuery:Unknown asset pair")  # and not a word of the others
            self._exchange.attend([ticker])
            result[_OLD_KEYS.get(ticker, f"{ticker}USD")] = _ticker(Figures.of(token))
        return _succeeded(result)


def _names(ticker: str) -> set[str]:
    return {
        f"{ticker}USD",
        _OLD_NAMES.get(ticker, f"{ticker}USD"),
        _OLD_KEYS.get(ticker, f"{ticker}USD"),
    }


def _ticker(figures: Figures) -> dict[str, Any]:
    price, volume, average = (format(x, "f") for x in (figures.price, figures.volume, figures.average))
    return {
        "a": [format(figures.ask, "f"), "88", "88.125"],
        "b": [format(figures.bid, "f"), "210", "210.500"],
        "c": [price, "0.50000000"],
        "v": [format(figures.volume / 2, "f"), volume],
        "p": [average, average],
        "t": [figures.trades // 2, figures.trades],
        "l": [format(figures.low, "f")] * 2,
        "h": [format(figures.high, "f")] * 2,
        "o": price,  # of the last midnight: whoever takes it for the price 24 hours ago sees no change
    }


def _succeeded(result: dict[str, Any]) -> HttpReply:
    return HttpReply.json({"error": [], "result": result})


def _failed(error: str) -> HttpReply:
    return HttpReply.json({"error": [error]})
