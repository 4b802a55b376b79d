"""The wire in MessagePack, the encoding that terminals use unless told otherwise.

A message is an array: its kind, then its fields in order. What is null, false, zero or empty *by default* at
the end of an array is cut off, which is where most of the saving comes from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

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

_encode = msgspec.msgpack.Encoder().encode
_FRAME = _encode(ANSWERS.index(Frame))


class _Kind(msgspec.Struct, array_like=True):
    kind: int


class MessagePackEncoding:
    """The wire in MessagePack: binary frames. See `streamcore.wire.encoding.Encoding`."""

    name = "msgpack"
    is_text = False

    def __init__(self) -> None:
        self._kind = msgspec.msgpack.Decoder(_Kind)
        self._requests = [msgspec.msgpack.Decoder(kind) for kind in REQUESTS]
        self._answers = [msgspec.msgpack.Decoder(kind) for kind in ANSWERS]

    def encode(self, message: Request | Answer) -> bytes:
        """See `Encoding.encode`."""
        if isinstance(message, Frame):
            return joined(self, message)
        return _encode([message.__struct_config__.tag, *_fields(message)])

    def read_request(self, data: bytes) -> Request | None:
        """See `Encoding.read_request`."""
        request: Request | None = self._read(data, self._requests)
        return request

    def read_answer(self, data: bytes) -> Answer | None:
        """See `Encoding.read_answer`."""
        answer: Answer | None = self._read(data, self._answers)
        return answer

    def _read(self, data: bytes, decoders: Sequence[msgspec.msgpack.Decoder[Any]]) -> Any:
        try:
            kind = self._kind.decode(data).kind
            if not 0 <= kind < len(decoders):
                return None
            return decoders[kind].decode(data)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise MalformedMessage(printable(str(error))) from None

    def price(self, price: Price) -> bytes:
        """See `Encoding.price`."""
        return _encode(_fields(price))

    def transaction(self, transaction: Transaction) -> bytes:
        """See `Encoding.transaction`."""
        return _encode(_fields(transaction))

    def status(self, status: Mapping[str, Any]) -> bytes:
        """See `Encoding.status`."""
        return _encode(status)

    def error(self, error: Error) -> bytes:
        """See `Encoding.error`."""
        return _encode(_fields(error))

    def frame(self, t: int, pieces: Pieces, *, offset: int | None = None, heard: Sequence[str] = ()) -> bytes:
        """See `Encoding.frame`."""
        fields = [
            _FRAME,
            _encode(t),
            _array(pieces.prices),
            _array(pieces.transactions),
            _array(pieces.statuses),
            _array(pieces.errors),
        ]
        if offset is not None or heard:
            fields.append(_encode(offset))
        if heard:
            fields.append(_encode(heard))
        while fields[-1] == _EMPTY:
            del fields[-1]
        return _array(fields)


def _fields(structure: Message | Part) -> list[Any]:
    """Return the fields of a structure in order, without those at the end that have their default."""
    names, defaults = structure.__struct_fields__, structure.__struct_defaults__
    count, required = len(names), len(names) - len(defaults)
    while count > required and getattr(structure, names[count - 1]) == defaults[count - 1 - required]:
        count -= 1
    return [_plain(getattr(structure, name)) for name in names[:count]]


def _plain(value: Any) -> Any:
    if isinstance(value, Part):
        return _fields(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def _array(pieces: Sequence[bytes]) -> bytes:
    """Return a MessagePack array of encoded items."""
    count = len(pieces)
    if count < 16:
        head = bytes((0x90 | count,))
    elif count < 0x10000:
        head = b"\xdc" + count.to_bytes(2, "big")
    else:
        head = b"\xdd" + count.to_bytes(4, "big")
    return b"".join((head, *pieces))


_EMPTY = _array(())
