"""A three-way merge of what is watched: this session's changes with those made in the file meanwhile.

The common base is what the session read from the file at its start or saved last. A list that came from an
option or an environment variable has no such base; whether it replaces the file's list is for the person to
decide.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from streamcore import AlertSettings, address_in, short_address

T = TypeVar("T")

LONGEST_TICKER = 12
SHOWN = 3
"""Entries named in a question; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What the configuration file holds, or should hold, about what is watched."""

    symbols: Sequence[str] | None
    """``None``: unknown, because those of this session are not from the file."""
    wallets: Sequence[str] | None
    """As ``symbols``."""
    labels: Mapping[str, str] = field(default_factory=dict)
    alerts: Sequence[AlertSettings] = ()
    theme: str | None = None
    """``None``: whatever the file says."""
    columns: Sequence[str] | None = None
    """Of the prices; ``None``: whatever the file says."""
    tokens: Mapping[str, str] = field(default_factory=dict)
    """Mints to the tickers that were found for them, of tokens that have no name in the file yet."""


UNKNOWN = Watched(symbols=None, wallets=None)
"""The base of a session of which nothing is known to be from the file."""


def same_symbol(text: str) -> Hashable:
    """Return a key that is equal for all spellings of a ticker, such as ``$btc`` and ``BTC``, or the mint."""
    stripped = text.strip().removeprefix("$")
    return stripped.upper() if len(stripped) <= LONGEST_TICKER else stripped


def merge(
    before: Watched,
    now: Watched,
    theirs: Watched,
    symbol: Callable[[str], Hashable] = same_symbol,
) -> tuple[Watched, list[str]]:
    """Return what the file should hold, and the conflicts that a person must decide.

    Args:
        before: The base: what this session began with, or saved last.
        now: What it has now; both lists are known.
        theirs: What the file has now.
        symbol: Returns a key that is equal for all spellings of a symbol.

    Returns:
        The result, in which this session wins every conflict, and the conflicts, each as the end of a
        sentence that begins "in the file,". Nothing may be saved before the person has agreed to them.
    """
    conflicts: list[str] = []
    labels = dict(theirs.labels)
    for address, name in now.labels.items():
        was, there = before.labels.get(address), theirs.labels.get(address)
        if name in (was, there):
            continue
        if there != was:
            conflicts.append(f"{short_address(address)} is called {there!r}, not {name!r}")
        labels[address] = name
    theme = now.theme
    if theme == before.theme:
        theme = None
    elif theme is not None and theirs.theme not in (before.theme, theme, None):
        conflicts.append(f"the theme is {theirs.theme}, not {theme}")
    columns = now.columns
    if _same(columns, before.columns):
        columns = None
    elif columns is not None and not any(
        _same(theirs.columns, one) for one in (before.columns, columns, None)
    ):
        conflicts.append(f"the columns are {', '.join(theirs.columns or ())}, not {', '.join(columns)}")
    result = Watched(
        symbols=_list("symbols", before.symbols, now.symbols, theirs.symbols, symbol, conflicts),
        wallets=_list("wallets", before.wallets, now.wallets, theirs.wallets, address_in, conflicts),
        labels=labels,
        alerts=_changes(before.alerts, now.alerts, theirs.alerts, _rule),
        theme=theme,
        columns=columns,
        tokens=now.tokens,
    )
    return result, conflicts


def added(theirs: Watched, result: Watched, symbol: Callable[[str], Hashable] = same_symbol) -> Watched:
    """Return a result that keeps everything of the file's lists and adds to them."""
    return replace(
        result,
        symbols=_union(theirs.symbols, result.symbols, symbol),
        wallets=_union(theirs.wallets, result.wallets, address_in),
    )


def _same(one: Sequence[str] | None, other: Sequence[str] | None) -> bool:
    return one == other if one is None or other is None else list(one) == list(other)


def _list(
    name: str,
    before: Sequence[str] | None,
    now: Sequence[str] | None,
    theirs: Sequence[str] | None,
    key: Callable[[str], Hashable],
    conflicts: list[str],
) -> Sequence[str]:
    now, theirs = now or (), theirs or ()
    if before is not None:
        return _changes(before, now, theirs, key)
    kept = {key(one) for one in now}
    lost = [one for one in theirs if key(one) not in kept]
    if lost:
        more = f" and {len(lost) - SHOWN} more" if len(lost) > SHOWN else ""
        shown = ", ".join(short_address(one) for one in lost[:SHOWN])
        conflicts.append(f"there are {name} that this session does not have: {shown}{more}")
    return _spelled(now, theirs, key)


def _changes(
    before: Sequence[T], now: Sequence[T], theirs: Sequence[T], key: Callable[[T], Hashable]
) -> Sequence[T]:
    """Return ``theirs`` with what was added and taken away between ``before`` and ``now``."""
    was, present, there = ([key(one) for one in some] for some in (before, now, theirs))
    if present == was:
        return theirs
    if there == was:
        return _spelled(now, theirs, key)
    removed = set(was) - set(present)
    new = [one for one in now if key(one) not in was and key(one) not in there]
    return [*(one for one in theirs if key(one) not in removed), *new]


def _spelled(now: Sequence[T], theirs: Sequence[T], key: Callable[[T], Hashable]) -> list[T]:
    """Return ``now``, with every entry written as the file writes it."""
    written = {key(one): one for one in theirs}
    return [written.get(key(one), one) for one in now]


def _union(
    first: Sequence[str] | None, second: Sequence[str] | None, key: Callable[[str], Hashable]
) -> list[str]:
    both = {key(one): one for one in [*(first or ()), *(second or ())]}
    return list(both.values())


def _rule(alert: AlertSettings) -> Hashable:
    return alert
