"""How often a client may ask."""

from __future__ import annotations

from manual_clock import ManualClock

from streamsim.servers.limits import SlidingWindow, TokenBucket


async def test_a_bucket_takes_a_burst_and_then_its_rate() -> None:
    clock = ManualClock()
    bucket = TokenBucket(clock, 3.0)
    assert [bucket.take() for _ in range(4)] == [True] * 3 + [False]
    await clock.advance(0.34)
    assert [bucket.take() for _ in range(2)] == [True, False]
    await clock.advance(60)
    assert [bucket.take() for _ in range(4)] == [True] * 3 + [False]


async def test_a_strict_window_counts_what_it_refuses() -> None:
    clock = ManualClock()
    window = SlidingWindow(clock, 2, 10.0)
    assert [window.take() for _ in range(4)] == [True, True, False, False]
    assert (window.used, window.opens_in) == (4, 10.0)
    await clock.advance(9)
    assert not window.take()
    await clock.advance(9.5)
    assert window.take(), "one refused request is left in it"


async def test_a_lenient_window_does_not() -> None:
    clock = ManualClock()
    window = SlidingWindow(clock, 2, 10.0, lenient=True)
    assert [window.take() for _ in range(3)] == [True, True, False]
    await clock.advance(4)
    assert (window.used, window.opens_in, window.take()) == (2, 6.0, False)
    await clock.advance(6)
    assert (window.used, window.opens_in, window.take()) == (0, 0.0, True)


async def test_a_window_of_none_is_closed() -> None:
    clock = ManualClock()
    window = SlidingWindow(clock, 0, 10.0)
    assert not window.take()
    await clock.advance(100)
    assert (window.take(), window.opens_in) == (False, 10.0)
