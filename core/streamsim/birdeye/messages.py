"""The messages of Birdeye's WebSocket: queries, selections, candles, statistics. No I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from streamsim.servers.faults import Fault, Faults
from streamsim.wire import is_address, iso_seconds
from streamsim.world.candles import CHART_SECONDS
from streamsim.world.history import DAY, Bar
from streamsim.world.market import Token

MAX_CLAUSES = 100
"""Clauses in one complex query, and addresses in one statistics subscription."""

INVALID_QUERY = "Invalid query"

INTERVALS = {"30m": 1800.0, "1h": 3600.0, "2h": 7200.0, "4h": 14_400.0, "8h": 28_800.0, "24h": DAY}
"""Interval names of TOKEN_STATS, in seconds."""

_TRADE_GROUPS = frozenset(
    {
        "volume",
        "trade",
        "price_history",
        "volume_history",
        "price_change",
        "trade_history",
        "trade_change",
        "volume_change",
        "unique_wallet",
        "unique_wallet_change",
    }
)
_GROUPS = frozenset({"price", "fdv", "marketcap", "supply", "last_trade", "liquidity"})


class Refused(Exception):
    """A client's request is refused; the text is the error message it gets."""


class Clause(msgspec.Struct, frozen=True):
    """One candle feed."""

    address: str
    chart: str
    currency: str
    """``usd``: the address is a mint; ``pair``: it is a pool."""


class Selection(msgspec.Struct, frozen=True):
    """The groups of statistics a client wants."""

    groups: frozenset[str]
    trade_groups: frozenset[str]
    intervals: tuple[str, ...]


def read_price_query(data: object) -> tuple[Clause, ...]:
    """Return the feeds a SUBSCRIBE_PRICE asks for.

    Raises:
        Refused: It cannot be understood, or asks for too many.
    """
    if not isinstance(data, Mapping):
        raise Refused(INVALID_QUERY)
    if data.get("queryType", "simple") == "simple":
        return (_clause(data),)
    if data.get("queryType") != "complex" or not isinstance(data.get("query"), str):
        raise Refused(INVALID_QUERY)
    parts = re.split(r"\s+OR\s+", data["query"].strip())
    if len(parts) > MAX_CLAUSES:
        raise Refused(INVALID_QUERY)
    return tuple(_clause(_terms(part)) for part in parts)


def _terms(part: str) -> dict[str, str]:
    inside = re.fullmatch(r"\(\s*(.*?)\s*\)", part.strip(), re.DOTALL)
    if inside is None:
        raise Refused(INVALID_QUERY)
    terms = [re.fullmatch(r"(\w+)\s*=\s*(\w+)", term) for term in re.split(r"\s+AND\s+", inside[1])]
    if not all(terms):
        raise Refused(INVALID_QUERY)
    return {term[1]: term[2] for term in terms if term is not None}


def _clause(terms: Mapping[str, Any]) -> Clause:
    address, chart, currency = (terms.get(name) for name in ("address", "chartType", "currency"))
    if not is_address(address) or chart not in CHART_SECONDS or not isinstance(currency, str):
        raise Refused(INVALID_QUERY)
    return Clause(str(address), str(chart), currency)


def read_stats_query(data: object) -> tuple[tuple[str, ...], Selection]:
    """Return the tokens a SUBSCRIBE_TOKEN_STATS asks for, and what of them.

    Raises:
        Refused: It cannot be understood, selects what there is not, or asks for too many tokens.
    """
    if not isinstance(data, Mapping):
        raise Refused(INVALID_QUERY)
    named = data.get("address")
    addresses = tuple(named) if isinstance(named, list) else (named,)
    if not addresses or len(addresses) > MAX_CLAUSES or not all(map(is_address, addresses)):
        raise Refused(INVALID_QUERY)
    return tuple(map(str, addresses)), _selection(data.get("select"))


def _selection(select: object) -> Selection:
    if not isinstance(select, Mapping):
        raise Refused("invalid select")
    trade = select.get("trade_data") or {}
    if not isinstance(trade, Mapping):
        raise Refused("invalid select: trade_data")
    intervals = trade.get("intervals", [])
    unknown = [name for name in select if name not in _GROUPS and name != "trade_data"]
    unknown += [name for name in trade if name not in _TRADE_GROUPS and name != "intervals"]
    unknown += [name for name in intervals if name not in INTERVALS]
    if unknown:
        raise Refused(f"invalid select: {unknown[0]}")
    return Selection(
        frozenset(name for name, on in select.items() if on is True),
        frozenset(name for name, on in trade.items() if on is True),
        tuple(intervals),
    )


def price_data(token: Token, clause: Clause, unix: float, faults: Faults) -> dict[str, Any]:
    """Return a PRICE_DATA frame: the open candle of one feed."""
    candle = token.candle(clause.chart, unix)
    symbol = token.listing.symbol if clause.currency == "usd" else f"{token.listing.symbol}-USDC"
    figures = {
        "o": candle.open,
        "h": candle.high,
        "l": candle.low,
        "c": candle.close,
        "v": candle.volume,
    }
    numbers: dict[str, Any] = {name: float(figure) for name, figure in figures.items()}
    if faults.take(Fault.STRING_NUMBERS):
        numbers = {name: str(figure) for name, figure in figures.items()}
    if faults.take(Fault.NULL_PRICE):
        numbers = dict.fromkeys(figures)
    data = {
        **{name: numbers[name] for name in "ohlc"},
        "eventType": "ohlcv",
        "type": clause.chart,
        "unixTime": candle.start * (1000 if faults.take(Fault.MILLISECONDS) else 1),
        "v": numbers["v"],
        "symbol": "" if faults.take(Fault.EMPTY_SYMBOL) else symbol,
        "address": clause.address,
    }
    if faults.take(Fault.EXTRA_FIELDS):
        data |= {"network": "solana", "poolRank": [1, 2], "meta": {"c": "0"}}
    return {"type": "PRICE_DATA", "data": data}


def token_stats(token: Token, selection: Selection) -> dict[str, Any]:
    """Return a TOKEN_STATS_DATA frame with the selected groups and no others."""
    listing, price = token.listing, float(token.price)
    supply = float(listing.supply)
    data: dict[str, Any] = {"address": listing.mint}
    groups: dict[str, dict[str, Any]] = {
        "price": {"price": price},
        "last_trade": {
            "last_trade_human_time": iso_seconds(token.traded_at),
            "last_trade_unix_time": int(token.traded_at),
        },
        "supply": {"circulating_supply": supply * 0.89, "total_supply": supply},
        "fdv": {"fdv": price * supply},
        "marketcap": {"marketcap": price * supply * 0.89},
        "liquidity": {"liquidity": float(listing.liquidity)},
    }
    for name, figures in groups.items():
        if name in selection.groups:
            data |= figures
    for interval in selection.intervals:
        data |= _interval_stats(token, interval, selection.trade_groups)
    return {"type": "TOKEN_STATS_DATA", "data": data}


def _interval_stats(token: Token, x: str, wanted: frozenset[str]) -> dict[str, Any]:
    seconds = INTERVALS[x]
    now, then = token.window(seconds), token.window(seconds, back=seconds)
    wallets, wallets_then = (_wallets(bar) for bar in (now, then))
    groups: dict[str, dict[str, Any]] = {
        "volume": {
            f"volume_{x}_usd": float(now.usd),
            f"volume_{x}": float(now.tokens),
            f"volume_buy_{x}": float(now.buy_tokens),
            f"volume_buy_{x}_usd": float(now.buy_usd),
            f"volume_sell_{x}": float(now.sell_tokens),
            f"volume_sell_{x}_usd": float(now.sell_usd),
        },
        "trade": {f"trade_{x}": now.trades, f"buy_{x}": now.buys, f"sell_{x}": now.sells},
        "price_history": {f"price_history_{x}": float(token.price_ago(seconds))},
        "volume_history": {
            f"volume_history_{x}": float(then.tokens),
            f"volume_history_{x}_usd": float(then.usd),
            f"volume_buy_history_{x}_usd": float(then.buy_usd),
            f"volume_sell_history_{x}_usd": float(then.sell_usd),
        },
        "price_change": {f"price_change_{x}_percent": float(token.change(seconds))},
        "trade_history": {
            f"trade_history_{x}": then.trades,
            f"buy_history_{x}": then.buys,
            f"sell_history_{x}": then.sells,
        },
        "trade_change": {
            f"trade_{x}_change_percent": percent(now.trades, then.trades),
            f"buy_{x}_change_percent": percent(now.buys, then.buys),
            f"sell_{x}_change_percent": percent(now.sells, then.sells),
        },
        "volume_change": {
            f"volume_{x}_change_percent": percent(float(now.usd), float(then.usd)),
            f"volume_buy_{x}_change_percent": percent(now.buy_usd, then.buy_usd),
            f"volume_sell_{x}_change_percent": percent(now.sell_usd, then.sell_usd),
        },
        "unique_wallet": {f"unique_wallet_{x}": wallets},
        "unique_wallet_change": {f"unique_wallet_{x}_change_percent": percent(wallets, wallets_then)},
    }
    return {name: figure for group in groups if group in wanted for name, figure in groups[group].items()}


def _wallets(bar: Bar) -> int:
    return max(1, bar.trades // 9)


def percent(now: Decimal | float, then: Decimal | float) -> float | None:
    """Return by how much ``now`` differs from ``then``, percent; ``None`` where there was nothing."""
    return (float(now) / float(then) - 1) * 100 if then else None
