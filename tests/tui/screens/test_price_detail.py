"""Everything about one price."""

from __future__ import annotations

from stage import on_stage

from streamtui.screens.main.screen import MainScreen


async def test_enter_shows_everything_about_a_price_and_keeps_it_moving() -> None:
    async with on_stage() as stage:
        await stage.press("enter")
        assert "waiting for the first price" in stage.text()
        await stage.tell(stage.price("SOL", "150.123456789"))
        await stage.pass_time(1.0)
        for wanted in (
            "Solana",
            "So11111111111111111111111111111111111111112",
            "150.123456789 USD",
            "now",
        ):
            assert wanted in stage.text()
        await stage.pass_time(40.0)
        assert "old" in stage.line("confirmed")
        await stage.press("escape")
        assert isinstance(stage.app.screen, MainScreen)
