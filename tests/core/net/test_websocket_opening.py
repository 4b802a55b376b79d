from __future__ import annotations

import asyncio
import logging
import socket
from base64 import b64encode

import pytest
from broken_network import run_broken
from manual_clock import ManualClock
from raw_server import answering, raw_server, silent
from virtual_time import VirtualClock
from websocket_pair import KEY, Refusals, acme, connection, dialled, failed
from websockets.asyncio.server import ServerConnection

from streamcore.clock import SystemClock
from streamcore.config.surroundings import NOWHERE
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.dial import Dialler, waiting_on

pytestmark = pytest.mark.usefixtures("library")


async def test_a_port_nobody_listens_on_refuses() -> None:
    async with raw_server(silent) as address:
        pass
    error = await failed(dialled(acme(f"ws://{address}/")))
    assert error.message == f"{address} refused the connection"


async def test_tls_with_a_server_that_has_none_fails_as_such() -> None:
    async with raw_server(lambda reader, writer: _write(writer, b"220 hello\r\n")) as address:
        error = await failed(dialled(acme(f"wss://{address}/")))
    assert error.kind is ErrorKind.NETWORK
    assert error.message.startswith(f"TLS with {address} failed")


async def _write(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(data)
    await writer.drain()


@pytest.mark.parametrize("said", [b"SSH-2.0-OpenSSH_9.6\r\n\r\n", b"", b"HTTP/1.1 abc\r\n\r\n", b"\x00" * 50])
async def test_a_server_that_does_not_speak_websocket_is_told_as_that(said: bytes) -> None:
    async with raw_server(answering(said)) as address:
        error = await failed(dialled(acme(f"ws://{address}/")))
    assert (error.kind, error.retryable) == (ErrorKind.PROTOCOL, True)
    assert error.message.startswith(f"{address} did not speak WebSocket: ")


class _Patient(Dialler):
    """Hands a connection over when the other side has said something already."""

    async def dial(self, host: str, port: int) -> asyncio.Transport:
        transport = await super().dial(host, port)
        while not waiting_on(transport).received:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0)
        return transport


@pytest.mark.parametrize("said", [b'INFO {"server_id":"N"}\r\n', b"SSH-2.0-OpenSSH_9.6\r\n"])
async def test_a_server_that_speaks_first_is_told_as_one_of_another_kind(said: bytes) -> None:
    async def greeting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _write(writer, said)
        await reader.read()

    async with raw_server(greeting) as address:
        error = await failed(
            dialled(acme(f"ws://{address}/"), dialler=_Patient(SystemClock(), NOWHERE), within=5.0)
        )
    assert (error.kind, error.retryable) == (ErrorKind.PROTOCOL, True)
    assert error.message.startswith(f"{address} did not speak WebSocket: ")


async def test_a_handshake_that_does_not_fit_is_told_as_that() -> None:
    upgrade = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    async with raw_server(answering(upgrade + b"Sec-WebSocket-Accept: wrong\r\n\r\n")) as address:
        error = await failed(dialled(acme(f"ws://{address}/")))
    assert error.kind is ErrorKind.PROTOCOL


@pytest.mark.parametrize("url", ["ws://a..b/", "ws:///", f"ws://{'x' * 70}.invalid/", "http://acme.invalid/"])
async def test_a_url_that_cannot_be_dialled_is_an_error_of_ours(url: str) -> None:
    await failed(dialled(acme(url)))


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 429, 500, 503])
async def test_an_answer_other_than_an_upgrade_is_the_providers_to_explain(status: int) -> None:
    response = f"HTTP/1.1 {status} Some Phrase\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nbody".encode()
    async with raw_server(answering(response)) as address:
        refusals = Refusals()
        error = await failed(dialled(acme(f"ws://{address}/"), refusals=refusals))
    assert error.message == f"acme answered {status}"
    ((told, headers, body),) = refusals.seen
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
            refusals = Refusals()
            await failed(dialled(acme(f"ws://{address}/"), refusals=refusals))
    assert [refusal[0] for refusal in refusals.seen] == [status]
    assert visits == []


async def test_a_server_that_never_answers_is_given_up_by_the_injected_clock() -> None:
    clock = ManualClock()
    accepted = asyncio.Event()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        accepted.set()
        await reader.read()

    async with raw_server(accept) as address:
        attempt = asyncio.ensure_future(failed(dialled(acme(f"ws://{address}/"), within=10.0, clock=clock)))
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


@pytest.mark.parametrize(
    ("broken", "text"),
    [
        (socket.gaierror(-2, "Name or service not known"), "name lookup of acme.invalid:1 failed"),
        (ConnectionRefusedError(111, "no"), "acme.invalid:1 refused the connection"),
        (OSError(101, "Network is unreachable"), "acme.invalid:1 cannot be reached: Network is unreachable"),
    ],
)
def test_what_the_system_says_is_told(broken: OSError, text: str) -> None:
    async def dial() -> ProviderError:
        return await failed(dialled(acme("ws://acme.invalid:1/"), clock=VirtualClock()))

    assert run_broken(broken, dial()).message == text


@pytest.mark.parametrize("variable", ["http_proxy", "https_proxy", "all_proxy", "ws_proxy"])
async def test_a_proxy_is_not_asked_for_a_server_on_this_machine(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    async with connection(lambda server: server.send("direct")) as client:
        assert await client.receive() == "direct"


@pytest.mark.parametrize("status", [200, 401, 403, 404])
async def test_a_web_page_in_the_place_of_an_upgrade_is_no_refusal_by_the_host(status: int) -> None:
    """Row 6 of issue 11: a key was called wrong, or raw HTML shown, where a network wants a sign-in."""
    page = b"<html><title>Sign in</title></html>"
    said = b"HTTP/1.1 %d X\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s" % (
        status,
        len(page),
        page,
    )
    refusals = Refusals()
    async with raw_server(answering(said)) as address:
        error = await failed(dialled(acme(f"ws://{address}/"), refusals=refusals))
    assert error.message.startswith(f"{address} answers with a web page")
    assert "sign-in" in error.message
    assert (error.retryable, error.parks, refusals.seen) == (True, False, [])


CHUNKED = b'Transfer-Encoding: chunked\r\n\r\n3\r\n{"a\r\n4\r\n": 1\r\n1\r\n}\r\n0\r\n\r\n'
LATE = {
    "with its length": [b"Content-Length: 8\r\n\r\n", b'{"a"', b": 1}"],
    "in chunks": [CHUNKED[:40], CHUNKED[40:60], CHUNKED[60:]],
    "up to the end": [b"Connection: close\r\n\r\n", b'{"a": ', b"1}"],
}


@pytest.mark.parametrize("status", [403, 520, 530])
@pytest.mark.parametrize("parts", LATE.values(), ids=LATE)
async def test_of_a_refusal_all_of_the_body_is_told_also_what_comes_later(
    status: int, parts: list[bytes]
) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 %d Odd\r\nContent-Type: application/json\r\n" % status)
        for part in parts:
            await writer.drain()
            await asyncio.sleep(0.01)  # so that it comes by itself; what comes together is told as well
            writer.write(part)

    refusals = Refusals()
    async with raw_server(refuse) as address:
        await failed(dialled(acme(f"ws://{address}/"), refusals=refusals))
    assert [(told, body) for told, _, body in refusals.seen] == [(status, b'{"a": 1}')]


async def test_a_name_and_a_password_in_the_url_are_sent_and_shown_to_nobody() -> None:
    requests: list[bytes] = []

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"SSH-2.0-x\r\n")

    async with raw_server(refuse) as address:
        error = await failed(dialled(acme(f"ws://jo:pass-w0rd@{address}/")))
    lines = requests[0].split(b"\r\n")
    assert b"Authorization: Basic " + b64encode(b"jo:pass-w0rd") in lines
    assert f"Host: {address}".encode() in lines
    assert "pass-w0rd" not in str(error)
