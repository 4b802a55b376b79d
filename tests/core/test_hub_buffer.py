"""What waits for one consumer: prices are overtaken, and what gives way when it is full."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from properties import quick
from sample_events import price, status, transaction, trouble

from streamcore.events import Event, PriceKind, PriceUpdate, WalletTransaction
from streamcore.hub import Buffer


def buffer(capacity: int = 100) -> tuple[Buffer, list[str]]:
    dropped: list[str] = []
    return Buffer(capacity, dropped.append), dropped


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


def test_of_one_ticker_priced_as_two_assets_the_newest_comes_last() -> None:
    waiting, _ = buffer()
    for provider, address, value in (("birdeye", "m", "1"), ("kraken", None, "2"), ("birdeye", "m", "3")):
        waiting.put(price("BTC", value, provider=provider, address=address))
    assert [event.price for event in waiting.take_all()] == [Decimal(2), Decimal(3)]  # type: ignore[union-attr]
