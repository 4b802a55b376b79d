"""What a service tells systemd: that it is ready, that it still turns, and that it stops.

Each is one datagram to the socket that systemd names in ``NOTIFY_SOCKET``; elsewhere nothing happens. See
sd_notify(3).
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Mapping
from contextlib import suppress

READY = "READY=1"
STOPPING = "STOPPING=1"
_WATCHDOG = "WATCHDOG=1"


class ServiceManager:
    """The way to systemd, if it has started this process."""

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        """``environ``: the environment; ``None`` is the process's own."""
        environ = os.environ if environ is None else environ
        address = environ.get("NOTIFY_SOCKET", "")
        # an abstract socket begins with a zero byte, which a variable cannot hold
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._watchdog = _seconds(environ)

    def tell(self, state: str) -> None:
        """Send one message; what goes wrong with it is no reason for a service to fail."""
        if not self._address or not hasattr(socket, "AF_UNIX"):
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.setblocking(False)
            channel.connect(self._address)
            channel.send(state.encode())

    async def served_until(self, stopped: asyncio.Event) -> None:
        """Say that the service is ready, keep the watchdog quiet until ``stopped`` is set, and say so."""
        self.tell(READY)
        watchdog = asyncio.create_task(self.keep_watchdog_quiet())
        try:
            await stopped.wait()
        finally:
            self.tell(STOPPING)
            watchdog.cancel()

    async def keep_watchdog_quiet(self) -> None:
        """Tell twice in each of the watchdog's periods that the event loop turns; until cancelled."""
        while self._watchdog:
            self.tell(_WATCHDOG)
            await asyncio.sleep(self._watchdog / 2)


def _seconds(environ: Mapping[str, str]) -> float:
    """Return the watchdog's period; 0.0: there is none, or it is for another process."""
    if environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return 0.0
    try:
        return max(0, int(environ.get("WATCHDOG_USEC", "0"))) / 1_000_000
    except ValueError:
        return 0.0
