"""What is looked for over HTTP beside a stream that is up."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import pytest
from manual_clock import START, ManualClock

from streamcore.errors import ProviderError
from streamcore.events import ErrorKind, State
from streamcore.providers.reports import TransactionReport, Unfollowed
from streamcore.solana.interpretation import SolanaTransaction
from streamcore.streams.omissions import LATE
from streamcore.streams.sweeper import UNFOLLOWED_EVERY, Sweeper
from streamcore.tasks import Tasks

INTERVAL = 60.0
NO_TRANSACTION: SolanaTransaction = None  # type: ignore[assignment]  # what it was does not matter here


class PaperConnection:
    """A fake connection that has been up for as long as the clock runs."""

    def __init__(self, clock: ManualClock, *topics: str) -> None:
        self._clock = clock
        self.topics = topics
        self.state = State.CONNECTED
        self.reconnected_at: list[float] = []

    @property
    def uptime(self) -> float:
        return self._clock.monotonic()

    def reconnect(self) -> None:
        self.reconnected_at.append(self._clock.monotonic())


class PaperBackfill:
    """A fake backfill: a sweep finds what ``found`` says, or fails with ``error``."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self.found: list[TransactionReport] = []
        self.error: ProviderError | None = None
        self.sweeps: list[tuple[float, tuple[str, ...]]] = []
        self.unfollowed: list[tuple[float, dict[str, tuple[str, ...]]]] = []

    async def sweep(self, topics: Sequence[str]) -> list[TransactionReport]:
        self.sweeps.append((self._clock.monotonic(), tuple(topics)))
        if self.error is not None:
            raise self.error
        found, self.found = self.found, []
        return found

    async def fetch_unfollowed(self, unfollowed: Mapping[str, Sequence[str]]) -> None:
        now = self._clock.monotonic()
        self.unfollowed.append((now, {topic: tuple(those) for topic, those in unfollowed.items()}))
        if self.error is not None:
            raise self.error


class Bench:
    """Two connections, one wallet each, of which the second is not up."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.connection = PaperConnection(self.clock, "w")
        self.lost = PaperConnection(self.clock, "v")
        self.lost.state = State.CONNECTING
        self.backfill = PaperBackfill(self.clock)
        self.failed: list[ProviderError] = []
        self.told: list[str] = []
        self.tasks = Tasks("paper", self.clock, failed=self.failed.append)
        connections: Any = [self.connection, self.lost]
        backfill: Any = self.backfill
        self.sweeper = Sweeper(
            "paper",
            connections,
            backfill,
            self.clock,
            interval=INTERVAL,
            failed=self.failed.append,
            left_out=lambda error: self.told.append(error.message),
        )

    def transaction(self, *wallets: str) -> TransactionReport:
        happened_at = int(START + self.clock.monotonic() + INTERVAL - LATE - 5)
        return TransactionReport("signature", 1, NO_TRANSACTION, happened_at, wallets)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    yield bench
    await bench.tasks.close()


async def test_only_connections_that_are_up_are_swept_and_starting_twice_is_starting_once(
    bench: Bench,
) -> None:
    bench.sweeper.start(bench.tasks)
    bench.sweeper.start(bench.tasks)
    await bench.clock.advance(2 * INTERVAL)
    assert bench.backfill.sweeps == [(INTERVAL, ("w",)), (2 * INTERVAL, ("w",))]


async def test_what_a_stream_left_out_is_told_and_that_connection_starts_over(bench: Bench) -> None:
    bench.sweeper.start(bench.tasks)
    bench.backfill.found = [bench.transaction("w")]
    await bench.clock.advance(INTERVAL)
    assert bench.told == ["paper streamed on but left out 1 transaction; subscribing anew"]
    assert (bench.connection.reconnected_at, bench.lost.reconnected_at) == ([INTERVAL], [])


async def test_several_that_were_left_out_are_counted(bench: Bench) -> None:
    bench.sweeper.start(bench.tasks)
    first, second = (
        TransactionReport(name, 1, NO_TRANSACTION, int(START + INTERVAL - LATE - 5), ("w",)) for name in "ab"
    )
    bench.backfill.found = [first, second]
    await bench.clock.advance(INTERVAL)
    assert bench.told == ["paper streamed on but left out 2 transactions; subscribing anew"]
    assert bench.connection.reconnected_at == [INTERVAL]


async def test_what_the_stream_says_that_it_does_not_cover_is_not_held_against_it(bench: Bench) -> None:
    bench.sweeper.start(bench.tasks)
    bench.sweeper.unfollowed(Unfollowed("w", ("account",)))
    bench.backfill.found = [bench.transaction("w")]
    await bench.clock.advance(INTERVAL)
    assert (bench.told, bench.connection.reconnected_at) == ([], [])


async def test_what_is_not_covered_is_fetched_often_until_a_new_stream_says_otherwise(bench: Bench) -> None:
    bench.sweeper.start(bench.tasks)
    for topic in ("w", "v"):
        bench.sweeper.unfollowed(Unfollowed(topic, (f"account of {topic}",)))
    await bench.clock.advance(2 * UNFOLLOWED_EVERY)
    wanted = {"w": ("account of w",)}
    assert bench.backfill.unfollowed == [(UNFOLLOWED_EVERY, wanted), (2 * UNFOLLOWED_EVERY, wanted)]
    bench.sweeper.connecting(("w",))
    await bench.clock.advance(10 * UNFOLLOWED_EVERY)
    assert len(bench.backfill.unfollowed) == 2


async def test_a_host_that_asks_for_a_pause_gets_it(bench: Bench) -> None:
    bench.sweeper.start(bench.tasks)
    bench.sweeper.unfollowed(Unfollowed("w", ("account",)))
    bench.backfill.error = ProviderError(ErrorKind.RATE_LIMIT, "slow down", retry_after=25.0)
    await bench.clock.advance(2 * UNFOLLOWED_EVERY + 25.0)
    assert [at for at, _ in bench.backfill.unfollowed] == [UNFOLLOWED_EVERY, 2 * UNFOLLOWED_EVERY + 25.0]
    assert bench.failed == [bench.backfill.error] * 2


async def test_a_sweep_that_fails_is_told_and_followed_by_the_next(bench: Bench) -> None:
    bench.sweeper.start(bench.tasks)
    bench.backfill.error = ProviderError(ErrorKind.SERVER, "trouble of its own")
    await bench.clock.advance(INTERVAL)
    assert bench.failed == [bench.backfill.error]
    bench.backfill.error = None
    await bench.clock.advance(INTERVAL)
    assert len(bench.backfill.sweeps) == 2


async def test_what_a_new_subscription_may_still_bring_was_not_left_out(bench: Bench) -> None:
    bench.sweeper.start(bench.tasks)
    young = TransactionReport("signature", 1, NO_TRANSACTION, int(START + INTERVAL - 1), ("w",))
    bench.backfill.found = [young]
    await bench.clock.advance(INTERVAL)
    bench.sweeper.subscribed_anew()
    await bench.clock.advance(INTERVAL)
    assert bench.told == []


async def test_what_the_stream_brings_in_its_time_was_not_left_out(bench: Bench) -> None:
    bench.sweeper.start(bench.tasks)
    young = TransactionReport("signature", 1, NO_TRANSACTION, int(START + INTERVAL - 1), ("w",))
    bench.backfill.found = [young]
    await bench.clock.advance(INTERVAL)
    bench.sweeper.streamed("signature")
    await bench.clock.advance(INTERVAL)
    assert bench.told == []
