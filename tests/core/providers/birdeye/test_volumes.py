"""The volume over HTTP: which request brings it, how rarely, and that it spoils nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from manual_clock import ManualClock
from scripted_http import Asked, ScriptedHttp
from wire_fixtures import birdeye

from streamcore.config.model import Settings
from streamcore.config.sources import BirdeyeSettings
from streamcore.events import ErrorKind
from streamcore.net.transport import Answer
from streamcore.providers.birdeye.provider import BirdeyeProvider
from streamcore.providers.birdeye.volumes import ALONE, EVERY, TOGETHER
from streamcore.providers.reports import Malformed, Notice, PriceReport, Report

SOL = "So11111111111111111111111111111111111111112"
BONK = "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263"
PLAN = Answer(401, {}, birdeye("rest.error.401_plan.observed").encode())


def data(value: Any) -> Answer:
    return Answer(200, {}, json.dumps({"success": True, "data": value}).encode())


def path(asked: Asked) -> str:
    return asked.url.removeprefix("https://public-api.birdeye.so")


class Bench:
    """A provider on a paid plan whose prices are always served; volumes are answered as a test says."""

    def __init__(self, volumes: Callable[[Asked], Answer]) -> None:
        self.clock = ManualClock()
        self.http = ScriptedHttp(lambda asked: self._reply(asked, volumes), self.clock.monotonic)
        settings = Settings(birdeye=BirdeyeSettings(api_key="key"))
        self.provider = BirdeyeProvider(settings, self.http, self.clock)

    def _reply(self, asked: Asked, volumes: Callable[[Asked], Answer]) -> Answer:
        if path(asked) == "/defi/multi_price":
            return data({mint: {"value": 1.5} for mint in asked.params["list_address"].split(",")})
        return volumes(asked)

    async def fetch(self, *mints: str) -> list[Report]:
        async def collect() -> list[Report]:
            return [report async for report in self.provider.rest.fetch(mints, {})]

        task = asyncio.ensure_future(collect())
        await self.clock.advance(30)
        return await task

    @property
    def paths(self) -> list[str]:
        return [found for asked in self.http.asked if "volume" in (found := path(asked))]


def volumes_of(reports: list[Report]) -> dict[str, Decimal | None]:
    return {
        one.topic: one.volume_24h for one in reports if isinstance(one, PriceReport) and one.price is None
    }


async def test_row_j_the_documented_answer_about_several_gives_each_its_volume_and_no_second_change() -> None:
    bench = Bench(lambda asked: Answer(200, {}, birdeye("rest.price_volume_multi.200").encode()))
    reports = await bench.fetch(SOL, BONK)
    assert volumes_of(reports) == {SOL: Decimal("754317820.7943375"), BONK: Decimal("3196948.7086882377")}
    assert all(one.change_24h is None for one in reports if isinstance(one, PriceReport))
    asked = bench.http.asked[-1]
    assert (asked.method, asked.json) == (
        "POST",
        json.loads(birdeye("rest.price_volume_multi.post_request")),
    )


async def test_row_j_it_is_asked_for_rarely_however_often_prices_are() -> None:
    bench = Bench(lambda asked: data({SOL: {"volumeUSD": 5}}))
    for _ in range(6):
        await bench.fetch(SOL)
    assert bench.paths == [TOGETHER]
    await bench.clock.advance(EVERY)
    await bench.fetch(SOL)
    assert bench.paths == [TOGETHER, TOGETHER]


async def test_row_j_a_plan_without_the_batch_is_asked_one_by_one_and_that_is_learnt_once() -> None:
    single = Answer(200, {}, birdeye("rest.price_volume_single.200").encode())
    bench = Bench(lambda asked: PLAN if path(asked) == TOGETHER else single)
    assert volumes_of(await bench.fetch(SOL)) == {SOL: Decimal("755004403.5277437")}
    await bench.fetch(BONK)
    assert bench.paths == [TOGETHER, ALONE, ALONE]
    bench.provider.forget()
    await bench.fetch(SOL)
    assert bench.paths[3] == TOGETHER


async def test_row_j_a_plan_without_volumes_has_prices_all_the_same_and_is_asked_no_more() -> None:
    bench = Bench(lambda asked: PLAN)
    for _ in range(3):
        (report,) = await bench.fetch(SOL)
        assert report == PriceReport(SOL, Decimal("1.5"), complete=True)
    assert bench.paths == [TOGETHER, ALONE]


async def test_row_j_a_free_key_is_never_asked_for_volumes() -> None:
    clock = ManualClock()
    http = ScriptedHttp(
        lambda asked: data({"value": 1}) if path(asked) == "/defi/price" else PLAN, clock.monotonic
    )
    provider = BirdeyeProvider(Settings(birdeye=BirdeyeSettings(api_key="key")), http, clock)
    task = asyncio.ensure_future(anext(provider.rest.fetch([SOL], {})))
    await clock.advance(30)
    assert isinstance(await task, PriceReport)
    assert not any("volume" in asked.url for asked in http.asked)


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_row_j_a_failure_is_told_and_tried_again_after_a_minute(status: int) -> None:
    bench = Bench(lambda asked: Answer(status, {}, b""))
    price, notice = await bench.fetch(SOL)
    assert isinstance(price, PriceReport)
    assert isinstance(notice, Notice)
    assert notice.error.kind in (ErrorKind.RATE_LIMIT, ErrorKind.SERVER)
    await bench.fetch(SOL)
    assert len(bench.paths) == 1
    await bench.clock.advance(30)
    await bench.fetch(SOL)
    assert len(bench.paths) == 2


@pytest.mark.parametrize("value", [[], 5, {SOL: []}, {SOL: {"volumeUSD": "much"}}])
async def test_row_j_volumes_that_make_no_sense_spoil_no_price(value: Any) -> None:
    price, bad = await Bench(lambda asked: data(value)).fetch(SOL)
    assert isinstance(price, PriceReport)
    assert isinstance(bad, Malformed)


@pytest.mark.parametrize("value", [None, {}, {SOL: None}, {SOL: {"volumeUSD": None}}])
async def test_row_j_a_volume_that_is_not_known_is_none(value: Any) -> None:
    reports = await Bench(lambda asked: data(value)).fetch(SOL)
    assert not any(isinstance(one, Malformed) for one in reports)
    assert set(volumes_of(reports).values()) <= {None}
