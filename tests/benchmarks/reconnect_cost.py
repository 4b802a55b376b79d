"""How long a lost link is lost: from its end until every subscription is served anew, the server being back.

Over real sockets and in real time, each streaming provider's emulator for itself. The delay before the first
retry, ``backoff.initial_delay``, is waited for without jitter, and is part of the time.
"""

from __future__ import annotations

import asyncio
import logging
import statistics
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from feeds import mints

from streamcore import PriceUpdate, Settings, Source, State, StreamManager
from streamcore.config.model import BackoffSettings, StreamSettings, StreamTransport
from streamcore.config.sources import (
    BirdeyeSettings,
    CoinbaseSettings,
    HeliusSettings,
    KrakenSettings,
    SolanaSettings,
)
from streamcore.extras import lacking
from streamsim import Emulators

PATIENCE = 20.0
"""Seconds for each step."""
INITIAL_DELAY = 1.0
BOUND = INITIAL_DELAY + 0.3
SYMBOLS = ("SOL", "BTC", "ETH", "BONK", "WIF", "JUP", "PYTH", "RAY", "JTO", "POPCAT")


@dataclass(frozen=True)
class Case:
    """One provider, and what is watched there."""

    name: str
    subscribed: Callable[[Emulators], Any]
    """What the provider's emulator says is subscribed; the same before and after when all is well."""
    symbols: tuple[str, ...] = ()
    wallets: tuple[str, ...] = ()


def _of_node(server: Any) -> Any:
    return sorted((held.kind, str(held.subject), str(held.filter)) for held in server.subscriptions)


CASES = (
    Case("kraken", lambda all_: all_.kraken.subscriptions, symbols=SYMBOLS),
    Case("coinbase", lambda all_: all_.coinbase.subscriptions, symbols=SYMBOLS),
    Case("birdeye", lambda all_: all_.birdeye.price_subscriptions, symbols=tuple(mints(100))),
    Case("helius", lambda all_: _of_node(all_.helius), wallets=tuple(mints(5))),
    Case("solana", lambda all_: _of_node(all_.solana), wallets=tuple(mints(5))),
)


def settings_for(case: Case, emulators: Emulators, library: StreamTransport) -> Settings:
    """Return settings in which everything comes from one emulator."""
    return Settings(
        prices=case.name if case.symbols else "auto",
        chain=case.name if case.wallets else "auto",
        stream=StreamSettings(
            transport=library, enable_prices=bool(case.symbols), enable_wallets=bool(case.wallets)
        ),
        backoff=BackoffSettings(initial_delay=INITIAL_DELAY, jitter=0.0),
        birdeye=BirdeyeSettings(
            ws_url=emulators.birdeye.ws_url, rest_url=emulators.birdeye.rest_url, api_key="paid"
        ),
        helius=HeliusSettings(
            ws_url=emulators.helius.ws_url, rpc_url=emulators.helius.rpc_url, api_key="dev"
        ),
        kraken=KrakenSettings(ws_url=emulators.kraken.ws_url, rest_url=emulators.kraken.rest_url),
        coinbase=CoinbaseSettings(ws_url=emulators.coinbase.ws_url, rest_url=emulators.coinbase.rest_url),
        solana=SolanaSettings(ws_url=emulators.solana.ws_url, rpc_url=emulators.solana.rpc_url),
    )


async def until(true: Callable[[], bool]) -> None:
    """Return when something is so; looks every millisecond."""
    async with asyncio.timeout(PATIENCE):
        while not true():  # noqa: ASYNC110 - the emulators have no event for it
            await asyncio.sleep(0.001)


async def seconds_lost(case: Case, library: StreamTransport) -> float:
    """Return the seconds from the end of the link to the last subscription being served anew."""
    streamed: set[str] = set()

    async def note(events: AsyncIterator[Any]) -> None:
        async for event in events:
            if isinstance(event, PriceUpdate) and event.source is Source.STREAM:
                streamed.add(event.symbol)

    async with Emulators(market_rate=2000.0, wallet_rate=0.0) as emulators:
        server = getattr(emulators, case.name)
        async with StreamManager(settings_for(case, emulators, library)) as manager:
            noting = asyncio.create_task(note(manager.events()))
            if case.symbols:
                await manager.subscribe_prices(case.symbols)
            if case.wallets:
                await manager.subscribe_wallets(case.wallets)

            def served() -> bool:
                return (
                    manager.status(case.name).state is State.CONNECTED
                    and len(streamed) == len(case.symbols)
                    and bool(case.subscribed(emulators))
                )

            await until(served)
            await asyncio.sleep(3.0)  # for what is asked about afterwards, such as the accounts of a wallet
            before = case.subscribed(emulators)
            streamed.clear()
            loop = asyncio.get_running_loop()
            began = loop.time()
            server.drop()
            await until(lambda: manager.status(case.name).state is not State.CONNECTED)
            streamed.clear()
            await until(lambda: served() and case.subscribed(emulators) == before)
            took = loop.time() - began
        noting.cancel()
    return took


def rows(rounds: int) -> list[tuple[str, str, str]]:
    """Return what was measured, the seconds, and how many they may be."""
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # the emulators go on talking to a link that is gone
    found = []
    for library in (
        StreamTransport.WEBSOCKETS,
        *((StreamTransport.PICOWS,) if lacking("fast") is None else ()),
    ):
        for case in CASES:
            taken = [asyncio.run(seconds_lost(case, library)) for _ in range(rounds)]
            watched = f"{len(case.symbols or case.wallets)} {'symbols' if case.symbols else 'wallets'}"
            what = f"{case.name}, {watched}, {library}: link lost → all served anew, s"
            found.append((what, f"{statistics.median(taken):.2f}", f"{BOUND:.1f}"))
    return found


if __name__ == "__main__":
    for row in rows(1):
        print("| " + " | ".join(row) + " |")
