"""What is said about a provider."""

from __future__ import annotations

import pytest
from fake_manager import status

from streamcore.events import State
from streamtui.format.texts import count, demo_words, trouble

NOW = 1_793_311_200.0


def test_a_provider_that_is_well_has_no_trouble() -> None:
    assert trouble(status(), NOW) == ""


def test_trouble_begins_with_the_next_attempt_and_ends_with_the_reason() -> None:
    failing = status(
        state=State.FALLBACK, fallback=True, attempt=2, retry_at=NOW + 8.5, reason="connection lost"
    )
    assert trouble(failing, NOW) == "try 2 in 9 s · connection lost"


def test_a_parked_provider_says_which_key_tries_again() -> None:
    parked = status(state=State.FAILED, parked=True, reason="Helius refused the API key")
    assert trouble(parked, NOW) == "stopped trying, r tries again · Helius refused the API key"


def test_a_stale_provider_says_for_how_long_it_has_been_quiet() -> None:
    stale = status(stale=True, last_message_at=NOW - 40)
    assert trouble(stale, NOW) == "quiet for 40s"


def test_a_live_stream_whose_transactions_are_not_read_says_how_many_wait_and_for_how_long() -> None:
    behind = status("helius", waiting=29, lag=46.2)
    assert trouble(behind, NOW) == "29 transactions still to be read, the oldest for 46s"
    assert trouble(status("helius", waiting=1, lag=46.2, reason="HTTP 503"), NOW) == "HTTP 503"
    assert trouble(status("helius", waiting=3, lag=0.4), NOW) == "", "that is usual"


@pytest.mark.parametrize(
    ("prices", "wallets", "words"),
    [(False, False, ""), (True, True, "DEMO"), (True, False, "DEMO prices"), (False, True, "DEMO wallets")],
)
def test_the_mark_names_what_is_invented(prices: bool, wallets: bool, words: str) -> None:
    shown = status(demo=prices), status("helius", demo=wallets)
    assert demo_words(*shown) == words
    assert demo_words(None, None) == ""
    assert demo_words(shown[0], None) == ("DEMO" if prices else "")


def test_a_noun_is_counted() -> None:
    assert [count(number, "wallet") for number in (0, 1, 2)] == ["0 wallets", "1 wallet", "2 wallets"]
