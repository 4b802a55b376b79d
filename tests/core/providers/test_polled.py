"""What every source that is only polled does the same; each one's words are tested beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import ClassVar

import pytest
from manual_clock import ManualClock
from scripted_http import Asked, ScriptedHttp

from streamcore.assets.instruments import understand
from streamcore.assets.tokens import TokenTable
from streamcore.errors import ProviderError
from streamcore.events import DataKind, ErrorKind
from streamcore.net.rate_limit import TokenBucket
from streamcore.net.transport import Answer
from streamcore.providers.base import Limits
from streamcore.providers.decoding import Undecodable
from streamcore.providers.http_errors import RATE_LIMIT_REST
from streamcore.providers.polled import PolledPrices, PolledProvider
from streamcore.providers.reports import PriceReport, Refusal, Report

SOL = "So11111111111111111111111111111111111111112"


class AcmePrices(PolledPrices):
    """Answers in words: each a mint that has a price; ``?`` makes no sense."""

    title: ClassVar[str] = "Acme"

    def _question(self, mints: Sequence[str]) -> tuple[str, dict[str, str]]:
        return "/prices", {"of": " ".join(mints)}

    def _read(self, mints: Sequence[str], body: bytes) -> list[Report]:
        known = body.decode().split()
        if "?" in known:
            raise Undecodable("a question mark")
        return [PriceReport(mint) if mint in known else self._unknown(mint) for mint in mints]


class AcmeProvider(PolledProvider):
    name = "acme"
    title = AcmePrices.title
    limits = Limits(topics_per_connection=None, debounce=0.0)

    def __init__(self, rest: AcmePrices) -> None:
        self.rest = rest


class Acme:
    """A polled source whose HTTP answers are scripted."""

    def __init__(self, reply: Callable[[Asked], Answer], batch_size: int = 2, rate: float = 1.0) -> None:
        self.clock = ManualClock()
        self.http = ScriptedHttp(reply, self.clock.monotonic)
        limit = TokenBucket(rate, 1, self.clock)
        self.prices = AcmePrices(self.http, "https://acme.example/", batch_size, limit)

    async def fetch(self, *mints: str) -> list[Report]:
        async def collect() -> list[Report]:
            return [report async for report in self.prices.fetch(mints, {})]

        task = asyncio.create_task(collect())
        await self.clock.advance(1000.0)
        return await task

    async def failure(self, *mints: str) -> ProviderError:
        with pytest.raises(ProviderError) as caught:
            await self.fetch(*mints)
        return caught.value


def all_known(asked: Asked) -> Answer:
    return Answer(200, {}, asked.params["of"].encode())


async def test_mints_are_asked_for_in_batches_at_the_sources_rate() -> None:
    acme = Acme(all_known)
    reports = await acme.fetch("a", "b", "c")
    assert [report.topic for report in reports if isinstance(report, PriceReport)] == ["a", "b", "c"]
    assert [asked.params["of"] for asked in acme.http.asked] == ["a b", "c"]
    assert acme.http.asked[1].at - acme.http.asked[0].at == pytest.approx(1.0)
    assert {asked.url for asked in acme.http.asked} == {"https://acme.example/prices"}


async def test_a_mint_without_a_price_is_refused_alone_so_that_another_source_may_be_asked() -> None:
    price, refusal = await Acme(lambda asked: Answer(200, {}, b"a")).fetch("a", "b")
    assert isinstance(price, PriceReport)
    assert isinstance(refusal, Refusal)
    assert (refusal.topics, refusal.error.kind) == (("b",), ErrorKind.SUBSCRIPTION)
    assert refusal.error.message == "Acme has no price for b"


async def test_an_answer_that_makes_no_sense_is_an_error_that_names_the_source() -> None:
    error = await Acme(lambda asked: Answer(200, {}, b"?")).failure("a")
    assert error.kind is ErrorKind.PROTOCOL
    assert error.message == "Acme answered a request for prices with something unreadable: a question mark"


@pytest.mark.parametrize(
    ("headers", "wait"), [({"retry-after": "40"}, 40.0), ({}, RATE_LIMIT_REST)], ids=["said", "not said"]
)
async def test_who_asks_for_fewer_requests_is_left_alone(headers: dict[str, str], wait: float) -> None:
    answers = [Answer(429, headers, b""), Answer(200, {}, b"a")]
    acme = Acme(lambda asked: answers.pop(0))
    error = await acme.failure("a")
    assert (error.kind, error.retry_after) == (ErrorKind.RATE_LIMIT, wait)


async def test_nothing_wanted_asks_nothing() -> None:
    acme = Acme(all_known)
    assert await acme.fetch() == []
    assert acme.http.asked == []


def test_its_topics_are_mints_and_a_token_that_only_wraps_an_asset_is_not_that_asset() -> None:
    provider = AcmeProvider(Acme(all_known).prices)
    tokens = TokenTable({})
    assert provider.kind is DataKind.PRICES
    assert provider.endpoint() is None
    assert provider.topic(understand("SOL", tokens, exchanges=True)) == SOL
    assert provider.topic(understand("BTC", tokens, exchanges=True)) is None
    assert provider.topic(understand("NOSUCH", tokens, exchanges=True)) is None


def test_a_refused_request_is_explained_by_its_status_and_the_sources_name() -> None:
    error = AcmeProvider(Acme(all_known).prices).handshake_refusal(503, {}, b"")
    assert (error.kind, error.message) == (ErrorKind.SERVER, "Acme has trouble of its own (HTTP 503)")
