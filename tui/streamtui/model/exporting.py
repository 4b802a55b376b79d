"""Prices, transactions and candles as files for other programs: CSV or JSON, each value exact.

A file is never overwritten: a name that is taken gets a number.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from streamcore import CandleSeries, PriceUpdate, StreamcoreError, WalletTransaction, to_json
from streamtui.format.spreadsheet import no_formula

ATTEMPTS = 100


class Format(StrEnum):
    """What a file can be."""

    CSV = "csv"
    JSON = "json"


class NotWritten(StreamcoreError):
    """A file could not be written."""


def export(
    events: Sequence[PriceUpdate | WalletTransaction], what: str, form: Format, folder: Path, at: float
) -> Path:
    """Write events to a new file and return where it is. Blocking: run it in a thread.

    Args:
        events: What to write; in JSON each has the shape of a line of ``streamtui stream``.
        what: What they are, for the name of the file.
        form: The format.
        folder: Where to; a relative one begins where the program was started.
        at: Unix seconds now, for the name of the file.

    Raises:
        NotWritten: The file could not be made.
    """
    return _export([json.loads(to_json(event)) for event in events], what, form, folder, at)


def export_candles(series: CandleSeries, form: Format, folder: Path, at: float) -> Path:
    """Write the candles of a series to a new file and return where it is. Blocking: run it in a thread.

    In JSON each has the shape of a line of ``streamtui history``; for the rest see `export`.
    """
    what = re.sub(r"[^0-9A-Za-z]+", "-", f"{series.symbol}-{series.range}").strip("-")
    return _export([*candle_fields(series)], what, form, folder, at)


def candle_fields(series: CandleSeries) -> Iterator[dict[str, Any]]:
    """Yield each candle as the fields of a line of ``streamtui history``: prices are texts holding decimals.

    In the demo each has a field more, ``demo``.
    """
    for candle in series.candles:
        told: dict[str, Any] = {
            "event": "candle",
            "symbol": series.symbol,
            "provider": series.provider,
            "market": series.market,
            "start": candle.start,
            "interval": series.interval,
        }
        for name in ("open", "high", "low", "close", "volume"):
            value = getattr(candle, name)
            told[name] = None if value is None else f"{value:f}"
        if series.demo:
            told["demo"] = True
        yield told


def _export(rows: Sequence[dict[str, Any]], what: str, form: Format, folder: Path, at: float) -> Path:
    text = _csv(rows) if form is Format.CSV else json.dumps(rows, indent=2, ensure_ascii=False) + "\n"
    return write_new(folder, f"streamtui-{what}-{stamp(at)}", f".{form}", text)


def write_new(folder: Path, stem: str, suffix: str, text: str) -> Path:
    """Write a file that was not there before, and return its full path.

    Raises:
        NotWritten: It could not be made.
    """
    for number in range(1, ATTEMPTS):
        path = folder / f"{stem}{'' if number == 1 else f'-{number}'}{suffix}"
        try:
            path = path.absolute()
            _write(path, text)
        except FileExistsError:
            continue
        except OSError as error:
            raise NotWritten(f"not saved: {_reason(error, path)}") from error
        return path
    raise NotWritten(f"not saved: {folder.absolute()} has {ATTEMPTS} files called {stem} already")


def _write(path: Path, text: str) -> None:
    """Make a file, or leave none behind: half of one would be taken for all of it."""
    file = path.open("x", encoding="utf-8", newline="")
    try:
        with file:
            file.write(text)
    except BaseException:
        with suppress(OSError):
            path.unlink()
        raise


def _reason(error: OSError, path: Path) -> str:
    if not path.is_absolute():  # it was not even known where it would be
        return "the folder this was started in is gone, or may not be read any more"
    return f"{path} cannot be written: {error.strerror or type(error).__name__}"


def stamp(at: float) -> str:
    """Return a point in time (Unix seconds) as local time for the name of a file."""
    return datetime.fromtimestamp(at).astimezone().strftime("%Y%m%d-%H%M%S")


def _csv(rows: Sequence[dict[str, Any]]) -> str:
    out = io.StringIO()
    if rows:
        writer = csv.DictWriter(out, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows({name: _csv_value(value) for name, value in row.items()} for row in rows)
    return out.getvalue()


def _csv_value(value: Any) -> Any:
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return no_formula(value) if isinstance(value, str) else value
