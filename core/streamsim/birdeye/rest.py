"""An emulated Birdeye: its REST API, over the same market as its socket."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from streamcore.clock import Clock
from streamsim.birdeye.candles import candle_items, price_items
from streamsim.birdeye.messages import INTERVALS, percent
from streamsim.birdeye.plans import CANDLES, Plans, units_of
from streamsim.birdeye.requests import BadRequest, address_in, addresses, body_field, error_body
from streamsim.servers.clients import Profile
from streamsim.servers.http11 import HttpReply, HttpRequest
from streamsim.wire import iso_seconds
from streamsim.world.catalog import CATALOG, SOL
from streamsim.world.history import DAY
from streamsim.world.listings import Listing
from streamsim.world.lookalikes import DECOY
from streamsim.world.market import Market, Token


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
        self.plans = Plans(clock)
        """What each key may ask."""
        self.unknown_is_null = False
        """Whether the candles of an unknown token are ``null``, not an empty list."""

    def answer(self, request: HttpRequest) -> HttpReply:
        """Return the answer to one request."""
        key = request.headers.get("x-api-key", "")
        if refusal := self.plans.refuse_key(key):
            return refusal
        route = _ROUTES.get((request.method, request.path))
        if route is None:
            return HttpReply(404, error_body(404))
        if refusal := self.plans.refuse_path(key, request.path):
            return refusal
        try:
            units = units_of(request)
            if refusal := self.plans.refuse_units(key, units):
                return refusal
            data = route(self, request)
        except BadRequest as bad:
            return HttpReply(400, error_body(400, str(bad)))
        self.plans.charge(key, units)
        return HttpReply.json({"success": True, "data": data})

    # One method an endpoint

    def _price(self, request: HttpRequest) -> Any:
        address = address_in(request.query)
        return self._prices([address], request)[address]

    def _multi_price(self, request: HttpRequest) -> Any:
        listed = (
            request.query.get("list_address")
            if request.method == "GET"
            else body_field(request, "list_address")
        )
        return self._prices(addresses(listed, 100), request)

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
        address = address_in(request.query)
        return self._volumes([address], request.query.get("type", "24h"))[address]

    def _volume_multi(self, request: HttpRequest) -> Any:
        mints = addresses(body_field(request, "list_address"), 50)
        return self._volumes(mints, body_field(request, "type") or "24h")

    def _volumes(self, addresses: list[str], interval: str) -> dict[str, Any]:
        if interval not in {"1h", "2h", "4h", "8h", "24h"}:
            raise BadRequest("type invalid format")
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
        address = address_in(request.query)
        self._watch([address])
        return self._market.token(address)

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
            raise BadRequest
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
            spent = self.plans.units_spent[key]
            usage = {"total": spent, "api": spent, "ws": 0}
            left = self.plans.free_units - spent
            remaining = {"api": left, "ws": 0, "total": left}
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


_ROUTES: dict[tuple[str, str], Callable[[BirdeyeRest, HttpRequest], Any]] = {
    ("GET", "/defi/price"): BirdeyeRest._price,
    ("GET", "/defi/multi_price"): BirdeyeRest._multi_price,
    ("POST", "/defi/multi_price"): BirdeyeRest._multi_price,
    ("GET", "/defi/price_volume/single"): BirdeyeRest._volume_single,
    ("POST", "/defi/price_volume/multi"): BirdeyeRest._volume_multi,
    ("GET", "/defi/token_overview"): BirdeyeRest._overview,
    ("GET", "/defi/v3/token/market-data"): BirdeyeRest._market_data,
    ("GET", CANDLES): BirdeyeRest._candles,
    ("GET", "/defi/history_price"): BirdeyeRest._past_prices,
    ("GET", "/defi/v3/search"): BirdeyeRest._search,
    ("GET", "/utils/v1/credits"): BirdeyeRest._credits,
}
