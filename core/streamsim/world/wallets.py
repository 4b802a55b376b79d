"""The chain with wallets that have a short history and make usual transactions on request."""

from __future__ import annotations

import random

from streamsim.world import scenarios
from streamsim.world.shapes import TransactionShapes


class WalletChain(TransactionShapes):
    """The complete emulated chain; see `Holders` for its arguments."""

    def live(self, wallet: str) -> str:
        """Make one usual transaction of the wallet now, sent or received, and return its signature."""
        return scenarios.act(self, wallet, self.rng_of(wallet), 0.0)

    def _became_known(self, wallet: str, rng: random.Random) -> None:
        """Give the wallet a short history."""
        ago = rng.uniform(20_000.0, 90_000.0)
        for _ in range(rng.randint(4, 7)):
            scenarios.act(self, wallet, rng, ago)
            ago *= rng.uniform(0.3, 0.8)
