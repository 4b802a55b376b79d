from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import quick

from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.providers.http_errors import (
    LONGEST_WAIT,
    RATE_LIMIT_REST,
    malformed_answer,
    pause_after,
    refusal,
    retry_after,
)

K = ErrorKind


@pytest.mark.parametrize(
    ("status", "kind", "retryable"),
    [
        (301, K.PROTOCOL, True),
        (302, K.PROTOCOL, True),
        (400, K.PROTOCOL, True),
        (401, K.AUTH, False),
        (402, K.QUOTA, False),
        (403, K.AUTH, False),
        (404, K.PROTOCOL, True),
        (408, K.RATE_LIMIT, True),
        (418, K.PROTOCOL, True),
        (425, K.RATE_LIMIT, True),
        (429, K.RATE_LIMIT, True),
        (500, K.SERVER, True),
        (502, K.SERVER, True),
        (503, K.SERVER, True),
        (504, K.SERVER, True),
        (521, K.SERVER, True),
        (555, K.SERVER, True),
    ],
)
def test_a_status_has_its_kind(status: int, kind: ErrorKind, retryable: bool) -> None:
    error = refusal("Acme", status, {}, key_setting="ACME_KEY")
    assert (error.kind, error.retryable, error.retry_after) == (kind, retryable, None)
    assert f"HTTP {status}" in error.message
    assert error.message.startswith("Acme")


def test_a_wrong_key_says_what_to_check_where_there_is_a_key() -> None:
    assert "check ACME_KEY" in refusal("Acme", 401, {}, key_setting="ACME_KEY").message
    keyless = refusal("Acme", 401, {}, key_setting=None)
    assert keyless.message == "Acme does not answer without a key any more (HTTP 401)"


def test_to_be_asked_for_money_is_for_a_while_where_nobody_can_have_paid() -> None:
    """A sibling of row 5 of issue 11."""
    error = refusal("Acme", 402, {}, key_setting=None)
    assert (error.kind, error.retryable, error.parks) == (K.QUOTA, True, False)
    assert error.message == "Acme wants to be paid first (HTTP 402)"


@pytest.mark.parametrize("status", [401, 403, 451])
def test_to_be_blocked_is_for_a_while_where_there_is_no_key_to_be_wrong(status: int) -> None:
    """Row 5 of issue 11: after ten seconds of HTTP 403 a source without a key was never asked again."""
    error = refusal("Acme", status, {"retry-after": "30"}, key_setting=None)
    assert (error.kind, error.retryable, error.parks, error.retry_after) == (K.AUTH, True, False, 30.0)
    assert refusal("Acme", status, {}, key_setting="ACME_KEY").parks


@pytest.mark.parametrize("status", [408, 425, 429, 503])
def test_the_wait_a_server_asks_for_is_kept(status: int) -> None:
    assert refusal("Acme", status, {"retry-after": "7"}, key_setting=None).retry_after == 7.0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": " 12 "}, 12.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "999999999"}, LONGEST_WAIT),
        ({"retry-after": "inf"}, LONGEST_WAIT),
        # a date is a distance from the answer's own date: our clock may be wrong
        (
            {"retry-after": "Wed, 21 Oct 2015 07:28:30 GMT", "date": "Wed, 21 Oct 2015 07:28:00 GMT"},
            30.0,
        ),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT", "date": "Wed, 21 Oct 2015 07:28:30 GMT"}, 0.0),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, None),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT", "date": "yesterday"}, None),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT", "date": "Wed, 21 Oct 2015 07:28:00 -0000"}, None),
        # a wall before the host may add a header of its own, and both arrive as one
        ({"retry-after": "30, 60"}, 60.0),
        ({"retry-after": "30, soon"}, None),
    ],
)
def test_retry_after_is_seconds_or_a_date_or_nothing(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        # a moment in Unix seconds, as Birdeye and Jupiter send it, counts from the answer's own date
        ({"x-ratelimit-reset": "1445412510", "date": "Wed, 21 Oct 2015 07:28:00 GMT"}, 30.2),
        ({"x-ratelimit-reset": "1445412470", "date": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({"x-ratelimit-reset": "1445412510"}, None),
        # the same in milliseconds
        ({"x-ratelimit-reset": "1445412510000", "date": "Wed, 21 Oct 2015 07:28:00 GMT"}, 30.2),
        # seconds that are left, as gateways send it
        ({"x-ratelimit-reset": "30", "date": "Wed, 21 Oct 2015 07:28:00 GMT"}, 30.2),
        ({"x-ratelimit-reset": "30"}, 30.2),
        ({"ratelimit-reset": "30"}, 30.2),
        ({"ratelimit-reset": "30", "retry-after": "60"}, 60.0),
        ({"x-ratelimit-reset": "soon"}, None),
        ({"x-ratelimit-reset": "nan"}, None),
        ({"x-ratelimit-reset": "-5"}, None),
    ],
)
def test_the_reset_of_a_limit_is_a_moment_or_the_seconds_that_are_left(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert retry_after(headers) == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize("status", [403, 500, 502, 503, 521])
def test_trouble_of_the_server_does_not_wait_for_the_reset_of_a_limit(status: int) -> None:
    # gateways tell the state of the limit with every answer, also where it is not the limit that failed
    limit = {"x-ratelimit-reset": "1445416080", "date": "Wed, 21 Oct 2015 07:28:00 GMT"}
    assert refusal("Acme", status, limit, key_setting=None).retry_after is None
    assert refusal("Acme", status, {"ratelimit-reset": "3600"}, key_setting=None).retry_after is None
    assert (
        refusal("Acme", status, {"retry-after": "7", "ratelimit-reset": "60"}, key_setting=None).retry_after
        == 7
    )


@quick
@given(st.text(), st.text())
def test_no_header_can_make_it_fail_or_wait_for_ever(value: str, date: str) -> None:
    seconds = retry_after({"retry-after": value, "date": date})
    assert seconds is None or 0.0 <= seconds <= LONGEST_WAIT


@quick
@given(st.integers(-10, 1000))
def test_every_number_has_a_meaning(status: int) -> None:
    assert refusal("Acme", status, {}, key_setting=None).message


def test_an_answer_that_makes_no_sense_is_a_protocol_error_that_names_what_was_asked() -> None:
    error = malformed_answer("Acme", "a search", "a question mark")
    assert (error.kind, error.retryable) == (K.PROTOCOL, True)
    assert error.message == "Acme answered a search with something unreadable: a question mark"


class _Pauses:
    def __init__(self) -> None:
        self.paused: list[float] = []

    async def take(self) -> None:
        raise AssertionError("nothing is asked here")

    def pause(self, seconds: float) -> None:
        self.paused.append(seconds)


@pytest.mark.parametrize(("asked_for", "wait"), [(3.0, 3.0), (None, RATE_LIMIT_REST)])
def test_requests_pause_as_long_as_the_host_asks_or_else_the_usual_time(asked_for, wait) -> None:
    limit = _Pauses()
    assert pause_after(ProviderError(K.RATE_LIMIT, "less", retry_after=asked_for), limit) == wait
    assert limit.paused == [wait]


def test_any_other_error_pauses_nothing() -> None:
    limit = _Pauses()
    assert pause_after(ProviderError(K.SERVER, "down", retry_after=3.0), limit) is None
    assert limit.paused == []
