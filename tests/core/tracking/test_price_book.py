from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import quick

from streamcore.events import PRICE_FIELDS, PriceKind, Source
from streamcore.tracking.price_book import Merge, PriceBook, credible


def merge(
    book: PriceBook,
    *,
    key: str = "SOL",
    source: Source = Source.STREAM,
    complete: bool = False,
    now: float = 10.0,
    as_of: float | None = None,
    **fields: str | None,
) -> Merge:
    return book.merge(
        key,
        {name: None if value is None else Decimal(value) for name, value in fields.items()},
        source=source,
        complete=complete,
        now=now,
        as_of=now if as_of is None else as_of,
    )


@pytest.fixture
def book() -> PriceBook:
    book = PriceBook()
    merge(book, price="150.5", change_24h="3.2", volume_24h="1000000", now=1.0)
    return book


def values(result: Merge) -> tuple[str | None, ...]:
    return tuple(
        None if value is None else str(value)
        for value in (result.price, result.change_24h, result.volume_24h)
    )


KNOWN = ("150.5", "3.2", "1000000")


def test_the_first_word_about_a_token_is_a_snapshot_even_of_one_field() -> None:
    result = merge(PriceBook(), price="150.5")
    assert (result.kind, values(result), result.changed) == (
        PriceKind.SNAPSHOT,
        ("150.5", None, None),
        ("price",),
    )


def test_a_delta_changes_what_it_names_and_carries_the_rest(book: PriceBook) -> None:
    result = merge(book, price="151")
    assert (result.kind, values(result), result.changed) == (
        PriceKind.DELTA,
        ("151", "3.2", "1000000"),
        ("price",),
    )


def test_row_k_a_confirmation_over_http_does_not_change_how_the_price_came(book: PriceBook) -> None:
    kept = merge(book, price="150.4", source=Source.POLL, as_of=0.5)
    same = merge(book, price="150.50", volume_24h="2", source=Source.POLL)
    assert (kept.source, same.source) == (Source.STREAM, Source.STREAM)
    assert merge(book, price="150.6", source=Source.POLL).source is Source.POLL
    assert merge(book, price="150.6", source=Source.STREAM).source is Source.STREAM


def test_row_k_what_is_polled_after_its_stream_was_lost_came_by_polling(book: PriceBook) -> None:
    book.restart("SOL")
    assert merge(book, price="150.5", source=Source.POLL).source is Source.POLL
    assert merge(book, change_24h="1", source=Source.POLL).source is Source.POLL


def test_the_changed_fields_come_in_the_order_of_the_event(book: PriceBook) -> None:
    assert merge(book, volume_24h="2", price="3", change_24h="4").changed == PRICE_FIELDS


@pytest.mark.parametrize("name", PRICE_FIELDS)
def test_a_field_that_is_null_keeps_its_value(book: PriceBook, name: str) -> None:
    result = merge(book, **{name: None})
    assert (values(result), result.changed, result.refused, result.confirmed) == (KNOWN, (), (), False)


IMPOSSIBLE = [
    ("price", "0"),
    ("price", "-0.0"),
    ("price", "-1"),
    ("price", "NaN"),
    ("price", "sNaN"),
    ("price", "Infinity"),
    ("price", "-Infinity"),
    ("price", "1E+31"),
    ("price", "1E-31"),
    ("price", "1E+999999"),
    ("price", "1E-999999"),
    ("price", "1." + "1" * 60),
    ("price", "0E+999999"),
    ("change_24h", "-100.0001"),
    ("change_24h", "NaN"),
    ("change_24h", "1E+31"),
    ("change_24h", "0E-999999"),
    ("volume_24h", "-0.01"),
    ("volume_24h", "NaN"),
    ("volume_24h", "1E+999999999"),
    ("volume_24h", "0E+61"),
]


@pytest.mark.parametrize(("name", "value"), IMPOSSIBLE)
def test_an_impossible_value_never_replaces_a_known_one(book: PriceBook, name: str, value: str) -> None:
    result = merge(book, **{name: value})
    assert (values(result), result.changed, result.refused) == (KNOWN, (), (name,))
    assert not result.confirmed


@pytest.mark.parametrize(("name", "value"), IMPOSSIBLE)
def test_an_impossible_value_is_no_first_value_either(name: str, value: str) -> None:
    book = PriceBook()
    result = merge(book, **{name: value})
    assert (values(result), result.confirmed) == ((None, None, None), False)
    assert merge(book, price="1").kind is PriceKind.SNAPSHOT


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("price", "1E-30"),
        ("price", "9.99E+30"),
        ("price", "0.00001598090539282"),
        ("change_24h", "-100"),
        ("change_24h", "0"),
        ("change_24h", "123456.7"),
        ("volume_24h", "0"),
        ("volume_24h", "0.00"),
        ("volume_24h", "98765432109876.54"),
    ],
)
def test_odd_but_possible_values_are_taken(book: PriceBook, name: str, value: str) -> None:
    result = merge(book, **{name: value})
    assert str(getattr(result, name)) == value
    assert result.refused == ()


def test_one_bad_field_takes_no_good_one_down(book: PriceBook) -> None:
    result = merge(book, price="151", change_24h="-250", volume_24h="NaN")
    assert (values(result), result.changed, result.refused, result.confirmed) == (
        ("151", "3.2", "1000000"),
        ("price",),
        ("change_24h", "volume_24h"),
        True,
    )


def test_the_same_value_again_confirms_and_changes_nothing(book: PriceBook) -> None:
    result = merge(book, price="150.50")
    assert (result.changed, result.confirmed, result.kind) == ((), True, PriceKind.DELTA)


def test_a_complete_stream_message_is_a_snapshot_but_keeps_what_it_leaves_out(book: PriceBook) -> None:
    result = merge(book, price="151", complete=True)
    assert (result.kind, values(result)) == (PriceKind.SNAPSHOT, ("151", "3.2", "1000000"))


def test_an_answer_over_http_is_no_snapshot_once_the_token_is_known(book: PriceBook) -> None:
    assert merge(book, source=Source.POLL, complete=True, price="151").kind is PriceKind.DELTA


def test_an_answer_older_than_the_stream_overwrites_nothing(book: PriceBook) -> None:
    merge(book, price="152", now=20.0)
    result = merge(book, source=Source.POLL, price="151", now=21.0, as_of=19.0)
    assert (result.price, result.changed, result.confirmed) == (Decimal(152), (), True)


def test_an_answer_asked_for_after_the_streams_last_word_is_newer(book: PriceBook) -> None:
    merge(book, price="152", now=20.0)
    result = merge(book, source=Source.POLL, price="151", now=21.0, as_of=20.5)
    assert (result.price, result.changed) == (Decimal(151), ("price",))


def test_of_the_same_moment_the_streams_word_counts(book: PriceBook) -> None:
    merge(book, price="152", now=20.0)
    assert merge(book, source=Source.POLL, price="151", now=21.0, as_of=20.0).price == Decimal(152)


def test_age_is_kept_for_each_field(book: PriceBook) -> None:
    merge(book, price="152", now=20.0)
    result = merge(book, source=Source.POLL, price="151", change_24h="9", now=21.0, as_of=19.0)
    assert (values(result), result.changed) == (("152", "9", "1000000"), ("change_24h",))


def test_an_impossible_stream_value_does_not_make_an_answer_look_old(book: PriceBook) -> None:
    merge(book, price="-1", now=20.0)
    assert merge(book, source=Source.POLL, price="151", now=21.0, as_of=19.0).price == Decimal(151)


def test_two_answers_count_in_the_order_they_come(book: PriceBook) -> None:
    merge(book, source=Source.POLL, price="151", now=21.0, as_of=20.0)
    assert merge(book, source=Source.POLL, price="152", now=22.0, as_of=19.0).price == Decimal(152)


def test_after_a_restart_the_next_word_is_a_snapshot_with_all_that_is_known(book: PriceBook) -> None:
    book.restart("SOL")
    result = merge(book, source=Source.POLL, price="151")
    assert (result.kind, values(result)) == (PriceKind.SNAPSHOT, ("151", "3.2", "1000000"))
    assert merge(book, price="152").kind is PriceKind.DELTA


def test_a_restart_waits_for_something_believable(book: PriceBook) -> None:
    book.restart("SOL")
    assert not merge(book, price="NaN").confirmed
    assert merge(book, price="151").kind is PriceKind.SNAPSHOT


def test_a_forgotten_token_starts_from_nothing(book: PriceBook) -> None:
    book.forget("SOL")
    assert values(merge(book, price="1")) == ("1", None, None)


def test_restarting_and_forgetting_a_stranger_is_no_error(book: PriceBook) -> None:
    book.restart("DOGE")
    book.forget("DOGE")
    assert merge(book, key="DOGE", price="1").kind is PriceKind.SNAPSHOT


def test_tokens_do_not_mix(book: PriceBook) -> None:
    assert values(merge(book, key="BTC", price="1")) == ("1", None, None)
    assert values(merge(book, price=None)) == KNOWN


@quick
@given(st.sampled_from(PRICE_FIELDS), st.decimals())
def test_what_is_credible_can_be_written_out_in_a_short_line(name: str, value: Decimal) -> None:
    if credible(name, value):
        assert len(format(value, "f")) < 130


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
    book = PriceBook()
    known: dict[str, Decimal] = {}
    for moment, (name, value, streamed) in enumerate(steps):
        source = Source.STREAM if streamed else Source.POLL
        result = book.merge(
            "SOL", {name: value}, source=source, complete=False, now=float(moment), as_of=float(moment)
        )
        if value is not None and credible(name, value):
            known[name] = value
        assert [getattr(result, field) for field in PRICE_FIELDS] == [
            known.get(field) for field in PRICE_FIELDS
        ]


def test_what_comes_before_the_price_is_told_with_it() -> None:
    book = PriceBook()
    early = merge(book, volume_24h="1000", now=1.0)
    assert not early.confirmed
    first = merge(book, price="150", now=2.0)
    assert first.confirmed
    assert first.kind is PriceKind.SNAPSHOT
    assert (first.price, first.volume_24h) == (Decimal(150), Decimal(1000))
    assert first.changed == ("price", "volume_24h")
    assert merge(book, change_24h="1", now=3.0).changed == ("change_24h",)


def test_what_the_market_tells_besides_is_kept_and_is_never_a_change() -> None:
    book = PriceBook()
    merge(book, price="150", bid="149", ask="151", vwap_24h="148")
    result = merge(book, price="152", bid="151.5")
    assert (result.bid, result.ask, result.vwap_24h) == (Decimal("151.5"), Decimal(151), Decimal(148))
    assert result.changed == ("price",)


def test_bid_and_ask_are_not_kept_beyond_their_stream(book: PriceBook) -> None:
    merge(book, bid="150", ask="151", vwap_24h="148")
    book.restart("SOL")
    result = merge(book, source=Source.POLL, price="151")
    assert (result.bid, result.ask, result.vwap_24h) == (None, None, Decimal(148))


@pytest.mark.parametrize("count", [-1, 10**300])
def test_an_impossible_count_of_trades_is_refused(book: PriceBook, count: int) -> None:
    def told(trades: int) -> Merge:
        fields = {"trades_24h": trades}
        return book.merge("SOL", fields, source=Source.STREAM, complete=False, now=2.0, as_of=2.0)

    assert told(64639).trades_24h == 64639
    result = told(count)
    assert (result.trades_24h, result.refused) == (64639, ("trades_24h",))
