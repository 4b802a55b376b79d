"""The state of providers in words, counted nouns, and the names of sources and of spans of time."""

from __future__ import annotations

from streamcore import CandleSeries, ChartRange, ProviderStatus, State
from streamtui.format.ages import age, countdown, duration
from streamtui.format.lamps import STALE, healthy, lamp

RANGE_NAMES = {
    ChartRange.HOUR: "1 h",
    ChartRange.DAY: "24 h",
    ChartRange.WEEK: "7 d",
    ChartRange.MONTH: "30 d",
    ChartRange.YEAR: "1 y",
}
"""How far back a chart or a list of candles reaches."""
NO_FILES = "Not in a browser: the file would be written on the machine of the server."
"""Said when somebody asks for a file."""


def trouble(status: ProviderStatus, at: float) -> str:
    """Return what is wrong with a provider: the next attempt first, then the reason; empty when all is well.

    Args:
        status: Its present state.
        at: Unix seconds now, for the countdown.
    """
    if healthy(status):
        # the stream is well, but what it announces cannot be fetched, or not as fast as it comes
        return (status.reason or unread(status)) if status.state is State.CONNECTED else ""
    parts = []
    if status.retry_at is not None:
        parts.append(f"try {status.attempt} in {countdown(status.retry_at - at)}")
    elif status.parked:
        parts.append("stopped trying, r tries again")
    elif status.attempt:
        parts.append(f"try {status.attempt}")
    if lamp(status) is STALE and not status.cut_off and status.last_message_at is not None:
        parts.append(f"quiet for {age(at - status.last_message_at)}")
    if status.reason:
        parts.append(status.reason)
    return " · ".join(parts)


WORTH_SAYING = 5.0
"""Seconds that a transaction may wait to be read without a word about it."""


def unread(status: ProviderStatus) -> str:
    """Return how many transactions are known but unread, and for how long; empty while that is usual."""
    if status.lag < WORTH_SAYING:
        return ""
    return f"{count(status.waiting, 'transaction')} still to be read, the oldest for {duration(status.lag)}"


def demo_words(*statuses: ProviderStatus | None) -> str:
    """Return the text of the badge: ``DEMO`` when all is invented, ``DEMO prices`` for a part, or nothing."""
    known = [status for status in statuses if status is not None]
    invented = [status.kind for status in known if status.demo]
    if not invented:
        return ""
    return "DEMO" if len(invented) == len(known) else f"DEMO {' '.join(invented)}"


def count(number: int, noun: str) -> str:
    """Return a number with its noun: ``1 wallet``, ``3 wallets``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def source_title(series: CandleSeries) -> str:
    """Return the name of a series' source as a person writes it, as far as it is known."""
    return series.title or series.provider[:1].upper() + series.provider[1:]
