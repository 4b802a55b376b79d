"""Which of the two WebSocket libraries carries a stream.

The frames of prices are some hundred bytes each, and many: there picows, which the extra ``fast`` installs,
takes a fraction of the time. A transaction comes in tens of kilobytes of JSON that shrink to a seventh. Some
servers of Solana offer to compress them, and reading frames is little of what they cost, so they go by
websockets, which takes such an offer.
"""

from __future__ import annotations

import re
from importlib.util import find_spec

from streamcore.config.model import StreamTransport
from streamcore.errors import SettingsError

KEY = "stream.transport"
FAST = "pip install 'streamtui[fast]'"
"""What installs picows."""

SUPPORTED = re.compile(r"2\.3(\.|$)")
"""Versions of picows that can be used: `streamcore.net.picows_internals` depends on them."""


def picows_version() -> str | None:
    """Return the version of picows that is installed; ``None``: it is not."""
    return version_of("picows") if find_spec("picows") is not None else None


def version_of(library: str) -> str:
    """Return the version of a library that is installed."""
    from importlib.metadata import version  # only now: it takes a while to load

    return version(library)


def check_library(choice: StreamTransport, origin: str = "settings") -> None:
    """Do nothing where the library that is asked for can be used.

    Args:
        choice: What is asked for.
        origin: Where that was said.

    Raises:
        SettingsError: It cannot; the text says what installs it.
    """
    if choice is not StreamTransport.PICOWS:
        return
    found = picows_version()
    if found is None:
        raise SettingsError(KEY, str(choice), f"picows is not installed: {FAST}", origin)
    if not SUPPORTED.match(found):
        text = f"picows {found} is installed, but it must be 2.3: {FAST}"
        raise SettingsError(KEY, str(choice), text, origin)


def library_for(choice: StreamTransport, *, compressible: bool) -> StreamTransport:
    """Return the library for a stream: ``websockets`` or ``picows``.

    Args:
        choice: What is asked for; `check_library` has let it pass.
        compressible: The messages of the stream are long and shrink much.
    """
    if choice is not StreamTransport.AUTO:
        return choice
    found = None if compressible else picows_version()
    if found is None or not SUPPORTED.match(found):
        return StreamTransport.WEBSOCKETS
    return StreamTransport.PICOWS
