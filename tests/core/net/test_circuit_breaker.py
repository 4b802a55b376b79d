from __future__ import annotations

import pytest
from manual_clock import ManualClock

from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.circuit_breaker import (
    FAILURES_TO_OPEN,
    FIRST_REST,
    LONGEST_REST,
    LONGEST_REST_OF_NETWORK,
    CircuitBreaker,
)
from streamcore.status import BreakerState

TROUBLE = ProviderError(ErrorKind.SERVER, "acme has trouble of its own")
UNREACHED = ProviderError(ErrorKind.NETWORK, "acme did not answer")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def breaker(clock: ManualClock) -> CircuitBreaker:
    return CircuitBreaker(clock)


def fail(breaker: CircuitBreaker, error: ProviderError = TROUBLE, times: int = FAILURES_TO_OPEN) -> None:
    for _ in range(times):
        breaker.failed(error)


async def rests(
    breaker: CircuitBreaker, clock: ManualClock, error: ProviderError, trials: int
) -> list[float]:
    """Return how long the breaker rests after each of so many failed trials."""
    found = []
    for _ in range(trials):
        with pytest.raises(ProviderError) as refused:
            breaker.check()
        assert refused.value.retry_after is not None
        found.append(refused.value.retry_after)
        await clock.advance(refused.value.retry_after)
        assert breaker.state is BreakerState.HALF_OPEN
        breaker.failed(error)
    return found


def test_one_failure_less_than_it_takes_lets_calls_pass(breaker: CircuitBreaker) -> None:
    fail(breaker, times=FAILURES_TO_OPEN - 1)
    breaker.check()
    assert breaker.state is BreakerState.CLOSED


def test_failures_in_a_row_open_it_and_it_says_why_and_for_how_long(breaker: CircuitBreaker) -> None:
    fail(breaker)
    with pytest.raises(ProviderError, match="acme has trouble of its own; it keeps failing") as refused:
        breaker.check()
    assert (refused.value.kind, refused.value.retry_after) == (ErrorKind.SERVER, FIRST_REST)
    assert breaker.state is BreakerState.OPEN


def test_an_answer_in_between_starts_the_count_anew(breaker: CircuitBreaker) -> None:
    fail(breaker, times=FAILURES_TO_OPEN - 1)
    breaker.succeeded()
    fail(breaker, times=FAILURES_TO_OPEN - 1)
    breaker.check()


@pytest.mark.parametrize(
    "kind", [ErrorKind.AUTH, ErrorKind.PLAN, ErrorKind.QUOTA, ErrorKind.RATE_LIMIT, ErrorKind.SUBSCRIPTION]
)
def test_a_refusal_is_an_answer_and_does_not_count(breaker: CircuitBreaker, kind: ErrorKind) -> None:
    fail(breaker, ProviderError(kind, "no"), times=10)
    assert breaker.state is BreakerState.CLOSED


async def test_after_the_rest_one_trial_closes_it_again(breaker: CircuitBreaker, clock: ManualClock) -> None:
    fail(breaker)
    await clock.advance(FIRST_REST)
    assert breaker.state is BreakerState.HALF_OPEN
    breaker.check()
    breaker.succeeded()
    assert breaker.state is BreakerState.CLOSED


async def test_each_failed_trial_doubles_the_rest_up_to_a_bound(
    breaker: CircuitBreaker, clock: ManualClock
) -> None:
    fail(breaker)
    found = await rests(breaker, clock, TROUBLE, 7)
    assert found[:3] == pytest.approx([FIRST_REST, FIRST_REST * 2, FIRST_REST * 4])
    assert found[-1] == pytest.approx(LONGEST_REST)


async def test_a_host_that_was_not_reached_is_tried_again_sooner(
    breaker: CircuitBreaker, clock: ManualClock
) -> None:
    fail(breaker, UNREACHED)
    assert (await rests(breaker, clock, UNREACHED, 5))[-1] == pytest.approx(LONGEST_REST_OF_NETWORK)


async def test_a_person_who_asks_lets_the_next_call_pass_and_forgets_the_doubling(
    breaker: CircuitBreaker, clock: ManualClock
) -> None:
    fail(breaker)
    await rests(breaker, clock, TROUBLE, 2)
    breaker.reset()
    breaker.check()
    fail(breaker)
    with pytest.raises(ProviderError) as refused:
        breaker.check()
    assert refused.value.retry_after == FIRST_REST


async def test_a_host_that_blocks_this_address_though_there_is_no_key_is_left_alone_and_tried_again() -> None:
    clock = ManualClock()
    breaker = CircuitBreaker(clock)
    for _ in range(FAILURES_TO_OPEN):
        breaker.failed(ProviderError(ErrorKind.AUTH, "denied", retryable=True))
    with pytest.raises(ProviderError) as caught:
        breaker.check()
    assert (caught.value.kind, caught.value.parks) == (ErrorKind.AUTH, False)
    await clock.advance(caught.value.retry_after or 0.0)
    breaker.check()


def test_a_wrong_key_is_an_answer_not_a_failure_of_the_host() -> None:
    breaker = CircuitBreaker(ManualClock())
    for _ in range(2 * FAILURES_TO_OPEN):
        breaker.failed(ProviderError(ErrorKind.AUTH, "denied"))
    breaker.check()
