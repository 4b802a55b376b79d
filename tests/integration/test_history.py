"""The past of prices from emulators that keep to the documented limits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from decimal import Decimal
from itertools import pairwise

import base58
import msgspec
import pytest
from bench import BONK, SOL, settings_for
from noting_network import NotingNetwork
from virtual_time import VirtualClock, on_virtual_time

from streamcore import CandleSeries, ChartRange, ErrorKind, PriceUpdate, ProviderError, Source, StreamManager
from streamsim import Emulators
from streamsim.geckoterminal.server import Refusal

pytestmark = pytest.mark.long

REST = 0.3
"""Seconds for which a person looks at a row until its chart is asked for."""

EXCHANGE_TICKERS = [
    "SOL",
    "BTC",
    "ETH",
    "BONK",
    "WIF",
    "JUP",
    "PYTH",
    "JTO",
    "RAY",
    "ORCA",
    "RENDER",
    "HNT",
    "W",
    "TNSR",
    "DRIFT",
    "KMNO",
    "XRP",
    "ADA",
    "DOGE",
    "LTC",
]


class Table:
    def __init__(
        self, engine: StreamManager, network: NotingNetwork, emulators: Emulators, clock: VirtualClock
    ) -> None:
        self.engine = engine
        self.network = network
        self.emulators = emulators
        self.clock = clock

    async def charts(self, symbols: Iterable[str], span: ChartRange) -> list[CandleSeries]:
        """Open rows one after another, each until its chart is there."""
        found = []
        for symbol in symbols:
            with suppress(ProviderError):
                found.append(await self.engine.history(symbol, span))
        return found


@asynccontextmanager
async def table(
    prices: str = "public",
    *,
    watched: Iterable[str] = ("SOL",),
) -> AsyncIterator[Table]:
    clock = VirtualClock()
    async with Emulators(clock=clock, market_rate=0.0) as emulators, NotingNetwork(clock) as network:
        settings = settings_for(emulators, "all" if prices == "birdeye" else "public", "paid", "dev")
        settings = msgspec.structs.replace(settings, prices=prices)
        async with StreamManager(settings, clock=clock, transport=network) as engine:
            await engine.subscribe_prices(watched)
            await asyncio.sleep(3)
            yield Table(engine, network, emulators, clock)


def mints(count: int) -> list[str]:
    """Return mints that no exchange lists, but that are traded on the chain."""
    return [base58.b58encode(bytes([7, n]) * 16).decode() for n in range(1, count + 1)]


@on_virtual_time
async def test_fifty_rows_of_exchanges_opened_one_after_another_meet_no_refusal() -> None:
    async with table(watched=EXCHANGE_TICKERS) as at:
        for span in (ChartRange.HOUR, ChartRange.DAY, ChartRange.YEAR):
            for ticker in EXCHANGE_TICKERS:
                at.engine.ask_quote(ticker)
                await at.charts([ticker], span)
        assert at.network.refusals == []
        assert at.network.asked("OHLC") + at.network.asked("/candles") >= 50


@pytest.mark.parametrize(("prices", "path"), [("kraken", "Ticker"), ("coinbase", "/ticker")])
def test_bid_and_ask_that_were_asked_for_come_as_an_event_and_the_price_is_still_the_streams(
    prices: str, path: str
) -> None:
    @on_virtual_time
    async def run() -> None:
        async with table(prices) as at:
            await asyncio.sleep(10)
            before = at.network.asked(path)
            events = at.engine.events()
            first = [await anext(events) for _ in range(2)]
            at.engine.ask_quote("SOL")
            event = await anext(events)
            while not isinstance(event, PriceUpdate):
                event = await anext(events)
            assert at.network.asked(path) == before + 1
            assert None not in (event.bid, event.ask)
            known = next(one for one in first if isinstance(one, PriceUpdate))
            assert (event.price, event.source, event.changed) == (known.price, Source.STREAM, ())
            at.engine.ask_quote("BONK")  # it is not watched
            await asyncio.sleep(10)
            assert at.network.asked(path) == before + 1

    run()


@on_virtual_time
async def test_fifty_tokens_of_the_chain_opened_one_after_another_meet_no_refusal() -> None:
    async with table("jupiter") as at:
        rows = mints(50)
        charts = await at.charts(rows, ChartRange.DAY)
        assert at.network.refusals == []
        assert at.network.asked("/ohlcv/") == 50
        assert {chart.provider for chart in charts} == {"geckoterminal"}
        assert len(charts) == 50


@on_virtual_time
async def test_an_arrow_key_held_down_through_fifty_rows_asks_for_one_chart() -> None:
    async with table("jupiter") as at:
        rows = mints(50)
        for row in rows[:-1]:
            waiting = asyncio.ensure_future(at.engine.history(row, ChartRange.DAY))
            await asyncio.sleep(0)
            waiting.cancel()
        chart = await at.engine.history(rows[-1], ChartRange.DAY)
        assert chart.address == rows[-1]
        assert at.network.asked("/ohlcv/") == 1
        assert at.network.refusals == []


@on_virtual_time
async def test_rows_that_are_left_before_their_chart_comes_use_up_no_ones_turn_for_long() -> None:
    async with table("jupiter") as at:
        for row in mints(20):
            waiting = asyncio.ensure_future(at.engine.history(row, ChartRange.DAY))
            await asyncio.sleep(REST)
            waiting.cancel()
        assert at.network.refusals == []
        before = at.clock.monotonic()
        await at.engine.history(BONK, ChartRange.DAY)
        assert at.clock.monotonic() - before < 11


@pytest.mark.parametrize("prices", ["kraken", "coinbase", "jupiter", "birdeye"])
def test_every_range_is_the_truth_of_the_market_oldest_first_and_reaches_back(prices: str) -> None:
    @on_virtual_time
    async def work() -> None:
        async with table(prices, watched=["BONK"]) as at:
            truth = at.emulators.market.truth(BONK)
            assert truth is not None
            for span in ChartRange:
                at.emulators.market.trade(BONK, price=truth.price, volume_usd=Decimal(10))
                series = await at.engine.history("BONK", span)
                starts = [one.start for one in series.candles]
                assert starts == sorted(set(starts))
                assert series.covered
                assert series.running
                assert all(one.low <= min(one.open, one.close) for one in series.candles)
                assert all(one.high >= max(one.open, one.close) for one in series.candles)
                assert float(series.candles[-1].close) == pytest.approx(float(truth.price), rel=1e-6)
                assert not [b - a for a, b in pairwise(starts) if (b - a) % series.interval]
            assert series.provider == ("kraken" if prices == "jupiter" else prices)
            assert at.network.refusals == []

    work()


@on_virtual_time
async def test_a_chart_that_is_remembered_ends_with_the_present_price() -> None:
    async with table("kraken") as at:
        before = await at.engine.history("SOL", ChartRange.DAY)
        at.emulators.market.trade(SOL, price=Decimal("151.25"), volume_usd=Decimal(10))
        await asyncio.sleep(2)
        for after in (
            await at.engine.history("SOL", ChartRange.DAY),
            at.engine.cached_history("SOL", ChartRange.DAY),
        ):
            assert after is not None
            assert after.fetched_at == before.fetched_at
            assert after.candles[-1].close == Decimal("151.25")
        assert at.network.asked("OHLC") == 1


@on_virtual_time
async def test_a_year_of_a_token_no_exchange_lists_is_the_half_year_that_there_is() -> None:
    async with table("jupiter") as at:
        (row,) = mints(1)
        at.emulators.market.listed_since[row] = at.clock.time() - 900 * 86_400
        series = await at.engine.history(row, ChartRange.YEAR)
        assert 150 <= len(series.candles) <= 183
        assert not series.covered


@on_virtual_time
async def test_a_token_still_on_its_launchpad_has_a_line_and_no_candles() -> None:
    async with table("jupiter") as at:
        (row,) = mints(1)
        at.emulators.market.pools.none.add(row)
        series = await at.engine.history(row, ChartRange.DAY)
        assert (series.provider, series.line, series.volume_unit) == ("defillama", True, None)


@on_virtual_time
async def test_a_pool_that_is_not_indexed_yet_leaves_it_to_one_that_is() -> None:
    async with table("jupiter") as at:
        (row,) = mints(1)
        deepest = at.emulators.market.pools.of(row)[0]
        at.emulators.geckoterminal.unindexed.add(deepest.address)
        series = await at.engine.history(row, ChartRange.HOUR)
        assert series.provider == "geckoterminal"
        assert [path for path, answer in at.network.answers if answer.status == 404] == [
            f"/api/v2/networks/solana/pools/{deepest.address}/ohlcv/minute"
        ]


@pytest.mark.parametrize("refusal", Refusal)
def test_a_refusal_in_any_form_leaves_the_source_alone_for_a_minute(refusal: Refusal) -> None:
    @on_virtual_time
    async def work() -> None:
        async with table("jupiter") as at:
            gecko = at.emulators.geckoterminal
            gecko.refusal = refusal
            gecko.limit_to(1, 60.0)
            first, second, third, fourth = mints(4)
            assert (await at.engine.history(first, ChartRange.DAY)).provider == "geckoterminal"
            assert (await at.engine.history(second, ChartRange.DAY)).provider == "defillama"
            asked = at.network.asked("/ohlcv/")
            assert (await at.engine.history(third, ChartRange.DAY)).provider == "defillama"
            assert at.network.asked("/ohlcv/") == asked == 2
            await asyncio.sleep(61)
            assert (await at.engine.history(fourth, ChartRange.DAY)).provider == "geckoterminal"

    work()


@on_virtual_time
async def test_every_source_failing_leaves_the_last_chart_there_and_says_why() -> None:
    async with table("jupiter") as at:
        before = await at.engine.history("BONK", ChartRange.HOUR)
        await asyncio.sleep(120)
        at.network.failing = True
        with pytest.raises(ProviderError) as caught:
            await at.engine.history("BONK", ChartRange.HOUR)
        assert caught.value.kind is ErrorKind.NETWORK
        assert at.engine.cached_history("BONK", ChartRange.HOUR) == before
        with pytest.raises(ProviderError, match=r"127\.0\.0\.1:9"):
            await at.engine.history("WIF", ChartRange.HOUR)
        at.network.failing = False
        await asyncio.sleep(30)
        after = await at.engine.history("BONK", ChartRange.HOUR)
        assert after.fetched_at > before.fetched_at


@on_virtual_time
async def test_a_refusal_of_charts_stops_no_live_price_and_the_next_source_stands_in() -> None:
    async with table("kraken", watched=["SOL"]) as at:
        consumer = at.engine.events()
        kraken = at.emulators.kraken
        for _ in range(8):  # as another program at the same address would
            await at.network.request("GET", f"{kraken.rest_url}/0/public/Time")
        assert (await at.engine.history("SOL", ChartRange.DAY)).provider == "coinbase"
        asked = at.network.asked("OHLC")
        assert (await at.engine.history("SOL", ChartRange.HOUR)).provider == "coinbase"
        assert at.network.asked("OHLC") == asked, "its charts are left alone for a minute"
        at.emulators.market.trade(SOL, price=Decimal("151.25"), volume_usd=Decimal(10))
        async with asyncio.timeout(5):
            async for event in consumer:
                if isinstance(event, PriceUpdate) and event.price == Decimal("151.25"):
                    assert event.provider == "kraken"
                    break
        await asyncio.sleep(60)
        assert (await at.engine.history("SOL", ChartRange.MONTH)).provider == "kraken"


@on_virtual_time
async def test_the_last_day_of_every_row_is_there_after_few_requests() -> None:
    async with table("jupiter", watched=["SOL", "BONK", "WIF"]) as at:
        trends = await at.engine.trends()
        assert {series.provider for series in trends.values()} == {"defillama"}
        assert trends.keys() == at.engine.price_sources.keys()
        assert at.network.asked("/chart/") == 1
        assert await at.engine.trends() == trends
        assert at.network.asked("/chart/") == 1
        await asyncio.sleep(900)
        await at.engine.trends()
        assert at.network.asked("/chart/") == 2


@on_virtual_time
async def test_rows_of_an_exchange_have_their_day_from_it_within_its_rate() -> None:
    async with table("kraken", watched=EXCHANGE_TICKERS) as at:
        trends = await at.engine.trends()
        assert all(
            trends[key].provider == source for key, source in at.engine.price_sources.items() if source
        )
        assert at.network.refusals == []
        assert at.engine.cached_history("SOL", ChartRange.DAY) is not None
