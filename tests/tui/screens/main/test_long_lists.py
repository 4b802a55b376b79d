"""Lists that are longer than the room there is: the selected row is in view, and no room is wasted."""

from __future__ import annotations

from decimal import Decimal

import base58
import pytest
from stage import OTHER_WALLET, WALLET, Stage, on_stage

from streamcore.config.screen import AlertSettings
from streamtui.model.price_row import PriceRow
from streamtui.widgets.line_table import LineTable
from streamtui.widgets.price_table import PriceTable
from streamtui.widgets.transaction_table import TransactionTable

pytestmark = pytest.mark.long

SIZES = [(120, 40), (80, 24), (60, 18), (46, 12), (180, 50)]
MINTS = tuple(base58.b58encode(bytes([number + 1] * 32)).decode() for number in range(40))
WALLETS = tuple(base58.b58encode(bytes([number + 101] * 32)).decode() for number in range(30))


def row_of(stage: Stage, key: str | None) -> PriceRow:
    return stage.app.session.prices.rows[key or ""]


@pytest.mark.parametrize("size", SIZES)
async def test_the_last_row_of_a_long_price_list_is_visible(size: tuple[int, int]) -> None:
    async with on_stage(size=size, symbols=MINTS) as stage:
        table = stage.app.screen.query_one(PriceTable)
        await stage.press("end")
        assert row_of(stage, table.order[-1]).token.symbol in stage.text()
        assert table.cursor == table.order[-1] == table.in_view()[-1]
        await stage.press("home")
        assert row_of(stage, table.order[0]).token.symbol in stage.text()


@pytest.mark.parametrize("size", SIZES)
async def test_the_last_row_is_visible_while_a_filter_is_typed(size: tuple[int, int]) -> None:
    async with on_stage(size=size, symbols=MINTS) as stage:
        await stage.press("slash", "end", "enter", "end")
        table = stage.app.screen.query_one(PriceTable)
        assert table.cursor == table.in_view()[-1]
        await stage.press("slash")
        await stage.pass_time(0.1)
        stage.app.screen.query_one(PriceTable).action_jump(-1)
        await stage.press()
        assert row_of(stage, table.order[-1]).token.symbol in stage.text()


@pytest.mark.parametrize("size", SIZES)
async def test_the_last_row_of_a_long_transaction_list_is_visible(size: tuple[int, int]) -> None:
    async with on_stage(size=size, symbols=MINTS) as stage:
        await stage.tell(*(stage.transaction(number, summary=f"number {number}") for number in range(60)))
        await stage.press("tab", "end")
        assert "number 0" in stage.text()
        table = stage.app.screen.query_one(TransactionTable)
        assert table.cursor == table.in_view()[-1]


@pytest.mark.parametrize("size", SIZES)
async def test_the_selected_wallet_of_a_long_choice_is_visible(size: tuple[int, int]) -> None:
    async with on_stage(size=size, wallets=WALLETS) as stage:
        await stage.press("tab", "d", "end")
        shown = f"{WALLETS[-1][:4]}…{WALLETS[-1][-4:]}"
        assert shown in stage.text()
        await stage.press("home")
        assert f"{WALLETS[0][:4]}…{WALLETS[0][-4:]}" in stage.text()


@pytest.mark.parametrize("size", SIZES)
async def test_the_selected_alert_of_many_is_visible(size: tuple[int, int]) -> None:
    alerts = tuple(AlertSettings(symbol="SOL", above=Decimal(1000 + number)) for number in range(20))
    async with on_stage(size=size, alerts=alerts) as stage:
        await stage.press("a", *["down"] * 19)
        await stage.press()
        assert stage.app.screen.query_one(LineTable).cursor == "19"
        assert "SOL above 1,019" in stage.text()


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_an_empty_transaction_list_gives_its_room_to_the_prices(size: tuple[int, int]) -> None:
    async with on_stage(size=size, symbols=MINTS) as stage:
        await stage.pass_time(1.0)
        table = stage.app.screen.query_one(PriceTable)
        assert len(table.in_view()) >= size[1] - 12
        assert "Waiting for the next transaction" in stage.text()
        await stage.tell(*(stage.transaction(number) for number in range(60)))
        await stage.pass_time(1.0)
        assert len(table.in_view()) <= size[1] * 0.55
        await stage.pass_time(1.0)
        await stage.press("tab", "d", "enter")
        await stage.pass_time(1.0)
        assert "No wallets are watched." in stage.text()
        assert len(table.in_view()) >= size[1] - 12


async def test_few_prices_take_no_more_room_than_they_need() -> None:
    async with on_stage(wallets=(WALLET, OTHER_WALLET)) as stage:
        await stage.pass_time(1.0)
        assert "TRANSACTIONS" in stage.lines()[6]
