"""Which of the two WebSocket libraries carries a stream.

The frames of prices are some hundred bytes each, and many: there picows, which the extra ``fast`` installs,
takes a fraction of the time. A transaction comes in tens of kilobytes of JSON that shrink to a seventh. Some
servers of Solana offer to compress them, and reading frames is little of what they cost, so they go by
websockets, which takes such an offer.
"""

from __future__ import annotations

from streamcore.config.model import StreamTransport
from streamcore.errors import SettingsError
from streamcore.extras import lacking

KEY = "stream.transport"


def check_library(choice: StreamTransport, origin: str = "settings") -> None:
    """Do nothing where the library that is asked for can be used.

    Args:
        choice: What is asked for.
        origin: Where that was said.

    Raises:
        SettingsError: It cannot; the text says what installs it.
    """
    if choice is StreamTransport.PICOWS and (reason := lacking("fast")) is not None:
        raise SettingsError(KEY, str(choice), reason, origin)


def library_for(choice: StreamTransport, *, compressible: bool) -> StreamTransport:
    """Return the library for a stream: ``websockets`` or ``picows``.

    Args:
        choice: What is asked for; `check_library` has let it pass.
        compressible: The messages of the stream are long and shrink much.
    """
    if choice is not StreamTransport.AUTO:
        return choice
    if compressible or lacking("fast") is not None:
        return StreamTransport.WEBSOCKETS
    return StreamTransport.PICOWS
