"""The main screen: what it shows, and where its keys go."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from fake_manager import status
from stage import Stage, on_stage, some_life, without_keys
from textual.events import Paste

from streamcore.config.model import StreamSettings
from streamcore.config.screen import UiSettings
from streamcore.config.serving import RelaySettings
from streamcore.events import State
from streamtui.screens.main.screen import MainScreen
from streamtui.widgets.price_table import PriceTable
from streamtui.widgets.transaction_table import TransactionTable

THREE = ("SOL", "BTC", "BONK")


def symbols(stage: Stage) -> list[str]:
    rows = stage.app.session.prices.rows
    return [rows[key].token.symbol for key in stage.app.screen.query_one(PriceTable).order]


async def test_capital_o_turns_the_order_of_either_pane_round() -> None:
    async with on_stage(symbols=THREE) as stage:
        await stage.tell(*some_life(stage))
        await stage.press("o", "O")
        assert symbols(stage) == ["SOL", "BTC", "BONK"]
        assert "symbol, reversed" in stage.line("PRICES")
        await stage.press("tab", "O")
        assert "newest last" in stage.line("TRANSACTIONS")


async def test_esc_cancels_the_dialogs() -> None:
    async with on_stage() as stage:
        before = list(stage.manager.asked)
        for key in ("s", "w", "c", "question_mark"):
            await stage.press(key)
            assert not isinstance(stage.app.screen, MainScreen)
            await stage.press("escape")
            assert isinstance(stage.app.screen, MainScreen)
        assert stage.manager.asked == before


async def test_d_without_a_row_says_so() -> None:
    async with on_stage(symbols=(), wallets=()) as stage:
        await stage.press("d", "tab", "d")
        assert "No row is selected." in stage.toasts()
        assert "No wallet is watched." in stage.toasts()


async def test_r_reconnects_the_only_unhealthy_provider() -> None:
    async with on_stage() as stage:
        await stage.press("r")
        assert "Every provider is well" in stage.toasts()
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


async def test_the_connections_show_how_far_behind_the_catching_up_of_wallets_is() -> None:
    async with on_stage() as stage:
        stage.manager.set_status("helius", state=State.CONNECTED, subscriptions=20, behind=17)
        stage.manager.set_status("birdeye", state=State.CONNECTED, subscriptions=20, behind=17)
        await stage.pass_time(1.0)
        await stage.press("c")
        assert "catching up" not in stage.text()
        await stage.press("down")
        assert "catching up: 17 of 20 wallets still to be read" in stage.text()


async def test_row_12_the_connections_show_how_much_waits_to_be_read_and_for_how_long() -> None:
    async with on_stage() as stage:
        stage.manager.set_status("helius", state=State.CONNECTED, subscriptions=2, waiting=412, lag=63.4)
        await stage.pass_time(1.0)
        await stage.press("c", "down")
        assert "412 transactions still to be read, the oldest for 1m 03s" in stage.text()
        stage.manager.set_status("helius", state=State.CONNECTED, subscriptions=2, waiting=3, lag=0.4)
        await stage.pass_time(1.0)
        assert "still to be read" not in stage.text()


async def test_r_with_several_to_choose_from_opens_the_connections() -> None:
    async with on_stage() as stage:
        for name in ("kraken", "jupiter"):
            stage.manager.current[name] = status(name, state=State.FAILED)
        await stage.pass_time(1.0)
        await stage.press("r")
        assert "Connections" in stage.text()
        await stage.press("end", "r")
        assert stage.manager.asked_for("reconnect") == [("jupiter",)]


async def test_capital_r_reconnects_all() -> None:
    async with on_stage() as stage:
        await stage.press("R")
        assert stage.manager.asked_for("reconnect_all") == [()]
        await stage.press("c", "R")
        assert stage.manager.asked_for("reconnect_all") == [(), ()]


async def test_enter_without_a_row_does_nothing() -> None:
    async with on_stage(symbols=(), wallets=()) as stage:
        await stage.press("enter", "tab", "enter")
        assert isinstance(stage.app.screen, MainScreen)


async def test_tab_goes_to_the_other_pane_and_back() -> None:
    async with on_stage() as stage:
        assert isinstance(stage.app.focused, PriceTable)
        await stage.press("tab")
        assert isinstance(stage.app.focused, TransactionTable)
        await stage.press("tab")
        assert isinstance(stage.app.focused, PriceTable)


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


async def test_saving_that_fails_says_why(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("symbols = [")
    async with on_stage(config_path=path) as stage:
        await stage.press("ctrl+s")
        await stage.pass_time(0.1)
        assert "not saved" in stage.toasts()
    async with on_stage() as stage:
        await stage.press("ctrl+s")
        assert "no configuration file" in stage.toasts()


async def test_the_first_start_shows_known_tokens_and_what_a_key_would_bring() -> None:
    async with on_stage(symbols=(), wallets=(), starter=True, size=(120, 30)) as stage:
        without_keys(stage)
        await stage.pass_time(1.0)
        assert "BONK" in stage.text()
        assert "BIRDEYE_API_KEY would" in stage.line("kraken")
        assert "HELIUS_API_KEY would" in stage.line("solana")
        assert "DEMO" not in stage.text()


async def test_capital_d_shows_invented_data_and_brings_the_real_one_back() -> None:
    async with on_stage() as stage:
        without_keys(stage)
        await stage.tell(*some_life(stage))
        assert "150.5" in stage.text()
        await stage.press("D", "y")
        await stage.pass_time(1.0)
        assert [manager.settings.demo for manager in stage.managers] == [False, True]
        assert stage.managers[0].closed
        assert "150.5" not in stage.text(), "a real price must not stay among invented ones"
        assert "TRANSACTIONS" in stage.text()
        assert not len(stage.app.session.transactions)
        assert stage.manager.asked_for("subscribe_prices") == [("SOL", "BTC")]
        await stage.tell(stage.price("SOL", "99.5", demo=True))
        assert "99.5" in stage.line("SOL")
        await stage.press("D")
        await stage.pass_time(1.0)
        assert stage.manager.settings.demo is False
        assert "99.5" not in stage.text()


async def test_capital_d_asks_before_the_prices_and_transactions_of_the_session_are_lost() -> None:
    async with on_stage() as stage:
        without_keys(stage)
        await stage.tell(*some_life(stage))
        await stage.press("D")
        assert "2 prices and 5 transactions" in stage.text()
        await stage.press("D", "d", "enter")
        assert len(stage.managers) == 1, "only y agrees to the loss"
        await stage.press("escape")
        await stage.pass_time(1.0)
        assert isinstance(stage.app.screen, MainScreen)
        assert len(stage.managers) == 1
        assert "150.50" in stage.line("SOL ")
        assert len(stage.app.session.transactions) == 5


async def test_capital_d_asks_nothing_where_nothing_real_would_be_lost() -> None:
    async with on_stage() as stage:
        await stage.press("D")
        await stage.pass_time(1.0)
        assert [manager.settings.demo for manager in stage.managers] == [False, True]
        await stage.tell(*some_life(stage, demo=True))
        await stage.press("D")
        await stage.pass_time(1.0)
        assert [manager.settings.demo for manager in stage.managers] == [False, True, False]


async def test_at_a_relay_of_invented_data_capital_d_asks_nothing_and_speaks_of_no_real_data() -> None:
    async with on_stage(relay=RelaySettings(url=("ws://r.example:8787",))) as stage:
        await stage.tell(*some_life(stage, demo=True))
        await stage.press("D")
        await stage.pass_time(0.1)
        assert stage.manager.settings.demo is True
        assert "Everything is invented now. D brings the relay's data back." in stage.toasts()
        await stage.pass_time(1.0)
        await stage.press("D")
        await stage.pass_time(0.1)
        assert stage.manager.settings.demo is False
        assert "This is the relay's data." in stage.toasts()
        assert "Everything is invented now" not in stage.toasts(), "that is no longer true"
        assert "eal data" not in stage.toasts()


async def test_what_is_real_is_asked_about_before_it_is_lost_whoever_told_it() -> None:
    async with on_stage(relay=RelaySettings(url=("ws://r.example:8787",))) as stage:
        await stage.tell(
            stage.price("SOL", "150.5"), stage.price("BTC", "99.5", demo=True), stage.transaction(1)
        )
        await stage.press("D")
        assert "1 price and 1 transaction of this session would be lost" in stage.text()


async def test_what_is_pasted_in_many_pieces_is_answered_once() -> None:
    async with on_stage() as stage:
        for _ in range(12):
            stage.app.screen.post_message(Paste("a list of words " * 400))
        await stage.press()
        assert stage.toasts().count("Nothing is typed here") == 1
        await stage.press("escape")
        assert stage.toasts() == ""
        stage.app.screen.post_message(Paste("once more"))
        await stage.press()
        assert stage.toasts().count("Nothing is typed here") == 1


async def test_without_a_network_the_panes_say_why_and_what_d_does() -> None:
    async with on_stage() as stage:
        without_keys(stage)
        for name in ("kraken", "solana"):
            reason = f"name lookup of {name}.example failed"
            down = {"state": State.FALLBACK, "fallback": True, "poll_failed": True, "reason": reason}
            stage.manager.set_status(name, **down)
        await stage.pass_time(1.0)
        assert stage.text().count("○ down") == 2
        assert "D shows invented data" in stage.line("No price yet")
        assert "kraken: name lookup of kraken.example failed" in stage.text()
        assert "D for invented data" in stage.text()
        await stage.tell(stage.price("SOL", "150.5"))
        assert "No price yet" not in stage.text()


SIX = ("SOL", "BTC", "ETH", "JUP", "BONK", "WIF")


@pytest.mark.parametrize("size", [(80, 24), (80, 18), (60, 24), (60, 18)])
async def test_without_a_network_a_small_screen_says_whole_sentences(size: tuple[int, int]) -> None:
    async with on_stage(symbols=SIX, wallets=(), size=size) as stage:
        without_keys(stage)
        down: dict[str, Any] = {"state": State.FALLBACK, "fallback": True, "poll_failed": True}
        stage.manager.set_status("kraken", **down, reason="name lookup of ws.kraken.com failed")
        await stage.pass_time(1.0)
        await stage.pass_time(1.0)
        text = " ".join(stage.text().split())
        assert "No price yet: no source answers. R tries again, D shows invented data." in text
        assert "HELIUS_API_KEY would follow more wallets, sooner." in text
        await stage.press("end")
        assert " WIF " in stage.text(), "the last row can be reached"


async def test_a_relay_that_has_given_up_is_not_said_to_be_tried_again() -> None:
    async with on_stage(wallets=()) as stage:
        down: dict[str, Any] = {
            "relay": "r.example:8787",
            "state": State.FAILED,
            "reason": "wants a token",
        }
        stage.manager.current = {"relay": status("relay", **down)}
        await stage.pass_time(1.0)
        assert "No price yet: the relay does not answer. R tries again" in stage.text()
        assert "Tried again automatically: relay." in stage.text()
        stage.manager.current = {"relay": status("relay", parked=True, **down)}
        await stage.pass_time(1.0)
        await stage.pass_time(1.0)
        assert "relay: wants a token" in stage.text()
        assert "Tried again automatically" not in stage.text()


async def test_the_room_goes_to_the_pane_that_needs_it() -> None:
    async with on_stage(symbols=SIX, size=(60, 18)) as stage:
        await stage.tell(stage.price("SOL", "150"), stage.transaction(1))
        await stage.pass_time(1.0)
        assert all(any(line.startswith(f" {symbol} ") for line in stage.lines()) for symbol in SIX)
        await stage.tell(*(stage.transaction(number) for number in range(2, 8)))
        await stage.pass_time(1.0)
        assert sum("received 1.5 SOL" in line for line in stage.lines()) >= 4, "both would like more now"
        assert " JUP " in stage.text()


async def test_prices_transactions_lamps_and_keys_are_on_one_screen() -> None:
    async with on_stage(symbols=("SOL", "BTC", "BONK", "USDC")) as stage:
        await stage.tell(*some_life(stage))
        await stage.pass_time(1.0)
        assert "150.50" in stage.line("SOL ")
        assert "▲ +3.20 %" in stage.line("SOL ")
        assert "104,231.17" in stage.line("BTC ")
        assert "Coinbase Wrapped BTC" in stage.line("BTC ")
        assert "▼ -1.23 %" in stage.line("BTC ")
        assert "0.00002153" in stage.line("BONK ")
        assert "–" in stage.line("USDC ")
        assert "Gfyz…eN6T" in stage.line("received 1.5 SOL")
        assert "● live" in stage.line("birdeye  ")
        assert "41 ms" in stage.line("birdeye  ")
        assert "q quit" in stage.lines()[-1]


async def test_empty_panes_say_why_and_what_to_press() -> None:
    async with on_stage(symbols=(), wallets=()) as stage:
        assert "No symbols are watched." in stage.text()
        assert "Press s" in stage.text()
        assert "No wallets are watched." in stage.text()
        assert "Press w" in stage.text()


async def test_kinds_that_are_switched_off_say_so() -> None:
    async with on_stage(stream=StreamSettings(enable_prices=False, enable_wallets=False)) as stage:
        assert "stream.enable_prices is false" in stage.text()
        assert "stream.enable_wallets is false" in stage.text()
        assert stage.manager.asked == []


async def test_only_what_is_invented_is_marked_when_the_rest_is_real() -> None:
    async with on_stage() as stage:
        stage.manager.set_status("birdeye", demo=True)
        await stage.pass_time(1.0)
        assert "DEMO prices" in stage.lines()[0]
        assert "DEMO" in stage.line("PRICES")
        assert "DEMO" not in stage.line("TRANSACTIONS")
        assert "DEMO" in stage.line("birdeye  ")
        assert "DEMO" not in stage.line("helius  ")


async def test_narrow_screens_drop_columns_and_keep_price_and_age() -> None:
    async with on_stage(size=(46, 20)) as stage:
        await stage.tell(stage.price("SOL", "150", volume_24h=Decimal(1_000_000)), stage.transaction())
        assert "150.00" in stage.line("SOL ")
        assert "now" in stage.line("SOL ")
        assert "1.00M" not in stage.text()
        assert "? help" in stage.lines()[-1]
        assert "q quit" in stage.lines()[-1]
        assert all(len(line) <= 46 for line in stage.lines())


async def test_under_a_dialog_prices_keep_up_once_a_second() -> None:
    async with on_stage() as stage:
        await stage.tell(stage.price("SOL", "150"))
        await stage.press("question_mark")
        await stage.tell(stage.price("SOL", "151"))
        await stage.pass_time(1.0)
        await stage.press("escape")
        assert "151.00" in stage.line(" SOL ")


async def test_in_a_flood_rows_come_with_every_frame_and_titles_change_five_times_a_second() -> None:
    async with on_stage(ui=UiSettings(frames_per_second=20)) as stage:
        assert stage.pilot is not None
        titles, newest = [], []
        for number in range(1, 41):
            stage.manager.tell(stage.transaction(number, summary=f"received {number} SOL"))
            await stage.settle(stage.pilot, 0.05)
            titles.append(stage.line("TRANSACTIONS"))
            newest.append(f"received {number} SOL" in stage.text())
        assert all(newest)
        changes = sum(before != after for before, after in pairwise(titles[20:]))
        assert 4 <= changes <= 8, "in the second second of it"
        await stage.pass_time(1.0)
        assert " 40 " in stage.line("TRANSACTIONS")
