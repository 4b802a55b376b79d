"""The merged state of every watched token, and what each message changed about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Any

import msgspec

from streamcore.events import MARKET_FIELDS, PRICE_FIELDS, PriceKind, Source

MAX_DIGITS = 60
MAX_MAGNITUDE = 30
"""Decimal exponents beyond ±30, or longer digit strings, are no price, percent or volume of anything real.

They must be refused here: written out in plain notation, ``1e999999`` is a megabyte.
"""


_ZERO = Decimal(0)
_MOST_TRADES = 10**12
_ALL_OF_IT = Decimal(-100)
"""Percent that a price loses when it becomes nothing."""


class Merge(msgspec.Struct, frozen=True, gc=False):
    """What merging one report did."""

    kind: PriceKind
    source: Source
    """How the present price came; a report that only confirms it does not change that."""
    price: Decimal | None
    change_24h: Decimal | None
    volume_24h: Decimal | None
    high_24h: Decimal | None
    low_24h: Decimal | None
    bid: Decimal | None
    ask: Decimal | None
    vwap_24h: Decimal | None
    trades_24h: int | None
    changed: tuple[str, ...]
    refused: tuple[str, ...]
    """Fields whose new value is not credible, so that the known one stayed."""
    confirmed: bool
    """The report had a credible value, and a price is known; if not, there is nothing to publish."""


FIELDS = (*PRICE_FIELDS, *MARKET_FIELDS)
"""All that is known of a token."""


_OF_THE_BOOK = ("bid", "ask")
"""What is out of date as soon as its stream has ended."""


@dataclass(slots=True)
class _Entry:
    values: dict[str, Any] = field(default_factory=lambda: dict.fromkeys(FIELDS))
    """`Decimal` or ``None``; an integer for ``trades_24h``."""
    streamed_at: dict[str, float] = field(default_factory=dict)
    announced: bool = False
    source: Source | None = None
    """How the price came; ``None``: it is not known, or its stream is new."""
    held_back: set[str] = field(default_factory=set)
    """Fields that were told before there was a price."""


def credible(name: str, value: Decimal | int) -> bool:
    """Return whether ``value`` can be the state of the field ``name``.

    A price is above zero, a volume not below, and nothing can fall by more than 100 percent.
    """
    if isinstance(value, int):
        return 0 <= value <= _MOST_TRADES
    if not value.is_finite() or (len(str(value)) > MAX_DIGITS and len(value.as_tuple().digits) > MAX_DIGITS):
        return False
    if value and abs(value.adjusted()) > MAX_MAGNITUDE:
        return False
    if not value and abs(int(value.as_tuple().exponent)) > MAX_DIGITS:
        return False
    match name:
        case "price" | "high_24h" | "low_24h" | "bid" | "ask" | "vwap_24h":
            return value > _ZERO
        case "change_24h":
            return value >= _ALL_OF_IT
        case _:
            return value >= _ZERO


@cache  # of five names there are few combinations
def _told(*changed: str) -> tuple[str, ...]:
    return tuple(name for name in PRICE_FIELDS if name in changed)


class PriceBook:
    """Merges what providers report into one state a token.

    A key is whatever identifies a row: use one key for the same token from whichever source. A field that
    a report leaves out keeps its value; a value that cannot be true is refused and the known one stays.
    """

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}

    def merge(
        self,
        key: str,
        fields: Mapping[str, Decimal | int | None],
        *,
        source: Source,
        complete: bool,
        now: float,
        as_of: float,
    ) -> Merge:
        """Merge some fields of one token.

        Args:
            key: The token.
            fields: New values by name, those of `FIELDS`; ``None`` says nothing.
            source: How the values came.
            complete: They are the token's whole state.
            now: Monotonic seconds.
            as_of: Monotonic seconds at which the values can first have been true: for an answer to a
                request the time of asking. What the stream said since then is newer and stays.
        """
        entry = self._entries.get(key)
        if entry is None:
            entry = self._entries[key] = _Entry()
        values, streamed_at = entry.values, entry.streamed_at
        changed: list[str] = []
        refused: list[str] = []
        confirmed = False
        streaming = source is Source.STREAM
        for name, value in fields.items():
            if value is None:
                continue
            known = values[name]
            if value is known:
                # the very object that is known has been found credible, and is no change: codecs hand on the
                # same one for as long as a figure stays the same
                confirmed = True
                if streaming:
                    streamed_at[name] = now
                continue
            if not credible(name, value):
                refused.append(name)
                continue
            confirmed = True
            if streaming:
                streamed_at[name] = now
            elif streamed_at.get(name, float("-inf")) >= as_of:
                continue
            if value != known:
                changed.append(name)
            values[name] = value
        if values["price"] is None:
            # figures of a day without a price are nothing to show; the first price brings them along
            entry.held_back.update(changed)
            confirmed = False
        elif confirmed and entry.held_back:
            changed += entry.held_back
            entry.held_back.clear()
        fresh = not entry.announced or (complete and source is Source.STREAM)
        if confirmed:
            entry.announced = True
            if source is Source.STREAM or entry.source is None or "price" in changed:
                entry.source = source
        return Merge(
            PriceKind.SNAPSHOT if fresh else PriceKind.DELTA,
            entry.source or source,
            values["price"],
            values["change_24h"],
            values["volume_24h"],
            values["high_24h"],
            values["low_24h"],
            values["bid"],
            values["ask"],
            values["vwap_24h"],
            values["trades_24h"],
            _told(*changed),
            tuple(refused),
            confirmed,
        )

    def is_streamed(self, key: str, name: str | None = None) -> bool:
        """Whether a stream has told something of ``key``, or the field ``name`` of it."""
        entry = self._entries.get(key)
        return entry is not None and (bool(entry.streamed_at) if name is None else name in entry.streamed_at)

    def restart(self, key: str) -> None:
        """Make the next merge of ``key`` a snapshot, because its stream is new or has ended.

        What is known is kept, but for bid and ask, which age within seconds.
        """
        if entry := self._entries.get(key):
            entry.announced = False
            entry.source = None
            entry.values.update(dict.fromkeys(_OF_THE_BOOK))

    def forget(self, key: str) -> None:
        """Drop what is known of ``key``: nobody wants it any more, or another source serves it now."""
        self._entries.pop(key, None)
