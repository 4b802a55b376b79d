"""Fan-out: every consumer has a bounded buffer of its own, and none can slow the socket or another."""

from __future__ import annotations

import asyncio
import weakref
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable
from typing import TypeAlias

import msgspec

from streamcore.events import Event, PriceKind, PriceUpdate, WalletTransaction

_Numbered: TypeAlias = tuple[int, Event]


class Buffer:
    """What waits for one consumer, oldest first, never more than ``capacity`` events.

    A price that waits is overtaken by the next one of the same token: the buffer then holds the newest
    values in the old place, with the changed fields of both. That loses nothing a reader could still use
    and is not counted. Transactions are never merged. When the buffer is full, status and error events
    give way first, then transactions, then prices; each that gives way is counted for its provider.
    """

    def __init__(self, capacity: int, dropped: Callable[[str], None]) -> None:
        """``dropped`` is called with the provider's name for every event that had to give way."""
        self._capacity = capacity
        self._dropped = dropped
        self._number = 0
        self._prices: dict[tuple[str, str], _Numbered] = {}
        self._transactions: deque[_Numbered] = deque()
        self._others: deque[_Numbered] = deque()

    def __len__(self) -> int:
        return len(self._prices) + len(self._transactions) + len(self._others)

    def put(self, event: Event) -> None:
        """Take an event in; never waits and never fails."""
        if isinstance(event, PriceUpdate):
            # by token, not by provider: when its source changes, the old source's price is superseded too
            key = (event.symbol, event.address or "")
            waiting = self._prices.get(key)
            if waiting is not None:
                self._prices[key] = (waiting[0], _overtake(waiting[1], event))
                return
            self._make_room()
            self._prices[key] = self._numbered(event)
        elif isinstance(event, WalletTransaction):
            self._make_room()
            self._transactions.append(self._numbered(event))
        else:
            self._make_room()
            self._others.append(self._numbered(event))

    def take(self) -> Event | None:
        """Return the event that has waited longest, or ``None``."""
        queues = [queue for queue in (self._transactions, self._others) if queue]
        oldest = min(queues, key=lambda queue: queue[0][0], default=None)
        if self._prices:
            key = next(iter(self._prices))
            if oldest is None or self._prices[key][0] < oldest[0][0]:
                return self._prices.pop(key)[1]
        return None if oldest is None else oldest.popleft()[1]

    def take_all(self) -> list[Event]:
        """Return everything, oldest first, and leave the buffer empty."""
        everything = sorted(
            [*self._prices.values(), *self._transactions, *self._others], key=lambda item: item[0]
        )
        self._prices.clear()
        self._transactions.clear()
        self._others.clear()
        return [event for _, event in everything]

    def _numbered(self, event: Event) -> _Numbered:
        self._number += 1
        return self._number, event

    def _make_room(self) -> None:
        if len(self) < self._capacity:
            return
        if self._others:
            victim = self._others.popleft()[1]
        elif self._transactions:
            victim = self._transactions.popleft()[1]
        else:
            victim = self._prices.pop(next(iter(self._prices)))[1]
        self._dropped(victim.provider)


def _overtake(older: Event, newer: PriceUpdate) -> PriceUpdate:
    assert isinstance(older, PriceUpdate)  # noqa: S101 - only prices are kept by token
    changed = dict.fromkeys((*older.changed, *newer.changed))
    snapshot = PriceKind.SNAPSHOT in (older.kind, newer.kind)
    return msgspec.structs.replace(
        newer,
        kind=PriceKind.SNAPSHOT if snapshot else PriceKind.DELTA,
        changed=tuple(name for name in ("price", "change_24h", "volume_24h") if name in changed),
    )


class Subscriber:
    """One consumer: iterate over it to receive events; `close` it, or leave the loop, to detach."""

    def __init__(self, hub: Hub, capacity: int) -> None:
        self._hub = hub
        self._buffer = Buffer(capacity, hub.count_dropped)
        self._arrived = asyncio.Event()
        self._closed = False

    def put(self, event: Event) -> None:
        """Take an event in and wake the reader."""
        self._buffer.put(event)
        self._arrived.set()

    def close(self) -> None:
        """Detach; the reader receives what still waits, then the end."""
        self._closed = True
        self._arrived.set()
        self._hub.detach(self)

    def __aiter__(self) -> AsyncIterator[Event]:
        return self

    async def __anext__(self) -> Event:
        while True:
            event = self._buffer.take()
            if event is not None:
                return event
            if self._closed:
                raise StopAsyncIteration
            self._arrived.clear()
            await self._arrived.wait()


class _BatchBuffer:
    """The buffer behind `Hub.drain`.

    It fills from the start, so that the first batch misses nothing; but a buffer that nobody has ever
    drained is nobody's loss, so what overflows counts as dropped only from the first drain on.
    """

    def __init__(self, capacity: int, hub: Hub) -> None:
        self._hub = hub
        self._overflow: Counter[str] = Counter()
        self._has_reader = False
        self._buffer = Buffer(capacity, self._count)

    def put(self, event: Event) -> None:
        self._buffer.put(event)

    def drain(self) -> list[Event]:
        self._has_reader = True
        self._hub.dropped.update(self._overflow)
        self._overflow.clear()
        return self._buffer.take_all()

    def _count(self, provider: str) -> None:
        (self._hub.dropped if self._has_reader else self._overflow)[provider] += 1


class Hub:
    """Passes every event to every subscriber, and keeps one buffer a provider for batch readers."""

    def __init__(self, capacity: int) -> None:
        """``capacity``: events that wait for a consumer that is away."""
        self._capacity = capacity
        # weak, so that a consumer who just leaves its loop is forgotten with its buffer
        self._subscribers: weakref.WeakSet[Subscriber] = weakref.WeakSet()
        self._batches: dict[str, _BatchBuffer] = {}
        self._closed = False
        self.dropped: Counter[str] = Counter()
        """Events that gave way in a full buffer, by provider, over all consumers."""

    def subscribe(self) -> Subscriber:
        """Attach a new consumer; it receives what is published from now on, nothing after `close`."""
        subscriber = Subscriber(self, self._capacity)
        self._subscribers.add(subscriber)
        if self._closed:
            subscriber.close()
        return subscriber

    def detach(self, subscriber: Subscriber) -> None:
        """Forget a consumer; a second time does nothing."""
        self._subscribers.discard(subscriber)

    def count_dropped(self, provider: str) -> None:
        """Count one event of ``provider`` that gave way."""
        self.dropped[provider] += 1

    def publish(self, event: Event) -> None:
        """Hand the event to every consumer, without waiting for any."""
        for subscriber in self._subscribers:
            subscriber.put(event)
        batch = self._batches.get(event.provider)
        if batch is None:
            batch = self._batches[event.provider] = _BatchBuffer(self._capacity, self)
        batch.put(event)

    def drain(self, provider: str) -> list[Event]:
        """Return what the provider's buffer holds, oldest first, and empty it."""
        batch = self._batches.get(provider)
        return [] if batch is None else batch.drain()

    def close(self) -> None:
        """End every consumer's iteration after what still waits."""
        self._closed = True
        for subscriber in list(self._subscribers):
            subscriber.close()
