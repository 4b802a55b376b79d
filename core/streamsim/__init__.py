"""The simulator: emulated providers, which are real servers on loopback with the real ones' protocols.

``async with Emulators() as emulators`` gives URLs to connect to, a market and a chain to drive, and servers
to inspect and to break. The demo, the ``emulator`` command and the tests all use it. The servers are imported
when somebody asks for them: that takes long, and `streamsim.demo` is imported at the start of the app.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from streamcore.lazy import lazily

if TYPE_CHECKING:
    from streamsim.birdeye.server import BirdeyeServer, GenericFrames
    from streamsim.coinbase.server import CoinbaseServer
    from streamsim.dexscreener.server import DexScreenerServer
    from streamsim.emulators import Emulators
    from streamsim.jupiter.server import JupiterServer
    from streamsim.kraken.server import KrakenServer
    from streamsim.servers.exchange import asset_key
    from streamsim.servers.faults import Fault, Faults
    from streamsim.servers.proxy import Proxy
    from streamsim.solana_rpc.server import SolanaServer

__all__ = [
    "BirdeyeServer",
    "CoinbaseServer",
    "DexScreenerServer",
    "Emulators",
    "Fault",
    "Faults",
    "GenericFrames",
    "JupiterServer",
    "KrakenServer",
    "Proxy",
    "SolanaServer",
    "asset_key",
]

__getattr__ = lazily(
    __name__,
    {
        "streamsim.birdeye.server": ("BirdeyeServer", "GenericFrames"),
        "streamsim.coinbase.server": ("CoinbaseServer",),
        "streamsim.dexscreener.server": ("DexScreenerServer",),
        "streamsim.emulators": ("Emulators",),
        "streamsim.jupiter.server": ("JupiterServer",),
        "streamsim.kraken.server": ("KrakenServer",),
        "streamsim.servers.exchange": ("asset_key",),
        "streamsim.servers.faults": ("Fault", "Faults"),
        "streamsim.servers.proxy": ("Proxy",),
        "streamsim.solana_rpc.server": ("SolanaServer",),
    },
)
