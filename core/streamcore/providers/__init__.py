"""The providers, each behind the seam of `streamcore.providers.base`."""

from __future__ import annotations

from collections.abc import Callable

from streamcore.clock import Clock
from streamcore.config.model import Settings
from streamcore.errors import UnknownProvider
from streamcore.net.transport import Http
from streamcore.providers.base import Provider
from streamcore.providers.birdeye.provider import BirdeyeProvider
from streamcore.providers.coinbase.provider import CoinbaseProvider
from streamcore.providers.dexscreener.provider import DexScreenerProvider
from streamcore.providers.helius.provider import HeliusProvider
from streamcore.providers.jupiter.provider import JupiterProvider
from streamcore.providers.kraken.provider import KrakenProvider
from streamcore.providers.solana_rpc.provider import SolanaProvider

PROVIDERS: dict[str, Callable[[Settings, Http, Clock], Provider]] = {
    "birdeye": BirdeyeProvider,
    "kraken": KrakenProvider,
    "coinbase": CoinbaseProvider,
    "jupiter": JupiterProvider,
    "dexscreener": DexScreenerProvider,
    "helius": HeliusProvider,
    "solana": SolanaProvider,
}
"""Every provider by its name: a new one needs its own files and a line here."""


def create(name: str, settings: Settings, http: Http, clock: Clock) -> Provider:
    """Make a provider.

    Raises:
        UnknownProvider: There is none of that name.
    """
    if name not in PROVIDERS:
        raise UnknownProvider(name, PROVIDERS)
    return PROVIDERS[name](settings, http, clock)
