"""Charts made of characters: candles with half a cell of resolution, lines with braille dots, volume bars.

All return lines of spans with the names of styles, to which a widget gives colours: ``up`` and ``down``,
``hole`` where nothing was traded, ``volume-up`` and ``volume-down``. Colour is never the only sign: a falling
candle is hatched or open, and a line rises and falls by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from streamcore import Candle
from streamtui.format.cells import Span
from streamtui.widgets.chart_axes import PriceScale
from streamtui.widgets.chart_layout import Layout

Grid = list[list[tuple[str, str]]]
"""Lines of cells, each a character and a style."""

_NOTHING, _WICK, _BODY = 0, 1, 2
# what the upper and the lower half of a cell show -> the character
_WICKS = {
    (_NOTHING, _NOTHING): " ",
    (_WICK, _NOTHING): "╵",
    (_NOTHING, _WICK): "╷",
    (_WICK, _WICK): "│",
}
_RISING = {
    **_WICKS,
    (_BODY, _BODY): "█",
    # no character has a block in one half and a line in the other
    (_BODY, _NOTHING): "▀",
    (_BODY, _WICK): "▀",
    (_NOTHING, _BODY): "▄",
    (_WICK, _BODY): "▄",
}
_FALLING = {
    **_WICKS,
    (_BODY, _BODY): "▒",
    (_BODY, _NOTHING): "╹",
    (_BODY, _WICK): "╿",
    (_NOTHING, _BODY): "╻",
    (_WICK, _BODY): "╽",
}
_GLYPHS = {"up": _RISING, "down": _FALLING}
# the left, middle and right cells of a wide body, by which halves belong to it
_WIDE = {
    (_BODY, _BODY): ("▐", "█", "▌"),
    (_BODY, _NOTHING): ("▝", "▀", "▘"),
    (_NOTHING, _BODY): ("▗", "▄", "▖"),
}
_OPEN = " "
"""In the middle of a wide body that falls, between its two ends."""
WIDE = 3
"""Cells from one bar to the next from which on a body is wider than one cell."""
HOLE = "·"
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""Bits of a braille character, from the top; left and right."""
BRAILLE = 0x2800
_EIGHTHS = " ▁▂▃▄▅▆▇█"


def scale_of(candles: Sequence[Candle], height: int) -> PriceScale:
    """Return the scale from the lowest to the highest price of candles in ``height`` lines."""
    return PriceScale(
        float(min(candle.low for candle in candles)), float(max(candle.high for candle in candles)), height
    )


def style_of(bar: Candle) -> str:
    """Return the style of a candle: ``up`` or ``down``."""
    return "up" if bar.close >= bar.open else "down"


def draw_candles(layout: Layout, scale: PriceScale) -> Grid:
    """Return the candles; where there is room, their bodies are wider than their wicks."""
    grid = _empty(layout, scale.height)
    reach = (layout.pitch - 1) // 2 if layout.pitch >= WIDE else 0
    before: int | None = None
    for number, (column, bar) in enumerate(zip(layout.columns, layout.bars, strict=True)):
        if bar is None:
            for at in layout.cells_of(number):
                _draw_hole(grid, at, before)
            continue
        halves = _halves(bar, scale)
        style = style_of(bar)
        if reach:
            _draw_wide(grid, column, reach, halves, style)
        else:
            _draw_narrow(grid, layout.cells_of(number), halves, style)
        before = scale.place(float(bar.close), 1)
    return grid


def _halves(bar: Candle, scale: PriceScale) -> list[int]:
    halves = [_NOTHING] * (scale.height * 2)
    for at in range(scale.place(float(bar.high), 2), scale.place(float(bar.low), 2) + 1):
        halves[at] = _WICK
    top, bottom = sorted((scale.place(float(bar.open), 2), scale.place(float(bar.close), 2)))
    for at in range(top, bottom + 1):
        halves[at] = _BODY
    return halves


def _draw_narrow(grid: Grid, cells: range, halves: Sequence[int], style: str) -> None:
    for line, row in enumerate(grid):
        pair = (halves[line * 2], halves[line * 2 + 1])
        if pair == (_NOTHING, _NOTHING):
            continue
        row[cells[0]] = (_GLYPHS[style][pair], style)
        # the halves of a falling body are lines, of which one is enough
        if _BODY in pair and (style == "up" or pair == (_BODY, _BODY)):
            for at in cells[1:]:
                row[at] = (_GLYPHS[style][pair], style)


def _draw_wide(grid: Grid, column: int, reach: int, halves: Sequence[int], style: str) -> None:
    body = [at for at, half in enumerate(halves) if half == _BODY]
    ends = {body[0] // 2, body[-1] // 2}
    for line, row in enumerate(grid):
        pair = (halves[line * 2], halves[line * 2 + 1])
        if _BODY not in pair:
            if pair != (_NOTHING, _NOTHING):
                row[column] = (_WICKS[pair], style)
            continue
        # at an end of the body the half beyond it may have a wick, for which a cell has no character left
        upper, lower = (half if half == _BODY else _NOTHING for half in pair)
        left, middle, right = _WIDE[upper, lower]
        is_open = style == "down" and line not in ends
        row[column - reach] = (left, style)
        row[column + reach] = (right, style)
        for at in range(column - reach + 1, column + reach):
            row[at] = (_OPEN if is_open else middle, "" if is_open else style)


def _draw_hole(grid: Grid, column: int, line: int | None) -> None:
    """Draw a thin mark at the last price: nothing was traded, so it was the price still."""
    if line is not None and grid[line][column][0] == " ":
        grid[line][column] = (HOLE, "hole")


def draw_line(layout: Layout, scale: PriceScale) -> Grid:
    """Return the closing prices as a line of braille dots, broken where nothing was traded."""
    grid = _empty(layout, scale.height)
    known = layout.known
    style = "up" if known[-1].close >= known[0].open else "down"
    dots: dict[tuple[int, int], int] = {}
    before: tuple[int, int] | None = None
    last: int | None = None
    for column, bar in zip(layout.columns, layout.bars, strict=True):
        if bar is None:
            _draw_hole(grid, column, last)
            before = None
            continue
        here = (column * 2 + 1, scale.place(float(bar.close), 4))
        for x, y in _between(before or (column * 2, here[1]), here):
            cell = (y // 4, x // 2)
            dots[cell] = dots.get(cell, 0) | _DOTS[y % 4][x % 2]
        before, last = here, here[1] // 4
    for (line, column), bits in dots.items():
        grid[line][column] = (chr(BRAILLE + bits), style)
    return grid


def _between(one: tuple[int, int], other: tuple[int, int]) -> list[tuple[int, int]]:
    """Return the dots of a straight line, without holes."""
    (x1, y1), (x2, y2) = one, other
    steps = max(abs(x2 - x1), abs(y2 - y1), 1)
    return [
        (round(x1 + (x2 - x1) * step / steps), round(y1 + (y2 - y1) * step / steps))
        for step in range(steps + 1)
    ]


def draw_volumes(layout: Layout, height: int) -> Grid:
    """Return the volumes as bars with an eighth of a cell of resolution, the largest as high as all lines."""
    grid = _empty(layout, height)
    most = most_traded(layout)
    if not most:
        return grid
    reach = max(0, (layout.pitch - 1) // 2 - 1)  # the ends of a body are half cells
    for number, (column, bar) in enumerate(zip(layout.columns, layout.bars, strict=True)):
        if bar is None or bar.volume is None or bar.volume <= 0:
            continue
        cells = range(column - reach, column + reach + 1) if reach else layout.cells_of(number)
        eighths = max(1, round(float(bar.volume / most) * height * 8))
        for line in range(height):
            filled = min(8, max(0, eighths - (height - 1 - line) * 8))
            if filled:
                for at in cells:
                    grid[line][at] = (_EIGHTHS[filled], f"volume-{style_of(bar)}")
    return grid


def most_traded(layout: Layout) -> Decimal | None:
    """Return the largest volume of a bar; ``None`` where none has any."""
    return max((bar.volume for bar in layout.known if bar.volume is not None), default=None) or None


def _empty(layout: Layout, height: int) -> Grid:
    return [[(" ", "")] * layout.width for _ in range(height)]


def in_spans(cells: Sequence[tuple[str, str]]) -> list[Span]:
    """Return a line of cells as spans, each as long as its style goes."""
    spans: list[Span] = []
    for text, style in cells:
        if spans and (spans[-1].style == style or text == " "):
            spans[-1] = Span(spans[-1].text + text, spans[-1].style)
        else:
            spans.append(Span(text, style))
    return spans
