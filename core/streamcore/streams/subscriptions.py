"""Which topics are wanted, by counted references, and how they are spread over connections."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


class References:
    """Counts how many times each topic is wanted; the order is that of the first reference."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def __contains__(self, topic: object) -> bool:
        return topic in self._counts

    def __len__(self) -> int:
        return len(self._counts)

    def __iter__(self) -> Iterator[str]:
        return iter(self._counts)

    def add(self, topic: str) -> bool:
        """Add one reference; return whether it was the first."""
        self._counts[topic] = self._counts.get(topic, 0) + 1
        return self._counts[topic] == 1

    def remove(self, topic: str) -> bool:
        """Take one reference away; return whether it was the last. An unknown topic is left alone."""
        count = self._counts.get(topic, 0)
        if count > 1:
            self._counts[topic] = count - 1
        elif count == 1:
            del self._counts[topic]
        return count == 1


class Shards:
    """Spreads topics over as few connections as a provider's limit allows, and moves none that stays.

    A topic keeps its shard for as long as it is wanted, so that a change on one connection never
    interrupts another. A freed place is taken by the next new topic.
    """

    def __init__(self, size: int | None) -> None:
        """``size``: topics a shard holds at most; ``None`` puts all into one."""
        self._size = size
        self._shards: list[list[str]] = []

    @property
    def shards(self) -> list[tuple[str, ...]]:
        """The topics of each shard by its position; an emptied shard stays, empty."""
        return [tuple(shard) for shard in self._shards]

    def assign(self, topics: Iterable[str]) -> list[tuple[str, ...]]:
        """Make these the topics, all of them; return what `shards` is now."""
        wanted = dict.fromkeys(topics)
        for shard in self._shards:
            shard[:] = [topic for topic in shard if topic in wanted]
        placed = {topic for shard in self._shards for topic in shard}
        for topic in wanted:
            if topic not in placed:
                self._shard_with_room().append(topic)
        return self.shards

    def _shard_with_room(self) -> list[str]:
        for shard in self._shards:
            if self._size is None or len(shard) < self._size:
                return shard
        self._shards.append([])
        return self._shards[-1]
