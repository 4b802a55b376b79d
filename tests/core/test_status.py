from __future__ import annotations

from fake_manager import status

from streamcore import State, StatusChange


def test_the_event_of_a_status_says_the_same_about_the_same_moment() -> None:
    now = status("helius", state=State.FALLBACK, reason="connection lost", fallback=True, attempt=2)
    event = now.event(1_793_311_200.0)
    for name in StatusChange.__struct_fields__:
        if name not in ("ts", "retry_in"):
            assert getattr(event, name) == getattr(now, name), name
    assert (event.ts, event.retry_in) == (1_793_311_200.0, None)


def test_the_next_attempt_is_told_as_seconds_from_now_and_never_less_than_none() -> None:
    waiting = status(retry_at=1_793_311_201.93042)
    assert waiting.event(1_793_311_200.0).retry_in == 1.93
    assert waiting.event(1_793_311_300.0).retry_in == 0.0
