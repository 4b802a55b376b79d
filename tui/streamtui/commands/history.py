"""``streamtui history``: the past of a price as candles."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from streamcore import CandleSeries, ChartRange, ProviderError, VolumeUnit, printable
from streamtui.commands.printing import print_rows
from streamtui.commands.shutdown import Deadline, until_stopped
from streamtui.format.ages import interval_name
from streamtui.format.numbers import UNKNOWN, compact, percent, price
from streamtui.format.texts import RANGE_NAMES, source_title
from streamtui.model.engine import real_engine
from streamtui.model.exporting import candle_fields
from streamtui.stderr import say

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

    from streamcore import Engine, Settings

DAY = 86_400

COLUMNS = ("start", "open", "high", "low", "close", "volume", "symbol", "provider", "market", "interval")
"""Of a CSV file, each as in a line of JSON."""


def run(settings: Settings, symbol: str, *, span: str = "24h", form: str = "table") -> int:
    """Print the past of a price, and return the exit status.

    Args:
        settings: What may be asked.
        symbol: A ticker or a mint.
        span: A value of `streamcore.ChartRange`.
        form: ``table``, ``csv`` or ``json``: one object a line.

    Returns:
        0; 1 when no source has it, or none could be asked.

    Raises:
        InputError: It is no token that is known.
    """
    engine = real_engine(settings)
    with Deadline() as deadline:
        try:
            series = asyncio.run(
                until_stopped(_asked(engine, symbol, ChartRange(span)), stopping=deadline.start)
            )
        except ProviderError as error:
            say(error.message)
            return 1
        if series is not None:
            show(series, form=form)
    return 0


async def _asked(unopened: Engine, symbol: str, span: ChartRange) -> CandleSeries:
    async with unopened as engine:
        return await engine.history(symbol, span)


def show(series: CandleSeries, *, form: str) -> None:
    """Print a series on standard output; in the demo each line of CSV and JSON says that it is invented."""
    print_rows(
        list(candle_fields(series)),
        form,
        columns=(*COLUMNS, "demo") if series.demo else COLUMNS,
        table=lambda _: _report(series),
    )


def _report(series: CandleSeries) -> tuple[Text, Table]:
    from rich.text import Text

    return Text(summary(series), style="bold"), table(series)


def summary(series: CandleSeries) -> str:
    """Return what is shown in a sentence: the change, since when, and where it is from."""
    since = (
        f"in {RANGE_NAMES[series.range]}"
        if series.covered
        else f"since {_moment(series.candles[0].start, DAY)}"
    )
    kind = "prices" if series.line else "candles"
    told = f"{printable(series.symbol)} {percent(series.change)} {since}; "
    told += f"{kind}: {source_title(series)} {printable(series.market)}, "
    told += f"{interval_name(series.interval)}, times in UTC"
    return f"DEMO, invented data: {told}" if series.demo else told


def table(series: CandleSeries) -> Table:
    """Return the candles as a table, the newest last."""
    from rich.table import Table
    from rich.text import Text

    unit = {None: "", VolumeUnit.USD: "volume, USD", VolumeUnit.BASE: f"volume, {printable(series.symbol)}"}
    volume = unit[series.volume_unit]
    result = Table(box=None, pad_edge=False, header_style="bold")
    result.add_column("begins", no_wrap=True)
    for heading in ("price",) if series.line else ("open", "high", "low", "close"):
        result.add_column(heading, justify="right", no_wrap=True)
    if volume:
        result.add_column(volume, justify="right", no_wrap=True)
    for one in series.candles:
        figures = (one.close,) if series.line else (one.open, one.high, one.low, one.close)
        cells = [_moment(one.start, series.interval), *map(price, figures)]
        if volume:
            cells.append(UNKNOWN if one.volume is None else compact(one.volume))
        result.add_row(*map(Text, cells))
    return result


def _moment(start: int, interval: int) -> str:
    begins = datetime.fromtimestamp(start, UTC)
    return f"{begins:%Y-%m-%d}" if interval >= DAY else f"{begins:%Y-%m-%d %H:%M}"
