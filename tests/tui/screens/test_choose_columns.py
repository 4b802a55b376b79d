"""Columns of one's own."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from stage import Stage, on_stage

from streamcore.config.loading import load
from streamcore.config.screen import DEFAULT_COLUMNS, PriceColumn, UiSettings


def titles(stage: Stage) -> str:
    return stage.line("SYMBOL") if any("SYMBOL" in line for line in stage.lines()) else stage.line("PRICE $")


async def test_columns_are_shown_hidden_and_moved_and_the_table_follows_at_once() -> None:
    async with on_stage(size=(160, 40)) as stage:
        await stage.tell(stage.price("SOL", "150", bid=Decimal("149.99"), ask=Decimal("150.02")))
        await stage.press("C")
        await stage.press("space")
        assert stage.app.session.view.columns == DEFAULT_COLUMNS, "nothing is chosen before it is kept"
        await stage.press("end", "up", "up", "up", "up", "space", "enter")
        assert PriceColumn.SYMBOL not in stage.app.session.view.columns
        assert stage.app.session.unsaved
        await stage.press("C", "shift+down", "enter")
        assert stage.app.session.view.columns[:2] == (PriceColumn.AGE, PriceColumn.PRICE)
        await stage.pass_time(1.0)
        shown = titles(stage)
        assert shown.index("AGE") < shown.index("PRICE $")


async def test_esc_takes_everything_back() -> None:
    async with on_stage() as stage:
        before = titles(stage)
        await stage.press("C", "space", "down", "J", "escape")
        assert stage.app.session.view.columns == DEFAULT_COLUMNS
        assert not stage.app.session.unsaved
        assert titles(stage) == before


async def test_a_column_without_room_says_so_and_one_has_to_stay() -> None:
    async with on_stage(size=(80, 24)) as stage:
        await stage.press("C")
        assert "no room" in stage.line(" source  ")
        assert "no room" not in stage.line(" price  ")
        for _ in range(7):
            await stage.press("home", "space")
        await stage.press("home", "space")
        assert "One column has to stay." in stage.toasts()
        await stage.press("r", "enter")
        assert stage.app.session.view.columns == DEFAULT_COLUMNS


async def test_columns_of_the_settings_are_in_their_order_and_the_last_go_first() -> None:
    columns = (PriceColumn.SYMBOL, PriceColumn.SPREAD, PriceColumn.BID, PriceColumn.ASK, PriceColumn.TRADES)
    for width, shown in ((160, 5), (46, 3)):
        async with on_stage(size=(width, 24), ui=UiSettings(columns=columns)) as stage:
            await stage.tell(
                stage.price("SOL", "150", bid=Decimal("149.99"), ask=Decimal("150.02"), trades_24h=54_321)
            )
            assert titles(stage).split() == ["SYMBOL", "SPREAD", "BID", "ASK", "TRADES"][:shown]
            values = stage.line("SOL ").split()
            assert values[:4] == ["SOL", "2.0", "bp", "149.99"]
            assert shown == 3 or values[4:] == ["150.02", "54.3K"]


async def test_o_goes_through_the_orders_of_the_columns_that_are_there() -> None:
    columns = (PriceColumn.SYMBOL, PriceColumn.PRICE, PriceColumn.SPREAD)
    async with on_stage(ui=UiSettings(columns=columns)) as stage:
        seen = []
        for _ in range(4):
            await stage.press("o")
            seen.append(str(stage.app.session.prices.sort))
        assert seen == ["symbol", "price", "spread", "own order"]


async def test_ctrl_s_saves_the_columns_and_leaves_the_comments(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("# mine\n[ui]\nbell = false # quiet\n")
    async with on_stage(config_path=path) as stage:
        await stage.press("C", "space", "enter", "ctrl+s")
        for _ in range(100):
            await stage.press()
            if "Saved to" in stage.toasts():
                break
        assert "Saved to" in stage.toasts()
    assert load(path, environ={}).settings.ui.columns == DEFAULT_COLUMNS[1:]
    assert "# mine" in path.read_text()
    assert "# quiet" in path.read_text()
