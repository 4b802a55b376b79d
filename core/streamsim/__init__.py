"""The simulator: emulated providers, which are real servers on loopback with the real ones' protocols.

``async with Emulators() as emulators`` gives URLs to connect to, a market and a chain to drive, and servers
to inspect and to break. The demo, the ``emulator`` command and the tests all use it. The app imports it only
when one of these is asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from streamsim.birdeye.server import BirdeyeServer, GenericFrames
    from streamsim.coinbase.server import CoinbaseServer
    from streamsim.defillama.server import DefiLlamaServer
    from streamsim.dexscreener.server import DexScreenerServer
    from streamsim.emulators import Emulators
    from streamsim.geckoterminal.server import GeckoTerminalServer
    from streamsim.helius.server import HeliusServer
    from streamsim.jupiter.server import JupiterServer
    from streamsim.kraken.messages import Maintenance
    from streamsim.kraken.server import KrakenServer
    from streamsim.servers.exchange import asset_key
    from streamsim.servers.faults import Event, Fault, Faults, Terms
    from streamsim.servers.proxy import Proxy
    from streamsim.sns.server import SnsServer
    from streamsim.solana_rpc.server import SolanaServer
    from streamsim.world.market import Market, Trade, Truth
    from streamsim.world.wallets import WalletChain

__all__ = [
    "BirdeyeServer",
    "CoinbaseServer",
    "DefiLlamaServer",
    "DexScreenerServer",
    "Emulators",
    "Event",
    "Fault",
    "Faults",
    "GeckoTerminalServer",
    "GenericFrames",
    "HeliusServer",
    "JupiterServer",
    "KrakenServer",
    "Maintenance",
    "Market",
    "Proxy",
    "SnsServer",
    "SolanaServer",
    "Terms",
    "Trade",
    "Truth",
    "WalletChain",
    "asset_key",
]

_MODULES = {
    "BirdeyeServer": "streamsim.birdeye.server",
    "GenericFrames": "streamsim.birdeye.server",
    "CoinbaseServer": "streamsim.coinbase.server",
    "DefiLlamaServer": "streamsim.defillama.server",
    "GeckoTerminalServer": "streamsim.geckoterminal.server",
    "DexScreenerServer": "streamsim.dexscreener.server",
    "Emulators": "streamsim.emulators",
    "HeliusServer": "streamsim.helius.server",
    "JupiterServer": "streamsim.jupiter.server",
    "KrakenServer": "streamsim.kraken.server",
    "asset_key": "streamsim.servers.exchange",
    "Maintenance": "streamsim.kraken.messages",
    "Event": "streamsim.servers.faults",
    "Fault": "streamsim.servers.faults",
    "Faults": "streamsim.servers.faults",
    "Terms": "streamsim.servers.faults",
    "Proxy": "streamsim.servers.proxy",
    "SnsServer": "streamsim.sns.server",
    "SolanaServer": "streamsim.solana_rpc.server",
    "Market": "streamsim.world.market",
    "Trade": "streamsim.world.market",
    "Truth": "streamsim.world.market",
    "WalletChain": "streamsim.world.wallets",
}
"""The module of each public name."""


def __getattr__(name: str) -> Any:
    # lazy: the servers take long to import, and `streamsim.demo` is imported at the start of the app
    if name in _MODULES:
        return getattr(import_module(_MODULES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
