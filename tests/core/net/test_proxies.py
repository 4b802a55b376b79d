"""Row 7 of issue 11: half the program obeyed proxy variables, and others were blamed for a proxy."""

from __future__ import annotations

import asyncio

import pytest
from own_authority import OwnAuthority
from proxies import http_proxy, socks_proxy
from raw_server import Handler, answering, raw_server, silent
from venue import EXPECTED, WAYS, by_request, network, venue
from virtual_time import VirtualClock, on_virtual_time

from streamcore.errors import ProviderError
from streamcore.events import ErrorKind

ways = pytest.mark.parametrize("way", WAYS)
PASSWORD = "pass-w0rd"


def trusting(authority: OwnAuthority, **environ: str) -> dict[str, str]:
    return {"SSL_CERT_FILE": str(authority.file), **environ}


@ways
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
@pytest.mark.parametrize("form", ["{}", "http://{}", "HTTP://{}/"])
async def test_streams_and_requests_take_the_same_proxy_in_every_form_of_naming_it(
    authority: OwnAuthority, way: str, variable: str, form: str
) -> None:
    async with (
        venue(authority.server_context()) as place,
        http_proxy(place) as proxy,
        network(trusting(authority, **{variable: form.format(proxy.address)})) as net,
    ):
        assert await WAYS[way](net, "venue.example") == EXPECTED[way]
    assert (proxy.targets, proxy.credentials) == (["venue.example:443"], [None])


@ways
@pytest.mark.parametrize("user", ["jo:pass-w0rd", "jo:p%40ss%3A", "jo", "jo:"])
async def test_a_proxy_is_told_the_user_name_and_the_password(
    authority: OwnAuthority, way: str, user: str
) -> None:
    async with (
        venue(authority.server_context()) as place,
        http_proxy(place) as proxy,
        network(trusting(authority, https_proxy=f"http://{user}@{proxy.address}")) as net,
    ):
        assert await WAYS[way](net, "venue.example") == EXPECTED[way]
    told = {"jo:p%40ss%3A": "jo:p@ss:", "jo": "jo:"}
    assert proxy.credentials == [told.get(user, user)]


@ways
async def test_a_proxy_may_be_reached_by_tls_itself(authority: OwnAuthority, way: str) -> None:
    tls = authority.server_context()
    async with (
        venue(tls) as place,
        http_proxy(place, tls=tls) as proxy,
        network(trusting(authority, https_proxy=f"https://{proxy.address}")) as net,
    ):
        assert await WAYS[way](net, "venue.example") == EXPECTED[way]
    assert proxy.targets == ["venue.example:443"]


@ways
@pytest.mark.parametrize("scheme", ["socks5h", "socks"])
async def test_a_socks_proxy_looks_the_name_up_itself(authority: OwnAuthority, way: str, scheme: str) -> None:
    async with venue(authority.server_context()) as place, socks_proxy(place, wants_password=True) as proxy:
        named = f"{scheme}://jo:{PASSWORD}@{proxy.address}"
        async with network(trusting(authority, ALL_PROXY=named)) as net:
            assert await WAYS[way](net, "venue.example") == EXPECTED[way]
    assert (proxy.targets, proxy.credentials) == (["venue.example:443"], [f"jo:{PASSWORD}"])


@ways
async def test_socks5_without_h_looks_the_name_up_here(authority: OwnAuthority, way: str) -> None:
    async with (
        venue(authority.server_context()) as place,
        socks_proxy(place) as proxy,
        network(trusting(authority, all_proxy=f"socks5://{proxy.address}")) as net,
    ):
        with pytest.raises(ProviderError):
            await WAYS[way](net, "192.0.2.7")  # an address needs no lookup; the certificate names none
    assert proxy.targets == ["192.0.2.7:443"]


@ways
@pytest.mark.parametrize("exception", ["[::1]", "::1,venue.example:9", "*.elsewhere.example", "10.0.0.0/33"])
async def test_exceptions_in_any_form_break_neither_streams_nor_requests(way: str, exception: str) -> None:
    """``NO_PROXY=[::1]`` broke every request, also where no proxy was named."""
    async with venue(None) as place, network({"NO_PROXY": exception}) as net:
        assert await WAYS[way](net, place, encrypted=False) == EXPECTED[way]


PAGE = b"<!DOCTYPE html><title>Sign in</title>" + b"." * 5000
NEEDS_USER = b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n" + PAGE
SIGN_IN = "answers with a web page: does this network want a sign-in first?"
FAULTS: dict[str, tuple[Handler, str]] = {
    "407": (answering(NEEDS_USER), "wants a user name and a password (HTTP 407)"),
    "403": (
        answering(b"HTTP/1.1 403 No\r\n\r\n" + PAGE),
        "refuses to connect to venue.example:443 (HTTP 403)",
    ),
    "502": (answering(b"HTTP/1.0 502 Bad\r\n\r\n"), "did not reach venue.example:443 (HTTP 502)"),
    "a page with 200": (answering(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + PAGE), SIGN_IN),
    "a page without a head": (answering(PAGE), SIGN_IN),
    "led away": (answering(b"HTTP/1.1 302 Found\r\nLocation: http://login.example/\r\n\r\n"), SIGN_IN),
    "another protocol": (answering(b"SSH-2.0-x\r\n"), "does not speak HTTP"),
    "hangs up": (answering(b""), "cannot be reached: it hung up"),
    "half a head": (answering(b"HTTP/1.1 200 OK\r\n"), "cannot be reached: it hung up"),
}


@ways
@pytest.mark.parametrize(("serve", "told"), FAULTS.values(), ids=FAULTS)
async def test_a_fault_of_the_proxy_is_told_as_the_proxys_and_not_the_hosts(
    way: str, serve: Handler, told: str
) -> None:
    async with raw_server(serve) as address, network({"HTTPS_PROXY": address}) as net:
        with pytest.raises(ProviderError) as caught:
            await WAYS[way](net, "venue.example")
    assert caught.value.message == f"the proxy {address} (HTTPS_PROXY) {told}"
    assert (caught.value.kind, caught.value.retryable) == (ErrorKind.NETWORK, True)


@ways
async def test_a_dead_proxy_is_blamed_by_its_name(way: str) -> None:
    async with raw_server(silent) as address:
        pass  # nobody listens there any more
    async with network({"https_proxy": f"http://jo:{PASSWORD}@{address}"}) as net:
        with pytest.raises(ProviderError) as caught:
            await WAYS[way](net, "venue.example")
    assert caught.value.message == f"the proxy {address} (https_proxy) refused the connection"


@ways
@on_virtual_time
async def test_a_proxy_that_says_nothing_is_blamed_for_the_time_that_passed(way: str) -> None:
    async with raw_server(silent) as address, network({"HTTPS_PROXY": address}, VirtualClock()) as net:
        with pytest.raises(ProviderError) as caught:
            await WAYS[way](net, "venue.example")
    assert caught.value.message == f"the proxy {address} (HTTPS_PROXY) did not answer within 10 s"


@ways
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_no_text_about_a_proxy_holds_its_password(way: str, scheme: str) -> None:
    """``https``: it speaks no TLS, and says so in its own words."""
    refusal = b"HTTP/1.1 407 pass-w0rd\r\nX: jo:pass-w0rd\r\n\r\njo:pass-w0rd"

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(refusal)

    async with (
        raw_server(refuse) as address,
        network({"HTTPS_PROXY": f"{scheme}://jo:{PASSWORD}@{address}"}) as net,
    ):
        with pytest.raises(ProviderError) as caught:
            await WAYS[way](net, "venue.example")
    assert PASSWORD not in str(caught.value)
    assert address in str(caught.value)


@ways
@pytest.mark.parametrize(
    ("reply", "reason"), [(2, "its rules forbid it"), (5, "the connection was refused"), (99, "it says 99")]
)
async def test_a_socks_proxy_that_refuses_says_why(way: str, reply: int, reason: str) -> None:
    async with (
        socks_proxy("127.0.0.1:9", reply=reply) as proxy,
        network({"ALL_PROXY": f"socks5h://{proxy.address}"}) as net,
    ):
        with pytest.raises(ProviderError) as caught:
            await WAYS[way](net, "venue.example")
    told = f"the proxy {proxy.address} (ALL_PROXY) did not connect to venue.example:443: {reason}"
    assert caught.value.message == told


@ways
async def test_a_socks_proxy_that_wants_a_password_says_so(way: str) -> None:
    async with (
        socks_proxy("127.0.0.1:9", wants_password=True) as proxy,
        network({"ALL_PROXY": f"socks5h://{proxy.address}"}) as net,
    ):
        with pytest.raises(ProviderError, match="wants a user name and a password"):
            await WAYS[way](net, "venue.example")


@ways
async def test_a_certificate_that_a_proxy_puts_in_the_hosts_place_names_the_proxy(
    authority: OwnAuthority, way: str
) -> None:
    async with (
        venue(authority.server_context()) as place,
        http_proxy(place) as proxy,
        network({"HTTPS_PROXY": proxy.address}) as net,  # which does not trust the authority
    ):
        with pytest.raises(ProviderError) as caught:
            await WAYS[way](net, "venue.example")
    assert "the certificate of venue.example:443 is not valid" in caught.value.message
    assert f"(by the proxy {proxy.address} (HTTPS_PROXY))" in caught.value.message


async def test_a_connection_by_a_proxy_is_used_for_the_next_request_as_well(
    authority: OwnAuthority,
) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nanswer")
        await reader.read()

    async with (
        raw_server(answer, tls=authority.server_context()) as place,
        http_proxy(place) as proxy,
        network(trusting(authority, HTTPS_PROXY=proxy.address)) as net,
    ):
        assert [await by_request(net, "venue.example") for _ in range(2)] == ["answer", "answer"]
    assert len(proxy.targets) == 1
