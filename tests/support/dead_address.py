"""An address of this machine that never answers, and names that lead to it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

MOST = 8
"""Connections that fill a listener which accepts none; two do on Linux."""


@contextmanager
def dead_address(address: str, port: int = 0) -> Iterator[int]:
    """Make a port of an address of this machine drop whoever knocks: its queue is full and stays so.

    Yields:
        The port; if none is given, one that is free.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket(family))
        listener.bind((address, port))
        port = listener.getsockname()[1]
        listener.listen(0)
        for _ in range(MOST):
            filler = stack.enter_context(socket.socket(family))
            filler.setblocking(False)
            filler.connect_ex((address, port))
        yield port


def lead_to(monkeypatch: pytest.MonkeyPatch, addresses: dict[str, tuple[str, ...]]) -> None:
    """Let the running loop find these addresses for these names, and no others for any name."""

    async def getaddrinfo(name: str | bytes, port: int, **_: Any) -> list[Any]:
        host = name.decode() if isinstance(name, bytes) else name
        if host not in addresses:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [
            (socket.AF_INET6 if ":" in one else socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port))
            for one in addresses[host]
        ]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
