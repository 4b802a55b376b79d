"""Fan-out of events: each consumer has a bounded buffer, so a slow one delays neither sockets nor others."""

from __future__ import annotations

import asyncio
import weakref
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from functools import cache
from typing import TypeAlias

import msgspec

from streamcore.events import PRICE_FIELDS, Event, PriceKind, PriceUpdate, WalletTransaction

_Numbered: TypeAlias = tuple[int, Event]


class _WaitingPrice:
    """The newest price of a token that waits, merged with the older ones that it has overtaken."""

    __slots__ = ("_changed", "_kind", "_newest", "number")

    def __init__(self, number: int, event: PriceUpdate) -> None:
        self.number = number
        self._newest = event
        self._kind = event.kind
        self._changed = event.changed

    @property
    def provider(self) -> str:
        return self._newest.provider

    def overtake(self, newer: PriceUpdate) -> None:
        self._newest = newer
        if newer.kind is PriceKind.SNAPSHOT:
            self._kind = newer.kind
        if newer.changed is not self._changed and newer.changed != self._changed:
            self._changed = _union(self._changed, newer.changed)

    def event(self) -> PriceUpdate:
        # made here, not at each overtaking: most of those are overtaken themselves
        newest = self._newest
        if newest.kind is self._kind and newest.changed == self._changed:
            return newest
        return msgspec.structs.replace(newest, kind=self._kind, changed=self._changed)


class Buffer:
    """What waits for one consumer, oldest first, never more than ``capacity`` events.

    A price that waits is overtaken by the next one of the same token: the buffer then holds the newest
    values in the old place, with the changed fields of both. That loses nothing a reader could still use
    and is not counted. Transactions are never merged. When the buffer is full, status and error events
    are dropped first, then transactions, then prices; each is counted for its provider, and a token whose
    price was dropped comes as a snapshot the next time.
    """

    def __init__(self, capacity: int, dropped: Callable[[str], None]) -> None:
        """``dropped`` is called with the provider's name for every event that is dropped for want of room."""
        self._capacity = capacity
        self._dropped = dropped
        self._number = 0
        self._prices: dict[tuple[str, str], _WaitingPrice] = {}
        self._owed: set[tuple[str, str]] = set()
        """Keys of prices that were dropped: the next price of each must be a snapshot."""
        self._last: dict[str, tuple[str, str]] = {}
        """Symbol to the key of its last price, which differs where the asset depends on the source."""
        self._transactions: deque[_Numbered] = deque()
        self._others: deque[_Numbered] = deque()

    @property
    def owes(self) -> bool:
        """Whether a price was dropped, so that the next one of its token must become a snapshot here."""
        return bool(self._owed)

    def __len__(self) -> int:
        return len(self._prices) + len(self._transactions) + len(self._others)

    def put(self, event: Event) -> None:
        """Take an event in; never waits and never fails."""
        if isinstance(event, PriceUpdate):
            # by token, not by provider: when its source changes, the old source's price is superseded too
            key = (event.symbol, event.address or "")
            waiting = self._prices.get(key)
            if waiting is not None and self._last[event.symbol] == key:
                waiting.overtake(event)
                return
            last, self._last[event.symbol] = self._last.get(event.symbol), key
            if waiting is None:
                self._make_room()
                if self._owed and key in self._owed:
                    self._owed.remove(key)
                    event = event.as_snapshot()
                self._prices[key] = _WaitingPrice(self._next_number(), event)
                return
            waiting.overtake(event)
            if last != key and last in self._prices:
                # the same ticker, priced as another asset by another source: the newest must come last
                del self._prices[key]
                waiting.number = self._next_number()
                self._prices[key] = waiting
        elif isinstance(event, WalletTransaction):
            self._make_room()
            self._transactions.append(self._numbered(event))
        else:
            self._make_room()
            self._others.append(self._numbered(event))

    def take(self) -> Event | None:
        """Return the event that has waited longest, or ``None``."""
        oldest: deque[_Numbered] | None = self._transactions or self._others or None
        if self._others and self._transactions and self._others[0][0] < self._transactions[0][0]:
            oldest = self._others
        if self._prices:
            key, waiting = next(iter(self._prices.items()))
            if oldest is None or waiting.number < oldest[0][0]:
                del self._prices[key]
                return waiting.event()
        return None if oldest is None else oldest.popleft()[1]

    def take_all(self) -> list[Event]:
        """Return everything, oldest first, and leave the buffer empty."""
        prices = [(waiting.number, waiting.event()) for waiting in self._prices.values()]
        everything = sorted([*prices, *self._transactions, *self._others], key=lambda item: item[0])
        self._prices.clear()
        self._transactions.clear()
        self._others.clear()
        return [event for _, event in everything]

    def _numbered(self, event: Event) -> _Numbered:
        return self._next_number(), event

    def _next_number(self) -> int:
        self._number += 1
        return self._number

    def _make_room(self) -> None:
        if len(self._prices) + len(self._transactions) + len(self._others) < self._capacity:
            return
        if self._others:
            provider = self._others.popleft()[1].provider
        elif self._transactions:
            provider = self._transactions.popleft()[1].provider
        else:
            key = next(iter(self._prices))
            self._owed.add(key)
            provider = self._prices.pop(key).provider
        self._dropped(provider)


@cache  # of three names there are few combinations
def _union(older: tuple[str, ...], newer: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in PRICE_FIELDS if name in older or name in newer)


class Subscriber:
    """One consumer: iterate over it to receive events; `close` it, or leave the loop, to detach.

    A reader that is waiting when events come keeps up: it receives each of them, unmerged, in the next turn
    of the event loop. What it leaves there after that turn moves to a `Buffer`, where prices are merged.
    """

    def __init__(self, hub: Hub, capacity: int) -> None:
        self._hub = hub
        self._capacity = capacity
        self._buffer = Buffer(capacity, hub.count_dropped)
        self._news: deque[Event] = deque()
        """What has come since a reader that keeps up was woken; `_buffer` is empty then."""
        self._keeps_up = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._arrived = asyncio.Event()
        self._closed = False

    def put(self, event: Event) -> None:
        """Take an event in and wake the reader."""
        if not self._keeps_up:
            self._buffer.put(event)
            self._arrived.set()
            return
        if not self._news:
            self._wake()
        self._news.append(event)
        if len(self._news) >= self._capacity:
            self._fall_behind()

    def put_together(self, events: Sequence[Event]) -> None:
        """Take several events in that came together, in order, and wake the reader."""
        if not self._keeps_up or len(self._news) + len(events) >= self._capacity:
            for event in events:
                self.put(event)
            return
        if not self._news:
            self._wake()
        self._news.extend(events)

    def _wake(self) -> None:
        self._arrived.set()
        if self._loop is not None:
            self._loop.call_soon(self._fall_behind)  # a turn later, so after the reader's own

    def _fall_behind(self) -> None:
        """Let what the reader has not taken be merged; does nothing if it has taken all."""
        if self._news:
            self._keeps_up = False
            for event in self._news:
                self._buffer.put(event)
            self._news.clear()

    def close(self) -> None:
        """Detach; the reader receives what still waits, then the end."""
        self._closed = True
        self._arrived.set()
        self._hub.detach(self)

    def take_all(self) -> list[Event]:
        """Return everything that waits, oldest first, prices merged; for a reader that works in batches.

        It may be called at any time and waits for nothing; `wait` returns when there is something. A reader
        that does so must not iterate as well.
        """
        return self._buffer.take_all()

    async def wait(self) -> bool:
        """Return ``True`` when something waits, ``False`` when nothing ever will again."""
        while not len(self._buffer):
            if self._closed:
                return False
            self._arrived.clear()
            await self._arrived.wait()
        return True

    def __aiter__(self) -> AsyncIterator[Event]:
        return self

    async def __anext__(self) -> Event:
        while True:
            if self._news:
                return self._news.popleft()
            event = self._buffer.take()
            if event is not None:
                return event
            if self._closed:
                raise StopAsyncIteration
            self._keeps_up = not self._buffer.owes
            self._loop = asyncio.get_running_loop()
            self._arrived.clear()
            await self._arrived.wait()


class _BatchBuffer:
    """The buffer behind `Hub.drain`.

    It fills from the start, so that the first batch misses nothing; but of prices, of which there may be
    thousands a second, that batch has the present ones. What overflows before anybody has drained it is
    counted as dropped only when somebody does: until then nobody has missed it.
    """

    def __init__(self, capacity: int, hub: Hub) -> None:
        self._hub = hub
        self._overflow: Counter[str] = Counter()
        self.has_reader = False
        self._buffer = Buffer(capacity, self._count)
        self.put = self._buffer.put

    def drain(self, present: Iterable[PriceUpdate]) -> list[Event]:
        """Return what waits, and empty the buffer. ``present``: the prices of this moment."""
        if not self.has_reader:
            self.has_reader = True
            for event in present:
                self.put(event)
        self._hub.dropped.update(self._overflow)
        self._overflow.clear()
        return self._buffer.take_all()

    def _count(self, provider: str) -> None:
        (self._hub.dropped if self.has_reader else self._overflow)[provider] += 1


class Hub:
    """Passes every event to every subscriber, and keeps one buffer a provider for batch readers."""

    def __init__(self, capacity: int, present: Callable[[], Iterable[PriceUpdate]] = lambda: ()) -> None:
        """Make a hub without consumers.

        Args:
            capacity: Events that wait for a consumer that is away.
            present: Returns the last price of every token, as a snapshot.
        """
        self._capacity = capacity
        self._present = present
        # weak, so that a consumer who just leaves its loop is forgotten with its buffer; no `WeakSet`, which
        # takes longer to go through than an event to be put into a buffer
        self._subscribers: list[weakref.ref[Subscriber]] = []
        self._batches: dict[str, _BatchBuffer] = {}
        self._closed = False
        self.dropped: Counter[str] = Counter()
        """Events dropped from full buffers, by provider, over all consumers."""

    def subscribe(self, first: Iterable[Event] = (), *, capacity: int | None = None) -> Subscriber:
        """Attach a new consumer, with a buffer of its own ``capacity`` if one is given.

        It receives ``first``, which is the present state, and then what is published from now on; nothing
        after `close`.
        """
        subscriber = Subscriber(self, capacity or self._capacity)
        for event in first:
            subscriber.put(event)
        self._subscribers.append(weakref.ref(subscriber, self._forget))
        if self._closed:
            subscriber.close()
        return subscriber

    def detach(self, subscriber: Subscriber) -> None:
        """Forget a consumer; a second time does nothing."""
        self._subscribers = [ref for ref in self._subscribers if ref() not in (None, subscriber)]

    def _forget(self, gone: weakref.ref[Subscriber]) -> None:
        self._subscribers = [ref for ref in self._subscribers if ref is not gone]

    def count_dropped(self, provider: str) -> None:
        """Count one event of ``provider`` that was dropped."""
        self.dropped[provider] += 1

    def publish(self, event: Event) -> None:
        """Hand the event to every consumer, without waiting for any."""
        for ref in self._subscribers:
            subscriber = ref()
            if subscriber is not None:
                subscriber.put(event)
        self._batch(event.provider).put(event)

    def publish_together(self, events: Sequence[PriceUpdate]) -> None:
        """Hand prices of one provider that came together to every consumer, in order."""
        for ref in self._subscribers:
            subscriber = ref()
            if subscriber is not None:
                subscriber.put_together(events)
        batch = self._batch(events[0].provider)
        if batch.has_reader:
            for event in events:
                batch.put(event)

    def _batch(self, provider: str) -> _BatchBuffer:
        batch = self._batches.get(provider)
        if batch is None:
            batch = self._batches[provider] = _BatchBuffer(self._capacity, self)
        return batch

    def drain(self, provider: str) -> list[Event]:
        """Return what the provider's buffer holds, oldest first, and empty it."""
        batch = self._batches.get(provider)
        if batch is None:
            return []
        return batch.drain(event for event in self._present() if event.provider == provider)

    def close(self) -> None:
        """End every consumer's iteration after what still waits."""
        self._closed = True
        for ref in self._subscribers:
            subscriber = ref()
            if subscriber is not None:
                subscriber.close()
