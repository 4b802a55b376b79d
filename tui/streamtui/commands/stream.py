"""``streamtui stream``: every event as one line of JSON on standard output."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from streamcore import Event, PriceUpdate, StreamError, WalletTransaction, to_json
from streamtui.commands.shutdown import Deadline, calling
from streamtui.commands.stdout import Output, calling_when_closed
from streamtui.commands.wallet_names import addresses_of, tell_changes
from streamtui.model.engine import real_engine
from streamtui.model.event_log import log_failure

if TYPE_CHECKING:
    from streamcore import Engine, Settings
    from streamcore.recording import Capture

STANDARD_OUTPUT = 1

MAX_WAITING = 256
"""How many events wait here for the reader; beyond that they wait in the engine's buffer, which conflates."""

FLUSH_WITHIN = 0.4
"""Seconds to print the events already taken when it is time to stop."""

CLOSE_WITHIN = 1.2
"""Seconds for the connections to close after that."""

log = logging.getLogger(__name__)


def run(
    settings: Settings,
    *,
    count: int | None = None,
    duration: float | None = None,
    capture: Capture | None = None,
) -> int:
    """Print lines until told to stop, and return the exit status.

    Args:
        settings: What to watch, and how. The symbols and wallets must have been checked.
        count: Stop after that many price and transaction lines; ``None``: no limit.
        duration: Stop after that many seconds; ``None``: no limit.
        capture: Keeps what goes over the network.

    Returns:
        0 when it was interrupted, its reader is gone, the count is reached or the time is up; 1 when the time
        is up and no price or transaction ever came because every provider has refused for good. A provider
        that fails is tried again for as long as this runs.
    """
    with Deadline() as deadline:
        return asyncio.run(
            print_lines(
                real_engine(settings, capture=capture),
                symbols=settings.symbols if settings.stream.enable_prices else (),
                wallets=settings.wallets if settings.stream.enable_wallets else (),
                labels=settings.labels,
                count=count,
                duration=duration,
                stopping=deadline.start,
            )
        )


async def print_lines(
    manager: Engine,
    *,
    symbols: Sequence[str],
    wallets: Sequence[str],
    labels: Mapping[str, str] | None = None,
    count: int | None = None,
    duration: float | None = None,
    descriptor: int = STANDARD_OUTPUT,
    stopping: Callable[[], None] = lambda: None,
) -> int:
    """Start ``manager``, print what it says, close it, and return the exit status as `run` does.

    Args:
        manager: The engine, not yet started.
        symbols: What to subscribe to; checked.
        wallets: What to subscribe to; checked. Names are looked up first.
        labels: Addresses to the names they were saved with.
        count: See `run`.
        duration: See `run`.
        descriptor: Where to write.
        stopping: Called once when the end begins.
    """
    stopped = asyncio.Event()
    printer = _Printer(manager, Output(descriptor), count)
    with calling(stopped.set), calling_when_closed(descriptor, stopped.set):
        work = asyncio.create_task(printer.work(symbols, wallets, labels or {}))
        stop = asyncio.create_task(stopped.wait())
        ended, _ = await asyncio.wait({work, stop}, timeout=duration, return_when=asyncio.FIRST_COMPLETED)
        stopping()
        refusals = [] if ended or printer.delivered else _refusals(manager)
        stop.cancel()
        if not await printer.finish():
            work.cancel()
        await asyncio.wait({work}, timeout=CLOSE_WITHIN)
        work.cancel()
        await asyncio.wait({work})
    if not work.cancelled() and (error := work.exception()) is not None:
        if not isinstance(error, BrokenPipeError):
            raise error
        log.debug("nobody reads the lines any more")
    for refusal in refusals:
        log.error("%s", refusal)
    return 1 if refusals or printer.failed else 0


def _refusals(manager: Engine) -> list[str]:
    """Return why no provider will ever serve anything; empty while one still may."""
    wanted = [status for status in manager.statuses().values() if not status.idle]
    if not all(status.parked and not status.fallback for status in wanted):
        return []
    return [f"{status.provider} served nothing: {status.reason or status.state}" for status in wanted]


class _Printer:
    """Moves events from the engine to the output."""

    def __init__(self, manager: Engine, output: Output, count: int | None) -> None:
        self.delivered = 0
        """Price and transaction lines taken."""
        self.failed = False
        """Whether there was nothing left that could be watched."""
        self._manager = manager
        self._output = output
        self._count = count
        self._waiting: asyncio.Queue[Event | None] = asyncio.Queue(MAX_WAITING)
        self._taking: asyncio.Task[None] | None = None
        self._checking: asyncio.Task[None] | None = None
        self._printed = asyncio.Event()

    async def work(self, symbols: Sequence[str], wallets: Sequence[str], labels: Mapping[str, str]) -> None:
        """Run the engine and print until it ends, the count is reached, or `finish` was called."""
        try:
            async with self._manager as manager:
                # begun before subscribing, so that no event is missed; and done meanwhile, for a relay that
                # cannot be reached keeps that waiting, and says so in an event
                printing = asyncio.create_task(self._print(manager.events()))
                watching = asyncio.create_task(self._watch(manager, symbols, wallets, labels))
                try:
                    await asyncio.wait({printing, watching}, return_when=asyncio.FIRST_COMPLETED)
                    if printing.done() or await watching:
                        await printing
                    else:
                        self.failed = True
                finally:
                    for task in (watching, printing):
                        task.cancel()
                    await asyncio.gather(watching, printing, return_exceptions=True)
        finally:
            if self._checking is not None:
                self._checking.cancel()
            self._output.close()

    async def _watch(
        self, manager: Engine, symbols: Sequence[str], wallets: Sequence[str], labels: Mapping[str, str]
    ) -> bool:
        """Subscribe everything, and return whether there was anything left to subscribe."""
        if wallets:
            wallets = await addresses_of(manager, wallets)
            self._checking = asyncio.create_task(tell_changes(manager, wallets, labels))
        if symbols:
            await manager.subscribe_prices(symbols)
        if wallets:
            await manager.subscribe_wallets(wallets)
        return bool(symbols or wallets)

    async def finish(self) -> bool:
        """Take no further events, and return whether those taken could still be printed in time."""
        if self._taking is None:
            return False
        self._taking.cancel()
        printed = asyncio.ensure_future(self._printed.wait())
        await asyncio.wait({printed}, timeout=FLUSH_WITHIN)
        printed.cancel()
        return self._printed.is_set()

    async def _print(self, events: AsyncIterator[Event]) -> None:
        self._taking = taking = asyncio.create_task(self._take(events))
        # however taking ends, also by an error, the events already taken are printed
        taking.add_done_callback(lambda _: asyncio.ensure_future(self._waiting.put(None)))
        try:
            while batch := await self._batch():
                await self._output.write(batch)
        finally:
            self._printed.set()
            taking.cancel()
            await asyncio.wait({taking})
        if not taking.cancelled():
            taking.result()

    async def _take(self, events: AsyncIterator[Event]) -> None:
        async for event in events:
            await self._waiting.put(event)
            if isinstance(event, StreamError):
                log_failure(event)
            if isinstance(event, PriceUpdate | WalletTransaction):
                self.delivered += 1
                if self.delivered == self._count:
                    return

    async def _batch(self) -> bytes:
        """Return the lines of everything that is ready, at least one; empty at the end."""
        lines = []
        event = await self._waiting.get()
        while event is not None:
            lines.append(to_json(event) + b"\n")
            if self._waiting.empty():
                break
            event = self._waiting.get_nowait()
        else:
            if lines:
                self._waiting.put_nowait(None)  # the end is seen again after this batch
        return b"".join(lines)
