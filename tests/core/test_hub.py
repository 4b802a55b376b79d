from __future__ import annotations

import asyncio
import gc
from collections import Counter
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from properties import quick
from sample_events import price, status, transaction, trouble

from streamcore.events import Event, PriceKind, PriceUpdate, WalletTransaction
from streamcore.hub import Buffer, Hub, Subscriber


def buffer(capacity: int = 100) -> tuple[Buffer, list[str]]:
    dropped: list[str] = []
    return Buffer(capacity, dropped.append), dropped


def taken(reader: Subscriber) -> list[Event]:
    """Return what waits for a reader, by closing it."""

    async def read() -> list[Event]:
        reader.close()
        return [event async for event in reader]

    return asyncio.run(read())


def test_a_waiting_price_is_overtaken_by_the_next_of_the_same_token() -> None:
    waiting, dropped = buffer()
    for value in ("1", "2", "3"):
        waiting.put(price(value=value))
    (event,) = waiting.take_all()
    assert isinstance(event, PriceUpdate)
    assert event.price == Decimal(3)
    assert dropped == []


def test_an_overtaken_price_hands_on_what_it_had_changed() -> None:
    waiting, _ = buffer()
    waiting.put(price(changed=("volume_24h",)))
    waiting.put(price(changed=()))
    waiting.put(price(changed=("price",)))
    (event,) = waiting.take_all()
    assert isinstance(event, PriceUpdate)
    assert event.changed == ("price", "volume_24h")


def test_a_snapshot_that_overtakes_makes_a_snapshot_of_both() -> None:
    waiting, _ = buffer()
    waiting.put(price(changed=("price",)))
    waiting.put(price(kind=PriceKind.SNAPSHOT, changed=("volume_24h",)))
    waiting.put(price(changed=("price",)))
    event = waiting.take()
    assert isinstance(event, PriceUpdate)
    assert (event.kind, event.changed) == (PriceKind.SNAPSHOT, ("price", "volume_24h"))
    assert waiting.take() is None


def test_a_price_that_overtook_nothing_new_is_handed_on_as_it_came() -> None:
    waiting, _ = buffer()
    waiting.put(price(value="1"))
    newest = price(value="2")
    waiting.put(newest)
    assert waiting.take() is newest


def test_a_snapshot_that_is_overtaken_stays_a_snapshot() -> None:
    waiting, _ = buffer()
    waiting.put(price(kind=PriceKind.SNAPSHOT))
    waiting.put(price(kind=PriceKind.DELTA))
    (event,) = waiting.take_all()
    assert isinstance(event, PriceUpdate)
    assert event.kind is PriceKind.SNAPSHOT


def test_a_token_whose_price_gave_way_comes_as_a_snapshot_the_next_time() -> None:
    waiting, dropped = buffer(1)
    waiting.put(price("SOL", kind=PriceKind.SNAPSHOT))
    waiting.put(price("BTC"))
    assert dropped == ["birdeye"]
    waiting.take_all()
    told = []
    for _ in range(2):
        waiting.put(price("SOL", kind=PriceKind.DELTA, changed=()))
        told += waiting.take_all()
    assert [(event.kind, event.changed) for event in told if isinstance(event, PriceUpdate)] == [
        (PriceKind.SNAPSHOT, ("price", "change_24h", "volume_24h")),
        (PriceKind.DELTA, ()),
    ]


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


def test_tokens_that_share_a_ticker_are_not_taken_for_one() -> None:
    waiting, _ = buffer()
    waiting.put(price("TRUMP", address="official"))
    waiting.put(price("TRUMP", address="fake"))
    assert len(waiting) == 2


def test_a_new_source_of_the_same_token_overtakes_the_old_one() -> None:
    waiting, _ = buffer()
    waiting.put(price(provider="birdeye", value="1"))
    waiting.put(price(provider="jupiter", value="2"))
    (event,) = waiting.take_all()
    assert event.provider == "jupiter"


def test_an_overtaking_price_keeps_the_old_place_in_the_line() -> None:
    waiting, _ = buffer()
    waiting.put(price("SOL", "1"))
    waiting.put(transaction("s1"))
    waiting.put(price("BTC", "5"))
    waiting.put(price("SOL", "2"))
    names = [
        event.symbol if isinstance(event, PriceUpdate) else "transaction" for event in waiting.take_all()
    ]
    assert names == ["SOL", "transaction", "BTC"]


def test_transactions_are_never_merged_not_even_equal_ones() -> None:
    waiting, _ = buffer()
    for _ in range(3):
        waiting.put(transaction("s1"))
    assert len(waiting) == 3


def test_when_it_is_full_news_about_the_stream_gives_way_first() -> None:
    waiting, dropped = buffer(3)
    for event in (transaction("s1"), status(), price()):
        waiting.put(event)
    waiting.put(transaction("s2"))
    assert [type(event) for event in waiting.take_all()] == [
        WalletTransaction,
        PriceUpdate,
        WalletTransaction,
    ]
    assert dropped == ["helius"]


def test_then_the_oldest_transaction_gives_way_and_prices_last() -> None:
    waiting, dropped = buffer(2)
    for event in (price(), transaction("s1"), transaction("s2")):
        waiting.put(event)
    left = waiting.take_all()
    assert [event.signature for event in left if isinstance(event, WalletTransaction)] == ["s2"]
    assert dropped == ["helius"]


def test_a_buffer_full_of_prices_gives_the_oldest_one_away() -> None:
    waiting, dropped = buffer(2)
    for symbol in ("SOL", "BTC", "ETH"):
        waiting.put(price(symbol))
    left = waiting.take_all()
    assert [event.symbol for event in left if isinstance(event, PriceUpdate)] == ["BTC", "ETH"]
    assert dropped == ["birdeye"]


def test_overtaking_needs_no_room_in_a_full_buffer() -> None:
    waiting, dropped = buffer(2)
    for event in (price("SOL"), transaction(), price("SOL", "2")):
        waiting.put(event)
    assert (len(waiting), dropped) == (2, [])


def test_a_drop_counts_for_the_provider_of_what_was_lost_not_of_what_came() -> None:
    waiting, dropped = buffer(1)
    waiting.put(trouble(provider="birdeye"))
    waiting.put(transaction(provider="helius"))
    assert dropped == ["birdeye"]


def test_an_empty_buffer_gives_nothing() -> None:
    waiting, _ = buffer()
    assert waiting.take() is None
    assert waiting.take_all() == []


EVENTS = st.lists(
    st.one_of(
        st.builds(price, st.sampled_from(["SOL", "BTC", "ETH"]), st.sampled_from(["1", "2", "3"])),
        st.builds(transaction, st.text("abc", min_size=1, max_size=2)),
        st.just(status()),
        st.just(trouble()),
    ),
    max_size=40,
)


@quick
@given(EVENTS, st.integers(1, 6))
def test_every_event_is_delivered_overtaken_or_counted_and_none_is_counted_twice(
    events: list[Event], capacity: int
) -> None:
    waiting, dropped = buffer(capacity)
    delivered: list[Event] = []
    overtaken = 0
    for event in events:
        before = len(waiting) + len(dropped)
        waiting.put(event)
        overtaken += len(waiting) + len(dropped) == before
        assert len(waiting) <= capacity
    while (event_taken := waiting.take()) is not None:
        delivered.append(event_taken)
    assert len(delivered) + overtaken + len(dropped) == len(events)
    assert len(waiting) == 0


@quick
@given(EVENTS)
def test_taking_one_by_one_and_taking_all_agree(events: list[Event]) -> None:
    one, _ = buffer()
    other, _ = buffer()
    for event in events:
        one.put(event)
        other.put(event)
    singles = []
    while (event_taken := one.take()) is not None:
        singles.append(event_taken)
    assert singles == other.take_all()


@quick
@given(EVENTS)
def test_the_last_price_of_each_token_is_always_the_one_that_arrives(events: list[Event]) -> None:
    waiting, _ = buffer()
    for event in events:
        waiting.put(event)
    newest = {event.symbol: event.price for event in events if isinstance(event, PriceUpdate)}
    arrived = {event.symbol: event.price for event in waiting.take_all() if isinstance(event, PriceUpdate)}
    assert arrived == newest


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


def test_of_one_ticker_priced_as_two_assets_the_newest_comes_last() -> None:
    waiting, _ = buffer()
    for provider, address, value in (("birdeye", "m", "1"), ("kraken", None, "2"), ("birdeye", "m", "3")):
        waiting.put(price("BTC", value, provider=provider, address=address))
    assert [event.price for event in waiting.take_all()] == [Decimal(2), Decimal(3)]  # type: ignore[union-attr]


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
