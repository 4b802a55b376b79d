"""The table of the prices."""

from __future__ import annotations

from stage import on_stage
from textual_internals import count_as_painted, waits_for_repaint

from streamcore.config.screen import UiSettings
from streamtui.widgets.price_table import PriceTable


async def test_the_name_of_a_row_follows_what_its_price_is_the_price_of() -> None:
    async with on_stage(symbols=("BTC",)) as stage:
        await stage.tell(stage.price("BTC", "104231"))
        assert "Coinbase Wrapped BTC" in stage.line("104,231")
        await stage.tell(stage.price("BTC", "104240", address=None, provider="kraken"))
        assert "Bitcoin" in stage.line("104,240")
        assert "Wrapped" not in stage.text()
        await stage.press("enter")
        assert "none: this is the price of no Solana token" in stage.text()


async def test_a_price_that_nobody_confirms_is_called_old_until_somebody_does() -> None:
    async with on_stage(ui=UiSettings(price_ttl=30.0)) as stage:
        await stage.tell(stage.price("SOL", "150"), stage.price("BTC", "100000"))
        await stage.pass_time(29.0)
        assert "old" not in stage.line("SOL ")
        await stage.tell(stage.price("BTC", "100000", changed=()))
        await stage.pass_time(5.0)
        assert "old 30s" in stage.line("SOL ")
        assert "old" not in stage.line("BTC ")
        await stage.tell(stage.price("SOL", "150", changed=()))
        assert "old" not in stage.line("SOL ")


async def test_an_equal_value_repaints_nothing() -> None:
    async with on_stage() as stage:
        await stage.tell(stage.price("SOL", "150"))
        await stage.pass_time(1.0)
        table = stage.app.screen.query_one(PriceTable)
        count_as_painted(table)
        stage.manager.tell(stage.price("SOL", "150.0"))
        await stage.clock.advance(0.3)
        assert not waits_for_repaint(table)


async def test_a_changed_price_repaints_its_own_cell_and_no_other() -> None:
    async with on_stage() as stage:
        await stage.tell(stage.price("SOL", "150"), stage.price("BTC", "100000"))
        await stage.pass_time(1.0)
        table = stage.app.screen.query_one(PriceTable)
        painted: list[object] = []
        refresh = table.refresh
        table.refresh = lambda *regions, **more: (painted.append(regions), refresh(*regions, **more))[1]  # type: ignore[method-assign]
        await stage.tell(stage.price("BTC", "100001"))
        assert painted
        for regions in painted:
            (region,) = regions  # type: ignore[misc]
            assert (region.y, region.height, region.width) == (2, 1, 18)


async def test_a_burst_is_painted_at_the_frame_rate_and_ends_with_the_last_value() -> None:
    async with on_stage(ui=UiSettings(frames_per_second=10, price_throttle=0.1)) as stage:
        shown: list[str] = []
        table = stage.app.screen.query_one(PriceTable)
        show = table.show
        table.show = lambda row, at, ttl: (shown.append(str(row.shown)), show(row, at, ttl))[1]  # type: ignore[method-assign]
        for value in range(1, 501):
            stage.manager.tell(stage.price("SOL", str(value)))
            await stage.clock.advance(0.002)
        await stage.pass_time(0.3)
        assert shown[-1] == "500"
        assert len([value for value in shown if value != "None"]) <= 20


async def test_what_changed_of_a_price_is_underlined_but_not_the_blanks_behind_it() -> None:
    async with on_stage() as stage:
        await stage.tell(stage.price("SOL", "150.25"))
        await stage.pass_time(1)
        await stage.tell(stage.price("SOL", "150.38"))
        table = stage.app.screen.query_one(PriceTable)
        lines = [table.render_line(y) for y in range(table.size.height)]
        (line,) = [line for line in lines if "150.38" in line.text]
        underlined = "".join(part.text for part in line if part.style and part.style.underline)
        assert underlined == "38"
