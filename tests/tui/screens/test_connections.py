"""The connections."""

from __future__ import annotations

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
