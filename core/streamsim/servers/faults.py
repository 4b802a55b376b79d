"""The faults that make an emulated provider misbehave, and their parameters.

A fault is turned on with `Faults.set`. From then on it applies to whatever the server does that it is about,
until it is cleared or has applied ``times`` times. `Faults.on` runs a function with an event of the server,
such as its second connection, so that a test depends on the order of events and not on their timing. What
happens once, at a moment a test chooses (a dropped connection, a close code, a garbage frame), is a method of
the server instead: see `streamsim.servers.websocket.ProviderServer`. Faults of the network between client and
server work in a `streamsim.servers.proxy.Proxy`.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any

import msgspec


class Event(StrEnum):
    """What happens at a server; a fault may begin or end with one of these.

    A fault that begins with an event already applies to what the event announces: the answer to the message,
    the data frame, or the request.
    """

    CONNECT = "connect"
    """A client has opened a WebSocket."""
    MESSAGE = "message"
    """A client has sent a frame."""
    DATA = "data"
    """A data frame is about to be sent."""
    DISCONNECT = "disconnect"
    """A WebSocket has ended."""
    REQUEST = "request"
    """An HTTP request has come in."""


class Fault(StrEnum):
    """What can go wrong. The fields of `Terms` that a fault uses are named in brackets."""

    # on the way to an open socket
    REFUSE_UPGRADE = "refuse_upgrade"
    """Answer the upgrade with an HTTP error [status, retry_after, body]."""
    SLOW_UPGRADE = "slow_upgrade"
    """Let the upgrade wait [seconds]."""
    ACCEPT_AND_CLOSE = "accept_and_close"
    """Complete the upgrade, then close at once [code, reason]."""

    # messages that never come, or come at the wrong time
    STALL = "stall"
    """Send no data, and no heartbeats; pings and pongs go on, and so do slots."""
    LEAVE_OUT = "leave_out"
    """Send no data; heartbeats go on, and if they name the last trade, they name one that was left out."""
    STALL_SLOTS = "stall_slots"
    """Send no slot notifications."""
    WITHHOLD_WELCOME = "withhold_welcome"
    """Never send the greeting."""
    STALL_HEARTBEATS = "stall_heartbeats"
    """Send no heartbeats; data goes on."""
    WITHHOLD_ACK = "withhold_ack"
    """Never answer a subscribe request, and do not honour it either."""
    DELAY_ACK = "delay_ack"
    """Answer a subscribe request late [seconds]; it takes effect with the answer."""
    NOTIFY_BEFORE_ACK = "notify_before_ack"
    """Send the first notification of a subscription before the answer that names it."""
    REJECT_SUBSCRIBE = "reject_subscribe"
    """Answer a subscribe request with an error frame [code, message]."""

    # damaged data
    DUPLICATE = "duplicate"
    """Send each data frame twice."""
    OUT_OF_ORDER = "out_of_order"
    """Send data frames in swapped pairs."""
    MALFORMED_JSON = "malformed_json"
    """Cut each data frame off in the middle."""
    BINARY_GARBAGE = "binary_garbage"
    """Send bytes that mean nothing in place of each data frame."""
    UNKNOWN_TYPE = "unknown_type"
    """Send a frame of an undocumented kind before each data frame."""
    HUGE_FRAME = "huge_frame"
    """Send a well-formed frame of an unknown kind and of 5 MB before each data frame."""
    STRING_NUMBERS = "string_numbers"
    """Write the numbers of a price frame as strings."""
    NULL_PRICE = "null_price"
    """Write ``null`` where a price frame has numbers."""
    MILLISECONDS = "milliseconds"
    """Give the time of a candle in milliseconds."""
    EXTRA_FIELDS = "extra_fields"
    """Add undocumented fields to price frames."""
    EMPTY_SYMBOL = "empty_symbol"
    """Leave the symbol of price frames empty."""

    # the HTTP side
    HTTP_STATUS = "http_status"
    """Answer with an HTTP error [status, retry_after, body]."""
    HTTP_SLOW = "http_slow"
    """Answer late [seconds]."""
    HTTP_DROP = "http_drop"
    """Close the connection instead of answering."""
    HTTP_GARBAGE = "http_garbage"
    """Answer 200 with an HTML page, as a gateway in trouble does."""
    THROTTLE = "throttle"
    """Refuse each HTTP request in the way in which the provider refuses one too many."""

    # the network, for a proxy
    REFUSE_CONNECT = "refuse_connect"
    """Do not listen: the system refuses every connection."""
    RESET = "reset"
    """Break every connection with a reset (RST), and each new one as soon as it is there."""
    HALF_OPEN = "half_open"
    """Drop all bytes both ways and keep the sockets open. A connection that has lost bytes stays dead."""
    SLOW_LINK = "slow_link"
    """Let bytes pass at a rate, each piece late [rate, seconds]."""
    SPLIT = "split"
    """Cut what passes into segments of so many bytes [size]."""
    MERGE = "merge"
    """Gather what passes for a while and send it as one piece [seconds]."""
    CUT = "cut"
    """Break a connection after so many bytes towards the client [size]."""


NETWORK_FAULTS = frozenset(
    {
        Fault.REFUSE_CONNECT,
        Fault.RESET,
        Fault.HALF_OPEN,
        Fault.SLOW_LINK,
        Fault.SPLIT,
        Fault.MERGE,
        Fault.CUT,
    }
)
"""The faults of the network; they have no effect without a proxy before the server."""

HTTP_FAULTS = frozenset(
    {Fault.HTTP_STATUS, Fault.HTTP_SLOW, Fault.HTTP_DROP, Fault.HTTP_GARBAGE, Fault.THROTTLE}
)
"""The faults of answers to HTTP requests, which every provider can have."""

PRICE_FAULTS = frozenset({Fault.STRING_NUMBERS, Fault.NULL_PRICE, Fault.EXTRA_FIELDS})
"""The faults that only the messages of a provider of prices can have."""

BIRDEYE_FAULTS = PRICE_FAULTS | {Fault.WITHHOLD_WELCOME, Fault.MILLISECONDS, Fault.EMPTY_SYMBOL}
"""The faults that the messages of Birdeye can have."""

ACK_FAULTS = frozenset({Fault.WITHHOLD_ACK, Fault.DELAY_ACK, Fault.NOTIFY_BEFORE_ACK})
"""The faults of providers that acknowledge subscribe requests."""

HELIUS_FAULTS = ACK_FAULTS | {Fault.STALL_SLOTS}
"""The faults that the messages of Helius can have."""

EXCHANGE_FAULTS = PRICE_FAULTS | ACK_FAULTS | {Fault.WITHHOLD_WELCOME, Fault.STALL_HEARTBEATS}
"""The faults that the messages of an exchange can have."""

DATA_FAULTS = frozenset(
    {
        Fault.STALL,
        Fault.LEAVE_OUT,
        Fault.DUPLICATE,
        Fault.OUT_OF_ORDER,
        Fault.MALFORMED_JSON,
        Fault.BINARY_GARBAGE,
        Fault.UNKNOWN_TYPE,
        Fault.HUGE_FRAME,
    }
)
"""The faults that touch a finished data frame on its way out."""


class _Waiting(msgspec.Struct):
    """An action that waits for an event."""

    event: Event
    left: int
    """How often it must still happen."""
    act: Callable[[], None]


class Terms(msgspec.Struct, frozen=True):
    """The parameters of a fault; each fault reads only those it uses, see `Fault`."""

    status: int = 503
    """HTTP status."""
    retry_after: float | None = None
    """Seconds in a ``Retry-After`` header; ``None`` sends no such header."""
    body: str | None = None
    """HTTP body; ``None`` is the provider's usual body for the status."""
    code: int = 1011
    """WebSocket close code, or the code of an error object."""
    reason: str = ""
    """Reason in the close frame."""
    message: str = "Invalid query"
    """Text of an error frame."""
    seconds: float = 1.0
    """How late, in seconds of the injected clock."""
    size: int = 7
    """Bytes."""
    rate: float = 4096.0
    """Bytes a second."""


class Faults:
    """The switches of one provider, all off at first."""

    def __init__(self) -> None:
        self._terms: dict[Fault, Terms] = {}
        self._left: dict[Fault, int] = {}
        self._listeners: list[Callable[[], None]] = []
        self._waiting: list[_Waiting] = []

    def listen(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` after every `set` and `clear`."""
        self._listeners.append(listener)

    def set(self, fault: Fault, *, times: int | None = None, **terms: Any) -> None:
        """Turn a fault on, in place of an earlier setting of the same one.

        Args:
            fault: Which one.
            times: How often it applies before it turns itself off; ``None``: until `clear`.
            **terms: Fields of `Terms`.

        Raises:
            TypeError: `Terms` has no such field.
        """
        self._terms[fault] = Terms(**terms)
        self._left.pop(fault, None)
        if times is not None:
            self._left[fault] = times
        self._tell()

    def on(self, event: Event, act: Callable[[], None], *, count: int = 1) -> None:
        """Call ``act`` once, synchronously, when an event has happened ``count`` times from now on.

        As in ``faults.on(Event.REQUEST, lambda: faults.set(Fault.HTTP_DROP, times=1), count=3)``: the third
        request from now gets no answer.
        """
        self._waiting.append(_Waiting(event, count, act))

    def happened(self, event: Event) -> None:
        """Run what waits for an event; servers call this."""
        if not self._waiting:
            return
        for waiting in [each for each in self._waiting if each.event is event]:
            waiting.left -= 1
            if waiting.left <= 0:
                self._waiting.remove(waiting)
                waiting.act()

    def clear(self, *faults: Fault) -> None:
        """Turn these faults off; without arguments, all."""
        for fault in faults or tuple(self._terms):
            self._terms.pop(fault, None)
            self._left.pop(fault, None)
        self._tell()

    def take(self, fault: Fault) -> Terms | None:
        """Return the terms if the fault is on, and count that it was applied; ``None`` if it is off."""
        terms = self._terms.get(fault)
        if terms is not None and fault in self._left:
            self._left[fault] -= 1
            if self._left[fault] <= 0:
                self.clear(fault)
        return terms

    def look(self, fault: Fault) -> Terms | None:
        """Return the terms if the fault is on, without counting."""
        return self._terms.get(fault)

    @property
    def touches_data(self) -> bool:
        """Whether any fault that touches finished data frames is on."""
        return not DATA_FAULTS.isdisjoint(self._terms)

    def __contains__(self, fault: Fault) -> bool:
        return fault in self._terms

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()
