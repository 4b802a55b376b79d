"""What the codecs of the exchanges share: a usual ticker goes a short way, and that comes to the same."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from properties import quick

from streamcore.providers.base import Codec
from streamcore.providers.birdeye.codec import BirdeyeCodec
from streamcore.providers.coinbase.codec import CoinbaseCodec
from streamcore.providers.figures import USUAL_LENGTH, credible
from streamcore.providers.kraken.codec import KrakenCodec
from streamcore.providers.reports import Alive, Malformed, PriceReport, Report

MINT = "So11111111111111111111111111111111111111112"


def kraken(topic: str, fields: dict[str, Any]) -> dict[str, Any]:
    named = {
        "last": "price", "change_pct": "change", "volume": "volume", "vwap": "average", "high": "high",
        "low": "low", "bid": "bid", "ask": "ask", "trades": "count",
    }  # fmt: skip
    ticker = {name: fields[ours] for name, ours in named.items() if ours in fields}
    return {"channel": "ticker", "type": "update", "data": [{"symbol": topic, **ticker}]}


def coinbase(topic: str, fields: dict[str, Any]) -> dict[str, Any]:
    named = {
        "price": "price", "open_24h": "average", "volume_24h": "volume", "high_24h": "high", "low_24h": "low",
        "best_bid": "bid", "best_ask": "ask", "trade_id": "count", "sequence": "count",
    }  # fmt: skip
    return {"type": "ticker", "product_id": topic} | {
        name: fields[ours] for name, ours in named.items() if ours in fields
    }


def birdeye(topic: str, fields: dict[str, Any]) -> dict[str, Any]:
    if "change" in fields:
        data = {"price_change_24h_percent": fields["change"], "volume_24h_usd": fields.get("volume")}
        return {"type": "TOKEN_STATS_DATA", "data": {"address": topic, **data}}
    return {"type": "PRICE_DATA", "data": {"address": topic, "c": fields.get("price"), "unixTime": 120}}


FEEDS: list[tuple[Callable[[], Codec], str, Callable[[str, dict[str, Any]], dict[str, Any]]]] = [
    (KrakenCodec, "SOL/USD", kraken),
    (CoinbaseCodec, "SOL-USD", coinbase),
    (BirdeyeCodec, MINT, birdeye),
]

USUAL: dict[str, Any] = {
    "price": 150.25, "change": 1.5, "volume": 1000.5, "average": 149.5, "high": 155, "low": 140, "bid": 150.2,
    "ask": 150.3, "count": 7,
}  # fmt: skip

odd = st.sampled_from(
    [
        None,
        0,
        0.0,
        -1,
        -100,
        -101,
        1e-31,
        1e29,
        1e31,
        1e300,
        "150.50",
        "NaN",
        "-Infinity",
        "1e999999",
        "x",
        True,
    ]
)
values = st.one_of(st.sampled_from([1, 2.5, 150.25, 150.3]), odd)
tickers = st.lists(
    st.one_of(
        st.just(USUAL),
        st.dictionaries(st.sampled_from([*USUAL]), values, max_size=3).map(lambda other: USUAL | other),
        st.dictionaries(st.sampled_from([*USUAL]), values),
    ),
    max_size=6,
)


def listening(make: Callable[[], Codec], topic: str) -> Codec:
    codec = make()
    codec.opened()
    codec.set_topics([topic])
    codec.frames_to_send()
    return codec


@pytest.mark.parametrize(("make", "topic", "frame_of"), FEEDS)
def test_the_short_way_of_a_usual_message_comes_to_the_same_as_the_long_one(
    make: Callable[[], Codec], topic: str, frame_of: Callable[[str, dict[str, Any]], dict[str, Any]]
) -> None:
    @settings(quick, max_examples=100)
    @given(tickers)
    @example([USUAL, USUAL | {"count": -1}])
    @example([USUAL, USUAL | {"count": 10**13}])
    @example([USUAL, USUAL | {"volume": 10**14, "average": 10**14}, USUAL])
    def check(sent: list[dict[str, Any]]) -> None:
        short, long = listening(make, topic), listening(make, topic)
        for fields in sent:
            text = json.dumps(frame_of(topic, fields))
            told = short.received(text)
            assert told == long.received(text + " " * USUAL_LENGTH)  # too long for the short way
            assert_credible(told)

    check()


@pytest.mark.parametrize(("make", "topic", "frame_of"), FEEDS)
def test_what_is_remembered_of_a_frame_does_not_keep_it_in_memory(
    make: Callable[[], Codec], topic: str, frame_of: Callable[[str, dict[str, Any]], dict[str, Any]]
) -> None:
    codec, text = listening(make, topic), json.dumps(frame_of(topic, USUAL))
    frames = [text + " " * count for count in range(1, 3)]
    before = [sys.getrefcount(frame) for frame in frames]
    reports = [codec.received(frame) for frame in frames]
    assert [sys.getrefcount(frame) for frame in frames] == before
    assert isinstance(reports[1][0], PriceReport)


def assert_credible(reports: list[Report]) -> None:
    for report in reports:
        if isinstance(report, PriceReport):
            names = [name for name in PriceReport.__struct_fields__ if name not in ("topic", "complete")]
            figures = {name: getattr(report, name) for name in names}
            assert all(value is None or credible(name, value) for name, value in figures.items())


@pytest.mark.parametrize(("make", "topic", "frame_of"), FEEDS)
def test_a_number_of_a_thousand_digits_is_no_figure(
    make: Callable[[], Codec], topic: str, frame_of: Callable[[str, dict[str, Any]], dict[str, Any]]
) -> None:
    codec = listening(make, topic)
    text = json.dumps(frame_of(topic, {name: USUAL[name] for name in USUAL if name != "change"}))
    codec.received(text)
    reports = codec.received(text.replace("150.25", "150." + "2" * 1000))
    assert [report.price for report in reports if isinstance(report, PriceReport)] == [None]
    assert any(isinstance(report, Malformed) for report in reports)


@pytest.mark.parametrize(("make", "topic", "frame_of"), FEEDS)
def test_what_came_together_says_the_same_as_one_by_one(
    make: Callable[[], Codec], topic: str, frame_of: Callable[[str, dict[str, Any]], dict[str, Any]]
) -> None:
    frames = [json.dumps(frame_of(topic, USUAL | {"count": count})) for count in range(3)]
    frames[1:1] = ["no JSON", '{"type":"trickle"}']
    together: list[Report] = []
    listening(make, topic).received_together(frames, together)
    single = listening(make, topic)
    assert together == [report for frame in frames for report in single.received(frame)]
    assert isinstance(together[0], Alive)
