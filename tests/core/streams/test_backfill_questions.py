"""What codecs ask: transactions by their signatures, accounts of wallets; what is said where that fails."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from backfill_bench import BROKEN, BackfillBench, transaction

from streamcore.errors import ProviderError
from streamcore.events import ErrorKind, Source
from streamcore.providers.reports import (
    PartialFetch,
    SignatureSeen,
    TokenAccounts,
    TokenAccountsRequest,
    TransactionReport,
)
from streamcore.status import BreakerState


@pytest.fixture
async def bench() -> AsyncIterator[BackfillBench]:
    bench = BackfillBench()
    yield bench
    await bench.tasks.close()


async def test_what_is_hinted_at_is_asked_for_and_delivered_as_streamed(bench: BackfillBench) -> None:
    bench.watch("w")
    bench.rest.on_answer = lambda question: [transaction("w", 110)]
    bench.backfill.ask(SignatureSeen("w", "w 110", 110))
    await bench.clock.advance(10)
    assert bench.delivered == [(transaction("w", 110), Source.STREAM)]
    assert bench.answered == 1


async def test_the_breaker_sees_calls_for_hinted_transactions(bench: BackfillBench) -> None:
    """Fault 6: 57 answers of HTTP 500 came before it opened; README says 3 calls."""
    bench.watch("w")
    bench.rest.on_answer = lambda question: [0.1, BROKEN]
    for slot in range(101, 158):
        bench.backfill.ask(SignatureSeen("w", f"w {slot}", slot))
        await bench.clock.advance(0.05)
    assert bench.backfill.breaker.state is BreakerState.OPEN
    assert len(bench.rest.answers) <= 4
    await bench.clock.advance(11)
    assert len(bench.rest.answers) <= 4  # left alone


async def test_after_the_outage_everything_hinted_at_meanwhile_is_asked_for(bench: BackfillBench) -> None:
    bench.watch("w")
    bench.rest.on_answer = lambda question: [BROKEN]
    for slot in range(101, 121):
        bench.backfill.ask(SignatureSeen("w", f"w {slot}", slot))
    await bench.clock.advance(5)
    bench.rest.on_answer = lambda question: [0.01, transaction("w", question.slot)]  # type: ignore[union-attr]
    await bench.clock.advance(70)
    assert {report.slot for report, _ in bench.delivered if isinstance(report, TransactionReport)} == set(
        range(101, 121)
    )


async def test_a_poll_that_succeeds_ends_the_wait_of_everything_else_for_the_host(
    bench: BackfillBench,
) -> None:
    bench.watch("w")
    bench.rest.on_fetch = lambda topics: [BROKEN]
    bench.backfill.catch_up(["w"])
    while bench.backfill.breaker.state is not BreakerState.OPEN:
        await bench.clock.advance(0.5)
    await bench.clock.advance(bench.backfill.breaker.rest)
    before = len(bench.rest.fetches)
    bench.rest.on_fetch = lambda topics: []
    await bench.backfill.poll(["other"])
    await bench.clock.settle()
    now = bench.clock.monotonic()
    assert bench.rest.fetches[before:] == [(now, ("other",)), (now, ("w",))]


@pytest.mark.parametrize(
    ("wallets", "text"),
    [
        (["a"], "what 1 wallet may have missed is not fetched yet: trouble of its own"),
        (["a", "b"], "what 2 wallets may have missed is not fetched yet: trouble of its own"),
    ],
)
async def test_what_may_be_missing_while_the_host_fails_is_said_with_its_number(
    bench: BackfillBench, wallets: list[str], text: str
) -> None:
    bench.watch(*wallets)
    bench.rest.on_fetch = lambda topics: [BROKEN]
    bench.backfill.catch_up(wallets)
    assert bench.backfill.unfetched is None
    while bench.backfill.breaker.state is not BreakerState.OPEN:
        await bench.clock.advance(0.5)
    assert bench.backfill.unfetched == text


async def test_transactions_that_are_known_and_not_fetched_are_said_with_their_number(
    bench: BackfillBench,
) -> None:
    bench.watch("w")
    bench.rest.on_answer = lambda question: [BROKEN]
    bench.backfill.ask(SignatureSeen("w", "w 110", 110))
    while bench.backfill.breaker.state is not BreakerState.OPEN:
        await bench.clock.advance(0.5)
    assert bench.backfill.unfetched == "1 transaction known but not fetched: trouble of its own"
    bench.backfill.ask(SignatureSeen("w", "w 111", 111))
    assert bench.backfill.unfetched == "2 transactions known but not fetched: trouble of its own"


async def test_what_was_found_otherwise_meanwhile_is_not_asked_for(bench: BackfillBench) -> None:
    bench.watch("w")
    bench.rest.on_answer = lambda question: [ProviderError(ErrorKind.RATE_LIMIT, "slow", retry_after=9.0)]
    bench.backfill.ask(SignatureSeen("w", "w 110", 110))
    await bench.clock.advance(1)
    bench.checkpoints.record("w", "w 110", 110, streamed=False)
    await bench.clock.advance(60)
    assert len(bench.rest.answers) == 1


async def test_a_transaction_that_cannot_be_had_is_looked_for_as_a_gap_once_for_its_wallet(
    bench: BackfillBench,
) -> None:
    bench.watch("w")
    bench.rest.on_answer = lambda question: [PartialFetch("w", BROKEN)]
    for slot in (110, 111, 112):
        bench.backfill.ask(SignatureSeen("w", f"w {slot}", slot))
    await bench.clock.advance(300)
    assert 1 <= len(bench.rest.fetches) <= 4
    assert {topics for _, topics in bench.rest.fetches} == {("w",)}


async def test_accounts_asked_for_are_passed_on(bench: BackfillBench) -> None:
    accounts = TokenAccounts("w", ("w", "account"))
    bench.rest.on_answer = lambda question: [accounts]
    bench.backfill.ask(TokenAccountsRequest("w"))
    await bench.clock.advance(1)
    assert bench.delivered == [(accounts, Source.STREAM)]
