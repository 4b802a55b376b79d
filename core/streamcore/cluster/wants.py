"""What the terminals of all relays want together."""

from __future__ import annotations

import asyncio

from streamcore.clock import Clock
from streamcore.cluster.messages import Wants

LAST = 30.0
"""Seconds for which a relay's word holds."""

SAID_EVERY = 10.0
"""Seconds after which each relay says again what it wants."""


MOST_NAMES = 10_000
"""Symbols, and wallets, that are taken of one relay's word: as many as its settings may allow."""

LONGEST_NAME = 256
"""Characters of a symbol or a wallet, as a relay takes it of a terminal."""

MOST_RELAYS = 200


class WantsOfAll:
    """The newest word of each relay, as long as it holds."""

    def __init__(self, clock: Clock) -> None:
        self.changed = asyncio.Event()
        """Set when another word has come; whoever looks at `union` clears it."""
        self._clock = clock
        self._said: dict[str, tuple[Wants, float]] = {}

    def take(self, relay: str, wants: Wants) -> None:
        """Take in what a relay wants now; ``relay``: its name in the bucket."""
        wants = Wants(_bounded(wants.symbols), _bounded(wants.wallets))
        before = self._said.pop(relay, None)
        while len(self._said) >= MOST_RELAYS:
            del self._said[next(iter(self._said))]
        if wants.symbols or wants.wallets:
            self._said[relay] = (wants, self._clock.monotonic())
        if before is None or before[0] != wants:
            self.changed.set()

    def union(self) -> Wants:
        """Return everything that is wanted by anybody, each thing once, in a steady order."""
        oldest = self._clock.monotonic() - LAST
        self._said = {relay: said for relay, said in self._said.items() if said[1] >= oldest}
        symbols: dict[str, None] = {}
        wallets: dict[str, None] = {}
        for wants, _ in self._said.values():
            symbols |= dict.fromkeys(wants.symbols)
            wallets |= dict.fromkeys(wants.wallets)
        return Wants(tuple(symbols), tuple(wallets))


def _bounded(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names[:MOST_NAMES] if len(name) <= LONGEST_NAME)
