from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import Callable

import h11
import pytest
from raw_server import answering, raw_server

from streamcore.clock import SystemClock
from streamcore.config.surroundings import NOWHERE
from streamcore.net import http_connections
from streamcore.net.dial import Dialler
from streamcore.net.http_body import TooLarge
from streamcore.net.http_connections import Exchanged, HttpConnections
from streamcore.net.http_target import target_of

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Host:
    """Answers every request of every connection, and knows how many of each there were."""

    def __init__(self, answer: Callable[[int], bytes] = lambda _: OK) -> None:
        self._answer = answer
        self.connections = 0
        self.requests: list[bytes] = []
        self.leave = asyncio.Event()
        """Hang up on idle connections."""
        self.left = asyncio.Event()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        leaving = asyncio.ensure_future(self.leave.wait())
        try:
            while True:
                head = asyncio.ensure_future(reader.readuntil(b"\r\n\r\n"))
                await asyncio.wait({head, leaving}, return_when=asyncio.FIRST_COMPLETED)
                if not head.done():
                    head.cancel()
                    return
                if head.exception() is not None:
                    return
                self.requests.append(head.result())
                writer.write(self._answer(len(self.requests)))
                await writer.drain()
        finally:
            leaving.cancel()
            writer.close()
            self.left.set()


def client() -> HttpConnections:
    return HttpConnections(Dialler(SystemClock(), NOWHERE))


async def get(
    connections: HttpConnections, address: str, *, body: bytes = b"", most: int = 1000
) -> Exchanged:
    target = target_of(f"http://{address}/path?a=b")
    return await connections.exchange("POST" if body else "GET", target, {"X-One": "1"}, body, most=most)


async def test_a_connection_carries_one_request_after_the_other() -> None:
    host, connections = Host(), client()
    async with raw_server(host) as address:
        for _ in range(3):
            assert await get(connections, address) == Exchanged(200, {"content-length": "2"}, b"ok")
        assert host.connections == 1
        assert host.requests[0].startswith(b"GET /path?a=b HTTP/1.1\r\nHost: " + address.encode())
        await connections.aclose()


async def test_requests_at_a_time_have_a_connection_each() -> None:
    host, connections = Host(), client()
    async with raw_server(host) as address:
        await asyncio.gather(*(get(connections, address) for _ in range(5)))
        assert host.connections == 5
        await get(connections, address)
        assert host.connections == 5
        await connections.aclose()


async def test_a_connection_that_the_host_has_closed_is_not_used_again() -> None:
    """The next request would be lost."""
    host, connections = Host(), client()
    async with raw_server(host) as address:
        await get(connections, address)
        host.leave.set()
        await host.left.wait()
        host.leave.clear()
        for _ in range(10):
            await asyncio.sleep(0)
        assert (await get(connections, address)).body == b"ok"
        assert host.connections == 2
        await connections.aclose()


async def test_what_a_host_says_unasked_is_not_the_answer_to_the_next_request() -> None:
    late = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"
    host, connections = Host(lambda number: OK + late if number == 1 else OK), client()
    async with raw_server(host) as address:
        assert (await get(connections, address)).status == 200
        for _ in range(10):
            await asyncio.sleep(0)
        assert (await get(connections, address)).status == 200
        assert host.connections == 2
        await connections.aclose()


async def test_a_connection_that_was_idle_for_long_is_not_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_connections, "IDLE_FOR", -1.0)
    host, connections = Host(), client()
    async with raw_server(host) as address:
        await get(connections, address)
        await get(connections, address)
        assert host.connections == 2
        await connections.aclose()


async def test_only_so_many_connections_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_connections, "MOST_IDLE", 2)
    host, connections = Host(), client()
    async with raw_server(host) as address:
        await asyncio.gather(*(get(connections, address) for _ in range(4)))
        await asyncio.gather(*(get(connections, address) for _ in range(4)))
        assert host.connections == 4 + 2
        await connections.aclose()


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\n\r\nok",
        b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + OK,
    ],
    ids=["chunked", "until it hangs up", "of 1996", "after hints"],
)
async def test_an_answer_may_end_in_several_ways(answer: bytes) -> None:
    connections = client()
    async with raw_server(answering(answer)) as address:
        assert (await get(connections, address)).body == b"ok"
        await connections.aclose()


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        (b"gzip", gzip.compress(b"ok")),
        (b"GZIP", gzip.compress(b"ok")),
        (b"deflate", zlib.compress(b"ok")),
        (b"deflate", zlib.compress(b"ok")[2:-4]),
        (b"deflate, gzip", gzip.compress(zlib.compress(b"ok"))),
        (b"identity", b"ok"),
    ],
    ids=["gzip", "in capitals", "deflate", "deflate without its wrapping", "twice", "identity"],
)
async def test_a_packed_body_is_unpacked(encoding: bytes, packed: bytes) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nContent-Length: %d\r\n\r\n" % (encoding, len(packed))
    connections = client()
    async with raw_server(answering(head + packed)) as address:
        assert (await get(connections, address)).body == b"ok"
        await connections.aclose()


async def test_a_small_body_that_unpacks_to_a_huge_one_is_not_unpacked_to_its_end() -> None:
    packed = gzip.compress(b"\0" * 100_000_000)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    connections = client()
    async with raw_server(answering(head + packed)) as address:
        with pytest.raises(TooLarge):
            await get(connections, address)
        await connections.aclose()


async def test_what_a_host_says_before_it_hangs_up_on_a_large_request_is_its_answer() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    connections = client()
    async with raw_server(refuse) as address:
        assert (await get(connections, address, body=b"x" * 1000)).status == 413
        await connections.aclose()


async def test_a_host_that_hangs_up_without_an_answer_is_an_error_and_its_connection_is_closed() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")

    connections = client()
    async with raw_server(hang_up) as address:
        with pytest.raises((h11.ProtocolError, OSError)):
            await get(connections, address)
        await connections.aclose()


async def test_a_request_that_is_given_up_closes_its_connection() -> None:
    asked, ended = asyncio.Event(), asyncio.Event()

    async def dawdle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        asked.set()
        await reader.read()
        ended.set()

    connections = client()
    async with raw_server(dawdle) as address:
        request = asyncio.ensure_future(get(connections, address))
        await asked.wait()
        request.cancel()
        await asyncio.wait({request})
        await ended.wait()
        await connections.aclose()
