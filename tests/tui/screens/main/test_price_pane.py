"""The pane of the prices: what it shows, and what keys do in it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from stage import Stage, on_stage, some_life

from streamcore.config.screen import AlertSettings
from streamtui.widgets.price_table import PriceTable

THREE = ("SOL", "BTC", "BONK")


LISTS = {"memes": ("BONK", "WIF"), "majors": ("SOL", "BTC")}


def symbols(stage: Stage) -> list[str]:
    rows = stage.app.session.prices.rows
    return [rows[key].token.symbol for key in stage.app.screen.query_one(PriceTable).order]


async def test_a_click_on_a_title_sorts_by_it_and_a_second_one_turns_it_round() -> None:
    async with on_stage(symbols=THREE) as stage:
        await stage.tell(*some_life(stage))
        assert stage.pilot is not None
        await stage.pilot.click(PriceTable, offset=(15, 0))
        await stage.press()
        assert symbols(stage) == ["BTC", "SOL", "BONK"]
        assert "PRICE $↓" in stage.line("SYMBOL")
        await stage.pilot.click(PriceTable, offset=(15, 0))
        await stage.press()
        assert symbols(stage) == ["BONK", "SOL", "BTC"]
        assert "PRICE $↑" in stage.line("SYMBOL")


async def test_rows_are_moved_by_keys_and_the_cursor_goes_with_them() -> None:
    async with on_stage(symbols=THREE) as stage:
        table = stage.app.screen.query_one(PriceTable)
        await stage.press("J")
        assert symbols(stage) == ["BTC", "SOL", "BONK"]
        assert table.cursor == stage.feed_key("SOL")
        await stage.press("shift+down", "shift+down", "K")
        assert symbols(stage) == ["BTC", "SOL", "BONK"]
        await stage.press("tab", "K")
        assert "only prices can be moved" in stage.toasts()


async def test_watchlists_are_gone_through_and_watched_when_shown() -> None:
    async with on_stage(symbols=("SOL",), watchlists=LISTS) as stage:
        await stage.press("right_square_bracket")
        assert symbols(stage) == ["BONK", "WIF"]
        assert stage.manager.asked_for("subscribe_prices")[-1] == ("BONK", "WIF")
        assert "list memes · 2 of 3" in stage.line("PRICES")
        await stage.press("right_square_bracket")
        assert symbols(stage) == ["SOL", "BTC"]
        await stage.press("right_square_bracket")
        assert symbols(stage) == ["SOL", "BONK", "WIF", "BTC"]
        await stage.press("left_square_bracket")
        assert "list majors" in stage.line("PRICES")


async def test_without_symbols_the_first_watchlist_is_what_one_starts_with() -> None:
    async with on_stage(symbols=(), watchlists=LISTS) as stage:
        assert symbols(stage) == ["BONK", "WIF"]


async def test_without_watchlists_the_key_says_where_to_put_them() -> None:
    async with on_stage() as stage:
        await stage.press("right_square_bracket")
        assert "[watchlists]" in stage.toasts()


async def test_the_title_counts_what_is_up_and_down() -> None:
    async with on_stage(symbols=THREE) as stage:
        await stage.tell(*some_life(stage))
        assert "▲ 2 ▼ 1" in stage.line("PRICES")


@pytest.mark.parametrize("key", ["d", "delete"])
async def test_d_stops_watching_the_selected_token(key: str) -> None:
    async with on_stage() as stage:
        await stage.press("down", key)
        assert stage.manager.asked_for("unsubscribe_prices") == [("BTC",)]
        assert "BTC" not in stage.text().split("TRANSACTIONS")[0]
        await stage.tell(stage.price("BTC", "100000"))
        assert "BTC" not in stage.text().split("TRANSACTIONS")[0]


async def test_o_goes_through_the_orders_and_the_cursor_stays_on_its_row() -> None:
    async with on_stage(symbols=("SOL", "BTC", "BONK")) as stage:
        await stage.tell(*some_life(stage))
        table = stage.app.screen.query_one(PriceTable)
        first = table.cursor
        seen = []
        for _ in range(5):
            await stage.press("o")
            seen.append([line[1:9].strip() for line in stage.lines()[3:6]])
            assert table.cursor == first
        assert seen == [
            ["BONK", "BTC", "SOL"],
            ["BTC", "SOL", "BONK"],
            ["SOL", "BTC", "BONK"],
            ["BONK", "SOL", "BTC"],
            ["SOL", "BTC", "BONK"],
        ]


async def test_moving_a_sorted_row_says_that_the_order_is_one_s_own_now() -> None:
    async with on_stage(symbols=("SOL", "BTC", "BONK")) as stage:
        await stage.press("o", "K")
        assert "as your own now" in stage.toasts()


async def test_y_copies_the_mint_of_the_selected_price_or_says_that_there_is_none() -> None:
    async with on_stage(symbols=("SOL",)) as stage:
        await stage.press("y")
        assert stage.app.clipboard == stage.feed_key("SOL")
        await stage.press("d", "y")
        assert "No row is selected." in stage.toasts()


async def test_a_filter_keeps_to_the_rows_that_match_while_data_comes() -> None:
    async with on_stage() as stage:
        await stage.press("slash")
        await stage.type("sol")
        await stage.tell(stage.price("SOL", "150"), stage.price("BTC", "100000"))
        await stage.pass_time(4.0)
        assert "150.00" in stage.line(" SOL ")
        assert "BTC" not in stage.text()


@pytest.mark.parametrize("value", ["1.5e26", "5e25", "1e400", "1e-400", "1e999999"])
async def test_an_absurd_price_does_not_end_the_app_and_is_not_cut(value: str) -> None:
    alerts = (AlertSettings(symbol="SOL", change=Decimal(5)), AlertSettings(symbol="SOL", above=Decimal(200)))
    async with on_stage(alerts=alerts) as stage:
        absurd = Decimal(value)
        for price in ("150", value, "151", f"-{value}"):
            await stage.tell(stage.price("SOL", price, change_24h=absurd, volume_24h=absurd))
            await stage.pass_time(7.0)
        await stage.press("o", "o", "o", "o", "o", "o", "enter", "v", "2", "escape")
        await stage.tell(stage.price("SOL", value, change_24h=absurd, volume_24h=absurd))
        await stage.pass_time(1.0)
        shown = stage.line(" SOL ")
        assert "…" not in shown
        assert "e+" in shown or " – " in shown


async def test_a_symbol_that_is_watched_already_is_said_to_be() -> None:
    async with on_stage(symbols=("SOL", "BTC")) as stage:
        await stage.press("s")
        await stage.type("btc")
        await stage.press("enter")
        await stage.pass_time(0.1)
        assert "Watched already: BTC" in stage.toasts()
        await stage.press("s")
        await stage.type("BTC JUP")
        await stage.press("enter")
        await stage.pass_time(0.1)
        assert "JUP" not in stage.toasts()
