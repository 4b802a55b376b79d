"""Every use of undocumented parts of Textual in the app; nothing outside this file may use any.

``pyproject.toml`` therefore has an upper bound for Textual, and a test says which part a new version lacks.
"""

from __future__ import annotations

from codecs import getincrementaldecoder
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

from rich.color import ColorSystem
from rich.console import COLOR_SYSTEMS, Console, RenderableType
from textual._compositor import ChopsUpdate, Compositor, CompositorUpdate, LayoutUpdate
from textual.app import App
from textual.driver import Driver
from textual.geometry import Region, Size
from textual.screen import Screen
from textual.strip import Strip
from textual.timer import Timer

from streamtui.output.shown_cells import Lines, PlacedStrip, ShownCells

TOUCHED = (
    "textual._compositor:ChopsUpdate",
    "textual._compositor:Compositor._dirty_regions",
    "textual._compositor:Compositor._regions_to_spans",
    "textual._compositor:CompositorUpdate",
    "textual._compositor:LayoutUpdate",
    "textual.app:App._display",
    "textual.app:App._driver",
    "textual.drivers.linux_driver:getincrementaldecoder",
    "textual.screen:Screen._compositor",
    "textual.screen:Screen._on_timer_update",
    "textual.screen:Screen._update_timer",
)
"""The parts used, each as ``module:name``."""

ESCAPE = "\x1b"
PASTE_START, PASTE_END = "\x1b[200~", "\x1b[201~"
"""What a terminal puts around a pasted text when it has been asked to mark it."""
BURST, DIFFERENT = 5, 3
"""Text of at least ``BURST`` characters at once, ``DIFFERENT`` of them distinct, was pasted, not typed."""


def write_sequence(app: App[None], sequence: str) -> None:
    """Write a control sequence to the terminal of an app; without a terminal do nothing.

    Textual does the same for the bell and the clipboard, but has no public method for other sequences.
    """
    driver = app._driver
    if driver is not None and not app.is_headless:
        driver.write(sequence)


class PaintsChanges(App[None]):
    """An app that writes only those cells to the terminal that it does not show already.

    When something else has written to the terminal, `paint_anew` must be called. While a terminal is behind
    nothing is painted, and everything once it has caught up; see `streamtui.output.driver`.
    """

    def __init__(self, driver_class: type[Driver] | None = None) -> None:
        """``driver_class``: of a terminal; ``None``: as Textual chooses."""
        super().__init__(driver_class=driver_class)
        self._shown = ShownCells()
        self.is_leaving = False
        """Whether it has been asked to end."""

    def exit(self, *args: Any, **kwargs: Any) -> None:
        """Leave."""
        self.is_leaving = True
        super().exit(*args, **kwargs)

    @property
    def terminal_is_behind(self) -> bool:
        """Whether the terminal has not taken yet what was painted long ago, so that more would come late."""
        return getattr(self._driver, "is_behind", False)

    def terminal_caught_up(self) -> None:
        """Paint everything that was not painted meanwhile. The driver calls it."""
        self.paint_anew()

    def forget_shown(self) -> None:
        """Write everything that is repainted next, whether it is shown already or not."""
        self._shown.forget()

    def paint_anew(self) -> None:
        """Write the whole screen again."""
        self.forget_shown()
        self.screen.refresh(layout=True)

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        if self.terminal_is_behind:
            return
        lines: Lines | None = None
        if isinstance(renderable, Drawn):
            lines = renderable.lines
        elif isinstance(renderable, ChopsUpdate):
            lines = touched_chops(renderable)
        elif isinstance(renderable, LayoutUpdate):
            lines = {y: placed(line) for y, line in enumerate(renderable.strips)}
        if lines is None:
            super()._display(screen, renderable)
        else:
            changes = Changes(self._shown, screen.outer_size, lines)
            super()._display(screen, changes)  # type: ignore[arg-type] # as Textual does


SOON = 1 / 250
"""Seconds between two repaints of a screen at least. Textual's 1/60 would come on top of the pace of
`FrameRate`, and make a price wait for up to 17 ms."""


class PaintsDirtyLines(Screen[None]):
    """A screen that, to repaint some lines, asks only the widgets in view there, and for these lines only.

    Textual asks every widget near a changed one, also those it covers, for all of its lines. It also repaints
    sooner.
    """

    def __init__(self) -> None:
        super().__init__()
        self._compositor = DirtyLinesCompositor()
        self._soon: Timer | None = None

    @property
    def _update_timer(self) -> Timer:
        if self._soon is None:
            self._soon = self.set_interval(SOON, self._on_timer_update, name="screen_update", pause=True)
        return self._soon


class DirtyLinesCompositor(Compositor):
    """Composes partial updates from as few lines as there need be."""

    def render_partial_update(self) -> Drawn | None:  # type: ignore[override]
        """Return the strips that are to be written, or ``None``."""
        regions = [region.intersection(self.size.region) for region in self._dirty_regions]
        self._dirty_regions.clear()
        if not regions:
            return None
        cuts = self.cuts
        lacking: dict[int, dict[int, int]] = {}
        """By line, the pieces that are still to be drawn: where they begin and how long they are."""
        for y, start, stop in self._regions_to_spans(regions):
            pieces = lacking.setdefault(y, {})
            pieces.update({x: end - x for x, end in pairwise(cuts[y]) if x < stop and end > start})
        lines: dict[int, dict[int, PlacedStrip]] = {y: {} for y in lacking}
        for widget, (region, clip) in self.visible_widgets.items():  # what lies on top comes first
            seen = region.intersection(clip)
            left, right, top, bottom = seen.x, seen.right, seen.y, seen.bottom
            concerned = [
                y
                for y, pieces in lacking.items()
                if top <= y < bottom and any(left <= x < right for x in pieces)
            ]
            for first, last in stretches(concerned):
                crop = Region(left - region.x, first - region.y, right - left, last - first)
                for y, strip in zip(range(first, last), widget.render_lines(crop), strict=False):
                    pieces = lacking[y]
                    for x in [x for x in pieces if left <= x < right]:
                        length = pieces.pop(x)
                        beginning = strip.crop(x - left) if x > left else strip
                        lines[y][x] = (beginning, length)
        return Drawn(lines)


def stretches(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield the stretches of rising numbers without a gap, each as its first and the one behind its last."""
    start = 0
    for at in range(1, len(numbers) + 1):
        if at == len(numbers) or numbers[at] != numbers[at - 1] + 1:
            yield numbers[start], numbers[at - 1] + 1
            start = at


class Drawn(CompositorUpdate):
    """What a partial update draws."""

    def __init__(self, lines: Lines) -> None:
        self.lines = lines


class Changes(CompositorUpdate):
    """An update of the screen of which only the changes are written."""

    def __init__(self, shown: ShownCells, size: Size, lines: Lines) -> None:
        self._shown = shown
        self._size = size
        self._lines = lines

    def render_segments(self, console: Console) -> str:
        """Return what is to be written to the terminal. Textual writes it once, at once."""
        self._shown.resize(self._size.width, self._size.height)
        colours = COLOR_SYSTEMS.get(console.color_system or "", ColorSystem.TRUECOLOR)
        return self._shown.show(self._lines, colours)


def placed(strips: Iterable[Strip]) -> dict[int, PlacedStrip]:
    """Return the strips of a whole line by their columns."""
    x, line = 0, dict[int, PlacedStrip]()
    for strip in strips:
        line[x] = (strip, strip.cell_length)
        x += strip.cell_length
    return line


def touched_chops(update: ChopsUpdate) -> dict[int, dict[int, PlacedStrip]]:
    """Return what a partial update of Textual touches, by line and column, each piece as a whole.

    A line is cut wherever a widget begins or ends. A piece that a changed region touches was drawn by the
    widget on top of it; the others may lack widgets that were not asked, and must not be used.
    """
    lines: dict[int, dict[int, PlacedStrip]] = {}
    for y, start, stop in update.spans:
        line = lines.setdefault(y, {})
        for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if strip is not None and x < stop and end > start:
                line[x] = (strip, end - x)
    return lines


def read_input_carefully(is_typing: Callable[[], bool]) -> None:
    """Keep unusual input from ending the app. It must be called before the app starts.

    A byte that is not UTF-8, from a terminal set to another encoding or from line noise, is read as
    ``\ufffd``: Textual would end the app with a traceback. Text that a terminal without bracketed paste sends
    in one go is read as pasted, unless an input has the focus: taken as keys, the first ``q`` in it would
    quit. On a platform where Textual reads the keyboard in another way this does nothing.

    Args:
        is_typing: Returns whether an input has the focus; it is called in another thread.
    """
    try:
        from textual.drivers import linux_driver
    except ImportError:
        return
    linux_driver.getincrementaldecoder = lambda encoding: partial(  # type: ignore[attr-defined, assignment]
        TerminalDecoder, encoding, is_typing
    )


class TerminalDecoder:
    """Decodes what a terminal sends, chunk by chunk as it is read; see `read_input_carefully`."""

    def __init__(self, encoding: str, is_typing: Callable[[], bool]) -> None:
        self._decode = getincrementaldecoder(encoding)(errors="replace").decode
        self._is_typing = is_typing
        self._pasting = False
        """Whether a paste that is marked as one has not ended yet."""

    def decode(self, data: bytes, final: bool = False) -> str:
        """Return the text of a chunk, between the marks of a paste if it was pasted."""
        text = self._decode(data, final)
        pasting = self._pasting
        start, end = text.rfind(PASTE_START), text.rfind(PASTE_END)
        self._pasting = start > end or (pasting and end < 0)
        plain, escape, rest = text.partition(ESCAPE)  # a key may have been pressed right after it
        if not pasting and is_burst(plain) and not self._is_typing():
            return f"{PASTE_START}{plain}{PASTE_END}{escape}{rest}"
        return text


def is_burst(text: str) -> bool:
    """Return whether a text that came at once was not typed: too long, and not one key held down."""
    return len(text) >= BURST and len(set(text)) >= DIFFERENT
