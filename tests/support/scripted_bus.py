"""A session with a bus that exists in memory alone: one sequence a subject, and refusals as a test says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from streamcore.clock import Clock
from streamcore.cluster.errors import Conflict, NotStored, SessionEnded, TooLong
from streamcore.cluster.nats_connection import Incoming
from streamcore.cluster.nats_session import Stored, StreamFacts


class Listening:
    """What `ScriptedSession.listen` returns."""

    def __init__(self, session: ScriptedSession, subject: str) -> None:
        self._session, self._subject = session, subject

    async def stop(self) -> None:
        self._session.listeners.pop(self._subject, None)


class ScriptedSession:
    """What of `streamcore.cluster.nats_session.Session` a leader and its parts use."""

    most_bytes = 1_000_000

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock = clock
        self.newest: dict[str, int] = {}
        self.stored: list[tuple[str, bytes, str | None]] = []
        self.data: dict[int, bytes] = {}
        """What was stored, by its sequence."""
        self.published: list[tuple[str, bytes]] = []
        self.sequence = 0
        self.refusal: str | None = None
        self.takes = 0.0
        """Seconds until the answer to a store."""
        self.has_ended = False
        self.answers: dict[str, bytes | Exception] = {}
        self.stream = StreamFacts("2026-11-28T12:00:00Z", 0, 0)
        self.listeners: dict[str, Callable[[Incoming], None]] = {}
        self._end = asyncio.Event()

    def lose(self) -> None:
        self.has_ended = True
        self._end.set()

    async def until_end(self) -> None:
        await self._end.wait()

    async def store(
        self, subject: str, data: bytes, *, message_id: str | None = None, last: int | None = None
    ) -> int:
        if self.has_ended:
            raise SessionEnded("it was cut")
        if len(data) > self.most_bytes:
            raise TooLong(len(data), self.most_bytes)
        if self.refusal is not None:
            raise NotStored(self.refusal)
        if last is not None and last != self.newest.get(subject, 0):
            raise Conflict("wrong last sequence")
        self.sequence += 1
        self.newest[subject] = self.sequence
        self.stored.append((subject, data, message_id))
        self.data[self.sequence] = data
        if self.takes and self.clock is not None:
            await self.clock.sleep(self.takes)
        return self.sequence

    async def newest_of(self, stream: str, subject: str) -> Stored | None:
        sequence = self.newest.get(subject)
        return None if sequence is None else Stored(subject, sequence, self.data.get(sequence, b"not ours"))

    async def facts(self, stream: str) -> StreamFacts:
        return self.stream

    async def listen(self, subject: str, take: Callable[[Incoming], None]) -> Listening:
        self.listeners[subject] = take
        return Listening(self, subject)

    async def delete(self, stream: str, sequence: int) -> None:
        self.newest = {subject: number for subject, number in self.newest.items() if number != sequence}

    async def publish(self, subject: str, data: bytes) -> None:
        if self.has_ended:
            raise SessionEnded("it was cut")
        if len(data) > self.most_bytes:
            raise TooLong(len(data), self.most_bytes)
        self.published.append((subject, data))

    async def ask(self, subject: str, data: bytes = b"", *, within: float = 2.0) -> bytes:
        answer = self.answers[subject]
        if isinstance(answer, Exception):
            raise answer
        self.published.append((subject, data))
        return answer
