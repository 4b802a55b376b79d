"""What is known of one instrument, and what each report changes about it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import quick

from streamcore.events import PRICE_FIELDS, PriceKind, PriceUpdate, Source
from streamcore.providers.figures import credible
from streamcore.providers.reports import PriceReport
from streamcore.tracking.price_state import PriceState


def new() -> PriceState:
    return PriceState("kraken", "SOL", None, demo=False)


def report_of(fields: dict[str, Any], *, complete: bool = False) -> PriceReport:
    return PriceReport("SOL/USD", complete=complete, **fields)


def merge(
    state: PriceState,
    *,
    source: Source = Source.STREAM,
    complete: bool = False,
    now: float = 10.0,
    as_of: float | None = None,
    **fields: str | None,
) -> PriceUpdate | None:
    told = {name: None if value is None else Decimal(value) for name, value in fields.items()}
    report = report_of(told, complete=complete)
    return state.merge(report, source, now=now, as_of=now if as_of is None else as_of, ts=1000.0 + now)


def merged(state: PriceState, **arguments: Any) -> PriceUpdate:
    event = merge(state, **arguments)
    assert event is not None
    return event


@pytest.fixture
def state() -> PriceState:
    state = new()
    merge(state, price="150.5", change_24h="3.2", volume_24h="1000000", now=1.0)
    return state


def values(event: PriceUpdate | PriceState) -> tuple[str | None, ...]:
    known = event.known if isinstance(event, PriceState) else event
    return tuple(
        None if value is None else str(value) for value in (known.price, known.change_24h, known.volume_24h)
    )


KNOWN = ("150.5", "3.2", "1000000")


def test_the_first_word_about_a_token_is_a_snapshot_even_of_one_field() -> None:
    result = merged(new(), price="150.5")
    assert (result.kind, values(result), result.changed) == (
        PriceKind.SNAPSHOT,
        ("150.5", None, None),
        ("price",),
    )


def test_a_delta_changes_what_it_names_and_carries_the_rest(state: PriceState) -> None:
    result = merged(state, price="151")
    assert (result.kind, values(result), result.changed) == (
        PriceKind.DELTA,
        ("151", "3.2", "1000000"),
        ("price",),
    )


def test_row_k_a_confirmation_over_http_does_not_change_how_the_price_came(state: PriceState) -> None:
    kept = merged(state, price="150.4", source=Source.POLL, as_of=0.5)
    same = merged(state, price="150.50", volume_24h="2", source=Source.POLL)
    assert (kept.source, same.source) == (Source.STREAM, Source.STREAM)
    assert merged(state, price="150.6", source=Source.POLL).source is Source.POLL
    assert merged(state, price="150.6", source=Source.STREAM).source is Source.STREAM


def test_row_k_what_is_polled_after_its_stream_was_lost_came_by_polling(state: PriceState) -> None:
    state.restart()
    assert merged(state, price="150.5", source=Source.POLL).source is Source.POLL
    assert merged(state, change_24h="1", source=Source.POLL).source is Source.POLL


def test_the_changed_fields_come_in_the_order_of_the_event(state: PriceState) -> None:
    assert merged(state, volume_24h="2", price="3", change_24h="4").changed == PRICE_FIELDS


@pytest.mark.parametrize("name", PRICE_FIELDS)
def test_a_field_that_is_null_keeps_its_value(state: PriceState, name: str) -> None:
    assert merge(state, **{name: None}) is None
    assert (values(state), state.refused) == (KNOWN, ())


IMPOSSIBLE = [("price", "0"), ("price", "NaN"), ("change_24h", "-100.01"), ("volume_24h", "-0.01")]
"""Some of them; what is credible is tested with `credible`."""


@pytest.mark.parametrize(("name", "value"), IMPOSSIBLE)
def test_an_impossible_value_never_replaces_a_known_one(state: PriceState, name: str, value: str) -> None:
    assert merge(state, **{name: value}) is None
    assert (values(state), state.refused) == (KNOWN, (name,))


@pytest.mark.parametrize(("name", "value"), IMPOSSIBLE)
def test_an_impossible_value_is_no_first_value_either(name: str, value: str) -> None:
    state = new()
    assert merge(state, **{name: value}) is None
    assert values(state) == (None, None, None)
    assert merged(state, price="1").kind is PriceKind.SNAPSHOT


def test_one_bad_field_takes_no_good_one_down(state: PriceState) -> None:
    result = merged(state, price="151", change_24h="-250", volume_24h="NaN")
    assert (values(result), result.changed) == (("151", "3.2", "1000000"), ("price",))
    assert state.refused == ("change_24h", "volume_24h")


def test_the_same_value_again_confirms_and_changes_nothing(state: PriceState) -> None:
    result = merged(state, price="150.50")
    assert (result.changed, result.kind) == ((), PriceKind.DELTA)


def test_a_complete_stream_message_is_a_snapshot_but_keeps_what_it_leaves_out(state: PriceState) -> None:
    result = merged(state, price="151", complete=True)
    assert (result.kind, values(result)) == (PriceKind.SNAPSHOT, ("151", "3.2", "1000000"))


def test_an_answer_over_http_is_no_snapshot_once_the_token_is_known(state: PriceState) -> None:
    assert merged(state, source=Source.POLL, complete=True, price="151").kind is PriceKind.DELTA


def test_an_answer_older_than_the_stream_overwrites_nothing(state: PriceState) -> None:
    merge(state, price="152", now=20.0)
    result = merged(state, source=Source.POLL, price="151", now=21.0, as_of=19.0)
    assert (result.price, result.changed) == (Decimal(152), ())


def test_an_answer_asked_for_after_the_streams_last_word_is_newer(state: PriceState) -> None:
    merge(state, price="152", now=20.0)
    result = merged(state, source=Source.POLL, price="151", now=21.0, as_of=20.5)
    assert (result.price, result.changed) == (Decimal(151), ("price",))


def test_of_the_same_moment_the_streams_word_counts(state: PriceState) -> None:
    merge(state, price="152", now=20.0)
    assert merged(state, source=Source.POLL, price="151", now=21.0, as_of=20.0).price == Decimal(152)


def test_age_is_kept_for_each_field(state: PriceState) -> None:
    merge(state, price="152", now=20.0)
    result = merged(state, source=Source.POLL, price="151", change_24h="9", now=21.0, as_of=19.0)
    assert (values(result), result.changed) == (("152", "9", "1000000"), ("change_24h",))


def test_an_impossible_stream_value_does_not_make_an_answer_look_old(state: PriceState) -> None:
    merge(state, price="-1", now=20.0)
    assert merged(state, source=Source.POLL, price="151", now=21.0, as_of=19.0).price == Decimal(151)


def test_two_answers_count_in_the_order_they_come(state: PriceState) -> None:
    merge(state, source=Source.POLL, price="151", now=21.0, as_of=20.0)
    assert merged(state, source=Source.POLL, price="152", now=22.0, as_of=19.0).price == Decimal(152)


def test_after_a_restart_the_next_word_is_a_snapshot_with_all_that_is_known(state: PriceState) -> None:
    state.restart()
    result = merged(state, source=Source.POLL, price="151")
    assert (result.kind, values(result)) == (PriceKind.SNAPSHOT, ("151", "3.2", "1000000"))
    assert merged(state, price="152").kind is PriceKind.DELTA


def test_a_restart_waits_for_something_believable(state: PriceState) -> None:
    state.restart()
    assert merge(state, price="NaN") is None
    assert merged(state, price="151").kind is PriceKind.SNAPSHOT


@quick
@given(
    st.lists(
        st.tuples(st.sampled_from(PRICE_FIELDS), st.one_of(st.none(), st.decimals()), st.booleans()),
        max_size=20,
    )
)
def test_known_values_are_always_credible_and_never_lost(
    steps: list[tuple[str, Decimal | None, bool]],
) -> None:
    state = new()
    known: dict[str, Decimal] = {}
    for moment, (name, value, streamed) in enumerate(steps):
        source = Source.STREAM if streamed else Source.POLL
        at = float(moment)
        state.merge(report_of({name: value}), source, now=at, as_of=at, ts=at)
        if value is not None and credible(name, value):
            known[name] = value
        assert [getattr(state.known, field) for field in PRICE_FIELDS] == [
            known.get(field) for field in PRICE_FIELDS
        ]


figures = st.sampled_from([None, Decimal(1), Decimal("1.0"), Decimal(2), Decimal(3)])
reports = st.builds(
    PriceReport,
    st.just("SOL/USD"),
    complete=st.booleans(),
    trades_24h=st.sampled_from([None, 1, 2]),
    **dict.fromkeys((*PRICE_FIELDS, "high_24h", "low_24h", "bid", "ask", "vwap_24h"), figures),
)


@quick
@given(st.lists(st.one_of(reports, st.just("restart"), st.just("poll")), max_size=12))
def test_the_short_way_for_what_a_stream_says_comes_to_the_same_as_the_long_one(steps: list[Any]) -> None:
    short, long = new(), new()
    for moment, step in enumerate(steps):
        at = float(moment)
        if step == "restart":
            short.restart()
            long.restart()
        elif step == "poll":  # what the stream has told since is newer
            old = report_of({"price": Decimal(9), "volume_24h": Decimal(9), "bid": Decimal(9)})
            first, second = (
                one.merge(old, Source.POLL, now=at, as_of=at - 1, ts=at) for one in (short, long)
            )
            assert first == second
        else:
            event = short.stream(step, at, at)
            assert event == long.merge(step, Source.STREAM, now=at, as_of=at, ts=at)
            assert short.latest == long.latest
    assert values(short) == values(long)


def test_what_comes_before_the_price_is_told_with_it() -> None:
    state = new()
    assert merge(state, volume_24h="1000", now=1.0) is None
    first = merged(state, price="150", now=2.0)
    assert first.kind is PriceKind.SNAPSHOT
    assert (first.price, first.volume_24h) == (Decimal(150), Decimal(1000))
    assert first.changed == ("price", "volume_24h")
    assert merged(state, change_24h="1", now=3.0).changed == ("change_24h",)


def test_what_the_market_tells_besides_is_kept_and_is_never_a_change() -> None:
    state = new()
    merge(state, price="150", bid="149", ask="151", vwap_24h="148")
    result = merged(state, price="152", bid="151.5")
    assert (result.bid, result.ask, result.vwap_24h) == (Decimal("151.5"), Decimal(151), Decimal(148))
    assert result.changed == ("price",)


def test_bid_and_ask_are_not_kept_beyond_their_stream(state: PriceState) -> None:
    merge(state, bid="150", ask="151", vwap_24h="148")
    state.restart()
    result = merged(state, source=Source.POLL, price="151")
    assert (result.bid, result.ask, result.vwap_24h) == (None, None, Decimal(148))


@pytest.mark.parametrize("count", [-1, 10**300])
def test_an_impossible_count_of_trades_is_refused(state: PriceState, count: int) -> None:
    def told(trades: int) -> PriceUpdate | None:
        report = report_of({"trades_24h": trades})
        return state.merge(report, Source.STREAM, now=2.0, as_of=2.0, ts=2.0)

    assert told(64639) is not None
    assert told(count) is None
    assert (state.known.trades_24h, state.refused) == (64639, ("trades_24h",))


def test_an_event_has_each_figure_in_its_own_field() -> None:
    fields = {
        "price": Decimal(1), "change_24h": Decimal(2), "volume_24h": Decimal(3), "high_24h": Decimal(4),
        "low_24h": Decimal(5), "bid": Decimal(6), "ask": Decimal(7), "vwap_24h": Decimal(8), "trades_24h": 9,
    }  # fmt: skip
    state = PriceState("kraken", "SOL", "mint", demo=True)
    event = state.stream(report_of(fields, complete=True), 5.0, 1000.5)
    assert event == PriceUpdate(
        provider="kraken", ts=1000.5, demo=True, symbol="SOL", address="mint", kind=PriceKind.SNAPSHOT,
        source=Source.STREAM, changed=PRICE_FIELDS, **fields,
    )  # fmt: skip
