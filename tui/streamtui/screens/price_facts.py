"""The values of a price in its detail view."""

from __future__ import annotations

from decimal import Decimal

from textual.content import Content

from streamcore import PriceUpdate, Source
from streamtui.format.ages import age, chart_moment, moment, time_of_day
from streamtui.format.cells import literal
from streamtui.format.numbers import UNKNOWN, amount, basis_points, is_plausible, percent, price
from streamtui.model.price_row import Freshness, PriceRow

_WHY_NOT = {
    Freshness.UNLISTED: "not yet, and no source in use has it",
    Freshness.WAITING: "not yet: waiting for the first price",
}
_GAUGE = 12
"""Cells of the line from the lowest to the highest price."""


def facts(row: PriceRow, at: float, freshness: Freshness) -> dict[str, Content]:
    """Return everything known about a row by what it is called, in the order of the view.

    Args:
        row: The row.
        at: Unix seconds now.
        freshness: What the age of its price means.
    """
    update = row.update
    known = update.price if update else None
    change = update.change_24h if update else None
    volume = update.volume_24h if update else None
    trades = update.trades_24h if update else None
    old = freshness is Freshness.OLD
    meaning = {
        Freshness.OLD: " – old",
        Freshness.QUIET: f" – quiet: nothing was traded, {update.provider if update else ''} lives",
    }.get(freshness, "")
    confirmed = f"{moment(update.ts)}, {age(row.age(at))}" if update else _WHY_NOT.get(freshness, "")
    return {
        "price": Content.styled(f"{price(known)} USD", "bold"),
        "24 h": Content.styled(percent(change), _tone(change)),
        "exactly": Content(UNKNOWN if known is None else f"{amount(known)} USD"),
        "24 h range": _range(row),
        "bid, ask": _book(update),
        "24 h average": _average(row),
        "24 h volume": _told(update, volume, f"{amount(volume)} USD" if volume is not None else ""),
        "24 h trades": _told(update, trades, f"{trades:,}" if trades is not None else ""),
        "session": _session(row),
        "source": literal(_source(update)),
        "confirmed": Content.styled(f"{confirmed}{meaning}", "bold $text-warning" if old else ""),
        "token": literal(row.name or "unknown: only its mint address is known"),
        "mint": literal(row.mint or "none: this is the price of no Solana token"),
    }


def _told(update: PriceUpdate | None, value: object, text: str) -> Content:
    """Return a figure as text, or who does not tell it."""
    if value is not None:
        return Content(text)
    return Content(UNKNOWN) if update is None else literal(f"{UNKNOWN} not told by {update.provider}")


def _book(update: PriceUpdate | None) -> Content:
    if update is None or (update.bid is None and update.ask is None):
        return _told(update, None, "")
    text = f"{price(update.bid)} / {price(update.ask)}"
    return Content(text if update.spread is None else f"{text}, spread {basis_points(update.spread)}")


def _source(update: PriceUpdate | None) -> str:
    if update is None:
        return UNKNOWN
    return f"{update.provider}, {'streamed' if update.source is Source.STREAM else 'polled'}"


def _range(row: PriceRow) -> Content:
    """Return the extremes of 24 hours as the source tells them, or by the candles of one that is named."""
    update, day = row.update, row.day
    if update is None:
        return Content(UNKNOWN)
    low, high = update.low_24h, update.high_24h
    if low is not None and high is not None:
        gauge = _gauge(low, high, update.price)
        if gauge is None:
            return Content(f"low {price(low)}, high {price(high)}")
        return Content(f"low {price(low)} {gauge} {price(high)} high")
    if day is None:
        return _told(update, None, "")
    gauge = _gauge(day.low, day.high, update.price) or "to"
    since = "" if day.since is None else f" since {chart_moment(day.since, 0)}"
    return literal(f"{price(day.low)} {gauge} {price(day.high)}, {day.source} candles{since}")


def _average(row: PriceRow) -> Content:
    """Return the average price of 24 hours as the source tells it, or about that by candles."""
    update, day = row.update, row.day
    if update is None or update.vwap_24h is not None or day is None or day.average is None:
        average = None if update is None else update.vwap_24h
        return _told(update, average, f"{price(average)} USD")
    return literal(f"about {price(day.average)} USD, {day.source} candles")


def _gauge(low: Decimal, high: Decimal, now: Decimal | None) -> str | None:
    if not (
        is_plausible(now) and is_plausible(low) and is_plausible(high) and low <= now <= high and low < high
    ):
        return None
    place = min(_GAUGE - 1, int((now - low) / (high - low) * _GAUGE))
    return "─" * place + "●" + "─" * (_GAUGE - 1 - place)


def _session(row: PriceRow) -> Content:
    if row.high is None or row.low is None:
        return Content(UNKNOWN)
    since = time_of_day(row.candles.since)
    return Content(f"high {price(row.high)}, low {price(row.low)}, since {since}")


def _tone(change: Decimal | None) -> str:
    if not change:
        return ""
    return "$up" if change > 0 else "$down"
