"""Candles of the pool that stands for a token: which one, found where, and never two in one chart."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from decimal import Decimal

import pytest
from asked_candles import AskedCandles
from exchange_http import answer
from manual_clock import START
from scripted_http import Asked

from streamcore.candles import ChartRange, VolumeUnit
from streamcore.clock import Clock
from streamcore.config.model import Settings
from streamcore.events import ErrorKind
from streamcore.history.pool_candles import KEPT_FOR, NONE_KEPT_FOR, PoolCandles, best_pool
from streamcore.net.transport import Answer, Http
from streamcore.providers.dexscreener.pools import DexScreenerPools
from streamcore.providers.geckoterminal.api import GeckoTerminal
from streamcore.providers.history_source import HistorySource
from streamcore.providers.pools import Pool

BONK = "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263"
SOL = "So11111111111111111111111111111111111111112"
DAY = 86_400
PAIRS = "dexscreener"
OWN = "tokens"
CANDLES = "ohlcv"


def pool(address: str, depth: int, age_days: float | None) -> Pool:
    created = None if age_days is None else START - age_days * DAY
    return Pool(address=address, name=address, depth=Decimal(depth), created_at=created)


def chosen(span: ChartRange, *pools: Pool) -> str | None:
    best = best_pool(pools, START - span.seconds, START)
    return None if best is None else best.address


def test_the_deepest_pool_stands_for_a_token() -> None:
    assert chosen(ChartRange.HOUR, pool("A", 5, 9), pool("B", 7, 9)) == "B"
    assert chosen(ChartRange.HOUR) is None


def test_but_one_that_is_younger_than_the_range_leaves_it_to_a_deep_one_that_is_not() -> None:
    young, old = pool("young", 100, 2), pool("old", 40, 20)
    assert chosen(ChartRange.DAY, young, old) == "young"
    assert chosen(ChartRange.WEEK, young, old) == "old"


def test_an_old_pool_with_hardly_anything_in_it_stands_for_nothing() -> None:
    assert chosen(ChartRange.WEEK, pool("young", 100_000, 2), pool("dust", 40, 400)) == "young"


def test_of_a_year_half_is_all_there_is_so_a_pool_of_that_age_is_old_enough() -> None:
    assert chosen(ChartRange.YEAR, pool("half", 100, 190), pool("older", 90, 400)) == "half"
    assert chosen(ChartRange.YEAR, pool("young", 100, 100), pool("older", 90, 400)) == "older"


def test_a_pool_that_does_not_tell_its_age_is_chosen_only_for_its_depth() -> None:
    assert chosen(ChartRange.WEEK, pool("unknown", 100, None), pool("old", 90, 400)) == "old"
    assert chosen(ChartRange.WEEK, pool("unknown", 100, None)) == "unknown"


class Hosts:
    """DexScreener and GeckoTerminal: what they answer, and the paths that were asked for."""

    def __init__(self) -> None:
        self.pairs: Answer = self.listing("P1", "P2")
        self.own: Answer = answer(200, {"data": [self.gecko_pool("G1")]})
        self.unknown: Sequence[str] = ()
        self.refusing: Answer | None = None

    @staticmethod
    def listing(*addresses: str) -> Answer:
        rows = [
            {
                "chainId": "solana",
                "dexId": "orca",
                "pairAddress": address,
                "baseToken": {"address": BONK, "symbol": "Bonk"},
                "quoteToken": {"address": SOL, "symbol": "SOL"},
                "liquidity": {"usd": 1000 - n},
                "pairCreatedAt": 1_600_000_000_000,
            }
            for n, address in enumerate(addresses)
        ]
        return answer(200, rows)

    @staticmethod
    def gecko_pool(address: str) -> object:
        return {
            "attributes": {"address": address, "name": "Bonk / SOL", "reserve_in_usd": "9"},
            "relationships": {
                "base_token": {"data": {"id": f"solana_{BONK}"}},
                "quote_token": {"data": {"id": f"solana_{SOL}"}},
                "dex": {"data": {"id": "meteora"}},
            },
        }

    def __call__(self, asked: Asked) -> Answer:
        if PAIRS in asked.url:
            return self.pairs
        if self.refusing is not None:
            return self.refusing
        if "/tokens/" in asked.url:
            return self.own
        if any(f"/{address}/" in asked.url for address in self.unknown):
            return answer(404, {"errors": [{"status": "404", "title": "Not Found"}]})
        rows = [[START - 30, 2, 3, 1, 2.5, 10]]
        return answer(200, {"data": {"attributes": {"ohlcv_list": rows}}})


def source(http: Http, clock: Clock) -> HistorySource:
    settings = Settings()
    return PoolCandles(GeckoTerminal(settings, http, clock), DexScreenerPools(settings, http, clock), clock)


def table(hosts: Hosts, *, patience: float = 120.0) -> AskedCandles:
    at = AskedCandles(source, hosts)
    at.patience = patience
    return at


def asked(at: AskedCandles) -> list[str]:
    """Return what was asked for: pairs, own pools, or the pool whose candles."""
    kinds = []
    for one in at.http.asked:
        if PAIRS in one.url:
            kinds.append(PAIRS)
        else:
            kinds.append(OWN if "/tokens/" in one.url else one.url.split("/pools/")[1].split("/")[0])
    return kinds


async def test_the_pool_is_found_at_one_source_and_its_candles_at_the_other() -> None:
    at = table(Hosts())
    series = await at.series(ChartRange.HOUR, "BONK")
    assert asked(at) == [PAIRS, "P1"]
    assert (series.provider, series.market) == ("geckoterminal", "Bonk/SOL on orca")
    assert (series.address, series.volume_unit, series.running) == (BONK, VolumeUnit.USD, True)
    assert at.http.asked[1].params["token"] == BONK


async def test_pools_are_asked_for_once_a_day() -> None:
    at = table(Hosts(), patience=1)
    await at.series(ChartRange.HOUR, "BONK")
    await at.series(ChartRange.DAY, "BONK")
    assert asked(at) == [PAIRS, "P1", "P1"]
    await at.clock.advance(KEPT_FOR)
    await at.series(ChartRange.HOUR, "BONK")
    assert asked(at)[3:] == [PAIRS, "P1"]


async def test_a_pool_that_geckoterminal_does_not_know_is_replaced_by_one_it_lists() -> None:
    hosts = Hosts()
    hosts.unknown = ("P1",)
    at = table(hosts)
    series = await at.series(ChartRange.HOUR, "BONK")
    assert asked(at) == [PAIRS, "P1", OWN, "G1"]
    assert series.market == "Bonk/SOL on meteora"
    await at.series(ChartRange.DAY, "BONK")
    assert asked(at)[4:] == ["G1"], "which pools it has is known from then on"


@pytest.mark.parametrize("failing", [answer(429, ""), answer(503, ""), answer(200, "<html>")])
async def test_when_no_pairs_can_be_had_geckoterminals_own_pools_are_asked_for(failing: Answer) -> None:
    hosts = Hosts()
    hosts.pairs = failing
    at = table(hosts)
    await at.series(ChartRange.HOUR, "BONK")
    assert asked(at) == [PAIRS, OWN, "G1"]


async def test_a_token_without_a_pool_has_no_history_and_is_looked_for_again_later() -> None:
    hosts = Hosts()
    hosts.pairs = answer(200, [])
    at = table(hosts, patience=1)
    error = await at.failure(ChartRange.HOUR, "BONK")
    assert (error.kind, error.message) == (
        ErrorKind.SUBSCRIPTION,
        "GeckoTerminal has no history of BONK: there is no pool of it",
    )
    await at.failure(ChartRange.HOUR, "BONK")
    assert asked(at) == [PAIRS]
    hosts.pairs = hosts.listing("P9")
    await at.clock.advance(NONE_KEPT_FOR)
    await at.series(ChartRange.HOUR, "BONK")
    assert asked(at) == [PAIRS, PAIRS, "P9"]


async def test_a_token_that_nobody_knows_has_no_history() -> None:
    hosts = Hosts()
    hosts.unknown, hosts.own = ("P1",), answer(404, {"errors": [{"status": "404"}]})
    error = await table(hosts).failure(ChartRange.HOUR, "BONK")
    assert error.kind is ErrorKind.SUBSCRIPTION
    hosts.own = answer(200, {"data": []})
    assert (await table(hosts).failure(ChartRange.HOUR, "BONK")).kind is ErrorKind.SUBSCRIPTION


async def test_candles_are_asked_for_twice_at_once_and_then_every_ten_seconds() -> None:
    at = table(Hosts())
    asking = [at.start(span, "BONK") for span in ChartRange]
    await at.clock.advance(60)
    await asyncio.gather(*asking)
    assert [one.at for one in at.http.asked if PAIRS not in one.url] == [0, 0, 10, 20, 30]


async def test_a_refusal_in_the_body_of_a_success_is_a_rest_of_a_minute() -> None:
    hosts = Hosts()
    hosts.refusing = answer(200, {"status": {"error_code": 429, "error_message": "Rate Limit"}})
    at = table(hosts, patience=1)
    assert (await at.failure(ChartRange.HOUR, "BONK")).kind is ErrorKind.RATE_LIMIT
    hosts.refusing = None
    assert "left alone for 59 s" in (await at.failure(ChartRange.HOUR, "BONK")).message
    assert asked(at) == [PAIRS, "P1"]
    await at.clock.advance(60)
    assert (await at.series(ChartRange.HOUR, "BONK")).candles


async def test_a_person_who_tries_again_waits_for_no_old_list_but_for_a_rest_that_was_asked_for() -> None:
    hosts = Hosts()
    at = table(hosts, patience=1)
    await at.series(ChartRange.HOUR, "BONK")
    at.source.forget()
    hosts.refusing = answer(429, "")
    await at.failure(ChartRange.HOUR, "BONK")
    at.source.forget()
    assert "left alone for 59 s" in (await at.failure(ChartRange.HOUR, "BONK")).message
    assert asked(at) == [PAIRS, "P1", PAIRS, "P1", PAIRS]
