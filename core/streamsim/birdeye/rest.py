"""An emulated Birdeye: its REST API, over the same market as its socket."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from streamcore.clock import Clock
from streamsim.birdeye.candles import BadQuery, candle_items, price_items
from streamsim.birdeye.candles import units as candle_units
from streamsim.birdeye.messages import INTERVALS, percent
from streamsim.servers.clients import Profile
from streamsim.servers.http11 import HttpReply, HttpRequest
from streamsim.servers.limits import SlidingWindow, TokenBucket
from streamsim.wire import is_address, iso_seconds
from streamsim.world.catalog import CATALOG, SOL
from streamsim.world.history import DAY
from streamsim.world.listings import Listing
from streamsim.world.lookalikes import DECOY
from streamsim.world.market import Market, Token

PAID_RATE = 15.0
"""Requests a second on a paid plan."""

FREE_UNITS = 30_000
"""Compute units a month of the free plan."""

_UNITS = {
    "/defi/price": 3,
    "/defi/multi_price": 3,
    "/defi/price_volume/single": 15,
    "/defi/price_volume/multi": 15,
    "/defi/history_price": 45,
}
"""Compute units of one token; a request about several takes them times a power of their number."""

FREE_WINDOW = 2.0
"""Seconds one request of a free key takes up."""

_CANDLES = "/defi/v3/ohlcv"
_FREE_PATHS = frozenset({"/defi/price", "/utils/v1/credits", _CANDLES, "/defi/history_price"})
"""Routes of the free plan; of candles and past prices by the vendor's table, though observers saw three."""

_PLAN = (
    "Your API key is either suspended or lacks sufficient permissions to access this resource."
    " Please check your account status or upgrade to a higher plan."
)
_MESSAGES = {
    400: "Invalid request parameters or payload.",
    401: "Unauthorized. Authentication required.",
    403: "Access Denied. You don't have permission to access this resource.",
    404: "Not found",
    422: "Invalid data. Please check the provided data and try again.",
    429: "Too many requests",
}


def error_body(status: int, message: str | None = None) -> bytes:
    """Return the body of an HTTP error as Birdeye writes it."""
    text = message or _MESSAGES.get(status, "Internal server error")
    return msgspec.json.encode({"success": False, "message": text})


class _BadRequest(Exception):
    def __init__(self, message: str | None = None) -> None:
        super().__init__(message)
        self.message = message


class BirdeyeRest:
    """Answers requests about a market.

    Args:
        clock: Time.
        market: What it tells about.
        watch: Called with the mints somebody asks for.
    """

    def __init__(self, clock: Clock, market: Market, watch: Callable[[list[str]], None]) -> None:
        self.change_differs = False
        """Whether prices come with a change over 24 hours that is not the one of statistics and overview."""
        self._clock = clock
        self._market = market
        self._watch = watch
        self._windows: dict[str, SlidingWindow] = {}
        self._buckets: dict[str, TokenBucket] = {}
        self.free_units = FREE_UNITS
        """What a free key has in a month."""
        self.unserved: set[str] = set()
        """Paths that no plan serves at present."""
        self.free_paths = set(_FREE_PATHS)
        """Paths that the free plan serves."""
        self.unknown_is_null = False
        """Whether the candles of an unknown token are ``null``, not an empty list."""
        self.units_spent: Counter[str] = Counter()
        """Key to the compute units of its answers."""

    def answer(self, request: HttpRequest) -> HttpReply:
        """Return the answer to one request."""
        key = request.headers.get("x-api-key", "")
        profile = Profile.of(key)
        route = _ROUTES.get((request.method, request.path))
        if profile is Profile.BAD:
            return HttpReply(401, error_body(401))
        if profile is Profile.EXHAUSTED:
            return HttpReply(400, error_body(400, "Compute units usage limit exceeded"))
        if refusal := self._too_often(key, profile):
            return refusal
        if route is None:
            return HttpReply(404, error_body(404))
        not_free = profile is Profile.FREE and request.path not in self.free_paths
        if not_free or request.path in self.unserved:
            return HttpReply(401, error_body(401, _PLAN))
        try:
            units = _units(request)
            if profile is Profile.FREE and self.units_spent[key] + units > self.free_units:
                return HttpReply(400, error_body(400, "Compute units usage limit exceeded for plan Free"))
            data = route(self, request)
        except _BadRequest as bad:
            return HttpReply(400, error_body(400, bad.message))
        except BadQuery as bad_query:
            return HttpReply(400, error_body(400, str(bad_query)))
        self.units_spent[key] += units
        return HttpReply.json({"success": True, "data": data})

    def _too_often(self, key: str, profile: Profile) -> HttpReply | None:
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

    # One method an endpoint

    def _price(self, request: HttpRequest) -> Any:
        address = request.query.get("address")
        if not is_address(address):
            raise _BadRequest("address is invalid format")
        return self._prices([str(address)], request)[str(address)]

    def _multi_price(self, request: HttpRequest) -> Any:
        listed = (
            request.query.get("list_address") if request.method == "GET" else _field(request, "list_address")
        )
        return self._prices(_addresses(listed, 100), request)

    def _prices(self, addresses: list[str], request: HttpRequest) -> dict[str, Any]:
        self._watch(addresses)
        with_liquidity = request.query.get("include_liquidity") == "true"
        return {address: self._quote(address, with_liquidity) for address in addresses}

    def _quote(self, address: str, with_liquidity: bool) -> dict[str, Any] | None:
        token = self._market.token(address)
        if token is None:
            return None
        quote = {
            "isScaledUiToken": False,
            "value": float(token.price),
            "updateUnixTime": int(token.traded_at),
            "updateHumanTime": iso_seconds(token.traded_at),
            # how the real figures come to differ nobody knows; here one looks back an hour further
            "priceChange24h": float(token.change(DAY + 3600 if self.change_differs else DAY)),
            "priceInNative": 1 if address == SOL else float(token.price / self._market.sol_price()),
        }
        if with_liquidity:
            quote["liquidity"] = float(token.listing.liquidity)
        return quote

    def _volume_single(self, request: HttpRequest) -> Any:
        address = request.query.get("address")
        if not is_address(address):
            raise _BadRequest("address is invalid format")
        return self._volumes([str(address)], request.query.get("type", "24h"))[str(address)]

    def _volume_multi(self, request: HttpRequest) -> Any:
        addresses = _addresses(_field(request, "list_address"), 50)
        return self._volumes(addresses, _field(request, "type") or "24h")

    def _volumes(self, addresses: list[str], interval: str) -> dict[str, Any]:
        if interval not in {"1h", "2h", "4h", "8h", "24h"}:
            raise _BadRequest("type invalid format")
        self._watch(addresses)
        return {address: self._volume(address, INTERVALS[interval]) for address in addresses}

    def _volume(self, address: str, seconds: float) -> dict[str, Any] | None:
        token = self._market.token(address)
        if token is None:
            return None
        now, then = token.window(seconds), token.window(seconds, back=seconds)
        return {
            "isScaledUiToken": False,
            "price": float(token.price),
            "updateUnixTime": int(token.traded_at),
            "updateHumanTime": iso_seconds(token.traded_at),
            "volumeUSD": float(now.usd),
            "volumeChangePercent": percent(now.usd, then.usd),
            "priceChangePercent": float(token.change(seconds)),
        }

    def _token(self, request: HttpRequest) -> Token | None:
        address = request.query.get("address")
        if not is_address(address):
            raise _BadRequest("address is invalid format")
        self._watch([str(address)])
        return self._market.token(str(address))

    def _market_data(self, request: HttpRequest) -> Any:
        token = self._token(request)
        if token is None:
            return None
        price, supply = float(token.price), float(token.listing.supply)
        return {
            "address": token.listing.mint,
            "price": price,
            "liquidity": float(token.listing.liquidity),
            "total_supply": supply,
            "circulating_supply": supply * 0.89,
            "fdv": price * supply,
            "market_cap": price * supply * 0.89,
            "holder": _holders(token.listing),
            "is_scaled_ui_token": False,
            "multiplier": None,
        }

    def _overview(self, request: HttpRequest) -> Any:
        token = self._token(request)
        if token is None:
            return None
        listing, price = token.listing, float(token.price)
        supply = float(listing.supply)
        overview: dict[str, Any] = {
            "address": listing.mint,
            "decimals": listing.decimals,
            "symbol": listing.symbol,
            "name": listing.name,
            "marketCap": price * supply * 0.89,
            "fdv": price * supply,
            "extensions": {"website": None, "twitter": None},
            "logoURI": None,
            "liquidity": float(listing.liquidity),
            "lastTradeUnixTime": int(token.traded_at),
            "lastTradeHumanTime": iso_seconds(token.traded_at),
            "price": price,
            "totalSupply": supply,
            "circulatingSupply": supply * 0.89,
            "holder": _holders(listing),
            "numberMarkets": 40,
            "isScaledUiToken": False,
            "multiplier": None,
        }
        for interval, seconds in INTERVALS.items():
            overview |= _overview_interval(token, interval, seconds)
        return overview

    def _candles(self, request: HttpRequest) -> Any:
        token = self._token(request)
        if token is None and self.unknown_is_null:
            return None
        items = [] if token is None else candle_items(self._market, token, request.query)
        return {"is_scaled_ui_token": False, "items": items}

    def _past_prices(self, request: HttpRequest) -> Any:
        token = self._token(request)
        items = [] if token is None else price_items(token, request.query)
        return {"isScaledUiToken": False, "items": items}

    def _search(self, request: HttpRequest) -> Any:
        query = request.query
        if "sort_by" not in query or "sort_type" not in query:
            raise _BadRequest
        keyword = query.get("keyword", "").lower().removeprefix("$")
        exact = query.get("search_mode") == "exact"
        found = [
            listing
            for listing in (*CATALOG.values(), DECOY)
            if (
                listing.symbol.lower() == keyword
                if exact
                else keyword in f"{listing.symbol} {listing.name}".lower()
            )
            and not (query.get("verify_token") == "true" and not listing.verified)
        ]
        found.sort(key=lambda listing: listing.volume_24h, reverse=query["sort_type"] == "desc")
        count = int(query["limit"]) if query.get("limit", "").isdigit() else 20
        results = [self._found(listing) for listing in found[: min(20, count)]]
        return {"items": [{"type": "token", "result": results}]}

    def _found(self, listing: Listing) -> dict[str, Any]:
        token = self._market.token(listing.mint)
        price = float(listing.price if token is None else token.price)
        return {
            "name": listing.name,
            "symbol": listing.symbol,
            "address": listing.mint,
            "network": "solana",
            "decimals": listing.decimals,
            "verified": listing.verified,
            "fdv": price * float(listing.supply),
            "market_cap": price * float(listing.supply) * 0.89,
            "liquidity": float(listing.liquidity),
            "price": price,
            "price_change_24h_percent": None if token is None else float(token.change(DAY)),
            "volume_24h_usd": float(listing.volume_24h if token is None else token.window(DAY).usd),
            "last_trade_unix_time": None if token is None else int(token.traded_at),
            "last_trade_human_time": None if token is None else iso_seconds(token.traded_at),
            "is_scaled_ui_token": False,
            "multiplier": None,
        }

    def _credits(self, request: HttpRequest) -> Any:
        now = int(self._clock.time())
        usage = {"total": 1_176_300, "api": 1_162_912, "ws": 13_388}
        remaining = {"api": 48_837_088, "ws": 49_986_612, "total": 98_823_700}
        key = request.headers.get("x-api-key", "")
        if Profile.of(key) is Profile.FREE:
            spent = self.units_spent[key]
            usage = {"total": spent, "api": spent, "ws": 0}
            remaining = {"api": self.free_units - spent, "ws": 0, "total": self.free_units - spent}
        return {
            "start_time": now - 864_000,
            "end_time": now + 1_728_000,
            "usage": usage,
            "remaining": remaining,
            "overage_usage": {"api": 0, "ws": 0, "total": 0},
            "overage_cost": {"api": 0, "ws": 0, "total": 0},
        }


def _overview_interval(token: Token, x: str, seconds: float) -> dict[str, Any]:
    now, then = token.window(seconds), token.window(seconds, back=seconds)
    return {
        f"history{x}Price": float(token.price_ago(seconds)),
        f"priceChange{x}Percent": float(token.change(seconds)),
        f"uniqueWallet{x}": max(1, now.trades // 9),
        f"trade{x}": now.trades,
        f"trade{x}ChangePercent": percent(now.trades, then.trades),
        f"buy{x}": now.buys,
        f"sell{x}": now.sells,
        f"v{x}": float(now.tokens),
        f"v{x}USD": float(now.usd),
        f"v{x}ChangePercent": percent(now.usd, then.usd),
        f"vBuy{x}USD": float(now.buy_usd),
        f"vSell{x}USD": float(now.sell_usd),
    }


def _holders(listing: Listing) -> int:
    return 1000 + int(listing.volume_24h / 900)


def _addresses(listed: object, most: int) -> list[str]:
    names = listed.split(",") if isinstance(listed, str) else []
    # One bad address fails the whole batch.
    if not names or len(names) > most or not all(map(is_address, names)):
        raise _BadRequest("list_address is invalid format")
    return names


def _units(request: HttpRequest) -> int:
    """Return the compute units of a request, as far as this program makes such."""
    if request.path == _CANDLES:
        return candle_units(request.query)
    each = _UNITS.get(request.path, 0)
    listed = request.query.get("list_address") or (_field(request, "list_address") if request.body else "")
    count = listed.count(",") + 1 if isinstance(listed, str) else 1
    return math.ceil(math.pow(count, 0.8) * each)


def _field(request: HttpRequest, name: str) -> Any:
    try:
        body = msgspec.json.decode(request.body)
    except msgspec.DecodeError:
        raise _BadRequest from None
    if not isinstance(body, Mapping):
        raise _BadRequest
    return body.get(name)


_ROUTES: dict[tuple[str, str], Callable[[BirdeyeRest, HttpRequest], Any]] = {
    ("GET", "/defi/price"): BirdeyeRest._price,
    ("GET", "/defi/multi_price"): BirdeyeRest._multi_price,
    ("POST", "/defi/multi_price"): BirdeyeRest._multi_price,
    ("GET", "/defi/price_volume/single"): BirdeyeRest._volume_single,
    ("POST", "/defi/price_volume/multi"): BirdeyeRest._volume_multi,
    ("GET", "/defi/token_overview"): BirdeyeRest._overview,
    ("GET", "/defi/v3/token/market-data"): BirdeyeRest._market_data,
    ("GET", _CANDLES): BirdeyeRest._candles,
    ("GET", "/defi/history_price"): BirdeyeRest._past_prices,
    ("GET", "/defi/v3/search"): BirdeyeRest._search,
    ("GET", "/utils/v1/credits"): BirdeyeRest._credits,
}
