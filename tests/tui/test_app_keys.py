"""Every key, with and without something to act on."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_manager import status
from stage import OTHER_WALLET, WALLET, Stage, full_transaction, on_stage, some_life
from textual.command import CommandPalette

from streamcore.events import State
from streamtui.keys import COMMANDS, readable
from streamtui.screens.main import MainScreen
from streamtui.widgets.line_table import LineTable
from streamtui.widgets.pane import Pane
from streamtui.widgets.price_table import PriceTable
from streamtui.widgets.transaction_table import TransactionTable


def toasts(stage: Stage) -> str:
    return "\n".join(toast.message for toast in stage.app._notifications)


async def test_s_subscribes_several_symbols_at_once() -> None:
    async with on_stage(symbols=()) as stage:
        await stage.press("s")
        assert "Subscribe symbols" in stage.text()
        await stage.type("sol, $btc bonk")
        await stage.press("enter")
        assert stage.manager.asked_for("subscribe_prices") == [("SOL", "BTC", "BONK")]
        assert isinstance(stage.app.screen, MainScreen)
        for symbol in ("SOL", "BTC", "BONK"):
            assert "waiting" in stage.line(f" {symbol} ")


async def test_a_bad_symbol_is_refused_with_the_reason_and_the_dialog_stays() -> None:
    async with on_stage(symbols=()) as stage:
        await stage.press("s")
        await stage.type("SOL nope")
        await stage.press("enter")
        assert "✗ 'nope' is not a ticker in the token table" in stage.text()
        assert stage.manager.asked_for("subscribe_prices") == []
        await stage.press("backspace", "backspace", "backspace", "backspace")
        assert "✗" not in stage.text()
        await stage.press("enter")
        assert stage.manager.asked_for("subscribe_prices") == [("SOL",)]


async def test_nothing_typed_is_refused_too() -> None:
    async with on_stage() as stage:
        await stage.press("s", "enter")
        assert "type at least one" in stage.text()


async def test_esc_cancels_the_dialogs() -> None:
    async with on_stage() as stage:
        before = list(stage.manager.asked)
        for key in ("s", "w", "c", "question_mark"):
            await stage.press(key)
            assert not isinstance(stage.app.screen, MainScreen)
            await stage.press("escape")
            assert isinstance(stage.app.screen, MainScreen)
        assert stage.manager.asked == before


async def test_suggestions_follow_the_word_being_typed_and_tab_takes_the_first() -> None:
    async with on_stage(symbols=()) as stage:
        await stage.press("s")
        await stage.type("sol bon")
        assert "Bonk" in stage.text()
        await stage.press("tab", "enter")
        assert stage.manager.asked_for("subscribe_prices") == [("SOL", "BONK")]


async def test_a_symbol_that_is_watched_already_stays_one_subscription() -> None:
    async with on_stage() as stage:
        await stage.press("s")
        await stage.type("sol")
        await stage.press("enter")
        assert stage.manager.asked_for("unsubscribe_prices") == [("SOL",)]
        await stage.press("d")
        assert "SOL " not in stage.text().split("TRANSACTIONS")[0].split("SYMBOL")[1]


async def test_a_price_that_comes_before_the_subscription_has_returned_is_not_lost() -> None:
    async with on_stage(symbols=()) as stage:
        subscribe = stage.manager.subscribe_prices

        async def slow(symbols: object) -> object:
            tokens = await subscribe(symbols)  # type: ignore[arg-type]
            stage.manager.tell(stage.price("SOL", "150.5"))
            await stage.clock.settle()
            return tokens

        stage.manager.subscribe_prices = slow  # type: ignore[method-assign, assignment]
        await stage.press("s")
        await stage.type("sol")
        await stage.press("enter")
        await stage.pass_time(0.2)
        assert "150.50" in stage.line(" SOL ")


async def test_w_watches_wallets() -> None:
    async with on_stage(wallets=()) as stage:
        await stage.press("w")
        await stage.type(f"{WALLET} {OTHER_WALLET}")
        await stage.press("enter")
        assert stage.manager.asked_for("subscribe_wallets") == [(WALLET, OTHER_WALLET)]
        assert "2 wallets" in stage.lines()[0]


@pytest.mark.parametrize("bad", ["abc", "0xdeadbeef", "[red]"])
async def test_a_bad_address_is_refused_with_the_reason(bad: str) -> None:
    async with on_stage(wallets=()) as stage:
        await stage.press("w")
        await stage.type(bad)
        await stage.press("enter")
        assert f"✗ '{bad}' is not a Solana address" in stage.text()
        assert stage.manager.asked_for("subscribe_wallets") == []


@pytest.mark.parametrize("key", ["d", "delete"])
async def test_d_stops_watching_the_selected_token(key: str) -> None:
    async with on_stage() as stage:
        await stage.press("down", key)
        assert stage.manager.asked_for("unsubscribe_prices") == [("BTC",)]
        assert "BTC" not in stage.text().split("TRANSACTIONS")[0]
        await stage.tell(stage.price("BTC", "100000"))
        assert "BTC" not in stage.text().split("TRANSACTIONS")[0]


async def test_d_without_a_row_says_so() -> None:
    async with on_stage(symbols=(), wallets=()) as stage:
        await stage.press("d", "tab", "d")
        assert "No row is selected." in toasts(stage)
        assert "No wallet is watched." in toasts(stage)


async def test_d_on_a_transaction_stops_watching_its_wallet_and_drops_its_rows() -> None:
    async with on_stage() as stage:
        await stage.tell(stage.transaction())
        await stage.press("tab", "d")
        assert not stage.manager.asked_for("unsubscribe_wallets"), "not before it was confirmed"
        await stage.press("enter")
        assert stage.manager.asked_for("unsubscribe_wallets") == [(WALLET,)]
        assert "No wallets are watched." in stage.text()
        await stage.tell(stage.transaction(2))
        assert "received" not in stage.text()


async def test_d_without_transactions_lets_one_choose_the_wallet() -> None:
    async with on_stage(wallets=(WALLET, OTHER_WALLET)) as stage:
        await stage.press("tab", "d")
        assert OTHER_WALLET in stage.text()
        await stage.press("down", "enter")
        assert stage.manager.asked_for("unsubscribe_wallets") == [(OTHER_WALLET,)]
        await stage.press("d", "escape")
        assert len(stage.manager.asked_for("unsubscribe_wallets")) == 1


async def test_r_reconnects_the_only_unhealthy_provider() -> None:
    async with on_stage() as stage:
        await stage.press("r")
        assert "Every provider is well" in toasts(stage)
        stage.manager.set_status("helius", state=State.FAILED, parked=True)
        await stage.pass_time(1.0)
        await stage.press("r")
        assert stage.manager.asked_for("reconnect") == [("helius",)]


async def test_r_prefers_the_provider_of_the_pane() -> None:
    async with on_stage() as stage:
        for name in ("birdeye", "helius"):
            stage.manager.set_status(name, state=State.FAILED)
        await stage.pass_time(1.0)
        await stage.press("r", "tab", "r")
        assert stage.manager.asked_for("reconnect") == [("birdeye",), ("helius",)]


async def test_r_with_several_to_choose_from_opens_the_connections() -> None:
    async with on_stage() as stage:
        for name in ("kraken", "jupiter"):
            stage.manager.current[name] = status(name, state=State.FAILED)
        await stage.pass_time(1.0)
        await stage.press("r")
        assert "Connections" in stage.text()
        await stage.press("end", "r")
        assert stage.manager.asked_for("reconnect") == [("jupiter",)]


async def test_the_connections_show_how_far_behind_the_catching_up_of_wallets_is() -> None:
    async with on_stage() as stage:
        stage.manager.set_status("helius", state=State.CONNECTED, subscriptions=20, behind=17)
        stage.manager.set_status("birdeye", state=State.CONNECTED, subscriptions=20, behind=17)
        await stage.pass_time(1.0)
        await stage.press("c")
        assert "catching up" not in stage.text()
        await stage.press("down")
        assert "catching up: 17 of 20 wallets still to be read" in stage.text()


async def test_capital_r_reconnects_all() -> None:
    async with on_stage() as stage:
        await stage.press("R")
        assert stage.manager.asked_for("reconnect_all") == [()]
        await stage.press("c", "R")
        assert stage.manager.asked_for("reconnect_all") == [(), ()]


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


async def test_enter_shows_everything_about_a_transaction() -> None:
    async with on_stage() as stage:
        transaction = full_transaction(stage, error="custom program error [0x1]")
        await stage.tell(transaction)
        await stage.press("tab", "enter")
        text = "".join(stage.text().split())
        for wanted in (
            transaction.signature, WALLET, OTHER_WALLET, "447,200,007", "+1.14 SOL", "-171.25", "USDC",
            "+12,000", "unknown token", "0.000005 SOL", "Jupiter", "custom program error [0x1]",
            "2026-10-29 21:59:57 UTC",
        ):  # fmt: skip
            assert "".join(wanted.split()) in text, wanted


async def test_enter_without_a_row_does_nothing() -> None:
    async with on_stage(symbols=(), wallets=()) as stage:
        await stage.press("enter", "tab", "enter")
        assert isinstance(stage.app.screen, MainScreen)


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


async def test_esc_on_the_table_drops_a_kept_filter() -> None:
    async with on_stage() as stage:
        await stage.tell(*some_life(stage))
        await stage.press("tab", "slash")
        await stage.type("raydium")
        await stage.press("enter")
        assert len(stage.app.screen.query_one(TransactionTable).order) == 1
        await stage.press("escape")
        assert len(stage.app.screen.query_one(TransactionTable).order) == 5


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
            ["BONK", "SOL", "BTC"],
            ["SOL", "BTC", "BONK"],
            ["SOL", "BTC", "BONK"],
        ]


async def test_o_in_the_feed_turns_it_round() -> None:
    async with on_stage() as stage:
        await stage.tell(*some_life(stage))
        table = stage.app.screen.query_one(TransactionTable)
        before = table.order
        await stage.press("tab", "o")
        assert table.order == before[::-1]
        assert "newest last" in stage.line("TRANSACTIONS")


async def test_tab_goes_to_the_other_pane_and_back() -> None:
    async with on_stage() as stage:
        assert isinstance(stage.app.focused, PriceTable)
        await stage.press("tab")
        assert isinstance(stage.app.focused, TransactionTable)
        await stage.press("tab")
        assert isinstance(stage.app.focused, PriceTable)


async def test_p_holds_the_feed_still_and_loses_nothing() -> None:
    async with on_stage() as stage:
        await stage.tell(stage.transaction(1))
        await stage.press("p")
        await stage.tell(*(stage.transaction(number) for number in range(2, 14)))
        assert "paused, 12 new" in stage.line("TRANSACTIONS")
        assert len(stage.app.screen.query_one(TransactionTable).order) == 1
        await stage.press("p")
        assert "paused" not in stage.text()
        assert len(stage.app.screen.query_one(TransactionTable).order) == 13


async def test_a_reader_who_moved_away_is_told_of_new_rows_and_sees_none_move() -> None:
    async with on_stage() as stage:
        await stage.tell(*(stage.transaction(number) for number in range(1, 60)))
        await stage.press("tab", "j")
        table = stage.app.screen.query_one(TransactionTable)
        shown = table.in_view()
        assert len(shown) > 10
        await stage.tell(stage.transaction(60), stage.transaction(61))
        assert "2 new above" in stage.line("TRANSACTIONS")
        assert table.in_view() == shown
        assert "s059" in stage.lines()[stage.lines().index(stage.line("TIME")) + 1]
        await stage.press("g")
        assert "new above" not in stage.text()
        await stage.tell(stage.transaction(62))
        assert "new above" not in stage.text()
        assert table.cursor == table.order[0] == table.in_view()[0]


async def test_newest_last_has_the_new_rows_below() -> None:
    async with on_stage() as stage:
        await stage.tell(*(stage.transaction(number) for number in range(1, 6)))
        await stage.press("tab", "o", "k")
        selected = stage.app.screen.query_one(TransactionTable).cursor
        await stage.tell(stage.transaction(6), stage.transaction(7))
        assert "2 new below" in stage.line("TRANSACTIONS")
        assert stage.app.screen.query_one(TransactionTable).cursor == selected
        await stage.press("G")
        assert "new below" not in stage.text()
        await stage.tell(stage.transaction(8))
        assert "new below" not in stage.text()


async def test_c_shows_every_connection_and_its_history() -> None:
    async with on_stage() as stage:
        stage.manager.set_status(
            "helius",
            state=State.FALLBACK,
            fallback=True,
            attempt=4,
            retry_at=stage.clock.time() + 9,
            reason="HTTP 503 [upstream]",
        )
        await stage.tell(stage.manager.current["helius"].event(stage.clock.time()))
        await stage.press("c", "down")
        for wanted in (
            "● live",
            "◐ polling",
            "HTTP 503 [upstream]",
            "812 in",
            "1 reconnect",
            "fallback: HTTP 503",
        ):
            assert wanted in stage.text()
        assert "9 s" in stage.line("│  helius")
        await stage.pass_time(3.0)
        assert "7 s" in stage.line("│  helius")
        await stage.press("r")
        assert stage.manager.asked_for("reconnect") == [("helius",)]
        assert not isinstance(stage.app.screen, MainScreen), "one wants to see what comes of it"
        await stage.press("R")
        assert len(stage.manager.asked_for("reconnect_all")) == 1
        await stage.press("escape")
        assert isinstance(stage.app.screen, MainScreen)


async def test_the_help_lists_every_binding_of_the_main_screen() -> None:
    async with on_stage(size=(120, 75)) as stage:
        bindings = stage.app.screen.active_bindings.values()
        wanted = [
            readable(active.binding.key)
            for active in bindings
            if isinstance(active.node, MainScreen | LineTable)
        ]
        await stage.press("question_mark")
        shown = {word for line in stage.lines() for word in line.split()}
        internal = {"shift+tab", "ctrl+c", "super+c", "ctrl+q", "left", "right", "ctrl+home", "ctrl+end"}
        internal |= {"ctrl+pageup", "ctrl+pagedown", "esc"}
        assert {key for key in wanted if key not in internal} <= shown
        assert {readable(key) for command in COMMANDS for key in command.keys.split(",")} <= shown


async def test_every_command_is_in_the_palette() -> None:
    async with on_stage() as stage:
        titles = {command.title for command in stage.app.get_system_commands(stage.app.screen)}
        assert {command.title for command in COMMANDS} - {"Command palette"} <= titles


async def test_the_palette_runs_a_command() -> None:
    async with on_stage() as stage:
        await stage.press("ctrl+p")
        assert isinstance(stage.app.screen, CommandPalette)


async def test_over_a_dialog_the_palette_offers_only_what_works_there() -> None:
    async with on_stage() as stage:
        await stage.press("s")
        assert {c.title for c in stage.app.get_system_commands(stage.app.screen)} == {"Change theme", "Quit"}


@pytest.mark.parametrize("key", ["q", "ctrl+q", "ctrl+c"])
async def test_the_keys_to_leave_close_the_engine(key: str) -> None:
    async with on_stage() as stage:
        await stage.press(key)
        assert not stage.app.is_running
    assert stage.app.return_code == 0
    await stage.clock.settle()
    assert stage.manager.closed


async def test_ctrl_c_leaves_from_a_dialog_too() -> None:
    async with on_stage() as stage:
        await stage.press("s", "ctrl+c")
        assert not stage.app.is_running


async def test_vim_keys_move_like_the_arrows() -> None:
    async with on_stage(symbols=("SOL", "BTC", "BONK")) as stage:
        table = stage.app.screen.query_one(PriceTable)
        rows = []
        for key in ("j", "down", "k", "up", "G", "g", "pagedown", "pageup", "end", "home"):
            await stage.press(key)
            rows.append(table.order.index(table.cursor or ""))
        assert rows == [1, 2, 1, 0, 2, 0, 2, 0, 2, 0]


async def test_the_mouse_selects_and_opens() -> None:
    async with on_stage() as stage:
        assert stage.pilot is not None
        table = stage.app.screen.query_one(PriceTable)
        await stage.pilot.click(PriceTable, offset=(4, 2))
        assert table.cursor == table.order[1]
        await stage.pilot.click(PriceTable, offset=(4, 2), times=2)
        await stage.press()
        assert not isinstance(stage.app.screen, MainScreen)


async def test_asking_before_the_engine_is_there_is_answered_in_the_dialog() -> None:
    async with on_stage() as stage:
        await stage.tell(RuntimeError("gone"))
        await stage.press("s")
        await stage.type("bonk")
        await stage.press("enter")
        assert "✗ the engine failed: gone" in stage.text()


async def test_the_title_of_the_pane_that_has_the_keys_stands_out() -> None:
    async with on_stage() as stage:
        titles = [pane.title for pane in stage.app.screen.query(Pane)]
        active = titles[0].styles.background
        assert titles[1].styles.background != active
        await stage.press("tab")
        assert [title.styles.background == active for title in titles] == [False, True]


async def test_a_wallet_is_removed_only_after_it_was_chosen_and_the_row_s_own_is_selected() -> None:
    async with on_stage(wallets=(WALLET, OTHER_WALLET)) as stage:
        await stage.tell(stage.transaction(1), stage.transaction(2, wallet=OTHER_WALLET))
        await stage.press("tab", "d", "escape")
        assert not stage.manager.asked_for("unsubscribe_wallets")
        await stage.press("d", "enter")
        assert stage.manager.asked_for("unsubscribe_wallets") == [(OTHER_WALLET,)]


async def test_choosing_another_selection_makes_no_row_new() -> None:
    async with on_stage() as stage:
        await stage.tell(*(stage.transaction(number) for number in range(1, 9)))
        await stage.press("tab", "j", "t")
        assert "new above" not in stage.text()
        await stage.press("escape")
        assert "new above" not in stage.text()


async def test_enter_takes_the_suggestion_that_is_selected() -> None:
    async with on_stage(symbols=()) as stage:
        await stage.press("s")
        await stage.type("jito")
        await stage.press("enter")
        assert stage.manager.asked_for("subscribe_prices") == [("JitoSOL",)]


async def test_a_list_pasted_line_by_line_is_taken_whole() -> None:
    async with on_stage(symbols=()) as stage:
        await stage.press("s")
        await stage.type("PYTH\nJTO\r\nRAY\n\nBONK\n")
        await stage.press("enter")
        assert stage.manager.asked_for("subscribe_prices") == [("PYTH", "JTO", "RAY", "BONK")]


async def test_what_is_not_saved_is_marked_until_it_is(tmp_path: Path) -> None:
    async with on_stage(config_path=tmp_path / "config.toml") as stage:
        assert "not saved · ctrl+s" not in stage.lines()[0]
        await stage.press("s")
        await stage.type("BONK")
        await stage.press("enter")
        await stage.pass_time(1.0)
        assert "not saved · ctrl+s" in stage.lines()[0]
        stage.app.theme = "streamtui-light"
        await stage.press("ctrl+s")
        await stage.pass_time(1.0)
        assert "not saved · ctrl+s" not in stage.lines()[0]
        assert 'theme = "streamtui-light"' in (tmp_path / "config.toml").read_text()


async def test_moving_a_sorted_row_says_that_the_order_is_one_s_own_now() -> None:
    async with on_stage(symbols=("SOL", "BTC", "BONK")) as stage:
        await stage.press("o", "K")
        assert "as your own now" in toasts(stage)
