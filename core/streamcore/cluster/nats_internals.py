"""The client of ``nats-py`` with what its options do not offer.

All of it needs its internals, so ``pyproject.toml`` has an upper bound for it, and tests notice if any
of it is gone (``tests/core/cluster/test_nats_internals.py`` and ``test_nats_session.py``).
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

    def expect_end_of_tls(self) -> None:
        """Have asyncio not warn when the server closes a connection with TLS. To be called when it is open.

        The library tells it of TLS only after the fact, and asyncio then takes the end for a fault.
        """
        writer = getattr(self._transport, "_io_writer", None)
        if writer is not None and self._wants_tls:
            writer.transport.get_protocol()._over_ssl = True

    async def _close(self, status: int, do_cbs: bool = True) -> None:
        """Close the connection, also one that takes nothing any more.

        The library stops in the middle if what waits to be sent cannot be: it leaves tasks behind then, and
        tells nobody that the connection has ended.
        """
        try:
            await super()._close(status, do_cbs)
        except OSError:
            self._pending, self._pending_data_size = [], 0
            self._status = Client.DISCONNECTED  # or it would take itself for closed
            await super()._close(status, do_cbs)

    def abort(self) -> None:
        """Cut the connection off: what waits to be sent on one that hangs would keep it open for minutes.

        The library's tasks end, too, however far it has come with closing.
        """
        tasks = [self._reading_task, self._flusher_task, self._ping_interval_task]
        tasks += [subscription._wait_for_msgs_task for subscription in self._subs.values()]
        for task in tasks:
            if task is not None:
                task.cancel()
        writer = getattr(self._transport, "_io_writer", None)
        if writer is not None:
            writer.transport.abort()
