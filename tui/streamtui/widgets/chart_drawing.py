"""Charts made of characters: candles with half a cell of resolution, lines with braille dots.

Both return lines of spans with the names of styles, to which a widget gives colours. The newest candle is at
the right; a stretch of time without any price stays empty.
"""

from __future__ import annotations

from collections.abc import Sequence

from streamtui.format.cells import Span
from streamtui.model.candles import CAPACITY, Candle, Frame

Rows = list[list[Span]]

# what the upper and the lower half of a cell show -> the character; a falling body is dashed, so that
# rising and falling differ without colour, too
_NOTHING, _WICK, _BODY = 0, 1, 2
_GLYPHS = {
    (_NOTHING, _NOTHING): " ",
    (_WICK, _NOTHING): "╵",
    (_NOTHING, _WICK): "╷",
    (_WICK, _WICK): "│",
    (_BODY, _NOTHING): "╹",
    (_NOTHING, _BODY): "╻",
    (_BODY, _BODY): "┃",
    (_WICK, _BODY): "╽",
    (_BODY, _WICK): "╿",
}
_FALLING = {"┃": "┇"}
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""Bits of a braille character, from the top; left and right."""
BRAILLE = 0x2800


def candles_per_column(width: int) -> int:
    """Return how many candles share a column, so that all that are kept fit into ``width`` columns."""
    return -(-CAPACITY // width)


def in_columns(candles: Sequence[Candle], frame: Frame, width: int) -> list[Candle | None]:
    """Return what each of at most ``width`` columns shows, from the left; ``None``: no price was seen then.

    The columns stand for equal stretches of time, the last of them for the newest candle. Where the columns
    are fewer than the candles, candles next to each other are merged.
    """
    if not candles or width < 1:
        return []
    per_column = candles_per_column(width)
    columns: list[Candle | None] = [None] * -(-CAPACITY // per_column)
    last = candles[-1].start
    for candle in candles:
        back = round((last - candle.start) / frame.seconds)
        if not 0 <= back < CAPACITY:
            continue
        at = len(columns) - 1 - back // per_column
        before = columns[at]
        columns[at] = candle if before is None else _merged(before, candle)
    return columns


def _merged(first: Candle, second: Candle) -> Candle:
    return Candle(
        first.start, first.open, max(first.high, second.high), min(first.low, second.low), second.close
    )


def bounds(columns: Sequence[Candle | None]) -> tuple[float, float]:
    """Return the lowest and the highest price shown; there must be one."""
    known = [candle for candle in columns if candle is not None]
    return min(candle.low for candle in known), max(candle.high for candle in known)


def candle_chart(columns: Sequence[Candle | None], height: int) -> Rows:
    """Return the candles as ``height`` lines of one cell a column."""
    if not any(columns):
        return [[Span(" " * len(columns))] for _ in range(height)]
    low, high = bounds(columns)
    steps = height * 2

    def step(value: float) -> int:
        """Return the half cell of a price, counted from the top."""
        return steps // 2 if high == low else min(steps - 1, int((high - value) / (high - low) * steps))

    drawn: list[tuple[list[int], str]] = []
    for candle in columns:
        halves = [_NOTHING] * steps
        style = ""
        if candle is not None:
            style = "up" if candle.close >= candle.open else "down"
            for at in range(step(candle.high), step(candle.low) + 1):
                halves[at] = _WICK
            top, bottom = sorted((step(candle.open), step(candle.close)))
            for at in range(top, bottom + 1):
                halves[at] = _BODY
        drawn.append((halves, style))
    rows: Rows = []
    for line in range(height):
        row: list[Span] = []
        for halves, style in drawn:
            glyph = _GLYPHS[halves[line * 2], halves[line * 2 + 1]]
            glyph = _FALLING.get(glyph, glyph) if style == "down" else glyph
            _append(row, glyph, style if glyph != " " else "")
        rows.append(row)
    return rows


def line_chart(columns: Sequence[Candle | None], height: int) -> Rows:
    """Return the closing prices as a line of braille dots, ``height`` lines of one cell a column."""
    if not any(columns):
        return [[Span(" " * len(columns))] for _ in range(height)]
    closes = [None if candle is None else candle.close for candle in columns]
    known = [close for close in closes if close is not None]
    low, high = min(known), max(known)
    dots = height * 4

    def dot(value: float) -> int:
        return dots // 2 if high == low else round((high - value) / (high - low) * (dots - 1))

    cells = [[0] * len(closes) for _ in range(height)]

    def mark(x: int, y: int) -> None:
        cells[y // 4][x // 2] |= _DOTS[y % 4][x % 2]

    before: int | None = None
    for at, close in enumerate(closes):
        if close is None:
            before = None
            continue
        here = dot(close)
        following = closes[at + 1] if at + 1 < len(closes) else None
        half_way = here if following is None else dot((close + following) / 2)
        for x, y, start in ((at * 2, here, before), (at * 2 + 1, half_way, here)):
            top, bottom = sorted((y, y if start is None else start))
            for between in range(top, bottom + 1):
                mark(x, between)
        before = half_way
    return [[Span("".join(chr(BRAILLE + bits) if bits else " " for bits in row))] for row in cells]


def _append(row: list[Span], text: str, style: str) -> None:
    if row and row[-1].style == style:
        row[-1] = Span(row[-1].text + text, style)
    else:
        row.append(Span(text, style))
