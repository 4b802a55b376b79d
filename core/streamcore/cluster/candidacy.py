"""One relay's candidacy: it stands for lead while nobody leads, and leads as long as it has the lease."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from streamcore.clock import Clock
from streamcore.cluster.leader import Leader
from streamcore.cluster.lease import LASTS, RENEWED_EVERY, Lease
from streamcore.cluster.nats_session import Session
from streamcore.cluster.shared_engine import SharedEngine
from streamcore.tasks import Tasks, first_to_end

TRIED_EVERY = 0.4
"""Seconds between two attempts to get the lease while nobody leads."""

TRIED_SELDOM = LASTS
"""The same while somebody does."""

LEADER_MISSED = 2.0
"""Seconds without a sign of life of the leader after which its lease is tried for."""

STANDS_AGAIN_AFTER = 5.0
"""Seconds after which a relay that could not lead tries again."""

STOP_WITHIN = 4.0


class Candidacy:
    """Whoever makes it runs `run` for as long as the relay lives, and `stand` in each session."""

    def __init__(
        self,
        lease: Lease,
        engine: SharedEngine,
        tasks: Tasks,
        clock: Clock,
        *,
        make_leader: Callable[[Lease], Leader],
        is_current: Callable[[], bool],
    ) -> None:
        """Make one that does not stand yet.

        Args:
            lease: Of this relay alone.
            engine: Knows when a leader has given its last sign of life.
            tasks: The relay's background work.
            clock: Time.
            make_leader: Makes what leads, once for each time.
            is_current: Whether this relay knows everything that is on the bus; else it does not stand.
        """
        self.lease = lease
        self._engine = engine
        self._tasks = tasks
        self._clock = clock
        self._make_leader = make_leader
        self._is_current = is_current
        self._elected = asyncio.Event()
        self._is_leading = False
        self._stands_again_at = float("-inf")
        """Monotonic seconds."""
        self._withdrawn = asyncio.Event()

    @property
    def leads(self) -> bool:
        """Whether this relay leads now."""
        return self._is_leading and self.lease.is_held

    async def withdraw(self) -> None:
        """Stop leading in order, and stand no more."""
        self._withdrawn.set()
        deadline = self._clock.monotonic() + STOP_WITHIN
        while self._is_leading and self._clock.monotonic() < deadline:
            await self._clock.sleep(0.02)

    async def stand(self, session: Session) -> None:
        """Keep the lease, or try to get it, until the session ends.

        Raises:
            SessionEnded: It has.
        """
        lease = self.lease
        # as if it had been tried: where somebody leads, a bucket that was lost does not make them two
        tried_at = self._clock.monotonic()
        while True:
            now = self._clock.monotonic()
            if lease.is_held and not self._is_leading and not self._elected.is_set():
                lease.abandon()  # nobody leads with it
            if lease.is_held:
                if await lease.renew(session):
                    await self._clock.sleep(RENEWED_EVERY)
                    continue
            elif self._may_stand(now):
                is_missed = now - self._engine.heard_at > LEADER_MISSED
                if is_missed or now - tried_at > TRIED_SELDOM:
                    tried_at = now
                    if await lease.acquire(session):
                        self._elected.set()
                        continue
            await self._clock.sleep(TRIED_EVERY * (0.75 + self._clock.random() / 2))

    def _may_stand(self, now: float) -> bool:
        is_free = not self._is_leading and not self._withdrawn.is_set() and now >= self._stands_again_at
        return is_free and self._is_current()

    async def run(self) -> None:
        """Lead whenever this relay has got the lease, until cancelled."""
        while True:
            await self._elected.wait()
            self._elected.clear()
            self._is_leading = True
            leading = self._tasks.start("leading", self._lead)
            try:
                if leading is not None:
                    await asyncio.wait({leading})
            finally:
                self._is_leading = False

    async def _lead(self) -> None:
        try:
            leader = self._make_leader(self.lease)
            try:
                await first_to_end(leader.run(), self._until_lease_ends())
            finally:
                await leader.say_goodbye()
        except Exception:
            # another relay may be able to do what this one is not
            self._stands_again_at = self._clock.monotonic() + STANDS_AGAIN_AFTER
            raise
        finally:
            self.lease.abandon()  # or it would be kept for nobody

    async def _until_lease_ends(self) -> None:
        while self.lease.is_held and not self._withdrawn.is_set():
            await first_to_end(self._withdrawn.wait(), self._clock.sleep(min(0.1, self.lease.left)))
