"""What the app touches of Textual that Textual does not document. Nothing else in the app may.

``pyproject.toml`` bounds the version of Textual for its sake, and a test says which of it is there no more.
"""

from __future__ import annotations

from codecs import IncrementalDecoder, getincrementaldecoder
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.app import App

TOUCHED = (
    "textual.app:App._driver",
    "textual.drivers.linux_driver:getincrementaldecoder",
)
"""Each as its module and what it is in there."""


def write_sequence(app: App[None], sequence: str) -> None:
    """Write a control sequence to the terminal of an app; without a terminal do nothing.

    Textual rings the bell and fills the clipboard this way, and has no door for another sequence.
    """
    driver = app._driver
    if driver is not None and not app.is_headless:
        driver.write(sequence)


def accept_any_input() -> None:
    """Read a byte that is no UTF-8 as ``\ufffd``: Textual would end the app with a traceback.

    Such a byte comes from a terminal that is set to another encoding, or from line noise. It must be called
    before the app starts; on a platform where Textual reads the keyboard another way it does nothing.
    """
    try:
        from textual.drivers import linux_driver
    except ImportError:
        return
    linux_driver.getincrementaldecoder = _forgiving_decoder  # type: ignore[attr-defined, assignment]


def _forgiving_decoder(encoding: str) -> Callable[[], IncrementalDecoder]:
    return partial(getincrementaldecoder(encoding), errors="replace")
