"""A circuit breaker: an API that keeps failing is left alone for a while instead of being hammered."""

from __future__ import annotations

from streamcore.clock import Clock
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.status import BreakerState

FAILURES_TO_OPEN = 3
FIRST_REST = 15.0
"""Seconds without a call after the breaker has opened; doubled each time the trial call fails."""
LONGEST_REST = 300.0
LONGEST_REST_OF_NETWORK = 10.0
"""The same where the host was not reached: no call has burdened it, and the way may be back any moment."""

OF_THE_HOST = (ErrorKind.NETWORK, ErrorKind.SERVER, ErrorKind.PROTOCOL)
"""Kinds of failure that are trouble of the host or of the way to it."""


class CircuitBreaker:
    """Counts failures in a row that are the host's fault, and says when to leave it alone."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures = 0
        self._rest = FIRST_REST
        self._trial_at: float | None = None
        self._cause = ProviderError(ErrorKind.SERVER, "nothing has failed")

    @property
    def state(self) -> BreakerState:
        """The state now."""
        if self._trial_at is None:
            return BreakerState.CLOSED
        if self._clock.monotonic() < self._trial_at:
            return BreakerState.OPEN
        return BreakerState.HALF_OPEN

    @property
    def cause(self) -> ProviderError | None:
        """The last failure, where the breaker has opened and no call has succeeded since."""
        return None if self._trial_at is None else self._cause

    @property
    def in_doubt(self) -> bool:
        """Whether the last call failed; until one succeeds, make one at a time."""
        return self._failures > 0

    @property
    def rest(self) -> float:
        """Seconds until a call may be made; 0.0 when one may be made now."""
        return 0.0 if self._trial_at is None else max(0.0, self._trial_at - self._clock.monotonic())

    def check(self) -> None:
        """Let a call pass.

        Raises:
            ProviderError: The breaker is open; ``retry_after`` says for how long.
        """
        if rest := self.rest:
            text = f"{self._cause.message}; it keeps failing and is left alone for a while"
            raise ProviderError(self._cause.kind, text, retryable=True, retry_after=rest)

    def hurry(self, seconds: float) -> None:
        """Make the next call in so many seconds at the latest, for something is waited for that happens now.

        A host that has said itself for how long to leave it alone is not hurried.
        """
        if self._trial_at is not None and self._cause.retry_after is None:
            self._trial_at = min(self._trial_at, self._clock.monotonic() + seconds)

    def succeeded(self) -> None:
        """Take note of an answer."""
        self._failures = 0
        self._rest = FIRST_REST
        self._trial_at = None

    def reset(self) -> None:
        """Let the next call pass: a person asked to try again."""
        self.succeeded()

    def failed(self, error: ProviderError) -> None:
        """Take note of a failure; a refusal is an answer, only trouble of the host or the way counts.

        To be blocked counts as trouble where no key is to blame, so that waiting may help.
        """
        of_the_host = error.kind in OF_THE_HOST
        if not of_the_host and not (error.kind is ErrorKind.AUTH and error.retryable):
            return
        self._cause = error
        trial = self.state is BreakerState.HALF_OPEN
        self._failures += 1
        if trial or self._failures >= FAILURES_TO_OPEN:
            if trial:
                self._rest = min(self._rest * 2, LONGEST_REST)
            if error.kind is ErrorKind.NETWORK:
                self._rest = min(self._rest, LONGEST_REST_OF_NETWORK)
            self._trial_at = self._clock.monotonic() + self._rest
