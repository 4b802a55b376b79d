"""What the one-line widgets share: muted text, the DEMO badge, left and right parts of a line."""

from __future__ import annotations

from textual.content import Content

MUTED = "$foreground 65%"
"""The style of less important text; still easy to read."""

DEMO = Content.styled(" DEMO ", "bold $background on $warning")


def demo_badge(what: str) -> Content:
    """Return the badge for invented data with the text ``what``, such as ``DEMO``; empty without a text."""
    return Content.styled(f" {what} ", "bold $background on $warning") if what else Content("")


def spread(left: Content, right: Content, width: int) -> Content:
    """Return one line of ``width`` cells; when both do not fit, the left part is cut with an ellipsis."""
    room = width - right.cell_length - (1 if right.cell_length else 0)
    if left.cell_length > room:
        left = left.truncate(max(0, room), ellipsis=True)
    gap = max(0, width - left.cell_length - right.cell_length)
    return Content.assemble(left, " " * gap, right)
