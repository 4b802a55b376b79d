from __future__ import annotations

from decimal import Decimal
from typing import Any

from manual_clock import ManualClock
from scripted_rest import ScriptedSink

from streamcore.errors import ProviderError
from streamcore.events import ErrorKind, Source
from streamcore.providers.reports import Malformed, Notice, PartialFetch, PriceReport, TokenAccounts
from streamcore.streams.reporting import Reporting

NO = ProviderError(ErrorKind.SERVER, "no")


class Bench:
    name = "paper"

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.sink = ScriptedSink()
        self.accounts: list[TokenAccounts] = []
        stream: Any = self
        self.reporting = Reporting(stream, self.sink, self.clock, resolved=self.accounts.append)


async def test_data_goes_to_the_sink_and_whether_it_was_news_comes_back() -> None:
    bench = Bench()
    report = PriceReport("SOL", price=Decimal(1))
    assert bench.reporting.deliver(report, Source.STREAM, 0.0)
    bench.sink.is_news = lambda report: False
    assert not bench.reporting.deliver(report, Source.POLL, 0.0)
    assert bench.sink.reports == [(report, Source.STREAM), (report, Source.POLL)]


async def test_notices_and_what_could_not_be_fetched_are_told_once() -> None:
    bench = Bench()
    for report in (Notice(NO), PartialFetch("w", NO), Notice(NO)):
        assert not bench.reporting.deliver(report, Source.STREAM, 0.0)
    assert (bench.sink.errors, bench.sink.reports) == ([NO], [])


async def test_damaged_data_is_counted_and_a_burst_of_it_told_once() -> None:
    bench = Bench()
    for number in range(5):
        bench.reporting.deliver(Malformed(f"nonsense {number}"), Source.STREAM, 0.0)
    assert bench.reporting.malformed_count == 5
    assert bench.sink.texts == ["paper sent something that makes no sense; it was left out: nonsense 0"]


async def test_accounts_go_to_the_codecs() -> None:
    bench = Bench()
    accounts = TokenAccounts("w", ("w", "account"))
    assert not bench.reporting.deliver(accounts, Source.BACKFILL, 0.0)
    assert (bench.accounts, bench.sink.reports) == ([accounts], [])


async def test_a_failure_over_http_is_news_again_after_an_answer() -> None:
    bench = Bench()
    bench.reporting.request_failed(NO)
    await bench.clock.advance(100)
    bench.reporting.request_failed(NO)
    assert len(bench.sink.errors) == 1
    bench.reporting.request_succeeded()
    bench.reporting.request_failed(NO)
    assert len(bench.sink.errors) == 2


async def test_a_fault_of_this_program_is_told_once_too() -> None:
    bench = Bench()
    fault = ProviderError(ErrorKind.PROTOCOL, "internal error (KeyError)")
    bench.reporting.internal(fault)
    bench.reporting.internal(fault)
    assert bench.sink.errors == [fault]
