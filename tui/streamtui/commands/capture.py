"""``--capture FILE``: recording the network traffic of a command to a file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from streamcore import SettingsError
from streamtui import __version__
from streamtui.stderr import say

if TYPE_CHECKING:
    from streamcore.recording import Capture


@contextmanager
def capturing(file: Path | None, *, on_screen: bool) -> Iterator[Capture | None]:
    """Yield a capture that writes to ``file``, or ``None`` without one.

    Args:
        file: Where to; it must not be there yet.
        on_screen: Whether log lines are visible on standard error while the command runs. If not, a capture
            that has ended early is reported at the end.

    Raises:
        SettingsError: The file is there already, or cannot be made.
    """
    if file is None:
        yield None
        return
    from streamcore.recording import Capture

    try:
        capture = Capture(file, program=f"streamtui {__version__}")
    except FileExistsError as error:
        reason = "is there already, and is never overwritten: name another file"
        raise SettingsError("capture", str(file), reason, "option --capture") from error
    except OSError as error:
        reason = f"cannot be written: {error.strerror or type(error).__name__}"
        raise SettingsError("capture", str(file), reason, "option --capture") from error
    try:
        with capture:
            yield capture
    finally:
        if capture.ended and not on_screen:
            say(f"warning: {capture.ended}")
