"""One market, told by all emulated providers: whatever happens, their figures are those of one history."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from manual_clock import ManualClock
from properties import quick

from streamsim import BirdeyeServer, CoinbaseServer, DexScreenerServer, JupiterServer, KrakenServer
from streamsim.birdeye.messages import read_stats_query, token_stats
from streamsim.coinbase import messages as coinbase
from streamsim.kraken import messages as kraken
from streamsim.servers.exchange import Figures
from streamsim.servers.faults import Faults
from streamsim.servers.http11 import HttpRequest
from streamsim.world.catalog import SOL
from streamsim.world.history import DAY, MINUTE
from streamsim.world.market import Market

pytestmark = pytest.mark.long

STATISTICS = {"address": SOL, "select": {"price": True, "trade_data": {"volume": True, "price_change": True}}}
STATISTICS["select"]["trade_data"]["intervals"] = ["24h"]  # type: ignore[index]


@dataclass
class Told:
    """What one provider says of SOL; ``None`` is what it does not say."""

    price: Decimal
    change: Decimal | None = None
    """Percent."""
    digits: Decimal = Decimal("1e-9")
    """What the last digit of the change is worth."""
    volume: Decimal | None = None
    """USD."""
    low: Decimal | None = None
    high: Decimal | None = None
    opened: Decimal | None = None
    """The price 24 hours ago."""
    volume_digits: Decimal = Decimal("1e-6")
    """How exact the volume is, as a part of it."""


@dataclass
class Scene:
    """A market, the providers that tell about it, and what a witness has written down."""

    clock: ManualClock = field(default_factory=ManualClock)
    seen: list[tuple[float, Decimal]] = field(default_factory=list)
    """When the price moved, and where to."""
    volumes: list[tuple[float, Decimal]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.market = Market(self.clock, 7)
        begun = self.market.truth(SOL)
        assert begun is not None
        self.begun_with = begun.price
        about = (self.clock, self.market, lambda _: None)
        self.servers = {
            "kraken": KrakenServer(*about),
            "coinbase": CoinbaseServer(*about),
            "birdeye": BirdeyeServer(*about),
            "jupiter": JupiterServer(*about),
            "dexscreener": DexScreenerServer(*about),
        }

    def get(self, name: str, path: str, **query: str) -> Any:
        request = HttpRequest("GET", path, query, {"x-api-key": "paid"} if name == "birdeye" else {}, b"", 0)
        reply = asyncio.run(self.servers[name].answer(request))
        assert reply.status == 200, reply
        return json.loads(reply.body, parse_float=Decimal)

    def figures(self) -> Figures:
        token = self.market.token(SOL)
        assert token is not None
        return Figures.of(token)

    def price_then(self, moment: float) -> Decimal:
        """Return what was told at a moment since the market opened."""
        return next((price for at, price in reversed(self.seen) if at <= moment), self.begun_with)

    def extremes(self) -> tuple[Decimal, Decimal]:
        """Return the lowest and highest price of the last 24 hours, all of it since the opening."""
        start = self.clock.monotonic() - DAY
        prices = [self.price_then(start), *(price for at, price in self.seen if at >= start)]
        return min(prices), max(prices)

    def traded(self, seconds: float) -> Decimal:
        start = self.clock.monotonic() - seconds
        return sum((usd for at, usd in self.volumes if at > start), Decimal(0))

    def told(self) -> dict[str, Told]:
        """Ask every provider, over every way it tells the figures."""
        figures, faults = self.figures(), Faults()
        decoded = msgspec.json.Decoder(type=dict[str, Any], float_hook=Decimal).decode
        (ticker,) = decoded(kraken.ticker("SOL/USD", figures, "update", self.clock.time(), faults))["data"]
        rest = self.get("kraken", "/0/public/Ticker", pair="SOLUSD")["result"]["SOLUSD"]
        feed = decoded(coinbase.ticker("SOL-USD", figures, coinbase.Progress(), faults))
        stats = self.get("coinbase", "/products/SOL-USD/stats")
        price = self.get("birdeye", "/defi/multi_price", list_address=SOL)["data"][SOL]
        overview = self.get("birdeye", "/defi/token_overview", address=SOL)["data"]
        found = self.get("birdeye", "/defi/v3/search", keyword="sol", sort_by="volume", sort_type="desc")
        (found,) = [item for item in found["data"]["items"][0]["result"] if item["address"] == SOL]
        token = self.market.token(SOL)
        assert token is not None
        frame = msgspec.json.encode(token_stats(token, read_stats_query(STATISTICS)[1]))
        pushed = decoded(frame)["data"]
        jupiter = self.get("jupiter", "/price/v3", ids=SOL)[SOL]
        (pair,) = self.get("dexscreener", f"/tokens/v1/solana/{SOL}")
        cents = Decimal("0.01")
        # tokens times average price; of the invented past an average may lie a little beside the dollars
        product = Decimal("1e-6") if self.clock.monotonic() > DAY + MINUTE else Decimal("0.03")
        return {
            "Kraken, ticker": Told(
                ticker["last"],
                ticker["change_pct"],
                cents,
                ticker["volume"] * ticker["vwap"],
                ticker["low"],
                ticker["high"],
                ticker["last"] - ticker["change"],
                volume_digits=product,
            ),
            "Kraken, REST": Told(
                Decimal(rest["c"][0]),
                volume=Decimal(rest["v"][1]) * Decimal(rest["p"][1]),
                low=Decimal(rest["l"][1]),
                high=Decimal(rest["h"][1]),
                volume_digits=product,
            ),
            "Coinbase, ticker": Told(
                Decimal(feed["price"]),
                low=Decimal(feed["low_24h"]),
                high=Decimal(feed["high_24h"]),
                opened=Decimal(feed["open_24h"]),
            ),
            "Coinbase, stats": Told(
                Decimal(stats["last"]),
                low=Decimal(stats["low"]),
                high=Decimal(stats["high"]),
                opened=Decimal(stats["open"]),
            ),
            "Birdeye, multi_price": Told(price["value"], price["priceChange24h"]),
            "Birdeye, overview": Told(
                overview["price"],
                overview["priceChange24hPercent"],
                volume=overview["v24hUSD"],
                opened=overview["history24hPrice"],
            ),
            "Birdeye, search": Told(
                found["price"], found["price_change_24h_percent"], volume=found["volume_24h_usd"]
            ),
            "Birdeye, statistics": Told(
                pushed["price"], pushed["price_change_24h_percent"], volume=pushed["volume_24h_usd"]
            ),
            "Jupiter": Told(jupiter["usdPrice"], jupiter["priceChange24h"]),
            "DexScreener": Told(
                Decimal(pair["priceUsd"]), pair["priceChange"]["h24"], cents, volume=pair["volume"]["h24"]
            ),
        }

    def move(self, seconds: float, factor: Decimal, usd: Decimal) -> None:
        asyncio.run(self.clock.advance(seconds))
        price = (self.price_then(self.clock.monotonic()) * factor).normalize()
        trade = self.market.trade(SOL, price=price, volume_usd=usd)
        self.seen.append((self.clock.monotonic(), trade.price))
        self.volumes.append((self.clock.monotonic(), usd))


MOVES = st.lists(
    st.tuples(
        st.one_of(st.floats(0, 20), st.floats(0, 4 * 3600), st.floats(0, 40 * 3600)),
        st.decimals("0.5", "2", places=4),
        st.decimals("0", "1000000", places=2),
    ),
    max_size=12,
)


@quick
@given(MOVES, st.floats(0, 50 * 3600))
def test_fault_21_all_providers_tell_the_figures_of_one_history(
    moves: list[tuple[float, Decimal, Decimal]], later: float
) -> None:
    scene = Scene()
    for seconds, factor, usd in moves:
        scene.move(seconds, factor, usd)
    asyncio.run(scene.clock.advance(later))
    all_told, truth, figures = scene.told(), scene.market.truth(SOL), scene.figures()
    assert truth is not None
    now_price = scene.price_then(scene.clock.monotonic())
    if not figures.trades:
        # who has seen no trade for a day says so in its own way
        all_told = {who: told for who, told in all_told.items() if not who.startswith("Kraken")}
    for who, told in all_told.items():
        assert told.price == now_price, who
        if told.opened is not None:
            assert told.opened == pytest.approx(figures.open, rel=Decimal("1e-9")), who
        if told.change is not None:
            exact = (told.price / figures.open - 1) * 100
            assert abs(told.change - exact) <= told.digits / 2 + abs(exact) * Decimal("1e-12"), who
        if told.low is not None and told.high is not None:
            assert told.low <= told.price <= told.high, who
            assert told.low <= figures.open <= told.high, who
            assert (told.low, told.high) == (figures.low, figures.high), who
        if told.volume is not None:
            digits = told.volume_digits
            assert told.volume == pytest.approx(truth.volume_24h, rel=digits, abs=Decimal("0.01")), who
    # and the figures are those of the trades that were made, as far as they are older than the market
    if scene.clock.monotonic() >= DAY + MINUTE:
        start = scene.clock.monotonic() - DAY
        around = start // MINUTE * MINUTE
        neighbours = [scene.price_then(around), scene.price_then(around + MINUTE)]
        assert min(neighbours) <= figures.open <= max(neighbours)
        low, high = scene.extremes()
        assert figures.low <= low
        assert figures.high >= high
        assert truth.volume_24h <= scene.traded(DAY + MINUTE)
    assert truth.volume_24h >= scene.traded(DAY - MINUTE)


@quick
@given(MOVES, st.floats(0, 3 * 3600))
def test_volume_grows_by_what_is_traded_and_falls_only_as_time_passes(
    moves: list[tuple[float, Decimal, Decimal]], later: float
) -> None:
    scene = Scene()
    for seconds, factor, usd in moves:
        asyncio.run(scene.clock.advance(seconds))
        before = scene.market.truth(SOL)
        scene.move(0, factor, usd)
        after = scene.market.truth(SOL)
        assert before is not None
        assert after is not None
        assert after.volume_24h == before.volume_24h + usd
    before = scene.market.truth(SOL)
    asyncio.run(scene.clock.advance(later))
    after = scene.market.truth(SOL)
    assert before is not None
    assert after is not None
    assert 0 <= after.volume_24h <= before.volume_24h


async def test_fault_21_a_small_move_moves_the_change_as_little_at_any_hour() -> None:
    """It used to jump when a half hour ended, because the price 24 hours ago was known by the half hour."""
    clock = ManualClock()
    market = Market(clock, 7)
    last = market.truth(SOL)
    for step in range(26 * 360):
        assert last is not None
        price = last.price * (Decimal("1.0001") if step % 7 < 4 else Decimal("0.9999"))
        market.trade(SOL, price=price, volume_usd=Decimal(1000))
        after = market.truth(SOL)
        assert after is not None
        # in the invented past the price 24 hours ago moves by itself, though not by leaps
        most = Decimal("0.03") if step > 24 * 360 else Decimal("0.5")
        assert abs(after.change_24h - last.change_24h) < most, step
        await clock.advance(10)
        last = after
