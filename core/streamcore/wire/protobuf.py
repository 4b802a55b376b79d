"""The wire in protocol buffers, for programs in languages that live by a schema.

It needs the library ``protobuf``, which the extra ``streamtui[proto]`` brings. The messages are generated
from ``relay.proto`` beside this file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from google.protobuf.message import DecodeError

from streamcore.errors import MalformedMessage
from streamcore.text import printable
from streamcore.wire import relay_pb2 as pb
from streamcore.wire.encoding import Pieces, joined
from streamcore.wire.messages import (
    Answer,
    Error,
    Found,
    Frame,
    Hello,
    Limits,
    Lookup,
    Message,
    Position,
    Price,
    Reconnect,
    Refusal,
    Refused,
    Request,
    Restart,
    Row,
    TokenAmount,
    Transaction,
    Want,
    Wanted,
)

_PACKED = (
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
_NUMBER_OF = {name: pb.Price.DESCRIPTOR.fields_by_name[name].number for name in _PACKED}
_NAME_OF = {number: name for name, number in _NUMBER_OF.items()}

_Message = TypeVar("_Message", bound=Message)

_FRAME = pb.ToTerminal.DESCRIPTOR.fields_by_name["frame"].number
_PRICES, _TRANSACTIONS, _STATUSES, _ERRORS = (
    pb.Frame.DESCRIPTOR.fields_by_name[name].number
    for name in ("prices", "transactions", "statuses", "errors")
)


class ProtobufEncoding:
    """The wire in protocol buffers: binary frames. See `streamcore.wire.encoding.Encoding`."""

    name = "proto"
    is_text = False

    def encode(self, message: Request | Answer) -> bytes:
        """See `Encoding.encode`."""
        match message:
            case Frame():
                return joined(self, message)
            case Want():
                return pb.ToRelay(want=_want(message)).SerializeToString()
            case Reconnect():
                reconnect = pb.Reconnect(id=message.id, provider=message.provider or "")
                return pb.ToRelay(reconnect=reconnect).SerializeToString()
            case Lookup():
                lookup = pb.Lookup(
                    id=message.id, what=message.what, text=message.text or "", range=message.range or ""
                )
                return pb.ToRelay(lookup=lookup).SerializeToString()
            case Hello():
                return pb.ToTerminal(hello=_hello(message)).SerializeToString()
            case Wanted():
                return pb.ToTerminal(wanted=_wanted(message)).SerializeToString()
            case Refused():
                refused = pb.Refused(id=message.id, code=message.code, message=message.message)
                return pb.ToTerminal(refused=refused).SerializeToString()
            case Restart():
                return pb.ToTerminal(restart=pb.Restart(in_ms=message.in_ms)).SerializeToString()
            case Found():
                found = pb.Found(id=message.id, items=[msgspec.json.encode(item) for item in message.items])
                return pb.ToTerminal(found=found).SerializeToString()

    def read_request(self, data: bytes) -> Request | None:
        """See `Encoding.read_request`."""
        message = pb.ToRelay()
        _parse(message, data)
        match message.WhichOneof("message"):
            case "want":
                want = message.want
                return _checked(
                    Want(
                        want.id,
                        tuple(want.symbols),
                        tuple(want.wallets),
                        Position(want.since.epoch, want.since.offset) if want.HasField("since") else None,
                        want.interval_ms or None,
                        want.client or None,
                    )
                )
            case "reconnect":
                return _checked(Reconnect(message.reconnect.id, message.reconnect.provider or None))
            case "lookup":
                lookup = message.lookup
                return _checked(Lookup(lookup.id, lookup.what, lookup.text or None, lookup.range or None))
            case _:
                return None

    def read_answer(self, data: bytes) -> Answer | None:
        """See `Encoding.read_answer`."""
        message = pb.ToTerminal()
        _parse(message, data)
        match message.WhichOneof("message"):
            case "hello":
                return _checked(_read_hello(message.hello))
            case "wanted":
                return _checked(_read_wanted(message.wanted))
            case "frame":
                return _checked(_read_frame(message.frame))
            case "refused":
                refused = message.refused
                return _checked(Refused(refused.id, refused.code, refused.message))
            case "restart":
                return _checked(Restart(message.restart.in_ms))
            case "found":
                return _checked(Found(message.found.id, tuple(map(_read_map, message.found.items))))
            case _:
                return None

    def price(self, price: Price) -> bytes:
        """See `Encoding.price`."""
        fields: dict[str, Any] = {"row": price.row, "ms": price.ms}
        for name in _PACKED:
            packed = getattr(price, name)
            if isinstance(packed, int):
                fields[name] = packed
            elif packed is not None:
                fields.setdefault("texts", []).append(pb.Text(field=_NUMBER_OF[name], text=packed))
        if price.snapshot:
            fields |= {
                "snapshot": True,
                "provider": price.provider or "",
                "source": price.source or "",
                "address": price.address or "",
            }
        return _piece(_PRICES, pb.Price(**fields).SerializeToString())

    def transaction(self, transaction: Transaction) -> bytes:
        """See `Encoding.transaction`."""
        fields = msgspec.structs.asdict(transaction)
        for name in ("sol_change", "fee", "rent", "tip"):
            fields[name] = fields[name] or ""
        fields["token_changes"] = [
            pb.TokenChange(mint=change.mint, symbol=change.symbol or "", amount=change.amount)
            for change in transaction.token_changes
        ]
        return _piece(_TRANSACTIONS, pb.Transaction(**fields).SerializeToString())

    def status(self, status: Mapping[str, Any]) -> bytes:
        """See `Encoding.status`."""
        return _piece(_STATUSES, _status(status).SerializeToString())

    def error(self, error: Error) -> bytes:
        """See `Encoding.error`."""
        return _piece(_ERRORS, pb.Error(**msgspec.structs.asdict(error)).SerializeToString())

    def frame(self, t: int, pieces: Pieces, *, offset: int | None = None, heard: Sequence[str] = ()) -> bytes:
        """See `Encoding.frame`."""
        rest = pb.Frame(t=t, offset=offset, heard=heard).SerializeToString()
        # in protobuf a message may be put together of its fields in any order
        frame = b"".join((rest, *pieces.prices, *pieces.transactions, *pieces.statuses, *pieces.errors))
        return _piece(_FRAME, frame)


def _piece(field: int, encoded: bytes) -> bytes:
    """Return a field that is a message: its number and wire type, its length, itself."""
    return b"".join((_varint(field << 3 | 2), _varint(len(encoded)), encoded))


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


def _parse(message: pb.ToRelay | pb.ToTerminal, data: bytes) -> None:
    try:
        message.ParseFromString(data)
    except (DecodeError, UnicodeError, RecursionError) as error:
        raise MalformedMessage(printable(str(error))) from None


def _checked(message: _Message) -> _Message:
    """Return the message if its values are within the bounds of its structure."""
    try:
        return msgspec.convert(msgspec.to_builtins(message), type(message))
    except (msgspec.ValidationError, RecursionError) as error:
        raise MalformedMessage(printable(str(error))) from None


def _want(want: Want) -> pb.Want:
    since = want.since
    return pb.Want(
        id=want.id,
        symbols=want.symbols,
        wallets=want.wallets,
        since=None if since is None else pb.Position(epoch=since.epoch, offset=since.offset),
        interval_ms=want.interval or 0,
        client=want.client or "",
    )


def _status(status: Mapping[str, Any]) -> pb.Status:
    return pb.Status(provider=status["provider"], json=msgspec.json.encode(status))


def _read_status(status: pb.Status) -> dict[str, Any]:
    return {**_read_map(status.json), "provider": status.provider}


def _read_map(text: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise MalformedMessage(printable(str(error))) from None


def _hello(hello: Hello) -> pb.Hello:
    limits = hello.limits
    return pb.Hello(
        version=hello.version,
        relay=hello.relay,
        epoch=hello.epoch,
        offset=hello.offset,
        t=hello.t,
        demo=hello.demo,
        intervals_ms=hello.intervals,
        heartbeat_ms=hello.heartbeat,
        limits=pb.Limits(
            symbols=limits.symbols,
            wallets=limits.wallets,
            message_bytes=limits.message_bytes,
            messages_per_minute=limits.messages_per_minute,
        ),
        exchanges=hello.exchanges,
        tokens=hello.tokens,
        control=hello.control,
        statuses=[_status(status) for status in hello.statuses],
    )


def _read_hello(hello: pb.Hello) -> Hello:
    limits = hello.limits
    return Hello(
        hello.version,
        hello.relay,
        hello.epoch,
        hello.offset,
        hello.t,
        hello.demo,
        tuple(hello.intervals_ms),
        hello.heartbeat_ms,
        Limits(limits.symbols, limits.wallets, limits.message_bytes, limits.messages_per_minute),
        hello.exchanges,
        dict(hello.tokens),
        hello.control,
        tuple(map(_read_status, hello.statuses)),
    )


def _wanted(wanted: Wanted) -> pb.Wanted:
    return pb.Wanted(
        id=wanted.id,
        rows=[
            pb.Row(row=row.row, asked=row.asked, symbol=row.symbol, mint=row.mint or "", name=row.name)
            for row in wanted.rows
        ],
        refused=[pb.Refusal(**msgspec.structs.asdict(refusal)) for refusal in wanted.refused],
        offset=wanted.offset,
        recovered=wanted.recovered,
        interval_ms=wanted.interval,
    )


def _read_wanted(wanted: pb.Wanted) -> Wanted:
    return Wanted(
        wanted.id,
        tuple(Row(row.row, row.asked, row.symbol, row.mint or None, row.name) for row in wanted.rows),
        tuple(Refusal(one.what, one.code, one.message, one.retryable) for one in wanted.refused),
        wanted.offset if wanted.HasField("offset") else None,
        wanted.recovered if wanted.HasField("recovered") else None,
        wanted.interval_ms,
    )


def _read_frame(frame: pb.Frame) -> Frame:
    return Frame(
        frame.t,
        tuple(map(_read_price, frame.prices)),
        tuple(map(_read_transaction, frame.transactions)),
        tuple(map(_read_status, frame.statuses)),
        tuple(
            Error(error.provider, error.ms, error.kind, error.message, error.retryable)
            for error in frame.errors
        ),
        frame.offset if frame.HasField("offset") else None,
        tuple(frame.heard),
    )


def _read_price(price: pb.Price) -> Price:
    numbers: dict[str, Any] = {
        name: getattr(price, name) if price.HasField(name) else None for name in _PACKED
    }
    for text in price.texts:
        if text.field in _NAME_OF:
            numbers[_NAME_OF[text.field]] = text.text
    return Price(
        row=price.row,
        ms=price.ms,
        snapshot=int(price.snapshot),
        provider=price.provider or None,
        source=price.source or None,
        address=price.address or None,
        **numbers,
    )


def _read_transaction(transaction: pb.Transaction) -> Transaction:
    return Transaction(
        transaction.offset,
        transaction.ms,
        transaction.wallet,
        transaction.signature,
        transaction.slot,
        transaction.block_time if transaction.HasField("block_time") else None,
        transaction.type,
        transaction.summary,
        transaction.sol_change or None,
        transaction.fee or None,
        tuple(
            TokenAmount(change.mint, change.symbol or None, change.amount)
            for change in transaction.token_changes
        ),
        transaction.counterparty if transaction.HasField("counterparty") else None,
        transaction.program if transaction.HasField("program") else None,
        transaction.error if transaction.HasField("error") else None,
        transaction.source,
        transaction.provider,
        transaction.rent or None,
        transaction.tip or None,
        transaction.action if transaction.HasField("action") else None,
        tuple(transaction.counterparties),
    )
