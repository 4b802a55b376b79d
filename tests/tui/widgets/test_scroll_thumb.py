from __future__ import annotations

import pytest
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.scrollbar import ScrollBar

from streamtui.format.cells import cell
from streamtui.widgets.columns import Column
from streamtui.widgets.line_table import LineTable
from streamtui.widgets.scroll_thumb import lengthen, place

SIZE = (40, 20)


class Shown(App[None]):
    CSS = "LineTable { height: 1fr; }"

    def compose(self) -> ComposeResult:
        yield LineTable((Column("a", "A", 4),))


def drawn(bar: ScrollBar) -> list[str]:
    return [repr(list(strip)) for strip in bar.render_lines(Region(0, 0, 1, bar.size.height))]


@pytest.mark.parametrize("position", [0, 7, 40])
async def test_a_bar_that_is_not_drawn_again_would_look_the_same(position: int) -> None:
    async with Shown().run_test(size=SIZE) as pilot:
        table = pilot.app.query_one(LineTable)
        table.set_order([f"r{number}" for number in range(60)])
        await pilot.pause()
        table.scroll_to(y=position, animate=False, immediate=True)
        await pilot.pause()
        bar = table.vertical_scrollbar
        left_alone = 0
        for height in range(61, 700):
            before, seen = place(bar), drawn(bar)
            lengthen(bar, height)
            if place(bar) == before:
                left_alone += 1
                assert drawn(bar) == seen
        assert left_alone > 400
        assert bar.window_virtual_size == 699  # what a drag of the thumb is counted by


async def test_a_list_that_grows_by_a_row_does_not_draw_its_scrollbar_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with Shown().run_test(size=SIZE) as pilot:
        table = pilot.app.query_one(LineTable)
        table.set_order([f"r{number}" for number in range(500)])
        await pilot.pause()
        painted: list[ScrollBar] = []
        refresh = ScrollBar.refresh

        def counted(bar: ScrollBar, *regions: Region, **named: bool) -> ScrollBar:
            painted.append(bar)
            return refresh(bar, *regions, **named)

        monkeypatch.setattr(ScrollBar, "refresh", counted)
        for count in range(501, 540):
            table.set_order([f"r{number}" for number in range(count)])
        assert painted == []
        table.set_order([f"r{number}" for number in range(60)])
        table.put("r0", (cell("r0"),))
        await pilot.pause()
        assert painted != []
