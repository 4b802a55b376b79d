"""Events as lines of JSON, in both directions: what ``streamtui stream`` prints, and how to read it again."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum
from typing import Any

import msgspec

from streamcore.errors import MalformedEvent
from streamcore.events import (
    MARKET_FIELDS,
    ErrorKind,
    Event,
    Source,
    TransactionType,
    WalletTransaction,
)
from streamcore.newer_words import with_known_words
from streamcore.text import printable

MAX_MAGNITUDE = 300
"""Decimal exponents beyond ±300 are refused.

No amount on a chain has more than 255 decimals, and ``1e999999`` in plain notation is a megabyte.
"""

SHOWN = 120
"""Characters of a malformed line that its error repeats."""

_STAND_INS: dict[str, dict[str, StrEnum]] = {
    "price": {"source": Source.STREAM},
    "transaction": {"source": Source.STREAM, "type": TransactionType.MULTI},
    "error": {"kind": ErrorKind.SERVER},
}
"""What stands in for words of a newer version, by event."""

_DECODER: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)


def to_json(event: Event) -> bytes:
    """Return the event as one line of JSON (UTF-8, without the line feed).

    Decimals become strings in plain notation: ``"0.00000012583"``, never ``"1.2583E-7"``. The `MARKET_FIELDS`
    of a price are left out where the source does not tell them, and ``relay`` where there is none.
    """
    plain = _plain(msgspec.to_builtins(event, builtin_types=(Decimal,)))
    for name in (*MARKET_FIELDS, "relay"):
        if plain.get(name, "") is None:
            del plain[name]
    return msgspec.json.encode(plain)


def from_json(line: bytes | str) -> Event:
    """Return the event that `to_json` made this line of; white space around it does not matter.

    Fields that are not known here are passed over, so that lines of a newer version can be read.

    Raises:
        MalformedEvent: It is no JSON, no event, or a field of it cannot be.
    """
    try:
        event = _DECODER.decode(line)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise _malformed(line, str(error)) from error
    for amount in _amounts(event):
        if not amount.is_finite() or abs(amount.adjusted()) > MAX_MAGNITUDE:
            raise _malformed(line, f"{str(amount)[:40]} is no amount of anything")
    return event


def from_newer_json(line: bytes) -> Event:
    """Return the event that a newer version has made this line of, as far as it can be understood here.

    A type of transaction, a kind of error or a way of coming that is not known becomes the nearest known one.

    Raises:
        MalformedEvent: It is no event, or a field of it cannot be.
    """
    try:
        return from_json(line)
    except MalformedEvent:
        try:
            fields = msgspec.json.decode(line, type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            fields = {}
        stand_ins = _STAND_INS.get(str(fields.get("event")), {})
        known = with_known_words(fields, stand_ins)
        if known == fields:
            raise
    return from_json(msgspec.json.encode(known))


def _malformed(line: bytes | str, reason: str) -> MalformedEvent:
    start = line[: SHOWN + 1]
    text = start if isinstance(start, str) else start.decode(errors="replace")
    return MalformedEvent(printable(text, SHOWN), printable(reason))


def _amounts(event: Event) -> Iterator[Decimal]:
    for value in msgspec.structs.astuple(event):
        if isinstance(value, Decimal):
            yield value
    if isinstance(event, WalletTransaction):
        yield from (change.amount for change in event.token_changes)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
