"""The wire in JSON, for people and for programs that are written in an afternoon.

A message is an object with ``type``. Fields that are null, or have their default, are left out; numbers are
decimal texts, as everywhere in this program's JSON; of a price ``"kind": "snapshot"`` says that it is one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, get_args

import msgspec

from streamcore.errors import MalformedMessage
from streamcore.text import printable
from streamcore.wire.encoding import Pieces, joined
from streamcore.wire.messages import (
    ANSWERS,
    REQUESTS,
    Answer,
    Error,
    Frame,
    Message,
    Part,
    Price,
    Request,
    Transaction,
)
from streamcore.wire.numbers import plain_of

_NUMBERS = (
    "price",
    "change_24h",
    "volume_24h",
    "high_24h",
    "low_24h",
    "bid",
    "ask",
    "vwap_24h",
    "trades_24h",
)
_TEXTS = ("provider", "source", "address")

_encode = msgspec.json.Encoder().encode


class _Type(msgspec.Struct):
    type: str


class JsonEncoding:
    """The wire in JSON: text frames. See `streamcore.wire.encoding.Encoding`."""

    name = "json"
    is_text = True

    def __init__(self) -> None:
        self._type = msgspec.json.Decoder(_Type)
        self._requests: dict[str, type[Message]] = {_type(kind): kind for kind in REQUESTS}
        self._answers: dict[str, type[Message]] = {_type(kind): kind for kind in ANSWERS}

    def encode(self, message: Request | Answer) -> bytes:
        """See `Encoding.encode`."""
        if isinstance(message, Frame):
            return joined(self, message)
        return _encode({"type": _type(type(message)), **_object(message)})

    def read_request(self, data: bytes) -> Request | None:
        """See `Encoding.read_request`."""
        request: Request | None = self._read(data, self._requests)
        return request

    def read_answer(self, data: bytes) -> Answer | None:
        """See `Encoding.read_answer`."""
        answer: Answer | None = self._read(data, self._answers)
        return answer

    def _read(self, data: bytes, kinds: Mapping[str, type[Message]]) -> Any:
        try:
            kind = kinds.get(self._type.decode(data).type)
            if kind is None:
                return None
            array = [kind.__struct_config__.tag, *_positional(kind, msgspec.json.decode(data))]
            return msgspec.convert(array, kind)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise MalformedMessage(printable(str(error))) from None

    def price(self, price: Price) -> bytes:
        """See `Encoding.price`."""
        found: dict[str, Any] = {"row": price.row, "ms": price.ms}
        if price.snapshot:
            found["kind"] = "snapshot"
        for name in _NUMBERS:
            if (packed := getattr(price, name)) is not None:
                found[name] = plain_of(packed)
        for name in _TEXTS:
            if (text := getattr(price, name)) is not None:
                found[name] = text
        return _encode(found)

    def transaction(self, transaction: Transaction) -> bytes:
        """See `Encoding.transaction`."""
        return _encode(_object(transaction))

    def status(self, status: Mapping[str, Any]) -> bytes:
        """See `Encoding.status`."""
        return _encode(status)

    def error(self, error: Error) -> bytes:
        """See `Encoding.error`."""
        return _encode(_object(error))

    def frame(self, t: int, pieces: Pieces, *, offset: int | None = None, heard: Sequence[str] = ()) -> bytes:
        """See `Encoding.frame`."""
        fields = [b'{"type":"frame","t":' + _encode(t)]
        for name, items in (
            (b"prices", pieces.prices),
            (b"transactions", pieces.transactions),
            (b"statuses", pieces.statuses),
            (b"errors", pieces.errors),
        ):
            if items:
                fields.append(b'"%b":[%b]' % (name, b",".join(items)))
        if offset is not None:
            fields.append(b'"offset":' + _encode(offset))
        if heard:
            fields.append(b'"heard":' + _encode(heard))
        return b",".join(fields) + b"}"


def _type(kind: type[Message]) -> str:
    return kind.__name__.lower()


def _object(structure: Message | Part) -> dict[str, Any]:
    """Return a structure as an object without the fields that may be left out and have their default."""
    names, defaults = structure.__struct_fields__, structure.__struct_defaults__
    required = len(names) - len(defaults)
    found = {}
    for number, (name, wire_name) in enumerate(zip(names, structure.__struct_encode_fields__, strict=True)):
        value = getattr(structure, name)
        if value is not None and (number < required or value != defaults[number - required]):
            found[wire_name] = _plain(value)
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, Part):
        return _object(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def _positional(kind: type[Message | Part], given: Any) -> Any:
    """Return an object as the array that the structure ``kind`` is decoded from.

    Raises:
        MalformedMessage: It is no object.
    """
    if not isinstance(given, dict):
        raise MalformedMessage(f"expected an object for {kind.__name__.lower()}")
    if kind is Price:
        given = _price(given)
    array: list[Any] = []
    for name, default, part, is_list in _layout(kind):
        value = given.get(name)
        if value is None:
            value = default
        elif part is not None and is_list:
            value = [_positional(part, item) for item in value] if isinstance(value, list) else value
        elif part is not None:
            value = _positional(part, value)
        array.append(value)
    return array


@cache
def _layout(kind: type[Message | Part]) -> list[tuple[str, Any, type[Part] | None, bool]]:
    """Return of each field in order its name, its default, and what `_part_of` says of its type."""
    return [
        (
            field.encode_name,
            None if field.default is msgspec.NODEFAULT else field.default,
            *_part_of(field.type),
        )
        for field in msgspec.structs.fields(kind)
    ]


def _price(given: dict[str, Any]) -> dict[str, Any]:
    if any(isinstance(given.get(name), int | float) for name in _NUMBERS):
        raise MalformedMessage("a number of a price is written as a text")
    return {**given, "snapshot": int(given.get("kind") == "snapshot")}


def _part_of(annotation: Any) -> tuple[type[Part] | None, bool]:
    """Return the structure in a field's type, and whether the field is a list of it."""
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return annotation, False
    for argument in get_args(annotation):
        if isinstance(argument, type) and issubclass(argument, Part):
            return argument, any(one is Ellipsis for one in get_args(annotation))
    return None, False
