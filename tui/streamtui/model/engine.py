"""How the app makes its engine and closes it; what it asks of one is `streamcore.Engine`."""

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

ManagerFactory: TypeAlias = "Callable[[Settings], Engine]"


@asynccontextmanager
async def closed_in_time(manager: Engine) -> AsyncIterator[Engine]:
    """Enter and leave an engine; one that hangs while closing does not keep a person from leaving."""
    async with AsyncExitStack() as stack:
        engine = await manager.__aenter__()

        async def close(*error: Any) -> None:
            try:
                async with asyncio.timeout(CLOSE_TIMEOUT):
                    await manager.__aexit__(*error)
            except TimeoutError:
                logger.warning("the engine did not close within %s s", CLOSE_TIMEOUT)

        stack.push_async_exit(close)
        yield engine


def engine_factory(capture: Capture | None = None) -> ManagerFactory:
    """Return what makes the real engine; ``capture`` keeps what goes over the network.

    Importing it takes as long as drawing the first frame: call this after that, in a thread.
    """
    from streamcore import StreamManager
    from streamsim.demo import embedded

    return partial(StreamManager, demo=embedded, remember=True, capture=capture)
