"""Reading what comes off the wire: JSON text or MessagePack binary, numbers exact to the digit."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

import msgspec

from streamcore.net.transport import Frame

T = TypeVar("T")

MAX_NUMBER_TEXT = 100
"""Characters of a number sent as a string; nothing real is longer."""

MAX_MAGNITUDE = 308
"""Powers of ten, up or down: as far as doubles go. Written out, ``1e999999999`` would fill the memory."""


class Undecodable(ValueError):
    """A frame or a value that cannot be read; the text says why, without quoting what was sent."""


class Envelope(msgspec.Struct, frozen=True):
    """A message that names its type; ``data`` is read once the type is known."""

    type: str
    data: object = None


class _JsonEnvelope(msgspec.Struct, frozen=True):
    type: str
    data: msgspec.Raw = msgspec.Raw(b"null")


_read_json_envelope = msgspec.json.Decoder(_JsonEnvelope).decode
_json_decoders: dict[Any, msgspec.json.Decoder[Any]] = {}


def envelope(frame: Frame) -> Envelope:
    """Read the outside of a message.

    Raises:
        Undecodable: It is neither JSON text nor MessagePack, or it names no type.
    """
    try:
        if isinstance(frame, str):
            outer = _read_json_envelope(frame)
            return Envelope(outer.type, outer.data)
        return _from_messagepack(frame)
    except msgspec.ValidationError as error:
        raise Undecodable(f"not a message with a type ({error})") from error
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise Undecodable("malformed JSON") from error


def _from_messagepack(frame: bytes) -> Envelope:
    import msgpack  # hardly any source sends it

    try:
        return msgspec.convert(msgpack.unpackb(frame, strict_map_key=False), Envelope)
    except msgspec.ValidationError:
        raise  # a ValueError, too, but one that tells more
    except (ValueError, TypeError, msgpack.UnpackException) as error:
        raise Undecodable("neither JSON text nor MessagePack") from error


def content(data: object, shape: type[T]) -> T:
    """Read the inside of a message as ``shape``; in fields of type `object` numbers stay exact.

    Raises:
        Undecodable: It is not of that shape.
    """
    try:
        if isinstance(data, msgspec.Raw):
            return json_as(bytes(data), shape)
        return msgspec.convert(data, shape)
    except msgspec.ValidationError as error:
        raise Undecodable(str(error)) from error


def json_as(body: bytes | str, shape: type[T]) -> T:
    """Read JSON as ``shape``; in fields of type `object` numbers stay exact.

    Raises:
        Undecodable: It is not JSON, or not of that shape.
    """
    decoder = _json_decoders.get(shape)
    if decoder is None:
        # untyped numbers become decimals: a binary float would change the digits that were sent
        decoder = _json_decoders[shape] = msgspec.json.Decoder(shape, float_hook=Decimal)
    try:
        result: T = decoder.decode(body)
    except msgspec.ValidationError as error:
        raise Undecodable(str(error)) from error
    except (msgspec.DecodeError, UnicodeError, RecursionError, InvalidOperation) as error:
        raise Undecodable("malformed JSON") from error
    return result


def number(value: object) -> Decimal | None:
    """Return a number however it was sent: as a number, as a string, in exponent form; ``None`` for null.

    Raises:
        Undecodable: It is no number, not a finite one, or beyond all measure.
    """
    if value is None:
        return None
    result = value if isinstance(value, Decimal) else _decimal(value)
    if not result.is_finite():
        # an infinity or NaN passes for a Decimal, and then fails at the first comparison
        raise Undecodable("a number that is not finite")
    if not -MAX_MAGNITUDE <= result.adjusted() <= MAX_MAGNITUDE:
        raise Undecodable("a number beyond all measure")
    return result


def number_if_any(name: str, value: object, bad: list[str]) -> Decimal | None:
    """Return a `number` that an answer can do without: one that makes no sense is left out.

    Args:
        name: What the answer calls it.
        value: As it was decoded.
        bad: Is added what is wrong with it.
    """
    try:
        return number(value)
    except Undecodable as error:
        bad.append(f"{name}: {error}")
        return None


def _decimal(value: object) -> Decimal:
    match value:
        case bool():
            raise Undecodable("a truth value where a number belongs")
        case int():
            return Decimal(value)
        case float():
            return Decimal(repr(value))
        case str() if len(value) <= MAX_NUMBER_TEXT:
            try:
                return Decimal(value.strip())
            except InvalidOperation as error:
                raise Undecodable("text where a number belongs") from error
        case _:
            raise Undecodable("something else where a number belongs")
