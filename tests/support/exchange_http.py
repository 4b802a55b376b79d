"""The REST side of an exchange's provider, with answers that a test gives."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from manual_clock import ManualClock
from scripted_http import Asked, ScriptedHttp

from streamcore.config.model import Settings
from streamcore.errors import ProviderError
from streamcore.net.transport import Answer
from streamcore.providers.coinbase.provider import CoinbaseProvider
from streamcore.providers.kraken.provider import KrakenProvider
from streamcore.providers.reports import Report


def answer(status: int, body: Any, **headers: str) -> Answer:
    text = body if isinstance(body, str) else json.dumps(body)
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, text.encode())


class ExchangeHttp:
    """A provider, the requests it makes, and what it reports from the answers."""

    def __init__(
        self,
        provider: type[KrakenProvider] | type[CoinbaseProvider],
        reply: Callable[[Asked], Answer],
        **settings: Any,
    ) -> None:
        self.clock = ManualClock()
        self.http = ScriptedHttp(reply, self.clock.monotonic)
        self.provider = provider(Settings(**settings), self.http, self.clock)

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
