"""What is said when something was copied: nobody knows whether it has arrived."""

from __future__ import annotations

import os
from collections.abc import Mapping


def sent(what: str, text: str, environ: Mapping[str, str] = os.environ) -> str:
    """Return the sentence that tells that a text was sent to the clipboard of the terminal.

    The terminal is asked by a control sequence and gives no answer; many have to be allowed to obey it, and
    what stands between, such as tmux, may drop it.

    Args:
        what: What the text is, such as ``the signature``.
        text: What was sent.
        environ: The variables of the process, which tell whether tmux stands between.
    """
    hint = " (tmux passes it on with: set -g set-clipboard on)" if environ.get("TMUX") else ""
    return f"Sent to the terminal's clipboard: {what} {text}{hint}"
