"""Event loops whose network always fails with the error that a test gives, below every library."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Coroutine
from typing import Any, TypeVar

from virtual_time import VirtualTimeLoop

T = TypeVar("T")

SOMEWHERE = "192.0.2.1"
"""An address that nobody has: it is reserved for documentation (RFC 5737)."""


class BrokenLoop(VirtualTimeLoop):
    """An event loop, on virtual time, whose name lookups or TCP connects all raise one error."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self._error = error

    async def getaddrinfo(self, *_: Any, **__: Any) -> list[Any]:
        if isinstance(self._error, socket.gaierror):
            raise self._error
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (SOMEWHERE, 1))]

    async def create_connection(self, *_: Any, **__: Any) -> Any:
        raise self._error


def run_broken(error: BaseException, work: Coroutine[Any, Any, T]) -> T:
    """Run ``work`` on a loop on which every attempt to connect raises ``error``, and return its result."""
    with asyncio.Runner(loop_factory=lambda: BrokenLoop(error)) as runner:
        return runner.run(work)
