"""Terminals that use several relays, and keep what they were told: the program's own, and one of the wire."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal
from types import TracebackType
from typing import Self

from relay_bench import Terminal
from websockets.exceptions import WebSocketException

from streamcore import PriceUpdate, Settings, StreamError, WalletTransaction
from streamcore.config.serving import RelaySettings
from streamcore.events import ErrorKind
from streamcore.relay_client.client import RelayClient
from streamcore.wire.messages import Frame
from streamcore.wire.mirror import Mirror

Told = Counter[tuple[str, str]]
"""How often each transaction was told, by wallet and signature."""


class Onlooker:
    """The program's own terminal, without a screen; an asynchronous context manager."""

    def __init__(self, urls: Sequence[str], symbol: str, wallets: Sequence[str]) -> None:
        """``urls``: of the relays, in the order in which it tries them."""
        self.told: Told = Counter()
        self.gaps: list[str] = []
        self.price = Decimal(0)
        self._symbol = symbol
        self._wallets = wallets
        self._client = RelayClient(Settings(relay=RelaySettings(url=tuple(urls), interval=100)))
        self._reading: asyncio.Task[None]

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        self._reading = asyncio.create_task(self._read())
        await self._client.subscribe_prices([self._symbol])
        await self._client.subscribe_wallets(self._wallets)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.__aexit__(kind, error, trace)
        await self._reading

    async def _read(self) -> None:
        async for event in self._client.events():
            match event:
                case PriceUpdate():
                    self.price = event.price
                case WalletTransaction():
                    self.told[event.wallet, event.signature] += 1
                case StreamError(kind=ErrorKind.GAP):
                    self.gaps.append(event.message)
                case _:
                    pass


class At:
    """Where a relay is, as `Terminal` wants to know it."""

    def __init__(self, url: str) -> None:
        host, _, port = url.removeprefix("ws://").rpartition(":")
        self.address = (host, int(port))


class Wanderer:
    """A terminal that goes from relay to relay by chance, and resumes at each where it stopped at the last.

    It counts what comes over the wire, before anything could drop what is told twice.
    """

    def __init__(
        self, urls: Sequence[str], symbol: str, wallets: Sequence[str], chance: random.Random
    ) -> None:
        self.told: Told = Counter()
        self.gaps: list[str] = []
        self.visits: Counter[str] = Counter()
        self._urls = urls
        self._symbol = symbol
        self._wallets = wallets
        self._chance = chance
        self._mirror = Mirror()
        self._current: Terminal | None = None
        self._counted = 0

    @property
    def price(self) -> Decimal:
        """The newest price, whenever that came."""
        return max((event.price for event in self._mirror.prices.values()), default=Decimal(0))

    async def wander(self, *, stays: tuple[float, float]) -> None:
        """Stay at each relay for some seconds, until cancelled; one that is not there is passed by."""
        try:
            while True:
                url = self._chance.choice(self._urls)
                if await self._visit(url, self._chance.uniform(*stays)):
                    self.visits[url] += 1
                else:
                    await asyncio.sleep(0.1)
        finally:
            self._leave()

    async def _visit(self, url: str, seconds: float) -> bool:
        self._mirror.relay = url.removeprefix("ws://")
        terminal = Terminal(At(url), mirror=self._mirror)  # type: ignore[arg-type]
        try:
            async with asyncio.timeout(5):
                self._current, self._counted = terminal, 0
                await terminal.open(open_timeout=4)
                wanted = await terminal.want([self._symbol], self._wallets)
            if wanted.recovered is False:
                self.gaps.append(f"{url} could not go on from where the last relay was left")
            async with asyncio.timeout(seconds):
                await terminal.until(lambda: terminal.closed)
        except TimeoutError:
            pass  # it has stayed for as long as it wanted to, or nobody has answered
        except (OSError, WebSocketException, AssertionError):
            return False
        finally:
            self._leave()
        return True

    def count(self) -> None:
        """Count what has come since the last time."""
        if self._current is None:
            return
        messages = self._current.messages
        for message in messages[self._counted :]:
            if isinstance(message, Frame):
                self.told.update((one.wallet, one.signature) for one in message.transactions)
        self._counted = len(messages)

    def _leave(self) -> None:
        """Cut the connection, as a network does, and count."""
        current = self._current
        if current is not None and hasattr(current, "reading"):  # it was let in
            current.connection.transport.abort()
            current.reading.cancel()
            self.count()
        self._current = None


async def until(condition: Callable[[], object], within: float) -> bool:
    """Wait for something that nothing tells of; return whether it came about in time."""
    try:
        async with asyncio.timeout(within):
            while not condition():  # noqa: ASYNC110 - see above
                await asyncio.sleep(0.01)
    except TimeoutError:
        return False
    return True
