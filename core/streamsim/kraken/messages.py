"""The frames of Kraken's WebSocket v2: status, acknowledgements, errors, tickers. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from streamsim.servers.exchange import Figures, encode_numbers
from streamsim.servers.faults import Fault, Faults
from streamsim.wire import rfc3339
from streamsim.world.candles import Candle

HEARTBEAT = '{"channel":"heartbeat"}'
UNSUPPORTED = "Currency pair not supported"
MALFORMED_PAIR = "Currency pair not in ISO 4217-A3 format"
TOO_MANY = "Exceeded msg rate"
VERSION = "2.0.10"
OHLC_WARNING = "timestamp is deprecated, use interval_begin"
_LOT = Decimal("1E-8")
CONNECTION_ID = 9_471_984_923_908_980_000
"""The first connection id; like the real ones, it needs all 64 bits."""


class Maintenance(msgspec.Struct, frozen=True):
    """Maintenance that Kraken announces in every status frame until it is over; captured 2026-10-03."""

    title: str
    starts: float
    """Unix seconds."""
    ends: float
    services: tuple[str, ...] = ("spot_trading", "spot_fix", "spot_ws")
    phase: str = "announced"
    number: int = 33

    def described(self, unix: float) -> dict[str, Any]:
        """Return the announcement as it is sent at ``unix`` seconds."""
        return {
            "affected_services": self.services,
            "cancel_before_utc": rfc3339(self.starts - 300),
            "event_id": self.number,
            "expected_end_utc": rfc3339(self.ends),
            "expected_start_utc": rfc3339(self.starts),
            "order_submission": "allowed",
            "phase": self.phase,
            "recommended_action": "continue",
            "source_url": "https://stspg.io/1w11k0cnnv3j",
            "time_to_start_s": int(self.starts - unix),
            "title": self.title,
        }


def status(
    system: str,
    number: int,
    unix: float,
    announced: Iterable[Maintenance] = (),
    emergencies: Iterable[Maintenance] = (),
) -> str:
    """Return the frame with the state of the exchange and the announced maintenance."""
    data = {
        "version": VERSION,
        "system": system,
        "api_version": "v2",
        "connection_id": CONNECTION_ID + number,
        "upcoming_maintenance": [each.described(unix) for each in announced],
        "emergency": [each.described(unix) for each in emergencies],
    }
    return _json({"channel": "status", "type": "update", "data": [data]})


def acknowledged(method: str, result: Mapping[str, Any], request: Mapping[str, Any], unix: float) -> str:
    """Return the answer to a granted request, about one pair."""
    answer = {"method": method, "result": result, "success": True}
    return _json(answer | _times(unix) | _id(request))


def refused(method: str, error: str, symbol: str | None, request: Mapping[str, Any], unix: float) -> str:
    """Return the answer to a refused request; about one pair, unless it made no sense at all."""
    about = {} if symbol is None else {"symbol": symbol}
    return _json({"error": error, "method": method, "success": False, **about} | _times(unix) | _id(request))


def pong(request: Mapping[str, Any], unix: float) -> str:
    """Return the answer to a ping."""
    return _json({"method": "pong"} | _id(request) | _times(unix))


def ticker(symbol: str, figures: Figures, kind: str, unix: float, faults: Faults) -> str:
    """Return a ticker; ``kind`` is ``snapshot`` or ``update``, the object is whole in both."""
    numbers: dict[str, Any] = {
        "bid": figures.bid,
        "bid_qty": Decimal("12.00000000"),
        "ask": figures.ask,
        "ask_qty": Decimal("140.75000000"),
        "last": figures.price,
        "volume": figures.volume,
        "vwap": figures.average,
        "low": figures.low,
        "high": figures.high,
        "change": figures.change,
        "change_pct": figures.change_percent,
    }
    if faults.take(Fault.STRING_NUMBERS):
        numbers = {name: format(figure, "f") for name, figure in numbers.items()}
    if faults.take(Fault.NULL_PRICE):
        numbers = dict.fromkeys(numbers)
    data = {"symbol": symbol, **numbers, "trades": figures.trades, "timestamp": rfc3339(unix)}
    if faults.take(Fault.EXTRA_FIELDS):
        data |= {"asset_class": "spot", "auction": {"price": None}}
    return _json({"channel": "ticker", "type": kind, "data": [data]})


def candles(symbol: str, told: Sequence[Candle], interval: int, kind: str, unix: float) -> str:
    """Return the candles of one pair, oldest first; ``interval`` is their length in minutes."""
    rows = [
        {
            "symbol": symbol,
            "open": candle.open,
            "high": candle.high,
            "low": candle.low,
            "close": candle.close,
            "trades": candle.trades,
            "volume": candle.volume.quantize(_LOT),
            "vwap": candle.average,
            "interval_begin": _nanoseconds(candle.start),
            "interval": interval,
            # deprecated: where the interval ends
            "timestamp": rfc3339(candle.start + interval * 60),
        }
        for candle in told
    ]
    return _json({"channel": "ohlc", "type": kind, "timestamp": _nanoseconds(unix), "data": rows})


def _nanoseconds(unix: float) -> str:
    return rfc3339(unix).replace("Z", "000Z")


def _times(unix: float) -> dict[str, str]:
    return {"time_in": rfc3339(unix), "time_out": rfc3339(unix + 0.00005)}


def _id(request: Mapping[str, Any]) -> dict[str, int]:
    number = request.get("req_id")
    return {"req_id": number} if isinstance(number, int) else {}


def _json(frame: Mapping[str, Any]) -> str:
    return encode_numbers(frame).decode()
