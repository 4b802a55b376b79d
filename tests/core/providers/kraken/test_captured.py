"""What Kraken really says: names, zeros, announcements and answers in part, as they were captured."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from manual_clock import ManualClock
from realdata import realdata
from scripted_http import Asked, ScriptedHttp
from wire_fixtures import public

from streamcore.assets.instruments import understand
from streamcore.assets.tokens import TokenTable
from streamcore.config.model import Settings
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.transport import Answer
from streamcore.providers.kraken.announcements import Announcements
from streamcore.providers.kraken.codec import KrakenCodec
from streamcore.providers.kraken.listing import markets
from streamcore.providers.kraken.provider import KrakenProvider
from streamcore.providers.markets import Markets
from streamcore.providers.reports import Malformed, Notice, PriceReport, Refusal, Report

FIGURES = {"c": ["2", "1"], "v": ["9", "10"], "p": ["1", "3"], "h": ["3", "4"], "l": ["1", "1"]}


def opened(*pairs: str, announcements: Announcements | None = None) -> KrakenCodec:
    codec = KrakenCodec(announcements=announcements)
    codec.opened()
    codec.set_topics(pairs)
    codec.frames_to_send()
    return codec


def status(**lists: Any) -> str:
    return json.dumps({"channel": "status", "type": "update", "data": [{"system": "online", **lists}]})


class Bench:
    def __init__(self, reply: Callable[[Asked], Any]) -> None:
        self.clock = ManualClock()
        self.http = ScriptedHttp(lambda asked: Answer(200, {}, _bytes(reply(asked))), self.clock.monotonic)
        self.provider = KrakenProvider(Settings(), self.http, self.clock)  # type: ignore[arg-type]

    async def fetch(self, *pairs: str) -> list[Report]:
        async def collect() -> list[Report]:
            return [report async for report in self.provider.rest.fetch(pairs, {})]

        task = asyncio.ensure_future(collect())
        await self.clock.advance(600)
        return await task

    async def learn(self) -> None:
        """Let the provider ask for the list of pairs."""
        task = asyncio.ensure_future(self.provider.markets.keep(None, lambda: None))
        await self.clock.settle()
        task.cancel()
        assert self.provider.markets.is_known


def _bytes(body: Any) -> bytes:
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()


# Frames


@pytest.mark.parametrize(
    "name", ["kraken/ws_2026-09-25_session", "kraken/ws_2026-10-03_session", "kraken/ws_no_trade_for_a_day"]
)
def test_every_captured_session_is_read_as_it_was_meant(name: str) -> None:
    session = realdata(name)
    codec = opened(*session["topics"])
    for step in session["steps"]:
        reports = codec.received(step["frame"])
        refused = [report for report in reports if isinstance(report, Refusal)]
        assert [topic for refusal in refused for topic in refusal.topics] == step.get("refused", [])
        assert all(refusal.error.kind is ErrorKind(step["kind"]) for refusal in refused)
        notices = [report.error.message for report in reports if isinstance(report, Notice)]
        titles = step.get("notices", [])
        assert len(notices) == len(titles)
        assert all(title in notice for title, notice in zip(titles, notices, strict=True))
        assert not any(isinstance(report, Malformed) for report in reports)


def test_what_was_not_traded_for_a_day_has_no_known_price_and_no_change_of_nothing() -> None:
    session = realdata("kraken/ws_no_trade_for_a_day")
    (frame,) = [step["frame"] for step in session["steps"]]
    reports = opened(*session["topics"]).received(frame)
    assert [report for report in reports if isinstance(report, PriceReport)] == [
        PriceReport("CORN/USD", complete=True)
    ]


def test_a_last_price_without_trades_of_the_day_is_told_without_a_change_of_nothing() -> None:
    ticker = {"symbol": "SOL/USD", "last": 5, "volume": 0, "vwap": 0, "low": 0, "high": 0, "change_pct": 0}
    frame = json.dumps({"channel": "ticker", "type": "snapshot", "data": [{**ticker, "trades": 0}]})
    (report,) = [report for report in opened("SOL/USD").received(frame) if isinstance(report, PriceReport)]
    assert report == PriceReport("SOL/USD", price=Decimal(5), complete=True, trades_24h=0)


def test_a_change_of_nothing_where_there_was_trade_is_a_change_of_nothing() -> None:
    ticker = {"symbol": "SOL/USD", "last": 5, "volume": 2, "vwap": 5, "change_pct": 0}
    frame = json.dumps({"channel": "ticker", "type": "update", "data": [ticker]})
    (report,) = [report for report in opened("SOL/USD").received(frame) if isinstance(report, PriceReport)]
    assert (report.change_24h, report.volume_24h) == (0, 10)


# Announcements


def test_announced_maintenance_is_told_with_its_time() -> None:
    frame = realdata("kraken/ws_2026-10-03_session")["steps"][0]["frame"]
    (notice,) = [report for report in opened("BTC/USD").received(frame) if isinstance(report, Notice)]
    assert notice.error.message == (
        "Kraken announces maintenance: Order Entry System Maintenance, 5 Oct 2026, 09:00 to 10:00 UTC"
    )


def test_announced_maintenance_is_told_once_although_every_connection_hears_of_it() -> None:
    frame = realdata("kraken/ws_2026-10-03_session")["steps"][0]["frame"]
    provider = Bench(lambda _: {}).provider
    told = [report for _ in range(3) for report in provider.codec().received(frame)]
    assert sum(isinstance(report, Notice) for report in told) == 1


def test_maintenance_that_is_moved_to_another_time_is_told_again() -> None:
    announcements = Announcements()
    planned = {"event_id": 1, "title": "Update", "expected_start_utc": "2026-10-05T09:00:00Z"}
    moved = planned | {
        "expected_start_utc": "2026-10-06T23:30:00Z",
        "expected_end_utc": "2026-10-07T01:00:00Z",
    }
    (first,) = announcements.news("maintenance", [planned])
    (second,) = announcements.news("maintenance", [planned, moved])
    assert first.error.message.endswith("Update, 5 Oct 2026, 09:00 UTC")
    assert second.error.message.endswith("Update, 6 Oct 2026, 23:30 to 7 Oct 2026, 01:00 UTC")


def test_an_emergency_is_told_as_one_and_breaks_nothing() -> None:
    codec = opened("SOL/USD")
    reports = codec.received(status(emergency=[{"title": "Prices are late"}], upcoming_maintenance="soon"))
    assert [report.error.message for report in reports if isinstance(report, Notice)] == [
        "Kraken announces an emergency: Prices are late"
    ]
    assert not any(isinstance(report, Refusal | Malformed) for report in reports)


@pytest.mark.parametrize("start", ["soon", 5, None, "2026-13-45T99:00:00Z", ["2026"]])
def test_an_announcement_of_an_unreadable_time_is_told_without_one(start: Any) -> None:
    (notice,) = Announcements().news("maintenance", [{"title": "Update", "expected_start_utc": start}])
    assert notice.error.message == "Kraken announces maintenance: Update"


# Names


def listed(name: str) -> Markets:
    return Markets(markets(msgspec.Raw(json.dumps(realdata(name)["pairs"]).encode())))


def test_the_captured_list_gives_pairs_the_names_that_the_stream_has_today() -> None:
    assert [(market.pair, market.base) for market in listed("kraken/assetpairs_2026-09-25")] == [
        ("BTC/USD", "BTC"),
        ("DOGE/USD", "DOGE"),
        ("SOL/USD", "SOL"),
    ]


@pytest.mark.parametrize(
    ("name", "names"),
    [
        (
            "kraken/assetpairs_full_2026-09-25",
            {"BTC/USD": ("XBTUSD", "XXBTZUSD"), "SOL/USD": ("SOLUSD", "SOLUSD")},
        ),
        (
            "kraken/assetpairs_fiat_2021-04-17",
            {"EUR/USD": ("EURUSD", "ZEURZUSD"), "GBP/USD": ("GBPUSD", "ZGBPZUSD")},
        ),
    ],
)
async def test_whole_captured_lists_say_by_what_a_pair_is_asked_and_answered(
    name: str, names: dict[str, tuple[str, str]]
) -> None:
    found = await Bench(lambda _: realdata(name)).provider.rest.list_markets()
    assert {market.pair for market in found} == names.keys()
    for market in found:
        asked, answered = names[market.pair]
        assert market.http_names[0] == asked
        assert answered in market.http_names


async def test_the_captured_answer_for_tether_is_matched_without_the_list() -> None:
    session = realdata("kraken/rest_ticker_usdt")
    bench = Bench(lambda _: session["steps"][0]["body"])
    (report,) = await bench.fetch(*session["topics"])
    assert isinstance(report, PriceReport)
    assert (report.topic, report.price) == ("USDT/USD", Decimal("0.99967"))


def knowing(pairs: dict[str, str], result: dict[str, Any]) -> Bench:
    """Return a bench whose provider has read a list: names of the first stream to keys of the answer."""
    entries = {key: {"altname": name.replace("/", ""), "wsname": name} for name, key in pairs.items()}

    def reply(asked: Asked) -> Any:
        return {"error": [], "result": entries if asked.url.endswith("AssetPairs") else result}

    return Bench(reply)


async def test_answers_are_matched_through_the_list_whatever_kraken_calls_them() -> None:
    names = {"EUR/USD": "ZEURZUSD", "USDT/USD": "USDTZUSD", "ODD/USD": "QQ7"}
    bench = knowing(names, dict.fromkeys(names.values(), FIGURES))
    await bench.learn()
    reports = await bench.fetch(*names)
    assert [report.topic for report in reports if isinstance(report, PriceReport)] == [*names]
    assert bench.http.asked[-1].params == {"pair": "EURUSD,USDTUSD,ODDUSD"}


async def test_a_pair_that_looks_like_an_old_name_is_asked_for_where_the_list_has_it() -> None:
    bench = knowing({"XETHZ/USD": "XETHZTRUE"}, {"XETHZTRUE": FIGURES})
    await bench.learn()
    (report,) = await bench.fetch("XETHZ/USD")
    assert isinstance(report, PriceReport)


async def test_a_pair_that_the_list_has_not_is_nobodys_topic() -> None:
    bench = knowing({"XBT/USD": "XXBTZUSD", "NEW/USD": "NEWUSD"}, {})
    topics = ("BTC", "SOL", "NEW")
    table = TokenTable()
    instruments = [understand(text, table, exchanges=True) for text in topics]
    assert [bench.provider.topic(one) for one in instruments] == ["BTC/USD", "SOL/USD", "NEW/USD"]
    await bench.learn()
    assert [bench.provider.topic(one) for one in instruments] == ["BTC/USD", None, "NEW/USD"]


async def test_the_list_is_asked_for_by_its_documented_name() -> None:
    pairs = realdata("kraken/assetpairs_2026-09-25")["pairs"]
    bench = Bench(lambda _: {"error": [], "result": pairs})
    found = await bench.provider.rest.list_markets()
    assert {market.pair for market in found} == {"BTC/USD", "DOGE/USD", "SOL/USD"}
    assert bench.http.asked[0].url == "https://api.kraken.com/0/public/AssetPairs"


@pytest.mark.parametrize(
    "body", ["<html>", {"error": ["EGeneral:Internal error"]}, {"result": []}, {"result": {}}]
)
async def test_a_list_that_cannot_be_read_is_an_error_and_no_empty_list(body: Any) -> None:
    with pytest.raises(ProviderError):
        await Bench(lambda _: body).provider.rest.list_markets()


def test_pairs_that_are_not_traded_or_not_in_dollars_are_not_listed() -> None:
    pairs = {
        "A": {"altname": "AUSD", "wsname": "A/USD", "status": "cancel_only"},
        "B": {"altname": "BUSD", "wsname": "B/USD", "status": "delisted"},
        "C": {"altname": "CEUR", "wsname": "C/EUR"},
        "D": {"altname": "DUSD.d"},
        "E": 5,
    }
    assert [market.pair for market in markets(msgspec.Raw(json.dumps(pairs).encode()))] == ["A/USD"]


# Answers in part, and bad members


async def test_an_answer_in_part_is_used_and_what_it_lacks_is_refused() -> None:
    body = {"error": ["EQuery:Unknown asset pair"], "result": {"SOLUSD": FIGURES}}
    bench = Bench(lambda _: body)
    reports = await bench.fetch("SOL/USD", "NOPE/USD")
    assert [report.topic for report in reports if isinstance(report, PriceReport)] == ["SOL/USD"]
    assert [report.topics for report in reports if isinstance(report, Refusal)] == [("NOPE/USD",)]
    assert len(bench.http.asked) == 1


async def test_a_warning_beside_an_answer_is_told_and_the_answer_is_used() -> None:
    body = {"error": ["WService:Slow"], "result": {"SOLUSD": FIGURES}}
    reports = await Bench(lambda _: body).fetch("SOL/USD")
    assert [type(report) for report in reports] == [PriceReport, Notice]


async def test_a_pair_that_fails_the_whole_call_in_words_never_heard_is_found_by_halving() -> None:
    def reply(asked: Asked) -> Any:
        pairs = asked.params["pair"].split(",")
        if "BADUSD" in pairs:
            return {"error": ["EQuery:Something new"]}
        return {"error": [], "result": dict.fromkeys(pairs, FIGURES)}

    reports = await Bench(reply).fetch("A/USD", "BAD/USD", "C/USD")
    assert {report.topic for report in reports if isinstance(report, PriceReport)} == {"A/USD", "C/USD"}
    assert [report.topics for report in reports if isinstance(report, Refusal)] == [("BAD/USD",)]


async def test_over_http_what_was_not_traded_for_a_day_has_no_known_price_either() -> None:
    figures = FIGURES | {"v": ["0.00", "0.00"], "p": ["0.0", "0.0"], "h": ["0", "0"], "l": ["0", "0"]}
    reports = await Bench(lambda _: {"error": [], "result": {"CORNUSD": figures}}).fetch("CORN/USD")
    assert reports == [PriceReport("CORN/USD", complete=True)]


def test_a_refusal_that_names_its_pair_only_in_its_words_is_about_that_pair() -> None:
    codec = opened("SOL/USD", "NOPE/USD")
    frame = json.loads(public("kraken", "s2c_subscribe_nack")) | {"symbol": None}
    refused = [report for report in codec.received(json.dumps(frame)) if isinstance(report, Refusal)]
    assert [refusal.topics for refusal in refused] == [("NOPE/USD",)]
