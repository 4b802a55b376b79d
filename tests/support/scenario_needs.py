"""Lets a scenario of the emulated chain happen, with what must have happened before it."""

from __future__ import annotations

import random
from contextlib import suppress
from typing import Any

from streamsim.world import nfts, orders, staking
from streamsim.world.wallets import WalletChain

NEEDED = {
    orders.fill: orders.place,
    orders.cancel: orders.place,
    staking.deactivate: staking.stake,
    staking.withdraw: staking.stake,
    nfts.sell: nfts.buy,
}
"""What must have happened before a scenario can."""


def happen(chain: WalletChain, wallet: str, scenario: Any, rng: random.Random) -> str:
    """Let a scenario happen to a wallet; return the signature of its transaction."""
    if scenario in NEEDED:
        NEEDED[scenario](chain, wallet, rng, 0.0)
    for _ in range(20):
        with suppress(ValueError):  # it chose a token of which there is too little
            return str(scenario(chain, wallet, rng, 0.0))
    raise AssertionError("it never happened")
