"""The hits of an exchange have a volume, but a search never waits long for it, nor fails over it."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import cast

from manual_clock import ManualClock
from scripted_rest import ScriptedRest

from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.providers.base import Rest
from streamcore.providers.market_volumes import FRESH_FOR, PATIENCE, REST, MarketVolumes
from streamcore.providers.reports import PriceReport, Refusal


class Asking:
    def __init__(self, *, most: int = 3) -> None:
        self.clock = ManualClock()
        self.rest = ScriptedRest(self.clock)
        self.rest.on_fetch = lambda pairs: [PriceReport(pair, volume_24h=Decimal(7)) for pair in pairs]
        self.volumes = MarketVolumes("kraken", cast("Rest", self.rest), self.clock, most=most)

    @property
    def asked(self) -> list[tuple[str, ...]]:
        return [pairs for _, pairs in self.rest.fetches]


async def test_what_was_asked_a_moment_ago_is_not_asked_again() -> None:
    at = Asking()
    assert await at.volumes.of(["A", "B"]) == {"A": 7, "B": 7}
    assert await at.volumes.of(["A", "B", "C"]) == {"A": 7, "B": 7, "C": 7}
    assert at.asked == [("A", "B"), ("C",)]
    await at.clock.advance(FRESH_FOR)
    await at.volumes.of(["A"])
    assert at.asked[2:] == [("A",)]


async def test_only_the_first_few_are_asked_for() -> None:
    at = Asking(most=2)
    assert await at.volumes.of(["A", "B", "C"]) == {"A": 7, "B": 7}


async def test_a_market_without_a_volume_or_that_is_refused_has_none() -> None:
    at = Asking()
    refused = Refusal(ProviderError(ErrorKind.SUBSCRIPTION, "not listed"), ("B",))
    at.rest.on_fetch = lambda pairs: [PriceReport("A"), refused, PriceReport("C", volume_24h=Decimal(0))]
    assert await at.volumes.of(["A", "B", "C"]) == {"C": 0}


async def test_a_failure_leaves_what_has_come_and_nobody_is_asked_for_a_minute() -> None:
    at = Asking()
    at.rest.on_fetch = lambda pairs: [
        PriceReport("A", volume_24h=Decimal(7)),
        ProviderError(ErrorKind.NETWORK, "could not be reached"),
    ]
    assert await at.volumes.of(["A", "B"]) == {"A": 7}
    assert await at.volumes.of(["B"]) == {}
    assert len(at.asked) == 1
    await at.clock.advance(REST)
    await at.volumes.of(["B"])
    assert len(at.asked) == 2


async def test_a_search_does_not_wait_for_an_exchange_that_is_slow() -> None:
    at = Asking()
    at.rest.on_fetch = lambda pairs: [PriceReport("A", volume_24h=Decimal(7)), 60.0]
    asking = asyncio.ensure_future(at.volumes.of(["A", "B"]))
    await at.clock.advance(PATIENCE)
    assert await asking == {"A": 7}
