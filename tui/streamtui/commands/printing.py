"""What commands print on standard output: rows as a table, as CSV or as lines of JSON."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import RenderableType

WIDE = 120
"""Columns of a table that goes into a file or a pipe, where nothing has to fit a screen."""


def print_rows(
    rows: Sequence[Mapping[str, Any]],
    form: str,
    *,
    columns: Sequence[str],
    table: Callable[[int], Sequence[RenderableType]],
    width: int = WIDE,
) -> None:
    """Print rows on standard output in the form that was asked for.

    Args:
        rows: What programs read, as JSON has it.
        form: ``json`` is one object a line, ``csv`` has a line of titles first, ``table`` is for people.
        columns: The names of the fields that CSV has.
        table: Makes what people read, for so many columns.
        width: Columns of a table that is not printed on a terminal.
    """
    if form == "json":
        _print_lines(rows)
    elif form == "csv":
        _print_csv(rows, columns)
    else:
        print_table(table, width)
    sys.stdout.flush()


def print_table(make: Callable[[int], Sequence[RenderableType]], width: int = WIDE) -> None:
    """Print what ``make`` returns for so many columns; ``width``: where standard output is no terminal."""
    from rich.console import Console

    console = Console(width=None if sys.stdout.isatty() else width)
    with console.capture() as captured:  # printed by Rich itself, a closed pipe would be an exit status 1
        for part in make(console.width):
            console.print(part)
    print(captured.get(), end="")


def _print_lines(rows: Sequence[Mapping[str, Any]]) -> None:
    import msgspec

    for row in rows:
        print(msgspec.json.encode(row).decode())


def _print_csv(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    import csv

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_csv_value(row[name]) for name in columns] for row in rows)


def _csv_value(value: object) -> object:
    from streamcore import printable
    from streamtui.format.spreadsheet import no_formula

    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return no_formula(printable(" ".join(value)))
    return no_formula(printable(value)) if isinstance(value, str) else value
