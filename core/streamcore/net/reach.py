"""The way to a server, one step at a time (name lookup, TCP, TLS), to find out which of them fails."""

from __future__ import annotations

import asyncio
import socket
import ssl
from urllib.request import getproxies, proxy_bypass

from streamcore.net import errors


def goes_by_proxy(host: str, *, encrypted: bool) -> bool:
    """Return whether a proxy of the environment would be asked; then the way to the host is the proxy's."""
    return encrypted and "https" in getproxies() and not proxy_bypass(host)


async def look_up(host: str, port: int, *, within: float) -> tuple[str, ...]:
    """Return the addresses of a host. ``within``: seconds, for the text; the caller counts them.

    Raises:
        ProviderError: It has none, or nobody knows.
    """
    with errors.reaching(host, within):
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(address[0]) for *_, address in found))


async def shake_hands(host: str, port: int, *, encrypted: bool, within: float) -> str | None:
    """Connect, by TLS if ``encrypted``, and hang up; return the version of TLS, such as ``TLSv1.3``.

    ``within``: seconds, for the text; the caller counts them.

    Raises:
        ProviderError: It could not be reached, or its certificate is not valid.
    """
    with errors.reaching(f"{host}:{port}", within):
        context = ssl.create_default_context() if encrypted else None
        _, writer = await asyncio.open_connection(host, port, ssl=context)
    try:
        tls = writer.get_extra_info("ssl_object")
        return None if tls is None else tls.version()
    finally:
        writer.close()
