"""Whatever a source of candles answers becomes a series that makes sense, or a failure with a sentence."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from asked_candles import Make
from hypothesis import given
from hypothesis import strategies as st
from manual_clock import START, ManualClock
from properties import quick
from scripted_history import instrument
from scripted_http import ScriptedHttp

from streamcore.candles import CandleSeries, ChartRange
from streamcore.config.model import Settings
from streamcore.config.sources import BirdeyeSettings
from streamcore.errors import ProviderError
from streamcore.history.pool_candles import PoolCandles
from streamcore.net.transport import Answer
from streamcore.providers.birdeye.provider import BirdeyeProvider
from streamcore.providers.coinbase.provider import CoinbaseProvider
from streamcore.providers.defillama.prices import DefiLlamaPrices
from streamcore.providers.dexscreener.pools import DexScreenerPools
from streamcore.providers.geckoterminal.api import GeckoTerminal
from streamcore.providers.kraken.provider import KrakenProvider

pytestmark = pytest.mark.long

SETTINGS = Settings(birdeye=BirdeyeSettings(api_key="k"))
MINT = instrument("BONK").mint
NOW = int(START)

MAKES: dict[str, Make] = {
    "kraken": lambda http, clock: KrakenProvider(SETTINGS, http, clock).history,
    "coinbase": lambda http, clock: CoinbaseProvider(SETTINGS, http, clock).history,
    "birdeye": lambda http, clock: BirdeyeProvider(SETTINGS, http, clock).history,
    "defillama": lambda http, clock: DefiLlamaPrices(SETTINGS, http, clock),
    "geckoterminal": lambda http, clock: PoolCandles(GeckoTerminal(SETTINGS, http, clock), None, clock),
    "dexscreener": lambda http, clock: PoolCandles(
        GeckoTerminal(SETTINGS, http, clock), DexScreenerPools(SETTINGS, http, clock), clock
    ),
}

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.sampled_from([0, 1, -1, 1e308, 1e-308, NOW, NOW - 60, NOW * 1000, "1e999", "nan", "", "429", "404"])
    | st.text(max_size=5)
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=8) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
ROWS = st.lists(st.lists(SCALARS, max_size=9) | SCALARS, max_size=6)
POOL = {
    "base_token": {"data": {"id": f"solana_{MINT}"}},
    "quote_token": {"data": {"id": "solana_x"}},
}

SHAPES: dict[str, Callable[[Any], Any]] = {
    "kraken": lambda rows: {"error": [], "result": {"BONKUSD": rows, "last": 1}},
    "coinbase": lambda rows: rows,
    "birdeye": lambda rows: {
        "success": True,
        "data": {
            "items": [dict(zip("ohlcv", row, strict=False)) if isinstance(row, list) else row for row in rows]
        },
    },
    "defillama": lambda rows: {
        "coins": {f"solana:{MINT}": {"prices": [{"timestamp": NOW, "price": row} for row in rows]}}
    },
    "geckoterminal": lambda rows: {"data": {"attributes": {"ohlcv_list": rows}}},
    "dexscreener": lambda rows: [
        {
            "chainId": "solana",
            "pairAddress": "A",
            "baseToken": {"address": MINT},
            "priceUsd": row,
            "priceNative": row,
            "liquidity": {"usd": row, "base": row, "quote": row},
            "pairCreatedAt": row,
        }
        for row in rows
    ],
}
"""What each source would answer, around rows that make no sense."""


async def outcome(name: str, body: bytes) -> None:
    clock = ManualClock()
    http = ScriptedHttp(lambda _: Answer(200, {}, body), clock.monotonic)
    source = MAKES[name](http, clock)
    work = asyncio.ensure_future(source.candles(instrument("BONK"), ChartRange.DAY, START))
    await clock.advance(120)
    (series,) = await asyncio.gather(work, return_exceptions=True)
    if isinstance(series, ProviderError):
        assert series.message
        assert series.message.isprintable()
        return
    assert isinstance(series, CandleSeries)
    starts = [one.start for one in series.candles]
    assert starts == sorted(set(starts))
    for one in series.candles:
        assert series.begin <= one.start <= START + series.interval
        assert all(price > 0 and price.is_finite() for price in (one.open, one.high, one.low, one.close))
        assert one.volume is None or one.volume >= 0


@pytest.mark.parametrize("name", MAKES)
@quick
@given(body=st.binary(max_size=40) | ANYTHING.map(lambda value: json.dumps(value).encode()))
def test_any_body_is_a_series_or_a_failure(name: str, body: bytes) -> None:
    asyncio.run(outcome(name, body))


@pytest.mark.parametrize("name", MAKES)
@quick
@given(rows=ROWS)
def test_any_rows_within_the_shape_of_an_answer_are_a_series_or_a_failure(name: str, rows: list[Any]) -> None:
    asyncio.run(outcome(name, json.dumps(SHAPES[name](rows)).encode()))


@pytest.mark.parametrize("created", ["0001-01-01T00:00:00", "9999-12-31T23:59:59Z", "soon", "", None, 7])
async def test_a_pool_made_at_no_possible_time_is_no_harm(created: object) -> None:
    told = {"attributes": {"address": "A", "pool_created_at": created}, "relationships": POOL}
    await outcome("geckoterminal", json.dumps({"data": [told]}).encode())
