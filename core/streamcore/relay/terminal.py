"""One connected terminal, as far as a relay has to tell it apart from the others of its group."""

from __future__ import annotations

from websockets.asyncio.server import ServerConnection, broadcast

from streamcore.events import StreamError
from streamcore.relay.limits import Bucket
from streamcore.relay.tokens import TokenEntry
from streamcore.relay.upstream import Granted
from streamcore.wire.encoding import Encoding

LAGGING = 64 * 1024
"""Bytes that wait for a terminal from which on it is told nothing more until it has taken them."""

CAUGHT_UP = 8 * 1024
"""Bytes that may still wait when it is told again."""

MOST_ERRORS = 50
"""Errors kept for a terminal that takes nothing."""


class Terminal:
    """A connection, what it wants, and how far behind it is."""

    def __init__(
        self, connection: ServerConnection, encoding: Encoding, holder: TokenEntry | None, requests: Bucket
    ) -> None:
        """``holder``: whose token it connected with; ``None``: this relay asks for none."""
        self.connection = connection
        self.encoding = encoding
        self.holder = holder
        self.requests = requests
        """Counts its messages."""
        self.granted = Granted()
        self.closing = False
        # while it is behind:
        self.position = 0
        """Everything in the log up to here has been sent."""
        self.owed: set[int] = set()
        """Rows that have changed meanwhile."""
        self.errors: list[StreamError] = []
        self.least_backlog = 0
        self.progress_at: float | None = None
        """Monotonic seconds at which it has last taken something; ``None``: it is not behind."""

    @property
    def backlog(self) -> int:
        """Bytes that have been sent to it and not been taken by its network yet."""
        return self.connection.transport.get_write_buffer_size()

    def send(self, message: bytes) -> None:
        """Send a message without waiting; on a connection that is closing it is lost."""
        broadcast((self.connection,), message, text=self.encoding.is_text)
