"""The last line."""

from __future__ import annotations

from stage import on_stage


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
