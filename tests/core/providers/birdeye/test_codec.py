from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import quick
from wire_fixtures import birdeye, names

from streamcore.events import ErrorKind
from streamcore.providers.birdeye.codec import BirdeyeCodec
from streamcore.providers.reports import Alive, Malformed, Notice, PriceReport, Refusal, Throttled

SOL = "So11111111111111111111111111111111111111112"
JUP = "JUPyiwrYJFskUPiHa7hkeR8VUtAeFoSYbKedZNsDvCN"
POOL = "7qbRF6YsyGuLUVs6Y1q64bdVrfe4ZcUUz1JRdoVNUJnm"

REPORTS = Alive | PriceReport | Refusal | Notice | Malformed | Throttled


def greeted() -> BirdeyeCodec:
    """Return a codec that is past the proof of life, wanting SOL."""
    codec = BirdeyeCodec()
    codec.set_topics((SOL,))
    codec.opened()
    codec.frames_to_send()
    codec.received('{"type":"WELCOME"}')
    return codec


def sent(codec: BirdeyeCodec) -> list[dict[str, Any]]:
    return [json.loads(frame) for frame in codec.frames_to_send()]


def candle(**data: Any) -> str:
    return json.dumps({"type": "PRICE_DATA", "data": {"address": SOL, **data}})


# What is sent


def test_nothing_is_sent_before_the_socket_is_open() -> None:
    codec = BirdeyeCodec()
    codec.set_topics((SOL,))
    assert codec.frames_to_send() == []


def test_once_open_it_subscribes_to_prices_and_statistics_of_all_that_is_wanted() -> None:
    codec = BirdeyeCodec()
    codec.set_topics((SOL, JUP))
    codec.opened()
    prices, statistics = sent(codec)
    assert prices == {
        "type": "SUBSCRIBE_PRICE",
        "data": {
            "queryType": "complex",
            "query": f"(address = {SOL} AND chartType = 1m AND currency = usd) OR "
            f"(address = {JUP} AND chartType = 1m AND currency = usd)",
        },
    }
    assert statistics["type"] == "SUBSCRIBE_TOKEN_STATS"
    assert statistics["data"]["address"] == [SOL, JUP]
    assert statistics["data"]["select"]["trade_data"] == {
        "volume": True,
        "trade": True,
        "price_change": True,
        "intervals": ["24h"],
    }


def test_a_single_token_is_written_as_a_complex_query_too_so_that_the_next_one_replaces_it() -> None:
    codec = BirdeyeCodec()
    codec.set_topics((SOL,))
    codec.opened()
    query = sent(codec)[0]["data"]["query"]
    documented = json.loads(birdeye("subscribe_price.complex"))["data"]["query"]
    assert query == documented.split(" OR ")[0]


def test_frames_are_handed_out_once() -> None:
    codec = BirdeyeCodec()
    codec.set_topics((SOL,))
    codec.opened()
    assert len(codec.frames_to_send()) == 2
    assert codec.frames_to_send() == []


def test_every_change_sends_the_whole_list_again() -> None:
    codec = greeted()
    codec.set_topics((SOL, JUP))
    prices, statistics = sent(codec)
    assert prices["data"]["query"].count("address = ") == 2
    assert statistics["data"]["address"] == [SOL, JUP]
    codec.set_topics((JUP,))
    prices, statistics = sent(codec)
    assert SOL not in prices["data"]["query"]
    assert statistics["data"]["address"] == [JUP]


@pytest.mark.parametrize("topics", [(SOL, JUP), (JUP, SOL)])
def test_the_same_tokens_in_whatever_order_are_not_sent_again(topics: tuple[str, ...]) -> None:
    codec = greeted()
    codec.set_topics((SOL, JUP))
    codec.frames_to_send()
    codec.set_topics(topics)
    assert codec.frames_to_send() == []


def test_when_nothing_is_wanted_any_more_both_subscriptions_end() -> None:
    codec = greeted()
    codec.set_topics(())
    assert sent(codec) == [json.loads(birdeye("unsubscribe_price")), {"type": "UNSUBSCRIBE_TOKEN_STATS"}]


def test_with_nothing_wanted_nothing_is_sent() -> None:
    codec = BirdeyeCodec()
    codec.opened()
    assert codec.frames_to_send() == []


def test_a_change_before_the_socket_is_open_counts_when_it_is() -> None:
    codec = BirdeyeCodec()
    codec.set_topics((SOL,))
    codec.set_topics((JUP,))
    codec.opened()
    assert sent(codec)[1]["data"]["address"] == [JUP]


# Proof of life


def test_the_greeting_is_proof_of_life_once() -> None:
    assert BirdeyeCodec().received(birdeye("welcome.observed")) == [Alive()]


def test_data_is_proof_of_life_when_there_was_no_greeting() -> None:
    reports = BirdeyeCodec().received(birdeye("price_data.token_1m"))
    assert reports[0] == Alive()
    assert isinstance(reports[1], PriceReport)


@pytest.mark.parametrize(
    "frame",
    ["{", '{"type":"SOMETHING"}', '{"type":"ERROR","data":"odd"}', '{"type":"ERROR","data":"Invalid query"}'],
)
def test_nonsense_and_errors_prove_no_life(frame: str) -> None:
    assert Alive() not in BirdeyeCodec().received(frame)


# What is understood


@pytest.mark.parametrize(
    ("name", "topic", "value"),
    [
        ("price_data.token_1m", SOL, "24.586420063533236"),
        ("price_data.complex_first", SOL, "24.460884"),
        ("price_data.complex_second", POOL, "24.543643515795363"),
        ("price_data.pair_1m", POOL, "24.555908821439385"),
    ],
)
def test_a_candles_close_is_the_price_to_the_last_digit(name: str, topic: str, value: str) -> None:
    assert greeted().received(birdeye(name)) == [PriceReport(topic, price=Decimal(value))]


def test_statistics_bring_change_volume_and_trades_of_a_day_and_not_the_price() -> None:
    data = json.loads(birdeye("token_stats_data"), parse_float=Decimal)["data"]
    assert greeted().received(birdeye("token_stats_data")) == [
        PriceReport(
            SOL,
            change_24h=data["price_change_24h_percent"],
            volume_24h=data["volume_24h_usd"],
            trades_24h=198_565,
        )
    ]


@pytest.mark.parametrize("trades", ["-1", "1.5", '"many"', "1e30"])
def test_an_impossible_number_of_trades_takes_no_other_figure_down(trades: str) -> None:
    data = f'"address":"{SOL}","price_change_24h_percent":1.5,"volume_24h_usd":7,"trade_24h":{trades}'
    codec = greeted()
    for _ in range(2):  # the second is read the quick way, if it is usual
        report, bad = codec.received(f'{{"type":"TOKEN_STATS_DATA","data":{{{data}}}}}')
        assert report == PriceReport(SOL, change_24h=Decimal("1.5"), volume_24h=Decimal(7))
        assert isinstance(bad, Malformed)
        codec.received(candle())


def test_statistics_without_the_selected_groups_say_nothing_about_them() -> None:
    frame = f'{{"type":"TOKEN_STATS_DATA","data":{{"address":"{SOL}"}}}}'
    assert greeted().received(frame) == [PriceReport(SOL)]


@pytest.mark.parametrize("close", [24.5, "24.5", "2.45e1"])
def test_a_price_may_be_a_number_or_a_text_of_one(close: object) -> None:
    (report,) = greeted().received(candle(c=close))
    assert isinstance(report, PriceReport)
    assert report.price == Decimal("24.5")


def test_a_price_of_null_says_nothing() -> None:
    assert greeted().received(candle(c=None)) == [PriceReport(SOL)]


@pytest.mark.parametrize("close", [True, "free", [], {}, "NaN", "Infinity"])
def test_a_price_that_is_no_number_is_unusable_and_the_report_says_nothing_of_it(close: object) -> None:
    report, bad = greeted().received(candle(c=close))
    assert report == PriceReport(SOL)
    assert isinstance(bad, Malformed)


def test_a_candle_older_than_the_last_is_left_out() -> None:
    codec = greeted()
    codec.received(candle(c=2, unixTime=1675506060))
    (late,) = codec.received(candle(c=1, unixTime=1675506000))
    assert isinstance(late, Malformed)
    assert codec.received(candle(c=3, unixTime=1675506060)) == [PriceReport(SOL, price=Decimal(3))]


@pytest.mark.parametrize("odd", [37, 60, 600, 3600, 50_000])
def test_row_m_a_candle_with_an_odd_time_costs_one_candle_at_most(odd: int) -> None:
    codec = greeted()
    codec.received(candle(c=1, unixTime=1675506000))
    codec.received(candle(c=2, unixTime=1675506000 + odd))
    codec.received(candle(c=3, unixTime=1675506000))
    for price in (4, 5):
        report = codec.received(candle(c=price, unixTime=1675506000))
        assert report == [PriceReport(SOL, price=Decimal(price))]


def test_row_m_a_candle_with_a_time_inside_its_minute_is_one_of_that_minute() -> None:
    codec = greeted()
    for price, time in ((1, 1675506037), (2, 1675506000), (3, 1675506059), (4, 1675506000.5)):
        report = codec.received(candle(c=price, unixTime=time))
        assert report == [PriceReport(SOL, price=Decimal(price))]


def test_the_age_of_candles_is_told_for_each_token() -> None:
    codec = greeted()
    codec.received(candle(c=2, unixTime=1675506060))
    assert codec.received(candle(address=JUP, c=1, unixTime=1675506000)) == [
        PriceReport(JUP, price=Decimal(1))
    ]


def test_a_candles_time_may_be_in_milliseconds() -> None:
    codec = greeted()
    codec.received(candle(c=2, unixTime=1675506060000))
    (late,) = codec.received(candle(c=1, unixTime=1675506000))
    assert isinstance(late, Malformed)
    assert isinstance(codec.received(candle(c=1, unixTime=1675506120))[0], PriceReport)


@pytest.mark.parametrize(
    "time", ["NaN", "sNaN", "Infinity", "1e999999999999999999", "-1", -5, 10**20, True, "noon", {}]
)
def test_a_candle_of_an_impossible_time_is_left_out_and_spoils_nothing(time: object) -> None:
    codec = greeted()
    (report,) = codec.received(candle(c=1, unixTime=time))
    assert isinstance(report, Malformed)
    assert codec.received(candle(c=2, unixTime=1675506000)) == [PriceReport(SOL, price=Decimal(2))]


def test_a_candle_without_a_time_is_taken() -> None:
    codec = greeted()
    codec.received(candle(c=2, unixTime=1675506060))
    assert codec.received(candle(c=3)) == [PriceReport(SOL, price=Decimal(3))]


def test_a_candle_without_an_address_is_unusable() -> None:
    assert isinstance(greeted().received('{"type":"PRICE_DATA","data":{"c":1}}')[0], Malformed)
    assert isinstance(greeted().received(candle(address="", c=1))[0], Malformed)


GENERIC = {"symbol": "SOL", "price": 150.5, "change_24h": 3.2, "volume_24h": 1000000}


@pytest.mark.parametrize("pack", [json.dumps, msgpack.packb], ids=["json", "messagepack"])
@pytest.mark.parametrize(("kind", "complete"), [("snapshot", True), ("delta", False)])
def test_generic_frames_are_understood_in_json_and_messagepack(pack: Any, kind: str, complete: bool) -> None:
    assert greeted().received(pack({"type": kind, "data": GENERIC})) == [
        PriceReport(
            "SOL",
            price=Decimal("150.5"),
            change_24h=Decimal("3.2"),
            volume_24h=Decimal(1000000),
            complete=complete,
        )
    ]


@pytest.mark.parametrize("pack", [json.dumps, msgpack.packb], ids=["json", "messagepack"])
def test_a_generic_frame_may_carry_several_tokens_and_leave_fields_out(pack: Any) -> None:
    data = [{"symbol": "SOL", "price": "150.5"}, {"symbol": "BTC", "change_24h": None}]
    assert greeted().received(pack({"type": "delta", "data": data})) == [
        PriceReport("SOL", price=Decimal("150.5")),
        PriceReport("BTC"),
    ]


def test_a_generic_frame_that_names_an_address_is_about_that() -> None:
    frame = json.dumps({"type": "delta", "data": {"symbol": "SOL", "address": SOL, "price": 1}})
    assert greeted().received(frame) == [PriceReport(SOL, price=Decimal(1))]


def test_values_of_no_token_are_unusable_and_take_the_others_not_down() -> None:
    frame = json.dumps({"type": "delta", "data": [{"price": 1}, {"symbol": "SOL", "price": 2}]})
    nameless, good = greeted().received(frame)
    assert isinstance(nameless, Malformed)
    assert good == PriceReport("SOL", price=Decimal(2))


@pytest.mark.parametrize("data", [[], None, 5, "SOL", {"symbol": 5}, [5], {"symbol": None}])
def test_a_generic_frame_without_a_token_is_unusable(data: object) -> None:
    reports = greeted().received(json.dumps({"type": "snapshot", "data": data}))
    assert [type(report) for report in reports] == [Malformed]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("error.access.client_test", ErrorKind.AUTH),
        ("error.compute_units.client_test", ErrorKind.QUOTA),
        ("error.query.client_test", ErrorKind.SUBSCRIPTION),
    ],
)
def test_a_known_error_ends_the_connection_for_its_reason(name: str, kind: ErrorKind) -> None:
    (report,) = greeted().received(birdeye(name))
    assert isinstance(report, Refusal)
    assert (report.error.kind, report.topics) == (kind, ())


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("COMPUTE UNITS USAGE LIMIT EXCEEDED", ErrorKind.QUOTA),
        ("Compute units usage limit exceeded for plan Free", ErrorKind.QUOTA),
        ("origin or api key is invalid", ErrorKind.AUTH),
        ("Unauthorized", ErrorKind.AUTH),
        ("Please upgrade your plan", ErrorKind.PLAN),
        ("Too many connections", ErrorKind.RATE_LIMIT),
        ("invalid query: 101 clauses", ErrorKind.SUBSCRIPTION),
    ],
)
def test_error_texts_are_matched_loosely(text: str, kind: ErrorKind) -> None:
    (report,) = greeted().received(json.dumps({"type": "ERROR", "data": text, "statusCode": 400}))
    assert isinstance(report, Refusal)
    assert report.error.kind is kind


def test_row_p_too_many_messages_keep_the_connection_and_the_subscription_is_sent_again() -> None:
    codec = greeted()
    (slow,) = codec.received(json.dumps({"type": "ERROR", "data": "Too many requests"}))
    assert isinstance(slow, Throttled)
    codec.set_topics((SOL, JUP))
    assert codec.frames_to_send() == []
    codec.rested()
    price, statistics = sent(codec)
    assert JUP in price["data"]["query"]
    assert statistics["data"]["address"] == [SOL, JUP]


def test_a_wrong_key_parks_and_a_bad_query_does_not() -> None:
    (key,) = greeted().received(birdeye("error.access.client_test"))
    (query,) = greeted().received(birdeye("error.query.client_test"))
    assert isinstance(key, Refusal)
    assert isinstance(query, Refusal)
    assert (key.error.parks, query.error.parks) == (True, False)


@pytest.mark.parametrize(
    "frame",
    [
        '{"type":"ERROR","data":"invalid select holder_data"}',
        '{"type":"ERROR","data":{"reason":["odd",1.5]}}',
        '{"type":"ERROR"}',
        '{"type":"ERROR","data":""}',
        msgpack.packb({"type": "ERROR", "data": {None: msgpack.Timestamp(1)}}),
        msgpack.packb({"type": "ERROR", "data": msgpack.ExtType(5, b"x")}),
    ],
)
def test_an_unknown_error_of_whatever_shape_is_a_notice(frame: str | bytes) -> None:
    (report,) = greeted().received(frame)
    assert isinstance(report, Notice)
    assert report.error.kind is ErrorKind.SERVER


def test_an_error_text_is_short_and_cannot_act_on_a_terminal() -> None:
    frame = json.dumps({"type": "ERROR", "data": "\x1b[2J\u202e" + "x" * 5000})
    (report,) = greeted().received(frame)
    assert isinstance(report, Notice)
    assert "\x1b" not in report.error.message
    assert "\u202e" not in report.error.message
    assert len(report.error.message) < 250


UNDERSTOOD = {"price_data", "token_stats_data", "welcome", "error"}


@pytest.mark.parametrize("name", [name for name in names("birdeye") if name.split(".")[0] not in UNDERSTOOD])
def test_every_other_documented_message_is_unusable_and_harmless(name: str) -> None:
    (report,) = greeted().received(birdeye(name))
    assert isinstance(report, Malformed)


def test_unknown_members_are_ignored() -> None:
    frame = json.dumps(
        {"type": "PRICE_DATA", "id": 7, "data": {"address": SOL, "c": 1, "liquidity": {"new": []}}}
    )
    assert greeted().received(frame) == [PriceReport(SOL, price=Decimal(1))]


def test_a_large_frame_is_read_whole() -> None:
    data = [{"symbol": f"T{number}", "price": number} for number in range(1, 5_001)]
    assert len(greeted().received(json.dumps({"type": "snapshot", "data": data}))) == 5_000


# Whatever comes

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from([SOL, "NaN", "1e999999999", "-1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
TYPES = st.sampled_from(["PRICE_DATA", "TOKEN_STATS_DATA", "snapshot", "delta", "WELCOME", "ERROR", "?"])
FIELDS = st.sampled_from(
    ["address", "symbol", "c", "unixTime", "price", "volume_24h_usd", "price_change_24h_percent", "x"]
)
DATA = JSON | st.dictionaries(FIELDS, JSON) | st.lists(st.dictionaries(FIELDS, JSON), max_size=3)


@quick
@given(st.lists(st.one_of(st.text(), st.binary()), max_size=4))
def test_any_frames_are_reports_and_never_an_exception(frames: list[str | bytes]) -> None:
    codec = greeted()
    for frame in frames:
        reports = codec.received(frame)
        assert reports
        assert all(isinstance(report, REPORTS) for report in reports)


@quick
@given(TYPES, DATA, st.booleans())
def test_any_content_of_a_known_message_is_reports_and_never_an_exception(
    kind: str, data: Any, binary: bool
) -> None:
    message = {"type": kind, "data": data}
    try:
        frame = msgpack.packb(message) if binary else json.dumps(message)
    except OverflowError:  # an integer that MessagePack cannot say
        frame = json.dumps(message)
    for codec in (BirdeyeCodec(), greeted()):
        reports = codec.received(frame)
        assert reports
        assert all(isinstance(report, REPORTS) for report in reports)
        prices = [report for report in reports if isinstance(report, PriceReport)]
        assert all(report.topic for report in prices)
        assert all(report.price is None or report.price.is_finite() for report in prices)
