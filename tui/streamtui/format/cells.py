"""The cells of a line table, and making text from outside harmless before it is drawn.

A cell is a tuple of spans; a span is a text with the name of a style, whose colours the theme decides.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from rich.cells import cell_len, set_cell_size
from textual.content import Content

from streamcore import printable

Align = Literal["left", "right"]
ELLIPSIS = "…"


class Span(NamedTuple):
    """A text in one style, named by the end of a component class: ``up`` for ``line-table--up``."""

    text: str
    style: str = ""


Cell: TypeAlias = tuple[Span, ...]


def cell(text: str, style: str = "") -> Cell:
    """Return a cell of one span."""
    return (Span(text, style),)


PARAGRAPH = 600
"""Characters of a text that wraps, such as a refusal with its advice or a summary with a memo."""


def literal(text: str, style: str = "", *, limit: int = 200) -> Content:
    """Return text from outside as content that shows it as it is: no markup, no control characters.

    Args:
        text: The text.
        style: How it looks.
        limit: The most characters to show; `PARAGRAPH` where a text is to be read to its end.
    """
    shown = printable(text, limit)
    return Content.styled(shown, style) if style else Content(shown)


def fitted(content: Cell, width: int, align: Align = "left") -> list[Span]:
    """Return the spans of a cell, made printable and exactly ``width`` terminal cells wide.

    What does not fit ends with an ellipsis. A wide character that would be cut in two becomes a space.
    """
    spans: list[Span] = []
    room = width
    for text, style in content:
        shown = printable(text)
        length = len(shown) if shown.isascii() else cell_len(shown)  # which keeps what it has measured
        if length > room:
            if width:
                kept = set_cell_size(shown, max(0, room - 1))
                if kept.endswith(ELLIPSIS):  # of an address that is shortened already
                    kept = f"{kept[:-1]}{ELLIPSIS} "
                else:
                    kept += ELLIPSIS
                spans.append(Span(kept if room else "", style))
            room = 0
            break
        spans.append(Span(shown, style))
        room -= length
    if room:
        # the padding takes the style of the text beside it, which saves escape codes
        at = 0 if align == "right" else -1
        text, style = spans[at] if spans else Span("")
        padded = Span(" " * room + text if align == "right" else text + " " * room, style)
        spans[at:] = [padded] if align == "left" else [padded, *spans[1:]]
    return spans
