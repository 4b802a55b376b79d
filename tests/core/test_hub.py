"""Fan-out: every consumer at its own pace, and what waits for nobody."""

from __future__ import annotations

import asyncio
import gc
from collections import Counter
from decimal import Decimal

from sample_events import price, status, transaction

from streamcore.events import Event, PriceKind, PriceUpdate
from streamcore.hub import Hub, Subscriber


def taken(reader: Subscriber) -> list[Event]:
    """Return what waits for a reader, by closing it."""

    async def read() -> list[Event]:
        reader.close()
        return [event async for event in reader]

    return asyncio.run(read())


def test_a_new_consumer_receives_the_present_state_before_what_happens_next() -> None:
    hub = Hub(100)
    hub.publish(price(value="1"))
    reader = hub.subscribe([status(), price(value="1", kind=PriceKind.SNAPSHOT)])
    hub.publish(price("BTC", value="2"))
    hub.publish(price(value="3", kind=PriceKind.DELTA))
    state, sol, btc = taken(reader)
    assert state == status()
    assert isinstance(sol, PriceUpdate)
    assert isinstance(btc, PriceUpdate)
    assert (sol.price, sol.kind) == (Decimal(3), PriceKind.SNAPSHOT)
    assert (btc.price, btc.kind) == (Decimal(2), PriceKind.DELTA)


async def test_every_consumer_receives_everything_published_while_it_was_attached() -> None:
    hub = Hub(10)
    early = hub.subscribe()
    hub.publish(transaction("s1"))
    late = hub.subscribe()
    hub.publish(transaction("s2"))
    hub.close()
    assert [event.signature async for event in early] == ["s1", "s2"]  # type: ignore[union-attr]
    assert [event.signature async for event in late] == ["s2"]  # type: ignore[union-attr]


async def test_a_slow_consumer_costs_a_quick_one_nothing() -> None:
    hub = Hub(2)
    slow, quick_one = hub.subscribe(), hub.subscribe()
    for number in range(5):
        hub.publish(transaction(str(number)))
        assert (await anext(quick_one)).signature == str(number)  # type: ignore[union-attr]
    assert hub.dropped == Counter(helius=3)
    slow.close()
    assert [event.signature async for event in slow] == ["3", "4"]  # type: ignore[union-attr]


async def test_a_waiting_consumer_wakes_for_the_next_event() -> None:
    hub = Hub(10)
    reader = hub.subscribe()
    waiting = asyncio.ensure_future(anext(reader))
    await asyncio.sleep(0)
    assert not waiting.done()
    hub.publish(status())
    assert await waiting == status()


async def heard(reader: Subscriber, seen: list[Event], *, each: float | None = None) -> None:
    """Take every event; ``each``: sleep so long after one."""
    async for event in reader:
        seen.append(event)
        if each is not None:
            await asyncio.sleep(each)


async def test_a_consumer_that_keeps_up_misses_no_price_of_what_came_together() -> None:
    hub = Hub(10)
    seen: list[Event] = []
    task = asyncio.create_task(heard(hub.subscribe(), seen))
    await asyncio.sleep(0)
    told = [price(value=str(number)) for number in range(1, 6)]
    for again in range(3):
        for event in told:
            hub.publish(event)
        await asyncio.sleep(0)
        assert seen == told * (again + 1)
    hub.close()
    await task
    assert hub.dropped == Counter()


async def test_what_a_slow_consumer_leaves_is_overtaken_by_the_next_price() -> None:
    hub = Hub(10)
    seen: list[Event] = []
    task = asyncio.create_task(heard(hub.subscribe(), seen, each=0))
    await asyncio.sleep(0)
    for number in range(1, 6):
        hub.publish(price(value=str(number)))
    hub.close()
    await task
    assert [event.price for event in seen if isinstance(event, PriceUpdate)] == [Decimal(1), Decimal(5)]


async def test_what_comes_together_and_is_more_than_the_buffer_holds_is_merged_or_counted() -> None:
    hub = Hub(3)
    seen: list[Event] = []
    task = asyncio.create_task(heard(hub.subscribe(), seen))
    await asyncio.sleep(0)
    for event in (price(value="1"), price(value="2"), price(value="3"), *map(transaction, "abc")):
        hub.publish(event)
    await asyncio.sleep(0)
    assert seen == [price(value="3"), transaction("b"), transaction("c")]
    assert hub.dropped == Counter(helius=1)
    hub.close()
    await task


async def test_a_wait_that_was_cancelled_leaves_what_comes_then_to_be_merged() -> None:
    hub = Hub(10)
    reader = hub.subscribe()
    waiting = asyncio.ensure_future(anext(reader))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    for number in range(1, 6):
        hub.publish(price(value=str(number)))
    await asyncio.sleep(0)
    reader.close()
    assert [event.price async for event in reader] == [Decimal(5)]  # type: ignore[union-attr]


async def test_a_token_whose_price_gave_way_comes_as_a_snapshot_to_a_consumer_that_keeps_up_again() -> None:
    hub = Hub(1)
    seen: list[Event] = []
    reader = hub.subscribe([price("SOL"), price("BTC")])
    task = asyncio.create_task(heard(reader, seen))
    await asyncio.sleep(0)
    hub.publish(price("SOL", changed=()))
    await asyncio.sleep(0)
    hub.publish(price("SOL", changed=()))
    hub.close()
    await task
    kinds = [event.kind for event in seen if isinstance(event, PriceUpdate)]
    assert kinds == [PriceKind.DELTA, PriceKind.SNAPSHOT, PriceKind.DELTA]


async def test_a_waiting_consumer_wakes_for_the_end() -> None:
    hub = Hub(10)
    reader = hub.subscribe()

    async def read() -> list[Event]:
        return [event async for event in reader]

    waiting = asyncio.create_task(read())
    await asyncio.sleep(0)
    hub.close()
    assert await waiting == []


async def test_a_wait_that_is_cancelled_loses_no_event() -> None:
    hub = Hub(10)
    reader = hub.subscribe()
    waiting = asyncio.ensure_future(anext(reader))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    hub.publish(transaction("s1"))
    assert await anext(reader) == transaction("s1")


async def test_who_attaches_after_the_end_is_told_the_end() -> None:
    hub = Hub(10)
    hub.close()
    assert [event async for event in hub.subscribe()] == []


async def test_closing_twice_is_no_error_and_a_closed_consumer_gets_nothing_new() -> None:
    hub = Hub(10)
    reader = hub.subscribe()
    reader.close()
    hub.publish(transaction())
    reader.close()
    assert [event async for event in reader] == []


async def test_a_consumer_that_just_goes_away_is_forgotten_and_counts_no_drops() -> None:
    hub = Hub(1)
    reader = hub.subscribe()
    del reader
    gc.collect()
    for number in range(3):
        hub.publish(transaction(str(number)))
    assert hub.dropped == Counter()


def test_drops_add_up_over_consumers() -> None:
    hub = Hub(1)
    readers = [hub.subscribe(), hub.subscribe()]
    for number in range(3):
        hub.publish(transaction(str(number)))
    assert hub.dropped == Counter(helius=4)
    assert [len(taken(reader)) for reader in readers] == [1, 1]


def test_drain_gives_a_providers_events_oldest_first_and_empties_its_buffer() -> None:
    hub = Hub(10)
    for event in (transaction("s1"), price(), status(), transaction("s2")):
        hub.publish(event)
    assert hub.drain("helius") == [transaction("s1"), status(), transaction("s2")]
    assert hub.drain("helius") == []
    assert hub.drain("birdeye") == [price()]


def test_drain_of_a_provider_that_has_said_nothing_is_empty() -> None:
    assert Hub(10).drain("birdeye") == []


def test_draining_takes_nothing_from_consumers() -> None:
    hub = Hub(10)
    reader = hub.subscribe()
    hub.publish(transaction())
    assert hub.drain("helius") == [transaction()]
    assert taken(reader) == [transaction()]


def test_what_nobody_ever_drains_is_no_loss() -> None:
    hub = Hub(1)
    for number in range(5):
        hub.publish(transaction(str(number)))
    assert hub.dropped == Counter()


def test_from_the_first_drain_on_the_overflow_counts_and_that_before_it_too() -> None:
    hub = Hub(1)
    for number in range(5):
        hub.publish(transaction(str(number)))
    assert hub.drain("helius") == [transaction("4")]
    assert hub.dropped == Counter(helius=4)
    for number in range(3):
        hub.publish(transaction(str(number)))
    assert hub.dropped == Counter(helius=6)
    assert hub.drain("helius") == [transaction("2")]
    assert hub.dropped == Counter(helius=6)


async def test_a_batch_reader_takes_everything_at_once_with_prices_merged() -> None:
    hub = Hub(10)
    reader = hub.subscribe()
    for event in (price("SOL", "1"), transaction("s1"), price("SOL", "2"), price("BTC", "3")):
        hub.publish(event)
    assert await reader.wait()
    events = reader.take_all()
    assert [getattr(event, "price", None) for event in events] == [Decimal(2), None, Decimal(3)]
    assert reader.take_all() == []


async def test_a_batch_reader_is_woken_and_told_of_the_end() -> None:
    hub = Hub(10)
    reader = hub.subscribe()
    waiting = asyncio.ensure_future(reader.wait())
    await asyncio.sleep(0)
    hub.publish(price("SOL", "1"))
    assert await waiting
    reader.take_all()
    waiting = asyncio.ensure_future(reader.wait())
    await asyncio.sleep(0)
    hub.close()
    assert not await waiting


async def test_a_consumer_may_have_a_buffer_of_its_own_size() -> None:
    hub = Hub(2)
    small, large = hub.subscribe(), hub.subscribe(capacity=100)
    for number in range(50):
        hub.publish(transaction(f"s{number}"))
    assert (len(small.take_all()), len(large.take_all())) == (2, 50)


async def test_prices_that_come_together_reach_a_consumer_that_keeps_up_one_by_one() -> None:
    hub = Hub(10)
    seen: list[Event] = []
    task = asyncio.create_task(heard(hub.subscribe(), seen))
    await asyncio.sleep(0)
    told = [price(value=str(number)) for number in range(1, 6)]
    for again in range(3):
        hub.publish_together(told)
        await asyncio.sleep(0)
        assert seen == told * (again + 1)
    hub.close()
    await task


async def test_prices_that_come_together_are_merged_for_a_consumer_that_is_away() -> None:
    hub = Hub(100)
    seen: list[Event] = []
    task = asyncio.create_task(heard(hub.subscribe(), seen, each=0))
    await asyncio.sleep(0)
    for _ in range(2):
        hub.publish_together([price(value=str(number)) for number in range(1, 6)])
    hub.close()
    await task
    assert [event.price for event in seen if isinstance(event, PriceUpdate)] == [Decimal(1), Decimal(5)]


async def test_more_prices_at_once_than_a_buffer_holds_are_merged_and_none_is_lost() -> None:
    hub = Hub(3)
    seen: list[Event] = []
    task = asyncio.create_task(heard(hub.subscribe(), seen))
    await asyncio.sleep(0)
    hub.publish_together([price(value=str(number)) for number in range(1, 6)])
    await asyncio.sleep(0)
    hub.close()
    await task
    assert [event.price for event in seen if isinstance(event, PriceUpdate)][-1] == Decimal(5)
    assert hub.dropped == Counter()


def test_the_first_batch_has_the_present_price_of_each_token_and_the_next_what_came_since() -> None:
    present = [price("SOL", "2", kind=PriceKind.SNAPSHOT), price("BTC", "9", provider="kraken")]
    hub = Hub(10, lambda: present)
    hub.publish(status(provider="birdeye"))
    hub.publish_together([price("SOL", "1"), price("SOL", "2")])
    assert hub.drain("birdeye") == [status(provider="birdeye"), present[0]]
    assert hub.drain("birdeye") == []
    hub.publish_together([price("SOL", "3"), price("SOL", "4")])
    assert hub.drain("birdeye") == [price("SOL", "4")]
