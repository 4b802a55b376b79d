"""Embedded emulators in the place of providers: what ``--demo`` and kinds without a key run on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Set
from contextlib import asynccontextmanager

import msgspec

from streamcore.clock import Clock
from streamcore.events import DataKind
from streamcore.settings import Settings

DEMO_KEY = "streamtui-demo"
"""The key the emulators are called with; any key that is not empty will do."""


@asynccontextmanager
async def embedded(settings: Settings, kinds: Set[DataKind], clock: Clock) -> AsyncIterator[Settings]:
    """Serve some kinds of data from emulators on loopback, and yield settings that lead there.

    Whoever connects with those settings speaks to a server like any other.
    """
    from streamcore.emulator import Emulators

    async with Emulators(clock=clock) as emulators:
        replace = msgspec.structs.replace
        birdeye, helius = settings.birdeye, settings.helius
        if DataKind.PRICES in kinds:
            birdeye = replace(
                birdeye,
                api_key=DEMO_KEY,
                ws_url=emulators.birdeye.ws_url,
                rest_url=emulators.birdeye.rest_url,
            )
        if DataKind.WALLETS in kinds:
            helius = replace(
                helius, api_key=DEMO_KEY, ws_url=emulators.helius.ws_url, rpc_url=emulators.helius.rpc_url
            )
        yield replace(settings, birdeye=birdeye, helius=helius)
