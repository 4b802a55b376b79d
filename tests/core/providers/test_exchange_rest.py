"""The HTTP sides of the exchanges: what they ask, how often, and what the answers mean."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from manual_clock import ManualClock
from scripted_http import Asked, ScriptedHttp
from wire_fixtures import public

from streamcore.config.model import KrakenSettings, Settings, StreamSettings
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.transport import Answer
from streamcore.providers.base import Malformed, PriceReport, Refusal, Report
from streamcore.providers.coinbase.provider import CoinbaseProvider
from streamcore.providers.kraken.provider import KrakenProvider

K = ErrorKind
PAIR_FIGURES = {"c": ["2", "1"], "v": ["9", "10"], "p": ["1", "3"], "o": "1"}


def answer(status: int, body: Any, **headers: str) -> Answer:
    text = body if isinstance(body, str) else json.dumps(body)
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, text.encode())


class Bench:
    def __init__(
        self,
        provider: type[KrakenProvider] | type[CoinbaseProvider],
        reply: Callable[[Asked], Answer],
        **settings: Any,
    ) -> None:
        self.clock = ManualClock()
        self.http = ScriptedHttp(reply, self.clock.monotonic)
        self.provider = provider(Settings(**settings), self.http, self.clock)  # type: ignore[arg-type]

    async def fetch(self, *topics: str) -> list[Report]:
        async def collect() -> list[Report]:
            return [report async for report in self.provider.rest.fetch(topics, {})]

        task = asyncio.ensure_future(collect())
        await self.clock.advance(600)
        return await task

    async def failure(self, *topics: str) -> ProviderError:
        with pytest.raises(ProviderError) as caught:
            await self.fetch(*topics)
        return caught.value

    @property
    def pairs(self) -> list[str]:
        return [asked.params["pair"] for asked in self.http.asked]


def listing(*listed: str) -> Callable[[Asked], Answer]:
    """Answer as Kraken, which refuses a whole call for one pair that it does not have."""

    def reply(asked: Asked) -> Answer:
        pairs = asked.params["pair"].split(",")
        if any(pair not in listed for pair in pairs):
            return answer(200, public("kraken", "rest_error_unknown_pair"))
        return answer(200, {"error": [], "result": dict.fromkeys(pairs, PAIR_FIGURES)})

    return reply


# Kraken


async def test_krakens_example_is_read_without_a_change_since_its_open_is_not_of_a_day_ago() -> None:
    bench = Bench(KrakenProvider, lambda _: answer(200, public("kraken", "rest_ticker")))
    assert await bench.fetch("SOL/USD") == [
        PriceReport(
            "SOL/USD",
            price=Decimal("119.46000"),
            volume_24h=Decimal("88813953.50"),
            high_24h=Decimal("121.35000"),
            low_24h=Decimal("116.80000"),
        )
    ]
    (asked,) = bench.http.asked
    assert asked.url == "https://api.kraken.com/0/public/Ticker"
    assert asked.params == {"pair": "SOLUSD"}


async def test_kraken_has_old_names_for_some_pairs_in_what_it_is_asked_and_in_what_it_answers() -> None:
    result = {"XXBTZUSD": PAIR_FIGURES, "XETHZUSD": PAIR_FIGURES, "XDGUSD": PAIR_FIGURES, "WIFUSD": {}}
    bench = Bench(KrakenProvider, lambda _: answer(200, {"error": [], "result": result}))
    reports = await bench.fetch("BTC/USD", "ETH/USD", "DOGE/USD", "WIF/USD", "JUP/USD")
    assert bench.pairs == ["XBTUSD,ETHUSD,XDGUSD,WIFUSD,JUPUSD"]
    good = [(report.topic, report.price) for report in reports if isinstance(report, PriceReport)]
    assert good == [("BTC/USD", 2), ("ETH/USD", 2), ("DOGE/USD", 2)]
    assert [type(report) for report in reports[3:]] == [Malformed, Malformed]


async def test_one_unknown_pair_is_found_by_halving() -> None:
    bench = Bench(KrakenProvider, listing("AUSD", "BUSD", "CUSD"))
    reports = await bench.fetch("A/USD", "B/USD", "NOPE/USD", "C/USD")
    assert [report.topics for report in reports if isinstance(report, Refusal)] == [("NOPE/USD",)]
    assert {report.topic for report in reports if isinstance(report, PriceReport)} == {
        "A/USD",
        "B/USD",
        "C/USD",
    }
    assert len(bench.http.asked) == 5


@pytest.mark.parametrize("pair", ["XBT/USD", "XDG/USD", "XETHZ/USD"])
async def test_an_old_name_is_no_ticker_lest_one_asset_be_shown_under_anothers_name(pair: str) -> None:
    bench = Bench(KrakenProvider, listing("XBTUSD", "XDGUSD", "XETHZUSD"))
    (report,) = await bench.fetch(pair)
    assert isinstance(report, Refusal)
    assert bench.http.asked == []


async def test_kraken_is_asked_less_than_once_a_second_and_in_batches() -> None:
    pairs = [f"T{number}/USD" for number in range(5)]
    everything = listing(*(f"T{number}USD" for number in range(5)))
    bench = Bench(KrakenProvider, everything, stream=StreamSettings(max_symbol_batch=2))
    assert len(await bench.fetch(*pairs)) == 5
    assert [len(asked.split(",")) for asked in bench.pairs] == [2, 2, 1]
    times = [asked.at for asked in bench.http.asked]
    assert all(later - earlier > 1.0 for earlier, later in pairwise(times))


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("EGeneral:Too many requests", K.RATE_LIMIT),
        ("EAPI:Rate limit exceeded", K.RATE_LIMIT),
        ("EService:Unavailable", K.SERVER),
        ("EGeneral:Internal error", K.PROTOCOL),
        ("E\x1b[2J", K.PROTOCOL),
    ],
)
async def test_kraken_says_what_went_wrong_in_an_answer_with_status_200(error: str, kind: ErrorKind) -> None:
    failure = await Bench(KrakenProvider, lambda _: answer(200, {"error": [error]})).failure("SOL/USD")
    assert (failure.kind, failure.retryable) == (kind, True)
    assert "\x1b" not in failure.message


@pytest.mark.parametrize("body", ["<html>", "[]", '{"error":[],"result":[]}', '{"error":[]}', ""])
async def test_an_unreadable_answer_of_kraken_is_a_protocol_error(body: str) -> None:
    assert (await Bench(KrakenProvider, lambda _: answer(200, body)).failure("SOL/USD")).kind is K.PROTOCOL


async def test_after_a_rate_limit_kraken_is_left_alone_for_as_long_as_it_asks() -> None:
    replies = [answer(429, "", retry_after="30"), answer(200, public("kraken", "rest_ticker"))]
    bench = Bench(KrakenProvider, lambda _: replies.pop(0))
    with pytest.raises(ProviderError):
        await anext(bench.provider.rest.fetch(["SOL/USD"], {}))
    await bench.fetch("SOL/USD")
    assert bench.http.asked[1].at == pytest.approx(30.0, abs=1.2)


async def test_a_kraken_stream_on_this_machine_is_not_polled_at_the_public_host() -> None:
    section = KrakenSettings(ws_url="ws://127.0.0.1:9/v2")
    bench = Bench(KrakenProvider, listing("SOLUSD"), kraken=section)
    assert "kraken.rest_url" in (await bench.failure("SOL/USD")).message
    assert bench.http.asked == []


# Coinbase


def products(asked: Asked) -> Answer:
    if "/NOPE-USD/" in asked.url:
        return answer(404, public("coinbase_exchange", "rest_not_found"))
    what = asked.url.rpartition("/")[2]
    return answer(200, public("coinbase_exchange", f"rest_product_{what}"))


async def test_one_request_tells_all_about_a_product() -> None:
    bench = Bench(CoinbaseProvider, products)
    price = Decimal("119.46")
    assert await bench.fetch("SOL-USD") == [
        PriceReport(
            "SOL-USD",
            price=price,
            change_24h=Decimal("1.45222929936"),
            volume_24h=Decimal("156518933.89"),
            high_24h=Decimal("121.35"),
            low_24h=Decimal("116.8"),
            complete=True,
        )
    ]
    assert [asked.url for asked in bench.http.asked] == [
        "https://api.exchange.coinbase.com/products/SOL-USD/stats"
    ]


async def test_statistics_without_a_price_are_completed_by_the_ticker() -> None:
    def reply(asked: Asked) -> Answer:
        return answer(200, {"open": "118", "volume": "2"}) if asked.url.endswith("stats") else products(asked)

    (report,) = await Bench(CoinbaseProvider, reply).fetch("SOL-USD")
    assert isinstance(report, PriceReport)
    assert (report.price, report.volume_24h) == (Decimal("119.46"), Decimal("238.92"))


async def test_an_unknown_product_is_refused_alone() -> None:
    bench = Bench(CoinbaseProvider, products)
    refusal, report = await bench.fetch("NOPE-USD", "SOL-USD")
    assert isinstance(refusal, Refusal)
    assert refusal.topics == ("NOPE-USD",)
    assert isinstance(report, PriceReport)


async def test_coinbase_is_asked_at_most_ten_times_a_second_after_the_first_burst() -> None:
    bench = Bench(CoinbaseProvider, products)
    await bench.fetch(*["SOL-USD"] * 40)
    times = [asked.at for asked in bench.http.asked]
    for start in times:
        assert sum(start <= time < start + 1 for time in times) <= 15
        assert sum(start + 1 <= time < start + 2 for time in times) <= 10


@pytest.mark.parametrize("body", ["<html>", "[]", '{"last":{}}', '{"last":"1e999999999"}'])
async def test_an_unreadable_product_takes_no_other_down(body: str) -> None:
    def reply(asked: Asked) -> Answer:
        return answer(200, body) if "/BAD-USD/" in asked.url else products(asked)

    bad, good = await Bench(CoinbaseProvider, reply).fetch("BAD-USD", "SOL-USD")
    assert isinstance(bad, Malformed)
    assert isinstance(good, PriceReport)


async def test_a_rate_limit_of_coinbase_is_told_and_kept() -> None:
    replies = [answer(429, {"message": "Public rate limit exceeded"}), products]
    bench = Bench(CoinbaseProvider, lambda asked: r(asked) if callable(r := replies.pop(0)) else r)
    with pytest.raises(ProviderError) as caught:
        await anext(bench.provider.rest.fetch(["SOL-USD"], {}))
    assert caught.value.kind is K.RATE_LIMIT
    await bench.fetch("SOL-USD")
    assert bench.http.asked[1].at == pytest.approx(10.0, abs=0.2)


# Both


@pytest.mark.parametrize("provider", [KrakenProvider, CoinbaseProvider])
@pytest.mark.parametrize(
    ("status", "kind", "retryable"),
    [(403, K.AUTH, False), (451, K.AUTH, False), (429, K.RATE_LIMIT, True), (503, K.SERVER, True)],
)
async def test_a_refused_upgrade_or_request_has_its_meaning(
    provider: type[KrakenProvider], status: int, kind: ErrorKind, retryable: bool
) -> None:
    bench = Bench(provider, lambda _: answer(status, "no"))
    for error in (await bench.failure("SOL/USD"), bench.provider.handshake_refusal(status, {}, b"")):
        assert (error.kind, error.retryable) == (kind, retryable)
        assert provider.name in error.message.casefold()


@pytest.mark.parametrize("provider", [KrakenProvider, CoinbaseProvider])
async def test_the_stream_is_at_the_configured_url_and_has_nothing_to_hide(
    provider: type[KrakenProvider],
) -> None:
    endpoint = Bench(provider, lambda _: answer(200, "")).provider.endpoint()
    assert endpoint.url == endpoint.shown_url
    assert endpoint.url.startswith("wss://")
    assert endpoint.secrets == ()


@pytest.mark.parametrize("provider", [KrakenProvider, CoinbaseProvider])
async def test_nothing_wanted_asks_nothing(provider: type[KrakenProvider]) -> None:
    bench = Bench(provider, lambda _: answer(500, ""))
    assert await bench.fetch() == []
    assert bench.http.asked == []
