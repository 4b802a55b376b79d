"""What can be asked about a provider at any moment: state, health and statistics."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, StrEnum

import msgspec

from streamcore.events import DataKind, State, StatusChange


class Health(Enum):
    """What routing must know of a provider's condition."""

    STARTING = "starting"
    """Not up yet, but nothing has failed: it is given its chance."""
    UP = "up"
    """It delivers as it is meant to."""
    POLLED = "polled"
    """Its stream is down; polling stands in."""
    DOWN = "down"
    """It delivers nothing."""


class BreakerState(StrEnum):
    """Whether calls are made."""

    CLOSED = "closed"
    """As usual."""
    OPEN = "open"
    """None until the rest is over."""
    HALF_OPEN = "half_open"
    """The next one is a trial: success closes the breaker, failure opens it again for longer."""


@dataclass(slots=True)
class Statistics:
    """Counters of one connection, from its first start on; reconnects do not reset them."""

    messages_received: int = 0
    """Data frames read from the socket."""
    messages_sent: int = 0
    """Data frames written to the socket."""
    bytes_received: int = 0
    """Payload bytes of the frames read, uncompressed."""
    bytes_sent: int = 0
    """Payload bytes of the frames written, uncompressed."""
    reconnects: int = 0
    """How often a stream came back after it had been lost."""
    malformed: int = 0
    """Frames, or parts of them, that made no sense and were left out."""
    latency: float | None = field(default=None)
    """Seconds of the last ping's round trip; ``None`` before the first pong."""


class ProviderStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A snapshot of one provider, taken when it was asked for.

    A provider whose subscriptions need several sockets is summed up: its counters are added, and its
    state is that of its worst socket. What is about sockets keeps its default where there are none.
    """

    provider: str
    kind: DataKind
    demo: bool
    state: State
    reason: str | None
    """Why it is in this state; ``None`` when there is nothing to explain."""
    since: float
    """Unix seconds of the last change of state."""
    attempt: int = 0
    """Retries since the stream was last healthy."""
    retry_at: float | None = None
    """Unix seconds of the next attempt; ``None`` when none is waiting."""
    parked: bool
    """No attempt will be made until somebody asks for one."""
    idle: bool
    """Nothing is subscribed, so no connection is wanted."""
    fallback: bool
    """Polling stands in for the stream."""
    stale: bool = False
    """Connected, but half of ``stream.stale_after`` has passed without a frame."""
    subscriptions: int
    topics: tuple[str, ...]
    connections: int = 0
    """Sockets this provider needs for its subscriptions."""
    latency_ms: float | None = None
    messages_received: int
    messages_sent: int = 0
    bytes_received: int = 0
    bytes_sent: int = 0
    malformed: int
    dropped: int
    reconnects: int = 0
    uptime: float = 0.0
    """Seconds since the stream was last established; 0.0 while it is not."""
    last_message_at: float | None
    """Unix seconds of the last data frame, or of the last answer to a poll."""
    poll_failed: bool = False
    """Polling is meant to stand in for the stream, but its last round brought nothing either."""
    gaps_filled: int = 0
    """How often what happened while the stream was away has been fetched completely."""
    recovered: int = 0
    """Transactions that were found that way, or by a check for what a stream left out."""
    behind: int = 0
    """Topics whose past, or first state, has not been fetched yet."""
    waiting: int = 0
    """Transactions that have been announced, and not been fetched yet."""
    lag: float = 0.0
    """Seconds that the oldest of them has waited."""
    limits: str = ""
    """What is kept to for the provider's sake, for a person to read."""
    hint: str = ""
    """What a key that is not set would add, for a person to read."""
    streams: bool = True
    """It has a stream; if not, being polled is all that can be wished of it."""
    heartbeats: bool = False
    """Its stream says something all the time: what it does not tell has not happened."""
    standby: bool = False
    """Idle, because it only steps in for others of its kind."""
    breaker: BreakerState = BreakerState.CLOSED
    """Whether the REST side is being asked, or left alone because it kept failing."""

    def event(self, ts: float) -> StatusChange:
        """Return this status as the event that consumers receive, dated ``ts`` (Unix seconds)."""
        return StatusChange(
            provider=self.provider,
            ts=ts,
            demo=self.demo,
            state=self.state,
            reason=self.reason,
            attempt=self.attempt,
            retry_in=None if self.retry_at is None else max(0.0, round(self.retry_at - ts, 3)),
            fallback=self.fallback,
            stale=self.stale,
            subscriptions=self.subscriptions,
            latency_ms=self.latency_ms,
            messages_received=self.messages_received,
            messages_sent=self.messages_sent,
            bytes_received=self.bytes_received,
            bytes_sent=self.bytes_sent,
            dropped=self.dropped,
            reconnects=self.reconnects,
            uptime=round(self.uptime, 3),
        )
