"""The simulator standing still: emulated providers and a chain on which nothing happens by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from manual_clock import ManualClock

from streamsim import Emulators
from streamsim.world.catalog import listing_of
from streamsim.world.wallets import WalletChain

WALLET = "GfyzVseYEHwAyo112KHFU31CVi4Thp2VJk7VpbQAeN6T"


@asynccontextmanager
async def still() -> AsyncIterator[Emulators]:
    """Yield emulated providers on a clock that a test moves by hand."""
    async with Emulators(clock=ManualClock(), market_rate=0, wallet_rate=0) as emulators:
        yield emulators


def wallet_chain(seed: int = 7, keep: int = 20_000) -> WalletChain:
    """Return a chain at the prices of the catalogue that knows `WALLET`."""
    chain = WalletChain(ManualClock(), seed, lambda mint: listing_of(mint).price, keep=keep)
    chain.know(WALLET)
    return chain
