"""From a relay's prices to the pieces of frames: what is new in each row, encoded once for all terminals."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from streamcore.events import MARKET_FIELDS, PRICE_FIELDS, PriceKind, PriceUpdate
from streamcore.wire.encoding import Encoding
from streamcore.wire.messages import Price
from streamcore.wire.numbers import pack

FIGURES = (*PRICE_FIELDS, *MARKET_FIELDS)
"""The numbers of a price, named alike on the wire and in the events."""

_MOST_MS = 2**31 - 1
"""24 days: protobuf writes ``ms`` with 32 bits."""


def relative(ts: float, t: int) -> int:
    """Return a point in time as milliseconds from ``t``.

    Args:
        ts: Unix seconds.
        t: Unix milliseconds of the frame.
    """
    return max(-_MOST_MS, min(round(ts * 1000) - t, _MOST_MS))


def whole_price(row: int, event: PriceUpdate, t: int) -> Price:
    """Return all that is known of a row, as a snapshot of the frame at ``t`` (Unix milliseconds)."""
    figures: dict[str, Any] = {
        name: None if (value := getattr(event, name)) is None else _packed(value) for name in FIGURES
    }
    return Price(
        row=row,
        ms=relative(event.ts, t),
        snapshot=1,
        provider=event.provider,
        source=event.source,
        address=event.address,
        **figures,
    )


def price_change(row: int, event: PriceUpdate, before: PriceUpdate | None, t: int) -> Price:
    """Return what is new about a row.

    Args:
        row: Its number.
        event: What is known now.
        before: What the terminals know; ``None``: nothing.
        t: Unix milliseconds of the frame.

    Returns:
        A snapshot when the terminals know nothing, when provider, way or address have changed, or when a
        known number is not known any more; else a delta.
    """
    if (
        before is None
        or event.provider != before.provider
        or event.source is not before.source
        or event.address != before.address
    ):
        return whole_price(row, event, t)
    changes: dict[str, Any] = {}
    for name in FIGURES:
        value, known = getattr(event, name), getattr(before, name)
        if value is known or value == known:
            continue
        if value is None:
            return whole_price(row, event, t)
        changes[name] = _packed(value)
    return Price(row=row, ms=relative(event.ts, t), **changes)


def _packed(value: object) -> int | str:
    # a count is a number without decimal places
    return value << 5 if isinstance(value, int) else pack(value)  # type: ignore[arg-type]


class RowPieces:
    """What the terminals of one group know of each row, and the pieces that bring them up to date.

    All terminals of a group that skip no frame know the same, so each change is encoded once a tick.
    """

    def __init__(self, encoding: Encoding) -> None:
        self._encoding = encoding
        self._known: dict[int, PriceUpdate] = {}
        """Each row's last event that is in a piece."""
        self._news: dict[int, PriceUpdate] = {}
        self._restarted: set[int] = set()
        """Rows of `_news` whose state is complete and new, so that a snapshot is due."""
        self._whole: dict[int, bytes] = {}
        """Snapshots as of the last tick, for a frame at `_whole_t`: several terminals may need them."""
        self._whole_t = 0

    @property
    def has_news(self) -> bool:
        """Whether a row has changed since the last `tick`."""
        return bool(self._news)

    def adopt(self, row: int, event: PriceUpdate) -> None:
        """Take over what is known of a row that is new to this group; `whole` has it, `tick` does not."""
        self._known.setdefault(row, event)

    def update(self, row: int, event: PriceUpdate) -> None:
        """Take in the newest event of a row; it overtakes one that has not been encoded yet."""
        self._news[row] = event
        if event.kind is PriceKind.SNAPSHOT:
            self._restarted.add(row)

    @property
    def told_at(self) -> Iterable[float]:
        """When each price that the next `tick` writes was confirmed, Unix seconds.

        Bid and ask that were asked for are told with the time of the price, which they do not confirm: that
        has been told before, and is not here again.
        """
        for row, event in self._news.items():
            known = self._known.get(row)
            if known is None or event.ts > known.ts:
                yield event.ts

    def tick(self, t: int) -> dict[int, bytes]:
        """Return the piece of every row that has changed since the last tick, for a frame at ``t``."""
        pieces = {}
        for row, event in self._news.items():
            before = None if row in self._restarted else self._known.get(row)
            pieces[row] = self._encoding.price(price_change(row, event, before, t))
        self._known |= self._news
        self._news = {}
        self._restarted.clear()
        self._whole.clear()
        return pieces

    def whole(self, rows: Iterable[int], t: int) -> list[bytes]:
        """Return snapshots of those of the rows that have a price, as of the last tick."""
        if t != self._whole_t:
            self._whole.clear()
            self._whole_t = t
        found = []
        for row in rows:
            piece = self._whole.get(row)
            if piece is None:
                event = self._known.get(row)
                if event is None:
                    continue
                piece = self._whole[row] = self._encoding.price(whole_price(row, event, t))
            found.append(piece)
        return found

    def forget(self, row: int) -> None:
        """Drop what is known of a row that nobody wants any more."""
        self._known.pop(row, None)
        self._whole.pop(row, None)
        self._news.pop(row, None)
        self._restarted.discard(row)
