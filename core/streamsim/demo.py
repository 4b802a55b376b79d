"""The emulated providers of ``--demo``, and the settings that lead to them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Set
from contextlib import asynccontextmanager

import msgspec

from streamcore.clock import Clock
from streamcore.config.model import Settings
from streamcore.events import DataKind

DEMO_KEY = "streamtui-demo"
"""The API key used with the emulated providers, which take this one for a paid one."""


@asynccontextmanager
async def embedded(
    settings: Settings, kinds: Set[DataKind], clock: Clock, *, chain_seed: int | None = None
) -> AsyncIterator[Settings]:
    """Serve some kinds of data from emulated providers on loopback, and yield settings that lead to them.

    Args:
        settings: The settings to change; ``demo_rate`` is the number of price moves per second.
        kinds: What to serve; the settings of the other providers stay as they are.
        clock: Time.
        chain_seed: Other transactions for another number; ``None``: the same in every run.
    """
    from streamsim import Emulators

    async with Emulators(clock=clock, market_rate=settings.demo_rate, chain_seed=chain_seed) as emulators:
        changed: dict[str, object] = {}
        if DataKind.PRICES in kinds:
            for name in ("kraken", "coinbase"):
                exchange = getattr(emulators, name)
                changed[name] = _at(settings, name, ws_url=exchange.ws_url, rest_url=exchange.rest_url)
            for name in ("jupiter", "dexscreener", "geckoterminal", "defillama"):
                changed[name] = _at(settings, name, rest_url=getattr(emulators, name).rest_url)
            birdeye = emulators.birdeye
            changed["birdeye"] = _at(
                settings, "birdeye", api_key=DEMO_KEY, ws_url=birdeye.ws_url, rest_url=birdeye.rest_url
            )
        if DataKind.WALLETS in kinds:
            helius, solana = emulators.helius, emulators.solana
            changed["helius"] = _at(
                settings, "helius", api_key=DEMO_KEY, ws_url=helius.ws_url, rpc_url=helius.rpc_url
            )
            changed["solana"] = _at(settings, "solana", ws_url=solana.ws_url, rpc_url=solana.rpc_url)
            changed["sns"] = _at(settings, "sns", rest_url=emulators.sns.rest_url)
        yield msgspec.structs.replace(settings, **changed)


def _at(settings: Settings, section: str, **urls: str) -> object:
    return msgspec.structs.replace(getattr(settings, section), **urls)
