"""Bid and ask through a relay: asked for where a relay is there that knows the question, and in silence."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from manual_clock import ManualClock

from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.relay_client.lookups import PATIENCE, Lookups
from streamcore.relay_client.quotes import RelayQuotes
from streamcore.tasks import Tasks
from streamcore.tracking.quote_turns import APART, EVERY
from streamcore.wire.messages import Found, Lookup, Refused


@dataclass
class Bench:
    """A terminal's side of the questions, and what it has sent."""

    is_live: bool = True

    def __post_init__(self) -> None:
        self.clock = ManualClock()
        self.sent: list[Lookup] = []
        self.failures: list[ProviderError] = []
        self.lookups = Lookups(self.clock, lambda: self.sent.extend(self.lookups.requests()))
        tasks = Tasks("test", self.clock, failed=self.failures.append)
        self.quotes = RelayQuotes(self.lookups, tasks, self.clock, is_live=lambda: self.is_live)

    async def want(self, *keys: str) -> None:
        for key in keys:
            self.quotes.want(key)
        await self.clock.settle()

    async def answer(self, code: str = "") -> None:
        """Answer the newest question, or refuse it."""
        number = self.sent[-1].id
        if code:
            assert self.lookups.refused(Refused(number, code, "no"))
        else:
            self.lookups.found(Found(number))
        await self.clock.settle()

    @property
    def asked(self) -> list[str | None]:
        return [lookup.text for lookup in self.sent]


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_the_relay_is_asked(bench: Bench) -> None:
    await bench.want("BTC")
    assert [(one.what, one.text, one.range) for one in bench.sent] == [("quote", "BTC", None)]


async def test_however_often_and_for_however_much_it_is_asked_messages_are_few(bench: Bench) -> None:
    keys = [f"S{number}" for number in range(50)]
    for _ in range(60):
        await bench.want(*keys)
        if bench.sent:
            await bench.answer()
        await bench.clock.advance(1.0)
    assert 25 <= len(bench.sent) <= 60 / APART + 1


async def test_a_relay_that_does_not_know_the_question_is_asked_once_on_a_connection(bench: Bench) -> None:
    await bench.want("BTC", "SOL")
    await bench.answer("bad_request")
    for _ in range(5):
        await bench.want("BTC", "ETH")
        await bench.clock.advance(EVERY)
    assert bench.asked == ["BTC"]
    bench.lookups.reached()  # the next connection, perhaps to another relay
    await bench.want("BTC")
    assert bench.asked == ["BTC", "BTC"]
    assert bench.failures == []


@pytest.mark.parametrize("code", ["busy", "unknown_symbol", "not_served", "internal"])
async def test_any_other_refusal_is_silent_and_of_this_question_alone(bench: Bench, code: str) -> None:
    await bench.want("BTC")
    await bench.answer(code)
    await bench.want("BTC")
    await bench.clock.advance(EVERY)
    assert bench.asked == ["BTC", "BTC"]
    assert bench.failures == []


async def test_without_a_relay_nothing_is_asked_and_nothing_is_kept_for_later(bench: Bench) -> None:
    bench.is_live = False
    await bench.want("BTC")
    bench.is_live = True
    await bench.clock.advance(EVERY)
    assert bench.asked == []
    await bench.want("BTC", "SOL")
    bench.is_live = False
    bench.lookups.lost(ProviderError(ErrorKind.NETWORK, "connection lost"), everywhere=False)
    await bench.clock.advance(EVERY)
    assert bench.asked == ["BTC"]
    assert bench.failures == []


async def test_a_relay_that_does_not_answer_is_asked_again_later(bench: Bench) -> None:
    await bench.want("BTC")
    await bench.clock.advance(PATIENCE + 1.0)
    await bench.want("BTC")
    assert bench.asked == ["BTC", "BTC"]
    assert bench.failures == []
