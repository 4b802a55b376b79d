"""Points in time and spans of it, as text.

Ages go in steps: the older something is, the rarer its text changes, so that a quiet screen is not
repainted every second to say very little.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from math import isfinite

from streamtui.format.numbers import UNKNOWN


def age(seconds: float | None) -> str:
    """Return how long ago something was: ``now``, ``5s``, ``10s`` … ``1m``, ``2m`` … ``1h`` …."""
    if seconds is None or not isfinite(seconds):
        return UNKNOWN
    if seconds < 5:
        return "now"  # counting each second in twenty quiet rows would be most of the terminal's traffic
    whole = int(seconds)
    if whole < 60:
        return f"{whole - whole % 5}s"
    if whole < 3600:
        return f"{whole // 60}m"
    if whole < 86_400:
        return f"{whole // 3600}h"
    return f"{whole // 86_400}d"


def duration(seconds: float) -> str:
    """Return a span with two units: ``48s``, ``3m 07s``, ``2h 05m``, ``4d 02h``."""
    if not isfinite(seconds):
        return UNKNOWN
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m {whole % 60:02}s"
    if whole < 86_400:
        return f"{whole // 3600}h {whole % 3600 // 60:02}m"
    return f"{whole // 86_400}d {whole % 86_400 // 3600:02}h"


def interval_name(seconds: int) -> str:
    """Return the length of a candle or a bar: ``15 min``, ``1 h``, ``2 h 45 min``, ``1 d``."""
    parts = []
    for unit, name in ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        count, seconds = divmod(seconds, unit)
        if count:
            parts.append(f"{count} {name}")
    return " ".join(parts) or "0 s"


def countdown(seconds: float) -> str:
    """Return the whole seconds left, rounded up, so that it reads ``1 s`` until the moment has come."""
    if not isfinite(seconds):
        return UNKNOWN
    whole = max(0, -int(-seconds // 1))
    return f"{whole} s" if whole < 120 else duration(whole)


def time_of_day(ts: float | None) -> str:
    """Return the local time of day of a point in Unix seconds: ``14:03:07``."""
    return "--:--:--" if ts is None or not isfinite(ts) else _time_of_day(int(ts))


@lru_cache(maxsize=256)
def _time_of_day(ts: int) -> str:
    return _local(ts, "%H:%M:%S") or "--:--:--"


def day(ts: float) -> str:
    """Return the local day of a point in Unix seconds: ``3 Sep``."""
    return (_local(ts, "%d %b") or UNKNOWN).removeprefix("0")


def hour_and_minute(ts: float) -> str:
    """Return the local time of day of a point in Unix seconds without its seconds: ``14:05``."""
    return _local(ts, "%H:%M") or UNKNOWN


def chart_moment(ts: float, seconds: int) -> str:
    """Return when a bar of a chart begins, in local time: ``3 Sep 14:05``; of a day or more, ``3 Sep 2026``.

    Args:
        ts: Unix seconds.
        seconds: The length of the bar.
    """
    return f"{day(ts)} {_local(ts, '%Y' if seconds >= 86_400 else '%H:%M') or ''}".rstrip()


def moment(ts: float | None) -> str:
    """Return date, time and zone of a point in Unix seconds, for a detail view."""
    return UNKNOWN if ts is None else _local(ts, "%Y-%m-%d %H:%M:%S %Z") or UNKNOWN


def _local(ts: float, form: str) -> str | None:
    """Return a point in time in local time; ``None`` when no calendar has it."""
    try:
        return datetime.fromtimestamp(ts).astimezone().strftime(form)
    except (ValueError, OverflowError, OSError):
        return None
