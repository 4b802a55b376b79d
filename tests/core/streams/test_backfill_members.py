"""Of a list that is fetched together: the odd one is found, and starves no other."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator

import pytest
from backfill_bench import BROKEN, HANGS, REFUSED, BackfillBench, price, transaction

from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.providers.reports import (
    Malformed,
    PriceReport,
    SignatureSeen,
    TransactionReport,
)
from streamcore.status import BreakerState


@pytest.fixture
async def bench() -> AsyncIterator[BackfillBench]:
    bench = BackfillBench()
    yield bench
    await bench.tasks.close()


# One member of a list starves no other


async def test_of_topics_asked_for_together_the_odd_one_is_found_named_and_the_others_served(
    bench: BackfillBench,
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


async def test_the_odd_one_is_asked_for_apart_from_then_on_until_it_is_well(bench: BackfillBench) -> None:
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
    bench: BackfillBench, error: ProviderError
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
    bench: BackfillBench,
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


async def test_a_topic_that_is_never_answered_delays_no_poll_but_one_a_minute(bench: BackfillBench) -> None:
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


async def test_a_topic_that_is_named_already_is_not_named_twice(bench: BackfillBench) -> None:
    bench.watch("hangs", "w")
    named = ProviderError(ErrorKind.NETWORK, "no answer (asked for hangs)", unanswered=True)
    bench.rest.on_fetch = lambda topics: [named] if "hangs" in topics else []
    await bench.backfill.poll(["hangs", "w"])
    assert [error.message for error in bench.errors] == ["no answer (asked for hangs)"]


async def test_one_transaction_that_is_never_answered_is_named_and_opens_no_breaker(
    bench: BackfillBench,
) -> None:
    bench.watch("w")
    bench.rest.on_answer = lambda question: [10.0, HANGS]
    bench.backfill.ask(SignatureSeen("w", "s1", 110))
    await bench.clock.advance(40)
    assert len(bench.rest.answers) >= 3
    assert bench.backfill.breaker.state is BreakerState.CLOSED
    assert "no answer within 10 s (asked for the transaction s1)" in {one.message for one in bench.errors}


async def test_a_host_that_answers_nothing_at_all_is_left_alone(bench: BackfillBench) -> None:
    bench.watch("w")
    bench.rest.on_answer = lambda question: [10.0, HANGS]
    for number in range(3):
        bench.backfill.ask(SignatureSeen("w", f"s{number}", 110 + number))
    await bench.clock.advance(11)
    assert bench.backfill.breaker.state is BreakerState.OPEN


async def test_where_all_fail_it_is_the_host_and_it_is_asked_three_times(bench: BackfillBench) -> None:
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
async def test_what_is_about_all_of_them_is_not_asked_in_parts(
    bench: BackfillBench, error: ProviderError
) -> None:
    bench.rest.on_fetch = lambda topics: [error]
    with pytest.raises(ProviderError, match=error.message):
        await bench.backfill.poll(["SOL", "BTC"])
    assert len(bench.rest.fetches) == 1


async def test_an_answer_of_which_nothing_can_be_used_is_a_failure(bench: BackfillBench) -> None:
    """Row 6 of issue 11: with a web page in place of an answer the lamp stayed well."""
    bench.rest.on_fetch = lambda topics: [Malformed("no JSON")]
    with pytest.raises(ProviderError, match="nothing that can be used: no JSON"):
        await bench.backfill.poll(["SOL"])
    bench.rest.on_fetch = lambda topics: [price("SOL"), Malformed("an odd entry")]
    await bench.backfill.poll(["SOL", "BTC"])


async def test_a_wallet_whose_news_cannot_be_read_is_no_failure(bench: BackfillBench) -> None:
    bench.watch("w")
    bench.rest.on_fetch = lambda topics: [Malformed("a version that is not known")]
    assert await bench.backfill.sweep(["w"]) == []


# One member, or the host


async def test_row_3_wallets_that_always_fail_are_no_outage_whichever_place_they_have(
    bench: BackfillBench,
) -> None:
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


async def test_row_3_two_odd_wallets_among_others_never_count_as_failures_of_the_host(
    bench: BackfillBench,
) -> None:
    wallets = ("bad1", "good", "bad2")
    bench.watch(*wallets)
    bench.rest.on_fetch = lambda topics: [BROKEN] if topics[0].startswith("bad") else []
    for _ in range(5):
        await bench.backfill.sweep(wallets)
        assert bench.backfill.breaker.state is BreakerState.CLOSED
        assert not bench.backfill.breaker.in_doubt
