"""Questions of terminals that are answered once: the past of prices, searches, and names.

They wait for the sources, so each is work in the background; a terminal may have a few under way.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from decimal import Decimal
from typing import Any

import msgspec

from streamcore.candles import ChartRange
from streamcore.clock import Clock, wait_for
from streamcore.engine import Engine
from streamcore.errors import InputError, NotRunning, ProviderError
from streamcore.relay.limits import Code
from streamcore.relay.terminal import LAGGING, Terminal
from streamcore.tasks import Task, Tasks
from streamcore.wire.messages import Found, Lookup, Refused
from streamcore.wire.numbers import plain

MOST_OF_A_TERMINAL = 8
"""Questions of one terminal that are under way."""

MOST = 64
"""Questions of all terminals that are under way."""

MOST_NAMES = 100
"""Mints in one question for names."""

TRENDS_WITHIN = 10.0
"""Seconds that an answer waits for trends that are being fetched: many rows take minutes at some sources."""

log = logging.getLogger(__name__)


class _NoSuchQuestion(Exception):
    pass


class Lookups:
    """Answers questions by asking the engine."""

    def __init__(self, engine: Engine, tasks: Tasks, clock: Clock) -> None:
        self._engine = engine
        self._tasks = tasks
        self._clock = clock
        self._fetching: Task | None = None
        """Trends are being fetched, for all who want any."""
        self._under_way: dict[Terminal, int] = {}

    def start(self, terminal: Terminal, lookup: Lookup) -> None:
        """Answer a question as soon as that can be done; returns at once."""
        own = self._under_way.get(terminal, 0)
        if own >= MOST_OF_A_TERMINAL:
            text = f"at most {MOST_OF_A_TERMINAL} questions of a terminal are answered at once"
            self._refuse(terminal, lookup, Code.BUSY, text)
        elif terminal.backlog > LAGGING:
            self._refuse(terminal, lookup, Code.BUSY, "what was sent before has still to be taken")
        elif sum(self._under_way.values()) >= MOST:
            self._refuse(terminal, lookup, Code.BUSY, "the relay has too many questions to answer")
        else:
            self._under_way[terminal] = own + 1
            self._tasks.start("answering a question", self._answer, terminal, lookup)

    async def _answer(self, terminal: Terminal, lookup: Lookup) -> None:
        try:
            items = await self._found(terminal, lookup)
        except _NoSuchQuestion:
            self._refuse(terminal, lookup, Code.BAD_REQUEST, "there is no such question")
        except InputError as error:
            self._refuse(terminal, lookup, Code.UNKNOWN_SYMBOL, str(error))
        except ProviderError as error:
            code = Code.BUSY if error.retryable else Code.NOT_SERVED
            self._refuse(terminal, lookup, code, error.message)
        except NotRunning as error:
            self._refuse(terminal, lookup, Code.BUSY, str(error))
        except Exception:
            log.exception("a question of a terminal could not be answered")
            self._refuse(terminal, lookup, Code.INTERNAL, "internal error; the relay's log has the details")
        else:
            terminal.send(terminal.encoding.encode(Found(lookup.id, tuple(map(_plain, items)))))
        finally:
            left = self._under_way.pop(terminal) - 1
            if left:
                self._under_way[terminal] = left

    async def _found(self, terminal: Terminal, lookup: Lookup) -> list[dict[str, Any]]:
        engine, text = self._engine, lookup.text or ""
        match lookup.what:
            case "history":
                return [_fields(await engine.history(text, _range(lookup.range)))]
            case "trends":
                await self._trends_fetched()
                keys = {row.key for _, row in terminal.granted.rows}
                known = engine.cached_trends()
                return [{**_fields(known[key]), "key": key} for key in known if key in keys]
            case "search":
                return [_fields(await engine.search(text))]
            case "names":
                hits = await engine.name_tokens(text.split(",")[:MOST_NAMES])
                return [_fields(hit) for hit in hits.values()]
            case "wallet":
                return [{"address": await engine.resolve_wallet(text)}]
            case _:
                raise _NoSuchQuestion

    async def _trends_fetched(self) -> None:
        """Have all trends fetched that are due, and wait until they are, but not for long."""
        if self._fetching is None or self._fetching.done():
            self._fetching = self._tasks.start("fetching trends", self._fetch_trends)
        if self._fetching is not None:
            with suppress(TimeoutError):
                # shielded: others wait for the same
                await wait_for(self._clock, asyncio.shield(self._fetching), TRENDS_WITHIN)

    async def _fetch_trends(self) -> None:
        with suppress(NotRunning):
            await self._engine.trends()

    def _refuse(self, terminal: Terminal, lookup: Lookup, code: Code, text: str) -> None:
        terminal.send(terminal.encoding.encode(Refused(lookup.id, code, text)))


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
