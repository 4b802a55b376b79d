"""One member never starves the others: what the failure of one request means for the next ones."""

from __future__ import annotations

import asyncio

import pytest
from manual_clock import ManualClock
from scripted_http import Asked, ScriptedHttp

from streamcore.config.model import Settings
from streamcore.errors import ProviderError
from streamcore.net.transport import Answer
from streamcore.providers.dexscreener.provider import DexScreenerProvider
from streamcore.providers.jupiter.provider import JupiterProvider
from streamcore.providers.reports import PriceReport, Refusal, Report

MINTS = ("Aaa", "Bbb", "Bad", "Ccc")


async def fetched(kind: type[JupiterProvider] | type[DexScreenerProvider], status: int) -> list[Report]:
    """Return what a source tells that refuses every request with one of the mints in it."""

    def reply(asked: Asked) -> Answer:
        mints = (asked.params.get("ids") or asked.url.rpartition("/")[2]).split(",")
        if "Bad" in mints:
            return Answer(status, {}, b"{}")
        if kind is JupiterProvider:
            entries = ",".join(f'"{mint}":{{"usdPrice":1}}' for mint in mints)
            return Answer(200, {}, f"{{{entries}}}".encode())
        pair = '{{"chainId":"solana","baseToken":{{"address":"{}"}},"priceUsd":"1"}}'
        return Answer(200, {}, f"[{','.join(pair.format(mint) for mint in mints)}]".encode())

    clock = ManualClock()
    provider = kind(Settings(), ScriptedHttp(reply, clock.monotonic), clock)  # type: ignore[arg-type]

    async def collect() -> list[Report]:
        return [report async for report in provider.rest.fetch(MINTS, {})]

    task = asyncio.ensure_future(collect())
    await clock.advance(600)
    return await task


@pytest.mark.parametrize("kind", [JupiterProvider, DexScreenerProvider])
@pytest.mark.parametrize("status", [400, 404, 422])
async def test_a_mint_that_fails_a_whole_request_is_found_by_halving_and_refused_alone(
    kind: type[JupiterProvider] | type[DexScreenerProvider], status: int
) -> None:
    reports = await fetched(kind, status)
    assert {report.topic for report in reports if isinstance(report, PriceReport)} == {"Aaa", "Bbb", "Ccc"}
    assert [report.topics for report in reports if isinstance(report, Refusal)] == [("Bad",)]


@pytest.mark.parametrize("kind", [JupiterProvider, DexScreenerProvider])
async def test_trouble_of_the_host_is_not_blamed_on_a_mint(
    kind: type[JupiterProvider] | type[DexScreenerProvider],
) -> None:
    with pytest.raises(ProviderError):
        await fetched(kind, 503)
