from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence

import pytest
from manual_clock import ManualClock

from streamcore.config.model import StreamSettings
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.providers.reports import Malformed, Report
from streamcore.status import Statistics
from streamcore.streams.liveness import GREETING, Liveness


class Far:
    """The other side as far as it matters here: whether it answers pings, and what it leaves unanswered."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self.answers_pings = True
        self.pinged_at: list[float] = []
        self.unanswered: object = None
        self.gives_up = False
        """Whether it gives up on what is unanswered, and the connection goes on."""
        self.reported: list[Report] = []

    def give_up_unanswered(self) -> list[Report] | None:
        if not self.gives_up:
            return None
        self.unanswered = None
        return [Malformed("given up")]

    async def gave_up(self, reports: Sequence[Report]) -> None:
        self.reported += reports

    async def ping(self) -> Awaitable[float]:
        self.pinged_at.append(self._clock.monotonic())
        return asyncio.get_running_loop().create_future()

    async def pong(self, waiter: Awaitable[float], seconds: float) -> None:
        await self._clock.sleep(0.25 if self.answers_pings else seconds)
        if not self.answers_pings:
            raise ProviderError(ErrorKind.NETWORK, f"did not answer a ping for {seconds:g} s")


class Bench:
    def __init__(self, heartbeat: float | None = None) -> None:
        self.clock = ManualClock()
        self.far = Far(self.clock)
        self.statistics = Statistics()
        self.changes: list[tuple[float, bool]] = []
        self.quiet_at: list[float] = []
        self.liveness = Liveness(
            StreamSettings(),
            heartbeat,
            self.clock,
            self.statistics,
            changed=lambda: self.changes.append((self.clock.monotonic(), self.liveness.stale)),
            quiet=lambda: self.quiet_at.append(self.clock.monotonic()),
        )
        self.watch: asyncio.Task[None] | None = None

    async def open(self, *, proved: bool = True) -> None:
        self.liveness.opened()
        if proved:
            self.liveness.established()
        self.watch = asyncio.create_task(self.liveness.watch(self.far, self.far, self.far.gave_up))  # type: ignore[arg-type]
        await self.clock.settle()

    async def chatter(self, seconds: int) -> None:
        for _ in range(seconds):
            await self.clock.advance(1)
            self.liveness.heard(unanswered=False)

    def failure(self) -> str | None:
        """Why it is dead; ``None`` while it lives."""
        assert self.watch is not None
        if not self.watch.done():
            return None
        error = self.watch.exception()
        assert isinstance(error, ProviderError)
        return error.message

    async def close(self) -> None:
        if self.watch is not None:
            self.watch.cancel()
            await asyncio.wait({self.watch})
        self.liveness.ended()


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    yield bench
    await bench.close()


@pytest.fixture
async def exchange() -> AsyncIterator[Bench]:
    """One whose stream has heartbeats and is dead after ten seconds without any."""
    bench = Bench(heartbeat=10.0)
    yield bench
    await bench.close()


async def test_a_stream_silent_right_after_connecting_is_stale_in_time(exchange: Bench) -> None:
    """Row n of issue 11: silence was watched only from ``connect_timeout`` on."""
    await exchange.open()
    await exchange.clock.advance(4.9)
    assert not exchange.liveness.stale
    await exchange.clock.advance(0.2)
    assert exchange.liveness.stale
    assert exchange.changes == [(5.0, True)]
    await exchange.clock.advance(5)
    assert exchange.failure() == "no data for 10 s"


async def test_before_it_has_proved_its_life_it_is_not_stale_but_given_up(bench: Bench) -> None:
    await bench.open(proved=False)
    await bench.clock.advance(9.9)
    assert (bench.liveness.stale, bench.changes, bench.failure()) == (False, [], None)
    await bench.clock.advance(0.2)
    assert bench.failure() == "connected, but nothing was heard for 10 s"


async def test_it_hears_as_long_as_half_of_its_patience_has_not_passed_without_a_frame(bench: Bench) -> None:
    assert not bench.liveness.hears
    await bench.open()
    await bench.clock.advance(29.9)
    assert bench.liveness.hears
    await bench.clock.advance(0.2)
    assert not bench.liveness.hears
    bench.liveness.heard(unanswered=False)
    assert bench.liveness.hears


async def test_where_there_are_heartbeats_proof_of_life_has_the_same_time(exchange: Bench) -> None:
    await exchange.open(proved=False)
    await exchange.clock.advance(11)
    assert exchange.failure() == "connected, but nothing was heard for 10 s"


async def test_where_nothing_may_happen_silence_is_asked_about_and_borne_ever_longer(bench: Bench) -> None:
    for patience in (60, 120, 240):
        await bench.open()
        began_at = bench.clock.monotonic()
        await bench.clock.advance(patience - 1)
        assert bench.failure() is None
        await bench.clock.advance(1)
        assert bench.failure() == f"no data for {patience} s"
        quiet_for = [at - began_at for at in bench.quiet_at]
        assert quiet_for == [*range(30, patience, 30)]
        bench.quiet_at.clear()
        bench.liveness.ended()


async def test_a_silence_that_is_found_to_be_the_markets_does_not_end_it(bench: Bench) -> None:
    await bench.open()
    await bench.clock.advance(31)
    assert (bench.liveness.stale, bench.liveness.hears) == (True, False)
    for _ in range(10):
        bench.liveness.found_quiet()
        assert (bench.liveness.stale, bench.liveness.hears) == (False, False)
        bench.quiet_at.clear()
        await bench.clock.advance(31)
        assert bench.quiet_at  # it is asked about again each time as long
    assert [stale for _, stale in bench.changes] == [True, False]
    await bench.clock.advance(30)
    assert bench.failure() == "no data for 60 s"


async def test_any_frame_makes_it_fresh_and_both_are_told(bench: Bench) -> None:
    await bench.open()
    await bench.clock.advance(31)
    bench.liveness.heard(unanswered=False)
    assert bench.changes == [(30.0, True), (31.0, False)]
    await bench.clock.advance(31)
    assert bench.changes[2:] == [(61.0, True)]


async def test_what_ended_is_neither_stale_nor_up(bench: Bench) -> None:
    await bench.open()
    await bench.clock.advance(31)
    bench.liveness.ended()
    assert (bench.liveness.stale, bench.liveness.uptime) == (False, 0.0)


async def test_it_is_in_doubt_after_a_silence_until_it_has_said_more_than_a_greeting(bench: Bench) -> None:
    bench.liveness.given_up()
    await bench.open()
    bench.liveness.heard(unanswered=False)
    assert bench.liveness.in_doubt
    await bench.clock.advance(GREETING + 1)
    bench.liveness.heard(unanswered=True)
    assert bench.liveness.in_doubt
    bench.liveness.heard(unanswered=False)
    assert not bench.liveness.in_doubt
    assert len(bench.changes) == 1


async def test_it_is_healthy_when_it_has_lived_for_a_minute_and_is_not_in_doubt(bench: Bench) -> None:
    await bench.open()
    await bench.chatter(59)
    assert not bench.liveness.healthy
    await bench.chatter(1)
    assert bench.liveness.healthy
    bench.liveness.given_up()
    assert not bench.liveness.healthy


async def test_it_is_pinged_in_turn_and_the_round_trip_is_noted(bench: Bench) -> None:
    await bench.open()
    await bench.chatter(65)
    assert bench.far.pinged_at == [0, 30.25, 60.5]
    assert bench.statistics.latency == 0.25


async def test_it_is_pinged_at_once_when_everything_is_doubted(bench: Bench) -> None:
    await bench.open()
    await bench.clock.advance(5)
    bench.liveness.check()
    await bench.clock.settle()
    assert bench.far.pinged_at == [0, 5]


async def test_a_ping_without_a_pong_is_the_end_and_leaves_doubt(bench: Bench) -> None:
    bench.far.answers_pings = False
    await bench.open()
    await bench.clock.advance(10)
    assert bench.failure() == "did not answer a ping for 10 s"
    assert bench.liveness.in_doubt


async def test_a_request_that_is_never_answered_is_the_end(bench: Bench) -> None:
    await bench.open()
    await bench.chatter(20)
    bench.far.unanswered = 7
    await bench.chatter(13)
    assert bench.failure() == "a request was not answered for 10 s"


async def test_where_only_a_part_has_no_answer_the_connection_goes_on_without_it(bench: Bench) -> None:
    await bench.open()
    bench.far.unanswered, bench.far.gives_up = 7, True
    await bench.chatter(60)
    assert bench.failure() is None
    assert bench.far.reported == [Malformed("given up")]
    bench.far.unanswered, bench.far.gives_up = 8, False
    await bench.chatter(13)
    assert bench.failure() == "a request was not answered for 10 s"


async def test_requests_that_are_answered_in_turn_are_not(bench: Bench) -> None:
    await bench.open()
    for number in range(60):
        bench.far.unanswered = number // 8
        await bench.chatter(1)
    assert bench.failure() is None
