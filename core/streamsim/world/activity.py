"""Activity over time: trades on the market, and transactions of wallets.

Both loops start with the first thing that is watched, and both are seeded: the same seed and the same clock
give the same demo.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from streamcore.clock import Clock
from streamsim.tasks import Tasks
from streamsim.world.market import Market
from streamsim.world.wallets import WalletChain

_SHORTEST_SLEEP = 0.01
"""Seconds: events that are closer together happen without a sleep between, so that a high rate is cheap."""

_LONGEST_DEBT = 0.05
"""Seconds the loop may fall behind; then it skips what it missed, and lets other tasks run."""


async def _happen(
    clock: Clock, rng: random.Random, rate: Callable[[], float], event: Callable[[], None]
) -> None:
    """Call ``event`` at random times, ``rate()`` times per second on average, until cancelled."""
    due = clock.monotonic()
    while True:
        due += rng.expovariate(rate())
        now = clock.monotonic()
        if due - now >= _SHORTEST_SLEEP:
            await clock.sleep(due - now)
        elif now - due >= _LONGEST_DEBT:
            due = now
            await clock.sleep(_SHORTEST_SLEEP)
        event()


class _Activity:
    """Moves things at random times: each soon after it is first watched, then at the common rate."""

    def __init__(self, clock: Clock, rate: float, rng: random.Random) -> None:
        self.rate = rate
        self.moving: list[str] = []
        """The names of what moves, in the order in which they were first watched."""
        self._clock = clock
        self._rng = rng
        self._tasks = Tasks()
        self._known: set[str] = set()
        self._kicked: set[str] = set()

    async def close(self) -> None:
        """Stop moving."""
        await self._tasks.cancel()

    def _watch(self, names: list[str], within: tuple[float, float]) -> None:
        new = [name for name in names if name not in self._known]
        self._known.update(new)
        started = bool(self.moving)
        self.moving += new
        if self.rate <= 0 or not self.moving:
            return
        if not started:
            self._tasks.spawn(self._run())
        kick = [name for name in names if name not in self._kicked]
        if kick:
            self._kicked.update(kick)
            self._tasks.spawn(self._kick(kick, within))

    async def _kick(self, names: list[str], within: tuple[float, float]) -> None:
        moments = sorted(self._rng.uniform(*within) for _ in names)
        passed = 0.0
        for name, moment in zip(names, moments, strict=True):
            await self._clock.sleep(moment - passed)
            passed = moment
            self._kicked.discard(name)
            self._move(name)

    async def _run(self) -> None:
        await _happen(self._clock, self._rng, self._events_a_second, self._move_any)

    def _events_a_second(self) -> float:
        return self.rate

    def _move_any(self) -> None:
        self._move(self._rng.choice(self.moving))

    def _move(self, name: str) -> None:
        raise NotImplementedError


class MarketActivity(_Activity):
    """Trades the tokens that are watched.

    Args:
        market: Where to trade.
        clock: Time.
        rate: Trades per second, over all tokens; 0: none.
        seed: Equal seeds give equal trades.
    """

    def __init__(self, market: Market, clock: Clock, rate: float, seed: int) -> None:
        super().__init__(clock, rate, random.Random(f"{seed}/market activity"))
        self._market = market

    def watch(self, mints: list[str]) -> None:
        """Trade these tokens from now on, each for the first time within a fraction of a second."""
        self._watch(mints, (0.04, 0.25))

    def _move(self, name: str) -> None:
        if name not in self._market.unpriced:
            self._market.trade(name)


class WalletActivity(_Activity):
    """Makes transactions of the wallets that are watched.

    Args:
        chain: Where the transactions are recorded.
        clock: Time.
        rate: Transactions per second and wallet, on average; 0: none.
        seed: Equal seeds give equal activity.
    """

    def __init__(self, chain: WalletChain, clock: Clock, rate: float, seed: int) -> None:
        super().__init__(clock, rate, random.Random(f"{seed}/wallet activity"))
        self._chain = chain

    def watch(self, wallets: list[str]) -> None:
        """Make transactions of these wallets from now on, each with a first one within a second."""
        self._watch(wallets, (0.2, 0.8))

    def _events_a_second(self) -> float:
        return self.rate * len(self.moving)

    def _move(self, name: str) -> None:
        self._chain.live(name)
