"""The line in which a person types names: it takes what is pasted whole, and no wallet's secret."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual import events
from textual.message import Message
from textual.widgets import Input

from streamcore import secret_refusal


class EntryLine(Input):
    """A line that keeps all of what is pasted: a list may come line by line.

    What looks like a wallet's secret never becomes its value: the line is emptied, and `SecretRefused` says
    why. Whoever shows that must not repeat what was typed, and cannot: nobody has it.
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
            known: Returns whether a text is on the screen already, as a signature may be, and so no secret.
            more: What `Input` takes.
        """
        self._known = known
        self.refused = False
        """Whether it is empty because a secret was refused."""
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

    def on_paste(self, event: events.Paste) -> None:
        """Put what is pasted into the line, in the place of the one line that `Input` would keep."""
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
        # behind the message that the line has changed, which puts away what was said before
        self.call_next(self.post_message, self.SecretRefused(reason))
