"""Ports for servers that listen at a fixed port, or that are started again at the same one."""

from __future__ import annotations

import random
import socket

LOOPBACK = "127.0.0.1"

PORTS = range(20_000, 32_000)
"""Where such servers listen: below the ports that Linux gives to whoever asks for any, so that the port of a
server that is dead for a while is nobody else's, and a client that tries to reach it never reaches itself."""


def free_port(*, neighbours: int = 0) -> int:
    """Return a port at which nobody listens on loopback, nor at the given number of ports above it."""
    chance = random.SystemRandom()
    while True:
        port = chance.choice(PORTS[: len(PORTS) - neighbours])
        if all(_is_free(one) for one in range(port, port + neighbours + 1)):
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
