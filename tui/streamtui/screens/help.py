"""The help: every key of the main screen, taken from the bindings themselves."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from textwrap import wrap
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from streamtui.format.lamps import CONNECTING, DOWN, IDLE, LIVE, POLLING, STALE
from streamtui.keys import CHART_KEYS, Command, readable
from streamtui.screens.dialog import Dialog
from streamtui.widgets.line_table import LineTable
from streamtui.widgets.status_bar import TONES

LAMPS = (
    (LIVE, "the stream brings data"),
    (POLLING, "the stream is down, slower polling stands in"),
    (CONNECTING, "first connect or reconnect"),
    (STALE, "connected, but suspiciously quiet"),
    (DOWN, "nothing comes; the reason stands beside it"),
    (IDLE, "nothing is watched there"),
)


SHOWN = (
    ("▲ 3 ▼ 2", "rows up and down over 24 hours"),
    ("PRICE $", "US dollars; digits that have just changed stand out"),
    ("24 H", "change over 24 hours"),
    ("VOLUME", "traded in 24 hours, US dollars"),
    ("AGE", "since the source confirmed the price"),
    ("quiet", "no trades, but the connection to the source is alive"),
    ("old", "not confirmed for a long time: it may be wrong"),
    ("no source", "none of the sources in use has it"),
    ("TREND 24 H", "how the price moved over 24 hours; scaled to each row"),
    ("NAME", "the asset behind the ticker; it may change with the source"),
    ("SOURCE", "where the price comes from; poll: asked every few seconds"),
    ("5/s  18 ms", "messages a second and round trip of a provider"),
)
INDENT = 14
"""Cells before an explanation."""
NARROW, WIDE = 76, 110
"""Widths of the terminal, in cells: in the first the only column has its full width, from the second on
there are two columns."""
ONE_OF_ONE, ONE_OF_TWO = NARROW - 10, 51
"""Cells of the only column, and of each of two."""
GAP = 2
"""Cells between two columns."""

Lines = list[Content]


class HelpScreen(Dialog[None]):
    """Lists keys, lamps and what the columns say: in two columns where there is room, else in one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,q", "cancel", "Close", show=False),
        Binding("down,j", "scroll_down", "Down", show=False),
        Binding("up,k", "scroll_up", "Up", show=False),
        Binding("pagedown,space", "scroll_page(1)", "Page down", show=False),
        Binding("pageup", "scroll_page(-1)", "Page up", show=False),
    ]

    def __init__(self, commands: Sequence[Command], *, demo: str) -> None:
        """Make the help for these commands; ``demo`` is what the mark for invented data says."""
        super().__init__("Help", demo=demo, hint="esc closes · ↑ ↓ scroll")
        self._commands = commands
        self._box.can_focus = True
        self._text = Static()

    def body(self) -> ComposeResult:
        """Yield the list."""
        yield self._text

    def on_mount(self) -> None:
        """Let the arrow keys scroll."""
        self._box.focus()

    def on_resize(self, event: events.Resize) -> None:
        """Write the list for the room there is."""
        self._box.set_class(event.size.width >= WIDE, "-wide")
        self._text.update(self.text(event.size.width))

    def text(self, width: int) -> Content:
        """Return the list as text for a terminal of ``width`` cells."""
        if width < WIDE:
            room = min(ONE_OF_ONE, width - NARROW + ONE_OF_ONE)
            columns = [*self._keys(room), self._lamps(room), self._shown(room)]
            return Content("\n").join(_below(columns))
        keys = _beside(*_halves(self._keys(ONE_OF_TWO)))
        return Content("\n").join(_below([keys, _beside(self._lamps(ONE_OF_TWO), self._shown(ONE_OF_TWO))]))

    def _keys(self, room: int) -> list[Lines]:
        """Return the keys, a block for each section."""
        blocks: list[Lines] = []
        for section in dict.fromkeys(command.section for command in self._commands):
            lines = [Content.styled(section, "bold")]
            for command in self._commands:
                if command.section == section:
                    lines += _explained(command.shown, command.help, room)
            blocks.append(lines)
        lines = [Content.styled("In every list", "bold")]
        for binding in LineTable.BINDINGS:
            if isinstance(binding, Binding):
                keys = " ".join(readable(key) for key in binding.key.split(","))
                lines += _explained(keys, binding.description.lower(), room)
        chart = [Content.styled("In the chart of a price", "bold")]
        for keys, meaning in CHART_KEYS:
            chart += _explained(keys, meaning, room)
        return [*blocks, lines, chart]

    def _lamps(self, room: int) -> Lines:
        lines = [Content.styled("Lamps", "bold")]
        for lamp, meaning in LAMPS:
            name = Content.assemble("  ", (f"{lamp!s:<{INDENT}}", TONES[lamp.tone]))
            lines += _hanging(name, meaning, room)
        return lines

    def _shown(self, room: int) -> Lines:
        lines = [Content.styled("What is shown", "bold")]
        for name, meaning in SHOWN:
            lines += _explained(name, meaning, room)
        return lines

    def action_scroll_down(self) -> None:
        """Scroll a line down."""
        self._box.scroll_relative(y=1, animate=False)

    def action_scroll_page(self, by: int) -> None:
        """Scroll a page."""
        self._box.scroll_relative(y=by * max(1, self._box.size.height - 2), animate=False)

    def action_scroll_up(self) -> None:
        """Scroll a line up."""
        self._box.scroll_relative(y=-1, animate=False)


def _explained(what: str, meaning: str, room: int) -> Lines:
    name = Content.assemble((f"{what:>{INDENT - 2}}", "bold $accent"), "  ")
    return _hanging(name, meaning, room)


def _hanging(name: Content, meaning: str, room: int) -> Lines:
    """Return a name and what it means, with a hanging indent."""
    first, *others = wrap(meaning, max(20, room - name.cell_length))
    return [Content.assemble(name, first), *(Content(" " * name.cell_length + line) for line in others)]


def _below(blocks: Sequence[Lines]) -> Lines:
    """Return the blocks one below the other, a blank line between them."""
    return [line for at, block in enumerate(blocks) for line in (*([Content("")] if at else []), *block)]


def _halves(blocks: Sequence[Lines]) -> tuple[Lines, Lines]:
    """Return the blocks in two columns of about the same height, in reading order."""
    cuts = [(_below(blocks[:at]), _below(blocks[at:])) for at in range(1, len(blocks))]
    return min(cuts, key=lambda cut: max(len(cut[0]), len(cut[1])))


def _beside(left: Lines, right: Lines) -> Lines:
    """Return the lines of two columns, one beside the other."""
    lines = []
    for one, other in zip_longest(left, right, fillvalue=Content("")):
        room = " " * (ONE_OF_TWO + GAP - one.cell_length) if other.cell_length else ""
        lines.append(Content.assemble(one, room, other))
    return lines
