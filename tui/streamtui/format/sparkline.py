"""A sparkline: the course of a price as one line of block characters."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

BLOCKS = "▁▂▃▄▅▆▇█"
LEVEL = "▄"
GAP = " "


def sparkline(samples: Sequence[Decimal | None], width: int) -> str:
    """Return the last ``width`` samples as blocks, newest at the right, exactly ``width`` cells.

    The scale goes from the lowest to the highest sample shown. ``None`` stands for a time in which no price
    was confirmed, and leaves a gap.
    """
    shown = samples[-width:] if width else ()
    known = [sample for sample in shown if sample is not None]
    if not known:
        return GAP * width
    low, high = min(known), max(known)
    span = high - low

    def block(sample: Decimal | None) -> str:
        if sample is None:
            return GAP
        return LEVEL if not span else BLOCKS[int((sample - low) / span * (len(BLOCKS) - 1) + Decimal("0.5"))]

    return "".join(map(block, shown)).rjust(width)
