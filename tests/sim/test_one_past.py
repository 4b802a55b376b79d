"""One past, told by every emulated source; and every recorded example of it is compared with one of them."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from emulated import still

from streamsim import Emulators
from streamsim.world.candles import bucket_start
from streamsim.world.catalog import SOL

pytestmark = pytest.mark.long

HERE = Path(__file__).parent
FIXTURES = HERE.parent / "fixtures" / "history"
CURRENCIES = "currencies are not on the emulated market"
HOLDINGS = "what a wallet holds, and warnings about a token, are asked by nobody"
TRADES = "single trades and order books are asked by nobody"
NOT_EMULATED = {
    "rest_advanced_candles_captured": "another API of the same exchange, which nobody asks",
    "rest_asset_pairs_fiat_2021_captured": CURRENCIES,
    "c2s_subscribe_ticker_fiat_constructed": CURRENCIES,
    "s2c_ticker_fiat_snapshot_constructed": CURRENCIES,
    "rest_ticker_fiat_constructed": CURRENCIES,
    "rest_exchange_rates_2019_captured": CURRENCIES,
    "rest_exchange_rates_invalid_currency_reported": CURRENCIES,
    "rest_exchange_rates_precise_constructed": CURRENCIES,
    "rest_datapi_chart_constructed": "a chart of the site's own pages, which nobody asks",
    "rest_datapi_chart_wrong_unit_reported": "the same",
    "rest_shield_documented": HOLDINGS,
    "rest_ultra_holdings_documented": HOLDINGS,
    "rest_ultra_holdings_invalid_documented": HOLDINGS,
    "rest_wallet_current_net_worth_documented": HOLDINGS,
    "rest_wallet_v2_token_balance_documented": HOLDINGS,
    "rest_trades_captured": TRADES,
    "s2c_book_snapshot_captured": TRADES,
    "s2c_trade_update_captured": TRADES,
}
SOURCES = ("kraken", "coinbase", "birdeye", "geckoterminal", "defillama", "dexscreener", "jupiter", "sns")


@pytest.mark.parametrize(
    "name", sorted({path.stem for source in SOURCES for path in (FIXTURES / source).iterdir()})
)
def test_every_recorded_example_is_compared_with_an_emulator(name: str) -> None:
    texts = [path.read_text(encoding="utf-8") for path in HERE.rglob("test_*.py") if path != Path(__file__)]
    assert any(f'"{name}"' in text for text in texts) != (name in NOT_EMULATED)


async def closes(emulators: Emulators, begin: int, end: int, length: int) -> dict[str, dict[int, Decimal]]:
    """Return what every source says of SOL, by the start of each interval."""
    told: dict[str, dict[int, Decimal]] = {}
    async with httpx.AsyncClient(trust_env=False) as client:

        async def get(url: str, **query: object) -> Any:
            headers = {"X-API-KEY": "paid-1"}
            params = {name: str(value) for name, value in query.items()}
            return (await client.get(url, params=params, headers=headers)).json(parse_float=Decimal)

        kraken = f"{emulators.kraken.rest_url}/0/public/OHLC"
        rows = (await get(kraken, pair="SOLUSD", interval=length // 60))["result"]["SOLUSD"]
        told["kraken"] = {row[0]: Decimal(row[4]) for row in rows}
        coinbase = f"{emulators.coinbase.rest_url}/products/SOL-USD/candles"
        rows = await get(coinbase, granularity=length, start=begin, end=end)
        told["coinbase"] = {row[0]: row[4] for row in rows}
        birdeye = f"{emulators.birdeye.rest_url}/defi/v3/ohlcv"
        chart = {900: "15m", 3600: "1H", 86_400: "1D"}[length]
        body = await get(birdeye, address=SOL, type=chart, time_from=begin, time_to=end)
        told["birdeye"] = {item["unix_time"]: item["c"] for item in body["data"]["items"]}
        gecko = f"{emulators.geckoterminal.rest_url}/api/v2/networks/solana"
        pools = (await get(f"{gecko}/tokens/{SOL}/pools"))["data"]
        frame, aggregate = {900: ("minute", 15), 3600: ("hour", 1), 86_400: ("day", 1)}[length]
        url = f"{gecko}/pools/{pools[0]['attributes']['address']}/ohlcv/{frame}"
        body = await get(url, aggregate=aggregate, limit=100, token=SOL)
        told["geckoterminal"] = {row[0]: row[4] for row in body["data"]["attributes"]["ohlcv_list"]}
    return {
        source: {start: price for start, price in known.items() if begin <= start < end}
        for source, known in told.items()
    }


@pytest.mark.parametrize("length", [900, 3600, 86_400])
async def test_every_source_tells_the_same_candles(length: int) -> None:
    async with still() as emulators:
        clock: Any = emulators.clock
        token = emulators.market.token(SOL)
        assert token is not None
        for factor in ("1.01", "0.98", "1.003", "1.001"):
            await clock.advance(650)
            emulators.market.trade(SOL, price=token.price * Decimal(factor), volume_usd=Decimal(5000))
        end = bucket_start(length, clock.time()) + length
        told = await closes(emulators, end - 48 * length, end, length)
        assert {source: len(known) for source, known in told.items()} == dict.fromkeys(told, 48)
        for source, known in told.items():
            assert known == told["kraken"], source
        assert max(told["kraken"].items())[1] == token.price


async def test_the_points_of_a_line_lie_within_the_candles() -> None:
    async with still() as emulators, httpx.AsyncClient(trust_env=False) as client:
        url = f"{emulators.defillama.rest_url}/chart/solana:{SOL}"
        body = (await client.get(url, params={"span": "96", "period": "15m"})).json(parse_float=Decimal)
        token = emulators.market.token(SOL)
        assert token is not None
        now = emulators.clock.time()
        candles = {candle.start: candle for candle in token.candles(60, now - 86_400 - 3600)}
        for point in body["coins"][f"solana:{SOL}"]["prices"]:
            if point["timestamp"] < now:
                candle = candles[bucket_start(60, point["timestamp"])]
                assert candle.low <= point["price"] <= candle.high
            else:
                assert point["price"] == token.price
