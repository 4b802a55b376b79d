"""The seam between the app and the engine: what the app asks of it, and how it is made and closed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any, Protocol, TypeAlias

from streamcore import Event, ProviderStatus, Settings, StreamcoreError
from streamtui.model.price_row import WatchedToken

logger = logging.getLogger(__name__)

CLOSE_TIMEOUT = 1.5
"""Seconds the engine gets to close its connections when the app ends."""


class NotRunning(StreamcoreError):
    """The engine is not there: it has not started yet, or it has failed."""


class Engine(Protocol):
    """The part of `streamcore.StreamManager` the app uses."""

    def describe(self, symbol: str) -> WatchedToken:
        """What a symbol stands for with the sources in use, or raise `InputError`."""
        ...

    def complete(self, prefix: str) -> Sequence[WatchedToken]:
        """What a symbol or a name that begins like this may become."""
        ...

    @property
    def price_sources(self) -> Mapping[str, str | None]:
        """The key of each watched symbol's row to the provider that serves it; ``None``: nobody has it."""
        ...

    async def subscribe_prices(self, symbols: Iterable[str]) -> Sequence[WatchedToken]:
        """Watch these, or raise `InputError` and change nothing."""
        ...

    async def unsubscribe_prices(self, symbols: Iterable[str]) -> object:
        """Take back one subscription of each."""
        ...

    async def subscribe_wallets(self, addresses: Iterable[str]) -> Sequence[str]:
        """Watch these, or raise `InputError` and change nothing."""
        ...

    async def unsubscribe_wallets(self, addresses: Iterable[str]) -> object:
        """Take back one subscription of each."""
        ...

    def events(self) -> AsyncIterator[Event]:
        """What happens from now on."""
        ...

    def statuses(self) -> Mapping[str, ProviderStatus]:
        """How every provider is doing."""
        ...

    async def reconnect(self, name: str) -> object:
        """Try again now."""
        ...

    async def reconnect_all(self) -> object:
        """Try everything again now."""
        ...


ManagerFactory: TypeAlias = Callable[[Settings], AbstractAsyncContextManager[Engine]]


@asynccontextmanager
async def closed_in_time(manager: AbstractAsyncContextManager[Engine]) -> AsyncIterator[Engine]:
    """Enter and leave an engine; one that hangs while closing does not keep a person from leaving."""
    async with AsyncExitStack() as stack:
        engine = await manager.__aenter__()

        async def close(*error: Any) -> bool | None:
            try:
                async with asyncio.timeout(CLOSE_TIMEOUT):
                    return await manager.__aexit__(*error)
            except TimeoutError:
                logger.warning("the engine did not close within %s s", CLOSE_TIMEOUT)
                return None

        stack.push_async_exit(close)
        yield engine


def engine_factory() -> ManagerFactory:
    """Return what makes the real engine.

    Importing it takes as long as drawing the first frame: call this after that, in a thread.
    """
    from streamcore import StreamManager
    from streamsim.demo import embedded

    return partial(StreamManager, demo=embedded)
