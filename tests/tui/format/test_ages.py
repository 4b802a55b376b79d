from __future__ import annotations

import pytest

from streamtui.format import ages


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (None, "–"), (0, "now"), (4.9, "now"), (5, "5s"), (9.9, "5s"), (10, "10s"), (14.9, "10s"),
        (15, "15s"), (59, "55s"), (60, "1m"), (119, "1m"), (3599, "59m"), (3600, "1h"),
        (86_399, "23h"), (86_400, "1d"),
    ],
)  # fmt: skip
def test_an_age_goes_in_steps(seconds: float | None, shown: str) -> None:
    assert ages.age(seconds) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"), [(-1, "0s"), (48, "48s"), (187, "3m 07s"), (7500, "2h 05m"), (352_800, "4d 02h")]
)
def test_a_duration_has_two_units(seconds: float, shown: str) -> None:
    assert ages.duration(seconds) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"), [(3.2, "4 s"), (0.1, "1 s"), (0, "0 s"), (-5, "0 s"), (150, "2m 30s")]
)
def test_a_countdown_ends_at_zero(seconds: float, shown: str) -> None:
    assert ages.countdown(seconds) == shown


def test_points_in_time_are_local() -> None:
    assert ages.time_of_day(1_793_311_200.9) == "22:00:00"
    assert ages.time_of_day(None) == "--:--:--"
    assert ages.moment(1_793_311_200.0) == "2026-10-29 22:00:00 UTC"
    assert ages.moment(None) == "–"


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan"), 1e18, -1e18, 1e300])
def test_no_time_is_too_absurd_to_be_written(value: float) -> None:
    for write in (ages.age, ages.duration, ages.countdown, ages.time_of_day, ages.moment):
        assert write(value)
    assert ages.time_of_day(value) == "--:--:--"
    assert ages.moment(value) == ages.UNKNOWN
