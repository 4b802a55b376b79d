"""``streamtui encodings``: what the same prices cost in each encoding, written each way and measured."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from streamcore import PriceUpdate, SystemClock
from streamtui.commands.printing import print_rows
from streamtui.commands.shutdown import Deadline, until_stopped
from streamtui.format.texts import count
from streamtui.model.engine import real_engine
from streamtui.stderr import say

if TYPE_CHECKING:
    from rich.table import Table

    from streamcore import Engine, Settings
    from streamcore.comparison import Cost


def run(
    settings: Settings, *, file: Path | None, duration: float, speed: float = 1.0, form: str = "table"
) -> int:
    """Measure, print, and return the exit status.

    Args:
        settings: What to watch, where no file is given.
        file: Lines of ``stream`` or a capture; ``None``: listen to live prices.
        duration: Seconds to listen.
        speed: How many times faster the prices are taken to have come.
        form: ``table``, ``csv`` or ``json``: one object a line.

    Returns:
        0, or 1 when there were no prices to measure with.
    """
    from streamcore.comparison import compare

    clock = SystemClock()
    with Deadline() as deadline:
        events = asyncio.run(until_stopped(_prices(settings, file, duration), stopping=deadline.start))
        if events is None:
            return 0
        if isinstance(events, str) or len(events) < 2:
            say(events if isinstance(events, str) else f"no prices came within {duration:g} s")
            return 1
        if speed != 1.0:
            began = events[0].ts
            events = [
                msgspec.structs.replace(event, ts=began + (event.ts - began) / speed) for event in events
            ]
        seconds = events[-1].ts - events[0].ts
        costs = compare(events, clock.monotonic)
    _print(costs, f"{count(len(events), 'update')} in {seconds:.0f} s, {len(events) / seconds:.1f}/s", form)
    return 0


async def _prices(settings: Settings, file: Path | None, duration: float) -> list[PriceUpdate] | str:
    """Return price events in order, or why there are none."""
    if file is None:
        return await _live(real_engine(settings), settings.symbols, duration)
    from streamcore.comparison import UnreadableFile, prices_in

    try:
        return prices_in(file, settings)
    except UnreadableFile as error:
        return str(error)


async def _live(unopened: Engine, symbols: Sequence[str], duration: float) -> list[PriceUpdate]:
    events: list[PriceUpdate] = []
    async with unopened as engine:
        incoming = engine.events()
        await engine.subscribe_prices(symbols)
        with suppress(TimeoutError):
            async with asyncio.timeout(duration):
                async for event in incoming:
                    if isinstance(event, PriceUpdate):
                        events.append(event)
    return events


def _print(costs: Sequence[Cost], measured_on: str, form: str) -> None:
    rows = [{"event": "cost", **asdict(cost)} for cost in costs]
    columns = [name for name in rows[0] if name != "event"]
    print_rows(rows, form, columns=columns, table=lambda _: (table(costs, measured_on),))


def table(costs: Sequence[Cost], measured_on: str) -> Table:
    """Return the costs as a table; ``measured_on`` says of what."""
    from rich.table import Table

    result = Table(box=None, pad_edge=False, header_style="bold", title=measured_on, title_justify="left")
    result.add_column("written as")
    for heading in ("each", "B/s", "saved", "deflated B/s", "saved", "µs to write", "µs to deflate"):
        result.add_column(heading, justify="right", no_wrap=True)
    for cost in costs:
        result.add_row(
            cost.way,
            "update" if cost.batch is None else f"{cost.batch * 1000:.0f} ms",
            f"{cost.plain:,.0f}",
            f"{cost.saved * 100:.1f} %",
            f"{cost.deflated:,.0f}",
            f"{cost.saved_deflated * 100:.1f} %",
            f"{cost.writing * 1e6:.1f}",
            f"{cost.deflating * 1e6:.1f}",
        )
    return result
