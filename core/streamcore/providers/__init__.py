"""The providers, each behind the seam of `streamcore.providers.base`, and the registry of them."""

from __future__ import annotations

from collections.abc import Mapping

from streamcore.clock import Clock
from streamcore.config.keys import value_of
from streamcore.config.model import Settings
from streamcore.errors import UnknownProvider
from streamcore.net.transport import Http
from streamcore.providers.base import Provider
from streamcore.providers.birdeye.descriptor import BIRDEYE
from streamcore.providers.coinbase.descriptor import COINBASE
from streamcore.providers.defillama.descriptor import DEFILLAMA
from streamcore.providers.descriptor import Descriptor, HistoryDescriptor
from streamcore.providers.dexscreener.descriptor import DEXSCREENER
from streamcore.providers.geckoterminal.descriptor import GECKOTERMINAL
from streamcore.providers.helius.descriptor import HELIUS
from streamcore.providers.jupiter.descriptor import JUPITER
from streamcore.providers.kraken.descriptor import KRAKEN
from streamcore.providers.solana_rpc.descriptor import SOLANA

PROVIDERS: Mapping[str, Descriptor] = {
    one.name: one for one in (BIRDEYE, KRAKEN, COINBASE, JUPITER, DEXSCREENER, HELIUS, SOLANA)
}
"""Every provider by its name. A new one needs its own folder, its section in `Settings`, and a place here."""

HISTORY_SOURCES: Mapping[str, HistoryDescriptor] = {one.name: one for one in (GECKOTERMINAL, DEFILLAMA)}
"""Every source that has the past of prices and nothing else, by its name; the preferred first."""


def create(
    name: str,
    settings: Settings,
    http: Http,
    clock: Clock,
    *,
    providers: Mapping[str, Descriptor] = PROVIDERS,
) -> Provider:
    """Make a provider.

    Raises:
        UnknownProvider: There is none of that name.
    """
    if name not in providers:
        raise UnknownProvider(name, providers)
    return providers[name].make(settings, http, clock)


def key_hint(name: str, settings: Settings) -> str:
    """Return which key would add what to a provider that asks for none, as a clause for a person.

    Empty if it asks for one itself, if none is missing, or if it only steps in for others without a key.
    """
    kind = PROVIDERS[name].kind
    alike = [one for one in PROVIDERS.values() if one.kind is kind]
    first = next((one for one in alike if one.key is None), None)
    if first is None or first.name != name:
        return ""
    missing = (one for one in alike if one.key is not None and not value_of(settings, one.key))
    return next((f"{one.key.variables[0]} {one.hint}" for one in missing if one.key is not None), "")
