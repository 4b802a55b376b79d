"""A terminal without room."""

from __future__ import annotations

from stage import on_stage


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


async def test_no_notification_covers_how_large_the_terminal_has_to_be() -> None:
    async with on_stage(size=(46, 12)) as stage:
        await stage.press("y")
        assert "clipboard" in stage.toasts()
        await stage.pilot.resize_terminal(30, 8)
        await stage.pass_time(0.1)
        assert "Too small: 30x8" in stage.text()
        assert "clipboard" not in stage.text()
