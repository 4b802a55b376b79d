"""The emulated Jupiter and DexScreener, and the real providers before them, through real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import base58
import httpx
import pytest
from busiest import busiest
from manual_clock import START
from virtual_time import VirtualClock, on_virtual_time
from wire_fixtures import public

from streamcore.config.model import Settings, StreamSettings
from streamcore.config.sources import DexscreenerSettings, JupiterSettings
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.http import HttpClient
from streamcore.providers.base import Provider
from streamcore.providers.dexscreener.provider import DexScreenerProvider
from streamcore.providers.jupiter.provider import JupiterProvider
from streamcore.providers.reports import PriceReport, Refusal, Report
from streamsim import Emulators, Fault, JupiterServer
from streamsim.jupiter.server import DOCUMENTED

SOL = "So11111111111111111111111111111111111111112"
BONK = "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263"
K = ErrorKind


def mints(count: int) -> list[str]:
    return [base58.b58encode(bytes([7] * 31 + [number])).decode() for number in range(count)]


class Scene:
    """Emulators in which nothing moves by itself, and the providers that poll them."""

    def __init__(self, emulators: Emulators, http: HttpClient, clock: VirtualClock, batch: int) -> None:
        self.market = emulators.market
        self.servers = {"jupiter": emulators.jupiter, "dexscreener": emulators.dexscreener}
        self.http = http
        self.clock = clock
        settings = Settings(
            jupiter=JupiterSettings(rest_url=emulators.jupiter.rest_url),
            dexscreener=DexscreenerSettings(rest_url=emulators.dexscreener.rest_url),
            stream=StreamSettings(max_symbol_batch=batch),
        )
        self.providers: dict[str, Provider] = {
            "jupiter": JupiterProvider(settings, http, clock),
            "dexscreener": DexScreenerProvider(settings, http, clock),
        }

    async def fetch(self, source: str, *wanted: str) -> list[Report]:
        async def collect() -> list[Report]:
            return [report async for report in self.providers[source].rest.fetch(wanted, {})]

        return await collect()


@asynccontextmanager
async def scene(batch: int = 100) -> AsyncIterator[Scene]:
    clock = VirtualClock()
    async with (
        Emulators(clock=clock, market_rate=0, wallet_rate=0) as emulators,
        HttpClient(clock, timeout=10.0) as http,
    ):
        yield Scene(emulators, http, clock, batch)


BOTH = pytest.mark.parametrize("source", ["jupiter", "dexscreener"])


@BOTH
@on_virtual_time
async def test_the_figures_are_the_markets_own_to_the_last_digit_that_the_source_tells(source: str) -> None:
    async with scene() as stage:
        stage.market.trade(BONK, price=Decimal("0.0000160244227"), volume_usd=Decimal(5))
        reports = await stage.fetch(source, SOL, BONK)
        for mint, report in zip((SOL, BONK), reports, strict=True):
            truth = stage.market.truth(mint)
            assert truth is not None
            change, volume, trades = truth.change_24h, None, None
            if source == "dexscreener":
                change, volume = change.quantize(Decimal("0.01")), truth.volume_24h
                token = stage.market.token(mint)
                assert token is not None
                trades = token.window(86_400).trades
            assert report == PriceReport(mint, truth.price, change, volume, complete=True, trades_24h=trades)


@BOTH
@on_virtual_time
async def test_a_mint_without_a_price_is_refused_by_itself(source: str) -> None:
    async with scene() as stage:
        stage.market.unpriced.add(BONK)
        sol, bonk = await stage.fetch(source, SOL, BONK)
        assert isinstance(sol, PriceReport)
        assert isinstance(bonk, Refusal)
        assert bonk.topics == (BONK,)
        stage.market.unpriced.clear()
        (back,) = await stage.fetch(source, BONK)
        assert isinstance(back, PriceReport)


@on_virtual_time
async def test_of_all_pools_the_deepest_with_the_mint_as_its_base_is_taken() -> None:
    async with scene() as stage:
        stage.servers["dexscreener"].all_pools = True  # type: ignore[attr-defined]
        for mint in (SOL, BONK):
            (report,) = await stage.fetch("dexscreener", mint)
            truth = stage.market.truth(mint)
            assert truth is not None
            assert isinstance(report, PriceReport)
            assert report.price == truth.price


@on_virtual_time
async def test_the_provider_never_passes_the_rate_however_much_is_wanted() -> None:
    async with scene(batch=1) as stage:
        assert len(await stage.fetch("jupiter", *mints(80))) == 80
        server = stage.servers["jupiter"]
        times = [request.at for request in server.requests]
        assert (len(times), server.refused) == (80, 0)
        assert busiest(times, 60.0) <= 30


@on_virtual_time
async def test_whoever_has_used_the_rate_up_is_told_when_a_place_is_free_and_waits_for_it() -> None:
    async with scene() as stage:
        server = stage.servers["jupiter"]
        server.limit_to(*DOCUMENTED)
        async with httpx.AsyncClient(base_url=server.rest_url) as other:
            answers = [await other.get("/price/v3", params={"ids": SOL}) for _ in range(31)]
        assert [answer.status_code for answer in answers] == [200] * 30 + [429]
        assert answers[-1].json() == httpx.Response(200, text=public("jupiter", "rest_429")).json()
        assert answers[-1].headers["x-ratelimit-remaining"] == "0"
        assert answers[-1].headers["x-ratelimit-reset"] == str(int(START) + 60)
        assert answers[0].headers["x-ratelimit-remaining"] == "29"
        with pytest.raises(ProviderError) as caught:
            await stage.fetch("jupiter", SOL)
        assert caught.value.kind is K.RATE_LIMIT
        assert caught.value.retry_after == pytest.approx(60.2)
        (report,) = await stage.fetch("jupiter", SOL)
        assert isinstance(report, PriceReport)
        assert stage.clock.monotonic() == pytest.approx(60.2, abs=0.1)
        assert server.refused == 2


@on_virtual_time
async def test_the_rate_is_the_one_that_was_measured_not_the_documented_one() -> None:
    async with scene() as stage:
        server = stage.servers["jupiter"]
        async with httpx.AsyncClient(base_url=server.rest_url) as other:
            answers = [await other.get("/price/v3", params={"ids": SOL}) for _ in range(6)]
            assert [answer.status_code for answer in answers] == [200] * 5 + [429]
            remaining = [answer.headers["x-ratelimit-remaining"] for answer in answers]
            assert remaining == ["4", "3", "2", "1", "0", "0"]
            assert answers[-1].headers["x-ratelimit-reset"] == str(int(START) + 10)
            await asyncio.sleep(10)
            assert (await other.get("/price/v3", params={"ids": SOL})).status_code == 200


@on_virtual_time
async def test_jupiter_can_leave_the_change_out_as_it_does_for_thin_tokens() -> None:
    async with scene() as stage:
        server = stage.servers["jupiter"]
        assert isinstance(server, JupiterServer)
        server.without_change.add(BONK)
        sol, bonk = await stage.fetch("jupiter", SOL, BONK)
        assert isinstance(sol, PriceReport)
        assert isinstance(bonk, PriceReport)
        assert sol.change_24h is not None
        assert (bonk.change_24h, bonk.price) == (None, stage.market.truth(BONK).price)  # type: ignore[union-attr]


@pytest.mark.long
@on_virtual_time
async def test_dexscreener_says_how_long_to_wait() -> None:
    async with scene() as stage:
        server = stage.servers["dexscreener"]
        async with httpx.AsyncClient(base_url=server.rest_url) as other:
            for _ in range(300):
                answer = await other.get(f"/tokens/v1/solana/{SOL}")
        assert answer.status_code == 200
        with pytest.raises(ProviderError) as caught:
            await stage.fetch("dexscreener", SOL)
        assert (caught.value.kind, caught.value.retry_after) == (K.RATE_LIMIT, 60.0)


@BOTH
@on_virtual_time
async def test_trouble_of_the_server_is_a_provider_error(source: str) -> None:
    async with scene() as stage:
        faults = stage.servers[source].faults
        for fault, terms, kind in (
            (Fault.HTTP_STATUS, {"status": 503}, K.SERVER),
            (Fault.HTTP_STATUS, {"status": 403}, K.AUTH),
            (Fault.HTTP_GARBAGE, {}, K.NETWORK),  # a web page, as of a network that wants a sign-in
            (Fault.HTTP_DROP, {}, K.NETWORK),
        ):
            faults.set(fault, times=1, **terms)
            with pytest.raises(ProviderError) as caught:
                await stage.fetch(source, SOL)
            assert caught.value.kind is kind
        assert isinstance((await stage.fetch(source, SOL))[0], PriceReport)


def shape(value: Any) -> Any:
    """Return the keys of nested objects, to compare what was documented with what is served."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    return [shape(value[0])] if isinstance(value, list) and value else type(value).__name__


@on_virtual_time
async def test_the_answers_have_the_documented_shape() -> None:
    async with scene() as stage, httpx.AsyncClient() as client:
        jupiter, dexscreener = stage.servers.values()
        served = (await client.get(f"{jupiter.rest_url}/price/v3?ids={SOL}")).json()
        documented = httpx.Response(200, text=public("jupiter", "rest_price_v3")).json()
        assert shape(served[SOL]) == shape(documented[SOL])
        wrapped = (await client.get(f"{dexscreener.rest_url}/latest/dex/tokens/{BONK}")).json()
        documented = httpx.Response(200, text=public("dexscreener", "rest_latest_wrapped")).json()
        assert set(wrapped) == set(documented)
        optional = {"labels", "info", "boosts"}
        assert set(wrapped["pairs"][0]) == set(documented["pairs"][0]) - optional
        stage.market.unpriced.add(BONK)
        for path, empty in (
            (f"/latest/dex/tokens/{BONK}", {"schemaVersion": "1.0.0", "pairs": None}),
            (f"/tokens/v1/solana/{BONK}", []),
        ):
            assert (await client.get(dexscreener.rest_url + path)).json() == empty


@pytest.mark.parametrize(
    ("source", "path", "status"),
    [
        ("jupiter", "/price/v2?ids=x", 404),
        ("jupiter", "/price/v3", 400),
        ("jupiter", "/price/v3?ids=nonsense", 400),
        ("jupiter", f"/price/v3?ids={','.join(mints(51))}", 400),
        ("dexscreener", "/", 404),
        ("dexscreener", "/tokens/v1/solana/nonsense", 400),
        ("dexscreener", f"/tokens/v1/solana/{','.join(mints(31))}", 400),
    ],
)
@on_virtual_time
async def test_a_wrong_request_is_refused(source: str, path: str, status: int) -> None:
    async with scene() as stage, httpx.AsyncClient() as client:
        server = stage.servers[source]
        assert (await client.get(server.rest_url + path)).status_code == status
        assert (await client.post(server.rest_url + path)).status_code == 405


@on_virtual_time
async def test_a_wrong_key_is_worse_than_none() -> None:
    async with scene() as stage, httpx.AsyncClient() as client:
        url = f"{stage.servers['jupiter'].rest_url}/price/v3?ids={SOL}"
        assert (await client.get(url, headers={"x-api-key": "wrong"})).status_code == 401
        assert (await client.get(url)).status_code == 200


@on_virtual_time
async def test_a_port_that_is_taken_is_named_and_nothing_is_left_open() -> None:
    async with scene() as stage:
        port = stage.servers["jupiter"].http_port
        with pytest.raises(
            OSError, match=rf"the emulated Jupiter cannot listen on 127\.0\.0\.1, port {port}"
        ):
            async with Emulators(jupiter_port=port):
                pass


@on_virtual_time
async def test_what_is_asked_for_begins_to_move() -> None:
    clock = VirtualClock()
    async with Emulators(clock=clock, market_rate=4.0, wallet_rate=0) as emulators:
        before = emulators.market.truth(SOL)
        async with httpx.AsyncClient() as client:
            await client.get(f"{emulators.jupiter.rest_url}/price/v3?ids={SOL}")
        await asyncio.sleep(5.0)
        assert emulators.market.truth(SOL) != before
