"""The lease: at most one relay leads, whatever happens to any of them.

It is a key that goes by itself some time after it was last written. Who leads writes it again and again, and
counts from before each write; so it stops before anybody else can have the lease, whether its writes were
refused, were lost, or could not be made because this process stood still.
"""

from __future__ import annotations

from streamcore.clock import Clock
from streamcore.cluster.errors import Conflict, NotStored
from streamcore.cluster.names import LEADER, Names, key_subject, stream_of
from streamcore.cluster.nats_session import Session

LASTS = 5.0
"""Seconds after its last write that the key is there."""

HELD_FOR = 4.0
"""Seconds after its holder began its last write that it leads; the rest is for closing what is open."""

RENEWED_EVERY = 1.5


class Lease:
    """The lease as one relay has it, or not."""

    def __init__(self, names: Names, holder: str, clock: Clock) -> None:
        """``holder``: a name of this relay, for whoever looks into the bucket."""
        self.term: int | None = None
        """The number of the time this relay leads, or led last; those of later leaders are greater."""
        self._stream = stream_of(names.lease)
        self._subject = key_subject(names.lease, LEADER)
        self._holder = holder.encode()
        self._clock = clock
        self._revision = 0
        self._written_at: tuple[float, float] | None = None
        """Monotonic and Unix seconds of the beginning of the last write that succeeded."""

    @property
    def is_held(self) -> bool:
        """Whether this relay leads at this very moment. To be asked before anything is told as the leader."""
        return self.left > 0

    @property
    def left(self) -> float:
        """Seconds for which it is held if nothing more is written."""
        if self._written_at is None:
            return 0.0
        monotonic, unix = self._written_at
        # a computer that was asleep has a monotonic clock that stood still
        passed = max(self._clock.monotonic() - monotonic, self._clock.time() - unix)
        return max(0.0, HELD_FOR - passed)

    async def acquire(self, session: Session) -> bool:
        """Try to get it, and return whether that succeeded.

        Raises:
            SessionEnded: The connection has ended.
        """
        began = self._now()
        try:
            revision = await session.store(self._subject, self._holder, last=0)
        except NotStored:
            return False
        self.term, self._revision, self._written_at = revision, revision, began
        return self.is_held

    async def renew(self, session: Session) -> bool:
        """Try to keep it, and return whether it was written.

        Raises:
            SessionEnded: The connection has ended.
        """
        began = self._now()
        try:
            revision = await self._write(session)
        except Conflict:
            self._written_at = None  # it is gone, or somebody else's
            return False
        except NotStored:
            return False
        if self._written_at is None:  # it was given up meanwhile
            await session.delete(self._stream, revision)
            return False
        self._revision, self._written_at = revision, began
        return True

    async def release(self, session: Session) -> None:
        """Give it up, so that another relay can have it at once.

        Raises:
            SessionEnded: The connection has ended.
        """
        was_held, self._written_at = self.is_held, None
        if was_held:
            # this very message: if somebody else has the lease by now, theirs is another one
            await session.delete(self._stream, self._revision)

    async def _write(self, session: Session) -> int:
        """Write the key once more, and return its revision.

        Raises:
            Conflict: It is gone, or somebody else's.
            NotStored: It was not written, or that is not known.
            SessionEnded: The connection has ended.
        """
        try:
            return await session.store(self._subject, self._holder, last=self._revision)
        except Conflict:
            # the last write may have succeeded although its answer was lost, with its session perhaps
            newest = await session.newest_of(self._stream, self._subject)
            if newest is None or newest.data != self._holder:
                raise
            return await session.store(self._subject, self._holder, last=newest.sequence)

    def abandon(self) -> None:
        """Lead no more, whoever can be told: the key goes by itself."""
        self._written_at = None

    def _now(self) -> tuple[float, float]:
        return self._clock.monotonic(), self._clock.time()
