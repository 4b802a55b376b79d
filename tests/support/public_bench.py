"""A manager without keys at work: the emulators of the public sources, and how a row moves between them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from bench import Bench
from virtual_time import VirtualClock

from streamcore import PriceUpdate, Settings, StreamManager
from streamcore.config.model import (
    BirdeyeSettings,
    CoinbaseSettings,
    DexscreenerSettings,
    HeliusSettings,
    JupiterSettings,
    KrakenSettings,
    SolanaSettings,
    StreamSettings,
)
from streamsim import Emulators

UNLISTED = "9NyDcAEUByTTNosYMzuWQEuUSfgXCHTNhwQmSWEf5fXq"


class Public(Bench):
    """A bench whose manager has no key."""

    def __init__(self, manager: StreamManager, emulators: Emulators, clock: VirtualClock) -> None:
        super().__init__(manager, emulators, clock)
        self.kraken = emulators.kraken
        self.coinbase = emulators.coinbase
        self.jupiter = emulators.jupiter
        self.dexscreener = emulators.dexscreener
        self.solana = emulators.solana

    async def until(self, condition: Callable[[], Any], within: float = 60.0) -> None:
        """The same as ever, but it takes a source some time to be given up."""
        await super().until(condition, within)

    def sources(self, symbol: str) -> list[str]:
        """The providers a symbol's prices came from, repetitions left out."""
        names = [event.provider for event in self.all(PriceUpdate, symbol=symbol)]
        return [name for i, name in enumerate(names) if i == 0 or name != names[i - 1]]

    def at(self, *symbols: str) -> set[str]:
        """Where the prices of some symbols come from now."""
        return {self.sources(symbol)[-1] for symbol in symbols if self.sources(symbol)}


@asynccontextmanager
async def public(
    *,
    keys: bool = False,
    stale_after: float = 3600,
    prices: str = "auto",
    venues: Callable[[Emulators], None] = lambda emulators: None,
) -> AsyncIterator[Public]:
    """Set up the emulators and a manager with every choice left to itself.

    Args:
        keys: Whether there are any.
        stale_after: Seconds of silence that are too many.
        prices: Who serves the prices.
        venues: Prepares the emulators before anybody asks them.
    """
    clock = VirtualClock()
    async with Emulators(seed=7, clock=clock, market_rate=0.0, wallet_rate=0.0) as emulators:
        venues(emulators)
        settings = Settings(
            birdeye=BirdeyeSettings(
                api_key="paid" if keys else None,
                ws_url=emulators.birdeye.ws_url,
                rest_url=emulators.birdeye.rest_url,
            ),
            helius=HeliusSettings(
                api_key="dev" if keys else None,
                ws_url=emulators.helius.ws_url,
                rpc_url=emulators.helius.rpc_url,
            ),
            kraken=KrakenSettings(ws_url=emulators.kraken.ws_url, rest_url=emulators.kraken.rest_url),
            coinbase=CoinbaseSettings(ws_url=emulators.coinbase.ws_url, rest_url=emulators.coinbase.rest_url),
            jupiter=JupiterSettings(rest_url=emulators.jupiter.rest_url),
            dexscreener=DexscreenerSettings(rest_url=emulators.dexscreener.rest_url),
            solana=SolanaSettings(ws_url=emulators.solana.ws_url, rpc_url=emulators.solana.rpc_url),
            stream=StreamSettings(stale_after=stale_after),
            prices=prices,
        )
        async with StreamManager(settings, clock=clock) as manager:
            table = Public(manager, emulators, clock)
            consumer = asyncio.create_task(table.note())
            await asyncio.sleep(0)
            yield table
        await consumer
