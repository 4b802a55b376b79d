from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
from manual_clock import START, ManualClock
from scripted_rest import ScriptedRest

from streamcore.errors import ProviderError
from streamcore.events import ErrorKind, Source
from streamcore.providers.reports import (
    Checkpoint,
    CheckpointReport,
    Malformed,
    Notice,
    PartialFetch,
    PriceReport,
    Progress,
    Report,
    SignatureSeen,
    TokenAccounts,
    TokenAccountsRequest,
    TransactionReport,
)
from streamcore.solana.interpretation import SolanaTransaction
from streamcore.status import BreakerState
from streamcore.streams.backfill import LONGEST_RETRY, SECOND_LOOK, Backfill
from streamcore.streams.checkpoints import MOST_REMEMBERED, Checkpoints
from streamcore.tasks import Tasks

BROKEN = ProviderError(ErrorKind.SERVER, "trouble of its own")
HANGS = ProviderError(ErrorKind.NETWORK, "no answer within 10 s", unanswered=True)
REFUSED = ProviderError(ErrorKind.SUBSCRIPTION, "refused the request")
NO_TRANSACTION: SolanaTransaction = None  # type: ignore[assignment]  # what it was does not matter here


def price(topic: str) -> PriceReport:
    return PriceReport(topic, price=Decimal(1))


def transaction(wallet: str, slot: int) -> TransactionReport:
    return TransactionReport(f"{wallet} {slot}", slot, NO_TRANSACTION, int(START), (wallet,))


class Bench:
    """A backfill whose host does as ``rest`` says; wallets are those with checkpoints."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.rest = ScriptedRest(self.clock)
        self.checkpoints = Checkpoints()
        self.delivered: list[tuple[Report, Source]] = []
        self.errors: list[ProviderError] = []
        self.answered = 0
        self.unwanted: set[str] = set()
        self.tasks = Tasks("paper", self.clock, failed=self.errors.append)
        self.backfill = Backfill(
            "paper",
            self.rest,
            self.checkpoints,
            self.clock,
            self.tasks,
            deliver=self._deliver,
            failed=self.errors.append,
            answered=self._count,
            is_wanted=lambda topic: topic not in self.unwanted,
        )

    def watch(self, *wallets: str, slot: int = 100) -> None:
        """Have wallets whose transactions have been told up to a slot."""
        for wallet in wallets:
            self.checkpoints.watch(wallet, START)
            self.checkpoints.begin(wallet, Checkpoint(f"{wallet} {slot}", slot), ())

    def slot(self, wallet: str) -> int:
        """Where the next fetch starts."""
        return self.checkpoints.of([wallet])[wallet].slot

    def _count(self) -> None:
        self.answered += 1

    def _deliver(self, report: Report, source: Source, as_of: float) -> bool:
        self.delivered.append((report, source))
        if isinstance(report, TransactionReport):
            streamed = source is Source.STREAM
            wallet = report.topics[0]
            return self.checkpoints.record(wallet, report.signature, report.slot, streamed=streamed)
        if isinstance(report, CheckpointReport):
            self.checkpoints.begin(report.topic, report.checkpoint, report.history)
            return False
        return True


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    yield bench
    await bench.tasks.close()


# Catching up


async def test_the_present_state_is_asked_for_once_and_delivered_as_backfill(bench: Bench) -> None:
    bench.rest.on_fetch = lambda topics: map(price, topics)
    bench.backfill.catch_up(["SOL", "BTC"])
    await bench.clock.advance(100)
    assert bench.rest.fetches == [(0, ("SOL", "BTC"))]
    assert bench.delivered == [(price("SOL"), Source.BACKFILL), (price("BTC"), Source.BACKFILL)]


async def test_a_state_that_is_waited_for_is_not_asked_for_twice(bench: Bench) -> None:
    bench.rest.on_fetch = lambda topics: [1.0, *map(price, topics)]
    bench.backfill.catch_up(["BTC"])
    await bench.clock.settle()
    for _ in range(3):
        bench.backfill.catch_up(["SOL"])
    await bench.clock.advance(100)
    assert bench.rest.fetches == [(0, ("BTC",)), (1, ("SOL",))]


async def test_a_state_asked_for_while_an_older_one_is_on_its_way_is_asked_for_again(bench: Bench) -> None:
    bench.rest.on_fetch = lambda topics: [1.0, *map(price, topics)]
    bench.backfill.catch_up(["SOL"])
    await bench.clock.advance(0.5)
    bench.backfill.catch_up(["SOL"])
    await bench.clock.advance(100)
    assert bench.rest.fetched_at == [0, 1]


async def test_an_interrupted_fetch_goes_on_where_nothing_can_be_missing_any_more(bench: Bench) -> None:
    bench.watch("w")
    bench.checkpoints.record("w", "live", 1000, streamed=True)
    bench.rest.on_fetch = lambda topics: [transaction("w", 110), Progress("w", 500), BROKEN]
    bench.backfill.catch_up(["w"])
    await bench.clock.advance(SECOND_LOOK)
    assert [one["w"].slot for one in bench.rest.checkpoints] == [100, 500]


async def test_progress_that_what_is_fetched_alone_would_prove_moves_nothing(bench: Bench) -> None:
    bench.watch("w")
    bench.rest.on_fetch = lambda topics: [transaction("w", 5000), Progress("w", 4000), BROKEN]
    bench.backfill.catch_up(["w"])
    await bench.clock.advance(SECOND_LOOK - 1)
    assert bench.slot("w") == 100


async def test_what_may_be_missing_for_ever_is_told_with_the_next_fetch(bench: Bench) -> None:
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


async def test_a_gap_is_filled_from_the_last_complete_check_and_looked_at_a_second_time(bench: Bench) -> None:
    bench.watch("w")
    bench.rest.on_fetch = lambda topics: [transaction("w", 110)]
    bench.backfill.catch_up(["w"])
    await bench.clock.advance(100)
    assert bench.rest.fetched_at == [0, SECOND_LOOK]
    assert [one["w"].slot for one in bench.rest.checkpoints] == [100, 100]
    assert (bench.backfill.gaps_filled, bench.backfill.recovered) == (1, 1)


async def test_live_transactions_hide_no_gap_from_an_index_that_lags(bench: Bench) -> None:
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


async def test_what_could_not_be_told_completely_keeps_its_checkpoint(bench: Bench) -> None:
    bench.watch("w", "v")
    bench.checkpoints.record("w", "live", 200, streamed=True)
    bench.checkpoints.record("v", "live", 200, streamed=True)
    bench.rest.on_fetch = lambda topics: [PartialFetch("w", BROKEN)] if topics == ("w",) else []
    bench.backfill.catch_up(["w", "v"])
    await bench.clock.advance(100)
    assert (bench.slot("w"), bench.slot("v")) == (100, 200)


async def test_a_catching_up_that_fails_is_told_and_tried_again_until_it_succeeds(bench: Bench) -> None:
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


async def test_after_a_denial_it_goes_on_where_it_stopped(bench: Bench) -> None:
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
    bench: Bench,
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


async def test_a_refusal_that_no_waiting_cures_ends_the_catching_up(bench: Bench) -> None:
    bench.rest.on_fetch = lambda topics: [ProviderError(ErrorKind.AUTH, "no key")]
    bench.backfill.catch_up(["SOL"])
    await bench.clock.advance(1000)
    assert bench.rest.fetched_at == [0]


async def test_what_is_not_wanted_any_more_is_not_tried_again(bench: Bench) -> None:
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


async def test_fetches_come_one_after_the_other(bench: Bench) -> None:
    bench.rest.on_fetch = lambda topics: [2.0, *map(price, topics)]
    for topic in ("a", "b", "c"):
        bench.backfill.catch_up([topic])
    await bench.clock.advance(10)
    assert bench.rest.fetched_at == [0, 2, 4]
    assert bench.rest.most_under_way == 1


# One member of a list starves no other


async def test_of_topics_asked_for_together_the_odd_one_is_found_named_and_the_others_served(
    bench: Bench,
) -> None:
    """Row 3 of issue 11: one product that answers 500 left three others without a price."""

    def fetch(topics: tuple[str, ...]) -> list[object]:
        return [BROKEN if topic == "LUNA" else price(topic) for topic in topics]

    bench.rest.on_fetch = fetch  # type: ignore[assignment]
    await bench.backfill.poll(["SOL", "LUNA", "BTC", "ETH"])
    assert {report.topic for report, _ in bench.delivered if isinstance(report, PriceReport)} == {
        "SOL",
        "BTC",
        "ETH",
    }
    assert [error.message for error in bench.errors] == ["trouble of its own (asked for LUNA)"]
    assert bench.backfill.breaker.state is BreakerState.CLOSED


async def test_the_odd_one_is_asked_for_apart_from_then_on_until_it_is_well(bench: Bench) -> None:
    odd = {"LUNA"}

    def fetch(topics: tuple[str, ...]) -> list[object]:
        return [BROKEN if topic in odd else price(topic) for topic in topics]

    bench.rest.on_fetch = fetch  # type: ignore[assignment]
    await bench.backfill.poll(["SOL", "LUNA", "BTC", "ETH"])
    bench.rest.fetches.clear()
    odd.clear()
    await bench.backfill.poll(["SOL", "LUNA", "BTC", "ETH"])
    assert [topics for _, topics in bench.rest.fetches] == [("SOL", "BTC", "ETH"), ("LUNA",)]
    bench.rest.fetches.clear()
    await bench.backfill.poll(["SOL", "LUNA", "BTC", "ETH"])
    assert [topics for _, topics in bench.rest.fetches] == [("SOL", "LUNA", "BTC", "ETH")]


@pytest.mark.parametrize("error", [BROKEN, REFUSED], ids=["-32012", "-32602"])
async def test_a_wallet_that_is_refused_keeps_no_other_from_its_transactions(
    bench: Bench, error: ProviderError
) -> None:
    bench.watch("odd", "w")

    def fetch(topics: tuple[str, ...]) -> list[object]:
        return [error if topic == "odd" else transaction(topic, 110) for topic in topics]

    bench.rest.on_fetch = fetch  # type: ignore[assignment]
    found = await bench.backfill.sweep(["odd", "w"])
    assert found == [transaction("w", 110)]
    assert f"{error.message} (asked for odd)" in [told.message for told in bench.errors]
    await bench.backfill.sweep(["odd", "w"])
    assert (bench.slot("odd"), bench.slot("w")) == (100, 110)


async def test_a_topic_that_is_never_answered_is_found_and_named_and_the_others_are_served(
    bench: Bench,
) -> None:
    """A price source that hangs for one mint gave no price at all, and was left alone for a while."""

    def fetch(topics: tuple[str, ...]) -> list[object]:
        return [10.0, HANGS] if "LUNA" in topics else [price(topic) for topic in topics]

    bench.rest.on_fetch = fetch  # type: ignore[assignment]
    poll = asyncio.create_task(bench.backfill.poll(["SOL", "LUNA", "BTC", "ETH"]))
    await bench.clock.advance(31)
    await poll
    assert {report.topic for report, _ in bench.delivered if isinstance(report, PriceReport)} == {
        "SOL",
        "BTC",
        "ETH",
    }
    assert [error.message for error in bench.errors] == ["no answer within 10 s (asked for LUNA)"]
    assert bench.backfill.breaker.state is BreakerState.CLOSED


async def test_a_topic_that_is_never_answered_delays_no_poll_but_one_a_minute(bench: Bench) -> None:
    bench.watch("hangs", "w")

    def fetch(topics: tuple[str, ...]) -> list[object]:
        return [10.0, HANGS] if "hangs" in topics else []

    bench.rest.on_fetch = fetch  # type: ignore[assignment]

    async def polls() -> None:
        while True:
            await bench.backfill.poll(["hangs", "w"])
            await bench.clock.sleep(5)

    polling = asyncio.create_task(polls())
    await bench.clock.advance(200)
    polling.cancel()
    assert not polling.done()
    hung = [at for at, topics in bench.rest.fetches if topics == ("hangs",)]
    asked = [at for at, topics in bench.rest.fetches if topics == ("w",)]
    assert (hung[0], asked[0]) == (0, 10)
    assert 2 <= len(hung) <= 4
    assert len(asked) > 25
    assert max(later - at for at, later in itertools.pairwise(asked)) <= 15
    assert bench.backfill.breaker.state is BreakerState.CLOSED


async def test_a_topic_that_is_named_already_is_not_named_twice(bench: Bench) -> None:
    bench.watch("hangs", "w")
    named = ProviderError(ErrorKind.NETWORK, "no answer (asked for hangs)", unanswered=True)
    bench.rest.on_fetch = lambda topics: [named] if "hangs" in topics else []
    await bench.backfill.poll(["hangs", "w"])
    assert [error.message for error in bench.errors] == ["no answer (asked for hangs)"]


async def test_one_transaction_that_is_never_answered_is_named_and_opens_no_breaker(bench: Bench) -> None:
    bench.watch("w")
    bench.rest.on_answer = lambda question: [10.0, HANGS]
    bench.backfill.ask(SignatureSeen("w", "s1", 110))
    await bench.clock.advance(40)
    assert len(bench.rest.answers) >= 3
    assert bench.backfill.breaker.state is BreakerState.CLOSED
    assert "no answer within 10 s (asked for the transaction s1)" in {one.message for one in bench.errors}


async def test_a_host_that_answers_nothing_at_all_is_left_alone(bench: Bench) -> None:
    bench.watch("w")
    bench.rest.on_answer = lambda question: [10.0, HANGS]
    for number in range(3):
        bench.backfill.ask(SignatureSeen("w", f"s{number}", 110 + number))
    await bench.clock.advance(11)
    assert bench.backfill.breaker.state is BreakerState.OPEN


async def test_where_all_fail_it_is_the_host_and_it_is_asked_three_times(bench: Bench) -> None:
    bench.rest.on_fetch = lambda topics: [BROKEN]
    with pytest.raises(ProviderError, match="trouble of its own"):
        await bench.backfill.poll([f"T{number}" for number in range(50)])
    assert len(bench.rest.fetches) == 3
    assert bench.backfill.breaker.state is BreakerState.OPEN
    assert bench.errors == []


@pytest.mark.parametrize(
    "error",
    [
        ProviderError(ErrorKind.NETWORK, "not reached"),
        ProviderError(ErrorKind.RATE_LIMIT, "slow down"),
        ProviderError(ErrorKind.AUTH, "no key"),
        ProviderError(ErrorKind.SERVER, "come back later", retry_after=30.0),
    ],
)
async def test_what_is_about_all_of_them_is_not_asked_in_parts(bench: Bench, error: ProviderError) -> None:
    bench.rest.on_fetch = lambda topics: [error]
    with pytest.raises(ProviderError, match=error.message):
        await bench.backfill.poll(["SOL", "BTC"])
    assert len(bench.rest.fetches) == 1


async def test_an_answer_of_which_nothing_can_be_used_is_a_failure(bench: Bench) -> None:
    """Row 6 of issue 11: with a web page in place of an answer the lamp stayed well."""
    bench.rest.on_fetch = lambda topics: [Malformed("no JSON")]
    with pytest.raises(ProviderError, match="nothing that can be used: no JSON"):
        await bench.backfill.poll(["SOL"])
    bench.rest.on_fetch = lambda topics: [price("SOL"), Malformed("an odd entry")]
    await bench.backfill.poll(["SOL", "BTC"])


async def test_a_wallet_whose_news_cannot_be_read_is_no_failure(bench: Bench) -> None:
    bench.watch("w")
    bench.rest.on_fetch = lambda topics: [Malformed("a version that is not known")]
    assert await bench.backfill.sweep(["w"]) == []


# Questions of codecs


async def test_what_is_hinted_at_is_asked_for_and_delivered_as_streamed(bench: Bench) -> None:
    bench.watch("w")
    bench.rest.on_answer = lambda question: [transaction("w", 110)]
    bench.backfill.ask(SignatureSeen("w", "w 110", 110))
    await bench.clock.advance(10)
    assert bench.delivered == [(transaction("w", 110), Source.STREAM)]
    assert bench.answered == 1


async def test_the_breaker_sees_calls_for_hinted_transactions(bench: Bench) -> None:
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


async def test_after_the_outage_everything_hinted_at_meanwhile_is_asked_for(bench: Bench) -> None:
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


async def test_a_poll_that_succeeds_ends_the_wait_of_everything_else_for_the_host(bench: Bench) -> None:
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
    bench: Bench, wallets: list[str], text: str
) -> None:
    bench.watch(*wallets)
    bench.rest.on_fetch = lambda topics: [BROKEN]
    bench.backfill.catch_up(wallets)
    assert bench.backfill.unfetched is None
    while bench.backfill.breaker.state is not BreakerState.OPEN:
        await bench.clock.advance(0.5)
    assert bench.backfill.unfetched == text


async def test_transactions_that_are_known_and_not_fetched_are_said_with_their_number(bench: Bench) -> None:
    bench.watch("w")
    bench.rest.on_answer = lambda question: [BROKEN]
    bench.backfill.ask(SignatureSeen("w", "w 110", 110))
    while bench.backfill.breaker.state is not BreakerState.OPEN:
        await bench.clock.advance(0.5)
    assert bench.backfill.unfetched == "1 transaction known but not fetched: trouble of its own"
    bench.backfill.ask(SignatureSeen("w", "w 111", 111))
    assert bench.backfill.unfetched == "2 transactions known but not fetched: trouble of its own"


async def test_what_was_found_otherwise_meanwhile_is_not_asked_for(bench: Bench) -> None:
    bench.watch("w")
    bench.rest.on_answer = lambda question: [ProviderError(ErrorKind.RATE_LIMIT, "slow", retry_after=9.0)]
    bench.backfill.ask(SignatureSeen("w", "w 110", 110))
    await bench.clock.advance(1)
    bench.checkpoints.record("w", "w 110", 110, streamed=False)
    await bench.clock.advance(60)
    assert len(bench.rest.answers) == 1


async def test_a_transaction_that_cannot_be_had_is_looked_for_as_a_gap_once_for_its_wallet(
    bench: Bench,
) -> None:
    bench.watch("w")
    bench.rest.on_answer = lambda question: [PartialFetch("w", BROKEN)]
    for slot in (110, 111, 112):
        bench.backfill.ask(SignatureSeen("w", f"w {slot}", slot))
    await bench.clock.advance(300)
    assert 1 <= len(bench.rest.fetches) <= 4
    assert {topics for _, topics in bench.rest.fetches} == {("w",)}


async def test_accounts_asked_for_are_passed_on(bench: Bench) -> None:
    accounts = TokenAccounts("w", ("w", "account"))
    bench.rest.on_answer = lambda question: [accounts]
    bench.backfill.ask(TokenAccountsRequest("w"))
    await bench.clock.advance(1)
    assert bench.delivered == [(accounts, Source.STREAM)]


# A stream that is silent


async def test_whether_prices_move_is_told_by_what_was_news(bench: Bench) -> None:
    bench.rest.on_fetch = lambda topics: map(price, topics)
    assert await bench.backfill.has_news(["SOL"])
    bench.rest.on_fetch = lambda topics: []
    assert not await bench.backfill.has_news(["SOL"])


async def test_a_poll_is_marked_as_one_and_moves_the_checkpoint(bench: Bench) -> None:
    bench.watch("w")
    bench.rest.on_fetch = lambda topics: [transaction("w", 110)]
    await bench.backfill.poll(["w"])
    assert bench.delivered == [(transaction("w", 110), Source.POLL)]
    await bench.backfill.poll(["w"])
    assert bench.slot("w") == 110


# How far behind it is


async def test_how_far_behind_catching_up_is_can_be_asked_at_any_moment(bench: Bench) -> None:
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


async def test_what_could_not_be_fetched_is_still_to_be_caught_up_with(bench: Bench) -> None:
    bench.watch("w")
    bench.rest.on_fetch = lambda topics: [BROKEN]
    bench.backfill.catch_up(["w"])
    await bench.clock.advance(1.0)
    assert bench.backfill.behind == 1
    bench.rest.on_fetch = lambda topics: []
    await bench.clock.advance(LONGEST_RETRY + SECOND_LOOK)
    assert bench.backfill.behind == 0


async def test_a_wallet_that_is_not_wanted_any_more_is_not_behind(bench: Bench) -> None:
    bench.watch("a", "b")
    bench.rest.on_fetch = lambda topics: [BROKEN]
    bench.backfill.catch_up(["a", "b"])
    await bench.clock.advance(1.0)
    bench.unwanted.add("a")
    await bench.clock.advance(LONGEST_RETRY)
    assert bench.backfill.behind == 1


async def test_wallets_take_turns_so_that_a_busy_one_keeps_no_other_waiting(bench: Bench) -> None:
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


# One member, or the host


async def test_row_3_wallets_that_always_fail_are_no_outage_whichever_place_they_have(bench: Bench) -> None:
    wallets = ("bad1", "bad2", "bad3", "good1", "good2")
    bench.watch(*wallets)
    bench.rest.on_fetch = lambda topics: (
        [BROKEN] if topics[0].startswith("bad") else [transaction(topics[0], 105)]
    )
    bench.backfill.catch_up(wallets)
    await bench.clock.advance(40)
    assert {report.signature for report, _ in bench.delivered if isinstance(report, TransactionReport)} == {
        "good1 105",
        "good2 105",
    }
    assert bench.backfill.breaker.state is BreakerState.CLOSED
    bench.rest.fetches.clear()
    with pytest.raises(ProviderError):
        await bench.backfill.sweep(("bad1", "bad2", "bad3"))
    assert bench.backfill.breaker.state is BreakerState.OPEN


async def test_row_3_two_odd_wallets_among_others_never_count_as_failures_of_the_host(bench: Bench) -> None:
    wallets = ("bad1", "good", "bad2")
    bench.watch(*wallets)
    bench.rest.on_fetch = lambda topics: [BROKEN] if topics[0].startswith("bad") else []
    for _ in range(5):
        await bench.backfill.sweep(wallets)
        assert bench.backfill.breaker.state is BreakerState.CLOSED
        assert not bench.backfill.breaker.in_doubt
