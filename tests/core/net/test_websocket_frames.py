"""What a server may do frame by frame, and what it may not; over every WebSocket library."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgpack
import pytest
from manual_clock import ManualClock
from own_authority import OwnAuthority
from raw_server import raw_server
from raw_websocket import Peer, Seen, accepting, facing
from websocket_pair import KEY, acme, dialled, failed
from websockets.frames import Frame, Opcode

from streamcore.config.surroundings import read_surroundings
from streamcore.events import ErrorKind
from streamcore.net.open_socket import CLOSE_TIMEOUT
from streamcore.net.transport import Socket

pytestmark = pytest.mark.usefixtures("library")

TEXT, BINARY, CONT, CLOSE, PING, PONG = (
    Opcode.TEXT,
    Opcode.BINARY,
    Opcode.CONT,
    Opcode.CLOSE,
    Opcode.PING,
    Opcode.PONG,
)


def saying(*frames: Frame) -> Callable[[Peer], Awaitable[None]]:
    """Return what sends these frames, each by itself, and hangs up after a close or with the client."""

    async def serve(peer: Peer) -> None:
        for frame in frames:
            peer.writer.write(frame.serialize(mask=False))
            await peer.writer.drain()
            await asyncio.sleep(0)
        if frames[-1].opcode is not CLOSE:
            await answering_pings(peer)

    return serve


async def answering_pings(peer: Peer) -> None:
    """Answer pings until the client closes."""
    while (seen := await peer.read()).opcode is not CLOSE:
        if seen.opcode is PING:
            peer.write(PONG, seen.payload)


async def taken(client: Socket, count: int) -> list[str | bytes]:
    messages: list[str | bytes] = []
    while len(messages) < count:
        messages += [await client.receive(), *client.arrived()]
    return messages


# Messages in parts


async def test_parts_become_one_message_wherever_they_were_cut() -> None:
    whole = "naïve ☃ text".encode()
    parts = [
        Frame(TEXT, whole[:3], fin=False),
        *(Frame(CONT, whole[i : i + 1], fin=False) for i in range(3, 9)),
    ]
    frames = [Frame(TEXT, b"before"), *parts, Frame(CONT, whole[9:]), Frame(BINARY, b"\xff", fin=False)]
    frames += [Frame(CONT, b"", fin=False), Frame(CONT, b"\x00"), Frame(TEXT, b"after")]
    async with facing(saying(*frames)) as client:
        assert await taken(client, 4) == ["before", whole.decode(), b"\xff\x00", "after"]


async def test_control_frames_come_between_the_parts_of_a_message() -> None:
    answers: list[Seen] = []

    async def serve(peer: Peer) -> None:
        peer.write(TEXT, b"one ", fin=False)
        peer.write(PING, b"here?")
        peer.write(CONT, b"two ", fin=False)
        peer.write(PONG, b"nobody asked")
        answers.append(await peer.read())
        peer.write(CONT, b"three")
        await peer.until_the_end()

    async with facing(serve) as client:
        assert await client.receive() == "one two three"
    assert answers == [Seen(PONG, masked=True, payload=b"here?")]


async def test_a_close_between_the_parts_of_a_message_is_told_as_a_close() -> None:
    async with facing(saying(Frame(TEXT, b"one ", fin=False), Frame(CLOSE, b"\x03\xe9bye"))) as client:
        assert (await failed(client.receive())).message.endswith(": 1001 going away (bye)")


async def test_a_key_that_was_cut_between_parts_is_blanked_all_the_same() -> None:
    half = KEY.encode()[:8]
    async with facing(saying(Frame(TEXT, half, fin=False), Frame(CONT, KEY.encode()[8:]))) as client:
        assert await client.receive() == "*" * len(KEY)


# Sizes


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
@pytest.mark.parametrize("cut", [None, 1000])
async def test_a_message_of_the_largest_size_is_taken(opcode: Opcode, cut: int | None) -> None:
    whole = b"x" * 2048
    frames = [Frame(opcode, whole)]
    if cut is not None:
        frames = [Frame(opcode, whole[:cut], fin=False), Frame(CONT, whole[cut:])]
    async with facing(saying(*frames), max_message_bytes=2048) as client:
        assert len(await client.receive()) == 2048


TOO_LARGE = {
    "one frame": Frame(TEXT, b"x" * 2049).serialize(mask=False),
    "announced": b"\x81\x7f" + (70_000).to_bytes(8, "big"),
    "announced, a terabyte": b"\x82\x7f" + (1 << 40).to_bytes(8, "big"),
    "in parts": b"\x02\x7e\x07\xd0" + b"x" * 2000 + b"\x80\x31" + b"x" * 49,
}


@pytest.mark.parametrize("sent", TOO_LARGE.values(), ids=TOO_LARGE)
async def test_a_message_that_is_too_large_ends_the_connection_before_it_is_kept(sent: bytes) -> None:
    async def serve(peer: Peer) -> None:
        peer.write(TEXT, b"before")
        peer.writer.write(sent)
        closing = await peer.read()
        assert closing.opcode is CLOSE
        assert closing.payload[:2] == (1009).to_bytes(2, "big")

    async with facing(serve, max_message_bytes=2048) as client:
        assert await client.receive() == "before"
        error = await failed(client.receive())
    assert error.kind is ErrorKind.PROTOCOL
    assert "stream.max_message_bytes" in error.message


@pytest.mark.parametrize("encrypted", [False, True])
async def test_a_message_of_megabytes_comes_whole(authority: OwnAuthority, encrypted: bool) -> None:
    whole = b"0123456789abcdef" * (1 << 18)
    tls = authority.server_context() if encrypted else None
    trusting = read_surroundings({"SSL_CERT_FILE": str(authority.file)})
    serve = saying(Frame(TEXT, b"small"), Frame(BINARY, whole), Frame(TEXT, b"end"))
    async with facing(serve, tls=tls, max_message_bytes=1 << 23, surroundings=trusting) as client:
        assert await taken(client, 3) == ["small", whole, "end"]
        await client.pong(await client.ping(), 10.0)


# What breaks the protocol


BREACHES = {
    "a part of nothing": (b"\x80\x01x", "1002"),
    "a message within one in parts": (b"\x01\x01x\x81\x01y", "1002"),
    "a mask": (b"\x81\x81\x00\x00\x00\x00x", "1002"),
    "the first reserved bit": (b"\xc1\x01x", "1002"),
    "the second": (b"\xa2\x01x", "1002"),
    "the third": (b"\x91\x01x", "1002"),
    "one in a ping": (b"\xa9\x01x", "1002"),
    "an unknown opcode": (b"\x83\x00", "1002"),
    "an unknown control frame": (b"\x8b\x00", "1002"),
    "a ping in parts": (b"\x09\x00", "1002"),
    "a ping that is too long": (b"\x89\x7e\x00\x7e" + bytes(126), "1002"),
    "half a close code": (b"\x88\x01x", "1002"),
    "1006, which is for nobody to send": (b"\x88\x02\x03\xee", "1002"),
    "close code 0": (b"\x88\x02\x00\x00", "1002"),
    "close code 5000": (b"\x88\x02\x13\x88", "1002"),
    "a reason that is not UTF-8": (b"\x88\x04\x03\xe8\xff\xfe", "1007"),
    "a text that is not UTF-8": (b"\x81\x01\xff", "1007"),
    "the same in parts": (b"\x01\x01\xc3\x80\x01x", "1007"),
}


@pytest.mark.parametrize(("broken", "code"), BREACHES.values(), ids=BREACHES)
async def test_what_breaks_the_protocol_is_hung_up_on_and_told(broken: bytes, code: str) -> None:
    async def serve(peer: Peer) -> None:
        peer.write(TEXT, b"before")
        peer.writer.write(broken)
        await peer.until_the_end()

    async with facing(serve) as client:
        assert await client.receive() == "before"
        error = await failed(client.receive())
        assert error.kind is ErrorKind.PROTOCOL
        assert error.message.startswith(f"closed by this side: {code}")
        assert (await failed(client.send("more"))).message == error.message


# Masks


async def test_everything_that_is_sent_is_masked() -> None:
    seen: list[Seen] = []
    done = asyncio.Event()

    async def serve(peer: Peer) -> None:
        peer.write(PING, b"p")
        for _ in range(6):
            seen.append(await peer.read())
        done.set()
        await peer.until_the_end()

    packed = msgpack.packb({"op": "subscribe", "args": ["SOL"]})
    async with facing(serve) as client:
        for frame in ("text", packed, b"", "x" * 70_000):
            await client.send(frame)
        await client.ping()
        await done.wait()
    assert all(frame.masked for frame in seen)
    by_opcode = {opcode: [frame.payload for frame in seen if frame.opcode is opcode] for opcode in Opcode}
    assert by_opcode[TEXT] == [b"text", b"x" * 70_000]
    assert by_opcode[BINARY] == [packed, b""]
    assert by_opcode[PONG] == [b"p"]
    assert len(by_opcode[PING]) == 1


async def test_messagepack_comes_as_the_bytes_that_were_sent() -> None:
    packed = msgpack.packb({"price": 1.5, "names": ["SOL"] * 100})
    async with facing(saying(Frame(BINARY, packed))) as client:
        assert msgpack.unpackb(bytes(await client.receive())) == {"price": 1.5, "names": ["SOL"] * 100}


# Pings


async def test_the_pong_of_the_newest_ping_answers_the_older_ones_too() -> None:
    async def serve(peer: Peer) -> None:
        asked = [await peer.read() for _ in range(3)]
        peer.write(PONG, b"nobody asked")
        peer.write(PONG, asked[1].payload)
        await peer.until_the_end()

    clock = ManualClock()
    async with facing(serve, clock=clock) as client:
        waiters = [await client.ping() for _ in range(3)]
        for waiter in waiters[:2]:
            await client.pong(waiter, 5.0)
        third = asyncio.ensure_future(failed(client.pong(waiters[2], 5.0)))
        await clock.advance(5.0)
        assert "did not answer a ping for 5 s" in (await third).message


async def test_a_half_open_connection_is_noticed_by_its_ping() -> None:
    """The server is there and takes what is sent, but nothing comes any more, not even an end."""
    clock = ManualClock()
    async with facing(lambda peer: asyncio.Event().wait(), clock=clock) as client:
        reading = asyncio.ensure_future(client.receive())
        waiting = asyncio.ensure_future(failed(client.pong(await client.ping(), 10.0)))
        await clock.advance(10.0)
        assert (await waiting).message.endswith("did not answer a ping for 10 s")
        assert not reading.done()
        await client.close()
        await failed(reading)


async def test_the_end_of_the_connection_ends_every_wait() -> None:
    async def serve(peer: Peer) -> None:
        await peer.read()
        peer.writer.transport.abort()

    async with facing(serve) as client:
        reading = asyncio.ensure_future(client.receive())
        waiter = await client.ping()
        told = [await failed(client.pong(waiter, 10.0)), await failed(reading), await failed(client.ping())]
    assert {error.kind for error in told} == {ErrorKind.NETWORK}


# Who does not read


async def test_a_client_that_does_not_read_stops_the_server_and_misses_nothing() -> None:
    sent = 0
    message = b"x" * 10_000

    async def serve(peer: Peer) -> None:
        nonlocal sent
        for _ in range(3000):
            peer.write(BINARY, message)
            await peer.writer.drain()
            sent += 1
        await peer.until_the_end()

    async with facing(serve) as client:
        before = -1
        while sent != before:  # until nothing moves any more
            before = sent
            await asyncio.sleep(0.05)
        assert sent < 3000
        assert await taken(client, 3000) == [message] * 3000


async def test_sending_waits_while_the_server_does_not_read() -> None:
    reads = asyncio.Event()

    async def serve(peer: Peer) -> None:
        peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await reads.wait()
        peer.writer.transport.resume_reading()  # type: ignore[attr-defined]
        await peer.until_the_end()

    async def fill(client: Socket) -> None:
        for _ in range(60):
            await client.send(b"x" * 1_000_000)

    async with facing(serve) as client:
        filling = asyncio.ensure_future(fill(client))
        await asyncio.sleep(0.2)
        assert not filling.done()
        reads.set()
        await filling


async def test_a_send_that_waits_ends_with_the_connection() -> None:
    gone = asyncio.Event()

    async def serve(peer: Peer) -> None:
        peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await gone.wait()
        peer.writer.transport.abort()

    async def fill(client: Socket) -> None:
        while True:
            await client.send(b"x" * 1_000_000)

    async with facing(serve) as client:
        filling = asyncio.ensure_future(failed(fill(client)))
        await asyncio.sleep(0.2)
        gone.set()
        assert (await filling).kind is ErrorKind.NETWORK


# The end


async def test_closing_says_so_and_answers_the_servers_close() -> None:
    seen: list[Seen] = []

    async def serve(peer: Peer) -> None:
        seen.append(await peer.read())
        peer.write(CLOSE, seen[0].payload)

    async with facing(serve) as client:
        await client.close()
    assert [(frame.opcode, frame.payload) for frame in seen] == [(CLOSE, b"\x03\xe8")]


@pytest.mark.parametrize("payload", [b"", b"\x03\xe9", b"\x0f\xa1odd"])
async def test_a_close_of_the_server_is_answered(payload: bytes) -> None:
    answers: list[Seen] = []

    async def serve(peer: Peer) -> None:
        peer.write(CLOSE, payload)
        answers.append(await peer.read())

    async with facing(serve) as client:
        error = await failed(client.receive())
    assert error.kind is ErrorKind.SERVER
    assert [frame.opcode for frame in answers] == [CLOSE]
    assert answers[0].payload[:2] in (payload[:2], b"\x03\xe8")


async def test_closing_does_not_wait_for_a_server_that_says_nothing_or_goes_on_talking() -> None:
    async def serve(peer: Peer) -> None:
        while True:
            peer.write(TEXT, b"x" * 10_000)
            await peer.writer.drain()

    async with facing(serve) as client:
        began = asyncio.get_running_loop().time()
        await client.close()
        # the bound is the library's; a busy machine may add to it
        assert asyncio.get_running_loop().time() - began < CLOSE_TIMEOUT * 10


# Around the upgrade


async def test_what_comes_right_behind_the_upgrade_is_not_lost() -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answer = accepting(await reader.readuntil(b"\r\n\r\n"))
        frames = [Frame(TEXT, b"x" * size) for size in (10, 40_000)] + [Frame(CLOSE, b"\x03\xf4")]
        writer.write(answer + b"".join(frame.serialize(mask=False) for frame in frames))
        await writer.drain()

    async with raw_server(handle) as address:
        client = await dialled(acme(f"ws://{address}/"))
        assert [len(message) for message in await taken(client, 2)] == [10, 40_000]
        assert (await failed(client.receive())).message.endswith("1012 service restart")
        await client.close()


@pytest.mark.parametrize("connection", [b"upgrade", b"Upgrade", b"keep-alive, Upgrade"])
async def test_every_spelling_of_an_upgrade_is_understood(connection: bytes) -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answer = accepting(await reader.readuntil(b"\r\n\r\n"), connection)
        for byte in answer:  # in as many segments
            writer.write(bytes([byte]))
            await writer.drain()
        await saying(Frame(TEXT, b"hello"))(Peer(reader, writer))

    async with raw_server(handle) as address:
        client = await dialled(acme(f"ws://{address}/"))
        assert await client.receive() == "hello"
        await client.close()


@pytest.mark.parametrize("more", [b"Sec-WebSocket-Extensions: odd\r\n", b"Sec-WebSocket-Protocol: other\r\n"])
async def test_an_upgrade_to_what_was_not_offered_is_refused(more: bytes) -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(accepting(await reader.readuntil(b"\r\n\r\n"), more=more))
        await reader.read()

    async with raw_server(handle) as address:
        error = await failed(dialled(acme(f"ws://{address}/", subprotocols=("echo-protocol",))))
    assert error.kind is ErrorKind.PROTOCOL
    assert "did not speak WebSocket" in error.message
