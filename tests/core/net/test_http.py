from __future__ import annotations

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator, Awaitable
from typing import Any

import pytest
from broken_network import run_broken
from manual_clock import ManualClock
from raw_server import answering, raw_server
from virtual_time import VirtualClock

from streamcore.clock import SystemClock
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.http import HttpClient
from streamcore.net.rate_limit import TokenBucket
from streamcore.net.transport import Answer

KEY = "top-secret-key-1"


async def failed(awaitable: Awaitable[Any]) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await awaitable
    assert KEY not in str(caught.value)
    return caught.value


async def _write(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(data)
    await writer.drain()


OK = b"HTTP/1.1 200 OK\r\nX-Many: a\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody"


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    async with HttpClient(SystemClock(), timeout=60.0) as client:
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


async def test_a_compressed_answer_is_read_and_each_header_of_a_request_is_sent_once(
    http: HttpClient,
) -> None:
    packed = gzip.compress(b"body")
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n".encode()
    asked: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        await _write(writer, head + packed)

    async with raw_server(answer) as address:
        url = f"http://jo:geheim@{address}/v1"
        accepted = {"accept": "application/json"}
        found = await http.request("GET", url, params={"q": "a b"}, headers=accepted)
    assert found.body == b"body"
    first, *headers = asked[0].decode().strip().split("\r\n")
    assert first == "GET /v1?q=a%20b HTTP/1.1"
    assert sorted(header.lower() for header in headers) == [
        "accept-encoding: gzip",
        "accept: application/json",
        "authorization: basic am86z2vozwlt",
        f"host: {address}",
        "user-agent: streamtui",
    ]


async def test_an_answer_whose_compression_is_broken_is_a_protocol_error(http: HttpClient) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\nConnection: close\r\n\r\n"
    async with raw_server(answering(head + b"body")) as address:
        error = await failed(http.request("GET", f"http://{address}/"))
    assert error.kind is ErrorKind.PROTOCOL


async def test_an_answer_larger_than_any_real_one_is_not_read_to_its_end() -> None:
    packed = gzip.compress(b"x" * 100_000)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n".encode()
    async with (
        raw_server(answering(head + packed)) as address,
        HttpClient(SystemClock(), timeout=60.0, max_body_bytes=1000) as http,
    ):
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
    "url",
    [
        "ftp://acme.invalid/",
        "nonsense",
        "http://acme.invalid:port/",
        "http://a..b/",
        "http:///",
        "http://[::1/",
    ],
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
    ("broken", "text"),
    [
        (socket.gaierror(-2, "Name or service not known"), "name lookup of acme.invalid:1 failed"),
        (ConnectionRefusedError(111, "no"), "acme.invalid:1 refused the connection"),
        (OSError(101, "Network is unreachable"), "acme.invalid:1 cannot be reached: Network is unreachable"),
    ],
)
def test_what_the_system_says_is_told_although_the_library_wraps_it(broken: OSError, text: str) -> None:
    async def ask() -> ProviderError:
        async with HttpClient(VirtualClock(), timeout=5.0) as http:
            return await failed(http.request("GET", "http://acme.invalid:1/"))

    assert run_broken(broken, ask()).message == text


@pytest.mark.parametrize("variable", ["http_proxy", "https_proxy", "all_proxy"])
async def test_a_proxy_is_not_asked_for_a_server_on_this_machine(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    async with raw_server(answering(OK)) as address, HttpClient(SystemClock(), timeout=60.0) as http:
        assert (await http.request("GET", f"http://{address}/")).body == b"body"


PAGE = b"\xef\xbb\xbf\r\n<!DOCTYPE html><title>Sign in</title>"
PAGES = {
    "a page with success": b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(PAGE), PAGE),
    "led away": b"HTTP/1.1 302 Found\r\nLocation: http://login.hotel.example/\r\nContent-Length: 0\r\n\r\n",
    "said so": b"HTTP/1.1 511 Network Authentication Required\r\nContent-Length: 0\r\n\r\n",
    "not found": b"HTTP/1.1 404 Not Found\r\nContent-Length: %d\r\n\r\n%s" % (len(PAGE), PAGE),
    "words": b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\nPlease log in",
}


@pytest.mark.parametrize("answer", PAGES.values(), ids=PAGES)
async def test_the_page_of_a_network_one_must_sign_in_to_is_no_answer(
    http: HttpClient, answer: bytes
) -> None:
    """Row 6 of issue 11: it counted as a healthy host, and raw HTML was shown."""
    async with raw_server(answering(answer)) as address:
        error = await failed(http.request("GET", f"http://{address}/"))
    assert error.kind is ErrorKind.NETWORK
    assert error.message == f"{address} answers with a web page: does this network want a sign-in first?"


@pytest.mark.parametrize("status", [401, 403])
async def test_a_page_that_denies_access_is_no_word_about_a_key(http: HttpClient, status: int) -> None:
    """It may be a wall before the host, or a network's page: no key is wrong, and nothing is parked."""
    answer = b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%s" % (status, len(PAGE), PAGE)
    async with raw_server(answering(answer)) as address:
        error = await failed(http.request("GET", f"http://{address}/"))
    told = (
        f"{address} answers with a web page (HTTP {status}): it denied access, or the network wants a sign-in"
    )
    assert error.message == told
    assert (error.kind, error.retryable, error.parks) == (ErrorKind.AUTH, True, False)


@pytest.mark.parametrize("status", [402, 429, 451, 500, 503, 520])
async def test_a_page_with_a_status_of_its_own_keeps_that_meaning(http: HttpClient, status: int) -> None:
    answer = b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%s" % (status, len(PAGE), PAGE)
    async with raw_server(answering(answer)) as address:
        assert (await http.request("GET", f"http://{address}/")).status == status


async def test_json_that_is_called_a_page_is_read(http: HttpClient) -> None:
    said = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\n{}"
    async with raw_server(answering(said)) as address:
        assert (await http.request("GET", f"http://{address}/")).body == b"{}"


async def test_a_proxy_that_answers_in_the_hosts_place_is_told_as_one(http: HttpClient) -> None:
    said = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
    async with raw_server(answering(said)) as address:
        error = await failed(http.request("GET", f"http://{address}/"))
    assert error.message == f"a proxy before {address} wants a user name and a password (HTTP 407)"
    assert error.kind is ErrorKind.NETWORK
