"""The status of a provider at one moment: its state, its health and its counters."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum

import msgspec

from streamcore.events import DataKind, State, StatusChange

RELAY = "relay"
"""The name under which the connection to a relay has a status, beside those of the providers."""


class Health(Enum):
    """How well a provider delivers, as far as the choice between providers depends on it."""

    STARTING = "starting"
    """Not connected yet, but nothing has failed so far."""
    UP = "up"
    """It delivers as it is meant to."""
    POLLED = "polled"
    """Its stream is down; polling stands in."""
    DOWN = "down"
    """It delivers nothing."""


class BreakerState(StrEnum):
    """State of the circuit breaker around a provider's HTTP API."""

    CLOSED = "closed"
    """Requests are made as usual."""
    OPEN = "open"
    """No request is made until a pause is over."""
    HALF_OPEN = "half_open"
    """The next request is a trial: success closes the breaker, failure opens it again for longer."""


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
    """Frames, or parts of them, that could not be decoded and were left out."""
    latency: float | None = None
    """Seconds of the last ping's round trip; ``None`` before the first pong."""


STATUS_STAND_INS: dict[str, StrEnum] = {"state": State.CONNECTING, "breaker": BreakerState.CLOSED}
"""What stands in for words of a newer version in a status; of another kind of data nothing does."""


class ProviderStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A snapshot of one provider, taken when it was asked for.

    Of a provider that needs several sockets the counters are the sums and the state is that of the worst
    socket. For one that is only polled, the fields about sockets keep their defaults.
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
    """Topics whose missed transactions, or first state, have not been fetched yet."""
    waiting: int = 0
    """Transactions that the stream has announced and that have not been fetched yet."""
    lag: float = 0.0
    """Seconds that the oldest of these has waited."""
    limits: str = ""
    """The provider's limits that this program keeps to, as text for a person."""
    hint: str = ""
    """What setting an API key would add, as text for a person; empty where it would add nothing."""
    streams: bool = True
    """It has a stream. One that has none is well when it is polled."""
    heartbeats: bool = False
    """Its stream sends heartbeats: while they come, a price that is not repeated still holds."""
    standby: bool = False
    """Idle, because others of its kind come first and it only steps in for them."""
    breaker: BreakerState = BreakerState.CLOSED
    """State of the circuit breaker around its HTTP API."""
    relay: str | None = None
    """``host:port`` of the relay that talks to it, or that it is; ``None``: this program talks to it."""
    cut_off: bool = False
    """That relay cannot be reached, so that nothing is known of this provider now."""

    @property
    def is_relay(self) -> bool:
        """Whether it is about the connection to a relay, which serves every kind of data."""
        return self.relay is not None and self.provider == RELAY

    def as_cut_off(self, reason: str) -> ProviderStatus:
        """Return this status as it is to be shown while whoever tells it cannot be reached.

        Whatever it was last, nothing is known of the provider now: what it streamed is stale, and nothing
        is said of its next attempt.

        Args:
            reason: Why, as text for a person.
        """
        return msgspec.structs.replace(
            self,
            stale=self.state is State.CONNECTED,
            heartbeats=False,
            cut_off=True,
            attempt=0,
            retry_at=None,
            parked=False,
            reason=reason,
        )

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
            relay=self.relay,
        )
