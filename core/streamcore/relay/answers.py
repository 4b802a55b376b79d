"""Answers to what is asked once: the past of prices, bid and ask, searches, and names."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from contextlib import suppress
from decimal import Decimal
from typing import Any

import msgspec

from streamcore.candles import ChartRange
from streamcore.clock import Clock, wait_for
from streamcore.errors import InputError, NotRunning
from streamcore.events import price_key
from streamcore.relay.bus import Bus
from streamcore.tasks import Task, Tasks
from streamcore.tracking.quote_turns import QuoteTurns
from streamcore.wire.numbers import plain

MOST_NAMES = 100
"""Mints in one question for names."""

TRENDS_WITHIN = 10.0
"""Seconds that an answer waits for trends that are being fetched: many rows take minutes at some sources."""

TRENDS_LOOK = 0.25
"""Seconds between two looks at what has come of them."""


class NoSuchQuestion(Exception):
    """There is no question of that name."""


class Answers:
    """Asks a bus, or an engine, and returns what it found as it is sent."""

    def __init__(self, bus: Bus, tasks: Tasks, clock: Clock) -> None:
        self._bus = bus
        self._tasks = tasks
        self._clock = clock
        self._fetching: Task | None = None
        """Trends are being fetched, for all who want any."""
        self._quotes: dict[str, QuoteTurns] = {}
        """Of each source whose bid and ask somebody has wanted."""

    async def find(
        self, what: str, text: str, span: str | None, keys: Collection[str]
    ) -> list[dict[str, Any]]:
        """Return the items of an answer, with every decimal as a text.

        Args:
            what: ``history``, ``trends``, ``search``, ``names``, ``wallet`` or ``quote``, which has no items:
                it is answered before the source is asked, and what that says comes as a price.
            text: What it is about; nothing for ``trends``.
            span: A `ChartRange`, for ``history``.
            keys: The rows of the asker: trends are wanted of these, and bid and ask only of one of these.

        Raises:
            NoSuchQuestion: ``what`` is none of these.
            InputError: There is nothing of that name.
            ProviderError: No source could be asked.
            NotRunning: The bus has ended.
        """
        return [_plain(item) for item in await self._found(what, text, span, keys)]

    async def _found(
        self, what: str, text: str, span: str | None, keys: Collection[str]
    ) -> list[dict[str, Any]]:
        bus = self._bus
        match what:
            case "history":
                return [_fields(await bus.history(text, _range(span)))]
            case "trends":
                await self._trends_fetched(keys)
                known = bus.cached_trends()
                return [{**_fields(known[key]), "key": key} for key in known if key in keys]
            case "search":
                return [_fields(await bus.search(text))]
            case "names":
                hits = await bus.name_tokens(text.split(",")[:MOST_NAMES])
                return [_fields(hit) for hit in hits.values()]
            case "wallet":
                return [{"address": await bus.resolve_wallet(text)}]
            case "quote":
                token = bus.describe(text)
                if (key := price_key(token.symbol, token.mint)) in keys:
                    self._want_quote(key)
                return []
            case _:
                raise NoSuchQuestion

    async def _trends_fetched(self, keys: Collection[str]) -> None:
        """Have all trends fetched that are due, and wait until they are, but not for long.

        Rows that had none wait for no more than the first: a better source may still be asked about each.
        """
        if self._fetching is None or self._fetching.done():
            self._fetching = self._tasks.start("fetching trends", self._fetch_trends)
        fetching, had_all = self._fetching, self._bus.cached_trends().keys() >= set(keys)
        ends_at = self._clock.monotonic() + TRENDS_WITHIN
        while fetching is not None and not fetching.done():
            left = ends_at - self._clock.monotonic()
            has_all = self._bus.cached_trends().keys() >= set(keys)
            if left <= 0 or (has_all and not had_all):
                return
            with suppress(TimeoutError):
                # shielded: others wait for the same
                await wait_for(self._clock, asyncio.shield(fetching), min(left, TRENDS_LOOK))

    def _want_quote(self, key: str) -> None:
        if (source := self._bus.price_sources.get(key)) is None:
            return
        if source not in self._quotes:
            self._quotes[source] = QuoteTurns(self._ask_quote, self._tasks, self._clock)
        self._quotes[source].want(key)

    async def _ask_quote(self, key: str) -> None:
        with suppress(InputError, NotRunning):
            self._bus.ask_quote(key)

    async def _fetch_trends(self) -> None:
        with suppress(NotRunning):
            await self._bus.trends()


def _range(text: str | None) -> ChartRange:
    try:
        return ChartRange(text or ChartRange.DAY)
    except ValueError:
        raise InputError(text or "", f"is no range; there are: {', '.join(ChartRange)}") from None


def _fields(structure: msgspec.Struct) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(structure, builtin_types=(Decimal,))
    return found


def _plain(value: Any) -> Any:
    """Return an item with every decimal as a text."""
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
