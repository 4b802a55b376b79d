"""The lines of a table: drawn once, and again when what they show has changed."""

from __future__ import annotations

from rich.style import Style

from streamtui.format.cells import cell
from streamtui.widgets.columns import Column, place
from streamtui.widgets.line_painter import LinePainter

WIDTH = 20


class Styles:
    """Styles of a theme, and how often they were asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def base(self) -> Style:
        self.asked.append("")
        return Style(color="white", bgcolor="black")

    def named(self, name: str) -> Style:
        self.asked.append(name)
        return Style(color="green", bgcolor="blue")


def painter() -> tuple[LinePainter, Styles]:
    styles = Styles()
    made = LinePainter(styles.base, styles.named)
    made.placed = place([Column("a", "A", 4), Column("b", "B", 6, "right")], WIDTH)
    return made, styles


def test_a_row_is_drawn_once_until_it_is_forgotten() -> None:
    made, _ = painter()
    first = made.row("k", (cell("one"), cell("1")), WIDTH, selected=False)
    assert first.text == " one        1       "
    assert made.row("k", (cell("two"), cell("2")), WIDTH, selected=False) is first
    made.forget("k")
    assert "two" in made.row("k", (cell("two"), cell("2")), WIDTH, selected=False).text


def test_a_selected_row_is_another_line() -> None:
    made, _ = painter()
    cells = (cell("one"), cell("1"))
    plain, selected = (made.row("k", cells, WIDTH, selected=selected) for selected in (False, True))
    assert plain.text == selected.text
    assert plain != selected


def test_styles_are_asked_for_once_until_they_are_forgotten() -> None:
    made, styles = painter()
    for key in ("k", "l"):
        made.row(key, (cell(key, "up"), cell("1")), WIDTH, selected=False)
    assert sorted(styles.asked) == ["", "up"]
    made.forget_styles()
    made.row("k", (cell("k", "up"), cell("1")), WIDTH, selected=False)
    assert sorted(styles.asked) == ["", "", "up", "up"]


def test_only_cursor_and_header_bring_a_background() -> None:
    made, _ = painter()
    (segment, *_) = made.row("k", (cell("one", "up"), cell("1")), WIDTH, selected=False)
    assert segment.style is not None
    assert segment.style.bgcolor is not None
    assert segment.style.bgcolor.name == "black"
    (segment, *_) = made.header((cell("A"), cell("B")), WIDTH)
    assert segment.style is not None
    assert segment.style.bgcolor is not None
    assert segment.style.bgcolor.name == "blue"


def test_a_row_without_cells_and_a_line_without_a_message_are_blank() -> None:
    made, _ = painter()
    assert made.row("k", None, WIDTH, selected=False).text == " " * WIDTH
    assert made.message(("one",), 1, WIDTH).text == " " * WIDTH
    assert made.message(("one",), 0, WIDTH).text == f"{' one':<{WIDTH}}"
