"""Catching up after a gap, and how far behind that is."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from backfill_bench import BROKEN, BackfillBench, price, transaction

from streamcore.errors import ProviderError
from streamcore.events import ErrorKind, Source
from streamcore.providers.reports import (
    Notice,
    PartialFetch,
    Progress,
    TransactionReport,
)
from streamcore.status import BreakerState
from streamcore.streams.backfill import LONGEST_RETRY, SECOND_LOOK
from streamcore.streams.checkpoints import MOST_REMEMBERED


@pytest.fixture
async def bench() -> AsyncIterator[BackfillBench]:
    bench = BackfillBench()
    yield bench
    await bench.tasks.close()


# Catching up


async def test_the_present_state_is_asked_for_once_and_delivered_as_backfill(bench: BackfillBench) -> None:
    bench.rest.on_fetch = lambda topics: map(price, topics)
    bench.backfill.catch_up(["SOL", "BTC"])
    await bench.clock.advance(100)
    assert bench.rest.fetches == [(0, ("SOL", "BTC"))]
    assert bench.delivered == [(price("SOL"), Source.BACKFILL), (price("BTC"), Source.BACKFILL)]


async def test_a_state_that_is_waited_for_is_not_asked_for_twice(bench: BackfillBench) -> None:
    bench.rest.on_fetch = lambda topics: [1.0, *map(price, topics)]
    bench.backfill.catch_up(["BTC"])
    await bench.clock.settle()
    for _ in range(3):
        bench.backfill.catch_up(["SOL"])
    await bench.clock.advance(100)
    assert bench.rest.fetches == [(0, ("BTC",)), (1, ("SOL",))]


async def test_a_state_asked_for_while_an_older_one_is_on_its_way_is_asked_for_again(
    bench: BackfillBench,
) -> None:
    bench.rest.on_fetch = lambda topics: [1.0, *map(price, topics)]
    bench.backfill.catch_up(["SOL"])
    await bench.clock.advance(0.5)
    bench.backfill.catch_up(["SOL"])
    await bench.clock.advance(100)
    assert bench.rest.fetched_at == [0, 1]


async def test_an_interrupted_fetch_goes_on_where_nothing_can_be_missing_any_more(
    bench: BackfillBench,
) -> None:
    bench.watch("w")
    bench.checkpoints.record("w", "live", 1000, streamed=True)
    bench.rest.on_fetch = lambda topics: [transaction("w", 110), Progress("w", 500), BROKEN]
    bench.backfill.catch_up(["w"])
    await bench.clock.advance(SECOND_LOOK)
    assert [one["w"].slot for one in bench.rest.checkpoints] == [100, 500]


async def test_progress_that_what_is_fetched_alone_would_prove_moves_nothing(bench: BackfillBench) -> None:
    bench.watch("w")
    bench.rest.on_fetch = lambda topics: [transaction("w", 5000), Progress("w", 4000), BROKEN]
    bench.backfill.catch_up(["w"])
    await bench.clock.advance(SECOND_LOOK - 1)
    assert bench.slot("w") == 100


async def test_what_may_be_missing_for_ever_is_told_with_the_next_fetch(bench: BackfillBench) -> None:
    bench.watch("w")
    for slot in range(101, MOST_REMEMBERED + 200):
        bench.checkpoints.record("w", str(slot), slot, streamed=True)
    bench.rest.on_fetch = lambda topics: []
    for _ in range(2):
        await bench.backfill.poll(["w"])
    ((notice, _),) = bench.delivered
    assert isinstance(notice, Notice)
    assert (notice.error.kind, notice.error.retryable) == (ErrorKind.GAP, False)
    assert f"between slots 100 and {bench.rest.checkpoints[0]['w'].slot}" in notice.error.message


async def test_a_gap_is_filled_from_the_last_complete_check_and_looked_at_a_second_time(
    bench: BackfillBench,
) -> None:
    bench.watch("w")
    bench.rest.on_fetch = lambda topics: [transaction("w", 110)]
    bench.backfill.catch_up(["w"])
    await bench.clock.advance(100)
    assert bench.rest.fetched_at == [0, SECOND_LOOK]
    assert [one["w"].slot for one in bench.rest.checkpoints] == [100, 100]
    assert (bench.backfill.gaps_filled, bench.backfill.recovered) == (1, 1)


async def test_live_transactions_hide_no_gap_from_an_index_that_lags(bench: BackfillBench) -> None:
    """What a stream tells proves nothing about what it left out: the second look starts as far back."""
    bench.watch("w")
    lagging: list[TransactionReport] = []
    bench.rest.on_fetch = lambda topics: lagging
    bench.checkpoints.record("w", "live", 900, streamed=True)
    bench.backfill.catch_up(["w"])
    await bench.clock.advance(10)
    assert bench.slot("w") == 100
    lagging.append(transaction("w", 150))
    await bench.clock.advance(10)
    assert bench.delivered == [(transaction("w", 150), Source.BACKFILL)]
    assert bench.rest.checkpoints[1]["w"].slot == 100
    assert bench.slot("w") == 900


async def test_what_could_not_be_told_completely_keeps_its_checkpoint(bench: BackfillBench) -> None:
    bench.watch("w", "v")
    bench.checkpoints.record("w", "live", 200, streamed=True)
    bench.checkpoints.record("v", "live", 200, streamed=True)
    bench.rest.on_fetch = lambda topics: [PartialFetch("w", BROKEN)] if topics == ("w",) else []
    bench.backfill.catch_up(["w", "v"])
    await bench.clock.advance(100)
    assert (bench.slot("w"), bench.slot("v")) == (100, 200)


async def test_a_catching_up_that_fails_is_told_and_tried_again_until_it_succeeds(
    bench: BackfillBench,
) -> None:
    """Row a of issue 11: after an outage the missed transaction came after 108 s, by a sweep."""
    bench.watch("w")
    down_until = 200.0

    def fetch(topics: tuple[str, ...]) -> list[TransactionReport]:
        if bench.clock.monotonic() < down_until:
            raise ProviderError(ErrorKind.RATE_LIMIT, "slow down")
        return [transaction("w", 110)]

    bench.rest.on_fetch = fetch
    bench.backfill.catch_up(["w"])
    await bench.clock.advance(down_until)
    assert {error.kind for error in bench.errors} == {ErrorKind.GAP}
    assert "transactions after slot 100 could not be recovered yet" in bench.errors[0].message
    assert bench.delivered == []
    await bench.clock.advance(LONGEST_RETRY)
    assert bench.delivered[0] == (transaction("w", 110), Source.BACKFILL)


async def test_after_a_denial_it_goes_on_where_it_stopped(bench: BackfillBench) -> None:
    """Else the first wallets take every turn that the host grants, and the last ones never have one."""
    bench.watch("a", "b", "c", "d")
    granted = 2

    def fetch(topics: tuple[str, ...]) -> list[object]:
        nonlocal granted
        granted -= 1
        return [ProviderError(ErrorKind.RATE_LIMIT, "slow down", retry_after=10.0)] if granted < 0 else []

    bench.rest.on_fetch = fetch  # type: ignore[assignment]
    bench.backfill.catch_up(["a", "b", "c", "d"])
    await bench.clock.advance(1)
    granted = 2
    await bench.clock.advance(10)
    completed = [topic for at, (topic,) in bench.rest.fetches if at in (0, 10)]
    assert completed[:2] == ["a", "b"]
    assert completed[-2:] == ["c", "d"]
    granted = 100
    bench.rest.fetches.clear()
    await bench.clock.advance(SECOND_LOOK)
    assert [topic for _, (topic,) in bench.rest.fetches] == ["a", "b", "c", "d"]


async def test_one_that_waits_to_be_tried_again_is_tried_at_once_when_the_host_is_known_to_be_well(
    bench: BackfillBench,
) -> None:
    """Row a of issue 11: the price of a quiet token came 104 s after the outage had ended."""
    bench.rest.on_fetch = lambda topics: [BROKEN]
    bench.backfill.catch_up(["SOL"])
    await bench.clock.advance(100)
    assert bench.backfill.breaker.state is not BreakerState.CLOSED
    bench.rest.on_fetch = lambda topics: map(price, topics)
    bench.backfill.reset()
    await bench.clock.settle()
    assert bench.delivered == [(price("SOL"), Source.BACKFILL)]
    assert bench.backfill.breaker.state is BreakerState.CLOSED


async def test_a_refusal_that_no_waiting_cures_ends_the_catching_up(bench: BackfillBench) -> None:
    bench.rest.on_fetch = lambda topics: [ProviderError(ErrorKind.AUTH, "no key")]
    bench.backfill.catch_up(["SOL"])
    await bench.clock.advance(1000)
    assert bench.rest.fetched_at == [0]


async def test_what_is_not_wanted_any_more_is_not_tried_again(bench: BackfillBench) -> None:
    bench.rest.on_fetch = lambda topics: [ProviderError(ErrorKind.RATE_LIMIT, "slow down")]
    bench.backfill.catch_up(["SOL", "BTC"])
    await bench.clock.advance(1)
    bench.unwanted = {"BTC"}
    await bench.clock.advance(SECOND_LOOK)
    assert bench.rest.fetches[-1][1] == ("SOL",)
    bench.unwanted = {"SOL", "BTC"}
    asked = len(bench.rest.fetches)
    await bench.clock.advance(1000)
    assert len(bench.rest.fetches) == asked


async def test_fetches_come_one_after_the_other(bench: BackfillBench) -> None:
    bench.rest.on_fetch = lambda topics: [2.0, *map(price, topics)]
    for topic in ("a", "b", "c"):
        bench.backfill.catch_up([topic])
    await bench.clock.advance(10)
    assert bench.rest.fetched_at == [0, 2, 4]
    assert bench.rest.most_under_way == 1


# A stream that is silent


async def test_whether_prices_move_is_told_by_what_was_news(bench: BackfillBench) -> None:
    bench.rest.on_fetch = lambda topics: map(price, topics)
    assert await bench.backfill.has_news(["SOL"])
    bench.rest.on_fetch = lambda topics: []
    assert not await bench.backfill.has_news(["SOL"])


async def test_a_poll_is_marked_as_one_and_moves_the_checkpoint(bench: BackfillBench) -> None:
    bench.watch("w")
    bench.rest.on_fetch = lambda topics: [transaction("w", 110)]
    await bench.backfill.poll(["w"])
    assert bench.delivered == [(transaction("w", 110), Source.POLL)]
    await bench.backfill.poll(["w"])
    assert bench.slot("w") == 110


# How far behind it is


async def test_how_far_behind_catching_up_is_can_be_asked_at_any_moment(bench: BackfillBench) -> None:
    wallets = [f"w{number}" for number in range(5)]
    bench.watch(*wallets)
    bench.rest.on_fetch = lambda topics: [10.0]
    assert bench.backfill.behind == 0
    bench.backfill.catch_up(wallets)
    seen = []
    for _ in range(6):
        await bench.clock.advance(5.0)
        seen.append(bench.backfill.behind)
        await bench.clock.advance(5.0)
    assert seen == [5, 4, 3, 2, 1, 0]


async def test_what_could_not_be_fetched_is_still_to_be_caught_up_with(bench: BackfillBench) -> None:
    bench.watch("w")
    bench.rest.on_fetch = lambda topics: [BROKEN]
    bench.backfill.catch_up(["w"])
    await bench.clock.advance(1.0)
    assert bench.backfill.behind == 1
    bench.rest.on_fetch = lambda topics: []
    await bench.clock.advance(LONGEST_RETRY + SECOND_LOOK)
    assert bench.backfill.behind == 0


async def test_a_wallet_that_is_not_wanted_any_more_is_not_behind(bench: BackfillBench) -> None:
    bench.watch("a", "b")
    bench.rest.on_fetch = lambda topics: [BROKEN]
    bench.backfill.catch_up(["a", "b"])
    await bench.clock.advance(1.0)
    bench.unwanted.add("a")
    await bench.clock.advance(LONGEST_RETRY)
    assert bench.backfill.behind == 1


async def test_wallets_take_turns_so_that_a_busy_one_keeps_no_other_waiting(bench: BackfillBench) -> None:
    bench.watch("busy", "calm")
    told = {
        "busy": [transaction("busy", 101 + number) for number in range(50)],
        "calm": [transaction("calm", 101)],
    }
    bench.rest.on_fetch = lambda topics: (step for one in told[topics[0]] for step in (10.0, one))
    bench.backfill.catch_up(["busy", "calm"])
    await bench.clock.advance(20.0)
    assert [report.topics for report, _ in bench.delivered if isinstance(report, TransactionReport)] == [
        ("busy",),
        ("calm",),
    ]
    await bench.clock.advance(600.0)
    slots = [report.slot for report, _ in bench.delivered if isinstance(report, TransactionReport)]
    assert sorted({*slots}) == [*range(101, 151)]
