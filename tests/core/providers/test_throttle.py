"""How long a codec is silent when its provider wants fewer frames."""

from __future__ import annotations

from streamcore.events import ErrorKind
from streamcore.providers.reports import Throttled
from streamcore.providers.throttle import FIRST_REST, Throttle


def rest(throttle: Throttle) -> float:
    (slow,) = throttle.denied("slow down")
    assert isinstance(slow, Throttled)
    assert (slow.error.kind, slow.error.retry_after) == (ErrorKind.RATE_LIMIT, slow.seconds)
    return slow.seconds


def test_one_denial_that_is_said_many_times_counts_once() -> None:
    throttle = Throttle()
    assert not throttle.resting
    assert rest(throttle) == FIRST_REST
    assert throttle.resting
    assert throttle.denied("slow down") == []


def test_each_denial_in_a_row_doubles_the_rest_up_to_ten_seconds_and_a_grant_ends_that() -> None:
    throttle = Throttle()
    rests = []
    for _ in range(6):
        rests.append(rest(throttle))
        throttle.rested()
    assert rests == [1, 2, 4, 8, 10, 10]
    throttle.granted()
    assert rest(throttle) == FIRST_REST
