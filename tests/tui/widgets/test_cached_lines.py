from __future__ import annotations

from textual.app import App, ComposeResult
from textual.content import Content
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from streamtui.widgets.cached_lines import CachedLines


class Counting(Widget):
    drawn = 0

    def render_lines(self, crop: Region) -> list[Strip]:
        self.drawn += 1
        return super().render_lines(crop)


class Line(CachedLines, Counting):
    word = "one"

    def render(self) -> Content:
        return Content(self.word)


class Shown(App[None]):
    CSS = "Line { height: 1; }"

    def compose(self) -> ComposeResult:
        yield Line()


WHOLE = Region(0, 0, 20, 1)


async def test_lines_are_drawn_once_until_the_widget_is_refreshed() -> None:
    async with Shown().run_test(size=(20, 3)) as pilot:
        line = pilot.app.query_one(Line)
        line.render_lines(WHOLE)
        before = line.drawn
        assert [strip.text.rstrip() for strip in line.render_lines(WHOLE)] == ["one"]
        assert line.drawn == before
        line.word = "two"
        line.refresh()
        assert [strip.text.rstrip() for strip in line.render_lines(WHOLE)] == ["two"]
        assert line.drawn == before + 1


async def test_another_part_is_drawn_anew() -> None:
    async with Shown().run_test(size=(20, 3)) as pilot:
        line = pilot.app.query_one(Line)
        line.render_lines(WHOLE)
        assert [strip.text for strip in line.render_lines(Region(1, 0, 2, 1))] == ["ne"]


async def test_other_colours_are_drawn_anew() -> None:
    async with Shown().run_test(size=(20, 3)) as pilot:
        line = pilot.app.query_one(Line)
        plain = line.render_lines(WHOLE)
        line.styles.background = "red"
        await pilot.pause()
        assert line.render_lines(WHOLE) != plain
