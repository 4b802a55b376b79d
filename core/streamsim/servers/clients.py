"""The clients of an emulated provider: connection, handshake, key, and the frames they sent."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec
from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request

Frame = str | bytes
"""One WebSocket message: text or binary."""

REMEMBERED = 10_000
"""How many frames, requests and handshakes a server keeps for tests to look at."""


class Profile(StrEnum):
    """What a key is allowed to do; the beginning of the key decides, as in ``free-1``."""

    BAD = "bad"
    FREE = "free"
    EXHAUSTED = "exhausted"
    PAID = "paid"

    @classmethod
    def of(cls, key: str | None) -> Profile:
        """Return the profile of a key: `BAD` without a key, `PAID` for a key that names no other profile."""
        if not key:
            return cls.BAD
        name = key.lower()
        return next(
            (profile for profile in (cls.BAD, cls.FREE, cls.EXHAUSTED) if name.startswith(profile)), cls.PAID
        )


class Handshake(msgspec.Struct, frozen=True):
    """One attempt to open a WebSocket."""

    path: str
    """Without the query."""
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Names in lower case."""
    at: float
    """Monotonic seconds of the injected clock."""

    @classmethod
    def read(cls, request: Request, at: float) -> Handshake:
        """Return the handshake of an upgrade request."""
        target = urlsplit(request.path)
        return cls(
            path=target.path,
            query=dict(parse_qsl(target.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in request.headers.raw_items()},
            at=at,
        )


class Connection(ServerConnection):
    """A connection that notices when anything was received, control frames included."""

    heard = True
    """Whether something was received since this was last set to ``False``."""

    def data_received(self, data: bytes) -> None:
        """Note that something was received."""
        self.heard = True
        super().data_received(data)


@dataclass(eq=False)
class Client:
    """One open connection of one client."""

    number: int
    """Counts from 1 over the life of the server."""
    connection: Connection
    handshake: Handshake
    key: str
    frames_received: deque[Any] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    """What the client sent, decoded where it was JSON."""
    quiet_rounds: int = 0
    """How many keepalive rounds have passed in which nothing was received."""

    @property
    def profile(self) -> Profile:
        """What its key is allowed to do."""
        return Profile.of(self.key)


class Unreadable(msgspec.Struct, frozen=True):
    """A client frame that is not JSON."""

    frame: Frame


def decoded(frame: Frame) -> Any:
    """Return a client frame as decoded JSON, or as `Unreadable`."""
    try:
        return msgspec.json.decode(frame)
    except msgspec.DecodeError:
        return Unreadable(frame)
