"""A sparkline: the course of a price as one line of block characters."""

from __future__ import annotations

from collections.abc import Sequence

BLOCKS = "▁▂▃▄▅▆▇█"
LEVEL = "▄"
GAP = " "


def sparkline(samples: Sequence[float | None]) -> str:
    """Return the samples as blocks, a cell each.

    The scale goes from the lowest to the highest sample. ``None`` stands for a time in which no price was
    known, and leaves a gap.
    """
    known = [sample for sample in samples if sample is not None]
    if not known:
        return GAP * len(samples)
    low, high = min(known), max(known)
    span = high - low

    def block(sample: float | None) -> str:
        if sample is None:
            return GAP
        return BLOCKS[int((sample - low) / span * (len(BLOCKS) - 1) + 0.5)] if span else LEVEL

    return "".join(map(block, samples))
