"""The change over 24 hours of a Birdeye row is one figure; an error that names a token is about that one."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from manual_clock import ManualClock
from realdata import realdata
from scripted_http import ScriptedHttp
from scripted_source import ScriptedSource

from streamcore import Event, PriceUpdate
from streamcore.assets.instruments import Venue
from streamcore.assets.tokens import TokenTable
from streamcore.config.model import Settings
from streamcore.config.sources import BirdeyeSettings
from streamcore.events import ErrorKind, Source
from streamcore.net.transport import Answer
from streamcore.providers.birdeye.codec import BirdeyeCodec
from streamcore.providers.birdeye.provider import BirdeyeProvider
from streamcore.providers.reports import Notice, PriceReport, Refusal, Report
from streamcore.status import Health
from streamcore.tracking.prices import PriceTracker

SOL = "So11111111111111111111111111111111111111112"
BONK = "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263"
JUP = "JUPyiwrYJFskUPiHa7hkeR8VUtAeFoSYbKedZNsDvCN"
CHANGES = [
    (
        Decimal(str(said["multi_price.priceChange24h"])),
        Decimal(str(said["token_overview.priceChange24hPercent"])),
    )
    for said in realdata("birdeye/two_changes_2025-06-24")["changes"].values()
]


class Row:
    """One row at a source whose stream and HTTP side have two figures for the change."""

    def __init__(self, by_http: Decimal, by_stream: Decimal) -> None:
        self.source = ScriptedSource("birdeye", venue=Venue.CHAIN)
        self.source.provider.streams_change = True
        self.seen: list[Event] = []
        self.tracker = PriceTracker([self.source], TokenTable(), ManualClock(), publish=self.seen.append)
        self.by_http, self.by_stream = by_http, by_stream
        self.tracker.subscribe(["SOL"])

    def polled(self, how: Source = Source.BACKFILL) -> None:
        self._report(PriceReport(SOL, Decimal(150), self.by_http, complete=True), how)

    def streamed(self) -> None:
        self._report(PriceReport(SOL, Decimal(151)), Source.STREAM)
        self._report(PriceReport(SOL, change_24h=self.by_stream), Source.STREAM)

    def _report(self, report: PriceReport, how: Source) -> None:
        self.tracker.report(self.source, report, how, float("inf"))

    @property
    def changes(self) -> list[Decimal]:
        """The changes that were shown, repetitions left out."""
        told = [event.change_24h for event in self.seen if isinstance(event, PriceUpdate)]
        shown = [change for change in told if change is not None]
        return [change for i, change in enumerate(shown) if i == 0 or change != shown[i - 1]]


@pytest.mark.parametrize(("by_http", "by_stream"), CHANGES)
def test_each_captured_pair_of_figures_never_alternates_in_a_row(
    by_http: Decimal, by_stream: Decimal
) -> None:
    row = Row(by_http, by_stream)
    row.source.health = Health.STARTING
    row.polled()
    row.source.health = Health.UP
    for _ in range(3):
        row.streamed()
        row.polled()
    row.source.health = Health.POLLED
    row.polled(Source.POLL)
    row.source.health = Health.UP
    row.polled()
    row.streamed()
    assert row.changes == [by_stream]


def test_where_no_stream_is_had_the_figure_of_http_is_the_one() -> None:
    row = Row(Decimal("4.2"), Decimal("8.3"))
    row.source.health = Health.POLLED
    row.polled(Source.POLL)
    row.polled(Source.POLL)
    assert row.changes == [Decimal("4.2")]


def test_a_source_with_one_figure_tells_it_either_way() -> None:
    row = Row(Decimal("4.2"), Decimal("4.3"))
    row.source.provider.streams_change = False
    row.polled()
    row.streamed()
    assert row.changes == [Decimal("4.2"), Decimal("4.3")]


# Which figure it is


@pytest.fixture
def provider() -> BirdeyeProvider:
    clock = ManualClock()
    http = ScriptedHttp(lambda asked: Answer(500, {}, b""), clock.monotonic)
    return BirdeyeProvider(Settings(birdeye=BirdeyeSettings(api_key="key")), http, clock)


def test_a_stream_that_this_plan_does_not_have_leaves_the_change_to_http(provider: BirdeyeProvider) -> None:
    assert provider.streams_change
    provider.handshake_refusal(503, {}, b"")
    assert provider.streams_change
    provider.handshake_refusal(403, {}, b"")
    assert not provider.streams_change
    provider.codec()
    assert provider.streams_change


def test_a_stream_without_statistics_leaves_the_change_to_http(provider: BirdeyeProvider) -> None:
    codec = provider.codec()
    (notice,) = codec.received('{"type":"ERROR","data":"invalid select holder_data"}')
    assert isinstance(notice, Notice)
    assert not provider.streams_change


# One member


def opened(*mints: str) -> BirdeyeCodec:
    codec = BirdeyeCodec()
    codec.opened()
    codec.set_topics(mints)
    codec.frames_to_send()
    return codec


def error(text: str) -> str:
    return json.dumps({"type": "ERROR", "data": text})


def refused(reports: list[Report]) -> list[tuple[str, ...]]:
    return [report.topics for report in reports if isinstance(report, Refusal)]


def test_an_error_of_unknown_wording_that_names_a_token_refuses_that_one_and_subscribes_the_rest() -> None:
    codec = opened(SOL, JUP, BONK)
    assert refused(codec.received(error(f"Invalid query near {JUP}: token is banned"))) == [(JUP,)]
    price, statistics = (json.loads(frame) for frame in codec.frames_to_send())
    assert JUP not in price["data"]["query"]
    assert statistics["data"]["address"] == [SOL, BONK]
    codec.set_topics([SOL, JUP, BONK])
    assert codec.frames_to_send() == []
    codec.set_topics([SOL, BONK])
    codec.set_topics([SOL, JUP, BONK])
    assert len(codec.frames_to_send()) == 2


def test_an_error_about_the_key_ends_the_connection_whatever_it_names() -> None:
    (refusal,) = opened(SOL).received(error(f"Compute units usage limit exceeded at {SOL}"))
    assert isinstance(refusal, Refusal)
    assert (refusal.topics, refusal.error.kind) == ((), ErrorKind.QUOTA)


def test_a_query_that_is_refused_without_a_name_ends_the_connection() -> None:
    assert refused(opened(SOL).received(error("Invalid query"))) == [()]
