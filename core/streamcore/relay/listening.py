"""The sockets on which a relay listens."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from websockets.asyncio.server import Server

SEND_BUFFER = 32 * 1024
"""Bytes the kernel may keep for a terminal that takes nothing.

With the kernel's own choice of megabytes such a terminal would be noticed only after minutes, and would then
be told all of that, long out of date. Accepted connections inherit it.
"""


def split_address(text: str) -> tuple[str, int]:
    """Return host and port of ``HOST:PORT`` or ``[HOST]:PORT``.

    Raises:
        ValueError: It is none; the text says what is expected.
    """
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]") if host.startswith("[") else host
    is_number = port.isascii() and port.isdigit() and len(port) <= 5
    if (
        not colon
        or not host
        or not is_number
        or int(port) > 65535
        or (":" in host and not text.startswith("["))
    ):
        raise ValueError("expected HOST:PORT, for example 127.0.0.1:8787 or [::1]:8787")
    return host, int(port)


class ListenFailed(OSError):
    """An address cannot be listened on; the text is a sentence that names it, for a person."""


def listening_socket(host: str, port: int) -> socket.socket:
    """Return a socket that listens, with a bounded buffer for what is sent.

    Raises:
        ListenFailed: The host is not known, or the address is taken or not this computer's.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        found = socket.socket(family, kind, protocol)
        try:
            if os.name == "posix":
                found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            found.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
            found.bind(address)
            found.listen()  # of two that bind at once, the system refuses the second only here
        except OSError:
            found.close()
            raise
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ListenFailed(f"{shown_address(host, port)} cannot be listened on: {reason}") from error
    return found


async def start_serving(server: Server) -> None:
    """Have a server that was made with ``start_serving=False`` serve, or close it if that is cancelled.

    In one step with its making nobody could close it then: there would be no server yet to be closed.
    """
    try:
        await server.start_serving()
    except BaseException:
        server.close()
        await server.wait_closed()
        raise


def shown_address(host: str, port: int) -> str:
    """Return an address as a URL has it."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
