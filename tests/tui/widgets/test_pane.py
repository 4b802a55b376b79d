"""A pane and its title."""

from __future__ import annotations

from stage import on_stage

from streamtui.widgets.pane import Pane


async def test_the_title_of_the_pane_that_has_the_keys_stands_out() -> None:
    async with on_stage() as stage:
        titles = [pane.title for pane in stage.app.screen.query(Pane)]
        active = titles[0].styles.background
        assert titles[1].styles.background != active
        await stage.press("tab")
        assert [title.styles.background == active for title in titles] == [False, True]
