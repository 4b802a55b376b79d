"""Names looked up while the engine runs: of tokens that have none, and wallets that are given by theirs."""

from __future__ import annotations

import logging
from collections.abc import Callable

from streamcore import InputError, NotRunning, ProviderError, StreamcoreError
from streamtui.model.lookups import Lookups
from streamtui.model.session import Session

logger = logging.getLogger(__name__)

GATHER = 0.5
"""Seconds in which tokens without a name are gathered."""
FIRST_RETRY, LONGEST_RETRY = 15.0, 240.0
"""Seconds until a name that could not be looked up is tried again, first and at most; doubled each time."""


class Naming:
    """Looks names up for a session; each of its coroutines runs as long as an engine does."""

    def __init__(self, session: Session, notice: Callable[[str, bool], None]) -> None:
        """Make it.

        Args:
            session: What is watched.
            notice: Called with a sentence to show, and whether it is about a failure.
        """
        self._session = session
        self._lookups = Lookups(session)
        self._notice = notice
        self._pending: list[str] | None = None
        """Names of wallets that are still to be looked up; ``None``: all that the settings name."""
        self._checked = False
        """Whether the names that wallets were saved with have been looked up again."""

    async def name_tokens(self) -> None:
        """Ask for the names of tokens that have none, for those that come together at once; never ends."""
        names, clock = self._session.names, self._session.clock
        wait = FIRST_RETRY
        while True:
            await names.wanted.wait()
            await clock.sleep(GATHER)
            try:
                await self._lookups.name_tokens()
                wait = FIRST_RETRY
            except StreamcoreError as error:
                logger.info("tokens stay without a name: %s", error)
                await clock.sleep(wait)
                wait = min(2 * wait, LONGEST_RETRY)

    async def watch_named_wallets(self) -> None:
        """Watch the wallets that the settings name by a name, and say which address each is.

        Then look up again the names that wallets were saved with, once.
        """
        from streamcore import changed_names, wallet_name  # not needed for the first frame

        session = self._session
        if self._pending is None:
            named = map(wallet_name, session.settings.wallets)
            self._pending = list(dict.fromkeys(name for name in named if name is not None))
        saved = {address: session.labels[address] for address in session.wallets if address in session.labels}
        wait = FIRST_RETRY
        while self._pending:
            for name in list(self._pending):
                if await self._is_settled(name, first=wait == FIRST_RETRY):
                    self._pending.remove(name)
            if self._pending:
                await session.clock.sleep(wait)
                wait = min(2 * wait, LONGEST_RETRY)
        if not self._checked:
            self._checked = True
            for sentence in await changed_names(saved, self._lookups.resolve_wallet):
                self._notice(sentence, True)

    async def _is_settled(self, name: str, *, first: bool) -> bool:
        """Watch one wallet by its name; return whether that is done, or can never be."""
        session = self._session
        try:
            address = await self._lookups.resolve_wallet(name)
            unsaved = session.unsaved
            await session.watch([address])
            session.unsaved = unsaved  # the settings name it already
        except InputError as error:
            self._notice(str(error), True)
        except (ProviderError, NotRunning) as error:
            may_come = isinstance(error, ProviderError) and error.retryable
            if first:
                again = "; it is tried again" if may_come else ""
                self._notice(f"{name} is not watched yet: {error}{again}", True)
            return not may_come
        else:
            if address not in session.labels:
                session.name_wallets({address: name}, by_hand=False)
            self._notice(f"{name} is {address}", False)
        return True
