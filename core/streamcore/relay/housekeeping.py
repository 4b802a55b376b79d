"""What a relay has to do now and then: look at statuses, end what nobody wants, and keep its log small."""

from __future__ import annotations

import asyncio
import logging

from streamcore.clock import Clock
from streamcore.relay.fan_out import FanOut
from streamcore.relay.log import Log, LogFailed
from streamcore.relay.requests import Requests
from streamcore.relay.upstream import Upstream
from streamcore.wire.messages import HEARTBEAT

ROUND = 1.0
"""Seconds between two rounds."""

STATUSES_EVERY = HEARTBEAT / 1000
COUNTERS_EVERY = 5.0
PRUNED_EVERY = 60.0

PAUSE = 0.05
"""Seconds between two steps of pruning, in which terminals are served."""

log = logging.getLogger(__name__)


class Housekeeping:
    """The rounds of one relay."""

    def __init__(
        self,
        requests: Requests,
        fan_out: FanOut,
        upstream: Upstream,
        transactions: Log,
        clock: Clock,
        *,
        keep: float,
        keep_most: int,
    ) -> None:
        """``keep``: seconds for which transactions are kept; ``keep_most``: how many."""
        self.lag = 0.0
        """Seconds by which the last round was late: how long the event loop was busy with something else."""
        self._requests = requests
        self._fan_out = fan_out
        self._upstream = upstream
        self._log = transactions
        self._clock = clock
        self._keep, self._keep_most = keep, keep_most
        self._done_at: dict[str, float] = {}
        """When each part was done last, monotonic seconds."""

    async def run(self) -> None:
        """Go round until cancelled."""
        while True:
            due_at = self._clock.monotonic() + ROUND
            await self._clock.sleep(ROUND)
            self.lag = max(0.0, self._clock.monotonic() - due_at)
            if self._is_due("statuses", STATUSES_EVERY):
                self._fan_out.refresh_statuses(counters=self._is_due("counters", COUNTERS_EVERY))
            await self._requests.sweep()
            self._log.keep(self._upstream.wallets)
            if self._is_due("pruning", PRUNED_EVERY):
                await self._prune()

    def _is_due(self, what: str, every: float) -> bool:
        now = self._clock.monotonic()
        if now - self._done_at.get(what, float("-inf")) < every:
            return False
        self._done_at[what] = now
        return True

    async def _prune(self) -> None:
        try:
            while self._log.prune(now=self._clock.time(), keep=self._keep, most=self._keep_most):
                await self._clock.sleep(PAUSE)
            await asyncio.to_thread(self._log.checkpoint_file)
        except LogFailed as error:
            log.warning("%s", error)
