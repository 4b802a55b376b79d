"""Embedded emulators of the providers: real servers on loopback that speak as the real ones do.

``async with Emulators() as emulators`` gives URLs to connect to, a market and a ledger to drive, and
servers to look into and to break. The demo, the ``emulator`` command and the tests all use it. Nothing
outside this package imports it unless it is asked for.
"""

from streamcore.emulator.birdeye import BirdeyeServer, GenericFrames
from streamcore.emulator.emulators import Emulators
from streamcore.emulator.faults import Fault, Faults, Terms
from streamcore.emulator.helius import HeliusServer
from streamcore.emulator.ledger import Ledger
from streamcore.emulator.market import Market, Trade, Truth
from streamcore.emulator.proxy import Proxy

__all__ = [
    "BirdeyeServer",
    "Emulators",
    "Fault",
    "Faults",
    "GenericFrames",
    "HeliusServer",
    "Ledger",
    "Market",
    "Proxy",
    "Terms",
    "Trade",
    "Truth",
]
