"""A running manager with its emulators, on virtual time, and a consumer that keeps all events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Literal

import msgspec
from virtual_time import VirtualClock

from streamcore import Event, PriceUpdate, Settings, State, StatusChange, StreamManager
from streamcore.config.model import BackoffSettings, StreamSettings
from streamcore.config.sources import (
    BirdeyeSettings,
    CoinbaseSettings,
    DefillamaSettings,
    DexscreenerSettings,
    GeckoterminalSettings,
    HeliusSettings,
    JupiterSettings,
    KrakenSettings,
    SnsSettings,
    SolanaSettings,
)
from streamcore.providers import PROVIDERS
from streamcore.providers.descriptor import Descriptor
from streamcore.recording import Capture
from streamsim import Emulators, Faults, Proxy

SOL = "So11111111111111111111111111111111111111112"
BONK = "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263"
WALLET = "GfyzVseYEHwAyo112KHFU31CVi4Thp2VJk7VpbQAeN6T"
OTHER_WALLET = "9NyDcAEUByTTNosYMzuWQEuUSfgXCHTNhwQmSWEf5fXq"
PATIENCE = 5.0
"""Virtual seconds a test waits for something that must come over a socket."""

STEP = 0.02
"""Virtual seconds between two checks of a condition."""

Sources = Literal["keyed", "public", "all"]
"""Birdeye and Helius alone; the sources that need no key; all, in the order in which they step in."""

NAMES: dict[Sources, tuple[str, ...]] = {
    "keyed": ("birdeye", "helius"),
    "public": ("kraken", "coinbase", "jupiter", "dexscreener", "solana"),
    "all": ("birdeye", "kraken", "coinbase", "jupiter", "dexscreener", "helius", "solana"),
}
"""The providers in use, the most wanted of a kind first."""


class Bench:
    """What `bench` sets up."""

    def __init__(
        self, manager: StreamManager, emulators: Emulators, clock: VirtualClock, patience: float
    ) -> None:
        self.manager = manager
        self.birdeye = emulators.birdeye
        self.helius = emulators.helius
        self.kraken = emulators.kraken
        self.coinbase = emulators.coinbase
        self.jupiter = emulators.jupiter
        self.dexscreener = emulators.dexscreener
        self.geckoterminal = emulators.geckoterminal
        self.defillama = emulators.defillama
        self.solana = emulators.solana
        self.sns = emulators.sns
        self.market = emulators.market
        self.ledger = emulators.chain
        self.clock = clock
        self.patience = patience
        self.network: dict[str, Faults] = {}
        """The network faults of each provider, if the bench has proxies."""
        self.proxies: list[Proxy] = []
        self.seen: list[Event] = []

    async def note(self) -> None:
        async for event in self.manager.events():
            self.seen.append(event)

    async def until(self, condition: Callable[[], Any], within: float | None = None) -> None:
        """Wait until the condition holds, and fail when it takes longer than that."""
        async with asyncio.timeout(self.patience if within is None else within):
            while not condition():  # noqa: ASYNC110 - what is waited for has no event of its own
                await asyncio.sleep(STEP)

    async def connected(self, name: str) -> None:
        await self.until(lambda: self.manager.status(name).state is State.CONNECTED)

    async def first(self, kind: type[Any], /, within: float | None = None, **fields: Any) -> Any:
        """Return the first event of a kind with these fields, now or as soon as it comes."""
        await self.until(lambda: self.all(kind, **fields), within)
        return self.all(kind, **fields)[0]

    def all(self, kind: type[Any], /, **fields: Any) -> list[Any]:
        return [
            event
            for event in self.seen
            if isinstance(event, kind)
            and all(getattr(event, name) == value for name, value in fields.items())
        ]

    def states(self, name: str) -> list[State]:
        """Return the states a provider went through, without repetitions."""
        states = [
            event.state for event in self.seen if isinstance(event, StatusChange) and event.provider == name
        ]
        return [state for i, state in enumerate(states) if i == 0 or state is not states[i - 1]]

    def sources(self, symbol: str) -> list[str]:
        """Return the providers a symbol's prices came from, in order, without repetitions."""
        names = [event.provider for event in self.all(PriceUpdate, symbol=symbol)]
        return [name for i, name in enumerate(names) if i == 0 or name != names[i - 1]]

    def at(self, *symbols: str) -> set[str]:
        """Return the providers of the last prices of some symbols."""
        return {self.sources(symbol)[-1] for symbol in symbols if self.sources(symbol)}


def settings_for(emulators: Emulators, sources: Sources, birdeye: str, helius: str) -> Settings:
    """Return settings that lead to the emulators, with these keys."""
    keyed = sources != "public"
    return Settings(
        birdeye=BirdeyeSettings(
            api_key=birdeye if keyed else None,
            ws_url=emulators.birdeye.ws_url,
            rest_url=emulators.birdeye.rest_url,
        ),
        helius=HeliusSettings(
            api_key=helius if keyed else None,
            ws_url=emulators.helius.ws_url,
            rpc_url=emulators.helius.rpc_url,
        ),
        kraken=KrakenSettings(ws_url=emulators.kraken.ws_url, rest_url=emulators.kraken.rest_url),
        coinbase=CoinbaseSettings(ws_url=emulators.coinbase.ws_url, rest_url=emulators.coinbase.rest_url),
        jupiter=JupiterSettings(rest_url=emulators.jupiter.rest_url),
        dexscreener=DexscreenerSettings(rest_url=emulators.dexscreener.rest_url),
        geckoterminal=GeckoterminalSettings(rest_url=emulators.geckoterminal.rest_url),
        defillama=DefillamaSettings(rest_url=emulators.defillama.rest_url),
        solana=SolanaSettings(ws_url=emulators.solana.ws_url, rpc_url=emulators.solana.rpc_url),
        sns=SnsSettings(rest_url=emulators.sns.rest_url),
        prices="birdeye" if sources == "keyed" else "auto",
        chain="helius" if sources == "keyed" else "auto",
    )


async def _behind_proxies(
    settings: Settings, names: tuple[str, ...], clock: VirtualClock, stack: AsyncExitStack
) -> tuple[Settings, dict[str, Faults], list[Proxy]]:
    """Put a proxy before every port of these providers."""
    network = {name: Faults() for name in names}
    proxies = []
    for name in names:
        section = getattr(settings, name)
        for field in ("ws_url", "rest_url", "rpc_url"):
            url = getattr(section, field, None)
            if url is None:
                continue
            target = int(url.split(":")[2].split("/")[0])
            proxy = await stack.enter_async_context(Proxy(target, clock, network[name]))
            proxies.append(proxy)
            section = msgspec.structs.replace(section, **{field: proxy.url(url)})
        settings = msgspec.structs.replace(settings, **{name: section})
    return settings, network, proxies


@asynccontextmanager
async def bench(
    sources: Sources = "keyed",
    *,
    birdeye: str = "paid",
    helius: str = "dev",
    clock: VirtualClock | None = None,
    proxies: bool = False,
    emulated: Callable[..., Emulators] = Emulators,
    backoff: BackoffSettings | None = None,
    patience: float = PATIENCE,
    prices: str | None = None,
    prepare: Callable[[Emulators], None] = lambda emulators: None,
    wallet_rate: float = 0.0,
    market_rate: float = 0.0,
    keep_transactions: int = 20_000,
    providers: Mapping[str, Descriptor] = PROVIDERS,
    capture: Capture | None = None,
    **stream: Any,
) -> AsyncIterator[Bench]:
    """Set up a manager and the emulators of its providers, nothing watched yet; the loop is on virtual time.

    Args:
        sources: Which providers the manager knows.
        birdeye: The key for Birdeye; for its meaning see `streamsim.servers.clients.Profile`.
        helius: The same for Helius.
        clock: Time; ``None``: one whose `random` is always 0.5.
        proxies: Whether a proxy stands before every port.
        emulated: Makes the emulators.
        backoff: Settings of the delays, ``None``: the usual ones.
        patience: Virtual seconds that `Bench.until` waits.
        prices: The setting ``prices``; ``None``: it follows from ``sources``.
        prepare: Prepares the emulators before the manager starts.
        wallet_rate: Transactions per second and wallet that happen by themselves.
        market_rate: Trades per second over all tokens that happen by themselves.
        keep_transactions: How many transactions the chain keeps.
        providers: Makes each provider.
        capture: Keeps what goes over the network.
        **stream: Settings of ``[stream]``.
    """
    clock = VirtualClock() if clock is None else clock
    async with AsyncExitStack() as stack:
        emulators = await stack.enter_async_context(
            emulated(
                seed=7,
                clock=clock,
                market_rate=market_rate,
                wallet_rate=wallet_rate,
                keep_transactions=keep_transactions,
            )
        )
        prepare(emulators)
        settings = settings_for(emulators, sources, birdeye, helius)
        settings = msgspec.structs.replace(
            settings,
            prices=prices or settings.prices,
            stream=StreamSettings(**stream),
            backoff=backoff or BackoffSettings(),
        )
        network: dict[str, Faults] = {}
        in_between: list[Proxy] = []
        if proxies:
            settings, network, in_between = await _behind_proxies(settings, NAMES[sources], clock, stack)
        async with StreamManager(settings, clock=clock, providers=providers, capture=capture) as manager:
            table = Bench(manager, emulators, clock, patience)
            table.network, table.proxies = network, in_between
            consumer = asyncio.create_task(table.note())
            await asyncio.sleep(0)
            yield table
        await consumer
