"""An emulated Kraken: its public REST API, over the same market as its socket."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Protocol

from streamcore.clock import Clock
from streamsim.kraken.pairs import in_euros, names_of
from streamsim.servers.exchange import Figures
from streamsim.servers.http11 import HttpReply, HttpRequest
from streamsim.servers.limits import SlidingWindow
from streamsim.wire import rfc3339
from streamsim.world.candles import Candle, bucket_start, filled
from streamsim.world.history import DAY
from streamsim.world.market import Token

REQUESTS = 5
WINDOW = 5.0
"""Seconds; one request a second on average."""

INTERVALS = (1, 5, 15, 30, 60, 240, 1440, 10_080, 21_600)
"""Minutes of the candles there are."""
MOST_CANDLES = 720
"""Finished candles in one answer, and the only ones there are; the running one comes on top."""

UNKNOWN_PAIR = "EQuery:Unknown asset pair"
_IN_EUROS = ("BTC", "SOL")


class Exchange(Protocol):
    """What the answers are made from: the server of the same exchange's WebSocket."""

    in_maintenance: bool
    listed: set[str]
    answers_in_part: bool
    pair_statuses: dict[str, str]

    def token(self, ticker: str) -> Token | None:
        """Return an asset as the market has it; ``None`` for what is not listed or has no price."""
        ...

    def watch(self, tickers: list[str]) -> None:
        """Let the market trade these from now on."""
        ...

    def is_untraded(self, ticker: str, figures: Figures) -> bool:
        """Tell whether nobody has traded an asset for 24 hours."""
        ...


class KrakenRest:
    """Answers requests about what an exchange lists; the HTTP status is 200 even for errors."""

    def __init__(self, clock: Clock, exchange: Exchange) -> None:
        self._clock = clock
        self._exchange = exchange
        self.refusal = "EGeneral:Too many requests"
        """The error of a request too many; ``EAPI:Rate limit exceeded`` was seen as well."""
        self._limit = SlidingWindow(clock, REQUESTS, WINDOW)

    def answer(self, request: HttpRequest) -> HttpReply:
        """Return the answer to one request."""
        if not self._limit.take():
            return self.too_many()
        match request.method, request.path:
            case "GET", "/0/public/SystemStatus":
                status = "maintenance" if self._exchange.in_maintenance else "online"
                return _answer(result={"status": status, "timestamp": rfc3339(self._clock.time())})
            case "GET", "/0/public/Ticker":
                if self._exchange.in_maintenance:
                    return _answer("EService:Unavailable")
                return self._tickers(request.query.get("pair", ""))
            case "GET", "/0/public/OHLC":
                if self._exchange.in_maintenance:
                    return _answer("EService:Unavailable")
                return self._candles(request.query)
            case "GET", "/0/public/AssetPairs":
                return self._pairs(request.query.get("pair"))
            case "GET", "/0/public/Assets":
                return self._assets(request.query.get("asset"))
            case _:
                return _answer("EGeneral:Unknown method")

    def too_many(self) -> HttpReply:
        """Return the answer to a request that is one too many; its status is 200 as well."""
        return _answer(self.refusal)

    def _named(self) -> dict[str, str]:
        """Return the ticker of each name of each listed pair."""
        return {name: ticker for ticker in self._exchange.listed for name in names_of(ticker).all}

    def _candles(self, query: Mapping[str, str]) -> HttpReply:
        interval, since = query.get("interval", "1"), query.get("since", "0")
        if not interval.isdecimal() or int(interval) not in INTERVALS:
            return _answer("EGeneral:Invalid arguments:interval")
        if not since.isdecimal():
            return _answer("EGeneral:Invalid arguments:since")
        asked = query.get("pair", "")
        ticker = self._named().get(asked)
        token = None if ticker is None else self._exchange.token(ticker)
        if ticker is None or token is None:
            return _answer(UNKNOWN_PAIR)
        self._exchange.watch([ticker])
        length = int(interval) * 60
        running = bucket_start(length, token.now())
        first = max(running - MOST_CANDLES * length, bucket_start(length, token.history.past.since))
        starts = range(first, running + 1, length)
        # a period without trades has a row, with the price before it
        rows = filled(token.candles(length, first), starts, token.price_ago(token.now() - first))
        key = asked if "/" in asked else names_of(ticker).key
        told = [_row(candle) for candle in rows if candle.start > int(since)]
        return _answer(result={key: told, "last": running - length})

    def _tickers(self, listed: str) -> HttpReply:
        names = self._named()
        result, error = {}, None
        for asked in listed.split(","):
            ticker = names.get(asked)
            token = None if ticker is None else self._exchange.token(ticker)
            if ticker is None or token is None:
                error = UNKNOWN_PAIR
                if self._exchange.answers_in_part:
                    continue
                return _answer(error)  # the known pairs are left out, too
            self._exchange.watch([ticker])
            # the key of the answer is a name with a slash if that was asked for, else always the old key
            key = asked if "/" in asked else names_of(ticker).key
            result[key] = self._ticker(ticker, token)
        return _answer(error, result)

    def _ticker(self, ticker: str, token: Token) -> dict[str, Any]:
        day, today = Figures.of(token), Figures.of(token, max(1.0, self._clock.time() % DAY))
        opened = today.open  # Kraken's "o" is the price at midnight UTC, not 24 hours ago
        if self._exchange.is_untraded(ticker, day):
            day, today, opened = day.untraded, today.untraded, Decimal(0)
        return {
            "a": [format(day.ask, "f"), "88", "88.125"],
            "b": [format(day.bid, "f"), "210", "210.500"],
            "c": [format(day.price, "f"), "0.50000000"],
            "v": [format(span.volume, "f") for span in (today, day)],
            "p": [format(span.average, "f") for span in (today, day)],
            "t": [span.trades for span in (today, day)],
            "l": [format(span.low, "f") for span in (today, day)],
            "h": [format(span.high, "f") for span in (today, day)],
            "o": format(opened, "f"),
        }

    def _assets(self, listed: str | None) -> HttpReply:
        """Describe assets under their old names; there are no full names in it."""
        known = {"ZUSD": _asset("USD")}
        for ticker in sorted(self._exchange.listed):
            names = names_of(ticker)
            known[names.base] = _asset(names.altname.removesuffix("USD"))
        if listed is None:
            return _answer(result=known)
        by_name = {described["altname"]: key for key, described in known.items()} | {
            key: key for key in known
        }
        asked = [by_name.get(name, "") for name in listed.split(",")]
        if not all(asked):
            return _answer("EQuery:Unknown asset")
        return _answer(result={key: known[key] for key in asked})

    def _pairs(self, listed: str | None) -> HttpReply:
        known = {names_of(ticker).key: names_of(ticker) for ticker in sorted(self._exchange.listed)}
        statuses = self._exchange.pair_statuses
        result = {key: names.described(statuses.get(names.ticker, "online")) for key, names in known.items()}
        result |= dict(in_euros(names_of(ticker)) for ticker in _IN_EUROS if ticker in self._exchange.listed)
        if listed is None:
            return _answer(result=result)
        by_name = {name: names.key for names in known.values() for name in names.all}
        asked = [by_name.get(name, name) for name in listed.split(",")]
        found = {key: result[key] for key in asked if key in result}
        if len(found) == len(asked):
            return _answer(result=found)
        return _answer(UNKNOWN_PAIR, found if self._exchange.answers_in_part else None)


def _asset(altname: str) -> dict[str, Any]:
    return {
        "aclass": "currency",
        "altname": altname,
        "decimals": 10,
        "display_decimals": 5,
        "collateral_value": 0.9,
        "status": "enabled",
        "margin_rate": "0.02",
    }


def _row(candle: Candle) -> list[Any]:
    prices = (candle.open, candle.high, candle.low, candle.close)
    average = format(candle.average, "f") if candle.trades else "0.0"
    return [
        candle.start,
        *(format(price, "f") for price in prices),
        average,
        f"{candle.volume:.8f}",
        candle.trades,
    ]


def _answer(error: str | None = None, result: dict[str, Any] | None = None) -> HttpReply:
    errors = [] if error is None else [error]
    return HttpReply.json({"error": errors} if result is None else {"error": errors, "result": result})
