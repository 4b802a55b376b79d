"""The simulator without activity of its own: nothing happens but what a test does."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from manual_clock import ManualClock
from websockets.asyncio.client import ClientConnection, connect

from streamsim import Emulators
from streamsim.world.catalog import SOL, listing_of
from streamsim.world.wallets import WalletChain

WALLET = "GfyzVseYEHwAyo112KHFU31CVi4Thp2VJk7VpbQAeN6T"
QUERY = f"(address = {SOL} AND chartType = 1m AND currency = usd)"


@asynccontextmanager
async def still() -> AsyncIterator[Emulators]:
    """Yield emulated providers on a clock that a test moves by hand."""
    async with Emulators(clock=ManualClock(), market_rate=0, wallet_rate=0) as emulators:
        yield emulators


@asynccontextmanager
async def subscriber(emulators: Emulators) -> AsyncIterator[ClientConnection]:
    """Yield a connection that has been welcomed and gets the price of SOL."""
    async with connect(f"{emulators.birdeye.ws_url}?x-api-key=k", max_size=None) as connection:
        await connection.recv()
        data = {"queryType": "complex", "query": QUERY}
        await connection.send(json.dumps({"type": "SUBSCRIBE_PRICE", "data": data}))
        await emulators.birdeye.wait_for(lambda: emulators.birdeye.price_subscriptions)
        yield connection


def wallet_chain(seed: int = 7, keep: int = 20_000) -> WalletChain:
    """Return a chain at the prices of the catalogue that knows `WALLET`."""
    chain = WalletChain(ManualClock(), seed, lambda mint: listing_of(mint).price, keep=keep)
    chain.know(WALLET)
    return chain
