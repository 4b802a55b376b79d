"""Asking a proxy to pass on a connection: CONNECT of HTTP, and SOCKS 5.

No library is used for it. python-socks, which picows brings with it, opens the connection to the proxy
itself, so the next address is not tried where the first is dead, counts its time by a clock of its own, and
returns a bare socket, which a connection by TLS to the proxy is not. Of an answer to CONNECT it keeps the
status, and not the page that a network puts there which wants a sign-in; its protocols apart from all that
are not public. socksio is just the protocol of SOCKS, but has not changed since 2020.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import re
from base64 import b64encode
from typing import cast

from streamcore.config.proxies import Proxy
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.transport import USER_AGENT

MAX_HEAD = 65536
"""Bytes of the answer to CONNECT that are read at most."""

_NO_PASSWORD, _PASSWORD, _NO_METHOD = 0, 2, 0xFF
"""Methods of SOCKS 5; RFC 1928, section 3."""

_SOCKS_REPLIES = {
    1: "it failed",
    2: "its rules forbid it",
    3: "the network is unreachable",
    4: "the host is unreachable",
    5: "the connection was refused",
    6: "it took too long",
    7: "it does not do that",
    8: "it does not know such addresses",
}
"""RFC 1928, section 6."""


class Waiting(asyncio.Protocol):
    """Holds a connection until somebody uses it, and what has come in meanwhile."""

    def __init__(self) -> None:
        self.received = bytearray()
        self.at_end = False
        """The other side will send no more."""
        self._transport: asyncio.Transport | None = None
        self._lost: BaseException | None = None
        self._changed = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take note of the connection."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Keep what has come in."""
        self.received += data
        self._changed.set()

    def eof_received(self) -> bool:
        """Take note that no more will come; the connection stays as it is."""
        self.at_end = True
        self._changed.set()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """Take note that the connection has ended."""
        self._lost = exc or ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")
        self._changed.set()

    def check(self) -> None:
        """Do nothing while the connection is open.

        Raises:
            OSError: It has ended.
        """
        if self._lost is not None:
            raise self._lost

    def send(self, data: bytes) -> None:
        """Send; the little that asking a proxy takes is never too much at once."""
        self.check()
        assert self._transport is not None  # noqa: S101 - it was made before anybody can have it
        self._transport.write(data)

    async def read(self, count: int) -> bytes:
        """Return that many bytes.

        Raises:
            OSError: The connection has ended before.
        """
        while len(self.received) < count:
            await self._more()
        return self._take(count)

    async def read_some(self) -> bytes:
        """Return what has come in, at least one byte; nothing if no more will come.

        Raises:
            OSError: The connection has ended.
        """
        while not self.received and not self.at_end:
            await self._more()
        return self.take_all()

    def take_all(self) -> bytes:
        """Return what has come in, perhaps nothing."""
        return self._take(len(self.received))

    async def read_head(self) -> bytes:
        """Return what comes up to an empty line; the beginning of what cannot be a head of HTTP.

        Raises:
            OSError: The connection has ended before.
        """
        while (end := self.received.find(b"\r\n\r\n")) < 0:
            if not b"HTTP/".startswith(self.received[:5]) or len(self.received) > MAX_HEAD:
                return self.take_all()
            await self._more()
        return self._take(end + 4)

    def _take(self, count: int) -> bytes:
        taken = bytes(self.received[:count])
        del self.received[:count]
        return taken

    async def _more(self) -> None:
        self.check()
        if self.at_end:
            raise ConnectionResetError(errno.ECONNRESET, "it hung up")
        self._changed.clear()
        await self._changed.wait()


async def ask_http_proxy(waiting: Waiting, proxy: Proxy, host: str, port: int) -> None:
    """Ask for a connection by CONNECT (RFC 9110, section 9.3.6).

    Raises:
        ProviderError: The proxy refused, or does not speak HTTP.
        OSError: The connection to it has ended.
    """
    target = f"[{host}]:{port}" if ":" in host else f"{_ascii(host)}:{port}"
    lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}", f"User-Agent: {USER_AGENT}"]
    if proxy.username is not None:
        credentials = b64encode(f"{proxy.username}:{proxy.password}".encode()).decode()
        lines.append(f"Proxy-Authorization: Basic {credentials}")
    waiting.send("\r\n".join([*lines, "", ""]).encode())
    head = await waiting.read_head()
    match = re.match(rb"HTTP/1\.[01] (\d{3})\b", head)
    if match is None:
        if head.lstrip()[:1] == b"<":
            raise _web_page(proxy)
        raise ProviderError(ErrorKind.NETWORK, f"{proxy.shown} does not speak HTTP")
    status = int(match[1])
    if 200 <= status < 300:
        # the host speaks second, so what comes now is the proxy's own
        if waiting.received:
            raise _web_page(proxy)
        return
    raise _refusal(proxy, status, host, port)


def _refusal(proxy: Proxy, status: int, host: str, port: int) -> ProviderError:
    if status == 407:
        if proxy.username is None:
            text = f"{proxy.shown} wants a user name and a password (HTTP 407)"
        else:
            text = f"{proxy.shown} does not accept the user name and the password (HTTP 407)"
    elif 300 <= status < 400 or status == 511:
        return _web_page(proxy)
    elif status in (502, 503, 504):
        text = f"{proxy.shown} did not reach {host}:{port} (HTTP {status})"
    else:
        text = f"{proxy.shown} refuses to connect to {host}:{port} (HTTP {status})"
    return ProviderError(ErrorKind.NETWORK, text)


def _web_page(proxy: Proxy) -> ProviderError:
    text = f"{proxy.shown} answers with a web page: does this network want a sign-in first?"
    return ProviderError(ErrorKind.NETWORK, text)


async def ask_socks_proxy(waiting: Waiting, proxy: Proxy, host: str, port: int) -> None:
    """Ask for a connection by SOCKS 5 (RFC 1928, RFC 1929).

    Raises:
        ProviderError: The proxy refused, or does not speak SOCKS 5.
        OSError: The connection to it has ended.
    """
    methods = [_NO_PASSWORD] if proxy.username is None else [_NO_PASSWORD, _PASSWORD]
    waiting.send(bytes([5, len(methods), *methods]))
    version, method = await waiting.read(2)
    if version != 5:
        raise ProviderError(ErrorKind.NETWORK, f"{proxy.shown} does not speak SOCKS 5")
    if method == _PASSWORD and proxy.username is not None:
        name, password = proxy.username.encode()[:255], proxy.password.encode()[:255]
        waiting.send(bytes([1, len(name)]) + name + bytes([len(password)]) + password)
        if (await waiting.read(2))[1] != 0:
            text = f"{proxy.shown} does not accept the user name and the password"
            raise ProviderError(ErrorKind.NETWORK, text)
    elif method != _NO_PASSWORD:
        text = f"{proxy.shown} wants a user name and a password"
        raise ProviderError(ErrorKind.NETWORK, text)
    waiting.send(b"\x05\x01\x00" + _socks_address(host) + port.to_bytes(2, "big"))
    _, reply, _, kind = await waiting.read(4)
    if reply != 0:
        reason = _SOCKS_REPLIES.get(reply, f"it says {reply}")
        text = f"{proxy.shown} did not connect to {host}:{port}: {reason}"
        raise ProviderError(ErrorKind.NETWORK, text)
    size = {1: 4, 4: 16}.get(kind)
    await waiting.read((size if size is not None else (await waiting.read(1))[0]) + 2)


def _socks_address(host: str) -> bytes:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        name = _ascii(host).encode()
        return bytes([3, len(name)]) + name
    return bytes([1 if address.version == 4 else 4]) + address.packed


def _ascii(host: str) -> str:
    return host if host.isascii() else host.encode("idna").decode()
