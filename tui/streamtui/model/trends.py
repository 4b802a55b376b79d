"""Filling the trends of the rows with what the sources have of the last 24 hours."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

from streamcore import CandleSeries, origin_of
from streamtui.model.price_row import PriceRow
from streamtui.model.session import Session

if TYPE_CHECKING:
    from streamcore import Engine

logger = logging.getLogger(__name__)

AGAIN = 900.0
"""Seconds after which the sources are asked again: what happened while the stream was away is missing."""
SOON = (0.1, 0.2, 0.3)
"""Seconds between looks at what has come, right after asking: the first answer comes before the next tick."""
MISSING_AGAIN = 120.0
"""The same while a row has none: no source could be reached, or none has it."""


class Trends:
    """Asks the engine for the trends of all rows: when some are new, and every quarter of an hour.

    Call `tick` about once a second, and `stop` before the engine is left.
    """

    def __init__(self, session: Session) -> None:
        """Prepare for a session; nothing is asked before the first `tick`."""
        self._session = session
        self._request: asyncio.Task[None] | None = None
        self._wanted: frozenset[str] = frozenset()
        """The rows at the last request."""
        self._next = float("-inf")
        """Monotonic seconds of the next request."""
        self._filled: dict[str, tuple[PriceRow, str, float]] = {}
        """Each row by its key, and what it was filled with last: its source, and when that was asked."""

    def tick(self, engine: Engine) -> None:
        """Fill the rows with what has come, and ask for more if it is time."""
        session, now = self._session, self._session.clock.monotonic()
        if self._request is not None and not self._request.done():
            self._fill(engine.cached_trends())
            return
        rows = frozenset(session.prices.rows)
        self._wanted &= rows
        if rows and (rows - self._wanted or now >= self._next):
            self._wanted, self._next = rows, now + AGAIN
            self._request = asyncio.create_task(self._ask(engine))

    def stop(self) -> None:
        """Ask no more, and fill the rows anew when another engine has what belongs into them."""
        if self._request is not None:
            self._request.cancel()
        self._request, self._wanted, self._next = None, frozenset(), float("-inf")
        self._filled.clear()

    async def _ask(self, engine: Engine) -> None:
        soon = asyncio.create_task(self._fill_soon(engine))
        try:
            self._fill(await engine.trends())
        except Exception:
            logger.exception("asking for the trends failed")
        finally:
            soon.cancel()
        if self._session.prices.rows.keys() - self._filled.keys():
            self._next = min(self._next, self._session.clock.monotonic() + MISSING_AGAIN)
        self._session.mark_changed()

    async def _fill_soon(self, engine: Engine) -> None:
        for wait in SOON:
            await self._session.clock.sleep(wait)
            before = len(self._filled)
            self._fill(engine.cached_trends())
            if len(self._filled) > before:
                self._session.mark_changed()

    def _fill(self, trends: Mapping[str, CandleSeries]) -> None:
        rows, at = self._session.prices.rows, self._session.clock.time()
        for key in trends:
            row = rows.get(key)
            if row is None:
                continue
            known, origin = self._filled.get(key), origin_of(trends, key)
            if known is None or known[0] is not row or known[1:] != origin:
                self._filled[key] = (row, *origin)
                series = trends[key]
                row.trend.fill(series, at)
                row.take_past(series, at)
        for gone in self._filled.keys() - rows.keys():
            del self._filled[gone]
