"""The sentence shown after copying: the terminal does not confirm that the text has arrived."""

from __future__ import annotations

import os
from collections.abc import Mapping


def sent(what: str, text: str, environ: Mapping[str, str] = os.environ) -> str:
    """Return the sentence that says that a text was sent to the clipboard of the terminal.

    It is sent with a control sequence (OSC 52), which has no answer. Many terminals must be configured to
    accept it, and tmux may drop it.

    Args:
        what: What the text is, such as ``the signature``.
        text: What was sent.
        environ: The environment variables, which show whether this runs inside tmux.
    """
    hint = " (tmux passes it on with: set -g set-clipboard on)" if environ.get("TMUX") else ""
    return f"Sent to the terminal's clipboard: {what} {text}{hint}"
