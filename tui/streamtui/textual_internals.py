"""Every use of undocumented parts of Textual in the app; nothing outside this file may use any.

``pyproject.toml`` therefore has an upper bound for Textual, and a test says which part a new version lacks.
"""

from __future__ import annotations

from codecs import getincrementaldecoder
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.app import App

TOUCHED = (
    "textual.app:App._driver",
    "textual.drivers.linux_driver:getincrementaldecoder",
)
"""The parts used, each as ``module:name``."""

ESCAPE = "\x1b"
PASTE_START, PASTE_END = "\x1b[200~", "\x1b[201~"
"""What a terminal puts around a pasted text when it has been asked to mark it."""
BURST, DIFFERENT = 5, 3
"""Text of at least ``BURST`` characters at once, ``DIFFERENT`` of them distinct, was pasted, not typed."""


def write_sequence(app: App[None], sequence: str) -> None:
    """Write a control sequence to the terminal of an app; without a terminal do nothing.

    Textual does the same for the bell and the clipboard, but has no public method for other sequences.
    """
    driver = app._driver
    if driver is not None and not app.is_headless:
        driver.write(sequence)


def read_input_carefully(is_typing: Callable[[], bool]) -> None:
    """Keep unusual input from ending the app. It must be called before the app starts.

    A byte that is not UTF-8, from a terminal set to another encoding or from line noise, is read as
    ``\ufffd``: Textual would end the app with a traceback. Text that a terminal without bracketed paste sends
    in one go is read as pasted, unless an input has the focus: taken as keys, the first ``q`` in it would
    quit. On a platform where Textual reads the keyboard in another way this does nothing.

    Args:
        is_typing: Returns whether an input has the focus; it is called in another thread.
    """
    try:
        from textual.drivers import linux_driver
    except ImportError:
        return
    linux_driver.getincrementaldecoder = lambda encoding: partial(  # type: ignore[attr-defined, assignment]
        TerminalDecoder, encoding, is_typing
    )


class TerminalDecoder:
    """Decodes what a terminal sends, chunk by chunk as it is read; see `read_input_carefully`."""

    def __init__(self, encoding: str, is_typing: Callable[[], bool]) -> None:
        self._decode = getincrementaldecoder(encoding)(errors="replace").decode
        self._is_typing = is_typing
        self._pasting = False
        """Whether a paste that is marked as one has not ended yet."""

    def decode(self, data: bytes, final: bool = False) -> str:
        """Return the text of a chunk, between the marks of a paste if it was pasted."""
        text = self._decode(data, final)
        pasting = self._pasting
        start, end = text.rfind(PASTE_START), text.rfind(PASTE_END)
        self._pasting = start > end or (pasting and end < 0)
        plain, escape, rest = text.partition(ESCAPE)  # a key may have been pressed right after it
        if not pasting and is_burst(plain) and not self._is_typing():
            return f"{PASTE_START}{plain}{PASTE_END}{escape}{rest}"
        return text


def is_burst(text: str) -> bool:
    """Return whether a text that came at once was not typed: too long, and not one key held down."""
    return len(text) >= BURST and len(set(text)) >= DIFFERENT
