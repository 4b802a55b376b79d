"""What Jupiter really says: thin tokens without a change, and the limit in its headers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from email.utils import formatdate

import pytest
from busiest import busiest
from manual_clock import START, ManualClock
from realdata import realdata
from scripted_http import Asked, ScriptedHttp

from streamcore.config.model import Settings, StreamSettings
from streamcore.net.transport import Answer
from streamcore.providers.jupiter.provider import JupiterProvider
from streamcore.providers.reports import PriceReport, Report


class Bench:
    def __init__(self, reply: Callable[[Asked], Answer], batch: int = 50) -> None:
        self.clock = ManualClock()
        self.http = ScriptedHttp(reply, self.clock.monotonic)
        settings = Settings(stream=StreamSettings(max_symbol_batch=batch))
        self.provider = JupiterProvider(settings, self.http, self.clock)

    async def fetch(self, *mints: str) -> list[Report]:
        async def collect() -> list[Report]:
            return [report async for report in self.provider.rest.fetch(mints, {})]

        task = asyncio.ensure_future(collect())
        await self.clock.advance(1000)
        return await task

    @property
    def times(self) -> list[float]:
        return [asked.at for asked in self.http.asked]


async def test_every_captured_answer_about_a_thin_token_is_read_with_or_without_its_change() -> None:
    session = realdata("jupiter/rest_price_v3_thin")
    (mint,) = session["topics"]
    answers = [Answer(step["status"], {}, step["body"].encode()) for step in session["steps"]]
    bench = Bench(lambda _: answers.pop(0))
    first = await bench.fetch(mint)
    second = await bench.fetch(mint)
    assert first == [PriceReport(mint, Decimal("0.000044367007702948316"), Decimal("4.96"), complete=True)]
    assert second == [PriceReport(mint, Decimal("0.000045416004635705604"), complete=True)]


def price(asked: Asked, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    mints = asked.params["ids"].split(",")
    entries = ",".join(f'"{mint}":{{"usdPrice":1}}' for mint in mints)
    return Answer(200, named, f"{{{entries}}}".encode())


async def test_without_a_word_about_it_five_requests_in_ten_seconds_are_assumed() -> None:
    bench = Bench(price, batch=1)
    await bench.fetch(*map(str, range(40)))
    assert len(bench.times) == 40
    assert busiest(bench.times, 10.0) == 5
    assert busiest(bench.times, 60.0) <= 30  # as documented


async def test_where_nothing_is_left_it_is_left_alone_until_the_time_it_names() -> None:
    def reply(asked: Asked) -> Answer:
        now = START + asked.at
        return price(
            asked,
            date=formatdate(now, usegmt=True),
            x_ratelimit_remaining="0" if asked.at == 0 else "4",
            x_ratelimit_current="5",
            x_ratelimit_reset=str(int(now) + 30),
        )

    bench = Bench(reply, batch=1)
    await bench.fetch("a", "b", "c")
    assert bench.times == pytest.approx([0.0, 30.2, 30.2], abs=0.01)


@pytest.mark.parametrize("remaining", ["0", "-3"])
async def test_where_nothing_is_left_and_no_time_is_named_a_window_is_waited(remaining: str) -> None:
    def reply(asked: Asked) -> Answer:
        return price(asked, x_ratelimit_remaining=remaining if asked.at == 0 else "5")

    bench = Bench(reply, batch=1)
    await bench.fetch("a", "b")
    assert bench.times == pytest.approx([0.0, 10.0], abs=0.01)


@pytest.mark.parametrize("remaining", ["3", "", "none", "2.5"])
async def test_what_is_left_or_cannot_be_read_holds_nothing_back(remaining: str) -> None:
    bench = Bench(lambda asked: price(asked, x_ratelimit_remaining=remaining), batch=1)
    await bench.fetch("a", "b", "c")
    assert bench.times == [0.0, 0.0, 0.0]
