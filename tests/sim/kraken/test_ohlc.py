"""Candles of the emulated Kraken, as a client sees them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from itertools import pairwise
from typing import Any

import httpx
import pytest
import wire_fixtures
from emulated import still
from websockets.asyncio.client import connect
from wire_fixtures import shape

from streamsim import Emulators
from streamsim.world.catalog import SOL


def recorded(name: str) -> Any:
    return json.loads(wire_fixtures.history("kraken", name), parse_float=Decimal)


@asynccontextmanager
async def rest() -> AsyncIterator[tuple[Emulators, httpx.AsyncClient]]:
    async with (
        still() as emulators,
        httpx.AsyncClient(base_url=emulators.kraken.rest_url, trust_env=False) as client,
    ):
        yield emulators, client


async def ohlc(client: httpx.AsyncClient, pair: str, interval: int | str = 1, **query: str) -> Any:
    params = {"pair": pair, "interval": str(interval), **query}
    return (await client.get("/0/public/OHLC", params=params)).json(parse_float=Decimal)


def rows_of(body: Any) -> list[Any]:
    (key,) = body["result"].keys() - {"last"}
    return list(body["result"][key])


@pytest.mark.parametrize("name", ["rest_ohlc_60m_captured", "rest_ohlc_1m_filled_gaps_captured"])
async def test_candles_look_as_captured(name: str) -> None:
    captured = recorded(name)
    async with rest() as (_, client):
        body = await ohlc(client, "BTC/USD", 60)
    assert body.keys() == captured.keys()
    row = {json.dumps(shape(row), default=str) for row in rows_of(captured)}
    assert {json.dumps(shape(row), default=str) for row in rows_of(body)} == row
    assert shape(body["result"]["last"]) == "number"


async def test_there_are_720_finished_candles_and_the_running_one_oldest_first() -> None:
    async with rest() as (emulators, client):
        await emulators.clock.advance(100)  # type: ignore[attr-defined]
        for interval in (1, 15, 60, 1440):
            rows = rows_of(await ohlc(client, "SOLUSD", interval))
            starts = [row[0] for row in rows]
            assert len(rows) == 721
            assert starts == list(range(starts[0], starts[0] + 721 * interval * 60, interval * 60))
            assert starts[-1] <= emulators.clock.time() < starts[-1] + interval * 60
            truth = emulators.market.truth(SOL)
            assert truth is not None
            assert Decimal(rows[-1][4]) == truth.price


async def test_last_is_the_newest_finished_candle_and_since_is_exclusive() -> None:
    async with rest() as (_, client):
        body = await ohlc(client, "SOLUSD", 60)
        last = body["result"]["last"]
        assert last == rows_of(body)[-2][0]
        later = await ohlc(client, "SOLUSD", 60, since=str(last))
        assert [row[0] for row in rows_of(later)] == [last + 3600]
        ancient = await ohlc(client, "SOLUSD", 60, since="1000000")
        assert rows_of(ancient) == rows_of(body), "it reaches no further back"


async def test_the_key_is_the_name_with_a_slash_that_was_asked_for_or_the_exchange_s_own() -> None:
    async with rest() as (emulators, client):
        for asked, key in (
            ("BTC/USD", "BTC/USD"),
            ("XBT/USD", "XBT/USD"),
            ("XBTUSD", "XXBTZUSD"),
            ("SOLUSD", "SOLUSD"),
        ):
            assert (await ohlc(client, asked, 1440))["result"].keys() == {key, "last"}
        await emulators.clock.advance(5)  # type: ignore[attr-defined]
        assert await ohlc(client, "NOPEUSD") == {"error": ["EQuery:Unknown asset pair"]}


async def test_quiet_minutes_are_filled_as_captured() -> None:
    empty = rows_of(recorded("rest_ohlc_1m_filled_gaps_captured"))[0]
    assert empty[5:] == ["0.0", "0.00000000", 0]
    async with rest() as (emulators, client):
        assert emulators.market.token(SOL) is not None
        await emulators.clock.advance(600)  # type: ignore[attr-defined]
        rows = rows_of(await ohlc(client, "SOLUSD"))
        filled = [row for row in rows if row[7] == 0]
        assert len(filled) >= 9, "nothing was traded since the market opened"
        for before, row in pairwise(rows):
            if row[7] == 0:
                assert row[5:] == empty[5:]
                assert set(row[1:5]) == {before[4]}


async def test_candles_begin_when_a_pair_was_listed() -> None:
    async with rest() as (emulators, client):
        since = emulators.clock.time() - 3.5 * 86_400
        emulators.market.listed_since["exchange:LINK"] = since
        rows = rows_of(await ohlc(client, "LINKUSD", 1440))
        assert len(rows) in (4, 5)
        assert rows[0][0] <= since < rows[0][0] + 86_400


@pytest.mark.parametrize("interval", ["2", "720", "0", "", "x", "-5"])
async def test_other_intervals_are_refused_as_reported(interval: str) -> None:
    async with rest() as (_, client):
        assert await ohlc(client, "SOLUSD", interval) == recorded("rest_ohlc_bad_interval_reported")


@pytest.mark.parametrize("name", ["rest_error_too_many_requests_reported", "rest_error_rate_limit_reported"])
async def test_too_many_requests_are_refused_with_status_200_in_either_wording(name: str) -> None:
    async with rest() as (emulators, client):
        emulators.kraken.rest.refusal = recorded(name)["error"][0]
        answers = [await ohlc(client, "SOLUSD", 1440) for _ in range(6)]
        assert [answer["error"] for answer in answers[:5]] == [[]] * 5
        assert answers[5] == recorded(name)


async def test_candles_agree_with_the_ticker() -> None:
    async with rest() as (emulators, client):
        clock: Any = emulators.clock
        # the first minute is in the 24 hours as a whole
        await clock.advance(86_400 - clock.time() % 86_400 + 7)
        body = (await client.get("/0/public/Ticker", params={"pair": "BTC/USD"})).json(parse_float=Decimal)
        ticker = body["result"]["BTC/USD"]
        rows = rows_of(await ohlc(client, "BTC/USD", 5))[-289:]
        assert max(Decimal(row[2]) for row in rows) == Decimal(ticker["h"][1])
        assert min(Decimal(row[3]) for row in rows) == Decimal(ticker["l"][1])
        assert sum(Decimal(row[6]) for row in rows) == Decimal(ticker["v"][1])
        assert sum(row[7] for row in rows) == ticker["t"][1]
        usd = sum(Decimal(row[5]) * Decimal(row[6]) for row in rows)
        assert usd / Decimal(ticker["v"][1]) == pytest.approx(Decimal(ticker["p"][1]), rel=Decimal("0.01"))


async def test_there_are_no_candles_during_maintenance() -> None:
    async with rest() as (emulators, client):
        await emulators.kraken.maintenance(True)
        assert await ohlc(client, "SOLUSD") == {"error": ["EService:Unavailable"]}


async def test_ticker_frames_carry_what_was_captured_and_agree_with_the_candles() -> None:
    async with rest() as (emulators, client):
        clock: Any = emulators.clock
        await clock.advance(86_400 - clock.time() % 86_400 + 7)
        for factor in ("1.001", "1.002", "0.999"):
            token = emulators.market.token("exchange:BTC")
            assert token is not None
            emulators.market.trade("exchange:BTC", price=token.price * Decimal(factor))
            await clock.advance(61)
        async with connect(emulators.kraken.ws_url) as socket:
            params = {"channel": "ticker", "symbol": ["BTC/USD"]}
            await socket.send(json.dumps({"method": "subscribe", "params": params}))
            frame: Any = {}
            while frame.get("channel") != "ticker":
                frame = json.loads(await socket.recv(), parse_float=Decimal)
        assert shape(frame) == shape(recorded("s2c_ticker_update_captured"))
        (told,) = frame["data"]
        rows = rows_of(await ohlc(client, "BTC/USD", 1))
        hours = rows_of(await ohlc(client, "BTC/USD", 60))[-25:]
    assert told["bid"] < told["last"] < told["ask"]
    assert (told["ask"] - told["bid"]) / told["last"] < Decimal("0.001")
    assert told["low"] <= told["vwap"] <= told["high"]
    assert told["last"] == Decimal(rows[-1][4])
    assert told["high"] <= max(Decimal(row[2]) for row in hours)
    assert told["low"] >= min(Decimal(row[3]) for row in hours)
    assert told["high"] >= max(Decimal(row[2]) for row in rows)
    assert sum(row[7] for row in hours[1:]) <= told["trades"] <= sum(row[7] for row in hours)
    assert (
        sum(Decimal(row[6]) for row in hours[1:]) <= told["volume"] <= sum(Decimal(row[6]) for row in hours)
    )
    before = told["last"] - told["change"]
    assert Decimal(hours[0][3]) <= before <= Decimal(hours[0][2])
    assert told["change_pct"] == pytest.approx((told["last"] / before - 1) * 100, abs=Decimal("0.006"))
