"""Keys and clicks that arrange rows: order, direction, own order, watchlists, and what the feed shows."""

from __future__ import annotations

from decimal import Decimal

from stage import OTHER_WALLET, WALLET, Stage, on_stage, some_life

from streamcore.events import TransactionType
from streamtui.widgets.price_table import PriceTable
from streamtui.widgets.transaction_table import TransactionTable

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


async def test_capital_o_turns_the_order_of_either_pane_round() -> None:
    async with on_stage(symbols=THREE) as stage:
        await stage.tell(*some_life(stage))
        await stage.press("o", "O")
        assert symbols(stage) == ["SOL", "BTC", "BONK"]
        assert "symbol, reversed" in stage.line("PRICES")
        await stage.press("tab", "O")
        assert "newest last" in stage.line("TRANSACTIONS")


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


async def test_the_feed_shows_one_wallet_one_type_and_hides_dust() -> None:
    async with on_stage(wallets=(WALLET, OTHER_WALLET), labels={OTHER_WALLET: "cold"}) as stage:
        await stage.tell(
            stage.transaction(1),
            stage.transaction(2, wallet=OTHER_WALLET, type=TransactionType.SENT),
            stage.transaction(3, sol_change=Decimal("0.00001"), token_changes=()),
        )
        table = stage.app.screen.query_one(TransactionTable)
        await stage.press("tab", "h")
        assert len(table.order) == 2
        assert "1 hidden as dust" in stage.line("TRANSACTIONS")
        await stage.press("h", "f", "f")
        assert "wallet cold" in stage.line("TRANSACTIONS")
        assert len(table.order) == 1
        await stage.press("f", "t")
        assert "type received" in stage.line("TRANSACTIONS")
        assert len(table.order) == 2
        await stage.press("f", "f")
        assert "No transaction of this selection yet." in stage.text()
        await stage.press("escape")
        assert len(table.order) == 3
