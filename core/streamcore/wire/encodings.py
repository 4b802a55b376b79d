"""Which encodings there are, by name and by WebSocket subprotocol.

A subprotocol names the version of the wire and the encoding: ``v1.msgpack.streamtui``. Whoever offers none
gets JSON.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib import import_module

from streamcore.errors import EncodingMissing
from streamcore.extras import EXTRAS, lacking
from streamcore.wire.encoding import Encoding

NAMES = ("msgpack", "json", "proto")
"""The encodings, the one that a terminal uses unless told otherwise first."""

_CLASSES = {
    "msgpack": ("messagepack", "MessagePackEncoding"),
    "json": ("json_text", "JsonEncoding"),
    "proto": ("protobuf", "ProtobufEncoding"),
}


def subprotocol(name: str) -> str:
    """Return the WebSocket subprotocol of an encoding."""
    return f"v1.{name}.streamtui"


@cache
def encoding(name: str) -> Encoding:
    """Return the encoding of that name, one of `NAMES`.

    Raises:
        EncodingMissing: The library it needs cannot be used.
    """
    module, class_name = _CLASSES[name]
    if name in EXTRAS and (reason := lacking(name)) is not None:
        raise EncodingMissing(name, reason)
    found: Encoding = getattr(import_module(f"streamcore.wire.{module}"), class_name)()
    return found


def available() -> tuple[str, ...]:
    """Return the names of the encodings whose libraries are installed."""
    found = []
    for name in NAMES:
        try:
            encoding(name)
        except EncodingMissing:
            continue
        found.append(name)
    return tuple(found)


def chosen(offered: Iterable[str]) -> str | None:
    """Return the name of the first encoding that is offered and available.

    Args:
        offered: The subprotocols that a terminal offers, in its order; none at all is JSON.

    Returns:
        ``None`` when something is offered, and nothing of it is spoken here.
    """
    offers = tuple(offered)
    if not offers:
        return "json"
    by_subprotocol = {subprotocol(name): name for name in available()}
    return next((by_subprotocol[offer] for offer in offers if offer in by_subprotocol), None)
