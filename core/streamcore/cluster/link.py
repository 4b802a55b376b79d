"""The session in use, for whoever outlives one."""

from __future__ import annotations

import asyncio

from streamcore.cluster.nats_session import Session


class Link:
    """Holds the present session; there may be none for a while."""

    def __init__(self) -> None:
        self._session: Session | None = None
        self._begun = asyncio.Event()

    @property
    def present(self) -> Session | None:
        """The present session, if there is one."""
        return self._session

    def begin(self, session: Session) -> None:
        """Make this the present session."""
        self._session = session
        self._begun.set()

    def end(self) -> None:
        """Have no session, until the next one begins."""
        self._session = None
        self._begun.clear()

    async def session(self) -> Session:
        """Return the present session, or wait for the next one."""
        while self._session is None or self._session.has_ended:
            self._begun.clear()
            await self._begun.wait()
        return self._session
