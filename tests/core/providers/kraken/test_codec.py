from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import quick
from wire_fixtures import names, public

from streamcore.events import ErrorKind
from streamcore.providers.kraken.codec import MAINTENANCE_WAIT, KrakenCodec
from streamcore.providers.reports import Alive, Malformed, Notice, PriceReport, Refusal, Report, Throttled
from streamcore.providers.throttle import FIRST_REST

ALL = ("SOL/USD", "BTC/USD", "ETH/USD", "BONK/USD", "USDT/USD", "NOPE/USD")
REPORTS = Alive | PriceReport | Refusal | Notice | Malformed | Throttled


def kraken(name: str) -> str:
    return public("kraken", name)


def sent(codec: KrakenCodec) -> list[dict[str, Any]]:
    return [json.loads(frame) for frame in codec.frames_to_send()]


def greeted(*pairs: str, batch_size: int = 100) -> KrakenCodec:
    """Return a codec that is past the proof of life, its first request not answered."""
    codec = KrakenCodec(batch_size)
    codec.opened()
    codec.set_topics(pairs or ALL)
    codec.received(kraken("s2c_status_online"))
    codec.frames_to_send()
    return codec


def ack(pair: str, method: str = "subscribe") -> str:
    return json.dumps({"method": method, "success": True, "result": {"channel": "ticker", "symbol": pair}})


def nack(error: str, **more: Any) -> str:
    return json.dumps({"method": "subscribe", "success": False, "error": error, **more})


def ticker(kind: str = "update", **fields: Any) -> str:
    return json.dumps({"channel": "ticker", "type": kind, "data": [{"symbol": "SOL/USD", **fields}]})


def system(state: Any, **more: Any) -> str:
    return json.dumps({"channel": "status", "type": "update", "data": [{"system": state, **more}]})


# What is sent


def test_all_pairs_are_subscribed_in_one_documented_frame() -> None:
    codec = KrakenCodec()
    codec.set_topics(("SOL/USD", "BTC/USD", "ETH/USD", "BONK/USD"))
    assert codec.frames_to_send() == []
    codec.opened()
    assert sent(codec) == [json.loads(kraken("c2s_subscribe_ticker"))]
    assert codec.frames_to_send() == []


def test_a_pair_that_goes_is_unsubscribed_alone() -> None:
    codec = greeted("SOL/USD", "BONK/USD")
    codec.received(ack("SOL/USD"))
    codec.received(ack("BONK/USD"))
    codec.set_topics(("SOL/USD",))
    assert sent(codec) == [json.loads(kraken("c2s_unsubscribe_ticker"))]


def test_a_change_waits_until_the_last_request_is_answered() -> None:
    codec = greeted("SOL/USD", "BONK/USD")
    codec.set_topics(("SOL/USD", "BTC/USD"))
    assert sent(codec) == []
    codec.received(ack("SOL/USD"))
    codec.received(kraken("s2c_ticker_update_bonk"))
    assert [frame["method"] for frame in sent(codec)] == ["unsubscribe"]
    codec.received(kraken("s2c_unsubscribe_ack"))
    assert [frame["params"]["symbol"] for frame in sent(codec)] == [["BTC/USD"]]


def test_an_answer_that_never_comes_is_known_to_be_missing_whatever_else_comes() -> None:
    codec = greeted("SOL/USD")
    codec.received(kraken("s2c_heartbeat"))
    assert codec.unanswered == ("SOL/USD",)
    codec.received(ack("SOL/USD"))
    assert codec.unanswered is None


def test_pairs_without_an_answer_are_refused_where_others_of_their_request_have_one() -> None:
    codec = greeted("SOL/USD", "BTC/USD")
    codec.received(ack("SOL/USD"))
    codec.set_topics(("SOL/USD", "BTC/USD", "BONK/USD"))
    (refusal,) = codec.give_up_unanswered() or []
    assert isinstance(refusal, Refusal)
    assert refusal.topics == ("BTC/USD",)
    assert [frame["params"]["symbol"] for frame in sent(codec)] == [["BONK/USD"]]


def test_where_no_pair_has_an_answer_the_connection_is_of_no_use_the_first_time() -> None:
    passed_over: set[str] = set()
    for answers in (None, 1):
        codec = KrakenCodec(passed_over=passed_over)
        codec.opened()
        codec.set_topics(("SOL/USD",))
        codec.received(ack("SOL/USD"))
        codec.set_topics(("SOL/USD", "BTC/USD"))
        refusals = codec.give_up_unanswered()
        assert (refusals and len(refusals)) == answers
        passed_over.add("BTC/USD")


def test_many_pairs_go_out_in_batches_each_after_the_answers_to_the_one_before() -> None:
    pairs = [f"T{number}/USD" for number in range(250)]
    codec = KrakenCodec(1000)
    codec.opened()
    codec.set_topics(pairs)
    sizes = []
    while frames := sent(codec):
        (frame,) = frames
        sizes.append(len(frame["params"]["symbol"]))
        for pair in frame["params"]["symbol"]:
            codec.received(ack(pair))
    assert sizes == [100, 100, 50]


# What arrives


def test_the_status_on_connect_is_the_proof_of_life_although_its_number_exceeds_64_signed_bits() -> None:
    codec = KrakenCodec()
    codec.opened()
    codec.set_topics(ALL)
    assert codec.received(kraken("s2c_status_online")) == [Alive()]
    assert codec.received(kraken("s2c_status_online")) == []


@pytest.mark.parametrize("name", ["s2c_heartbeat", "s2c_pong", "s2c_subscribe_ack_trades"])
def test_any_word_of_kraken_proves_that_it_lives_and_says_nothing_more(name: str) -> None:
    codec = KrakenCodec()
    codec.opened()
    codec.set_topics(ALL)
    assert codec.received(kraken(name)) == [Alive()]
    assert codec.received(kraken(name)) == []


def test_a_snapshot_is_the_whole_state_with_its_volume_in_dollars() -> None:
    assert greeted().received(kraken("s2c_ticker_snapshot_sol")) == [
        PriceReport(
            "SOL/USD",
            price=Decimal("119.46"),
            change_24h=Decimal("1.45"),
            volume_24h=Decimal("88813953.50"),
            high_24h=Decimal("121.35"),
            low_24h=Decimal("116.80"),
            complete=True,
            bid=Decimal("119.45"),
            ask=Decimal("119.46"),
            vwap_24h=Decimal("119.02"),
            trades_24h=64639,
        )
    ]


def test_an_update_has_the_same_fields_and_is_none() -> None:
    (report,) = greeted().received(kraken("s2c_ticker_update_sol"))
    assert report == PriceReport(
        "SOL/USD",
        Decimal("119.48"),
        Decimal("1.47"),
        Decimal("88814404.58"),
        Decimal("121.35"),
        Decimal("116.80"),
        complete=False,
        bid=Decimal("119.47"),
        ask=Decimal("119.48"),
        vwap_24h=Decimal("119.02"),
        trades_24h=64640,
    )


def test_every_digit_that_was_sent_is_kept() -> None:
    (report,) = greeted().received(kraken("s2c_ticker_snapshot_usdt"))
    assert isinstance(report, PriceReport)
    assert str(report.price) == "0.99981"
    (report,) = greeted().received(ticker(last=0.99980).replace("0.9998", "0.99980"))
    assert isinstance(report, PriceReport)
    assert str(report.price) == "0.99980"


def test_a_small_price_is_the_same_in_plain_and_in_exponent_form() -> None:
    (plain,) = greeted().received(kraken("s2c_ticker_update_bonk"))
    (exponent,) = greeted().received(kraken("s2c_ticker_update_bonk_exponent"))
    assert isinstance(plain, PriceReport)
    assert isinstance(exponent, PriceReport)
    assert msgspec.structs.replace(plain, trades_24h=None) == exponent  # an older frame, without the count
    assert plain.price == Decimal("0.00000336")


def test_the_count_of_trades_may_be_missing() -> None:
    (report,) = greeted().received(kraken("s2c_ticker_snapshot_btc_no_trades_field"))
    assert isinstance(report, PriceReport)
    assert (report.price, report.change_24h) == (Decimal("60108.7"), Decimal("-2.43"))
    assert report.trades_24h is None


@pytest.mark.parametrize("sent", [0.5, "many", [], True, 1e300, -1])
def test_a_count_of_trades_that_is_none_takes_nothing_else_down(sent: object) -> None:
    report, *bad = greeted().received(ticker(last=119.5, trades=sent))
    assert isinstance(report, PriceReport)
    assert report.price == Decimal("119.5")
    # how large a count may be, whoever merges it decides
    assert report.trades_24h is None if bad else type(report.trades_24h) is int


def test_where_one_side_of_the_book_is_empty_there_is_no_bid_or_ask() -> None:
    (report,) = greeted().received(ticker(last=119.5, bid=0.0, ask=119.6))
    assert isinstance(report, PriceReport)
    assert (report.bid, report.ask) == (None, Decimal("119.6"))


def test_several_pairs_may_share_a_frame_and_a_bad_one_takes_no_good_one_down() -> None:
    data = [{"symbol": "SOL/USD", "last": 1}, {"last": 2}, 7, {"symbol": "BTC/USD", "last": "3"}]
    reports = greeted().received(json.dumps({"channel": "ticker", "type": "update", "data": data}))
    good = [report for report in reports if isinstance(report, PriceReport)]
    assert [(report.topic, report.price) for report in good] == [("SOL/USD", 1), ("BTC/USD", 3)]
    assert sum(isinstance(report, Malformed) for report in reports) == 2


def test_one_bad_field_takes_no_good_one_down() -> None:
    report, bad = greeted().received(ticker(last=119.5, volume={}, vwap=1, change_pct="1.5"))
    assert report == PriceReport("SOL/USD", Decimal("119.5"), Decimal("1.5"), vwap_24h=Decimal(1))
    assert isinstance(bad, Malformed)


@pytest.mark.parametrize("fields", [{"volume": 5}, {"vwap": 5}, {"volume": None, "vwap": 5}])
def test_without_volume_and_average_there_is_no_volume_in_dollars(fields: dict[str, Any]) -> None:
    (report,) = greeted().received(ticker(last=1, **fields))
    assert isinstance(report, PriceReport)
    assert report.volume_24h is None


def test_a_price_that_was_on_its_way_when_its_pair_was_given_back_is_not_news() -> None:
    codec = greeted("SOL/USD")
    codec.received(ack("SOL/USD"))
    codec.set_topics(())
    assert codec.received(kraken("s2c_ticker_update_sol")) == []


def test_a_price_of_a_pair_nobody_asked_for_is_left_out() -> None:
    (report,) = greeted("BTC/USD").received(kraken("s2c_ticker_update_sol"))
    assert isinstance(report, Malformed)


# Refusals


def test_an_unknown_pair_is_refused_alone_and_asked_for_again_when_it_is_wanted_anew() -> None:
    codec = greeted("SOL/USD", "NOPE/USD")
    codec.received(ack("SOL/USD"))
    (refusal,) = codec.received(kraken("s2c_subscribe_nack"))
    assert isinstance(refusal, Refusal)
    assert refusal.topics == ("NOPE/USD",)
    assert refusal.error.kind is ErrorKind.SUBSCRIPTION
    assert "does not list NOPE/USD" in refusal.error.message
    codec.set_topics(("NOPE/USD", "SOL/USD"))
    assert sent(codec) == []
    codec.set_topics(("SOL/USD",))
    codec.set_topics(("NOPE/USD", "SOL/USD"))
    assert [frame["params"]["symbol"] for frame in sent(codec)] == [["NOPE/USD"]]


@pytest.mark.parametrize(
    "text", ["EService:Unavailable", "EService:Busy", "EGeneral:Internal error", "Request timed out"]
)
def test_what_fails_at_kraken_for_a_moment_is_no_word_about_the_pair(text: str) -> None:
    codec = greeted("SOL/USD", "BTC/USD")
    codec.received(ack("SOL/USD"))
    (refusal,) = codec.received(nack(text, symbol="BTC/USD"))
    assert isinstance(refusal, Refusal)
    assert (refusal.topics, refusal.error.kind) == (("BTC/USD",), ErrorKind.SERVER)
    assert text in refusal.error.message
    # of no pair: then the whole subscription has failed, and a further connection may fare better
    (whole,) = greeted("SOL/USD", "BTC/USD").received(nack(text))
    assert isinstance(whole, Refusal)
    assert (whole.topics, whole.error.kind, whole.error.retryable) == ((), ErrorKind.SERVER, True)


def test_a_malformed_pair_is_refused_alone_too() -> None:
    (refusal,) = greeted("A/USD").received(nack("Currency pair not in ISO 4217-A3 format A/USD"))
    assert isinstance(refusal, Refusal)
    assert refusal.topics == ("A/USD",)


def test_a_refusal_without_a_pair_is_about_all_that_had_no_answer() -> None:
    codec = greeted("SOL/USD", "BTC/USD", "ETH/USD")
    codec.received(ack("SOL/USD"))
    reports = codec.received(nack("Subscription symbol must be a list"))
    assert [report.topics for report in reports if isinstance(report, Refusal)] == [
        ("BTC/USD",),
        ("ETH/USD",),
    ]


def test_that_a_pair_is_subscribed_already_does_no_harm() -> None:
    codec = greeted("SOL/USD")
    assert codec.received(nack("Already subscribed", symbol="SOL/USD")) == []
    codec.set_topics(("SOL/USD", "BTC/USD"))
    assert len(sent(codec)) == 1


def test_a_refused_unsubscribe_is_told_and_holds_nothing_up() -> None:
    codec = greeted("SOL/USD")
    codec.received(ack("SOL/USD"))
    codec.set_topics(("BTC/USD",))
    codec.frames_to_send()
    answer = {"method": "unsubscribe", "success": False, "error": "Subscription Not Found"}
    (notice,) = codec.received(json.dumps(answer))
    assert isinstance(notice, Notice)
    assert [frame["method"] for frame in sent(codec)] == ["subscribe"]


def denied(pair: str, method: str = "subscribe") -> str:
    return json.dumps({"method": method, "success": False, "error": "Exceeded msg rate", "symbol": pair})


def test_row_p_too_many_messages_keep_the_connection_and_the_pairs_are_asked_for_again() -> None:
    codec = KrakenCodec()
    codec.opened()
    codec.set_topics(ALL)
    (request,) = sent(codec)
    told = [report for pair in ALL for report in codec.received(denied(pair))]
    (slow,) = (report for report in told if isinstance(report, Throttled))
    assert (slow.error.kind, slow.seconds, slow.error.retryable) == (ErrorKind.RATE_LIMIT, FIRST_REST, True)
    assert not any(isinstance(report, Refusal) for report in told)
    codec.set_topics((*ALL, "XRP/USD"))
    assert (sent(codec), codec.unanswered) == ([], None)
    codec.rested()
    (again,) = sent(codec)
    assert set(again["params"]["symbol"]) == {*request["params"]["symbol"], "XRP/USD"}


def test_row_p_each_further_denial_without_a_grant_doubles_the_rest() -> None:
    codec = KrakenCodec()
    codec.opened()
    codec.set_topics(("SOL/USD",))
    rests = []
    for _ in range(6):
        (slow,) = (one for one in codec.received(denied("SOL/USD")) if isinstance(one, Throttled))
        rests.append(slow.seconds)
        codec.rested()
    assert rests == [1, 2, 4, 8, 10, 10]
    codec.received(json.dumps({"method": "subscribe", "success": True, "result": {"symbol": "SOL/USD"}}))
    codec.set_topics(("SOL/USD", "BTC/USD"))
    (slow,) = (one for one in codec.received(denied("BTC/USD")) if isinstance(one, Throttled))
    assert slow.seconds == FIRST_REST


def test_row_p_what_was_to_be_unsubscribed_is_unsubscribed_after_the_rest() -> None:
    codec = greeted("SOL/USD", "BTC/USD")
    codec.received(ack("SOL/USD"))
    codec.received(ack("BTC/USD"))
    codec.set_topics(("BTC/USD",))
    (request,) = sent(codec)
    for pair in request["params"]["symbol"]:
        codec.received(denied(pair, "unsubscribe"))
    codec.rested()
    (again,) = sent(codec)
    assert (again["method"], set(again["params"]["symbol"])) == (
        "unsubscribe",
        set(request["params"]["symbol"]),
    )


def test_maintenance_ends_the_connection_in_its_own_words() -> None:
    codec = KrakenCodec()
    codec.opened()
    codec.set_topics(ALL)
    (refusal,) = codec.received(kraken("s2c_status_maintenance"))
    assert isinstance(refusal, Refusal)
    assert refusal.topics == ()
    assert (refusal.error.kind, refusal.error.retry_after) == (ErrorKind.SERVER, MAINTENANCE_WAIT)
    assert "Kraken is in maintenance" in refusal.error.message


@pytest.mark.parametrize("state", ["cancel_only", "post_only", "limit_only", "half\x1basleep"])
def test_a_softer_state_is_told_and_changes_nothing(state: str) -> None:
    (notice,) = greeted().received(system(state))
    assert isinstance(notice, Notice)
    assert "Kraken" in notice.error.message
    assert "\x1b" not in notice.error.message


def test_announced_maintenance_is_told_by_its_title() -> None:
    announced = [{"title": "Matching engine\n update", "window_start": "2026-09-17T10:00:00Z"}, 5]
    first, second = greeted().received(system("online", upcoming_maintenance=announced, emergency=[]))
    assert isinstance(first, Notice)
    assert isinstance(second, Notice)
    assert "Matching engine" in first.error.message
    assert "\n" not in first.error.message


def test_an_error_about_nothing_that_was_asked_is_told() -> None:
    (notice,) = greeted().received(nack("EGeneral:Internal error", symbol="XRP/EUR"))
    assert isinstance(notice, Notice)
    assert "EGeneral" in notice.error.message


@pytest.mark.parametrize(
    "frame",
    [
        '{"channel":"instrument","type":"snapshot","data":{"assets":[]}}',
        '{"channel":"ticker","type":"later","data":[]}',
        '{"channel":"ticker","type":"update","data":{}}',
        '{"channel":"status","data":[5]}',
        '{"channel":"status","data":[{}]}',
        '{"method":"dance","success":true}',
        '{"method":"subscribe","success":true,"result":{}}',
        "{}",
        "[]",
        "null",
        "",
        "\ud800",
        b"\x00\xff\xfe\xc1garbage\x93",
        '{"channel":"ticker","type":"update","data":[{"symbol":"SOL/USD","last":1e999999999}]}',
    ],
)
def test_what_makes_no_sense_is_counted_and_nothing_else(frame: str | bytes) -> None:
    reports = greeted().received(frame)
    assert any(isinstance(report, Malformed) for report in reports)
    assert not any(isinstance(report, Refusal | Notice) for report in reports)


@pytest.mark.parametrize("name", [name for name in names("public/kraken") if name.startswith("s2c_")])
def test_every_example_of_the_protocol_is_understood(name: str) -> None:
    reports = greeted().received(kraken(name))
    assert not any(isinstance(report, Malformed) for report in reports)


@pytest.mark.parametrize("name", names("public/kraken"))
def test_any_beginning_of_any_example_is_only_unusable(name: str) -> None:
    frame = kraken(name).strip()
    for end in range(0, len(frame), 7):
        assert all(isinstance(report, Malformed) for report in greeted().received(frame[:end]))


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(ALL),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@quick
@given(
    st.sampled_from(["ticker", "status", "heartbeat", None]),
    st.sampled_from(["subscribe", "unsubscribe", "pong", None]),
    st.dictionaries(st.sampled_from(["type", "data", "success", "error", "symbol", "result"]), values),
    st.dictionaries(st.sampled_from(["symbol", "last", "volume", "vwap", "change_pct", "system"]), values),
)
def test_whatever_the_fields_hold_it_is_reported_never_raised(
    channel: str | None, method: str | None, outer: dict[str, Any], inner: dict[str, Any]
) -> None:
    frame = {"type": "update", "data": [{"symbol": "SOL/USD", **inner}], **outer}
    frame |= {name: value for name, value in (("channel", channel), ("method", method)) if value}
    reports: list[Report] = greeted().received(json.dumps(frame))
    assert all(isinstance(report, REPORTS) for report in reports)


@quick
@given(st.binary() | st.text())
def test_any_bytes_are_reported_never_raised(frame: str | bytes) -> None:
    assert all(isinstance(report, REPORTS) for report in greeted().received(frame))
