"""Alerts leave the screen: bell, OSC 9, a command without a shell."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

from streamcore.config.screen import UiSettings
from streamtui.model.notifier import Notifier, osc_9


class Ways:
    def __init__(self, *, runs_commands: bool = True, **settings: Any) -> None:
        self.rung = 0
        self.written: list[str] = []
        self.failures: list[str] = []
        self.notifier = Notifier(
            UiSettings(**settings),
            bell=self._ring,
            write=self.written.append,
            failed=self.failures.append,
            runs_commands=runs_commands,
        )

    def _ring(self) -> None:
        self.rung += 1

    async def tell(self, text: str) -> None:
        self.notifier.tell(text)
        await asyncio.gather(*self.notifier._running)


async def test_the_bell_rings_unless_it_is_switched_off() -> None:
    ways, quiet = Ways(), Ways(bell=False)
    await ways.tell("x")
    await quiet.tell("x")
    assert (ways.rung, quiet.rung) == (1, 0)
    assert ways.written == []


async def test_a_desktop_notification_is_asked_for_when_wanted_and_cannot_be_ended_early() -> None:
    ways = Ways(desktop_notifications=True)
    await ways.tell("SOL \x07\x1b]0;evil\x07")
    (written,) = ways.written
    assert written.startswith("\x1b]9;")
    assert written.count("\x1b") == 1
    assert written.count("\x07") == 1
    assert osc_9("a") == "\x1b]9;a\x07"


async def test_a_command_gets_the_text_as_one_argument_and_no_shell(tmp_path: Path) -> None:
    out = tmp_path / "out"
    script = f"import sys; open({str(out)!r}, 'w').write(repr(sys.argv[1:]))"
    ways = Ways(alert_command=(sys.executable, "-c", script, "alert: {text}"))
    await ways.tell("SOL; rm -rf $HOME `x` above 200")
    assert out.read_text() == repr(["alert: SOL; rm -rf $HOME `x` above 200"])
    assert ways.failures == []


async def test_a_command_that_fails_is_reported() -> None:
    ways = Ways(alert_command=("/nowhere/program",))
    await ways.tell("x")
    assert "/nowhere/program does not run" in ways.failures[0]
    ways = Ways(alert_command=(sys.executable, "-c", "raise SystemExit(3)"))
    await ways.tell("x")
    assert "ended with status 3" in ways.failures[0]


async def test_no_command_runs_for_a_browser_and_that_is_told_once(tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    command = (sys.executable, "-c", f"open({str(ran)!r}, 'w')")
    ways = Ways(alert_command=command, runs_commands=False)
    await ways.tell("x")
    await ways.tell("y")
    assert ways.failures == ["no alert command runs for a browser: it would run on the machine of the server"]
    assert ways.rung == 2
    assert not ran.exists()
