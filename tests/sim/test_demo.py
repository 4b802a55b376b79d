"""The demo: everything that is looked up comes from this machine."""

from __future__ import annotations

import httpx

from streamcore import Settings
from streamcore.clock import SystemClock
from streamcore.config import setting_keys
from streamcore.events import DataKind
from streamsim.demo import embedded
from streamsim.world.catalog import SOL
from streamsim.world.names import NAMES

OF_WALLETS = {"helius", "solana", "sns"}


def urls(settings: Settings) -> dict[str, str]:
    """Return every URL in the settings of a provider."""
    return {
        name: str(getattr(getattr(settings, key.section), name.rpartition(".")[2]))
        for name, key in setting_keys().items()
        if key.schemes and key.section not in ("relay", "web")
    }


async def test_every_provider_is_on_this_machine() -> None:
    async with embedded(Settings(), {DataKind.PRICES, DataKind.WALLETS}, SystemClock()) as settings:
        told = urls(settings)
        assert {url.partition("//")[2].partition(":")[0] for url in told.values()} == {"127.0.0.1"}
        assert len(set(told.values())) == len(told)


async def test_what_the_demo_does_not_serve_stays_where_it_was() -> None:
    for kind, of_kind in ((DataKind.WALLETS, True), (DataKind.PRICES, False)):
        async with embedded(Settings(), {kind}, SystemClock()) as settings:
            changed = {
                name.partition(".")[0]
                for name, url in urls(settings).items()
                if url != urls(Settings())[name]
            }
            assert (changed == OF_WALLETS) == of_kind
            assert (changed.isdisjoint(OF_WALLETS)) != of_kind


async def test_a_chart_a_name_and_a_search_are_there_from_the_start() -> None:
    kinds = {DataKind.PRICES, DataKind.WALLETS}
    async with embedded(Settings(), kinds, SystemClock()) as settings, httpx.AsyncClient() as client:
        ohlc = await client.get(f"{settings.kraken.rest_url}/0/public/OHLC?pair=SOLUSD&interval=1440")
        assert len(ohlc.json()["result"]["SOLUSD"]) == 721
        found = await client.get(f"{settings.jupiter.rest_url}/tokens/v2/search?query=sol")
        assert SOL in {row["id"] for row in found.json()}
        name = await client.get(f"{settings.sns.rest_url}/safe-resolve/demo.sns")
        assert name.json()["result"] == NAMES["demo"]
