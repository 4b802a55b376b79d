"""What stands between the app and the server of a tab: pipes in the place of a terminal."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from textual import messages
from textual.app import App
from textual.drivers.web_driver import WebDriver

from streamtui.format.texts import NO_FILES
from streamtui.terminal import end_within
from streamtui.web.confinement import confine

LEAVE_WITHIN = 2.0
"""Seconds from the end of the server until the process has ended."""


class BrowserDriver(WebDriver):
    """Textual's driver for browsers, which hands over no file, opens no address and ends with its server."""

    def __init__(self, app: App[Any], **more: Any) -> None:
        super().__init__(app, **more)
        self._shown = app
        confine()

    def write(self, data: str) -> None:
        """Write to the server, to the end: a pipe may take a part at a time."""
        encoded = data.encode("utf-8", "replace")
        left = memoryview(b"D%s%s" % (len(encoded).to_bytes(4, "big"), encoded))
        try:
            while left:
                left = left[os.write(self.fileno, left) :]
        except OSError:  # the server is gone, and nobody is left to tell it
            end_within(0)

    def run_input_thread(self) -> None:
        """Read what the server sends, and leave when it has ended."""
        super().run_input_thread()
        if not self.exit_event.is_set():
            end_within(LEAVE_WITHIN)
            self._shown.post_message(messages.ExitApp())

    def open_url(self, url: str, new_tab: bool = True) -> None:
        """Open nothing: an address on the screen may be part of the name of a stranger's token."""
        self._shown.notify("No address is opened from here.", severity="error", markup=False)

    def deliver_binary(
        self, binary: BinaryIO | TextIO, *, delivery_key: str, save_path: Path, **more: Any
    ) -> None:
        """Hand over no file."""
        binary.close()
        self._shown.notify(NO_FILES, severity="error", markup=False)
