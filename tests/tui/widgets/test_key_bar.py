"""The last line."""

from __future__ import annotations

from stage import on_stage

from streamtui.widgets.key_bar import KeyBar


async def test_every_key_of_the_bar_fits_on_120_columns() -> None:
    async with on_stage(size=(120, 40)) as stage:
        for label in (
            "subscribe",
            "wallets",
            "remove",
            "alerts",
            "details",
            "filter",
            "pause",
            "connections",
        ):
            assert label in stage.lines()[-1]


async def test_a_click_does_what_the_key_does() -> None:
    async with on_stage(size=(120, 40)) as stage:
        assert stage.pilot is not None
        last = stage.lines()[-1]
        for label, shown in (("sort", "symbol"), ("connections", "Connections")):
            await stage.pilot.click(KeyBar, offset=(last.index(label), 0))
            await stage.press()
            assert shown in stage.text()
        await stage.press("escape")
        await stage.pilot.click(KeyBar, offset=(last.index("quit"), 0))
        await stage.pilot.pause()
        assert not stage.app.is_running
