"""Frames as Kraken, Coinbase and Birdeye send them, made anew for a benchmark: moving prices, some broken."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import base58

FRAMES = 5000
"""Different frames of a feed at least; they are sent over and over."""

OF_EACH = 5
"""Different frames of each symbol at least, so that its price moves however many there are."""

EXCHANGE_SYMBOLS = ("BTC", "ETH", "SOL")
"""The first three tickers of a feed; the further ones are made up."""

BROKEN: tuple[Callable[[str], str], ...] = (
    lambda frame: frame[: len(frame) // 2],
    lambda frame: "not JSON at all",
    lambda frame: "[1, 2, 3]",
    lambda frame: '{"type": 7, "channel": {"a": []}, "data": [[]]}',
    lambda frame: frame.replace("ticker", "trickle").replace("PRICE_DATA", "PRIZE_DATA"),
)
"""What a frame can become on its way."""


def tickers(count: int) -> list[str]:
    """Return tickers as exchanges have them."""
    return [*EXCHANGE_SYMBOLS, *(f"T{number:04}" for number in range(count))][:count]


def mints(count: int) -> list[str]:
    """Return addresses of tokens."""
    return [
        base58.b58encode(bytes([7, number // 250 + 1] + [number % 250 + 1] * 30)).decode()
        for number in range(count)
    ]


def symbols(feed: str, count: int) -> list[str]:
    """Return what to subscribe so that a feed of so many symbols is about it."""
    return mints(count) if feed == "birdeye" else tickers(count)


def frames(feed: str, count: int, malformed: float = 0.0) -> list[str]:
    """Return frames of a feed, each symbol as often as any other, in turn.

    Args:
        feed: ``kraken``, ``coinbase`` or ``birdeye``.
        count: How many symbols there are.
        malformed: The share of frames that are broken, from 0 to 1.
    """
    chance = random.Random(7)
    make = {"kraken": _kraken, "coinbase": _coinbase, "birdeye": _birdeye}[feed]
    names = symbols(feed, count)
    made = []
    for number in range(max(OF_EACH, -(-FRAMES // count)) * count):
        frame = json.dumps(make(names[number % count], number, chance), separators=(",", ":"))
        if chance.random() < malformed:
            frame = chance.choice(BROKEN)(frame)
        made.append(frame)
    return made


def _kraken(symbol: str, number: int, chance: random.Random) -> dict[str, Any]:
    """Return a ticker as a trade moves it.

    The trade is at the ask or at the bid, and moves the volume and the number of trades. The average moves
    with every twenty-fifth only: it is told to the digits of the price, and a usual trade of the captured
    tickers (volume by trades) shifts it by a thirtieth of the last digit at Bitcoin, a twentieth at ALGO,
    less than a thousandth at SOL, USDT and BONK.
    """
    cents = chance.randrange(10_000, 15_000)
    bought = chance.random() < 0.5  # at the ask; otherwise at the bid
    last = cents / 100
    ticker = {
        "symbol": f"{symbol}/USD",
        "bid": round((cents - bought) / 100, 2), "bid_qty": round(chance.uniform(1, 500), 8),
        "ask": round((cents + 1 - bought) / 100, 2), "ask_qty": round(chance.uniform(1, 500), 8),
        "last": last, "volume": round(121658.17399954 + number * 0.02338321, 8),
        "vwap": 140.13 if chance.random() < 0.02 else 140.12, "low": 99.1, "high": 151.0,
        "change": round(last - 101.1, 2), "change_pct": round((last / 101.1 - 1) * 100, 2),
        "trades": 60000 + number,
        "timestamp": f"2026-09-25T09:04:31.{number % 1_000_000:06}Z",
    }  # fmt: skip
    return {"channel": "ticker", "type": "update", "data": [ticker]}


def _coinbase(symbol: str, number: int, chance: random.Random) -> dict[str, Any]:
    cents = chance.randrange(10_000, 15_000)
    bought = chance.random() < 0.5  # at the ask; otherwise at the bid
    return {
        "type": "ticker", "sequence": 1000 + number, "product_id": f"{symbol}-USD",
        "price": f"{cents / 100:.2f}", "open_24h": "101.1",
        "volume_24h": f"{12345.67899954 + number / 1000:.8f}", "low_24h": "99.1", "high_24h": "151.0",
        "volume_30d": "1234567.8",
        "best_bid": f"{(cents - bought) / 100:.2f}", "best_bid_size": "1.0",
        "best_ask": f"{(cents + 1 - bought) / 100:.2f}", "best_ask_size": "2.0",
        "side": "buy" if bought else "sell",
        "time": "2026-09-25T23:28:22.061769Z", "trade_id": 1000 + number, "last_size": "0.1",
    }  # fmt: skip


def _birdeye(mint: str, number: int, chance: random.Random) -> dict[str, Any]:
    price = 100 + chance.random() * 50
    candle = {
        "o": price, "h": price * 1.001, "l": price * 0.999, "c": price * (1 + chance.uniform(-1e-3, 1e-3)),
        "eventType": "ohlcv", "type": "1m", "unixTime": 1675506000, "v": chance.random() * 100,
        "symbol": "TOKEN", "address": mint,
    }  # fmt: skip
    return {"type": "PRICE_DATA", "data": candle}
