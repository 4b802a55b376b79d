"""What an HTTP error status means when the provider has no words of its own for it."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.rate_limit import RateLimit

RATE_LIMIT_REST = 10.0
"""Seconds to leave a host alone when it asks for fewer requests and does not say for how long."""

RESET_MARGIN = 0.2
"""Seconds after the reset, which servers give in whole seconds."""

LONGEST_SPAN = 10_000_000.0
"""Seconds; a reset below that is a span, one above it a moment: as a Unix time it lies in 1970."""

MILLISECONDS_FROM = 100_000_000_000.0
"""Moments above this are in milliseconds: as seconds they would lie beyond the year 5000."""

BLOCKED = {
    401: "does not answer without a key any more",
    402: "wants to be paid first",
    403: "denied access",
    451: "may not serve this country",
}
"""What these say where no key can be to blame; they are asked again all the same, ever more rarely."""

LONGEST_WAIT = 3600.0
"""Seconds; a server that asks for more is asked again after an hour."""


def refusal(title: str, status: int, headers: Mapping[str, str], *, key_setting: str | None) -> ProviderError:
    """Return the meaning of an HTTP status, by RFC 9110 and custom.

    Args:
        title: The provider's name as a person writes it.
        status: Any status that is not the one hoped for.
        headers: Names in lower case.
        key_setting: What a person sets to give another key; ``None`` for a provider without keys.
    """
    if key_setting is None and status in BLOCKED:
        # there is no key to be wrong; an address, a country or a way out is blocked, mostly for a while
        text = f"{title} {BLOCKED[status]} (HTTP {status})"
        kind = ErrorKind.QUOTA if status == 402 else ErrorKind.AUTH
        return ProviderError(kind, text, retryable=True, retry_after=_asked_wait(headers))
    match status:
        case 401:
            text = f"{title} refused the API key (HTTP 401); check {key_setting}"
            return ProviderError(ErrorKind.AUTH, text)
        case 402:
            return ProviderError(ErrorKind.QUOTA, f"{title} wants to be paid first (HTTP 402)")
        case 403:
            return ProviderError(ErrorKind.AUTH, f"{title} denied access (HTTP 403)")
        case 451:
            text = f"{title} may not serve this country (HTTP 451)"
            return ProviderError(ErrorKind.AUTH, text)
        case 408 | 425 | 429:
            wait = retry_after(headers)
            return ProviderError(
                ErrorKind.RATE_LIMIT, f"{title} asks for fewer requests (HTTP {status})", retry_after=wait
            )
        case _ if status >= 500:
            return ProviderError(
                ErrorKind.SERVER,
                f"{title} has trouble of its own (HTTP {status})",
                retry_after=_asked_wait(headers),
            )
        case _:
            return ProviderError(ErrorKind.PROTOCOL, f"{title} answered with an unexpected HTTP {status}")


def malformed_answer(title: str, asked: str, reason: object) -> ProviderError:
    """Return that an answer is not what the provider is documented to answer.

    Args:
        title: The provider's name as a person writes it.
        asked: What was asked of it: ``a request for prices``.
        reason: What is wrong with the answer.
    """
    text = f"{title} answered {asked} with something unreadable: {reason}"
    return ProviderError(ErrorKind.PROTOCOL, text)


def pause_after(error: ProviderError, rate_limit: RateLimit) -> float | None:
    """Pause further requests if an error asks for fewer of them.

    Returns:
        For how many seconds; ``None``: the error is about something else, and nothing was paused.
    """
    if error.kind is not ErrorKind.RATE_LIMIT:
        return None
    wait = RATE_LIMIT_REST if error.retry_after is None else error.retry_after
    rate_limit.pause(wait)
    return wait


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a ``Retry-After`` header asks for (RFC 9110, section 10.2.3).

    The reset of a limit, where it is told, must have passed as well. Points in time count from the answer's
    own ``Date``, so that our clock need not be right.
    """
    waits = [wait for wait in (_asked_wait(headers), _reset_wait(headers)) if wait is not None]
    return min(max(waits), LONGEST_WAIT) if waits else None


def _reset_wait(headers: Mapping[str, str]) -> float | None:
    """Return the seconds until the limit begins anew, and a moment more.

    ``X-RateLimit-Reset`` is no standard: it holds a Unix time in seconds or milliseconds, or the seconds that
    are left, as ``RateLimit-Reset`` does (draft-ietf-httpapi-ratelimit-headers-07).
    """
    try:
        reset = float(headers.get("x-ratelimit-reset") or headers["ratelimit-reset"])
    except (ValueError, KeyError):
        return None
    if 0.0 <= reset <= LONGEST_SPAN:
        return reset + RESET_MARGIN
    try:
        sent = parsedate_to_datetime(headers["date"]).timestamp()
    except (ValueError, TypeError, KeyError):
        return None
    wait = (reset / 1000 if reset > MILLISECONDS_FROM else reset) - sent + RESET_MARGIN
    return max(wait, 0.0) if reset > LONGEST_SPAN else None


def _asked_wait(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that ``Retry-After`` asks for."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    try:
        # a header that was sent twice arrives as one, with a comma
        seconds = max(map(float, value.split(",")))
    except ValueError:
        try:
            then = parsedate_to_datetime(value)
            seconds = (then - parsedate_to_datetime(headers["date"])).total_seconds()
        except (ValueError, TypeError, KeyError):
            return None
    return min(max(seconds, 0.0), LONGEST_WAIT) if seconds == seconds else None
