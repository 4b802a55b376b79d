from __future__ import annotations

import contextlib
import sys

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import quick
from wire_messages import ANSWERS, FRAME, REQUESTS, answers, requests

from streamcore.errors import EncodingMissing, MalformedMessage
from streamcore.wire import relay_pb2 as pb
from streamcore.wire.encodings import (
    NAMES,
    available,
    chosen,
    encoding,
    subprotocol,
)
from streamcore.wire.messages import Answer, Frame, Message, Part, Price, Request

each_encoding = pytest.mark.parametrize("name", NAMES)


@each_encoding
def test_the_example_of_each_message_comes_back_as_it_was(name: str) -> None:
    spoken = encoding(name)
    for request in REQUESTS:
        assert spoken.read_request(spoken.encode(request)) == request
    for answer in ANSWERS:
        found = spoken.read_answer(spoken.encode(answer))
        assert _numbers_plain(found) == _numbers_plain(answer)


@each_encoding
@quick
@given(request=requests)
def test_every_request_comes_back_as_it_was(name: str, request: Request) -> None:
    assert encoding(name).read_request(encoding(name).encode(request)) == request


@each_encoding
@quick
@given(answer=answers)
def test_every_answer_comes_back_as_it_was(name: str, answer: Answer) -> None:
    found = encoding(name).read_answer(encoding(name).encode(answer))
    assert _numbers_plain(found) == _numbers_plain(answer)


def _numbers_plain(message: Answer | None) -> object:
    """The message with every number of a price in plain notation: JSON has no other."""
    if not isinstance(message, Frame):
        return message
    rewritten = encoding("json").read_answer(encoding("json").encode(message))
    assert isinstance(rewritten, Frame)
    return rewritten


@each_encoding
@quick
@given(data=st.binary(max_size=200))
def test_any_bytes_are_a_message_or_one_typed_error(name: str, data: bytes) -> None:
    for read in (encoding(name).read_request, encoding(name).read_answer):
        try:
            found = read(data)
        except MalformedMessage:
            continue
        assert found is None or isinstance(found, Message)


@each_encoding
@quick
@given(answer=answers, place=st.integers(0, 10_000), byte=st.integers(0, 255), cut=st.booleans())
def test_a_damaged_message_is_a_message_or_one_typed_error(
    name: str, answer: Answer, place: int, byte: int, *, cut: bool
) -> None:
    data = bytearray(encoding(name).encode(answer))
    place %= len(data)
    data[place] = byte
    with contextlib.suppress(MalformedMessage):
        encoding(name).read_answer(bytes(data[:place] if cut else data))


@pytest.mark.parametrize("depth", [50, 5_000, 100_000])
def test_deep_nesting_is_one_typed_error(depth: int) -> None:
    bombs: list[tuple[str, bytes]] = [
        ("json", b'{"type":"hello","statuses":' + b"[" * depth),
        ("json", b"[" * depth),
        ("msgpack", b"\x91" * depth),
        ("msgpack", b"\x94\x02\x00\x90" + b"\x91" * depth),
    ]
    for name, bomb in bombs:
        with pytest.raises(MalformedMessage):
            encoding(name).read_answer(bomb)


def test_a_kind_that_only_a_newer_version_knows_is_passed_over() -> None:
    newer: list[tuple[str, bytes]] = [
        ("msgpack", msgspec.msgpack.encode([99, "what", 1])),
        ("json", b'{"type":"weather","sun":true}'),
        ("proto", b"\xfa\x01\x02\x08\x01"),
    ]
    for name, data in newer:
        assert encoding(name).read_answer(data) is None
        assert encoding(name).read_request(data) is None


def test_fields_that_only_a_newer_version_knows_are_passed_over() -> None:
    packed = msgspec.msgpack.decode(encoding("msgpack").encode(FRAME))
    packed += ["tail"]
    packed[2][0] += [None] * 2 + [0] + [None] * 9 + [5]
    assert encoding("msgpack").read_answer(msgspec.msgpack.encode(packed)) == FRAME
    plain = msgspec.json.decode(encoding("json").encode(FRAME))
    plain["new"] = plain["prices"][0]["new"] = {"deep": [1]}
    spoken = encoding("json")
    assert spoken.read_answer(msgspec.json.encode(plain)) == spoken.read_answer(spoken.encode(FRAME))
    assert encoding("proto").read_answer(encoding("proto").encode(FRAME) + b"\xfa\x01\x01\x00") == FRAME


def test_trailing_defaults_are_cut_off_in_messagepack() -> None:
    spoken = encoding("msgpack")
    assert msgspec.msgpack.decode(spoken.price(Price(row=3, ms=12, price=17126 * 32 + 2))) == [3, 12, 548034]
    assert msgspec.msgpack.decode(spoken.price(Price(row=3, ms=12))) == [3, 12]
    assert msgspec.msgpack.decode(spoken.encode(Frame(5))) == [2, 5]
    assert msgspec.msgpack.decode(spoken.encode(Frame(5, heard=("a",)))) == [
        2,
        5,
        [],
        [],
        [],
        [],
        None,
        ["a"],
    ]


def test_a_frame_of_one_price_takes_twenty_bytes_in_protobuf_and_fewer_in_messagepack() -> None:
    frame = Frame(1_793_311_200_250, (Price(row=3, ms=12, price=17126 * 32 + 2),))
    assert len(encoding("proto").encode(frame)) <= 22
    assert len(encoding("msgpack").encode(frame)) <= 20


def test_a_null_in_the_middle_of_an_array_is_no_value() -> None:
    data = msgspec.msgpack.encode([2, 5, [[3, 12, None, None, 32]]])
    assert encoding("msgpack").read_answer(data) == Frame(5, (Price(row=3, ms=12, volume_24h=32),))


@pytest.mark.parametrize(
    "data",
    [
        b'{"type":"want","id":-1}',
        b'{"type":"want","id":4294967296}',
        b'{"type":"want","id":"1"}',
        b'{"type":"want"}',
        b'{"type":"want","id":1,"symbols":"SOL"}',
        b'{"type":"want","id":1,"symbols":[1]}',
        b'{"type":"want","id":1,"since":["9f86d081",1]}',
        b'{"type":"want","id":1,"since":{"epoch":"x"}}',
        b'{"type":"want","id":1,"since":{"epoch":"x","offset":-1}}',
        b'{"type":5}',
        b"[]",
        b"null",
        b"\xff\xfe",
    ],
)
def test_a_request_with_a_value_that_cannot_be_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedMessage):
        encoding("json").read_request(data)


def test_a_json_price_with_a_bare_number_is_refused() -> None:
    with pytest.raises(MalformedMessage):
        encoding("json").read_answer(b'{"type":"frame","t":1,"prices":[{"row":1,"ms":0,"price":1.5}]}')


def test_a_longer_name_than_any_address_is_refused_in_every_encoding() -> None:
    price = Price(row=1, ms=0, snapshot=1, provider="p" * 129, source="stream")
    for name in NAMES:
        spoken = encoding(name)
        with pytest.raises(MalformedMessage):
            spoken.read_answer(spoken.encode(Frame(1, (price,))))


def test_every_field_of_the_structures_is_in_the_schema() -> None:
    renamed = {"interval": "interval_ms", "intervals": "intervals_ms", "heartbeat": "heartbeat_ms"}
    renamed |= {"in_ms": "in_ms"}
    of_proto = {"TokenAmount": "TokenChange"}
    for kind in [*Message.__subclasses__(), *Part.__subclasses__()]:
        schema = getattr(pb, of_proto.get(kind.__name__, kind.__name__)).DESCRIPTOR
        fields = {renamed.get(name, name) for name in kind.__struct_fields__}
        assert fields <= set(schema.fields_by_name), kind


def test_a_terminal_that_offers_nothing_is_spoken_to_in_json() -> None:
    assert chosen([]) == "json"


def test_of_several_offers_the_first_that_is_known_is_taken() -> None:
    assert chosen(["v2.msgpack.streamtui", subprotocol("proto"), subprotocol("msgpack")]) == "proto"
    assert chosen(["v2.msgpack.streamtui", "chat"]) is None


def test_without_the_library_of_an_encoding_the_others_work(monkeypatch: pytest.MonkeyPatch) -> None:
    encoding.cache_clear()
    monkeypatch.delitem(sys.modules, "streamcore.wire.protobuf", raising=False)
    monkeypatch.setitem(sys.modules, "google.protobuf.message", None)
    try:
        assert available() == ("msgpack", "json")
        with pytest.raises(EncodingMissing, match=r"pip install 'streamtui\[proto\]'"):
            encoding("proto")
        assert chosen([subprotocol("proto")]) is None
    finally:
        encoding.cache_clear()
