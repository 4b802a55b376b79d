"""Demo data: settings whose URLs lead to emulated providers in the place of the real ones."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Set
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeAlias

from streamcore.clock import Clock
from streamcore.config.model import Settings
from streamcore.config.selection import choose
from streamcore.errors import SettingsError
from streamcore.events import DataKind

DemoServers: TypeAlias = Callable[[Settings, Set[DataKind], Clock], AbstractAsyncContextManager[Settings]]
"""Returns a context manager that serves these kinds of data from emulated providers while it is entered.

It yields the settings with their URLs.
"""

NO_SERVERS = "this program brings no demo servers: hand them in, as in StreamManager(settings, demo=embedded)"


@asynccontextmanager
async def with_demo(
    settings: Settings, clock: Clock, servers: DemoServers | None, *, origin: str = "given"
) -> AsyncIterator[Settings]:
    """Yield the settings to use: as they are, or with the URLs of demo servers where they ask for demo data.

    Args:
        settings: What is configured.
        clock: Time.
        servers: Serves demo data; ``None``: nobody does.
        origin: Where ``demo`` was configured, for the message of an error.

    Raises:
        SettingsError: They ask for demo data and nobody serves it, or for a provider that cannot be used.
    """
    kinds = frozenset(choice.kind for choice in choose(settings) if choice.demo)
    if not kinds:
        yield settings
        return
    if servers is None:
        raise SettingsError("demo", True, NO_SERVERS, origin)
    async with servers(settings, kinds, clock) as served:
        yield served
