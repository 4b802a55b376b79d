"""Questions to the leader: answers as its engine has them, and errors with their kind and their text."""

from __future__ import annotations

from typing import Any

import pytest
from candle_series import candle, series_of
from manual_clock import ManualClock
from relayed_engine import RelayedEngine
from sample_events import SOL
from scripted_bus import ScriptedSession

from streamcore.candles import ChartRange
from streamcore.cluster.errors import NoAnswer, NobodyThere
from streamcore.cluster.link import Link
from streamcore.cluster.names import Names
from streamcore.cluster.nats_connection import LEAST_PAYLOAD
from streamcore.cluster.questions import KEYS_PER_QUESTION, LeaderQuestions, answered
from streamcore.errors import InputError, ProviderError
from streamcore.events import ErrorKind
from streamcore.relay.answers import Answers
from streamcore.tasks import Tasks

NAMES = Names(demo=False)
SERIES = series_of(candle(0, 1, 2, 1, 2))


class Led(ScriptedSession):
    """A session in which a leader answers at once."""

    def __init__(self) -> None:
        super().__init__()
        self.most_bytes = 1_000_000
        self.engine = RelayedEngine()
        self.clock = clock = ManualClock()
        self.of_engine = Answers(self.engine, Tasks("test", clock, failed=print), clock)

    async def ask(self, subject: str, data: bytes = b"", *, within: float = 2.0) -> bytes:
        if subject in self.answers:
            return await super().ask(subject, data, within=within)
        return await answered(data, self.of_engine, self.engine, most=self.most_bytes)


class Bench:
    def __init__(self) -> None:
        self.session = Led()
        self.link = Link()
        self.keys: list[str] = []
        self.clock = ManualClock()
        self.failures: list[ProviderError] = []
        tasks = Tasks("test", self.clock, failed=self.failures.append)
        self.questions = LeaderQuestions(NAMES, self.link, tasks, keys=lambda: self.keys)
        self.link.begin(self.session)  # type: ignore[arg-type]
        self.engine = self.session.engine


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_the_past_of_a_price_is_the_leaders(bench: Bench) -> None:
    bench.engine.answers["history"] = SERIES
    found = await bench.questions.ask("history", "SOL", ChartRange.DAY)
    assert len(found.items) == 1
    assert bench.engine.questions == [("history", "SOL", str(ChartRange.DAY))]


async def test_trends_of_many_rows_are_asked_for_in_parts(bench: Bench) -> None:
    bench.keys = [f"K{number}" for number in range(2 * KEYS_PER_QUESTION + 1)]
    bench.engine.answers["trends"] = dict.fromkeys(bench.keys, SERIES)
    found = await bench.questions.ask("trends")
    assert sorted(item["key"] for item in found.items) == sorted(bench.keys)


async def test_what_cannot_be_watched_is_the_same_error_as_anywhere(bench: Bench) -> None:
    bench.engine.answers["history"] = InputError("XYZ", "is no token that is known")
    with pytest.raises(InputError, match="'XYZ' is no token that is known"):
        await bench.questions.ask("history", "XYZ", ChartRange.DAY)


async def test_a_source_that_refuses_keeps_its_kind_and_its_text(bench: Bench) -> None:
    bench.engine.answers["search"] = ProviderError(ErrorKind.QUOTA, "used up", retryable=False)
    with pytest.raises(ProviderError) as raised:
        await bench.questions.ask("search", "x")
    error = raised.value
    assert (error.kind, error.message, error.retryable) == (ErrorKind.QUOTA, "used up", False)


@pytest.mark.parametrize(
    ("failure", "text"),
    [(NobodyThere("nobody answers"), "no relay leads"), (NoAnswer("no answer within 30 s"), "within 30 s")],
)
async def test_without_a_leader_it_is_said_so(bench: Bench, failure: Exception, text: str) -> None:
    bench.session.answers[NAMES.ask] = failure
    with pytest.raises(ProviderError, match=text) as raised:
        await bench.questions.ask("search", "x")
    assert raised.value.retryable


async def test_without_a_bus_it_is_said_so(bench: Bench) -> None:
    bench.link.end()
    with pytest.raises(ProviderError, match="NATS cannot be reached"):
        await bench.questions.reconnect(None)


async def test_providers_are_started_over(bench: Bench) -> None:
    await bench.questions.reconnect("kraken")
    await bench.questions.reconnect(None)
    assert bench.engine.asked == [("reconnect", "kraken"), ("reconnect", "*")]
    with pytest.raises(ProviderError):
        await bench.questions.reconnect("nobody")


async def test_bid_and_ask_that_several_relays_want_are_asked_for_once_in_four_seconds(bench: Bench) -> None:
    bench.engine.price_sources = {SOL: "kraken"}
    for _ in range(3):
        bench.questions.ask_quote(SOL)
        await bench.clock.settle()
    assert bench.engine.asked == [("ask_quote", SOL)]
    await bench.session.clock.advance(4.0)
    assert bench.engine.asked == [("ask_quote", SOL)] * 2


@pytest.mark.parametrize(
    "failure",
    [NobodyThere("nobody answers"), b'{"trouble":{"message":"no such question","kind":"protocol"}}'],
)
async def test_bid_and_ask_that_no_leader_can_ask_for_are_no_error(
    bench: Bench, failure: Exception | bytes
) -> None:
    bench.session.answers[NAMES.ask] = failure
    bench.questions.ask_quote(SOL)
    await bench.clock.settle()
    bench.link.end()
    bench.questions.ask_quote(SOL)
    await bench.clock.settle()
    assert bench.engine.asked == []
    assert bench.failures == []


@pytest.mark.parametrize("data", [b"", b"nonsense", b'{"what":"weather"}'])
async def test_what_is_no_question_is_answered_so(bench: Bench, data: bytes) -> None:
    answer = await answered(data, bench.session.of_engine, bench.engine, most=1000)
    assert b"no such question" in answer


async def test_a_fault_of_the_leader_is_no_traceback_at_the_asker(bench: Bench) -> None:
    def broken(*arguments: Any) -> None:
        raise ZeroDivisionError

    bench.engine.search = broken  # type: ignore[assignment, method-assign]
    with pytest.raises(ProviderError, match="internal error"):
        await bench.questions.ask("search", "x")


async def test_an_answer_that_no_message_can_hold_is_an_error(bench: Bench) -> None:
    bench.session.most_bytes = 100
    bench.engine.answers["history"] = SERIES
    with pytest.raises(ProviderError, match="too long"):
        await bench.questions.ask("history", "SOL", ChartRange.DAY)


async def test_the_trends_of_many_rows_come_over_a_server_that_takes_little(bench: Bench) -> None:
    day = series_of(
        *(candle(900 * number, 1.2345, 2.3456, 1.1234, 2.2345, volume=12345.6) for number in range(96))
    )
    bench.session.most_bytes = LEAST_PAYLOAD
    bench.keys = [f"T{number}" for number in range(60)]
    bench.engine.answers["trends"] = dict.fromkeys(bench.keys, day)
    found = await bench.questions.ask("trends")
    assert [item["key"] for item in found.items] == bench.keys
