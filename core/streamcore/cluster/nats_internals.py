"""The client of ``nats-py`` with two changes that its options do not offer.

Both need its internals, so ``pyproject.toml`` has an upper bound for it; `tests/core/cluster` notices if one
of them is gone.
"""

from __future__ import annotations

from nats.aio.client import Client
from nats.errors import SecureConnWantedError


class StrictClient(Client):
    """A client that sends nothing without TLS where that is wanted, and that can be cut off."""

    def __init__(self, *, encrypted: bool) -> None:
        """``encrypted``: nothing may be sent without TLS, whatever the server says."""
        super().__init__()
        self._wants_tls = encrypted

    def _connect_command(self) -> bytes:
        """Return the message with the password.

        Raises:
            SecureConnWantedError: The server offers no TLS: the library would send it as plain text.
        """
        if self._wants_tls and not self._server_info.get("tls_required"):
            raise SecureConnWantedError
        return super()._connect_command()

    def abort(self) -> None:
        """Cut the connection off: what waits to be sent on one that hangs would keep it open for minutes."""
        writer = getattr(self._transport, "_io_writer", None)
        if writer is not None:
            writer.transport.abort()
