from __future__ import annotations

import asyncio
import errno
import gzip
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from manual_clock import ManualClock
from raw_server import answering, raw_server, silent
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosedOK
from websockets.frames import Close, Frame, Opcode

from streamcore.clock import SystemClock
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net import network
from streamcore.net.network import Answer, HttpClient, Socket, dial, host_of
from streamcore.net.rate_limit import TokenBucket
from streamcore.providers.base import Endpoint

KEY = "top-secret-key-1"
SOMEWHERE = "192.0.2.1"
"""An address that is nobody's (RFC 5737)."""

Serving = Callable[[ServerConnection], Awaitable[None]]


class Provider:
    """As much of a provider as dialling needs."""

    name = "acme"

    def __init__(self, url: str, **endpoint: Any) -> None:
        self._endpoint = Endpoint(url=f"{url}?api-key={KEY}", shown_url=url, secrets=(KEY,), **endpoint)
        self.refusals: list[tuple[int, Mapping[str, str], bytes]] = []

    def endpoint(self) -> Endpoint:
        return self._endpoint

    def handshake_refusal(self, status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
        self.refusals.append((status, headers, body))
        return ProviderError(ErrorKind.SERVER, f"acme answered {status}")


async def dialled(provider: Provider, *, max_message_bytes: int = 1 << 20) -> Socket:
    return await dial(
        provider,  # type: ignore[arg-type]
        within=5.0,
        max_message_bytes=max_message_bytes,
        clock=SystemClock(),
    )


@asynccontextmanager
async def connection(serving: Serving, **options: Any) -> AsyncIterator[Socket]:
    async with serve(serving, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()[:2]
        open_socket = await dialled(Provider(f"ws://{host}:{port}/"), **options)
        try:
            yield open_socket
        finally:
            await open_socket.close()


async def failed(awaitable: Awaitable[Any]) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await awaitable
    assert KEY not in str(caught.value)
    return caught.value


@pytest.fixture
def broken_network(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Make every TCP connect fail the way a test says."""

    def install(error: BaseException) -> None:
        async def create_connection(*_: Any, **__: Any) -> None:
            raise error

        async def getaddrinfo(*_: Any, **__: Any) -> list[Any]:
            if isinstance(error, socket.gaierror):
                raise error
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (SOMEWHERE, 1))]

        monkeypatch.setattr(asyncio.BaseEventLoop, "create_connection", create_connection)
        monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", getaddrinfo)

    return install


def certificate_error() -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_message = "self-signed certificate"
    return error


UNREACHABLE = [
    (socket.gaierror(-2, "Name or service not known"), "name lookup of acme.invalid:1 failed"),
    (ConnectionRefusedError(errno.ECONNREFUSED, "no"), "acme.invalid:1 refused the connection"),
    (certificate_error(), "the certificate of acme.invalid:1 is not valid: self-signed certificate"),
    (ssl.SSLError(1, "wrong version number"), "TLS with acme.invalid:1 failed: wrong version number"),
    (
        OSError(errno.ENETUNREACH, "Network is unreachable"),
        "acme.invalid:1 cannot be reached: Network is unreachable",
    ),
    (
        ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"),
        "acme.invalid:1 cannot be reached: Connection reset by peer",
    ),
    (OSError(f"odd\x1b[2J {KEY}"), "acme.invalid:1 cannot be reached: odd␛[2J ***"),
    (OSError(), "acme.invalid:1 cannot be reached: OSError"),
]


# The socket


async def test_text_and_binary_go_both_ways() -> None:
    async def echo(server: ServerConnection) -> None:
        async for message in server:
            await server.send(message)

    async with connection(echo) as client:
        await client.send("naïve")
        await client.send(b"\x00\xff")
        assert [await client.receive(), await client.receive()] == ["naïve", b"\x00\xff"]


async def test_the_handshake_carries_what_the_provider_asks_for() -> None:
    seen: list[Any] = []

    async def look(server: ServerConnection) -> None:
        seen.append(server.request)

    async with serve(look, "127.0.0.1", 0, subprotocols=["echo-protocol"]) as server:  # type: ignore[list-item]
        port = server.sockets[0].getsockname()[1]
        provider = Provider(
            f"ws://127.0.0.1:{port}/path",
            origin="ws://acme.example",
            subprotocols=("echo-protocol",),
            headers={"X-Extra": "1"},
        )
        client = await dialled(provider)
        await client.close()
    (request,) = seen
    assert request.path == f"/path?api-key={KEY}"
    wanted = {"Origin": "ws://acme.example", "Sec-WebSocket-Protocol": "echo-protocol", "X-Extra": "1"}
    assert {name: request.headers[name] for name in wanted} == wanted
    assert request.headers["User-Agent"] == "streamtui"


@pytest.mark.parametrize(
    ("code", "reason", "text"),
    [
        (1000, "", "1000 normal closure"),
        (1001, "bye", "1001 going away (bye)"),
        (1008, "slow consumer", "1008 policy violation (slow consumer)"),
        (1011, "", "1011 internal error"),
        (1012, "", "1012 service restart"),
        (1013, "", "1013 try again later"),
        (4001, "odd", "4001 (odd)"),
        (1008, f"key {KEY} is bad", "1008 policy violation (key *** is bad)"),
        (1008, "a\x1b[2Jb", "1008 policy violation (a␛[2Jb)"),
    ],
)
async def test_a_close_frame_is_told_with_its_code_meaning_and_reason(
    code: int, reason: str, text: str
) -> None:
    async with connection(lambda server: server.close(code, reason)) as client:
        error = await failed(client.receive())
    assert (error.kind, error.retryable) == (ErrorKind.SERVER, True)
    assert error.message.startswith("closed by 127.0.0.1:")
    assert error.message.endswith(f": {text}")


async def test_a_connection_that_breaks_off_has_no_close_frame() -> None:
    async def drop(server: ServerConnection) -> None:
        server.transport.abort()

    async with connection(drop) as client:
        error = await failed(client.receive())
    assert (error.kind, error.message) == (ErrorKind.NETWORK, "connection lost: no close frame")


async def test_what_came_before_the_end_is_still_delivered() -> None:
    async def speak(server: ServerConnection) -> None:
        await server.send("last words")

    async with connection(speak) as client:
        assert await client.receive() == "last words"
        await failed(client.receive())


def together(*messages: bytes | str | list[str]) -> tuple[Serving, asyncio.Event]:
    """Return what sends all messages once it is asked to, and then says that it did."""
    sent = asyncio.Event()

    async def speak(server: ServerConnection) -> None:
        await server.recv()
        for message in messages:
            if message == NO_TEXT:
                server.transport.write(Frame(Opcode.TEXT, b"\xff").serialize(mask=False))
            else:
                await server.send(message)
        sent.set()
        await server.wait_closed()

    return speak, sent


NO_TEXT = b"no text"
"""Stands for a text message that is not UTF-8."""


async def gathered(client: Socket, sent: asyncio.Event) -> None:
    """Leave messages to gather until all have been sent."""
    clock = ManualClock()
    gathering = asyncio.create_task(client.gather(1.0, clock))
    await clock.settle()
    await client.send("speak")
    await sent.wait()
    await clock.settle()
    assert client.arrived() == []
    await clock.advance(1.0)
    await gathering


async def test_messages_that_were_left_to_gather_are_handed_over_together() -> None:
    speak, sent = together("one", b"\x02", f"three {KEY}")
    async with connection(speak) as client:
        await gathered(client, sent)
        blanked = f"three {'*' * len(KEY)}"
        assert [await client.receive(), *client.arrived()] == ["one", b"\x02", blanked]


async def test_a_message_in_parts_is_handed_over_whole_and_in_its_place() -> None:
    speak, sent = together("one", ["t", "w", "o"], "three")
    async with connection(speak) as client:
        await gathered(client, sent)
        assert [await client.receive(), *client.arrived()] == ["one"]
        assert [await client.receive(), *client.arrived()] == ["two", "three"]


async def test_what_came_before_a_message_that_is_no_text_is_handed_over() -> None:
    speak, sent = together("one", "two", NO_TEXT)
    async with connection(speak) as client:
        await gathered(client, sent)
        assert [await client.receive(), *client.arrived()] == ["one", "two"]
        assert client.arrived() == []
        assert "1007" in (await failed(client.receive())).message


async def test_more_messages_than_the_buffer_wants_are_taken_and_more_can_come() -> None:
    many = [str(number) for number in range(100)]
    speak, sent = together(*many)
    async with connection(speak) as client:
        await gathered(client, sent)
        taken = [await client.receive(), *client.arrived()]
        while len(taken) < len(many):
            taken += [await client.receive(), *client.arrived()]
        assert taken == many


async def test_a_ping_ends_the_gathering_so_that_its_round_trip_is_true() -> None:
    async with connection(lambda server: server.wait_closed()) as client:
        clock = ManualClock()
        gathering = asyncio.create_task(client.gather(1.0, clock))
        await clock.settle()
        waiter = await client.ping()
        await client.gather(1.0, clock)  # not while its pong is on its way
        await client.pong(waiter, 5.0, SystemClock())
        assert not gathering.done()
        await clock.advance(1.0)
        await gathering


async def test_a_message_that_is_too_large_names_the_setting() -> None:
    async def shout(server: ServerConnection) -> None:
        await server.send("x" * 2000)
        await server.wait_closed()

    async with connection(shout, max_message_bytes=1024) as client:
        error = await failed(client.receive())
    assert error.kind is ErrorKind.PROTOCOL
    assert "stream.max_message_bytes" in error.message


@pytest.mark.parametrize(
    ("frame", "text"),
    [
        (Frame(Opcode.TEXT, b"\xff\xfe"), "closed by this side: 1007 invalid data"),
        (Frame(Opcode.CONT, b"x"), "closed by this side: 1002 protocol error"),
    ],
)
async def test_a_peer_that_breaks_the_protocol_is_hung_up_on(frame: Frame, text: str) -> None:
    async def misbehave(server: ServerConnection) -> None:
        server.transport.write(frame.serialize(mask=False))
        await server.wait_closed()

    async with connection(misbehave) as client:
        error = await failed(client.receive())
    assert error.kind is ErrorKind.PROTOCOL
    assert error.message.startswith(text)


async def test_after_the_end_sending_and_pinging_fail_the_same_way() -> None:
    async with connection(lambda server: server.close(1012)) as client:
        errors = [await failed(client.receive()), await failed(client.send("x")), await failed(client.ping())]
    assert {error.kind for error in errors} == {ErrorKind.SERVER}


async def test_a_ping_is_answered() -> None:
    async def stay(server: ServerConnection) -> None:
        await server.wait_closed()

    async with connection(stay) as client:
        await client.pong(await client.ping(), 5.0, SystemClock())


async def test_a_pong_that_does_not_come_is_told_as_that() -> None:
    async def stay(server: ServerConnection) -> None:
        await server.wait_closed()

    clock = ManualClock()
    async with connection(stay) as client:
        never: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        waiting = asyncio.ensure_future(failed(client.pong(never, 10.0, clock)))
        await clock.advance(9.9)
        assert not waiting.done()
        await clock.advance(0.1)
        error = await waiting
    assert error.kind is ErrorKind.NETWORK
    assert error.message.startswith("127.0.0.1:")
    assert error.message.endswith(" did not answer a ping for 10 s")


async def test_the_end_of_the_connection_ends_the_wait_for_a_pong() -> None:
    async with connection(lambda server: server.close(1001)) as client:
        never: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        never.set_exception(ConnectionClosedOK(Close(1001, ""), Close(1001, ""), rcvd_then_sent=True))
        error = await failed(client.pong(never, 10.0, ManualClock()))
    assert "1001 going away" in error.message


async def test_closing_twice_and_after_a_loss_is_no_error() -> None:
    async def drop(server: ServerConnection) -> None:
        server.transport.abort()

    async with connection(drop) as client:
        await failed(client.receive())
        await client.close()
        await client.close()


# Dialling


@pytest.mark.parametrize(("error", "text"), UNREACHABLE)
async def test_each_way_of_not_reaching_a_stream_has_its_sentence(
    broken_network: Callable[[BaseException], None], error: BaseException, text: str
) -> None:
    broken_network(error)
    told = await failed(dialled(Provider("ws://acme.invalid:1/")))
    assert (told.kind, told.retryable, told.message) == (ErrorKind.NETWORK, True, text)


async def test_a_port_nobody_listens_on_refuses() -> None:
    async with raw_server(silent) as address:
        pass
    error = await failed(dialled(Provider(f"ws://{address}/")))
    assert error.message == f"{address} refused the connection"


async def test_tls_with_a_server_that_has_none_fails_as_such() -> None:
    async with raw_server(lambda reader, writer: _write(writer, b"220 hello\r\n")) as address:
        error = await failed(dialled(Provider(f"wss://{address}/")))
    assert error.kind is ErrorKind.NETWORK
    assert error.message.startswith(f"TLS with {address} failed")


async def _write(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(data)
    await writer.drain()


@pytest.mark.parametrize("said", [b"SSH-2.0-OpenSSH_9.6\r\n\r\n", b"", b"HTTP/1.1 abc\r\n\r\n", b"\x00" * 50])
async def test_a_server_that_does_not_speak_websocket_is_told_as_that(said: bytes) -> None:
    async with raw_server(answering(said)) as address:
        error = await failed(dialled(Provider(f"ws://{address}/")))
    assert (error.kind, error.retryable) == (ErrorKind.PROTOCOL, True)
    assert error.message.startswith(f"{address} did not speak WebSocket: ")


async def test_a_handshake_that_does_not_fit_is_told_as_that() -> None:
    upgrade = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    async with raw_server(answering(upgrade + b"Sec-WebSocket-Accept: wrong\r\n\r\n")) as address:
        error = await failed(dialled(Provider(f"ws://{address}/")))
    assert error.kind is ErrorKind.PROTOCOL


@pytest.mark.parametrize("url", ["ws://a..b/", "ws:///", f"ws://{'x' * 70}.invalid/", "http://acme.invalid/"])
async def test_a_url_that_cannot_be_dialled_is_an_error_of_ours(url: str) -> None:
    await failed(dialled(Provider(url)))


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 429, 500, 503])
async def test_an_answer_other_than_an_upgrade_is_the_providers_to_explain(status: int) -> None:
    response = f"HTTP/1.1 {status} Some Phrase\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nbody".encode()
    async with raw_server(answering(response)) as address:
        provider = Provider(f"ws://{address}/")
        error = await failed(dialled(provider))
    assert error.message == f"acme answered {status}"
    ((told, headers, body),) = provider.refusals
    assert (told, headers["retry-after"], body) == (status, "7", b"body")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed_for_it_would_carry_the_key_along(status: int) -> None:
    visits: list[bytes] = []

    async def visited(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visits.append(await reader.read(1))

    async with raw_server(visited) as other:
        response = (
            f"HTTP/1.1 {status} Moved\r\nLocation: ws://{other}/?api-key={KEY}\r\nContent-Length: 0\r\n\r\n"
        )
        async with raw_server(answering(response.encode())) as address:
            provider = Provider(f"ws://{address}/")
            await failed(dialled(provider))
    assert [refusal[0] for refusal in provider.refusals] == [status]
    assert visits == []


async def test_a_server_that_never_answers_is_given_up_by_the_injected_clock() -> None:
    clock = ManualClock()
    accepted = asyncio.Event()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        accepted.set()
        await reader.read()

    async with raw_server(accept) as address:
        attempt = asyncio.ensure_future(
            failed(dial(Provider(f"ws://{address}/"), within=10.0, max_message_bytes=1024, clock=clock))  # type: ignore[arg-type]
        )
        await accepted.wait()
        await clock.advance(9.9)
        assert not attempt.done()
        await clock.advance(0.1)
        error = await attempt
    assert (error.kind, error.message) == (ErrorKind.NETWORK, f"{address} did not answer within 10 s")


async def test_no_log_record_holds_the_key_at_any_level(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def speak(server: ServerConnection) -> None:
        await server.send(f"your key is {KEY}")

    async with connection(speak) as client:
        await client.receive()
    streams = [record for record in caplog.records if record.name == "streamcore.websocket.acme"]
    assert any("api-key=***" in record.getMessage() for record in streams)
    assert all(KEY not in record.getMessage() for record in streams)


@pytest.mark.parametrize("variable", ["http_proxy", "https_proxy", "all_proxy", "ws_proxy"])
async def test_a_proxy_is_not_asked_for_a_server_on_this_machine(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    async with connection(lambda server: server.send("direct")) as client:
        assert await client.receive() == "direct"
    async with raw_server(answering(OK)) as address, HttpClient(SystemClock(), timeout=5.0) as client_http:
        assert (await client_http.request("GET", f"http://{address}/")).body == b"body"


@pytest.mark.parametrize("proxy", ["socks5://user:password@127.0.0.1:9", "nonsense://127.0.0.1:9"])
async def test_a_proxy_that_cannot_be_used_is_told_without_its_password(
    monkeypatch: pytest.MonkeyPatch, http: HttpClient, proxy: str
) -> None:
    for variable in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(variable, proxy)
    monkeypatch.delenv("no_proxy", raising=False)
    for attempt in (dialled(Provider("ws://acme.invalid:1/")), http.request("GET", "http://acme.invalid:1/")):
        error = await failed(attempt)
        assert (error.kind, error.retryable) == (ErrorKind.NETWORK, False)
        assert "proxy" in error.message
        assert "password" not in error.message


# HTTP

OK = b"HTTP/1.1 200 OK\r\nX-Many: a\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody"


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    async with HttpClient(SystemClock(), timeout=5.0) as client:
        yield client


async def test_an_answer_has_its_status_its_headers_in_lower_case_and_its_body(http: HttpClient) -> None:
    async with raw_server(answering(OK)) as address:
        answer = await http.request("GET", f"http://{address}/", params={"a": "b c"})
    assert isinstance(answer, Answer)
    assert (answer.status, answer.headers["x-many"], answer.body) == (200, "a", b"body")


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 404, 429, 500, 503, 555])
async def test_any_status_is_an_answer_and_no_redirect_is_followed(http: HttpClient, status: int) -> None:
    response = (
        f"HTTP/1.1 {status} X\r\nLocation: /elsewhere\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )
    requests: list[bytes] = []

    async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await reader.readuntil(b"\r\n\r\n"))
        await _write(writer, response.encode())

    async with raw_server(count) as address:
        answer = await http.request("GET", f"http://{address}/")
    assert answer.status == status
    assert len(requests) == 1


@pytest.mark.parametrize(("error", "text"), UNREACHABLE)
async def test_each_way_of_not_reaching_a_server_has_its_sentence(
    http: HttpClient, broken_network: Callable[[BaseException], None], error: BaseException, text: str
) -> None:
    broken_network(error)
    told = await failed(http.request("GET", f"http://acme.invalid:1/?api-key={KEY}", secrets=(KEY,)))
    assert (told.kind, told.retryable, told.message) == (ErrorKind.NETWORK, True, text)


@pytest.mark.parametrize(
    "said", [b"", b"SSH-2.0\r\n\r\n", f"HTTP/1.1 {KEY}\r\n\r\n".encode(), OK.replace(b": 4", b": 400")]
)
async def test_an_answer_that_is_no_http_or_breaks_off_is_an_error_without_the_key(
    http: HttpClient, said: bytes
) -> None:
    async with raw_server(answering(said)) as address:
        error = await failed(http.request("GET", f"http://{address}/?api-key={KEY}", secrets=(KEY,)))
    assert error.retryable
    assert error.message.startswith(address)


async def test_an_answer_whose_compression_is_broken_is_a_protocol_error(http: HttpClient) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\nConnection: close\r\n\r\n"
    async with raw_server(answering(head + b"body")) as address:
        error = await failed(http.request("GET", f"http://{address}/"))
    assert error.kind is ErrorKind.PROTOCOL


async def test_an_answer_larger_than_any_real_one_is_not_read_to_its_end(
    http: HttpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network, "MAX_BODY_BYTES", 1000)
    packed = gzip.compress(b"x" * 100_000)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n".encode()
    async with raw_server(answering(head + packed)) as address:
        error = await failed(http.request("GET", f"http://{address}/"))
    assert error.kind is ErrorKind.PROTOCOL
    assert "larger than 1000 bytes" in error.message


async def test_a_request_that_takes_too_long_is_given_up_by_the_injected_clock() -> None:
    clock = ManualClock()
    asked = asyncio.Event()

    async def dawdle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        asked.set()
        await reader.read()

    async with raw_server(dawdle) as address, HttpClient(clock, timeout=10.0) as client:
        request = asyncio.ensure_future(failed(client.request("GET", f"http://{address}/")))
        await asked.wait()
        await clock.advance(10)
        error = await request
    assert (error.kind, error.message) == (ErrorKind.NETWORK, f"{address} did not answer within 10 s")


@pytest.mark.parametrize(
    "url", ["ftp://acme.invalid/", "nonsense", "http://acme.invalid:port/", "http://a..b/", "http:///"]
)
async def test_a_url_that_cannot_be_asked_is_an_error_of_ours(http: HttpClient, url: str) -> None:
    await failed(http.request("GET", url))


async def test_a_request_waits_for_its_rate_limit(http: HttpClient) -> None:
    clock = ManualClock()
    limit = TokenBucket(1.0, 1, clock)
    await limit.take()
    async with raw_server(answering(OK)) as address:
        request = asyncio.ensure_future(http.request("GET", f"http://{address}/", rate_limit=limit))
        await clock.settle()
        assert clock.sleeping == 1
        await clock.advance(1.0)
        assert (await request).status == 200


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("wss://acme.example/socket?x-api-key=k", "acme.example"),
        ("ws://127.0.0.1:8080/", "127.0.0.1:8080"),
        ("https://user:password@acme.example:1/", "acme.example:1"),
        ("ws://[::1]:5/", "[::1]:5"),
    ],
)
def test_of_a_url_only_host_and_port_are_shown(url: str, host: str) -> None:
    assert host_of(url) == host
