"""One connected terminal, as far as a relay has to tell it apart from the others of its group."""

from __future__ import annotations

from websockets.asyncio.server import broadcast

from streamcore.events import StreamError
from streamcore.relay.connections import BoundedConnection
from streamcore.relay.limits import Bucket
from streamcore.relay.tokens import TokenEntry
from streamcore.relay.upstream import Granted
from streamcore.wire.encoding import Encoding

LAGGING = 64 * 1024
"""Bytes that wait for a terminal from which on it is told nothing more until it has taken them."""

CAUGHT_UP = 8 * 1024
"""Bytes that may still wait when it is told again."""

MARKED_EVERY = 0.5
"""Seconds after which the next frame is followed by a mark, which says when all before it has been read."""

READ_WITHIN = 0.5
"""Seconds without an answer to a mark from which on a terminal is told nothing more.

Together with `MARKED_EVERY` no more than the frames of one second are ever on the way to a terminal, however
large the buffers of its kernel are: whoever comes back after a pause reads no more old prices than that.
"""

MOST_ERRORS = 50
"""Errors in one frame, and kept for a terminal that takes nothing."""


class Terminal:
    """A connection, what it wants, and how far behind it is."""

    def __init__(
        self, connection: BoundedConnection, encoding: Encoding, holder: TokenEntry | None, requests: Bucket
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
        self.marked_at = float("-inf")
        """Monotonic seconds of the last mark."""
        self.least_backlog = 0
        self.progress_at: float | None = None
        """Monotonic seconds at which it has last taken something; ``None``: it is not behind."""

    @property
    def backlog(self) -> int:
        """Bytes that have been sent to it and not been taken by this computer's network yet."""
        return self.connection.transport.get_write_buffer_size()

    def is_lagging(self, now: float) -> bool:
        """Whether too much of what was sent to it has not been read; ``now``: monotonic seconds."""
        is_late = self.connection.is_marked and now - self.marked_at >= READ_WITHIN
        return is_late or self.backlog > LAGGING

    @property
    def has_read_all(self) -> bool:
        """Whether it has read everything up to the last mark, and next to nothing waits for it."""
        return not self.connection.is_marked and self.backlog <= CAUGHT_UP

    def mark(self, now: float, *, every: float = MARKED_EVERY) -> None:
        """Have the terminal answer when it has read all this, unless the last answer is missing.

        ``every``: seconds that must have passed since the last time.
        """
        if not self.connection.is_marked and now - self.marked_at >= every:
            self.marked_at = now
            self.connection.mark()

    def send(self, message: bytes) -> None:
        """Send a message without waiting; on a connection that is closing it is lost."""
        broadcast((self.connection,), message, text=self.encoding.is_text)
