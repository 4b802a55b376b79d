"""``streamtui search``: what the sources list by a ticker, a name or a mint."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from streamcore import ProviderError, SearchResult, TokenHit, printable
from streamtui.commands.printing import print_rows
from streamtui.commands.shutdown import Deadline, until_stopped
from streamtui.format.hits import found_at, is_trusted, remarks, standing
from streamtui.format.numbers import compact
from streamtui.model.engine import real_engine
from streamtui.stderr import say

if TYPE_CHECKING:
    from rich.table import Table

    from streamcore import Engine, Settings

WIDE = 180
"""Columns of the table where standard output is no terminal: a mint and what to beware of take room."""
DEMO = "DEMO: invented data"
NARROW = 140
"""Columns below which a table has no room for everything beside each other."""
COLUMNS = (
    "symbol",
    "name",
    "mint",
    "provider",
    "also_at",
    "verified",
    "lookalike_of",
    "liquidity",
    "volume_24h",
)
"""Of a CSV file, each as in a line of JSON."""


def run(settings: Settings, text: str, *, form: str = "table") -> int:
    """Print what is found, and return the exit status.

    Args:
        settings: What may be asked.
        text: What to look for.
        form: ``table``, ``csv`` or ``json``: one object a line.

    Returns:
        0, also when nothing is called so; 1 when nothing was found and a source could not be asked.

    Raises:
        InputError: The text is empty, too long, or looks like a wallet's secret.
    """
    with Deadline() as deadline:
        try:
            work = _searched(real_engine(settings), text)
            found = asyncio.run(until_stopped(work, stopping=deadline.start))
        except ProviderError as error:  # a relay that is not there
            say(error.message)
            return 1
        if found is None:
            return 0
        return show(found, text, form=form, demo=settings.demo)


async def _searched(unopened: Engine, text: str) -> SearchResult:
    async with unopened as engine:
        return await engine.search(text)


def show(found: SearchResult, text: str, *, form: str, demo: bool) -> int:
    """Print a result on standard output, and on standard error who could not be asked.

    Returns:
        The exit status, as `run`.
    """
    if form != "table" or found.hits:
        print_rows(
            list(rows(found.hits, demo=demo)),
            form,
            columns=(*COLUMNS, "demo") if demo else COLUMNS,
            table=lambda width: (table(found.hits, demo=demo, width=width),),
            width=WIDE,
        )
    for failure in found.failures:
        say(failure.message)
    if not found.hits:
        who = "no source that answered" if found.failures else "no source"
        say(f"{who} lists anything called {printable(text, 64)!r}")
    return 1 if found.failures and not found.hits else 0


def rows(hits: Sequence[TokenHit], *, demo: bool) -> Iterator[dict[str, Any]]:
    """Yield each hit as JSON has it: amounts are texts holding decimals, what is not known is ``None``."""
    for hit in hits:
        told: dict[str, Any] = {"event": "hit", **msgspec.structs.asdict(hit)}
        told["lookalike_of"] = hit.lookalike_of or None
        for name in ("liquidity", "volume_24h"):
            value = told[name]
            told[name] = None if value is None else format(value, "f")
        yield {**told, "demo": demo}


def table(hits: Sequence[TokenHit], *, demo: bool, width: int = WIDE) -> Table:
    """Return the hits as a table; whether one can be trusted is a word, not just a colour.

    Args:
        hits: The hits.
        demo: Whether they are invented.
        width: Cells it may take. In a narrow table everything but ticker, name and that word stands below the
            name, so that a mint is never cut.
    """
    from rich.table import Table
    from rich.text import Text

    narrow = width < NARROW
    result = Table(box=None, pad_edge=False, header_style="bold", title=DEMO if demo else None)
    result.add_column("ticker", no_wrap=True)
    result.add_column("what it is", no_wrap=True)
    result.add_column("name", overflow="fold")
    if not narrow:
        result.add_column("mint or market", no_wrap=True)
        result.add_column("liquidity", justify="right", no_wrap=True)
        result.add_column("24 h", justify="right", no_wrap=True)
        result.add_column("from", overflow="fold")
        result.add_column("beware", overflow="fold")
    for hit in hits:
        look = "green" if is_trusted(hit) else "red" if hit.lookalike_of else "yellow"
        ticker, word = Text(printable(hit.symbol), style="bold"), Text(standing(hit), style=look)
        name = printable(hit.name)
        where = hit.mint or f"{printable(hit.symbol)} in US dollars"
        liquidity, volume = _dollars(hit.liquidity), _dollars(hit.volume_24h)
        if narrow:
            figures = f"liquidity {liquidity}, 24 h {volume}, from {found_at(hit)}"
            below = "\n".join(filter(None, (name, where, figures, remarks(hit))))
            result.add_row(ticker, word, Text(below))
        else:
            more = (Text(text) for text in (where, liquidity, volume, found_at(hit), remarks(hit)))
            result.add_row(ticker, word, Text(name), *more)
    return result


def _dollars(value: Decimal | None) -> str:
    return compact(value) if value is None else f"${compact(value)}"
