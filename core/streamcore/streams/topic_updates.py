"""What is wanted of one connection, and when the codec of its stream is told.

Changes are gathered for the provider's debounce, and none is sent while it wants no frames.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from streamcore.clock import Clock
from streamcore.providers.base import Codec
from streamcore.providers.reports import TokenAccounts


class TopicUpdates:
    """The wanted topics of one connection, attempt after attempt.

    For each attempt call `begin`, then run `send` beside the reading.
    """

    def __init__(self, debounce: float, clock: Clock) -> None:
        """Make one without topics. ``debounce``: seconds in which changes are gathered."""
        self.topics: tuple[str, ...] = ()
        """What is wanted; for reading."""
        self._debounce = debounce
        self._clock = clock
        self._changed = asyncio.Event()
        self._resolved: list[TokenAccounts] = []
        """What the codec has still to be told."""
        self._known: dict[str, TokenAccounts] = {}
        """By topic what was resolved last: after a loss it is subscribed at once, and asked about anew."""
        self._silent_until: float | None = None
        """Monotonic seconds until which the provider wants no frames; ``None``: it takes them."""

    def set_topics(self, topics: tuple[str, ...]) -> bool:
        """Make these the wanted topics, all of them; return whether they are others than before."""
        if topics == self.topics:
            return False
        self.topics = topics
        self._known = {topic: self._known[topic] for topic in topics if topic in self._known}
        self._changed.set()
        return True

    def resolve(self, related: TokenAccounts) -> None:
        """Have the answer to a codec's question passed on to it."""
        self._resolved.append(related)
        if related.topic in self.topics:
            self._known[related.topic] = related
        self._changed.set()

    def keep_silent(self, seconds: float) -> None:
        """Send nothing for some seconds from now: the provider has had too much."""
        self._silent_until = self._clock.monotonic() + seconds
        self._changed.set()

    async def wanted(self) -> None:
        """Wait until there are topics."""
        while not self.topics:
            self._changed.clear()
            await self._changed.wait()

    def begin(self, codec: Codec) -> None:
        """Open a new codec, and tell it all that is wanted and known."""
        self._changed.clear()
        self._resolved.clear()
        self._silent_until = None
        codec.opened()
        codec.set_topics(self.topics)
        for related in self._known.values():
            codec.resolved(related)

    async def send(self, codec: Codec, flush: Callable[[], Awaitable[None]]) -> None:
        """Tell the codec of every change until nothing is wanted any more.

        ``flush`` sends what the codec has to send.
        """
        while True:
            await self._changed.wait()
            await self._clock.sleep(self._debounce)
            rested = self._silent_until is not None
            while (until := self._silent_until) is not None:
                self._silent_until = None
                await self._clock.sleep(max(until - self._clock.monotonic(), 0.0))
            self._changed.clear()
            if not self.topics:
                return
            if rested:
                codec.rested()
            resolved, self._resolved = self._resolved, []
            for related in resolved:
                codec.resolved(related)
            codec.set_topics(self.topics)
            await flush()
