"""Writing only what changes: whatever was shown before, the terminal then shows what it was to show."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import quick
from rich.cells import cell_len
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from terminal_emulator import Terminal
from textual.strip import Strip

from streamtui.output.shown_cells import ShownCells

WIDTH, HEIGHT = 40, 12
STYLES = [
    None,
    Style(),
    Style(color="#d0d0d0", bgcolor="#101010"),
    Style(color="#d0d0d0", bgcolor="#101010", bold=True),
    Style(color="#00ff00", bgcolor="#101010", bold=True, underline=True),
    Style(color="#808080", bgcolor="#203040", dim=True),
    Style(color="red", italic=True),
    Style(color="#d0d0d0", bgcolor="#101010", reverse=True),
    Style(color="#0000ff", link="https://example.org/"),
]
TEXTS = ["SOL", "171.49", "   ", " ", "▁▂█", "▲ +7.32 %", "漢字", "e\u0301", "x", "received 0.3", "🎉"]
segments = st.lists(st.tuples(st.sampled_from(TEXTS), st.sampled_from(STYLES)), max_size=8)


def strip(parts: Sequence[tuple[str, Style | None]], width: int = WIDTH) -> Strip:
    """A line of exactly this width."""
    line = Strip([Segment(text, style) for text, style in parts])
    return line.adjust_cell_length(width, Style(bgcolor="#101010"))


class Screen:
    """A terminal that is only told of changes, beside one that is written to as a whole."""

    def __init__(self, width: int = WIDTH, height: int = HEIGHT) -> None:
        self.size = (width, height)
        self.shown = ShownCells()
        self.shown.resize(width, height)
        self.terminal = Terminal(width, height)
        self.lines: dict[int, Strip] = {}

    def show(self, lines: dict[int, Strip]) -> str:
        """Show lines, check that they stand there as they should, and return what was written."""
        written = self.shown.show(
            {y: {0: (line, line.cell_length)} for y, line in lines.items()}, ColorSystem.TRUECOLOR
        )
        assert self.terminal.feed(written) == ""
        self.lines |= lines
        assert self.terminal.visible() == self.expected()
        return written

    def expected(self) -> list[list[tuple[str, object]]]:
        fresh = Terminal(*self.size)
        for y, line in self.lines.items():
            text = "".join(
                Strip.render_style(style, text, ColorSystem.TRUECOLOR) if style else text
                for text, style, _ in line
            )
            fresh.feed(f"\x1b[{y + 1};1H{text}")
        return fresh.visible()  # type: ignore[return-value]


@quick
@given(st.lists(st.dictionaries(st.integers(0, HEIGHT - 1), segments), max_size=6))
def test_whatever_stood_there_before_the_terminal_shows_what_it_is_given(
    frames: list[dict[int, list[tuple[str, Style | None]]]],
) -> None:
    screen = Screen()
    for frame in frames:
        screen.show({y: strip(parts) for y, parts in frame.items()})


@quick
@given(st.integers(-5, 5), st.integers(0, 3), st.integers(8, 12), st.randoms(use_true_random=False))
def test_lines_that_move_are_shown_at_their_new_place(
    by: int, top: int, bottom: int, chance: random.Random
) -> None:
    screen = Screen()
    rows = [strip([(f"{number}: {chance.random()}", chance.choice(STYLES))]) for number in range(40)]
    screen.show(dict(enumerate(rows[10 : 10 + HEIGHT])))
    screen.show({y: rows[10 + y - by] for y in range(top, bottom)})
    screen.show({y: rows[20 + y] for y in range(HEIGHT)})


def test_a_new_line_above_the_others_is_nearly_all_that_is_written() -> None:
    screen = Screen(120, 20)
    rows = [strip([(f"08:15:{n:02}  main  received {n * 7.77:.4f} SOL", STYLES[2])], 120) for n in range(30)]
    screen.show({y: rows[20 - y] for y in range(1, 20)})
    assert len(screen.show({y: rows[21 - y] for y in range(1, 20)})) < 240
    assert screen.terminal.lines[1].startswith("08:15:20")
    assert screen.terminal.lines[19].startswith("08:15:02")


def test_what_lies_beside_moved_lines_is_put_right() -> None:
    screen = Screen()
    words = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
    bars = [Style(bgcolor="#ffffff" if y == 3 else "#000000") for y in range(10)]

    def line(word: str, y: int) -> Strip:
        return strip([(word.ljust(WIDTH - 1), STYLES[2]), (" ", bars[y])])

    screen.show({y: line(word, y) for y, word in enumerate(words)})
    screen.show({y: line(word, y) for y, word in enumerate(["zero", *words[:-1]])})


def test_a_scrollbar_beside_moved_lines_stays_though_nobody_draws_it_again() -> None:
    shown, terminal = ShownCells(), Terminal(WIDTH, HEIGHT)
    shown.resize(WIDTH, HEIGHT)
    rows = [strip([(f"row {number}", STYLES[2])]) for number in range(20)]
    bar = [strip([("█" if y == 2 else "│", STYLES[5])], 1) for y in range(HEIGHT)]
    first = {y: {0: (rows[y + 1], WIDTH - 1), WIDTH - 1: (bar[y], 1)} for y in range(HEIGHT)}
    terminal.feed(shown.show(first, ColorSystem.TRUECOLOR))
    written = shown.show({y: {0: (rows[y], WIDTH - 1)} for y in range(HEIGHT)}, ColorSystem.TRUECOLOR)
    assert "L" in written, "the terminal moves the lines"
    terminal.feed(written)
    marks = ["█" if y == 2 else "│" for y in range(HEIGHT)]
    assert terminal.lines == [f"row {y}".ljust(WIDTH - 1) + marks[y] for y in range(HEIGHT)]
    assert shown.show({y: {WIDTH - 1: (bar[y], 1)} for y in range(HEIGHT)}, ColorSystem.TRUECOLOR) == ""


def test_a_region_that_is_not_given_whole_is_not_moved() -> None:
    screen = Screen()
    rows = [strip([(f"row {number}", STYLES[2])]) for number in range(20)]
    screen.show(dict(enumerate(rows[:12])))
    written = screen.show({y: rows[y - 1] for y in (1, 2, 3, 5, 6, 7)})
    assert "L" not in written, "line 4 would have been moved too, and nobody would have put it right"


def test_the_same_again_writes_nothing() -> None:
    screen = Screen()
    row = [("SOL  ", STYLES[2]), ("171.49", STYLES[3])]
    screen.show({4: strip(row)})
    assert screen.show({4: strip(row)}) == ""


def test_digits_that_change_are_written_alone() -> None:
    screen = Screen()
    screen.show({4: strip([("SOL  ", STYLES[3]), ("171.49", STYLES[3]), (" +7.3 %", STYLES[2])])})
    written = screen.show({4: strip([("SOL  ", STYLES[3]), ("171.52", STYLES[3]), (" +7.3 %", STYLES[2])])})
    assert written == "\x1b[5;10H\x1b[1;38;2;208;208;208;48;2;16;16;16m52\x1b[0m" or written == (
        "\x1b[1;38;2;208;208;208;48;2;16;16;16m\x1b[5;10H52\x1b[0m"
    )


def test_a_space_is_not_written_again_for_a_colour_nobody_sees() -> None:
    screen = Screen()
    screen.show({0: strip([("a ", STYLES[2]), ("b", STYLES[2])])})
    assert "a" in screen.show({0: strip([("a ", STYLES[3]), ("b", STYLES[2])])})
    assert screen.show({0: strip([("a", STYLES[3]), (" b", STYLES[2])])}) == ""
    assert screen.show({0: strip([("a", STYLES[3]), (" ", STYLES[4]), ("b", STYLES[2])])}), "it is underlined"


def test_after_another_program_has_written_everything_is_written_again() -> None:
    screen = Screen()
    row = [("SOL", STYLES[2])]
    screen.show({0: strip(row)})
    screen.terminal.feed("\x1b[1;1Hmake: *** [all] Error 1")
    screen.shown.forget()
    assert screen.show({0: strip(row)})


def test_another_size_is_another_screen() -> None:
    screen = Screen()
    row = [("SOL", STYLES[2])]
    screen.show({0: strip(row)})
    screen.shown.resize(WIDTH, HEIGHT)
    assert screen.show({0: strip(row)}) == ""
    screen.shown.resize(WIDTH + 1, HEIGHT)
    assert screen.show({0: strip(row)})


@pytest.mark.parametrize("colours", [ColorSystem.STANDARD, ColorSystem.EIGHT_BIT])
def test_fewer_colours_are_enough(colours: ColorSystem) -> None:
    shown, terminal = ShownCells(), Terminal(WIDTH, HEIGHT)
    shown.resize(WIDTH, HEIGHT)
    for style in STYLES:
        terminal.feed(shown.show({0: {0: (strip([("SOL", style and style.copy())]), WIDTH)}}, colours))
    assert terminal.lines[0] == "SOL"


def test_a_strip_in_place_of_several_others_replaces_them() -> None:
    shown, terminal = ShownCells(), Terminal(WIDTH, HEIGHT)
    shown.resize(WIDTH, HEIGHT)
    left, right = (strip([("left", None)]), 20), (strip([("right", None)], 20), 20)
    both, middle = (strip([("x" * WIDTH, None)]), WIDTH), (strip([("y" * WIDTH, None)]), 20)
    for line in ({0: left, 20: right}, {0: both}, {0: left, 20: right}, {10: middle}):
        terminal.feed(shown.show({0: line}, ColorSystem.TRUECOLOR))
    assert terminal.lines[0] == "left".ljust(10) + "y" * 20
    terminal.feed(shown.show({0: {0: left, 20: right}}, ColorSystem.TRUECOLOR))
    assert terminal.lines[0] == "left".ljust(20) + "right"
    assert all(cell_len(cell.text) == 1 for cell in terminal.rows[0])
