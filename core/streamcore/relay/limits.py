"""The limits of a relay, and the codes in which it refuses what is beyond them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from streamcore.wire.messages import MAX_REQUEST_BYTES, Limits


class Code(StrEnum):
    """Why something of a request was refused."""

    UNKNOWN_SYMBOL = "unknown_symbol"
    BAD_ADDRESS = "bad_address"
    LIMIT = "limit"
    NOT_SERVED = "not_served"
    FORBIDDEN = "forbidden"
    BUSY = "busy"
    BAD_REQUEST = "bad_request"
    INTERNAL = "internal"


class Close(IntEnum):
    """Why a relay closes a connection; from 4500 on a terminal must not come back by itself."""

    INTERNAL = 1011
    RESTART = 1012
    TOO_SLOW = 4000
    NO_WANT = 4001
    NO_PONG = 4002
    TOO_MANY_MESSAGES = 4003
    WITHDRAWN = 4500
    NONSENSE = 4501
    TOO_MANY_CONNECTIONS = 4502


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayLimits:
    """What a relay allows, of each terminal and altogether."""

    clients: int = 100
    clients_of_a_token: int = 20
    symbols: int = 200
    """Of one terminal."""
    wallets: int = 50
    """Of one terminal."""
    all_symbols: int = 500
    all_wallets: int = 200
    messages_per_minute: int = 60
    messages_at_once: int = 20
    refused_attempts_per_minute: int = 30
    """Attempts to connect without a valid token, of one address."""
    linger: float = 60.0
    """Seconds for which what the last terminal has given up stays subscribed at the providers."""
    want_within: float = 5.0
    """Seconds until the first message, and for the upgrade."""
    ping_every: float = 20.0
    pong_within: float = 10.0
    too_slow_after: float = 30.0
    """Seconds without progress after which a terminal that takes nothing is closed."""
    reconnect_every: float = 10.0
    """Seconds between two requests to start a provider over, of all terminals together."""

    def message(self) -> Limits:
        """Return what a terminal is told of them."""
        return Limits(self.symbols, self.wallets, MAX_REQUEST_BYTES, self.messages_per_minute)


class Bucket:
    """Allows so many a minute, and so many at once."""

    __slots__ = ("_at", "_left", "_most", "_per_second")

    def __init__(self, per_minute: int, at_once: int, now: float) -> None:
        """``now``: monotonic seconds."""
        self._per_second = per_minute / 60
        self._most = float(at_once)
        self._left = float(at_once)
        self._at = now

    def take(self, now: float) -> bool:
        """Take one if there is one, and return whether there was."""
        self._left = min(self._most, self._left + (now - self._at) * self._per_second)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True

    def is_empty(self, now: float) -> bool:
        """Whether `take` would return ``False``."""
        return self._left + (now - self._at) * self._per_second < 1

    def is_full(self, now: float) -> bool:
        """Whether nothing has been taken for a while, so that a new one would be the same."""
        return self._left + (now - self._at) * self._per_second >= self._most
