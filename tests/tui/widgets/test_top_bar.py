"""The first line."""

from __future__ import annotations

from stage import on_stage

from streamtui.widgets.top_bar import TopBar


async def test_the_clock_shows_the_time_of_the_newest_data_and_stands_still_without() -> None:
    async with on_stage() as stage:
        assert "last data --:--:--" in stage.lines()[0]
        await stage.tell(stage.price("SOL", "150"))
        shown = stage.lines()[0]
        assert "last data 22:00:00" in shown
        await stage.pass_time(10.0)
        assert stage.lines()[0] == shown
        await stage.pass_time(60.0)
        assert "last data 22:00:00 1m ago" in stage.lines()[0]


async def test_a_line_that_is_full_gives_up_the_label_of_the_time_before_what_is_watched() -> None:
    async with on_stage(size=(80, 24)) as stage:
        await stage.tell(stage.price("SOL", "150"))
        stage.app.screen.query_one(TopBar).unsaved = True
        await stage.pilot.pause()
        assert "not saved · ctrl+s  2 prices · 1 wallet  " in stage.lines()[0]
        assert "last data" in stage.lines()[0]
        await stage.pilot.resize_terminal(70, 24)
        stage.app.screen.query_one(TopBar).unsaved = True
        await stage.pilot.pause()
        assert "last data" not in stage.lines()[0]
        assert "not saved · ctrl+s  2 prices · 1 wallet  " in stage.lines()[0]
        assert "22:00:00" in stage.lines()[0]
