"""The faults from which random tests choose."""

from __future__ import annotations

from typing import Any

from streamsim import Fault

SERVER_FAULTS: tuple[tuple[Fault, dict[str, Any]], ...] = (
    (Fault.REFUSE_UPGRADE, {"status": 503}),
    (Fault.REFUSE_UPGRADE, {"status": 429, "retry_after": 5.0}),
    (Fault.SLOW_UPGRADE, {"seconds": 3.0}),
    (Fault.ACCEPT_AND_CLOSE, {}),
    (Fault.STALL, {}),
    (Fault.STALL_SLOTS, {}),
    (Fault.STALL_HEARTBEATS, {}),
    (Fault.WITHHOLD_WELCOME, {}),
    (Fault.DELAY_ACK, {"seconds": 2.0}),
    (Fault.WITHHOLD_ACK, {}),
    (Fault.NOTIFY_BEFORE_ACK, {}),
    (Fault.REJECT_SUBSCRIBE, {}),
    (Fault.DUPLICATE, {}),
    (Fault.OUT_OF_ORDER, {}),
    (Fault.MALFORMED_JSON, {}),
    (Fault.BINARY_GARBAGE, {}),
    (Fault.UNKNOWN_TYPE, {}),
    (Fault.STRING_NUMBERS, {}),
    (Fault.NULL_PRICE, {}),
    (Fault.EXTRA_FIELDS, {}),
    (Fault.EMPTY_SYMBOL, {}),
    (Fault.HTTP_STATUS, {"status": 500}),
    (Fault.HTTP_STATUS, {"status": 429}),
    (Fault.HTTP_SLOW, {"seconds": 4.0}),
    (Fault.HTTP_DROP, {}),
    (Fault.HTTP_GARBAGE, {}),
    (Fault.THROTTLE, {}),
)
"""Faults of a server, each with its terms."""

NETWORK_FAULTS: tuple[tuple[Fault, dict[str, Any]], ...] = (
    (Fault.REFUSE_CONNECT, {}),
    (Fault.RESET, {"times": 1}),
    (Fault.HALF_OPEN, {}),
    (Fault.SLOW_LINK, {"seconds": 0.5, "rate": 20_000.0}),
    (Fault.SPLIT, {"size": 200}),
    (Fault.MERGE, {"seconds": 0.3}),
    (Fault.CUT, {"size": 5000, "times": 1}),
)
"""Faults of the network before a server, each with its terms."""

ACTIONS = ("drop", "close", "freeze", "error", "reconnect")
"""What happens once, at a server or by a person; see `world.World.happen`."""
