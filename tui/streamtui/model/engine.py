"""Making the app's engine, a `streamcore.Engine`, and closing it in time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from streamcore import Settings

if TYPE_CHECKING:
    from streamcore import Engine
    from streamcore.recording import Capture

logger = logging.getLogger(__name__)

CLOSE_TIMEOUT = 1.5
"""Seconds the engine gets to close its connections when the app ends."""

EngineFactory: TypeAlias = "Callable[[Settings], Engine]"


@asynccontextmanager
async def closed_in_time(unopened: Engine) -> AsyncIterator[Engine]:
    """Enter an engine, and leave it within `CLOSE_TIMEOUT`, even if it hangs while closing."""
    async with AsyncExitStack() as stack:
        engine = await unopened.__aenter__()

        async def close(*error: Any) -> None:
            try:
                async with asyncio.timeout(CLOSE_TIMEOUT):
                    await unopened.__aexit__(*error)
            except TimeoutError:
                logger.warning("the engine did not close within %s s", CLOSE_TIMEOUT)

        stack.push_async_exit(close)
        yield engine


def is_by_relay(settings: Settings) -> bool:
    """Return whether a relay serves everything; the demo needs none."""
    return bool(settings.relay.url) and not settings.demo


def real_engine(settings: Settings, *, capture: Capture | None = None) -> Engine:
    """Return the engine that these settings ask for, not yet started; ``capture`` records its traffic.

    Raises:
        SettingsError: The settings ask for something that cannot be used.
    """
    if is_by_relay(settings):
        from streamcore import DirectFallback, RelayClient

        relay = RelayClient(settings, capture=capture)
        if not settings.relay.direct:
            return relay
        direct = partial(_direct_engine, settings, capture)
        return DirectFallback(settings, relay, direct, name=RelayClient.name)
    return _direct_engine(settings, capture)


def _direct_engine(settings: Settings, capture: Capture | None) -> Engine:
    from streamcore import StreamManager
    from streamsim.demo import embedded

    return StreamManager(settings, demo=embedded, remember=True, capture=capture)


def real_engine_factory(capture: Capture | None = None) -> EngineFactory:
    """Return a factory of the real engine; ``capture`` records its network traffic.

    Blocking: importing the engine takes as long as drawing the first frame. Call it after that, in a thread.
    """
    # imported here so that making the engine takes no time
    from streamcore import StreamManager  # noqa: F401
    from streamsim.demo import embedded  # noqa: F401

    return partial(real_engine, capture=capture)
