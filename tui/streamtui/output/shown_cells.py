"""What the terminal shows, cell by cell, and the least that must be written to make it show something else.

Textual writes a changed region from the start of its widget to the end of the change, every run of text with
all the codes of its style before it and a reset behind it. Over ssh that is most of what a screen costs:
three digits of a price become half a line of text and a few hundred bytes of codes. Here only cells that
differ are written, those of one style together; where lines have moved, the terminal moves them itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TypeAlias, TypeVar

from rich.cells import cell_len
from rich.color import ColorSystem
from rich.style import Style
from textual.strip import Strip

from streamtui.output.graphics import PLAIN, RESET, UNKNOWN, Renditions

BRIDGED = 3
"""Unchanged cells that are written again rather than jumped over: the jump takes four bytes."""
MOVED_TOGETHER = 3
"""Lines that must have moved by the same way before the terminal is asked to move them."""

T = TypeVar("T")
BLOCK = 8
"""Cells that are compared at once."""
BESIDE = 2
"""Cells at the end of moved lines that may be left where they are: a scrollbar stands there."""
Piece = tuple[int, int, str]
"""Line, column and text of something to be written in one style."""
PlacedStrip: TypeAlias = tuple[Strip, int]
"""A strip, and how many of its cells from the first are shown."""
Lines: TypeAlias = Mapping[int, Mapping[int, PlacedStrip]]
"""What is to be shown, by line and column."""


class ShownCells:
    """Knows what a terminal of a given size shows, from what it was told to write."""

    def __init__(self) -> None:
        self._width = self._height = 0
        self._texts: list[Sequence[str]] = []
        """A line each: a string, or a list where a cell holds anything but one character; see `_flat`."""
        self._looks: list[str] = []
        """A line each: the name of the rendition of every cell."""
        self._strips: list[dict[int, PlacedStrip]] = []
        """A line each: what was written there last, by column. The same object again needs no comparison."""
        self._renditions = Renditions()
        self._names: dict[Style | None, str] = {None: PLAIN}
        self._flattened: dict[int, tuple[Strip, Sequence[str], str]] = {}
        """By the identity of a strip, which is kept so that the identity stays its own."""

    def forget(self) -> None:
        """Take the terminal to show something unknown: another program may have written to it."""
        width, height = self._width, self._height
        self._texts = [UNKNOWN * width for _ in range(height)]
        self._looks = [UNKNOWN * width for _ in range(height)]
        self._strips = [{} for _ in range(height)]

    def resize(self, width: int, height: int) -> None:
        """Take the terminal to have this size in cells; after a change everything is unknown."""
        if (width, height) != (self._width, self._height):
            self._width, self._height = width, height
            self.forget()

    def show(self, lines: Lines, colours: ColorSystem) -> str:
        """Return what must be written so that the terminal shows these strips, and take them for shown.

        Args:
            lines: The strips. Cells they do not cover stay as they are.
            colours: What the terminal can show. It must be the same each time.
        """
        changed = [y for y, line in lines.items() if self._differs(y, line)]
        pieces: dict[str, list[Piece]] = {}
        moved = ""
        if len(changed) > MOVED_TOGETHER:
            moved = self._move_lines(lines, changed, pieces)
        for y in lines if moved else changed:
            shown = self._strips[y]
            for x, (strip, length) in lines[y].items():
                known = shown.get(x)
                if known is None or known[0] is not strip or known[1] != length:
                    text, looks = self._flat(strip, colours)
                    self._change(y, x, text[:length], looks[:length], pieces)
                    self._note(y, x, strip, length)
        return moved + self._written(pieces)

    def _differs(self, y: int, line: Mapping[int, PlacedStrip]) -> bool:
        shown = self._strips[y]
        for x, (strip, length) in line.items():
            known = shown.get(x)
            if known is None or known[0] is not strip or known[1] != length:
                return True
        return False

    # Strips as cells

    def _flat(self, strip: Strip, colours: ColorSystem) -> tuple[Sequence[str], str]:
        """Return the cells of a strip and the names of their renditions, of the same length.

        A segment with characters that are not one cell wide stands in its first cell as a whole, and the
        other cells it takes hold nothing: terminals differ in how they draw it, so it is written in one go.
        """
        known = self._flattened.get(id(strip))
        if known is not None:
            return known[1], known[2]
        parts: list[Sequence[str]] = []
        looks: list[str] = []
        for text, style, control in strip:
            if control or not text:
                continue
            name = self._names.get(style)
            if name is None:
                name = self._names[style] = self._name_of(style, colours)
            if text.isascii() or _is_simple(text):
                parts.append(text)
                looks.append(name * len(text))
            elif length := cell_len(text):
                parts.append([text, *[""] * (length - 1)])
                looks.append(name * length)
        if all(isinstance(part, str) for part in parts):
            cells: Sequence[str] = "".join(map(str, parts))
        else:
            cells = [cell for part in parts for cell in part]
        if len(self._flattened) > 8 * max(1, self._height):
            self._flattened.clear()
        flat = cells, "".join(looks)
        self._flattened[id(strip)] = (strip, *flat)
        return flat

    def _name_of(self, style: Style | None, colours: ColorSystem) -> str:
        if style is None:
            return PLAIN
        before, _, after = Strip.render_style(style, "\0", colours).partition("\0")
        return self._renditions.name(before, after)

    # Lines that moved

    def _move_lines(self, lines: Lines, changed: list[int], pieces: dict[str, list[Piece]]) -> str:
        """Have the terminal move lines that are shown already, if several have moved the same way.

        A line has moved if the very strip that stood in one line is to stand in another.
        The lines are moved within a scrolling region (DECSTBM) by inserting or deleting lines, which every
        terminal since the VT102 can do. Lines that come into view are plain, whatever background a terminal
        gives to new lines, since no colour is turned on. What stood beside the lines is put back.
        """
        width = self._width
        before = {id(self._strips[y][0][0]): y for y in lines if 0 in self._strips[y]}
        ways: dict[int, list[int]] = {}
        for y in changed:
            if 0 in lines[y] and (from_y := before.get(id(lines[y][0][0]), y)) != y:
                ways.setdefault(y - from_y, []).append(y)
        if not ways:
            return ""
        by = max(ways, key=lambda way: len(ways[way]))
        there = ways[by]
        top, bottom = (min(there) - by, max(there)) if by > 0 else (min(there), max(there) - by)
        rest = [covered(lines.get(y, {})) for y in range(top, bottom + 1)]
        if len(there) < MOVED_TOGETHER or min(rest) < width - BESIDE:
            return ""
        region, count = slice(top, bottom + 1), abs(by)
        was = [*zip(self._texts[region], self._looks[region], self._strips[region], strict=True)]
        self._texts[region] = shifted(self._texts[region], by, [" " * width] * count)
        self._looks[region] = shifted(self._looks[region], by, [PLAIN * width] * count)
        self._strips[region] = shifted(self._strips[region], by, [{} for _ in range(count)])
        for y, beside, (text, looks, strips) in zip(range(top, bottom + 1), rest, was, strict=True):
            self._change(y, beside, text[beside:], looks[beside:], pieces)
            for x, (strip, length) in strips.items():
                if x >= beside:
                    self._note(y, x, strip, length)
        how = "L" if by > 0 else "M"
        return f"\x1b[{top + 1};{bottom + 1}r\x1b[{top + 1};1H\x1b[{count}{how}\x1b[r"

    # Cells that differ

    def _note(self, y: int, x: int, strip: Strip, length: int) -> None:
        """Remember which strip stands where, in place of others that stood there."""
        shown = self._strips[y]
        if len(shown) > 1 or x not in shown:
            for at in [at for at, (_, size) in shown.items() if at < x + length and at + size > x]:
                del shown[at]
        shown[x] = (strip, length)

    def _change(
        self, y: int, x: int, text: Sequence[str], looks: str, pieces: dict[str, list[Piece]]
    ) -> None:
        """Take cells for shown, and add to the pieces what must be written for it."""
        end = min(x + len(looks), self._width)
        text, looks = text[: end - x], looks[: end - x]
        all_text, all_looks = self._texts[y], self._looks[y]
        old_text, old_looks = all_text[x:end], all_looks[x:end]
        if old_looks == looks and old_text == text:
            return
        if isinstance(all_text, str) and isinstance(text, str):
            self._texts[y] = all_text[:x] + text + all_text[end:]
        else:
            self._texts[y] = [*all_text[:x], *text, *all_text[end:]]
        self._looks[y] = all_looks[:x] + looks + all_looks[end:]
        found = differing(old_text, text, old_looks, looks, self._renditions.on_space)
        if found:
            simple = isinstance(text, str) and isinstance(old_text, str)
            for start, stop in runs(found, looks) if simple else [whole(found, text)]:
                for first, last in self._alike(text, looks, start, stop):
                    pieces.setdefault(looks[first], []).append((y, x + first, "".join(text[first:last])))

    def _alike(self, text: Sequence[str], looks: str, start: int, stop: int) -> Iterator[tuple[int, int]]:
        """Yield the parts of a run that can be written in one rendition, that of their first cell."""
        on_space = self._renditions.on_space
        first = start
        for at in range(start + 1, stop):
            look, other = looks[first], looks[at]
            if look == other or (text[at] == " " and on_space[look] == on_space[other]):
                continue
            yield first, at
            first = at
        yield first, stop

    def _written(self, pieces: Mapping[str, list[Piece]]) -> str:
        """Return the sequences that write pieces, given by the name of their rendition."""
        width = self._width
        out: list[str] = []
        look = PLAIN
        at: tuple[int, int] | None = None
        for name, alike in pieces.items():
            around = self._renditions.around(name)
            out.append(self._renditions.turn(look, PLAIN if around else name))
            look = PLAIN if around else name
            for y, x, text in alike:
                if at is None or at[0] != y or at[1] > x:
                    out.append(f"\x1b[{y + 1};{x + 1}H")
                elif at[1] < x:
                    out.append(f"\x1b[{x - at[1]}C")
                out.append(text if around is None else text.join(around))
                # behind the last column, or behind text of a doubtful width, nobody knows where the cursor is
                end = x + len(text)
                at = (y, end) if end < width and (text.isascii() or _is_simple(text)) else None
        if look != PLAIN:
            out.append(RESET)
        return "".join(out)


@lru_cache(maxsize=1024)
def _is_simple(text: str) -> bool:
    """Whether each character of a text takes one cell."""
    return all(cell_len(character) == 1 for character in text)


def shifted(region: Sequence[T], by: int, blank: Sequence[T]) -> list[T]:
    """Return lines moved down, or up where ``by`` is negative; ``blank`` are those that come into view."""
    return [*blank, *region[:-by]] if by > 0 else [*region[-by:], *blank]


def covered(line: Mapping[int, PlacedStrip]) -> int:
    """Return the column up to which strips stand without a gap, from the first column."""
    end = 0
    for x, (_, length) in sorted(line.items()):
        if x != end:
            break
        end += length
    return end


def differing(
    old_text: Sequence[str], text: Sequence[str], old_looks: str, looks: str, on_space: Mapping[str, str]
) -> list[int]:
    """Return which cells look different."""
    found: list[int] = []
    for start in range(0, len(looks), BLOCK):
        block = slice(start, start + BLOCK)
        if old_text[block] == text[block] and old_looks[block] == looks[block]:
            continue  # most of a line is the same: this is several times as quick as cell by cell
        cells = zip(old_text[block], text[block], old_looks[block], looks[block], strict=True)
        for at, (old, new, was, look) in enumerate(cells, start):
            if old != new or (was != look and not (new == " " and on_space[was] == on_space[look])):
                found.append(at)
    return found


def runs(differing: Sequence[int], looks: str) -> list[tuple[int, int]]:
    """Return where to write, each as start and end: short gaps in the same rendition are written over."""
    found: list[tuple[int, int]] = []
    start = end = differing[0]
    for at in differing:
        gap = at - end
        if gap and not (gap <= BRIDGED and looks[end:at] == looks[at] * gap == looks[end - 1] * gap):
            found.append((start, end))
            start = at
        end = at + 1
    return [*found, (start, end)]


def whole(differing: Sequence[int], text: Sequence[str]) -> tuple[int, int]:
    """Return where to write, as start and end, so that no text is begun or ended in its middle."""
    start, end = differing[0], differing[-1] + 1
    while start > 0 and not text[start]:
        start -= 1
    while end < len(text) and not text[end]:
        end += 1
    return start, end
