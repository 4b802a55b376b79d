"""Wallets that live: each has a short past, and does something usual whenever it is asked to."""

from __future__ import annotations

import random

from streamsim.world import scenarios
from streamsim.world.shapes import TransactionShapes


class WalletChain(TransactionShapes):
    """The chain with wallets that do something by themselves; see `Holders` for what it takes."""

    def live(self, wallet: str) -> str:
        """Let the wallet do, or be done, something usual now; return the signature."""
        return scenarios.act(self, wallet, self.rng_of(wallet), 0.0)

    def _became_known(self, wallet: str, rng: random.Random) -> None:
        """Give the wallet a short past."""
        ago = rng.uniform(20_000.0, 90_000.0)
        for _ in range(rng.randint(4, 7)):
            scenarios.act(self, wallet, rng, ago)
            ago *= rng.uniform(0.3, 0.8)
