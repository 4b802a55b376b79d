"""A WebSocket server that sends as fast as the socket takes it, and is made of no WebSocket library.

So it is not what is measured. It prints its port, takes one client, reads so many frames of it, answers each
subscription with a first price of every symbol, sends ``--count`` frames and a close frame, and ends. HTTP is
answered with 404: a client has nothing there.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import hashlib
import json
import select
import socket
import struct

from feeds import frames

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_NOTHING = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


def framed(payload: bytes, opcode: int = 1) -> bytes:
    """Return a frame of a server, unmasked."""
    if len(payload) < 126:
        return bytes([0x80 | opcode, len(payload)]) + payload
    return bytes([0x80 | opcode, 126]) + struct.pack(">H", len(payload)) + payload


def read_frame(client: socket.socket, *, wait: bool = True) -> bytes:
    """Read a client's next data frame without its mask, and answer pings until it comes.

    ``wait``: not to return after one that is no data.
    """
    while True:
        opcode, length = _exactly(client, 2)
        length &= 0x7F
        if length == 126:
            (length,) = struct.unpack(">H", _exactly(client, 2))
        mask = _exactly(client, 4)
        payload = bytes(byte ^ mask[i % 4] for i, byte in enumerate(_exactly(client, length)))
        if opcode & 0x0F == 9:
            client.sendall(framed(payload, 10))
        if opcode & 0x0F < 3 or not wait:
            return payload


def _exactly(client: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        more = client.recv(length - len(data))
        if not more:
            raise ConnectionError("the client is gone")
        data += more
    return data


def upgraded(server: socket.socket) -> socket.socket:
    """Wait for a client that wants a WebSocket, and return its socket once it is one."""
    while True:
        client, _ = server.accept()
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        request = b""
        while b"\r\n\r\n" not in request:
            request += client.recv(65536)
        lines = (line.split(b":", 1) for line in request.split(b"\r\n")[1:] if b":" in line)
        headers = {name.strip().lower(): value.strip() for name, value in lines}
        key = headers.get(b"sec-websocket-key")
        if key is None:
            client.sendall(_NOTHING)
            client.close()
            continue
        accept = base64.b64encode(hashlib.sha1(key + _GUID).digest())
        answer = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        if protocol := headers.get(b"sec-websocket-protocol"):
            answer += b"Sec-WebSocket-Protocol: " + protocol.split(b",")[0] + b"\r\n"
        client.sendall(answer + b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")
        return client


def first_prices(request: bytes, feed: list[str]) -> list[bytes]:
    """Return the first frame of every symbol that a subscription names."""
    try:
        message = json.loads(request)
    except ValueError:
        return []
    names = message.get("params", {}).get("symbol") or message.get("product_ids") or ()
    wanted = {f'"{name}"' for name in names}
    first: dict[str, bytes] = {}
    for frame in feed:
        for name in wanted - first.keys():
            if name in frame:
                first[name] = framed(frame.replace('"update"', '"snapshot"').encode())
    return list(first.values())


def main() -> None:
    """Serve one client."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("feed")
    parser.add_argument("--count", type=int, default=100_000, help="frames to send, at least")
    parser.add_argument("--symbols", type=int, default=3)
    parser.add_argument("--malformed", type=float, default=0.0)
    parser.add_argument("--requests", type=int, default=1, help="frames to read of the client before")
    given = parser.parse_args()
    feed = frames(given.feed, given.symbols)
    sent = frames(given.feed, given.symbols, given.malformed)
    blob = b"".join(framed(frame.encode()) for frame in sent)
    server = socket.create_server(("127.0.0.1", 0))
    print(server.getsockname()[1], flush=True)
    client = upgraded(server)
    for _ in range(given.requests):
        client.sendall(b"".join(first_prices(read_frame(client), feed)))
    for _ in range(-(-given.count // len(sent))):
        client.sendall(blob)
        while select.select([client], [], [], 0)[0]:
            read_frame(client, wait=False)
    client.sendall(framed(struct.pack(">H", 1000), 8))
    client.settimeout(5)
    with contextlib.suppress(OSError):  # how the client leaves is its own affair
        while client.recv(65536):
            pass


if __name__ == "__main__":
    main()
