"""Embedded emulators of the providers: real servers on loopback that speak as the real ones do.

``async with Emulators() as emulators`` gives URLs to connect to, a market and a ledger to drive, and
servers to look into and to break. The demo, the ``emulator`` command and the tests all use it. Nothing
outside this package imports it unless it is asked for.
"""

from streamcore.emulator.birdeye import BirdeyeServer, GenericFrames
from streamcore.emulator.coinbase import CoinbaseServer
from streamcore.emulator.dexscreener import DexScreenerServer
from streamcore.emulator.emulators import Emulators
from streamcore.emulator.exchange import asset_key
from streamcore.emulator.faults import Fault, Faults, Terms
from streamcore.emulator.helius import HeliusServer
from streamcore.emulator.jupiter import JupiterServer
from streamcore.emulator.kraken import KrakenServer
from streamcore.emulator.ledger import Ledger
from streamcore.emulator.market import Market, Trade, Truth
from streamcore.emulator.proxy import Proxy
from streamcore.emulator.solana import SolanaServer

__all__ = [
    "BirdeyeServer",
    "CoinbaseServer",
    "DexScreenerServer",
    "Emulators",
    "Fault",
    "Faults",
    "GenericFrames",
    "HeliusServer",
    "JupiterServer",
    "KrakenServer",
    "Ledger",
    "Market",
    "Proxy",
    "SolanaServer",
    "Terms",
    "Trade",
    "Truth",
    "asset_key",
]
