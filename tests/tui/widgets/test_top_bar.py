"""The first line."""

from __future__ import annotations

from stage import on_stage


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
