"""An emulated Birdeye: what its REST API tells of a token's past."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from streamsim.birdeye.requests import BadRequest
from streamsim.wire import exact
from streamsim.world.candles import CHART_SECONDS, Candle, bucket_start, filled
from streamsim.world.catalog import SOL
from streamsim.world.history import DAY
from streamsim.world.market import Market, Token

MOST_ROWS = 5000
"""Candles in one answer."""
PRICE_CHARTS = frozenset(CHART_SECONDS) - {"1s", "15s", "30s"}
"""The types of the older route with single prices."""

_KEPT = {"1s": 14 * DAY, "15s": 90 * DAY, "30s": 90 * DAY}
"""Seconds for which candles of the shortest types are kept."""
_UNITS = ((1000, 60), (2000, 90), (MOST_ROWS, 120))
"""Up to how many candles a request takes how many compute units."""


def units(query: Mapping[str, str]) -> int:
    """Return the compute units of a request for candles, which depend on how many it asks for.

    Raises:
        BadRequest: It cannot be understood.
    """
    chart, start, end, most = _range(query, math.inf)
    rows = most if start is None else (end - start) / CHART_SECONDS[chart] + 1
    return next((cost for count, cost in _UNITS if rows <= count), _UNITS[-1][1])


def candle_items(market: Market, token: Token, query: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the candles a request asks for, oldest first.

    Raises:
        BadRequest: It cannot be understood.
    """
    now = token.now()
    chart, start, end, most = _range(query, now)
    rows = _rows(token, chart, start, end, most, padded=query.get("padding") == "true")
    currency = query.get("currency", "usd")
    worth = [Decimal(1)] * len(rows) if currency == "usd" else _sol_prices(market, chart, rows)
    return [
        {
            "o": float(exact(row.open / price)),
            "h": float(exact(row.high / price)),
            "l": float(exact(row.low / price)),
            "c": float(exact(row.close / price)),
            "v": float(row.volume),
            "v_usd": float(row.volume_usd),
            "unix_time": row.start,
            "address": token.listing.mint,
            "type": chart,
            "currency": currency,
        }
        for row, price in zip(rows, worth, strict=True)
    ]


def price_items(token: Token, query: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return single prices, oldest first, as the older route does: one at the start of each interval.

    Raises:
        BadRequest: The request cannot be understood.
    """
    chart, start, end, _ = _range(query, token.now())
    if chart not in PRICE_CHARTS or start is None:
        raise BadRequest("type is invalid format")
    length = CHART_SECONDS[chart]
    since = max(start, token.history.past.since)
    moments = range(bucket_start(chart, since + length - 1), int(min(end, token.now())) + 1, length)
    now = token.now()
    return [
        {"unixTime": moment, "value": float(token.price_ago(now - moment))} for moment in moments[:MOST_ROWS]
    ]


def _range(query: Mapping[str, str], now: float) -> tuple[str, int | None, float, int]:
    """Return chart type, start, end and most rows; no start means the newest rows."""
    chart = query.get("type", "")
    if chart not in CHART_SECONDS:
        raise BadRequest("type is invalid format")
    if query.get("currency", "usd") not in {"usd", "native"}:
        raise BadRequest("currency is invalid format")
    if query.get("mode", "range") == "count":
        count = _number(query, "count_limit", str(MOST_ROWS))
        if not 0 < count <= MOST_ROWS:
            raise BadRequest("count_limit should be integer, range 1-5000")
        end = _number(query, "time_to") if query.get("time_to") else now
        return chart, None, end, count
    start, end = _number(query, "time_from"), _number(query, "time_to")
    if end < start:
        raise BadRequest("time_from is greater than time_to")
    return chart, start, float(end), MOST_ROWS


def _number(query: Mapping[str, str], name: str, usual: str = "") -> int:
    text = query.get(name, usual)
    if not text.isdecimal():
        raise BadRequest(f"{name} is invalid format")
    return int(text)


def _rows(
    token: Token, chart: str, start: int | None, end: float, most: int, *, padded: bool
) -> list[Candle]:
    length, now = CHART_SECONDS[chart], token.now()
    oldest = max(token.history.past.since, now - _KEPT.get(chart, math.inf))
    last = bucket_start(chart, min(end, now))
    reach = most
    while True:
        begin = last - reach * length if start is None else start
        begin = max(begin, bucket_start(chart, oldest))
        known = token.candles(chart, begin, last + 1) if begin <= last else []
        if padded and known:
            first = bucket_start(chart, begin + length - 1)
            starts = range(first, last + 1, length)
            known = filled(known, starts, token.price_ago(now - first))
        if start is not None:
            return known[:most]
        if len(known) >= most or begin <= oldest:
            return known[-most:]
        reach *= 4


def _sol_prices(market: Market, chart: str, rows: list[Candle]) -> list[Decimal]:
    sol = market.token(SOL)
    if not rows or sol is None:
        return [Decimal(1)] * len(rows)
    known = sol.candles(chart, rows[0].start, rows[-1].start + 1)
    starts = [row.start for row in rows]
    return [candle.close for candle in filled(known, starts, sol.price_ago(sol.now() - starts[0]))]
