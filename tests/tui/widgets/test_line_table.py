from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from stage import on_stage
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.pilot import Pilot

from streamtui.format.cells import cell
from streamtui.screens.main.screen import MainScreen
from streamtui.widgets.columns import Column
from streamtui.widgets.line_table import LineTable
from streamtui.widgets.price_table import PriceTable

COLUMNS = (Column("a", "A", 4), Column("b", "B", 6, "right", rank=1), Column("c", "C", 5, rank=2, grows=10))


class Recording(LineTable):
    def __init__(self) -> None:
        super().__init__(COLUMNS)
        self.painted: list[tuple[Region, ...]] = []

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> Recording:
        self.painted.append(regions)
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)


class Shown(App[None]):
    CSS = "LineTable { height: 1fr; }"

    def compose(self) -> ComposeResult:
        yield Recording()


@asynccontextmanager
async def table_of(
    rows: int, size: tuple[int, int] = (40, 6)
) -> AsyncIterator[tuple[Recording, Pilot[None]]]:
    async with Shown().run_test(size=size) as pilot:
        table = pilot.app.query_one(Recording)
        keys = [f"r{number}" for number in range(rows)]
        table.set_order(keys)
        for key in keys:
            table.put(key, (cell(key), cell("1"), cell("x")))
        await pilot.pause()
        table.painted.clear()
        yield table, pilot


def lines(table: LineTable) -> list[str]:
    return [table.render_line(y).text.rstrip() for y in range(table.size.height)]


async def test_titles_stand_above_their_columns() -> None:
    async with table_of(1) as (table, _):
        assert lines(table)[:2] == [" A          B  C", " r0         1  x"]


async def test_an_equal_cell_is_not_drawn() -> None:
    async with table_of(2) as (table, _):
        table.put("r0", (cell("r0"), cell("1"), cell("x")))
        assert table.painted == []


async def test_only_the_changed_cell_is_drawn() -> None:
    async with table_of(2) as (table, _):
        table.put("r1", (cell("r1"), cell("2"), cell("x")))
        assert table.painted == [(Region(7, 2, 6, 1),)]
        assert lines(table)[2] == " r1         2  x"


async def test_a_row_out_of_sight_is_kept_but_not_drawn() -> None:
    async with table_of(20) as (table, pilot):
        table.put("r19", (cell("r19"), cell("9"), cell("x")))
        assert table.painted == []
        await pilot.press("end")
        assert lines(table)[-1].split() == ["r19", "9", "x"]
        assert lines(table)[0].split() == ["A", "B", "C"]


async def test_columns_go_by_rank_when_it_gets_narrow() -> None:
    async with table_of(1, size=(16, 6)) as (table, pilot):
        assert lines(table)[0].split() == ["A", "B"]
        assert table.width_of("c") == 0
        await pilot.resize_terminal(8, 6)
        await pilot.pause(0.03)
        assert lines(table)[0].split() == ["A"]
        await pilot.resize_terminal(60, 6)
        await pilot.pause(0.03)
        assert table.width_of("c") == 15


async def test_the_cursor_stays_on_its_row_when_rows_move() -> None:
    async with table_of(3) as (table, _):
        table.select("r1")
        table.set_order(["r2", "r1", "r0"])
        assert table.cursor == "r1"


async def test_the_cursor_goes_to_the_row_that_took_the_place_of_its_own() -> None:
    async with table_of(3) as (table, _):
        table.select("r1")
        table.set_order(["r0", "r2"])
        assert table.cursor == "r2"
        table.set_order(["r0"])
        assert table.cursor == "r0"
        table.set_order([])
        assert table.cursor is None


async def test_the_row_that_takes_the_cursor_is_drawn() -> None:
    async with table_of(3) as (table, _):
        table.select("r2")
        table.painted.clear()
        table.set_order(["r0", "r1"])
        assert (Region(0, 2, 40, 1),) in table.painted


async def test_what_is_shown_is_what_the_lines_hold() -> None:
    async with table_of(2) as (table, pilot):
        table.put("r1", (cell("r1"), cell("2", "up"), cell("x")))
        await pilot.pause()
        shown = table.render_lines(Region(0, 0, 40, 6))
        assert [strip.text.rstrip() for strip in shown] == lines(table)
        assert [strip.cell_length for strip in shown] == [40] * 6
        part = table.render_lines(Region(7, 2, 6, 1))
        assert [strip.text for strip in part] == ["     2"]


async def test_many_rows_can_be_drawn_together() -> None:
    async with table_of(3) as (table, _):
        with table.batched_refresh():
            for key in ("r0", "r2"):
                table.put(key, (cell(key), cell("2"), cell("x")))
            assert table.painted == []
        assert table.painted == [(Region(7, 1, 6, 1), Region(7, 3, 6, 1))]
        table.put("r1", (cell("r1"), cell("2"), cell("x")))
        assert table.painted[1:] == [(Region(7, 2, 6, 1),)]


async def test_keys_do_nothing_without_rows() -> None:
    async with table_of(0) as (table, pilot):
        await pilot.press("down", "up", "end", "home", "pagedown")
        assert table.cursor is None


async def test_an_empty_table_shows_its_message() -> None:
    async with table_of(0) as (table, _):
        table.set_message("Nothing is here.", "Press s.")
        assert lines(table)[1:3] == [" Nothing is here.", " Press s."]


async def test_a_row_added_at_the_end_draws_nothing_above_it() -> None:
    async with table_of(2) as (table, _):
        table.set_order(["r0", "r1", "new"])
        assert table.painted
        assert all(regions and regions[0].y >= 3 for regions in table.painted)


async def test_vim_keys_move_like_the_arrows() -> None:
    async with on_stage(symbols=("SOL", "BTC", "BONK")) as stage:
        table = stage.app.screen.query_one(PriceTable)
        rows = []
        for key in ("j", "down", "k", "up", "G", "g", "pagedown", "pageup", "end", "home"):
            await stage.press(key)
            rows.append(table.order.index(table.cursor or ""))
        assert rows == [1, 2, 1, 0, 2, 0, 2, 0, 2, 0]


async def test_the_mouse_selects_and_opens() -> None:
    async with on_stage() as stage:
        assert stage.pilot is not None
        table = stage.app.screen.query_one(PriceTable)
        await stage.pilot.click(PriceTable, offset=(4, 2))
        assert table.cursor == table.order[1]
        await stage.pilot.click(PriceTable, offset=(4, 2), times=2)
        await stage.press()
        assert not isinstance(stage.app.screen, MainScreen)
