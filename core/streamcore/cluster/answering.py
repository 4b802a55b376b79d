"""The leader's answers to the questions of relays: so many at once, and a word at once to the others."""

from __future__ import annotations

from collections import deque
from contextlib import suppress

from streamcore.cluster.errors import NotStored, SessionEnded
from streamcore.cluster.lease import Lease
from streamcore.cluster.link import Link
from streamcore.cluster.nats_connection import Incoming
from streamcore.cluster.questions import answered, refused_as_too_busy
from streamcore.relay.answers import Answers
from streamcore.relay.bus import Bus
from streamcore.tasks import Tasks

MOST_QUESTIONS = 200
"""Questions that are answered at once."""

MOST_REFUSED = 1_000
"""Questions that wait to be refused; of more, the first wait in vain."""


class Answering:
    """Answers questions while this relay leads."""

    def __init__(self, answers: Answers, engine: Bus, lease: Lease, link: Link, tasks: Tasks) -> None:
        """``answers``: of the ``engine``, the leader's own; ``tasks``: closed by whoever made them."""
        self._answers = answers
        self._engine = engine
        self._lease = lease
        self._link = link
        self._tasks = tasks
        self._under_way = 0
        self._refused: deque[str] = deque(maxlen=MOST_REFUSED)
        """Where answers go to questions that are not answered."""

    def take(self, message: Incoming) -> None:
        """Take in a question, to be answered in the background."""
        if not self._lease.is_held:
            return
        if self._under_way < MOST_QUESTIONS:
            self._under_way += 1
            self._tasks.start("answering a relay", self._answer, message)
        elif message.reply:
            self._refused.append(message.reply)
            if len(self._refused) == 1:
                self._tasks.start("refusing to answer relays", self._refuse)

    async def _answer(self, message: Incoming) -> None:
        try:
            most = (await self._link.session()).most_bytes
            answer = await answered(message.data, self._answers, self._engine, most=most)
            if (session := self._link.present) is not None and message.reply and self._lease.is_held:
                with suppress(SessionEnded, NotStored):
                    await session.publish(message.reply, answer)
        finally:
            self._under_way -= 1

    async def _refuse(self) -> None:
        """Tell those whose questions are too many that they need not wait."""
        answer = refused_as_too_busy()
        while self._refused and self._lease.is_held and (session := self._link.present) is not None:
            try:
                await session.publish(self._refused[0], answer)
            except SessionEnded:
                break
            self._refused.popleft()
        self._refused.clear()
