"""Wrong tokens, counted by address."""

from __future__ import annotations

import pytest

from streamcore.relay.attempts import MOST_ADDRESSES, Attempts, forwarded_address


def test_an_address_waits_when_its_attempts_are_used_up_and_others_do_not() -> None:
    attempts = Attempts(per_minute=2)
    for _ in range(2):
        assert not attempts.are_used_up("192.0.2.1", 0.0)
        attempts.count("192.0.2.1", 0.0)
    assert attempts.are_used_up("192.0.2.1", 0.0)
    assert not attempts.are_used_up("192.0.2.2", 0.0)
    assert not attempts.are_used_up("192.0.2.1", 30.0)


def test_who_has_waited_is_forgotten_before_who_has_tried_just_now() -> None:
    attempts = Attempts(per_minute=1)
    attempts.count("first", 0.0)
    attempts.count("second", 59.0)
    for number in range(MOST_ADDRESSES - 1):
        attempts.count(f"other-{number}", 60.0)
    assert attempts.are_used_up("second", 60.0)


@pytest.mark.parametrize(
    ("headers", "address"),
    [
        ([], "proxy"),
        (["192.0.2.1"], "192.0.2.1"),
        (["10.0.0.1, 192.0.2.1"], "192.0.2.1"),
        (["10.0.0.1", "2001:db8::1"], "2001:db8::1"),
        (["192.0.2.1, unknown"], "proxy"),
    ],
)
def test_the_last_address_that_a_proxy_names_counts(headers: list[str], address: str) -> None:
    assert forwarded_address(headers, "proxy") == address
