from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from manual_clock import ManualClock
from properties import quick

from streamcore.config.model import BackoffSettings
from streamcore.streams.backoff import Backoff

ALMOST_ONE = 1.0 - 2.0**-53


def backoff(chance: float = 0.5, **settings: float) -> Backoff:
    clock = ManualClock()
    clock.chance = chance
    return Backoff(BackoffSettings(**settings), clock)  # type: ignore[arg-type]


def test_delays_double_from_the_first_until_the_cap() -> None:
    delays = backoff()
    assert [delays.next_delay() for _ in range(9)] == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_the_first_retry_waits_the_initial_delay_however_long_that_is() -> None:
    assert backoff(initial_delay=7.5).next_delay() == 7.5


def test_an_initial_delay_beyond_the_cap_is_capped() -> None:
    assert backoff(initial_delay=90.0, max_delay=10.0).next_delay() == 10.0


@pytest.mark.parametrize(("chance", "factor"), [(0.0, 0.8), (0.25, 0.9), (0.5, 1.0), (ALMOST_ONE, 1.2)])
def test_jitter_takes_away_and_adds_the_same_share(chance: float, factor: float) -> None:
    delays = backoff(chance)
    assert [delays.next_delay() for _ in range(3)] == pytest.approx([factor, 2 * factor, 4 * factor])


def test_without_jitter_chance_has_no_say() -> None:
    assert backoff(0.9, jitter=0.0).next_delay() == 1.0


@quick
@given(
    attempts=st.integers(0, 200),
    initial=st.floats(0.001, 86_400),
    cap=st.floats(0.001, 86_400),
    jitter=st.floats(0, 1),
    chance=st.floats(0, ALMOST_ONE),
)
def test_a_delay_leaves_the_cap_by_no_more_than_the_jitter(
    attempts: int, initial: float, cap: float, jitter: float, chance: float
) -> None:
    delays = backoff(chance, initial_delay=initial, max_delay=cap, jitter=jitter)
    for _ in range(attempts):
        delays.next_delay()
    plain = min(cap, initial * 2.0**attempts)
    delay = delays.next_delay()
    assert plain * (1 - jitter) <= delay * (1 + 1e-9)
    assert delay <= plain * (1 + jitter) * (1 + 1e-9)
    assert delay >= 0


def test_a_very_long_outage_is_no_overflow() -> None:
    delays = backoff(max_attempts=1_000_000)
    for _ in range(5000):
        last = delays.next_delay()
    assert last == 60.0


def test_it_is_exhausted_after_as_many_retries_as_are_allowed() -> None:
    delays = backoff(max_attempts=3)
    seen = []
    while not delays.exhausted:
        seen.append(delays.next_delay())
    assert (seen, delays.attempt) == ([1, 2, 4], 3)


def test_with_no_retries_allowed_it_is_exhausted_from_the_start() -> None:
    assert backoff(max_attempts=0).exhausted


def test_a_reset_forgets_every_attempt() -> None:
    delays = backoff(max_attempts=2)
    delays.next_delay()
    delays.next_delay()
    delays.reset()
    assert (delays.attempt, delays.exhausted, delays.next_delay()) == (0, False, 1.0)
