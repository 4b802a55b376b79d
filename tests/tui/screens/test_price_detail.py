"""Everything about one price, with the chart of its past."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from candle_series import wandering
from fake_manager import status
from msgspec.structs import replace
from stage import Stage, on_stage

from streamcore.candles import CandleSeries, ChartRange
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind, State
from streamtui.model.price_chart import REST, RETRY
from streamtui.screens.main.screen import MainScreen
from streamtui.screens.price_detail import FIRST_QUOTE, QUOTE_EVERY
from streamtui.widgets.chart import Chart


def give(stage: Stage, symbol: str = "SOL", **more: Any) -> dict[ChartRange, CandleSeries]:
    """Let the engine have a past of a symbol in every range."""
    address = stage.manager.describe(symbol).mint or None
    fields = {"symbol": symbol, "market": f"{symbol}/USD", "address": address, **more}
    made = {span: wandering(span, **fields) for span in ChartRange}
    stage.manager.fresh_series.update({(symbol, span): series for span, series in made.items()})
    return made


def only_file_in(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


async def test_enter_shows_everything_about_a_price_and_keeps_it_moving() -> None:
    async with on_stage() as stage:
        await stage.press("enter")
        assert "waiting for the first price" in stage.text()
        await stage.tell(
            stage.price(
                "SOL",
                "150.123456789",
                bid=Decimal("150.11"),
                ask=Decimal("150.13"),
                high_24h=Decimal(155),
                low_24h=Decimal(149),
                vwap_24h=Decimal("151.5"),
                trades_24h=54321,
            )
        )
        await stage.pass_time(1.0)
        for wanted in (
            "Solana",
            "So11111111111111111111111111111111111111112",
            "150.123456789 USD",
            "now",
            "150.11 / 150.13, spread 1.3 bp",
            "low 149.00 ──●───────── 155.00 high",
            "151.50 USD",
            "54,321",
        ):
            assert wanted in stage.text()
        await stage.pass_time(40.0)
        assert "old" in stage.line("confirmed")
        await stage.press("escape")
        assert isinstance(stage.app.screen, MainScreen)


async def test_bid_and_ask_of_the_row_that_is_looked_at_are_asked_for_every_few_seconds() -> None:
    async with on_stage() as stage:
        await stage.pass_time(10.0)
        await stage.press("enter")
        await stage.pass_time(FIRST_QUOTE - 1.0)
        assert not stage.manager.asked_for("ask_quote")
        await stage.pass_time(2.5)
        assert stage.manager.asked_for("ask_quote") == [("SOL",)]
        await stage.pass_time(QUOTE_EVERY - 3.0)
        assert len(stage.manager.asked_for("ask_quote")) == 1
        await stage.pass_time(3.0)
        assert len(stage.manager.asked_for("ask_quote")) == 2
        await stage.press("down")
        await stage.pass_time(FIRST_QUOTE + 1.0)
        assert stage.manager.asked_for("ask_quote")[2:] == [("BTC",)]
        await stage.press("escape")
        await stage.pass_time(2 * QUOTE_EVERY)
        assert len(stage.manager.asked_for("ask_quote")) == 3


async def test_while_a_chart_is_waited_for_no_quote_is_asked_for() -> None:
    async with on_stage() as stage:
        stage.manager.history_gate.clear()
        await stage.press("enter")
        await stage.pass_time(FIRST_QUOTE + QUOTE_EVERY)
        assert not stage.manager.asked_for("ask_quote")
        stage.manager.history_gate.set()
        await stage.pass_time(2.0)
        assert stage.manager.asked_for("ask_quote") == [("SOL",)]


async def test_the_chart_has_a_past_in_five_ranges_and_says_where_it_is_from() -> None:
    async with on_stage() as stage:
        made = give(stage)
        await stage.press("enter")
        assert "candles: Kraken SOL/USD, 15 min" in stage.text()
        assert "in 24 h" in stage.text()
        lengths = {"1": ("1h", "1 min"), "3": ("7d", "15 min"), "4": ("30d", "1 h"), "5": ("1y", "1 d")}
        for key, (span, length) in lengths.items():
            await stage.press(key)
            assert f"Kraken SOL/USD, {length}" in stage.text()
            assert stage.manager.asked_for("history")[-1] == ("SOL", span)
        assert "drawn as one (4 d)" in stage.text()
        change = made[ChartRange.YEAR].change
        assert change is not None
        assert f"{change:+.2f} % in 1 y" in stage.text()
        await stage.press("tab")
        assert "1 min" in stage.line("candles:")
        await stage.press("escape", "down", "enter")
        assert stage.manager.asked_for("history")[-1] == ("BTC", "1h"), "the range is the one chosen last"


async def test_a_shorter_past_says_since_when_it_is() -> None:
    async with on_stage() as stage:
        made = give(stage)
        year, day = made[ChartRange.YEAR], made[ChartRange.DAY]
        stage.manager.fresh_series["SOL", ChartRange.YEAR] = replace(year, candles=year.candles[-56:])
        stage.manager.fresh_series["SOL", ChartRange.DAY] = replace(day, candles=day.candles[-8:])
        await stage.press("enter")
        assert "since 20:15" in stage.text()
        await stage.press("5")
        assert "since 4 Sep" in stage.text()


async def test_candles_or_a_line_and_a_crosshair_that_reads_out_what_it_stands_on() -> None:
    async with on_stage() as stage:
        made = give(stage)
        await stage.press("enter", "v")
        assert any("⠀" < character <= "⣿" for character in stage.text())
        await stage.press("v", "left", "left")
        crossed = made[ChartRange.DAY].candles[-2]
        line = stage.line("open ")
        assert line.split()[1:4] == ["29", "Oct", "21:45"]
        assert f"open {crossed.open:.2f}" in line
        assert f"close {crossed.close:.2f}" in line
        assert "volume" in line
        assert "SOL" in line
        await stage.press("home")
        assert "28 Oct 22:15" in stage.line("open ")
        await stage.press("escape")
        assert "open " not in stage.text(), "the crosshair goes first"
        await stage.press("escape")
        assert isinstance(stage.app.screen, MainScreen)


async def test_live_prices_move_the_last_candle() -> None:
    async with on_stage() as stage:
        give(stage, provider="birdeye")
        await stage.press("enter")
        await stage.tell(stage.price("SOL", "166.66"))
        await stage.pass_time(1.0)
        assert stage.line("166.66")
        stage.app.screen.query_one(Chart).move_crosshair(-1)
        await stage.press()
        assert "close 166.66" in stage.text()


async def test_what_is_remembered_shows_at_once_with_its_age_and_a_word_about_what_goes_on() -> None:
    async with on_stage() as stage:
        made = give(stage)
        old = replace(made[ChartRange.DAY], fetched_at=stage.clock.time() - 7200)
        stage.manager.cached_series["SOL", ChartRange.DAY] = old
        stage.manager.history_gate.clear()
        await stage.press("enter")
        assert "15 min · 2h old · loading…" in stage.text()
        stage.manager.history_gate.set()
        await stage.press("v")
        assert "old" not in stage.line("candles:")
        assert "loading" not in stage.text()


async def test_nothing_remembered_is_loading_until_it_comes() -> None:
    async with on_stage() as stage:
        give(stage)
        stage.manager.history_gate.clear()
        await stage.press("enter")
        assert "loading…" in stage.text()
        stage.manager.history_gate.set()
        await stage.press()
        assert "candles: Kraken" in stage.text()


async def test_a_failure_says_why_keeps_the_last_chart_and_is_tried_again() -> None:
    async with on_stage() as stage:
        give(stage)
        await stage.press("enter")
        error = ProviderError(ErrorKind.RATE_LIMIT, "Kraken asks for fewer requests (HTTP 429)")
        stage.manager.breaks_at["history"] = error
        await stage.press("r")
        assert "✗ Kraken asks for fewer requests (HTTP 429); again in 60 s, r now" in stage.text()
        assert "candles: Kraken SOL/USD, 15 min" in stage.text()
        assert "in 24 h" in stage.text()
        stage.manager.breaks_at.clear()
        await stage.pass_time(RETRY + 1)
        assert "✗" not in stage.text()


async def test_as_soon_as_a_lost_relay_is_back_the_chart_is_asked_for_again() -> None:
    async with on_stage() as stage:
        give(stage)
        lost = status("relay", relay="r.example:8787", state=State.FAILED)
        stage.manager.current["relay"] = lost
        stage.manager.breaks_at["history"] = ProviderError(ErrorKind.NETWORK, "the relay is lost")
        await stage.pass_time(1.0)
        await stage.press("enter")
        assert "✗ the relay is lost" in stage.text()
        await stage.pass_time(2.0)
        stage.manager.breaks_at.clear()
        stage.manager.current["relay"] = replace(lost, state=State.CONNECTED)
        await stage.pass_time(2.0)
        assert "✗" not in stage.text()
        assert "candles: Kraken" in stage.text()


async def test_without_any_past_the_chart_is_what_this_session_has_seen() -> None:
    async with on_stage() as stage:
        for minute in range(4):
            await stage.tell(stage.price("SOL", str(150 + minute)))
            await stage.pass_time(60.0)
        await stage.press("enter")
        assert "seen by this session, 1 min" in stage.text()
        assert "no source has a history of SOL" in stage.text()
        assert "since 22:00" in stage.text()


@pytest.mark.long
async def test_up_and_down_go_from_row_to_row_and_fifty_rows_ask_once() -> None:
    symbols = ("SOL", "BTC", "BONK", "USDC", "JUP", "WIF", "ETH", "PYTH", "RAY", "USDT")
    async with on_stage(symbols=symbols) as stage:
        give(stage, "SOL")
        give(stage, "USDT")
        await stage.press("enter")
        asked = len(stage.manager.asked_for("history"))
        await stage.press(*["down"] * 9, *["up"] * 9, *["down"] * 32)
        assert len(stage.manager.asked_for("history")) == asked
        await stage.pass_time(REST)
        assert [symbol for symbol, _ in stage.manager.asked_for("history")[asked:]] == ["USDT"]
        assert "candles: Kraken USDT/USD" in stage.text()
        await stage.press("escape")
        assert stage.app.screen.query_one("#price-table").cursor == stage.feed_key("USDT")  # type: ignore[attr-defined]


async def test_a_request_for_what_is_no_longer_shown_is_cancelled() -> None:
    async with on_stage() as stage:
        cancelled: list[str] = []
        history = stage.manager.history

        async def noted(symbol: str, span: ChartRange) -> CandleSeries:
            try:
                return await history(symbol, span)
            except asyncio.CancelledError:
                cancelled.append(span)
                raise

        stage.manager.history = noted  # type: ignore[method-assign]
        give(stage)
        stage.manager.history_gate.clear()
        await stage.press("enter", "5", "1")
        assert cancelled == ["24h", "1y"]
        await stage.press("escape")
        assert cancelled == ["24h", "1y", "1h"], "so does leaving"


@pytest.mark.parametrize(("key", "suffix"), [("e", ".csv"), ("E", ".json")])
async def test_the_candles_that_are_shown_can_be_exported(
    key: str, suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with on_stage() as stage:
        await stage.press("enter", key)
        assert "There are no candles to export." in stage.toasts()
        give(stage)
        await stage.press("r", key)
        for _ in range(100):
            if "96 candles written to" in stage.toasts():
                break
            await stage.press()
            await asyncio.sleep(0.01)
        assert "96 candles written to" in stage.toasts()
    path = only_file_in(tmp_path)
    assert path.name.startswith("streamtui-SOL-24h-")
    assert path.suffix == suffix


async def test_y_copies_the_mint() -> None:
    async with on_stage() as stage:
        await stage.press("enter", "y")
        assert stage.app.clipboard == stage.feed_key("SOL")


async def test_the_chart_is_drawn_in_the_smallest_terminal() -> None:
    async with on_stage(size=(46, 12)) as stage:
        give(stage)
        await stage.press("enter", "left", "5", "v", "end")
        assert "24 h" in stage.text()
        assert all(len(line) <= 46 for line in stage.lines())
