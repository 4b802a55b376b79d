"""``streamtui history``: the past of a price as candles."""

from __future__ import annotations

import asyncio
import csv
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TextIO

import msgspec

from streamcore import CandleSeries, ChartRange, ProviderError, VolumeUnit, printable
from streamtui.commands.shutdown import Deadline, until_stopped
from streamtui.format.ages import interval_name
from streamtui.format.numbers import UNKNOWN, compact, percent, price
from streamtui.format.texts import source_title
from streamtui.model.engine import real_engine
from streamtui.model.exporting import candle_fields

if TYPE_CHECKING:
    from rich.table import Table

    from streamcore import Engine, Settings

WIDE = 120
"""Columns of a table that goes into a file or a pipe, where nothing has to fit a screen."""

DAY = 86_400

COLUMNS = ("start", "open", "high", "low", "close", "volume", "symbol", "provider", "market", "interval")
"""Of a CSV file, each as in a line of JSON."""

_NAMES = {
    ChartRange.HOUR: "1 h",
    ChartRange.DAY: "24 h",
    ChartRange.WEEK: "7 d",
    ChartRange.MONTH: "30 d",
    ChartRange.YEAR: "1 y",
}


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
            if sys.stderr is not None:
                print(f"streamtui: {printable(error.message)}", file=sys.stderr)
            return 1
        if series is not None:
            show(series, form=form)
    return 0


async def _asked(unopened: Engine, symbol: str, span: ChartRange) -> CandleSeries:
    async with unopened as engine:
        return await engine.history(symbol, span)


def show(series: CandleSeries, *, form: str) -> None:
    """Print a series on standard output."""
    if form == "json":
        for line in lines(series):
            print(line)
    elif form == "csv":
        write_csv(series, sys.stdout)
    else:
        from rich.console import Console

        console = Console(width=None if sys.stdout.isatty() else WIDE)
        with console.capture() as captured:  # printed by Rich itself, a closed pipe would be an exit status 1
            console.print(summary(series), style="bold", highlight=False, markup=False)
            console.print(table(series))
        print(captured.get(), end="")


def lines(series: CandleSeries) -> Iterator[str]:
    """Yield each candle as a line of JSON."""
    return (msgspec.json.encode(told).decode() for told in candle_fields(series))


def write_csv(series: CandleSeries, file: TextIO) -> None:
    """Write the candles with a line of titles; in the demo a column more says that they are invented."""
    columns = (*COLUMNS, "demo") if series.demo else COLUMNS
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    for told in candle_fields(series):
        writer.writerow([_field(told[name]) for name in columns])


def _field(value: object) -> object:
    text = "" if value is None else str(value).lower() if isinstance(value, bool) else printable(str(value))
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text  # a spreadsheet would compute it


def summary(series: CandleSeries) -> str:
    """Return what is shown in a sentence: the change, since when, and where it is from."""
    since = (
        f"in {_NAMES[series.range]}" if series.covered else f"since {_moment(series.candles[0].start, DAY)}"
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
