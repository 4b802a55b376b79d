"""The connections."""

from __future__ import annotations

from fake_manager import status
from stage import on_stage

from streamcore.events import State
from streamtui.screens.main.screen import MainScreen


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


async def test_a_relay_is_told_as_what_serves_everything_and_what_is_behind_a_lost_one_as_unknown() -> None:
    async with on_stage(size=(120, 40)) as stage:
        stage.manager.current["relay"] = status(
            "relay", relay="127.0.0.1:8787", topics=("BTC",), limits="200 symbols a terminal"
        )
        stage.manager.set_status("birdeye", state=State.CONNECTED, cut_off=True, reason="no relay")
        await stage.pass_time(1.0)
        await stage.press("c")
        assert "prices, unknown how it is; ◔ stale" in stage.text()
        assert "next try     unknown until the relay is back" in stage.text()
        assert "polling      unknown until the relay is back" in stage.text()
        await stage.press("down", "down")
        text = stage.text()
        assert "all that 127.0.0.1:8787 serves, connected; ● live" in text
        assert "limits       200 symbols a terminal" in text
        assert "watching     BTC" in text
        assert "polling" not in text


async def test_what_a_source_that_is_silent_suffers_from_is_no_all_is_well() -> None:
    async with on_stage(size=(120, 40)) as stage:
        stage.manager.set_status("birdeye", stale=True, last_message_at=stage.clock.time() - 41.0)
        await stage.pass_time(1.0)
        await stage.press("c")
        assert "reason       nothing has come for 42s" in stage.text()
        assert "all is well" not in stage.text()
        await stage.press("down")
        assert "reason       none, all is well" in stage.text()
        stage.manager.set_status("helius", idle=True, state=State.DISCONNECTED)
        await stage.pass_time(1.0)
        assert "reason       nothing of it is watched" in stage.text()


async def test_in_a_small_terminal_the_titles_of_the_columns_are_in_view_and_long_lines_hang() -> None:
    async with on_stage(size=(60, 20)) as stage:
        stage.manager.set_status(
            "birdeye", limits="100 tokens a connection, 7 requests/s (free key: 1 in 2 s)"
        )
        await stage.pass_time(1.0)
        await stage.press("c")
        lines = stage.text().splitlines()
        assert "PROVIDER" in lines[1]
        at = next(number for number, line in enumerate(lines) if "│  limits" in line)
        assert lines[at + 1].startswith("│" + " " * 15)
        assert lines[at + 1].strip("│ ") != ""
