"""Writes the same prices in every encoding, batched and compressed, and measures what each way costs.

The yardstick is what a simple server would send: the whole state of a token as JSON for every update. The
numbers are those of one terminal that takes everything.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from streamcore.events import PRICE_FIELDS, PriceUpdate
from streamcore.wire.encoding import Encoding, Pieces
from streamcore.wire.encodings import available, encoding
from streamcore.wire.row_pieces import RowPieces

BATCHES = (None, 0.1, 0.25)
"""Seconds that are gathered into one message; ``None``: a message for each update."""

WINDOW_BITS, MEMORY_LEVEL, LEVEL = 12, 5, 4
"""Of the relay's permessage-deflate (RFC 7692); the context is kept from message to message."""

_FLUSH_MARK = 4
"""Bytes at the end of a flushed block that RFC 7692, section 7.2.1, leaves out."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one way of writing came to."""

    way: str
    """Its name."""
    batch: float | None
    """Seconds that were gathered into one message; ``None``: a message for each update."""
    messages: int
    plain: float
    """Bytes a second, with the frames' headers."""
    deflated: float
    """The same with permessage-deflate."""
    saved: float
    """Share of the bytes of the yardstick that is saved, from 0 to 1."""
    saved_deflated: float
    writing: float
    """Seconds of time to write one update."""
    deflating: float
    """Seconds of time to compress one update."""


class _Way(Protocol):
    """One way of writing prices."""

    def message(self, events: Sequence[PriceUpdate], t: float) -> bytes:
        """Return the message for these updates, of which each is of another token. ``t``: Unix seconds."""
        ...


class _ByName:
    """Maps by name: whole states, or what changed."""

    def __init__(self, encode: Callable[[Any], bytes], *, whole: bool) -> None:
        self._encode = encode
        self._whole = whole
        self._known: set[str] = set()

    def message(self, events: Sequence[PriceUpdate], t: float) -> bytes:
        found = [self._map(event) for event in events]
        return self._encode(found if len(found) > 1 else found[0])

    def _map(self, event: PriceUpdate) -> dict[str, Any]:
        whole = self._whole or event.symbol not in self._known
        self._known.add(event.symbol)
        found: dict[str, Any] = {
            "event": "price",
            "kind": "snapshot" if whole else "delta",
            "symbol": event.symbol,
            "ts": event.ts,
        }
        if whole:
            found |= {"provider": event.provider, "address": event.address, "source": event.source}
        names = PRICE_FIELDS if whole else event.changed
        return found | {name: _text(getattr(event, name)) for name in names}


class _Wire:
    """The relay's wire."""

    def __init__(self, spoken: Encoding) -> None:
        self._encoding = spoken
        self._pieces = RowPieces(spoken)
        self._rows: dict[str, int] = {}

    def message(self, events: Sequence[PriceUpdate], t: float) -> bytes:
        for event in events:
            self._pieces.update(self._rows.setdefault(event.symbol, len(self._rows) + 1), event)
        now = round(t * 1000)
        return self._encoding.frame(now, Pieces(list(self._pieces.tick(now).values())))


def _text(value: object) -> str | None:
    return None if value is None else format(value, "f")


def _ways() -> dict[str, Callable[[], _Way]]:
    json, msgpack = msgspec.json.Encoder().encode, msgspec.msgpack.Encoder().encode
    found: dict[str, Callable[[], _Way]] = {
        "JSON snapshot": lambda: _ByName(json, whole=True),
        "JSON delta": lambda: _ByName(json, whole=False),
        "MessagePack snapshot": lambda: _ByName(msgpack, whole=True),
        "MessagePack delta": lambda: _ByName(msgpack, whole=False),
    }
    titles = {"msgpack": "wire MessagePack", "json": "wire JSON", "proto": "wire protobuf"}
    for name in available():
        found[titles[name]] = lambda name=name: _Wire(encoding(name))  # type: ignore[misc]
    return found


def compare(events: Sequence[PriceUpdate], now: Callable[[], float]) -> list[Cost]:
    """Write the same updates in every way and return what each costs, the yardstick first.

    Args:
        events: In the order of their times, at least two of them at different times.
        now: Returns monotonic seconds.
    """
    seconds = max(events[-1].ts - events[0].ts, 1e-3)
    costs: list[Cost] = []
    yardstick = 0.0
    for way, make in _ways().items():
        for batch in BATCHES:
            groups = list(_batches(events, batch))
            messages, writing = _written(make(), groups, now)
            deflated, deflating = _compressed(messages, now)
            plain_rate = sum(map(_with_header, map(len, messages))) / seconds
            deflated_rate = sum(map(_with_header, deflated)) / seconds
            yardstick = yardstick or plain_rate
            costs.append(
                Cost(
                    way=way,
                    batch=batch,
                    messages=len(messages),
                    plain=plain_rate,
                    deflated=deflated_rate,
                    saved=1 - plain_rate / yardstick,
                    saved_deflated=1 - deflated_rate / yardstick,
                    writing=writing / len(events),
                    deflating=deflating / len(events),
                )
            )
    return costs


def _written(
    way: _Way, groups: Sequence[tuple[float, list[PriceUpdate]]], now: Callable[[], float]
) -> tuple[list[bytes], float]:
    began = now()
    messages = [way.message(group, t) for t, group in groups]
    return messages, now() - began


def _compressed(messages: Sequence[bytes], now: Callable[[], float]) -> tuple[list[int], float]:
    """Return the length of each message after permessage-deflate, and the time that took."""
    began = now()
    deflate = zlib.compressobj(LEVEL, wbits=-WINDOW_BITS, memLevel=MEMORY_LEVEL)
    lengths = [
        len(deflate.compress(message)) + len(deflate.flush(zlib.Z_SYNC_FLUSH)) - _FLUSH_MARK
        for message in messages
    ]
    return lengths, now() - began


def _batches(events: Sequence[PriceUpdate], batch: float | None) -> Iterator[tuple[float, list[PriceUpdate]]]:
    """Yield what goes into each message and when it is sent: of every token the last update, merged."""
    if batch is None:
        for event in events:
            yield event.ts, [event]
        return
    waiting: dict[str, PriceUpdate] = {}
    due: float | None = None
    for event in events:
        if due is not None and event.ts >= due:
            yield due, list(waiting.values())
            waiting, due = {}, None
        if due is None:
            due = event.ts + batch
        before = waiting.get(event.symbol)
        waiting[event.symbol] = event if before is None else _merged(before, event)
    if due is not None:
        yield due, list(waiting.values())


def _merged(older: PriceUpdate, newer: PriceUpdate) -> PriceUpdate:
    changed = tuple(name for name in PRICE_FIELDS if name in older.changed or name in newer.changed)
    return newer if changed == newer.changed else msgspec.structs.replace(newer, changed=changed)


def _with_header(length: int) -> int:
    """Return the length of an unmasked WebSocket frame with so many bytes of payload (RFC 6455, 5.2)."""
    return length + (2 if length < 126 else 4 if length < 65_536 else 10)
