"""An emulated Birdeye: what the plan of a key allows over HTTP, and the compute units it has spent."""

from __future__ import annotations

import math
from collections import Counter

from streamcore.clock import Clock
from streamsim.birdeye.candles import units as candle_units
from streamsim.birdeye.requests import body_field, error_body
from streamsim.servers.clients import Profile
from streamsim.servers.http11 import HttpReply, HttpRequest
from streamsim.servers.limits import SlidingWindow, TokenBucket

PAID_RATE = 15.0
"""Requests a second on a paid plan."""

FREE_UNITS = 30_000
"""Compute units a month of the free plan."""

FREE_WINDOW = 2.0
"""Seconds one request of a free key takes up."""

CANDLES = "/defi/v3/ohlcv"
"""The route of candles, whose compute units depend on how many are asked for."""

_UNITS = {
    "/defi/price": 3,
    "/defi/multi_price": 3,
    "/defi/price_volume/single": 15,
    "/defi/price_volume/multi": 15,
    "/defi/history_price": 45,
}
"""Compute units of one token; a request about several takes them times a power of their number."""

_FREE_PATHS = frozenset({"/defi/price", "/utils/v1/credits", CANDLES, "/defi/history_price"})
"""Routes of the free plan; of candles and past prices by the vendor's table, though observers saw three."""

_PLAN = (
    "Your API key is either suspended or lacks sufficient permissions to access this resource."
    " Please check your account status or upgrade to a higher plan."
)


class Plans:
    """What each key may ask: how often, which routes, and for how many compute units."""

    def __init__(self, clock: Clock) -> None:
        """``clock``: time."""
        self._clock = clock
        self._windows: dict[str, SlidingWindow] = {}
        self._buckets: dict[str, TokenBucket] = {}
        self.free_units = FREE_UNITS
        """What a free key has in a month."""
        self.unserved: set[str] = set()
        """Paths that no plan serves at present."""
        self.free_paths = set(_FREE_PATHS)
        """Paths that the free plan serves."""
        self.units_spent: Counter[str] = Counter()
        """Key to the compute units of its answers."""

    def refuse_key(self, key: str) -> HttpReply | None:
        """Return what a key gets that is unknown, used up or asks too often; ``None``: it may ask."""
        profile = Profile.of(key)
        if profile is Profile.BAD:
            return HttpReply(401, error_body(401))
        if profile is Profile.EXHAUSTED:
            return HttpReply(400, error_body(400, "Compute units usage limit exceeded"))
        if profile is Profile.FREE:
            window = self._windows.setdefault(key, SlidingWindow(self._clock, 1, FREE_WINDOW))
            passes, opens_in = window.take(), window.opens_in
        else:
            bucket = self._buckets.setdefault(key, TokenBucket(self._clock, PAID_RATE))
            passes, opens_in = bucket.take(), 1.0
        if passes:
            return None
        headers = {
            "Retry-After": "1",
            "X-RateLimit-Remaining": "0",
            "X-RateLimit-Reset": str(int(self._clock.time() + opens_in)),
        }
        return HttpReply(429, error_body(429), headers)

    def refuse_path(self, key: str, path: str) -> HttpReply | None:
        """Return what a key gets for a route that its plan has not; ``None``: it has."""
        not_free = Profile.of(key) is Profile.FREE and path not in self.free_paths
        if not_free or path in self.unserved:
            return HttpReply(401, error_body(401, _PLAN))
        return None

    def refuse_units(self, key: str, units: int) -> HttpReply | None:
        """Return what a key gets that has not so many compute units left; ``None``: it has."""
        if Profile.of(key) is Profile.FREE and self.units_spent[key] + units > self.free_units:
            return HttpReply(400, error_body(400, "Compute units usage limit exceeded for plan Free"))
        return None

    def charge(self, key: str, units: int) -> None:
        """Take note of an answer."""
        self.units_spent[key] += units


def units_of(request: HttpRequest) -> int:
    """Return the compute units of a request; 0 for one of which nobody has told.

    Raises:
        BadRequest: It cannot be understood.
    """
    if request.path == CANDLES:
        return candle_units(request.query)
    each = _UNITS.get(request.path, 0)
    listed = request.query.get("list_address") or (
        body_field(request, "list_address") if request.body else ""
    )
    count = listed.count(",") + 1 if isinstance(listed, str) else 1
    return math.ceil(math.pow(count, 0.8) * each)
