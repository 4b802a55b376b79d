"""The chart of a price."""

from __future__ import annotations

from stage import on_stage


async def test_the_chart_has_time_frames_and_two_ways_to_be_drawn() -> None:
    async with on_stage() as stage:
        await stage.press("enter")
        assert "no price has come yet" in stage.text()
        for value in ("150", "152", "149", "151"):
            await stage.tell(stage.price("SOL", value))
            await stage.pass_time(4.0)
        assert "candles of 4 s · nothing older than 22:00:" in stage.text()
        assert any(glyph in stage.text() for glyph in "┃╹╻")
        assert "high 152.00, low 149.00" in stage.text()
        await stage.press("v")
        assert any("⠀" < character <= "⣿" for character in stage.text())
        await stage.press("v", "3")
        assert "candles of 16 min" in stage.text()
        await stage.press("right")
        assert "candles of 4 s" in stage.text()
        await stage.press("y")
        assert stage.app.clipboard == stage.feed_key("SOL")
