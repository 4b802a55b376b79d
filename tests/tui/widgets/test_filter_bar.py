"""The line to type a filter into."""

from __future__ import annotations

from stage import on_stage

from streamtui.widgets.price_table import PriceTable


async def test_slash_filters_the_pane_and_esc_shows_all_again() -> None:
    async with on_stage(symbols=("SOL", "BTC", "BONK")) as stage:
        await stage.press("slash")
        await stage.type("coinb")
        assert stage.app.screen.query_one(PriceTable).order == (stage.feed_key("BTC"),)
        assert "1 of 3 match “coinb”" in stage.line("PRICES")
        await stage.press("enter")
        assert isinstance(stage.app.focused, PriceTable)
        await stage.press("slash")
        await stage.type("x")
        assert "No price matches “coinbx”." in stage.text()
        await stage.press("escape")
        assert len(stage.app.screen.query_one(PriceTable).order) == 3
