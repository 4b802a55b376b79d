"""How many calls of each method a node takes: what is assumed at first, and what its answers tell.

The public node counts each method apart, and says in every answer how many calls of it fit into ten seconds.
The figures change from month to month: two calls of ``getTransaction`` in March 2026, ten in September.
Refused calls count as well, so a method that was refused rests for as long as the node asks, while the others
go on.
Source: headers of api.mainnet-beta.solana.com, captured 2026-03-13, 2026-03-31 and 2026-09-09 to 11.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from streamcore.clock import Clock
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.rate_limit import SlidingWindow

WINDOW = 10.0
"""Seconds in which a node counts."""

ASSUMED = 2
"""Calls of one method in a window before the first answer has told how many; the least that was ever seen."""

UNTOLD = 35
"""Calls of one method in a window for a node that does not tell; the documents of the public one say 40."""

LIMIT = "x-ratelimit-method-limit"
REMAINING = "x-ratelimit-method-remaining"
REMAINING_IN_ALL = "x-ratelimit-rps-remaining"


@dataclass(slots=True)
class _Method:
    window: SlidingWindow
    closed: bool = False
    """The node takes no call of it at all."""
    told: bool = False
    """The node has told its limit."""


class MethodLimits:
    """Keeps the calls of each method of one node to what the node tells."""

    def __init__(self, title: str, clock: Clock) -> None:
        """``title`` names the node to a person."""
        self._title = title
        self._clock = clock
        self._methods: dict[str, _Method] = {}
        self._tells = True
        """Whether the node tells limits, as far as is known."""

    async def take(self, method: str) -> None:
        """Return when a call of a method may be made.

        Raises:
            ProviderError: The node takes no calls of it; waiting does not help.
        """
        known = self._known(method)
        if not known.closed:
            await known.window.take()
        if known.closed:
            text = f"{self._title} does not answer {method} any more"
            raise ProviderError(ErrorKind.SUBSCRIPTION, text, retryable=False)

    def learn(self, method: str, headers: Mapping[str, str], *, answered: bool) -> None:
        """Take note of the limits in the headers of an answer.

        Args:
            method: What was called.
            headers: Names in lower case.
            answered: It is the node's answer to the call. Only such a one, without a word about limits, shows
                that the node tells none: a refusal may come from something in front of it.
        """
        known = self._known(method)
        limit = _count(headers.get(LIMIT))
        if limit is None:
            if answered and not known.told:
                self._tells = False
                known.window.set_limit(UNTOLD)
            return
        known.told = self._tells = True
        known.closed = limit == 0
        known.window.set_limit(limit)
        remaining = _count(headers.get(REMAINING))
        if remaining is not None and remaining <= 0 and known.window.used < limit:
            # somebody else at this address has used it up
            known.window.pause(WINDOW)

    def park(self, method: str, seconds: float) -> None:
        """Make no call of a method for that long."""
        self._known(method).window.pause(seconds)

    def allowed(self) -> dict[str, int]:
        """Return how many calls of each method fit into a window, of those that have been made."""
        return {name: 0 if one.closed else one.window.limit for name, one in self._methods.items()}

    def _known(self, method: str) -> _Method:
        known = self._methods.get(method)
        if known is None:
            first = ASSUMED if self._tells else UNTOLD
            known = self._methods[method] = _Method(SlidingWindow(first, WINDOW, self._clock))
        return known


def concerns_all(headers: Mapping[str, str]) -> bool:
    """Whether a refusal is about all methods together, and not only about the one that was called."""
    remaining = _count(headers.get(REMAINING_IN_ALL))
    of_method = _count(headers.get(REMAINING))
    return remaining is not None and remaining <= 0 and (of_method is None or of_method > 0)


def _count(text: str | None) -> int | None:
    try:
        return None if text is None else int(text)
    except ValueError:
        return None
