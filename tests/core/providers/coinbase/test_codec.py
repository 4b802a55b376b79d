from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import quick
from wire_fixtures import names, public

from streamcore.events import ErrorKind
from streamcore.providers.coinbase.codec import RESTARTED_BY, CoinbaseCodec
from streamcore.providers.reports import (
    Alive,
    Malformed,
    Notice,
    PriceReport,
    PriceRequest,
    Refusal,
    Throttled,
)

ALL = ("SOL-USD", "BTC-USD", "ETH-USD", "BONK-USD")
REPORTS = Alive | PriceReport | PriceRequest | Refusal | Notice | Malformed | Throttled


def coinbase(name: str) -> str:
    return public("coinbase_exchange", name)


def sent(codec: CoinbaseCodec) -> list[dict[str, Any]]:
    return [json.loads(frame) for frame in codec.frames_to_send()]


def greeted(*products: str) -> CoinbaseCodec:
    """Return a codec whose subscriptions have been granted."""
    codec = CoinbaseCodec()
    codec.opened()
    codec.set_topics(products or ALL)
    codec.received(coinbase("s2c_subscriptions_two_channels"))
    codec.frames_to_send()
    return codec


def ticker(**fields: Any) -> str:
    return json.dumps({"type": "ticker", "product_id": "SOL-USD", **fields})


def beat(trade: Any, product: str = "SOL-USD") -> str:
    frame = {"type": "heartbeat", "product_id": product, "sequence": 9, "last_trade_id": trade}
    return json.dumps(frame)


def failed(reason: str) -> str:
    return json.dumps({"type": "error", "message": "Failed to subscribe", "reason": reason})


# What is sent


def test_all_products_are_subscribed_in_one_documented_frame() -> None:
    codec = CoinbaseCodec()
    codec.set_topics(ALL)
    assert codec.frames_to_send() == []
    codec.opened()
    assert sent(codec) == [json.loads(coinbase("c2s_subscribe_ticker_heartbeat"))]
    assert codec.frames_to_send() == []


def test_a_product_that_goes_is_unsubscribed_alone_from_both_channels() -> None:
    codec = greeted()
    codec.set_topics(ALL[:3])
    documented = json.loads(coinbase("c2s_unsubscribe_ticker"))
    assert sent(codec) == [documented | {"channels": ["ticker", "heartbeat"]}]


def test_many_products_go_out_in_batches_each_after_the_answer_to_the_one_before() -> None:
    codec = CoinbaseCodec(100)
    codec.opened()
    codec.set_topics([f"T{number}-USD" for number in range(250)])
    sizes = []
    granted: list[str] = []
    while frames := sent(codec):
        (frame,) = frames
        sizes.append(len(frame["product_ids"]))
        granted += frame["product_ids"]
        channels = [{"name": name, "product_ids": granted} for name in ("ticker", "heartbeat")]
        codec.received(json.dumps({"type": "subscriptions", "channels": channels}))
    assert sizes == [100, 100, 50]


# What arrives


@pytest.mark.parametrize("name", ["s2c_subscriptions_ack", "s2c_heartbeat"])
def test_an_acknowledgement_or_a_heartbeat_proves_that_it_lives_and_says_nothing_more(name: str) -> None:
    codec = CoinbaseCodec()
    codec.opened()
    codec.set_topics(ALL)
    assert codec.received(coinbase(name)) == [Alive()]
    assert codec.received(coinbase(name)) == []


def test_the_change_and_the_volume_in_dollars_are_computed_from_what_is_sent() -> None:
    price = Decimal("40813.37")
    (report,) = greeted().received(coinbase("s2c_ticker_full_2024"))
    assert report == PriceReport(
        "BTC-USD",
        price=price,
        change_24h=Decimal("-4.27791495533"),
        volume_24h=Decimal("999879191.03"),
        high_24h=Decimal("42877.22"),
        low_24h=Decimal("40600.05"),
        complete=True,
        bid=Decimal("40809.65"),
        ask=Decimal("40818.25"),
    )


@pytest.mark.parametrize(
    ("price", "bid", "ask"),
    [("101", "101", "102"), ("102", "101", "102"), ("101.5", "101", "102"), ("99", "101", "102")],
    ids=["at the bid", "at the ask", "between them", "beside them"],
)
def test_price_bid_and_ask_are_told_wherever_the_trade_was_made(price: str, bid: str, ask: str) -> None:
    figures = {"open_24h": "100", "volume_24h": "2.5", "low_24h": "90", "high_24h": "110"}
    codec = greeted()
    codec.received(ticker(sequence=1, trade_id=1, price="100", best_bid="99", best_ask="100", **figures))
    (report,) = codec.received(
        ticker(sequence=2, trade_id=2, price=price, best_bid=bid, best_ask=ask, **figures)
    )
    assert isinstance(report, PriceReport)
    assert (report.price, report.bid, report.ask) == (Decimal(price), Decimal(bid), Decimal(ask))
    assert (report.change_24h, report.volume_24h) == (Decimal(price) - 100, Decimal(price) * Decimal("2.5"))


def test_the_first_ticker_of_each_product_is_the_whole_state_and_the_next_ones_are_changes() -> None:
    codec = greeted()
    frames = ["s2c_ticker_batch_item", "s2c_ticker_full_2024", "s2c_ticker_batch_item"]
    reports = [codec.received(coinbase(name))[0] for name in frames]
    assert [report.complete for report in reports if isinstance(report, PriceReport)] == [True, True, False]


def test_after_a_product_was_given_back_its_next_ticker_is_a_first_one() -> None:
    codec = greeted()
    codec.received(coinbase("s2c_ticker_batch_item"))
    codec.set_topics(ALL[1:])
    codec.received(coinbase("s2c_subscriptions_ack"))
    codec.set_topics(ALL)
    (report,) = codec.received(ticker(price="1", sequence=5))
    assert report == PriceReport("SOL-USD", Decimal(1), complete=True)


def test_a_first_ticker_may_lack_trade_and_time() -> None:
    (report,) = greeted().received(coinbase("s2c_ticker_first_minimal"))
    assert isinstance(report, PriceReport)
    assert (report.topic, report.price, report.complete) == ("BONK-USD", Decimal("0.00000336"), True)
    assert report.change_24h == Decimal("-1.17647058824")


def test_a_trimmed_ticker_is_read_as_far_as_it_goes() -> None:
    (report,) = greeted().received(coinbase("s2c_ticker_trimmed_2026"))
    assert isinstance(report, PriceReport)
    assert report.price == Decimal("80228.06")


@pytest.mark.parametrize("opened", [None, "0", "-1"])
def test_without_a_price_of_a_day_ago_there_is_no_change(opened: str | None) -> None:
    report, *bad = greeted().received(ticker(price="5", open_24h=opened))
    assert len(bad) == (opened == "-1")
    assert report == PriceReport("SOL-USD", Decimal(5), complete=True)


def test_numbers_may_be_numbers_too() -> None:
    (report,) = greeted().received(ticker(price=5.50, open_24h=5, volume_24h=2))
    assert report == PriceReport("SOL-USD", Decimal("5.5"), Decimal(10), Decimal(11), complete=True)


def test_one_bad_field_takes_no_good_one_down() -> None:
    report, bad = greeted().received(ticker(price="5", open_24h="yesterday"))
    assert report == PriceReport("SOL-USD", Decimal(5), complete=True)
    assert isinstance(bad, Malformed)


# Order and gaps


def test_a_ticker_that_comes_out_of_order_is_left_out() -> None:
    codec = greeted()
    codec.received(ticker(price="2", sequence=20))
    (report,) = codec.received(ticker(price="1", sequence=19))
    assert isinstance(report, Malformed)
    (report,) = codec.received(ticker(price="3", sequence=20))
    assert isinstance(report, PriceReport)


def test_gaps_in_the_sequence_of_tickers_are_normal() -> None:
    codec = greeted()
    codec.received(ticker(price="2", sequence=20))
    (report,) = codec.received(ticker(price="3", sequence=900_000))
    assert isinstance(report, PriceReport)


def test_a_sequence_that_begins_anew_silences_nothing() -> None:
    codec = greeted()
    codec.received(ticker(price="2", sequence=RESTARTED_BY + 2))
    (report,) = codec.received(ticker(price="3", sequence=1))
    assert isinstance(report, PriceReport)


def test_the_sequences_of_two_products_have_nothing_to_do_with_each_other() -> None:
    codec = greeted()
    codec.received(ticker(price="2", sequence=20))
    (report,) = codec.received(ticker(product_id="BTC-USD", price="3", sequence=19))
    assert isinstance(report, PriceReport)


@pytest.mark.parametrize("left_out", [1, 10, 11, 5000])
def test_row_i_trades_that_a_heartbeat_knows_and_no_ticker_told_are_a_gap_however_few(left_out: int) -> None:
    codec = greeted()
    codec.received(ticker(price="2", sequence=20, trade_id=100))
    ahead = 100 + left_out
    assert codec.received(beat(ahead)) == []
    notice, request = codec.received(beat(ahead))
    assert isinstance(notice, Notice)
    assert notice.error.kind is ErrorKind.GAP
    assert "SOL-USD" in notice.error.message
    assert isinstance(request, PriceRequest)
    assert (request.topic, request.trade) == ("SOL-USD", ahead)


def test_a_product_that_only_beats_is_asked_for_over_http() -> None:
    codec = CoinbaseCodec()
    codec.opened()
    codec.set_topics(("SOL-USD",))
    assert [codec.received(beat(7)) for _ in range(3)] == [[Alive()], [], []]
    gap, request = codec.received(beat(7))
    assert isinstance(gap, Notice)
    assert (gap.error.kind, request) == (ErrorKind.GAP, PriceRequest("SOL-USD", 7))
    assert codec.received(beat(7)) == []
    assert codec.received(beat(8)) == []
    assert codec.received(beat(9)) == [PriceRequest("SOL-USD", 8)]


def test_a_product_that_is_asked_for_again_because_of_another_need_not_tell_its_price_again() -> None:
    codec = CoinbaseCodec()
    codec.opened()
    codec.set_topics(("SOL-USD", "NOPE-USD"))
    codec.received(ticker(trade_id=7))
    codec.received(failed("NOPE-USD is not a valid product"))
    for _ in range(10):
        assert codec.received(beat(7)) == []


def test_row_i_a_gap_is_told_once_and_the_price_asked_for_each_time_it_grows() -> None:
    codec = greeted()
    codec.received(ticker(price="2", sequence=20, trade_id=100))
    codec.received(beat(105))
    codec.received(beat(105))
    assert [codec.received(beat(trade)) for trade in (105, 108)] == [[], []]
    (request,) = codec.received(beat(108))
    assert isinstance(request, PriceRequest)
    assert request.trade == 108


def test_row_m_a_sequence_far_ahead_costs_one_ticker_at_most() -> None:
    codec = greeted()
    codec.received(ticker(price="2", sequence=20))
    codec.received(ticker(price="3", sequence=90_020))
    codec.received(ticker(price="4", sequence=30))
    (report,) = codec.received(ticker(price="5", sequence=40))
    assert isinstance(report, PriceReport)
    (late,) = codec.received(ticker(price="4", sequence=35))
    assert isinstance(late, Malformed)


def test_a_ticker_that_is_only_late_is_no_gap() -> None:
    codec = greeted()
    codec.received(ticker(price="2", sequence=20, trade_id=100))
    assert codec.received(beat(200)) == []
    codec.received(ticker(price="3", sequence=30, trade_id=200))
    assert codec.received(beat(200)) == []


def test_after_a_gap_was_made_up_for_the_next_one_is_told_again() -> None:
    codec = greeted()
    codec.received(ticker(price="2", sequence=20, trade_id=100))
    codec.received(beat(200))
    assert len(codec.received(beat(200))) == 2
    codec.received(ticker(price="3", sequence=30, trade_id=200))
    assert codec.received(beat(300)) == []
    assert len(codec.received(beat(300))) == 2


@pytest.mark.parametrize("trade", [None, "20", 2.5, True])
def test_a_heartbeat_without_a_usable_trade_only_says_that_the_feed_lives(trade: Any) -> None:
    codec = greeted()
    codec.received(ticker(price="2", sequence=20, trade_id=100))
    assert [codec.received(beat(trade)) for _ in range(3)] == [[], [], []]


def test_what_was_on_its_way_when_its_product_was_given_back_is_not_news() -> None:
    codec = greeted()
    codec.set_topics(ALL[1:])
    assert codec.received(coinbase("s2c_ticker_batch_item")) == []
    assert codec.received(beat(5)) == []


# Refusals


def test_an_unknown_product_is_refused_alone_and_the_rest_is_asked_for_again_at_once() -> None:
    codec = CoinbaseCodec()
    codec.opened()
    codec.set_topics(ALL)
    codec.frames_to_send()
    alive, refusal = codec.received(coinbase("s2c_error_invalid_product"))
    assert alive == Alive()
    assert isinstance(refusal, Refusal)
    assert refusal.topics == ("ETH-USD",)
    assert refusal.error.kind is ErrorKind.SUBSCRIPTION
    assert [frame["product_ids"] for frame in sent(codec)] == [["SOL-USD", "BTC-USD", "BONK-USD"]]
    assert codec.received(coinbase("s2c_error_invalid_product")) == []
    codec.set_topics(ALL)
    codec.received(coinbase("s2c_subscriptions_ack"))
    assert sent(codec) == []


def test_several_unknown_products_cost_one_request_each() -> None:
    codec = CoinbaseCodec()
    codec.opened()
    codec.set_topics(("A-USD", "X-USD", "Y-USD"))
    codec.frames_to_send()
    for product in ("X-USD", "Y-USD", "Y-USD"):
        codec.received(failed(f"{product} is not a valid product"))
    assert [frame["product_ids"] for frame in sent(codec)] == [["A-USD", "Y-USD"], ["A-USD"]]


def test_a_refused_product_that_is_wanted_anew_is_asked_for_again() -> None:
    codec = greeted("SOL-USD", "X-USD")
    codec.received(failed("X-USD is not a valid product"))
    assert sent(codec) == []
    codec.set_topics(("SOL-USD",))
    codec.set_topics(("SOL-USD", "X-USD"))
    assert [frame["product_ids"] for frame in sent(codec)] == [["X-USD"]]


def test_what_the_whole_set_lacks_of_a_request_is_unanswered() -> None:
    codec = greeted("SOL-USD")
    codec.set_topics(("SOL-USD", "BTC-USD"))
    assert codec.unanswered == ("BTC-USD",)
    old = {"type": "subscriptions", "channels": [{"name": "ticker", "product_ids": ["SOL-USD"]}]}
    codec.received(json.dumps(old))
    assert codec.unanswered == ("BTC-USD",)
    old["channels"][0]["product_ids"].append("BTC-USD")  # type: ignore[index]
    codec.received(json.dumps(old))
    assert codec.unanswered is None


@pytest.mark.parametrize(
    ("frame", "kind", "retryable"),
    [
        (coinbase("s2c_error_auth_channel"), ErrorKind.AUTH, False),
        (public("coinbase_advanced", "s2c_error"), ErrorKind.AUTH, False),
        (failed("ticker is not a valid channel"), ErrorKind.SUBSCRIPTION, True),
    ],
)
def test_an_error_about_the_whole_subscription_ends_the_connection(
    frame: str, kind: ErrorKind, retryable: bool
) -> None:
    (refusal,) = greeted().received(frame)
    assert isinstance(refusal, Refusal)
    assert refusal.topics == ()
    assert (refusal.error.kind, refusal.error.retryable) == (kind, retryable)


@pytest.mark.parametrize("text", ["Rate limit exceeded", "Too many messages"])
def test_row_p_too_many_messages_keep_the_connection_and_the_request_is_repeated(text: str) -> None:
    codec = CoinbaseCodec()
    codec.opened()
    codec.set_topics(ALL)
    request = sent(codec)
    (slow,) = codec.received(json.dumps({"type": "error", "message": text}))
    assert isinstance(slow, Throttled)
    assert (slow.error.kind, codec.unanswered, sent(codec)) == (ErrorKind.RATE_LIMIT, None, [])
    codec.rested()
    assert sent(codec) == request


def test_an_error_of_no_known_meaning_is_told() -> None:
    (notice,) = greeted().received(coinbase("s2c_error_generic"))
    assert isinstance(notice, Notice)
    assert "error message" in notice.error.message


def test_an_errors_text_cannot_act_on_a_terminal() -> None:
    (notice,) = greeted().received('{"type":"error","message":"\\u001b[2Jgone"}')
    assert isinstance(notice, Notice)
    assert "\x1b" not in notice.error.message


@pytest.mark.parametrize(
    "frame",
    [
        coinbase("s2c_last_match"),
        '{"type":"status","products":[]}',
        '{"type":"ticker"}',
        '{"type":"ticker","product_id":"XRP-USD","price":"1"}',
        '{"type":"heartbeat","product_id":"XRP-USD"}',
        '{"type":5}',
        "{}",
        "[]",
        "",
        "\ud800",
        b"\x00\xff\xfe\xc1garbage\x93",
    ],
)
def test_what_makes_no_sense_is_counted_and_nothing_else(frame: str | bytes) -> None:
    (report,) = greeted().received(frame)
    assert isinstance(report, Malformed)


def test_a_first_frame_that_makes_no_sense_does_not_use_up_the_proof_of_life() -> None:
    codec = CoinbaseCodec()
    codec.opened()
    codec.set_topics(ALL)
    codec.received('{"type":"ticker","product_id":"XRP-USD"}')
    assert codec.received(coinbase("s2c_heartbeat")) == [Alive()]


@pytest.mark.parametrize(
    "name", [name for name in names("public/coinbase_exchange") if name.startswith("s2c_")]
)
def test_every_example_of_the_protocol_is_understood(name: str) -> None:
    reports = greeted().received(coinbase(name))
    known = name != "s2c_last_match"  # of a channel that is not subscribed
    assert not known or not any(isinstance(report, Malformed) for report in reports)


@pytest.mark.parametrize("name", names("public/coinbase_advanced"))
def test_frames_of_the_newer_feed_are_not_taken_for_this_one(name: str) -> None:
    reports = greeted().received(public("coinbase_advanced", name))
    assert not any(isinstance(report, PriceReport) for report in reports)


@pytest.mark.parametrize("name", names("public/coinbase_exchange"))
def test_any_beginning_of_any_example_is_only_unusable(name: str) -> None:
    frame = coinbase(name).strip()
    for end in range(0, len(frame), 7):
        assert all(isinstance(report, Malformed) for report in greeted().received(frame[:end]))


fields = ["product_id", "sequence", "price", "open_24h", "volume_24h", "trade_id", "last_trade_id", "reason"]
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(ALL),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@quick
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["ticker", "heartbeat", "subscriptions", "error"]),
            st.dictionaries(st.sampled_from([*fields, "message"]), values),
        ),
        max_size=4,
    )
)
def test_whatever_the_fields_hold_it_is_reported_never_raised(
    frames: list[tuple[str, dict[str, Any]]],
) -> None:
    codec = greeted()
    for kind, more in frames:
        reports = codec.received(json.dumps({"type": kind, "product_id": "SOL-USD", **more}))
        assert all(isinstance(report, REPORTS) for report in reports)


@quick
@given(st.binary() | st.text())
def test_any_bytes_are_reported_never_raised(frame: str | bytes) -> None:
    assert all(isinstance(report, REPORTS) for report in greeted().received(frame))
