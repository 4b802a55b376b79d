"""The input for names: it accepts pasted text of several lines, and refuses the secret of a wallet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual import events
from textual.message import Message
from textual.widgets import Input

from streamcore import secret_refusal

PAUSE = 0.25
"""Seconds without a key after which what comes is no more of a secret that was pasted."""


class EntryLine(Input):
    """An input that keeps all lines of a pasted text, joined by spaces.

    Text that looks like a wallet's secret never becomes its value: the input is emptied, and `SecretRefused`
    is posted with the reason. The text itself is not kept anywhere.
    """

    class SecretRefused(Message):
        """What was typed or pasted looks like a wallet's secret, and is gone."""

        def __init__(self, reason: str) -> None:
            """``reason``: a sentence for the person."""
            super().__init__()
            self.reason = reason

    def __init__(self, value: str = "", *, known: Callable[[str], bool] | None = None, **more: Any) -> None:
        """Make the line.

        Args:
            value: What it holds at first.
            known: Returns whether a text is public and no secret, such as a signature on the screen.
            more: Other arguments of `Input`.
        """
        self._known = known
        self.refused = False
        """Whether the input is empty because a secret was refused."""
        self._key_at = float("-inf")
        super().__init__(value, **more)

    def validate_value(self, value: str) -> str:
        """Take a text, unless it looks like a wallet's secret."""
        reason = self._refusal(value)
        if reason is not None:
            self._refuse(reason)
            return ""
        if value:
            self.refused = False
        return value

    def on_key(self, event: events.Key) -> None:
        """Drop what is left of a secret that comes key by key.

        Terminals that do not mark what is pasted send it so, and the beginning of a secret gives it away.
        """
        before, self._key_at = self._key_at, event.time
        if self.refused and event.time - before < PAUSE:
            event.stop()
            event.prevent_default()

    def on_paste(self, event: events.Paste) -> None:
        """Insert all lines of the pasted text; `Input` would keep only the first."""
        event.stop()
        event.prevent_default()
        if (reason := self._refusal(event.text)) is not None:
            self.value = ""
            self._refuse(reason)
            return
        start, end = self.selection
        self.replace(" ".join(event.text.split()), min(start, end), max(start, end))

    def _refusal(self, text: str) -> str | None:
        reason = secret_refusal(text)
        if reason is None or (self._known is not None and self._known(text.strip())):
            return None
        return f"what was there {reason}"

    def _refuse(self, reason: str) -> None:
        self.refused = True
        # after `Input.Changed`, whose handlers clear the last error
        self.call_next(self.post_message, self.SecretRefused(reason))
