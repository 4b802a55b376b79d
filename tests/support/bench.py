"""A manager at work: the emulators it talks to, the time of both, and a consumer that notes everything."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import msgspec
from virtual_time import VirtualClock

from streamcore import Event, Settings, State, StatusChange, StreamManager
from streamcore.config.model import BackoffSettings, BirdeyeSettings, HeliusSettings, StreamSettings
from streamcore.providers import PROVIDERS
from streamcore.providers.descriptor import Descriptor
from streamsim import Emulators, Faults, Proxy

SOL = "So11111111111111111111111111111111111111112"
BONK = "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263"
WALLET = "GfyzVseYEHwAyo112KHFU31CVi4Thp2VJk7VpbQAeN6T"
OTHER_WALLET = "9NyDcAEUByTTNosYMzuWQEuUSfgXCHTNhwQmSWEf5fXq"
PATIENCE = 5.0
"""Virtual seconds after which something that sockets should have brought is called missing."""

STEP = 0.02
"""Virtual seconds between two looks at a condition."""


class Bench:
    """What `bench` sets up."""

    def __init__(self, manager: StreamManager, emulators: Emulators, clock: VirtualClock) -> None:
        self.manager = manager
        self.birdeye = emulators.birdeye
        self.helius = emulators.helius
        self.market = emulators.market
        self.ledger = emulators.chain
        self.clock = clock
        self.network = {"birdeye": Faults(), "helius": Faults()}
        """The faults of the way to each provider, if the bench has proxies."""
        self.proxies: list[Proxy] = []
        self.seen: list[Event] = []

    async def note(self) -> None:
        async for event in self.manager.events():
            self.seen.append(event)

    async def until(self, condition: Callable[[], Any], within: float = PATIENCE) -> None:
        """Wait until the condition holds, and fail when it takes longer than that."""
        async with asyncio.timeout(within):
            while not condition():  # noqa: ASYNC110 - what is waited for has no event of its own
                await asyncio.sleep(STEP)

    async def connected(self, name: str) -> None:
        await self.until(lambda: self.manager.status(name).state is State.CONNECTED)

    async def first(self, kind: type[Any], /, within: float = PATIENCE, **fields: Any) -> Any:
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
        """The states a provider went through, repetitions left out."""
        states = [
            event.state for event in self.seen if isinstance(event, StatusChange) and event.provider == name
        ]
        return [state for i, state in enumerate(states) if i == 0 or state is not states[i - 1]]


@asynccontextmanager
async def bench(
    *,
    birdeye: str = "paid",
    helius: str = "dev",
    clock: VirtualClock | None = None,
    proxies: bool = False,
    backoff: BackoffSettings | None = None,
    wallet_rate: float = 0.0,
    market_rate: float = 0.0,
    keep_transactions: int = 20_000,
    providers: Mapping[str, Descriptor] = PROVIDERS,
    **stream: Any,
) -> AsyncIterator[Bench]:
    """Set up a manager and the emulators of its providers, nothing watched yet; the loop is on virtual time.

    Args:
        birdeye: The key, whose first letters choose what it is good for.
        helius: The same.
        clock: Time; ``None`` is one whose chance is always the middle.
        proxies: Whether a proxy stands before every port.
        backoff: Settings of the delays, ``None``: the usual ones.
        wallet_rate: Transactions a second and wallet that happen by themselves.
        market_rate: The same of prices, over all tokens.
        keep_transactions: How many the ledger remembers.
        providers: Makes each provider.
        **stream: Settings of ``[stream]``.
    """
    clock = VirtualClock() if clock is None else clock
    async with AsyncExitStack() as stack:
        emulators = await stack.enter_async_context(
            Emulators(
                seed=7,
                clock=clock,
                market_rate=market_rate,
                wallet_rate=wallet_rate,
                keep_transactions=keep_transactions,
            )
        )
        settings = Settings(
            birdeye=BirdeyeSettings(
                api_key=birdeye, ws_url=emulators.birdeye.ws_url, rest_url=emulators.birdeye.rest_url
            ),
            helius=HeliusSettings(
                api_key=helius, ws_url=emulators.helius.ws_url, rpc_url=emulators.helius.rpc_url
            ),
            stream=StreamSettings(**stream),
            backoff=backoff or BackoffSettings(),
            # alone: what steps in for them is not emulated here, and would be looked for on the network
            prices="birdeye",
            chain="helius",
        )
        network = {"birdeye": Faults(), "helius": Faults()}
        in_between: list[Proxy] = []
        if proxies:
            for name in network:
                section = getattr(settings, name)
                for field in ("ws_url", "rest_url" if name == "birdeye" else "rpc_url"):
                    url = getattr(section, field)
                    target = int(url.split(":")[2].split("/")[0])
                    proxy = await stack.enter_async_context(Proxy(target, clock, network[name]))
                    in_between.append(proxy)
                    section = msgspec.structs.replace(section, **{field: proxy.url(url)})
                settings = msgspec.structs.replace(settings, **{name: section})
        async with StreamManager(settings, clock=clock, providers=providers) as manager:
            table = Bench(manager, emulators, clock)
            table.network, table.proxies = network, in_between
            consumer = asyncio.create_task(table.note())
            await asyncio.sleep(0)
            yield table
        await consumer
