"""Questions of terminals that are answered once: the past of prices, bid and ask, searches, and names.

They wait for the sources, so each is work in the background; a terminal may have a few under way.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from streamcore.clock import Clock
from streamcore.errors import InputError, NotRunning, ProviderError
from streamcore.relay.answers import Answers, NoSuchQuestion
from streamcore.relay.bus import Bus
from streamcore.relay.limits import Code
from streamcore.relay.terminal import LAGGING, Terminal
from streamcore.tasks import Tasks
from streamcore.wire.messages import Found, Lookup, Refused

MOST_OF_A_TERMINAL = 8
"""Questions of one terminal that are under way."""

MOST = 64
"""Questions of all terminals that are under way."""

MOST_BYTES = 4 << 20
"""Bytes of an answer; a terminal takes messages of 8 MiB."""

log = logging.getLogger(__name__)


class Lookups:
    """Answers questions of terminals."""

    def __init__(self, bus: Bus, tasks: Tasks, clock: Clock) -> None:
        self._answers = Answers(bus, tasks, clock)
        self._tasks = tasks
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
            keys = {row.key for _, row in terminal.granted.rows}
            items = await self._answers.find(lookup.what, lookup.text or "", lookup.range, keys)
        except NoSuchQuestion:
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
            self._tell(terminal, lookup, items)
        finally:
            left = self._under_way.pop(terminal) - 1
            if left:
                self._under_way[terminal] = left

    def _tell(self, terminal: Terminal, lookup: Lookup, items: Sequence[dict[str, Any]]) -> None:
        """Send an answer, or as many items of it as a terminal takes: a row without its trend is no harm."""
        while True:
            data = terminal.encoding.encode(Found(lookup.id, tuple(items)))
            if len(data) <= MOST_BYTES:
                terminal.send(data)
                return
            if len(items) < 2:
                self._refuse(terminal, lookup, Code.INTERNAL, "the answer is too long")
                return
            items = items[: max(1, int(len(items) * 0.9 * MOST_BYTES / len(data)))]

    def _refuse(self, terminal: Terminal, lookup: Lookup, code: Code, text: str) -> None:
        terminal.send(terminal.encoding.encode(Refused(lookup.id, code, text)))
