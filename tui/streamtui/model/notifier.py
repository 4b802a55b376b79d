"""Notifying about an alert outside the screen: the terminal's bell, the desktop, a command."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from streamcore import UiSettings, printable

logger = logging.getLogger(__name__)

COMMANDS_AT_ONCE = 4
"""Commands that may run at the same time; a further alert waits for none of them and starts none."""
COMMAND_TIMEOUT = 30.0
"""Seconds a command may take before it is ended."""


class Notifier:
    """Sends alerts by every way that the settings enable.

    Args:
        settings: Which ways are enabled, and the command.
        bell: Rings the terminal.
        write: Writes a control sequence to the terminal.
        failed: Takes a sentence about a command that did not work.
        runs_commands: Whether the command may be run; if not, that is told once.
    """

    def __init__(
        self,
        settings: UiSettings,
        *,
        bell: Callable[[], None],
        write: Callable[[str], None],
        failed: Callable[[str], None],
        runs_commands: bool = True,
    ) -> None:
        self._settings = settings
        self._bell = bell
        self._write = write
        self._failed = failed
        self._runs_commands = runs_commands
        self._has_told = False
        """Whether it was told that no command is run."""
        self._running: set[asyncio.Task[None]] = set()

    def tell(self, text: str) -> None:
        """Send the text of an alert; returns at once, a command runs in a task."""
        if self._settings.bell:
            self._bell()
        if self._settings.desktop_notifications:
            self._write(osc_9(text))
        if self._settings.alert_command and not self._runs_commands:
            if not self._has_told:
                self._has_told = True
                self._failed("no alert command runs for a browser: it would run on the machine of the server")
        elif self._settings.alert_command:
            if len(self._running) >= COMMANDS_AT_ONCE:
                logger.warning("no command for an alert: %s are running", COMMANDS_AT_ONCE)
                return
            task = asyncio.create_task(self._run([*self._settings.alert_command], text))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _run(self, command: list[str], text: str) -> None:
        arguments = [word.replace("{text}", printable(text)) for word in command]
        nothing = asyncio.subprocess.DEVNULL
        try:
            process = await asyncio.create_subprocess_exec(
                *arguments, stdin=nothing, stdout=nothing, stderr=nothing
            )
        except OSError as error:
            self._failed(f"the alert command {command[0]} does not run: {error.strerror or error}")
            return
        try:
            async with asyncio.timeout(COMMAND_TIMEOUT):
                status = await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
            self._failed(f"the alert command {command[0]} took longer than {COMMAND_TIMEOUT:g} s")
        else:
            if status:
                self._failed(f"the alert command {command[0]} ended with status {status}")


def osc_9(text: str) -> str:
    """Return the control sequence (OSC 9) for a desktop notification; control characters are removed."""
    return f"\x1b]9;{printable(text)}\x07"
