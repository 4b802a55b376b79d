"""What the main screen shows of the data it is given."""

from __future__ import annotations

from decimal import Decimal

from fake_manager import status
from stage import WALLET, on_stage, some_life, without_keys
from textual_internals import count_as_painted, waits_for_repaint

from streamcore.config.model import StreamSettings, UiSettings
from streamcore.events import State
from streamtui.widgets.price_table import PriceTable


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


async def test_text_from_outside_is_shown_as_it_is() -> None:
    async with on_stage() as stage:
        summary = "called Memo: [bold]x[/] [@click=app.quit]y[/] \x1b[2J\u202e"
        await stage.tell(stage.transaction(summary=summary))
        assert "[bold]x[/] [@click=app.quit]y[/] ␛[2J\\u202e" in stage.text()


async def test_a_hostile_reason_is_shown_as_it_is() -> None:
    async with on_stage() as stage:
        stage.manager.set_status("birdeye", state=State.FAILED, reason="[red]no[/red] \x1b]0;x\x07")
        await stage.pass_time(1.0)
        assert "[red]no[/red] ␛]0;x␇" in stage.line("birdeye  ")


async def test_the_clock_shows_the_time_of_the_newest_data_and_stands_still_without() -> None:
    async with on_stage() as stage:
        assert "last data --:--:--" in stage.lines()[0]
        await stage.tell(stage.price("SOL", "150"))
        shown = stage.lines()[0]
        assert "last data 22:00:00" in shown
        await stage.pass_time(10.0)
        assert stage.lines()[0] == shown
        await stage.pass_time(60.0)
        assert "last data 22:00:00 1m ago" in stage.lines()[0]


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


async def test_an_engine_that_cannot_start_is_shown_and_can_be_started_again() -> None:
    async with on_stage() as stage:
        stage.breaks_at_start = OSError("no route [to] host")
        await stage.tell(RuntimeError("the far side is [gone]"))
        assert "○ down" in stage.text()
        assert "the engine failed: the far side is [gone]" in stage.text()
        assert "R starts again" in stage.text()
        assert stage.managers[0].closed
        await stage.press("R")
        assert "no route [to] host" in stage.text()
        stage.breaks_at_start = None
        await stage.press("r")
        await stage.pass_time(1.0)
        assert "● live" in stage.text()
        assert stage.manager.asked_for("subscribe_prices") == [("SOL", "BTC")]
        assert stage.manager.asked_for("subscribe_wallets") == [(WALLET,)]


async def test_wallets_that_cannot_be_opened_are_told_and_tried_again_with_r() -> None:
    async with on_stage(breaks_at={"subscribe_wallets": RuntimeError("the table is [gone]")}) as stage:
        assert "○ down" in stage.text()
        assert "R starts again · opening the wallets failed: the table is [gone]" in stage.text()
        assert "Not everything could be opened" in stage.text()
        assert "Starting …" not in stage.text()
        await stage.tell(stage.price("SOL", "150"))
        assert "150.00" in stage.line("SOL "), "what could be opened goes on"
        stage.breaks_at.clear()
        await stage.press("r")
        await stage.pass_time(1.0)
        assert "● live" in stage.text()
        assert stage.manager.asked_for("subscribe_prices") == [("SOL", "BTC")]
        assert stage.manager.asked_for("subscribe_wallets") == [(WALLET,)]


async def test_prices_that_cannot_be_opened_keep_no_wallet_away() -> None:
    async with on_stage(breaks_at={"subscribe_prices": OSError("no such file")}) as stage:
        assert "opening the prices failed: no such file" in stage.text()
        assert stage.manager.asked_for("subscribe_wallets") == [(WALLET,)]
        stage.breaks_at.clear()
        await stage.press("R")
        await stage.pass_time(1.0)
        assert stage.manager.asked_for("subscribe_prices") == [("SOL", "BTC")]


async def test_a_watchlist_with_an_unknown_symbol_does_not_keep_the_app_starting() -> None:
    async with on_stage(symbols=(), watchlists={"mine": ("NOPE",)}) as stage:
        assert "Starting …" not in stage.text()
        assert stage.manager.asked_for("subscribe_wallets") == [(WALLET,)]
        assert "NOPE" in stage.toasts()


async def test_an_unknown_symbol_in_the_settings_does_not_keep_the_others_away() -> None:
    async with on_stage(symbols=("SOL", "NOPE[x]", "BTC")) as stage:
        assert stage.manager.asked_for("subscribe_prices") == [("SOL",), ("BTC",)]
        assert stage.line("BTC ").startswith(" BTC")
        assert "NOPE[x]" in stage.toasts()


async def test_a_symbol_named_twice_is_one_row_and_one_subscription() -> None:
    async with on_stage(symbols=("SOL", "wsol")) as stage:
        assert stage.manager.asked_for("unsubscribe_prices") == [("SOL",)]
        assert "1 price " in stage.lines()[0]


async def test_empty_panes_say_why_and_what_to_press() -> None:
    async with on_stage(symbols=(), wallets=()) as stage:
        assert "No symbols are watched." in stage.text()
        assert "Press s" in stage.text()
        assert "No wallets are watched." in stage.text()
        assert "Press w" in stage.text()


async def test_an_empty_feed_names_the_trouble_of_its_provider() -> None:
    async with on_stage() as stage:
        assert "Waiting for the next transaction of Gfyz…eN6T" in stage.text()
        stage.manager.set_status(
            "helius", state=State.FAILED, parked=True, reason="Helius refused the API key"
        )
        await stage.pass_time(1.0)
        assert "Nothing yet: helius is down." in stage.text()


async def test_kinds_that_are_switched_off_say_so() -> None:
    async with on_stage(stream=StreamSettings(enable_prices=False, enable_wallets=False)) as stage:
        assert "stream.enable_prices is false" in stage.text()
        assert "stream.enable_wallets is false" in stage.text()
        assert stage.manager.asked == []


async def test_a_wallet_is_called_by_its_label() -> None:
    async with on_stage(labels={WALLET: "treasury"}) as stage:
        await stage.tell(stage.transaction())
        assert "treasury" in stage.line("received 1.5 SOL")


async def test_a_provider_that_reconnects_tells_the_attempt_the_wait_and_the_reason() -> None:
    async with on_stage() as stage:
        stage.manager.set_status(
            "birdeye",
            state=State.FALLBACK,
            fallback=True,
            attempt=2,
            retry_at=stage.clock.time() + 8.5,
            reason="connection lost: no close frame",
        )
        await stage.pass_time(1.0)
        assert "◐ polling" in stage.line("birdeye  ")
        assert "try 2 in 8 s · connection lost: no close frame" in stage.line("birdeye  ")
        await stage.pass_time(3.0)
        assert "try 2 in 5 s" in stage.line("birdeye  ")


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


async def test_a_terminal_without_room_says_what_it_needs_and_recovers() -> None:
    async with on_stage(size=(39, 9)) as stage:
        assert "Too small: 39x9" in stage.text()
        assert "Needed: 46x12" in stage.text()
        assert stage.pilot is not None
        await stage.pilot.resize_terminal(30, 8)
        assert "Too small: 30x8" in stage.text()
        await stage.pilot.resize_terminal(80, 24)
        await stage.pilot.resize_terminal(33, 9)
        assert "Too small: 33x9" in stage.text()
        await stage.pilot.resize_terminal(80, 24)
        await stage.pass_time(1.0)
        assert "PRICES" in stage.text()


async def test_under_a_dialog_prices_keep_up_once_a_second() -> None:
    async with on_stage() as stage:
        await stage.tell(stage.price("SOL", "150"))
        await stage.press("question_mark")
        await stage.tell(stage.price("SOL", "151"))
        await stage.pass_time(1.0)
        await stage.press("escape")
        assert "151.00" in stage.line(" SOL ")


async def test_a_filter_keeps_to_the_rows_that_match_while_data_comes() -> None:
    async with on_stage() as stage:
        await stage.press("slash")
        await stage.type("sol")
        await stage.tell(stage.price("SOL", "150"), stage.price("BTC", "100000"))
        await stage.pass_time(4.0)
        assert "150.00" in stage.line(" SOL ")
        assert "BTC" not in stage.text()


async def test_more_providers_than_there_is_room_for_are_counted_and_each_kind_keeps_its_first() -> None:
    async with on_stage(size=(80, 12)) as stage:
        without_keys(stage)
        for name in ("coinbase", "jupiter", "dexscreener"):
            stage.manager.current[name] = status(name)
        await stage.pass_time(1.0)
        shown = "\n".join(stage.lines()[-4:-1])
        assert "kraken" in shown
        assert "4 more, 4 of them well" in shown


async def test_what_does_not_fit_into_the_narrowest_line_ends_with_an_ellipsis() -> None:
    async with on_stage(size=(46, 24)) as stage:
        summary = "received 123,456.789 USDC from 7xKX…gAsU for nothing at all"
        await stage.tell(stage.transaction(summary=summary))
        line = stage.line("received")
        assert line.endswith("…")
        assert len(line) <= 46
