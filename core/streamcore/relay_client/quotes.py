"""Bid and ask of a price, asked for through a relay."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from streamcore.clock import Clock
from streamcore.errors import InputError, ProviderError
from streamcore.relay_client.lookups import Lookups
from streamcore.tasks import Tasks
from streamcore.tracking.quote_turns import QuoteTurns

WHAT = "quote"


class RelayQuotes:
    """Has a relay ask for bid and ask, no more often than it lets a terminal send messages.

    Whatever becomes of a question, nothing is said of it: what the source answers comes as a price, and a
    person sees of every price how old it is. A relay that does not know this question is asked once.
    """

    def __init__(self, lookups: Lookups, tasks: Tasks, clock: Clock, *, is_live: Callable[[], bool]) -> None:
        """``is_live``: whether a relay is there that has said hello."""
        self._lookups = lookups
        self._is_live = is_live
        self._turns = QuoteTurns(self._ask, tasks, clock)

    def want(self, key: str) -> None:
        """Have the relay ask about a row soon; returns at once."""
        if self._can_be_asked:
            self._turns.want(key)

    async def _ask(self, key: str) -> None:
        if self._can_be_asked:
            with suppress(InputError, ProviderError):
                await self._lookups.ask(WHAT, key)

    @property
    def _can_be_asked(self) -> bool:
        return self._is_live() and self._lookups.is_known(WHAT)
