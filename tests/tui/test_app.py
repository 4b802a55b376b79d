"""The app: starting, alerts over every screen, the palette, leaving."""

from __future__ import annotations

import pytest
from fake_manager import FakeManager
from manual_clock import ManualClock
from sample_events import trouble
from stage import WALLET, on_stage
from textual.command import CommandPalette
from textual_internals import toasts_of

from streamcore.config.model import Settings
from streamcore.events import ErrorKind
from streamtui.app import StreamTuiApp
from streamtui.keys import COMMANDS
from streamtui.model.updates import TICK
from streamtui.screens.main.screen import MainScreen


async def test_every_command_is_in_the_palette() -> None:
    async with on_stage() as stage:
        titles = {command.title for command in stage.app.get_system_commands(stage.app.screen)}
        assert {command.title for command in COMMANDS} - {"Command palette"} <= titles


async def test_the_palette_runs_a_command() -> None:
    async with on_stage() as stage:
        await stage.press("ctrl+p")
        assert isinstance(stage.app.screen, CommandPalette)


async def test_a_command_of_the_palette_does_what_its_key_does() -> None:
    async with on_stage() as stage:
        await stage.press("ctrl+p")
        await stage.type("next sort")
        await stage.pass_time(0.5)
        await stage.press("enter")
        await stage.pass_time(0.5)
        assert "symbol" in stage.line("PRICES")
        await stage.press("ctrl+p")
        await stage.type("reconnect all")
        await stage.pass_time(0.5)
        await stage.press("enter")
        await stage.pass_time(0.5)
        assert stage.manager.asked_for("reconnect_all") == [()], "what takes time is waited for, too"


async def test_over_a_dialog_the_palette_offers_only_what_works_there() -> None:
    async with on_stage() as stage:
        await stage.press("s")
        assert {c.title for c in stage.app.get_system_commands(stage.app.screen)} == {"Change theme", "Quit"}


async def test_over_a_chart_the_palette_offers_what_its_keys_do() -> None:
    async with on_stage() as stage:
        await stage.press("enter")
        offered = {c.title: c for c in stage.app.get_system_commands(stage.app.screen)}
        assert {"Chart of 1 y", "Candles or line", "Next price", "Export as CSV"} <= set(offered)
        await offered["Chart of 1 y"].callback()  # type: ignore[misc]
        await stage.press()
        assert stage.manager.asked_for("history")[-1] == ("SOL", "1y")


@pytest.mark.parametrize("key", ["q", "ctrl+q", "ctrl+c"])
async def test_the_keys_to_leave_close_the_engine(key: str) -> None:
    async with on_stage() as stage:
        await stage.press(key)
        assert not stage.app.is_running
    assert stage.app.return_code == 0
    await stage.clock.settle()
    assert stage.manager.closed


async def test_what_ends_the_app_by_an_error_is_not_status_0() -> None:
    async with on_stage() as stage:
        stage.app.panic("the keyboard is gone")
    assert stage.app.return_code == 1


async def test_that_the_engine_has_started_is_told_once() -> None:
    told: list[int] = []
    engines: list[FakeManager] = []

    def make(settings: Settings) -> FakeManager:
        engines.append(FakeManager(settings))
        return engines[-1]

    clock = ManualClock()
    app = StreamTuiApp(
        Settings(symbols=("SOL",)),
        engine_factory=make,
        clock=clock,
        started=lambda: told.append(len(engines)),
    )
    async with app.run_test() as pilot:
        await pilot.pause()
        await clock.advance(TICK)
        await pilot.press("D")
        await pilot.pause()
        await clock.advance(TICK)
    assert len(engines) == 2, "the second one is that of the demo"
    assert told == [1]


async def test_that_the_engine_could_not_be_started_is_told_too() -> None:
    told: list[bool] = []

    def fails(settings: Settings) -> FakeManager:
        raise OSError("no more sockets")

    clock = ManualClock()
    app = StreamTuiApp(
        Settings(), engine_factory=fails, clock=clock, started=lambda: told.append(app.session.running)
    )
    async with app.run_test() as pilot:
        await pilot.pause()
        await clock.advance(TICK)
        await pilot.pause()
    assert told == [False]


async def test_ctrl_c_leaves_from_a_dialog_too() -> None:
    async with on_stage() as stage:
        await stage.press("s", "ctrl+c")
        assert not stage.app.is_running


async def test_a_burst_of_alerts_is_one_toast_and_a_number_until_somebody_looks() -> None:
    async with on_stage() as stage:
        await stage.press("a")
        await stage.type(f"{WALLET} any")
        await stage.press("enter", "escape")
        await stage.tell(*(stage.transaction(number) for number in range(1, 9)))
        assert stage.toasts().count("Alert:") == 1
        assert "7 more; a shows them" in stage.toasts()
        assert "8 alerts · a" in stage.lines()[0]
        await stage.press("escape")
        assert not stage.toasts()
        assert "8 alerts · a" in stage.lines()[0]


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


async def test_drawing_that_failed_is_told_and_starts_again_with_the_engine() -> None:
    async with on_stage() as stage:
        main = stage.app.screen
        assert isinstance(main, MainScreen)
        paint, breaks = main.paint, [RuntimeError()]

        def breaks_once() -> float:
            if breaks:
                raise breaks.pop()
            return paint()

        main.paint = breaks_once  # type: ignore[method-assign]
        await stage.tell(stage.price("SOL", "150"))
        assert "the frames failed: RuntimeError" in stage.text()
        await stage.press("R")
        await stage.pass_time(1.0)
        await stage.tell(stage.price("SOL", "151"))
        await stage.pass_time(0.2)
        assert "151.00" in stage.line("SOL ")
        assert "failed" not in stage.text()


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


async def test_nine_unknown_symbols_are_told_in_one_message() -> None:
    unknown = tuple(f"NOPE{number}" for number in range(9))
    async with on_stage(symbols=("SOL", *unknown)) as stage:
        assert stage.manager.asked_for("subscribe_prices") == [("SOL",)]
        (toast,) = toasts_of(stage.app)
        assert toast.count("is not a ticker") == 3
        assert "… and 6 more like these" in toast


async def test_what_no_source_has_is_told_in_one_message() -> None:
    async with on_stage() as stage:
        await stage.tell(
            *(
                trouble(f"no source in use has TOKEN{number}", provider="", kind=ErrorKind.SUBSCRIPTION)
                for number in range(3)
            )
        )
        (toast,) = toasts_of(stage.app)
        assert toast.splitlines() == [f"no source in use has TOKEN{number}" for number in range(3)]


async def test_an_unknown_symbol_in_the_settings_does_not_keep_the_others_away() -> None:
    async with on_stage(symbols=("SOL", "NOPE[x]", "BTC")) as stage:
        assert stage.manager.asked_for("subscribe_prices") == [("SOL",), ("BTC",)]
        assert stage.line("BTC ").startswith(" BTC")
        assert "NOPE[x]" in stage.toasts()
